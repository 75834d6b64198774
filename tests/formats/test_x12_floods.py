from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.formats.x12 import read_interchanges
from canonical.errors import CODES
from tests.formats.samples import ISA, faults, first, group, interchange, order_set, sound_sets
from tests.support.beside import FOLDER

EIGHT_MEGABYTES = 8 * 1024 * 1024
GOOD = interchange(group(order_set("0001"), order_set("0002")))
OPEN_SET = (ISA + "GS*PO*ACME*ORDERLOOM*20261121*0930*77*X*004010~ST*850*0001~").encode()
NEWER_SET = OPEN_SET.replace(b"*U*00401*", b"*^*00501*")
SECOND = "850/0001 segment 2"


def told(message):
    """
    Code and place of all faults, each of which must stand in the catalogue and say where.
    """
    found = [fault for one in read_interchanges(message) for fault in faults(one)]
    assert all(code in CODES for code, _ in found)
    assert all(where for code, where in found if code not in {"E_EMPTY", "E_TOO_LARGE"})
    return found


def outcome(message):
    """
    Only their codes.
    """
    return {code for code, _ in told(message)}


class TestFloods:
    @pytest.mark.parametrize(
        ("start", "flood", "code", "where"),
        [
            pytest.param(OPEN_SET, b"A", "E_EDI_SEGMENT_LEN", "byte 165", id="E-04 no terminator"),
            pytest.param(OPEN_SET, b"*", "E_EDI_SEGMENT_LEN", "byte 165", id="E-05 elements"),
            pytest.param(OPEN_SET, b">", "E_EDI_SEGMENT_LEN", "byte 165", id="E-05 components"),
            pytest.param(NEWER_SET, b"^", "E_EDI_SEGMENT_LEN", "byte 165", id="E-05 repetitions"),
            pytest.param(OPEN_SET, b"~", "E_EDI_SEGMENTS", "byte 100162", id="E-05 terminators"),
            pytest.param(
                OPEN_SET,
                b"REF" + b"*" * 101 + b"~",
                "E_EDI_ELEMENTS",
                f"{SECOND} REF at byte 165",
                id="E-05 segments of elements",
            ),
            pytest.param(
                OPEN_SET,
                b"REF*" + b">" * 500 + b"~",
                "E_EDI_COMPONENTS",
                f"{SECOND} REF01 at byte 165",
                id="E-05 segments of components",
            ),
            pytest.param(
                NEWER_SET,
                b"REF*" + b"^" * 500 + b"~",
                "E_EDI_COMPONENTS",
                f"{SECOND} REF01 at byte 165",
                id="E-05 segments of repetitions",
            ),
            pytest.param(OPEN_SET, b"ST*850*0002~", "E_EDI_SEGMENTS", "byte 13341", id="sets without end"),
            pytest.param(OPEN_SET, b"REF*A~", "E_EDI_SEGMENTS", "byte 600147", id="segments"),
            pytest.param(OPEN_SET, b"?", "E_EDI_SEGMENT_LEN", "byte 165", id="E-06 release characters"),
            pytest.param(OPEN_SET, b"BIN*0*~", "E_EDI_SEGMENTS", "byte 700144", id="binary segments"),
            pytest.param(OPEN_SET, b"BIN*9", "E_EDI_BINARY", "BIN01 at byte 165", id="E-22 no data"),
            pytest.param(
                ISA.encode(), b"~", "E_EDI_STRUCTURE", "byte 106", id="terminators behind the header"
            ),
            pytest.param(
                ISA.encode(),
                b"GS*PO*A*B*20261121*0930*1*X*004010~",
                "E_EDI_SEGMENTS",
                "byte 38606",
                id="groups without end",
            ),
            pytest.param(
                ISA.encode(),
                b"".join(b"GS*PO*A*B*20261121*0930*%d*X*004010~GE*0*%d~" % (n, n) for n in range(49_000)),
                "E_EDI_SEGMENTS",
                "byte 50686",
                id="many groups",
            ),
            pytest.param(GOOD, GOOD, "E_TRAILING", f"byte {len(GOOD)}", id="interchanges"),
        ],
    )
    def test_cost_no_more_than_a_moment(self, start, flood, code, where):
        """
        Eight megabytes of separators are counted, not cut, and are refused by name and byte.
        """
        message = (start + flood * (EIGHT_MEGABYTES // len(flood)))[:EIGHT_MEGABYTES]

        began = time.process_time()
        found = told(message)

        assert 2 > time.process_time() - began
        assert (code, where) in found

    def test_separators_make_no_lists(self):
        """
        E-05: half a million empty elements take no more memory than the segment that is refused for them.
        """
        message = OPEN_SET + (b"REF" + b"*" * 65_000 + b"~") * 8

        tracemalloc.start()
        found = told(message)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert ("E_EDI_ELEMENTS", f"{SECOND} REF at byte 165") in found
        assert 512 * 1024 > peak

    def test_line_breaks_behind_the_end_are_nothing(self):
        """
        However many.
        """
        assert [] == told((GOOD + b"\n" * EIGHT_MEGABYTES)[:EIGHT_MEGABYTES])

    def test_there_is_no_release_character(self):
        """
        E-06: X12 has none, so that a question mark is text and releases nothing, also the last one.
        """
        [only] = first(interchange(group(order_set("0001", "N1*ST*why??*what?")))).groups[0].sets

        assert ("ST", "why??", "what?") == only.body[0].elements

    def test_the_next_message_passes(self):
        """
        Nothing of a refused message stays behind.
        """
        outcome(OPEN_SET + b"*" * EIGHT_MEGABYTES)

        assert ["0001", "0002"] == sound_sets(first(GOOD))

    def test_limits_leave_room_for_real_orders(self):
        """
        A thousand orders of fifty lines are within every limit.
        """
        orders = [
            order_set(f"{n:04}", *(f"PO1*{k}*1*EA*9.99**VP*X{k}" for k in range(50))) for n in range(1000)
        ]

        assert 1000 == len(sound_sets(first(interchange(group(*orders)))))


class TestDamage:
    @pytest.mark.parametrize("line_break", ["", "\n", "\r\n"])
    def test_truncated_anywhere_nothing_is_accepted(self, line_break):
        """
        Whichever byte a message ends at, it is refused whole: half an interchange may be missing an order.
        """
        whole = GOOD.decode().replace("~", "~" + line_break).rstrip().encode()

        for length in range(len(whole)):
            assert outcome(whole[:length])
            assert [] == [control for found in read_interchanges(whole[:length]) for control in _sound(found)]

    def test_truncated_where_the_terminator_is_a_line_break(self):
        """
        Only the break behind a complete IEA may be missing.
        """
        whole = GOOD.replace(b"~", b"\n").rstrip()

        assert all(outcome(whole[:length]) for length in range(len(whole)))
        assert not outcome(whole)

    @settings(deadline=None)
    @given(st.data())
    def test_any_damage_is_read_or_named(self, data):
        """
        Bytes overwritten, lost, repeated or put in: the message is read, or refused with a code and a place.
        """
        at = data.draw(st.integers(0, len(GOOD)))
        until = data.draw(st.integers(at, min(len(GOOD), at + 40)))
        middle = data.draw(
            st.one_of(
                st.binary(max_size=6), st.sampled_from([GOOD[at:until] * 2, b"~", b"*", b"SE*1*0001~", GOOD])
            )
        )

        outcome(GOOD[:at] + middle + GOOD[until:])

    @settings(deadline=None)
    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_named(self, tail):
        """
        Behind a sound header anything may come.
        """
        outcome(tail)
        outcome(ISA.encode() + tail)


def _sound(found):
    return sound_sets(found) if hasattr(found, "groups") else []


def test_samples_beside_the_checkout():
    """
    Real interchanges, where they lie beside the checkout, are read or refused with a definite fault.
    """
    for sample in sorted((FOLDER / "x12").glob("*.edi")):
        codes = outcome(sample.read_bytes())

        assert bool(codes) == any(word in sample.name for word in ("EDI.Net", "Mismatch", "NonEdi")), (
            sample.name
        )
