from __future__ import annotations

import gc
import json
import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from canonical.errors import CODES, Rejected, shown

EIGHT_MEGABYTES = 8 * 1024 * 1024
ORDER = (
    b'{"externalId": [{"id": "W-1"}],\n "note": [{"text": "say \\"{[\\" \\u00e9"}],\n'
    b' "productOrderItem": [{"id": "1", "quantity": 2, "price": 19.90}]}'
)


def refusal(document):
    """
    The error for a document that must not pass.
    """
    with pytest.raises(Rejected) as refused:
        read_json(document)
    return refused.value


def cheap_refusal(document):
    """
    Code and place, and whether to find them took no more than ten times the document's own memory.
    """
    gc.collect()
    tracemalloc.start()
    error = refusal(document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return error.code, error.where, peak < 10 * len(document)


def nested(depth):
    """
    A document so many levels deep.
    """
    return b'{"a":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


class TestSoundDocuments:
    def test_are_read_as_they_are(self):
        """
        Strings keep every character, whole numbers stay whole, other numbers stay decimal.
        """
        order = read_json(ORDER)
        item = order.child("productOrderItem").items()[0]

        assert 'say "{[" \u00e9' == order.children("note")[0].child("text").text()
        assert (2, Decimal("19.90")) == (item.child("quantity").value, item.child("price").value)

    def test_money_keeps_every_digit(self):
        """
        J-08: a binary float would lose the last unit.
        """
        assert Decimal("9007199254740993.01") == read_json(b'{"a": 9007199254740993.01}').child("a").decimal()

    def test_the_deepest_that_passes(self):
        """
        The limit itself is allowed, and brackets in strings nest nothing.
        """
        assert read_json(nested(64)).has("a")
        assert read_json(b'{"a": "' + b"[" * 1000 + b'\\""}').has("a")

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.text("abcdefgh", min_size=1),
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers(-(10**17), 10**17)
                | st.text(st.characters(exclude_categories=["C"])),
                lambda inner: (
                    st.lists(inner, max_size=4)
                    | st.dictionaries(st.text("xyz", max_size=3), inner, max_size=3)
                ),
                max_leaves=12,
            ),
        )
    )
    def test_what_json_writes_is_read(self, value):
        """
        Any clean document comes out as it went in.
        """
        assert value == read_json(json.dumps(value).encode()).value
        assert value == read_json(json.dumps(value, ensure_ascii=False).encode()).value


class TestRefusals:
    @pytest.mark.parametrize(
        ("document", "code", "where"),
        [
            pytest.param(b"", "E_EMPTY", "", id="empty"),
            pytest.param(b" \n ", "E_EMPTY", "", id="blank"),
            pytest.param(b"\xef\xbb\xbf{}", "E_BOM", "byte 0", id="UTF-8 mark"),
            pytest.param("{}".encode("utf-16"), "E_BOM", "byte 0", id="UTF-16"),
            pytest.param("{}".encode("utf-32"), "E_BOM", "byte 0", id="UTF-32"),
            pytest.param(b"<order/>", "E_FORMAT_SNIFF", "byte 0", id="XML"),
            pytest.param(b"ISA*00*", "E_FORMAT_SNIFF", "byte 0", id="X12"),
            pytest.param(b'{"a": "\xc3("}', "E_ENCODING", "byte 7", id="invalid UTF-8"),
            pytest.param(b'{"a": "\xc0\xaf"}', "E_ENCODING", "byte 7", id="overlong UTF-8"),
            pytest.param(b'{"a": "\xed\xa0\x80"}', "E_ENCODING", "byte 7", id="surrogate as bytes"),
            pytest.param(b'{"a": "\xe2\x82', "E_ENCODING", "byte 7", id="letter cut in two"),
            pytest.param(b"{]", "E_JSON_SYNTAX", "line 1 column 2 at byte 1", id="J-01 syntax"),
            pytest.param(
                b'{"a": 1,\n "b": }', "E_JSON_SYNTAX", "line 2 column 7 at byte 15", id="J-01 second line"
            ),
            pytest.param(
                '{"é": x}'.encode(), "E_JSON_SYNTAX", "line 1 column 7 at byte 7", id="byte is not column"
            ),
            pytest.param(
                b'{"a": 1} x', "E_JSON_SYNTAX", "line 1 column 10 at byte 9", id="J-01 trailing data"
            ),
            pytest.param(
                b'{"a": 1}\n{"a": 2}', "E_JSON_SYNTAX", "line 2 column 1 at byte 9", id="J-01 two documents"
            ),
            pytest.param(
                b'{"a": 1}\n{"a"', "E_JSON_SYNTAX", "line 2 column 1 at byte 9", id="J-01 half a line more"
            ),
            pytest.param(b'{"a": 1', "E_JSON_SYNTAX", "line 1 column 8 at byte 7", id="J-01 truncated"),
            pytest.param(b"{'a': 1}", "E_JSON_SYNTAX", "line 1 column 2 at byte 1", id="single quotes"),
            pytest.param(b'{"a": 010}', "E_JSON_SYNTAX", "line 1 column 8 at byte 7", id="leading zero"),
            pytest.param(
                nested(65), "E_DEPTH", "line 1 column 321 at byte 320", id="J-02 one level too deep"
            ),
            pytest.param(b"[" * 100_000, "E_DEPTH", "line 1 column 65 at byte 64", id="J-02 100,000 deep"),
            pytest.param(
                b'{"\\"[": {"a": ' + nested(64),
                "E_DEPTH",
                "line 1 column 325 at byte 324",
                id="J-02 deep behind an escape",
            ),
            pytest.param(b'{"a": 1, "a": 1}', "E_JSON_DUPKEY", "$.a", id="J-03 twice the same"),
            pytest.param(
                b'{"o": [{}, {"id": 1, "ID": 2}]}', "E_JSON_DUPKEY", "$.o[1].ID", id="J-15 but for case"
            ),
            pytest.param(
                '{"id": 1, "\uff49\uff44": 2}'.encode(),
                "E_JSON_DUPKEY",
                "$['\uff49\uff44']",
                id="J-15 but for width",
            ),
            pytest.param(b'{"a": NaN}', "E_NUMBER", "$.a", id="J-04 NaN"),
            pytest.param(b'{"a": [0, -Infinity]}', "E_NUMBER", "$.a[1]", id="J-04 infinity"),
            pytest.param(b'{"a": 1e400}', "E_NUMBER", "$.a", id="J-05 larger than a float"),
            pytest.param(b'{"a": 1e1000000000}', "E_NUMBER", "$.a", id="J-09 exponent bomb"),
            pytest.param(b'{"a": 0e1000000000}', "E_NUMBER", "$.a", id="J-09 exponent bomb on zero"),
            pytest.param(b'{"a": 1e-99999999999999999999}', "E_NUMBER", "$.a", id="J-09 exponent beyond all"),
            pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "E_NUMBER", "$.a", id="J-06 5,000 digits"),
            pytest.param(
                b'{"a": 0.' + b"1" * 5000 + b"}", "E_NUMBER", "$.a", id="J-06 5,000 digits behind the point"
            ),
            pytest.param(b'{"a": ["\\ud800"]}', "E_ENCODING", "$.a[0]", id="J-10 lone surrogate"),
            pytest.param(b'{"a": {"b-c": "x\\u0000"}}', "E_CONTROL_CHAR", "$.a.b-c", id="J-11 NUL"),
            pytest.param(b'{"a": "\\u001b[2J"}', "E_CONTROL_CHAR", "$.a", id="terminal escape"),
            pytest.param(b'{"a": "\x7f"}', "E_CONTROL_CHAR", "$.a", id="delete"),
            pytest.param(b'{"a": "\xc2\x85"}', "E_CONTROL_CHAR", "$.a", id="next line"),
            pytest.param(
                b'{"a": "\x01"}', "E_CONTROL_CHAR", "line 1 column 8 at byte 7", id="raw control character"
            ),
            pytest.param(b'{"\\u0007": 1}', "E_CONTROL_CHAR", "$['\\x07']", id="in a name"),
            pytest.param(b"[1]", "E_TYPE", "$", id="J-12 array on top"),
            pytest.param(b'"x"', "E_TYPE", "$", id="J-12 string on top"),
            pytest.param(b"null", "E_TYPE", "$", id="J-12 null on top"),
            pytest.param(b'{"a": [0' + b",0" * 200_000 + b"]}", "E_RECORDS", "$", id="J-16 200,000 values"),
            pytest.param(
                b'{"a": [0' + b",0" * 1_000_000 + b"]}", "E_RECORDS", "$", id="J-16 1,000,000 values"
            ),
            # Design 4.3: a message is refused from 8 MiB on, before its strings are looked at.
            pytest.param(b'{"a": "' + b"x" * 10_000_000 + b'"}', "E_TOO_LARGE", "", id="J-16 10 MB string"),
        ],
    )
    def test_say_code_and_place(self, document, code, where):
        """
        One fault, in the sender's own terms: a path, or line, column and byte.
        """
        error = refusal(document)

        assert (code, where) == (error.code, error.where)

    def test_large_documents_are_refused_unread(self):
        """
        The limit is the size of the message, and it is named.
        """
        with pytest.raises(Rejected) as refused:
            read_json(ORDER, limit=10)

        assert ("E_TOO_LARGE", "at most 10 bytes") == (refused.value.code, refused.value.allowed)

    @pytest.mark.parametrize(
        ("flood", "code"),
        [
            pytest.param(b"[", "E_RECORDS", id="brackets"),
            pytest.param(b'{"a":', "E_RECORDS", id="objects"),
            pytest.param(b'"', "E_RECORDS", id="quotes"),
            pytest.param(b'\\"', "E_JSON_SYNTAX", id="escaped quotes"),
            pytest.param(b'"\\"', "E_RECORDS", id="quotes and escaped quotes"),
            pytest.param(b"\\", "E_JSON_SYNTAX", id="backslashes"),
            pytest.param(b"1", "E_NUMBER", id="one number"),
            pytest.param(b'{"a":0},', "E_RECORDS", id="records"),
        ],
    )
    def test_floods_cost_no_more_than_a_moment(self, flood, code):
        """
        J-16: eight megabytes of anything are refused within two seconds of work.
        """
        document = flood * (EIGHT_MEGABYTES // len(flood))

        began = time.process_time()
        error = refusal(document)

        assert code == error.code
        assert 2 > time.process_time() - began

    @pytest.mark.parametrize(
        "text", [rb"\\", rb"\u0041", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}".encode()]
    )
    def test_one_text_has_a_limit(self, text):
        """
        What costs the parser, or whoever folds names, many times its length is refused before it does.
        """
        flood = text * (EIGHT_MEGABYTES // len(text) - 10)
        value, name = b'{"a": "' + flood + b'"}', b'{"a": 1, "' + flood + b'": 2}'

        assert ("E_FIELD_SIZE", "line 1 column 7 at byte 6", True) == cheap_refusal(value)
        assert ("E_FIELD_SIZE", "line 1 column 10 at byte 9", True) == cheap_refusal(name)

    def test_a_name_that_must_be_folded_has_a_limit(self):
        """
        Other alphabets have long words, and none of hundreds of characters.
        """
        long = "\N{LATIN SMALL LIGATURE FFI}" * 129

        assert ("E_FIELD_SIZE", f"$[{shown(long)}]") == (
            refusal(f'{{"{long}": 1}}'.encode()).code,
            refusal(f'{{"{long}": 1}}'.encode()).where,
        )
        assert read_json(f'{{"{long[:128]}": 1}}'.encode()).has(long[:128])

    def test_truncated_anywhere(self):
        """
        A document cut short is refused, whichever byte it ends at, with a code and a place.
        """
        for length in range(1, len(ORDER)):
            error = refusal(ORDER[:length])

            assert error.where
            assert error.code in {"E_JSON_SYNTAX", "E_ENCODING"}

    @settings(deadline=None)
    @given(st.integers(0, len(ORDER)), st.integers(0, 20), st.binary(max_size=8))
    def test_any_damage_is_read_or_named(self, at, lost, put):
        """
        Whatever happens to the bytes, the outcome is a document or a code of the catalogue.
        """
        told = "E_EMPTY"
        try:
            read_json(ORDER[:at] + put + ORDER[at + lost :])
        except Rejected as error:
            told = error.code

        assert told in CODES


def node(text):
    """
    The property ``a`` of a document.
    """
    return read_json(b'{"a": ' + text.encode() + b"}").child("a")


class TestNodes:
    def test_paths_lead_to_the_value(self):
        """
        A path names every step, odd names quoted.
        """
        order = read_json(b'{"productOrderItem": [{}, {"@type": {"odd name": 1}}]}')
        inner = order.child("productOrderItem").items()[1].child("@type")

        assert "$.productOrderItem[1].@type['odd name']" == inner.child("odd name").where

    def test_optional_values(self):
        """
        Absent and null are the same where a property is optional.
        """
        order = read_json(b'{"n": null, "list": [1, 2], "o": {"x": 1}}')

        assert (None, None, (), ()) == (
            order.get("n"),
            order.get("z"),
            order.children("n"),
            order.children("z"),
        )
        assert [1, 2] == [each.integer() for each in order.children("list")]
        assert [("x", "$.o.x")] == [(name, each.where) for name, each in order.child("o").members()]
        assert (False, True) == (order.has("n"), order.has("o"))

    @pytest.mark.parametrize(
        ("text", "read", "value"),
        [
            ('"x"', Node.text, "x"),
            ("5", Node.integer, 5),
            ("-7", Node.decimal, Decimal(-7)),
            ("1e2", Node.decimal, Decimal(100)),
            ("true", Node.boolean, True),
            ('"W-4711.a:b_c"', Node.key, "W-4711.a:b_c"),
        ],
    )
    def test_typed_values(self, text, read, value):
        """
        Each reader gives its own type.
        """
        assert value == read(node(text))

    def test_instants_come_out_in_utc(self):
        """
        The same instant is the same value, wherever it was written.
        """
        same = {
            node(text).instant() for text in ('"2026-01-31T09:30:00Z"', '"2026-01-31T10:30:00.000+01:00"')
        }

        assert ["2026-01-31T09:30:00+00:00"] == [each.isoformat() for each in same]

    @pytest.mark.parametrize(
        ("text", "read", "code"),
        [
            pytest.param("true", Node.integer, "E_TYPE", id="J-12 true is no integer"),
            pytest.param("true", Node.decimal, "E_TYPE", id="J-12 true is no number"),
            pytest.param('"5"', Node.integer, "E_TYPE", id="J-12 string for integer"),
            pytest.param("5.0", Node.integer, "E_TYPE", id="J-12 decimal for integer"),
            pytest.param("5", Node.text, "E_TYPE", id="J-12 number for string"),
            pytest.param("1" * 30, Node.key, "E_TYPE", id="J-07 30-digit id as a number"),
            pytest.param("1" * 30, Node.integer, "E_RANGE", id="J-07 30-digit integer"),
            pytest.param("1" * 30, Node.decimal, "E_RANGE", id="J-07 30-digit number"),
            pytest.param("1e30", Node.decimal, "E_RANGE", id="J-09 large exponent"),
            pytest.param("-0.0", Node.decimal, "E_NUMBER", id="V-03 minus zero"),
            pytest.param("null", Node.text, "E_TYPE", id="null for string"),
            pytest.param("{}", Node.items, "E_TYPE", id="object for array"),
            pytest.param("[]", Node.boolean, "E_TYPE", id="array for boolean"),
            pytest.param('"2026-01-31T09:30:00"', Node.instant, "E_DATE", id="V-09 no zone"),
            pytest.param('"2026-02-30T09:30:00Z"', Node.instant, "E_DATE", id="30 February"),
            pytest.param('"0001-01-01T00:00:00+14:00"', Node.instant, "E_DATE", id="V-09 year 1"),
            pytest.param('"9999-12-31T23:59:59-12:00"', Node.instant, "E_DATE", id="V-09 year 9999"),
            pytest.param('"2026-W05"', Node.instant, "E_DATE", id="week"),
            pytest.param('"\uff12026-01-31T09:30:00Z"', Node.instant, "E_DATE", id="V-01 full-width digit"),
            pytest.param('""', Node.text, "E_MISSING", id="empty text"),
            pytest.param('"' + "x" * 257 + '"', Node.text, "E_FIELD_SIZE", id="J-16 long text"),
            pytest.param('"a\\nb"', Node.text, "E_CONTROL_CHAR", id="V-06 line end in one-line text"),
            pytest.param('""', Node.key, "E_KEY_MISSING", id="empty key"),
            pytest.param('"a b"', Node.key, "E_KEY_FORMAT", id="blank in a key"),
            pytest.param('"x\\r\\nEvil: 1"', Node.key, "E_KEY_FORMAT", id="V-06 header injection in a key"),
            pytest.param('"a\u200bb"', Node.key, "E_KEY_FORMAT", id="V-04 zero width in a key"),
            pytest.param('"..:..:etc"', Node.key, "E_KEY_FORMAT", id="V-05 dots in a key"),
        ],
    )
    def test_refusals_name_the_path(self, text, read, code):
        """
        A value of the wrong kind is refused where it stands.
        """
        with pytest.raises(Rejected) as refused:
            read(node(text))

        assert (code, "$.a") == (refused.value.code, refused.value.where)

    def test_the_wrong_type_is_told_with_both(self):
        """
        What came and what is wanted stand side by side.
        """
        with pytest.raises(Rejected) as refused:
            node("true").integer()

        assert "$.a: is a boolean, true (an integer) [E_TYPE]" == str(refused.value)

    def test_limits_of_readers(self):
        """
        Ranges, scales, counts and values are the reader's to set, and are told.
        """
        refused = []
        for read in (
            lambda: node("-1").integer(0, 999),
            lambda: node("19.999").decimal(scale=2),
            lambda: node("[1,2,3]").items(high=2),
            lambda: node("[]").items(low=1),
            lambda: node('"replace"').enum({"add", "delete"}, code="E_ACTION"),
        ):
            with pytest.raises(Rejected) as error:
                read()
            refused.append((error.value.code, error.value.allowed))

        assert [
            ("E_RANGE", "at least 0 and at most 999"),
            ("E_RANGE", "at most 2 decimal places"),
            ("E_RECORDS", "at most 2"),
            ("E_MISSING", "at least 1"),
            ("E_ACTION", "one of add, delete"),
        ] == refused

    def test_missing_and_unknown_properties(self):
        """
        J-13, J-14: both are told by their path; a property that would make another reader build something is
        one that nobody knows.
        """
        order = read_json(b'{"id": "1", "__type__": "bytes"}')

        with pytest.raises(Rejected) as missing:
            order.child("productOrderItem")
        with pytest.raises(Rejected) as unknown:
            order.refuse_unknown({"id", "note"})

        assert ("E_MISSING", "$.productOrderItem") == (missing.value.code, missing.value.where)
        assert ("E_UNKNOWN", "$.__type__", "one of id, note") == (
            unknown.value.code,
            unknown.value.where,
            unknown.value.allowed,
        )
