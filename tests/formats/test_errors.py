from __future__ import annotations

import copy
import pickle
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.errors import CODES, Fault, HubError, Rejected, shown


class TestErrors:
    def test_read_as_a_sentence(self):
        """
        Where, what, what is allowed, and the code last; empty pieces leave nothing behind.
        """
        assert "PO102: '2x' is not a plain number (digits) [E_NUMBER]" == str(
            Rejected("E_NUMBER", "'2x' is not a plain number", "PO102", "digits")
        )
        assert "the message holds nothing [E_EMPTY]" == str(HubError("E_EMPTY", "the message holds nothing"))

    def test_an_unregistered_code_is_a_mistake_of_ours(self):
        """
        Codes are a promise to senders and operators: none is made up where an error is raised.
        """
        with pytest.raises(ValueError, match="E_NEW"):
            Rejected("E_NEW", "something")

    def test_every_code_is_explained(self):
        """
        Each code has one sentence.
        """
        assert all(code.startswith(("E_", "W_")) and code == code.upper() for code in CODES)
        assert all(meaning.endswith(".") for meaning in CODES.values())

    def test_survive_being_stored(self):
        """
        A fault goes through JSON, and an error through pickle and copy, without losing a word.
        """
        error = Rejected("E_DATE", "'x' is not a date", "DTM02", "CCYYMMDD")

        stored = msgspec.json.decode(msgspec.json.encode(error.fault), type=Fault)

        assert (error.fault, str(error)) == (stored, str(Rejected.of(stored)))
        assert [error.fault] * 2 == [pickle.loads(pickle.dumps(error)).fault, copy.copy(error).fault]  # noqa: S301


class TestShown:
    @settings(deadline=None)
    @given(st.text() | st.binary() | st.integers() | st.decimals() | st.none() | st.floats())
    def test_quoted_values_are_short_and_on_one_line(self, value):
        """
        Whatever a sender sent, an error that quotes it stays a line that can be shown anywhere.
        """
        quoted = shown(value)

        assert quoted.isprintable()
        assert 64 >= len(quoted)

    @pytest.mark.parametrize(
        ("value", "quoted"),
        [
            ("plain", "'plain'"),
            ("a\r\nb", r"'a\r\nb'"),
            ("\u202egnp", r"'\u202egnp'"),
            (b"\xff", r"b'\xff'"),
            (Decimal("1.50"), "1.50"),
            (date(2026, 11, 21), "2026-11-21"),
            (10**5000, "<integer of 16610 bits>"),
            ({"secret": 1}, "<dict>"),
            ("x" * 100, "'" + "x" * 60 + "..."),
        ],
        ids=range(9),
    )
    def test_examples(self, value, quoted):
        """
        Readable where it can be, escaped where it must be, by its kind where it would be too much.
        """
        assert quoted == shown(value)
