"""
Payloads shown field by field: every field where it stands, every fault at its place, nothing read in vain.
"""

from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path

import pytest

from adapters.formats.csv_decoded import decode_csv
from adapters.formats.csv_dialect import Dialect
from adapters.formats.fixed import Format, Recfm, code_page
from adapters.formats.fixed_decoded import decode_records, sniff_records
from adapters.formats.json_decoded import decode_json
from adapters.formats.mml_decoded import decode_mml
from adapters.formats.x12_decoded import decode_x12
from adapters.formats.xml_decoded import decode_xml
from adapters.inbound.directmail import DirectMailAdapter
from adapters.kit.spoiled import cuts, damaged, garbage
from canonical.errors import CODES

FIXTURES = Path(__file__).parents[1] / "fixtures"
FAMILIES = DirectMailAdapter.record_families
TABLE = Dialect(columns=("A", "B"))
SOAP = (
    b'<?xml version="1.0"?>\n<s:Envelope xmlns:s="urn:soap"><s:Body><Order id="1" kind=\'new\'>'
    b"<Name>Ada &amp; Otis</Name><Empty/></Order></s:Body></s:Envelope>"
)
ROWS = b'order,name\r\n1,"Ada ""A"" King"\r\n2,Otis\r\n'


def batch(source):
    """A batch of direct mail, as its first bytes say."""
    head = source if isinstance(source, bytes) else source.getvalue()
    found = sniff_records(head[:4096], FAMILIES)
    return decode_records(source, *(found or (FAMILIES[0], code_page("cp037"), Format(Recfm.FB, 200))))


def sample(name):
    """A file of the fixtures."""
    return (FIXTURES / name).read_bytes()


FORMATS = {
    "x12": (decode_x12, sample("partner/in/orders.edi")),
    "json": (decode_json, sample("kiosk/in/a-order.json")),
    "xml": (decode_xml, SOAP),
    "mml": (decode_mml, sample("oss_mobile/done.txt")),
    "csv": (lambda source: decode_csv(source, TABLE), ROWS),
    "fixed": (batch, sample("directmail/in/fb-cp037.bin")),
    "blocks": (batch, sample("directmail/in/vb-blocks-cp273.bin")),
}
EACH = pytest.mark.parametrize(("decode", "body"), FORMATS.values(), ids=FORMATS)


class Counted(io.BytesIO):
    """A file that counts what was read of it."""

    taken = 0

    def read(self, size=-1):
        piece = super().read(size)
        self.taken += len(piece)
        return piece


class Trickle(io.BytesIO):
    """A pipe that gives a few bytes at a time."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size >= 0 else 7)


@EACH
def test_every_field_is_where_it_says(decode, body):
    """Its bytes are those of the payload at its offset; a good sample has no fault."""
    found = list(decode(body))

    assert len(found) > 3
    assert [] == [one for one in found if body[one.offset : one.offset + one.length] != one.raw]
    assert [] == [one for one in found if one.fault]
    assert sorted(one.record for one in found) == [one.record for one in found]


@EACH
def test_a_file_that_comes_in_bits_reads_the_same(decode, body):
    """Wherever the pieces break."""
    assert list(decode(body)) == list(decode(Trickle(body)))


@EACH
def test_nothing_is_too_bad_to_be_shown(decode, body):
    """Cut, damaged and foreign bytes end in a fault of the registry or in fields, never in an exception."""
    spoiled = [*garbage(body).values(), *(one for _, one in damaged(body)), *(one for _, one in cuts(body))]
    for one in spoiled:
        for field in decode(one):
            assert field.fault is None or (field.fault.code in CODES and field.fault.what)


@EACH
def test_a_cut_message_says_so_in_the_end(decode, body):
    """The last that is told is where it stops; a line of text that is cut is still a line."""
    *_, last = decode(body.rstrip()[:-3])

    assert last.fault or decode is FORMATS["csv"][0]


@pytest.mark.parametrize("name", ["x12", "fixed", "csv", "xml"])
def test_the_beginning_of_a_long_file_costs_no_more_than_the_beginning(name):
    """A few fields of many megabytes are shown without reading them."""
    decode, body = FORMATS[name]
    long = {"xml": SOAP.replace(b"<Empty/>", b"<Empty>x</Empty>" * 500_000)}.get(name, body * 20_000)
    file = Counted(long)
    fields = (
        decode_records(file, FAMILIES[0], code_page("cp037"), Format(Recfm.FB, 200))
        if name == "fixed"
        else decode(file)
    )
    first = [next(fields) for _ in range(5)]

    assert 5 == len(first)
    assert file.taken <= 2 * 64 * 1024 < len(long)


def test_records_show_text_numbers_days_tables_and_what_a_card_says():
    """By the names of the layout; a table's turns are numbered, what redefines is shown as it is meant."""
    found = {(one.record, one.path): one for one in batch(sample("directmail/in/fb-cp037.bin"))}
    price, day, code = found[2, "PRICE"], found[1, "FILE-DATE"], found[2, "ITEMS(1).ITEM-CODE"]

    assert ("DTL", 228, "000049900c", "499.00") == (price.kind, price.offset, price.raw.hex(), price.value)
    assert ("2026-09-01", "CASE01") == (day.value, code.value)
    assert "2026-09-15" == found[3, "DATE-CARD.WANTED-DATE"].value
    assert (3, "PHONE-CARD.PHONE") not in found


def test_a_field_at_fault_does_not_hide_its_neighbours():
    """It says why, with its columns; the next is read."""
    body = bytearray(sample("directmail/in/fb-cp037.bin"))
    body[228:233] = b"\x00\x00\x4a\x90\x0c"
    found = {(one.record, one.path): one for one in batch(bytes(body))}

    assert ("E_FW_PACKED", "record 2 cols 29-33 PRICE") == (
        found[2, "PRICE"].fault.code,
        found[2, "PRICE"].fault.where,
    )
    assert "Ada King" == found[2, "NAME"].value


def test_a_record_of_no_kind_is_shown_whole():
    """And the next is read."""
    body = sample("directmail/in/fb-cp037.bin")
    found = list(batch(body[:200] + b"\xe7" + body[201:]))
    [unknown] = [one for one in found if one.fault]

    assert ("E_FW_TYPE", 200, 2) == (unknown.fault.code, unknown.length, unknown.record)
    assert {1, 2, 3, 4} == {one.record for one in found}


def test_a_count_that_makes_no_sense_shows_no_table():
    """What stands there is shown as it is."""
    body = bytearray(sample("directmail/in/fb-cp037.bin"))
    body[348:350] = b"\xf9\xf9"
    tables = [one for one in batch(bytes(body)) if one.record == 2 and one.path.startswith("ITEMS")]

    assert [] == tables


def test_code_page_and_record_format_are_told_from_the_first_record():
    """By its letter, its canary and its descriptor words."""
    names = {"fb-cp037": "FB", "vb-cp500": "VB", "vb-blocks-cp273": "VB+BDW", "fb-ascii": "FB"}
    found = {name: sniff_records(sample(f"directmail/in/{name}.bin"), FAMILIES) for name in names}

    assert names == {name: one[2].recfm.value for name, one in found.items()}
    assert [name.rpartition("-")[2] for name in names] == [one[1].name for one in found.values()]
    assert sniff_records(b"\x00\x01nothing", FAMILIES) is None


def test_elements_are_named_as_the_standard_numbers_them():
    """With components, and a segment that cannot be read between two that can."""
    body = sample("partner/in/orders.edi").replace(b"CUR*BY*USD~", b"CUR*BY*US\x01~\nREF*ZZ*a>b~", 1)
    found = list(decode_x12(body))
    fault = next(one for one in found if one.fault)
    named = {one.path: one.value for one in found if one.kind == "REF"}

    assert ("E_CONTROL_CHAR", b"CUR*BY*US\x01") == (fault.fault.code, fault.raw)
    assert {"a", "b"} <= {named["REF02-1"], named["REF02-2"]}
    assert body.index(b"\x01") - 9 == fault.offset


def test_several_interchanges_are_shown_one_after_the_other():
    """With separators of their own."""
    one, other = sample("partner/in/orders.edi"), sample("partner/in/globex-one-line.edi")

    assert 2 == len([field for field in decode_x12(one + other) if field.path == "ISA13"])


def test_paths_of_json_are_those_of_its_errors():
    """Odd names are quoted, empty objects and arrays are shown, and a name twice is refused at the end."""
    found = list(decode_json(b'{"a b": [{}, [], [1.50, null]], "": {"x": "\\u00e4"}, "x": true, "x": 1}'))

    assert [
        ("$['a b'][0]", "empty"),
        ("$['a b'][1]", "empty"),
        ("$['a b'][2][0]", "1.50"),
        ("$['a b'][2][1]", "null"),
        ("$[''].x", "ä"),
        ("$.x", "true"),
        ("$.x", "1"),
    ] == [(one.path, one.value) for one in found if not one.fault]
    assert "E_JSON_DUPKEY" == found[-1].fault.code


def test_xml_shows_attributes_and_texts_and_expands_nothing():
    """Names as they are written; a document type ends it."""
    found = {one.path: one for one in decode_xml(SOAP)}
    order = "/s:Envelope/s:Body/Order"

    assert ("Ada & Otis", b"Ada &amp; Otis") == (found[f"{order}/Name"].value, found[f"{order}/Name"].raw)
    assert ("new", b"kind='new'") == (found[f"{order}/@kind"].value, found[f"{order}/@kind"].raw)
    [refused] = decode_xml(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>')
    assert "E_XML_DTD" == refused.fault.code


@pytest.mark.parametrize(
    ("decode", "body", "code", "most"),
    [
        (decode_xml, b"<a " + b" ".join(b'a%d=""' % n for n in range(600_000)) + b"/>", "E_TOO_LARGE", 2),
        (decode_xml, b"<a>" + b"<b/>" * 2_000_000 + b"</a>", "E_RECORDS", 1),
        (decode_json, b"[" * 8_000_000, "E_RECORDS", 8),
        (decode_json, b'{"a":' * 1_000 + b"1", "E_DEPTH", 1),
        (decode_json, b'{"b":1,"a":' * 1_000 + b"1", "E_DEPTH", 1),
    ],
    ids=["one tag", "nothing but elements", "brackets", "objects in objects", "deep with values"],
)
def test_what_nobody_could_read_is_given_up_at_its_beginning(decode, body, code, most):
    """A tag without end, marks or elements that say nothing: nobody waits for minutes to see them."""
    file = Counted(body)
    *told, last = decode(file)

    assert (code, True) == (last.fault.code, last.offset < 1_000_000)
    assert len(told) <= 65
    assert file.taken <= most * 1024 * 1024


def test_each_of_many_attributes_is_found_at_once():
    """Ten thousand times as quick as one search for each: a tag of a megabyte, with "greater than" in it."""
    body = b"<a " + b" ".join(b'a%d=">"' % n for n in range(80_000)) + b"/>"
    began = time.monotonic()
    found = list(decode_xml(body))

    assert [(0, b'a0=">"'), (79_999, b'a79999=">"')] == [(n, found[n].raw) for n in (0, 79_999)]
    assert time.monotonic() - began < 20


def test_a_long_text_costs_its_length():
    """And not a hundred bytes for each of its characters; then comes that it is too long to be taken."""
    body = b'{"a":"' + b"x" * 2_000_000 + b'"}'
    tracemalloc.start()
    found, refused = decode_json(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (2_000_000, "E_FIELD_SIZE") == (len(found.value), refused.fault.code)
    assert peak < 20 * len(body)


def test_what_is_refused_of_an_answer_stands_at_its_line():
    """The lines around it are shown."""
    body = sample("oss_mobile/done.txt").replace(b"RETCODE", b"RETCOD_")
    found = list(decode_mml(body))
    [fault] = [one for one in found if one.fault]

    assert "E_MML_SYNTAX" == fault.fault.code
    assert f"line {fault.record}" == fault.fault.where
