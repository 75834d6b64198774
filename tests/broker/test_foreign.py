"""Properties from strangers: read as far as they can be read, and never an error."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pika
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.foreign import DROPPED, STAMP, read_came_back, read_properties, read_stamp, write_properties
from broker.limits import unsendable
from broker.port import HeaderValue, Properties, Publish

_HEADERS_FLAG = struct.pack(">H", 1 << 13)

texts = st.text(max_size=40)
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts


def wire(properties: pika.BasicProperties) -> bytes:
    return b"".join(properties.encode())


def table(*fields: bytes) -> bytes:
    content = b"".join(fields)
    return _HEADERS_FLAG + struct.pack(">I", len(content)) + content


def field(name: str, kind: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + kind + value


@given(
    ident=texts | st.none(),
    kind=texts | st.none(),
    seconds=st.integers(0, 4_000_000_000),
    headers=st.dictionaries(texts, values, max_size=8),
)
def test_what_we_write_we_read(
    ident: str | None, kind: str | None, seconds: int, headers: dict[str, HeaderValue]
):
    """
    Whatever the words are; the stamp of a publish is not part of the message.
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    sent = Properties(message_id=ident, type=kind, timestamp=moment, headers=headers)
    raw = wire(write_properties(Publish(1, "", "q", b"", sent), 77))

    assert sent == read_properties(raw)
    assert read_stamp(raw) == 77


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        ({}, 0),
        ({"x-delivery-count": 2}, 2),
        ({"x-acquired-count": 4, "x-delivery-count": 1}, 4),
        ({"x-delivery-count": "many"}, 0),
    ],
)
def test_the_brokers_counters_are_read_and_kept_from_the_message(headers: dict[str, HeaderValue], count: int):
    """
    Which of the two a server writes differs by version.
    """
    raw = wire(pika.BasicProperties(content_type="text/plain", headers={**headers, "mine": 1}))

    assert count == read_came_back(raw)
    assert {"mine": 1} == read_properties(raw).headers


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_are_an_error(noise: bytes, in_headers: bool):
    """
    Random bytes as properties, or as the inside of a header table.
    """
    raw = table(noise) if in_headers else noise

    assert isinstance(read_properties(raw), Properties)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param(b"T", struct.pack(">Q", 2**64 - 1), 2**64 - 1, id="a moment beyond the calendar"),
        pytest.param(b"T", struct.pack(">Q", 0), "1970-01-01T00:00:00+00:00", id="a moment"),
        pytest.param(b"d", struct.pack(">d", float("inf")), "inf", id="an infinite float"),
        pytest.param(b"f", struct.pack(">f", 1.5), "1.5", id="a float"),
        pytest.param(b"D", struct.pack(">Bi", 2, 1999), "19.99", id="a decimal"),
        pytest.param(b"S", struct.pack(">I", 2) + b"\xff\xfe", "��", id="text that is not UTF-8"),
        pytest.param(b"x", struct.pack(">I", 2) + b"ok", "ok", id="bytes"),
        pytest.param(b"b", b"\xff", -1, id="a signed byte"),
        pytest.param(b"B", b"\xff", 255, id="an unsigned byte"),
        pytest.param(b"s", b"\xff\xfe", -2, id="a short"),
        pytest.param(b"u", b"\xff\xfe", 65534, id="an unsigned short"),
        pytest.param(b"i", b"\xff\xff\xff\xff", 2**32 - 1, id="an unsigned integer"),
        pytest.param(b"l", struct.pack(">q", -5), -5, id="a long"),
        pytest.param(b"V", b"", None, id="nothing"),
    ],
)
def test_every_type_letter_of_rabbitmq_is_read(kind: bytes, value: bytes, expected: HeaderValue):
    """
    As a word, a number, a truth or nothing; the field after it is found.
    """
    raw = table(field("odd", kind, value), field("next", b"t", b"\x01"))

    assert read_properties(raw).headers == {"odd": expected, "next": True}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param(b"F", struct.pack(">I", 9) + b"\x01ax\x00\x00\x00\x02hi", id="a table"),
        pytest.param(b"A", struct.pack(">I", 2) + b"t\x01", id="an array"),
        pytest.param(b"S", struct.pack(">I", 9000) + b"x" * 9000, id="9,000 bytes of text"),
    ],
)
def test_nested_and_huge_headers_are_left_out_by_name(kind: bytes, value: bytes):
    """
    G-10, G-15: the rest is kept, and a marker names what is missing.
    """
    raw = table(field("x-death", kind, value), field("channel", b"S", struct.pack(">I", 3) + b"web"))

    assert read_properties(raw).headers == {"channel": "web", DROPPED: "x-death"}


@pytest.mark.parametrize("count", [150, 10_000])
def test_a_hundred_headers_are_enough(count: int):
    """
    G-10: beyond it somebody uses headers as a body.
    """
    fields = [field(f"h{number}", b"t", b"\x01") for number in range(count)]
    headers = read_properties(table(*fields)).headers

    assert len(headers) == 101
    assert str(headers[DROPPED]).startswith("h100, h10")


def test_an_unknown_type_letter_ends_the_reading():
    """
    Its length is unknown, so nothing after it can be found; what came before is kept.
    """
    raw = table(field("a", b"t", b"\x01"), field("b", b"?", b"..."), field("c", b"t", b"\x01"))

    assert read_properties(raw).headers == {"a": True, DROPPED: "b"}


def test_tables_in_tables_are_stepped_over():
    """
    G-10: 1,000 deep, at the cost of one.
    """
    inner = b""
    for _ in range(1_000):
        inner = field("t", b"F", struct.pack(">I", len(inner)) + inner)
    raw = table(inner, field("next", b"t", b"\x01"))

    assert {"next": True, DROPPED: "t"} == read_properties(raw).headers


def test_what_the_hub_sends_has_no_end_and_no_rank():
    """
    G-11: whatever its sender asked for: an order that expires is lost.
    """
    came = read_properties(wire(pika.BasicProperties(expiration="1", priority=255, message_id="m")))
    sent = write_properties(Publish(1, "", "q", b"", came), 1)

    assert (None, None, "m") == (sent.expiration, sent.priority, sent.message_id)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(b"m" * 255, "m" * 255, id="G-16 255 bytes"),
        pytest.param(b"two\r\nlines", "two\r\nlines", id="G-16 line ends"),
        pytest.param("\u20ac".encode() * 85, "\u20ac" * 85, id="G-16 255 bytes of UTF-8"),
        pytest.param(b"\xff" * 255, "?" * 255, id="G-16 no UTF-8"),
    ],
)
def test_an_id_can_be_sent_on_as_it_was_read(given: bytes, expected: str):
    """
    It does not grow on the way, or what carries it could not be sent.
    """
    raw = struct.pack(">H", 1 << 7) + bytes([len(given)]) + given
    found = read_properties(raw)
    sent = Publish(1, "", "q", b"", found)

    assert expected == found.message_id
    assert unsendable(sent) is None
    assert expected == read_properties(wire(write_properties(sent, 1))).message_id


def test_an_absurd_timestamp_is_left_out_by_name():
    """
    G-11: milliseconds where seconds belong, as some clients send.
    """
    found = read_properties(wire(pika.BasicProperties(timestamp=1_700_000_000_000_000, message_id="m")))

    assert (found.timestamp, found.message_id, found.headers) == (None, "m", {DROPPED: "timestamp"})


def test_a_stranger_cannot_forge_a_stamp():
    """
    The header is ours: it is taken off whatever it holds.
    """
    raw = wire(pika.BasicProperties(headers={STAMP: "x", "kept": 1}))

    assert read_properties(raw).headers == {"kept": 1}
    assert read_stamp(raw) is None
