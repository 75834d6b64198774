"""
Bytes before any format, the same for every adapter that ships: G-01, G-07 to G-09, G-17, G-18.

What concerns the message around the bytes is asked of the engine: tests/engine/test_envelope.py.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from functools import cache
from pathlib import Path

import pytest

from adapters.kit.contract import Native
from canonical.commands import RejectedDocument
from canonical.errors import Rejected
from orderloom import cli
from orderloom.adapters_found import find_adapters
from orderloom.rules import load as load_rules
from orderloom.settings import load
from orderloom.wiring import profiles_of
from tests.adapters.batches import LETTERS, PRINTCO, references
from tests.mapped import world

STORY = Path(cli.__file__).parent / "story" / "native"
FIXTURES = Path(__file__).parents[1] / "fixtures"
GOOD = {
    "web": STORY / "web-bundle.json",
    "partner": FIXTURES / "partner" / "in" / "orders.edi",
    "directmail": FIXTURES / "directmail" / "in" / "fb-cp037.bin",
    "callcenter": STORY / "callcenter-bundle.xml",
    "store": FIXTURES / "store" / "pickup-and-delivery.xml",
    "kiosk": FIXTURES / "kiosk" / "in" / "a-order.json",
    "crm": FIXTURES / "crm" / "refused-line.json",
    "warehouse": FIXTURES / "warehouse" / "in" / "partial.edi",
    "oss.internet": FIXTURES / "oss_internet" / "completed-event.json",
    "oss.mobile": FIXTURES / "oss_mobile" / "done.txt",
    "billing": FIXTURES / "billing" / "in" / "booked-cp037.bin",
}
MAPPED = {f"mapped {form}": form for form in world.FORMATS}
ALL = (*GOOD, *MAPPED)


@cache
def shipped():
    settings = load(None, {})
    adapters = find_adapters(settings)
    return adapters, load_rules(settings.rules, profiles_of(settings, adapters)).references


def good(name):
    if name in MAPPED:
        return world.samples(MAPPED[name])["one-order"]
    return GOOD[name].read_bytes()


def said(name, body):
    """All that the adapter makes of the bytes."""
    adapters, known = shipped()
    native = Native(body, "")
    if name in MAPPED:
        return list(world.adapter(MAPPED[name]).translate(native, world.REFERENCES))
    if name in adapters.inbound:
        return list(adapters.inbound[name].translate(native, known))
    return list(adapters.outbound[name].read_reply(native))


def fault_of(one):
    return one.fault if isinstance(one, Rejected | RejectedDocument) else None


def refused(name, body):
    """The one fault of bytes of which nothing is taken; the good message behind them is."""
    try:
        found = said(name, body)
    except Rejected as rejected:
        found = [rejected]
    after = said(name, good(name))

    assert after
    assert not any(map(fault_of, after))
    [one] = found
    fault = fault_of(one)
    assert fault is not None
    return fault


def faulty(name, body):
    fault = refused(name, body)
    return fault.code, fault.where


def family(name):
    """What the sample looks like to somebody who knows no channel."""
    start = good(name).lstrip()[:3]
    return {b"ISA": "X12", b"<?x": "XML"}.get(start, "JSON" if start[:1] == b"{" else "")


def zipped(body):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("order.txt", body)
    return held.getvalue()


def test_every_adapter_is_asked():
    """A new one joins the table."""
    adapters, _ = shipped()

    assert {*adapters.inbound, *adapters.outbound} == set(GOOD)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("body", [b"", b" \r\n\t "], ids=["no bytes", "blanks"])
def test_g01_nothing(name, body):
    """There is no place where nothing is."""
    assert ("E_EMPTY", "") == faulty(name, body)


@pytest.mark.parametrize("body", [b"\x40" * 400, (b"\x40" * 80 + b"\x15") * 5], ids=["blanks", "lines"])
def test_g01_blanks_in_ebcdic(body):
    """They are no white space to anybody else."""
    assert ("E_EMPTY", "") == faulty("directmail", body)


MARKS = {
    "UTF-8": lambda body: b"\xef\xbb\xbf" + body,
    "UTF-16": lambda body: body.decode("latin-1").encode("utf-16"),
    "UTF-16 BE": lambda body: b"\xfe\xff" + body.decode("latin-1").encode("utf-16-be"),
    "UTF-32": lambda body: body.decode("latin-1").encode("utf-32"),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("mark", MARKS)
def test_g07_a_byte_order_mark(name, mark):
    """No shipped channel has agreed on one; a table whose mapping does: test_c06_where_it_is_agreed."""
    fault = refused(name, MARKS[mark](good(name)))

    assert ("E_BOM", "byte 0") == (fault.code, fault.where)
    assert mark.partition(" ")[0] in fault.what


# A word of each sample in which a character is spoilt.
WORDS = {
    "web": b"W-20001",
    "kiosk": b"20261102-0007",
    "crm": b"R-77002",
    "oss.internet": b"EV-9001",
    "oss.mobile": b"Operation",
    "callcenter": b"1-80451",
    "store": b"0117",
    "mapped csv": b"A-1001",
    "mapped json": b"A-1001",
    "mapped xml": b"A-1001",
}
NO_UTF_8 = {
    "overlong": b"\xc0\xaf",
    "a lone surrogate": b"\xed\xa0\x80",
    "Latin-1": b"\xe9",
    "half a character": b"\xc3",
}


def spoilt(name, bytes_, word=b""):
    """The sample with ``bytes_`` behind the first letter of a word, and where they stand."""
    body, word = good(name), word or WORDS[name]
    assert word in body
    at = body.index(word) + 1
    return body[:at] + bytes_ + body[at:], at


def place(body, at):
    """How a format with lines tells a byte."""
    before = body[:at].split(b"\n")
    return f"line {len(before)} column {len(before[-1]) + 1}"


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("what", NO_UTF_8)
def test_g08_no_utf_8(name, what):
    """The first byte that is wrong is named; nothing is replaced."""
    body, at = spoilt(name, NO_UTF_8[what])
    lines = {"callcenter": " ", "store": " ", "mapped xml": " ", "mapped csv": " ORDER "}
    where = f"{place(body, at)}{lines[name]}at byte {at}" if name in lines else f"byte {at}"

    assert ("E_ENCODING", where) == faulty(name, body)


@pytest.mark.parametrize("name", ["web", "kiosk", "crm", "mapped json"])
def test_g08_cut_within_a_character(name):
    """The tail of a message that was cut off."""
    body = good(name).rstrip()[:-1] + b"\xe2\x82"

    assert ("E_ENCODING", f"byte {len(body) - 2}") == faulty(name, body)


@pytest.mark.parametrize(
    ("name", "word", "where"),
    [
        ("partner", b"HX-A-BLK", "850/0001 segment 10 PO107 at byte "),
        ("warehouse", b"HANDSET-A", "945/0302 segment 4 W1208 at byte "),
    ],
)
def test_g08_in_x12(name, word, where):
    """The agreed characters are ASCII; the element is named, and the byte of the message."""
    body, at = spoilt(name, b"\xc3\xa9", word)
    [fault] = filter(None, map(fault_of, said(name, body)))

    assert "E_ENCODING" == fault.code
    assert fault.where.startswith(where)
    assert f"byte {at} of the message" in fault.what


@pytest.mark.parametrize("name", WORDS)
def test_g09_a_nul_byte(name):
    """Wherever it stands it ends nothing, and is no data; to XML it is no character at all (X-11)."""
    body, at = spoilt(name, b"\x00")
    xml = name in {"callcenter", "store", "mapped xml"}
    fault = refused(name, body)

    assert ("E_XML_SYNTAX" if xml else "E_CONTROL_CHAR") == fault.code
    assert place(body, at) in fault.where
    assert fault.where.endswith(f" at byte {at}")


@pytest.mark.parametrize("name", ["web", "kiosk", "crm", "mapped json"])
def test_g09_a_nul_character_in_an_escape(name):
    """The same character, written in six others; the path is told."""
    body, _ = spoilt(name, b"\\u0000")
    fault = refused(name, body)

    assert "E_CONTROL_CHAR" == fault.code
    assert fault.where.startswith("$.")


@pytest.mark.parametrize(
    ("name", "word", "place"),
    [
        ("partner", b"HX-A-BLK", " PO107 at byte "),
        ("warehouse", b"HANDSET-A", " W1208 at byte "),
        ("directmail", "Springfield".encode("cp037"), " CITY"),
        ("billing", "B-881".encode("cp037"), " BILL-ACCT"),
        ("mapped fixed", b"Rosa", " NAME"),
    ],
)
def test_g09_a_nul_byte_in_a_field(name, word, place):
    """Element, or columns of the record."""
    body = good(name)
    assert word in body
    # In place of the second letter: records have their length.
    found = said_or_refused(name, body.replace(word, word[:1] + b"\x00" + word[2:], 1))
    [fault] = filter(None, map(fault_of, found))

    assert "E_CONTROL_CHAR" == fault.code
    assert place in fault.where


def said_or_refused(name, body):
    try:
        return said(name, body)
    except Rejected as rejected:
        return [rejected]


FORMATS = {
    "JSON": b'{"externalId": [{"id": "W-1"}]}' * 30,
    "XML": b'<?xml version="1.0"?><order number="1">' + b"<a>b</a>" * 100 + b"</order>",
    "X12": (STORY / "acme-850.edi").read_bytes(),
    "EDIFACT": b"UNA:+.? 'UNB+UNOC:3+ACME:14+HUB:14+260901:1200+1'" * 10,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("other", FORMATS)
def test_g17_another_format(name, other):
    """It is named; which parser is used was agreed, and is never guessed."""
    if other == family(name):
        other = "EDIFACT"
    fault = refused(name, FORMATS[other])

    assert ("E_FORMAT_SNIFF", "byte 0") == (fault.code, fault.where)
    assert f"looks like {other}" in fault.what


PACKED = {
    "gzip": gzip.compress,
    "zip": zipped,
    "empty zip": lambda _: b"PK\x05\x06" + b"\x00" * 18,
    "gzip twice": lambda body: gzip.compress(gzip.compress(body)),
    "zstd": lambda body: b"\x28\xb5\x2f\xfd" + body,
    "bzip2": lambda body: b"BZh91AY&SY" + body,
    "xz": lambda body: b"\xfd7zXZ\x00" + body,
    "7-Zip": lambda body: b"7z\xbc\xaf\x27\x1c" + body,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("how", PACKED)
def test_g18_an_archive(name, how):
    """It is named and not opened: the hub inflates what says that it is compressed, once."""
    fault = refused(name, PACKED[how](good(name)))

    assert ("E_ARCHIVE", "byte 0") == (fault.code, fault.where)
    assert f"looks like {how.removeprefix('empty ').partition(' ')[0]}" in fault.what


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(FORMATS["JSON"], "E_FORMAT_SNIFF", id="G-17 another format"),
        pytest.param(gzip.compress(b"H" * 200), "E_ARCHIVE", id="G-18 an archive"),
        pytest.param(b"\xef\xbb\xbfH", "E_BOM", id="G-07 a mark"),
    ],
)
def test_bytes_that_name_nobody_are_told_by_what_they_are(body, code):
    """With several senders nobody can be answered, and whoever looks at what is parked reads more of it."""
    [document] = list(
        shipped()[0].inbound["directmail"].translate(Native(body, ""), references(PRINTCO, LETTERS))
    )

    assert ("", code, "byte 0") == (document.origin.endpoint, document.fault.code, document.fault.where)


def test_records_that_begin_like_another_format_are_records():
    """A sound file may begin with anything: what bytes look like only words a refusal."""
    made = world.adapter("fixed", ('kind = "H"', 'kind = "<"'))
    body = world.samples("fixed")["one-order"]
    sound = b"<" + body[1:]

    assert [] == world.outcome(made, sound)
    assert [("E_FW_TYPE", "record 4 cols 1-1 KIND")] == world.outcome(made, sound.replace(b"\nT", b"\nZ"))
