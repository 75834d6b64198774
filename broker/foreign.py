"""
Message properties on the wire: written for ours, read defensively from anybody.

AMQP 0-9-1 section 4.2.6 (content header) and 4.2.5.5 (field tables, with RabbitMQ's type letters
from its "AMQP 0-9-1 Errata" page).  Reading never raises: a sender may put anything into headers, and
one message must not end the connection that all others use.  What cannot be read, or is nested or
huge, is left out and named in the header :data:`DROPPED`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pika

from .port import HeaderValue, Properties, Publish

__all__ = ["DROPPED", "STAMP", "read_came_back", "read_properties", "read_stamp", "write_properties"]

DROPPED = "x-orderloom-headers-dropped"
# A returned message has no tag; this header says which publish it was.  Taken off on receipt.
STAMP = "x-orderloom-pub"

# What quorum queues write in on redelivery; which counter, and when, differs by version.
_COUNTERS = ("x-delivery-count", "x-acquired-count")
_NOT_THE_SENDERS = (STAMP, *_COUNTERS)

# More than any tracing or routing layer adds; beyond it somebody uses headers as a body.
_MOST_HEADERS = 100
_LONGEST_VALUE = 8192
_LONGEST_MARKER = 255
_PERSISTENT = 2

_Reader = Callable[[bytes, int], tuple[HeaderValue, int]]


def write_properties(publish: Publish, stamp: int) -> pika.BasicProperties:
    """Our properties as pika takes them; a publish that may come back carries its stamp."""
    ours = publish.properties
    headers = dict(ours.headers)
    if publish.mandatory:
        headers[STAMP] = stamp
    return pika.BasicProperties(
        content_type=ours.content_type,
        content_encoding=ours.content_encoding,
        headers=headers or None,
        delivery_mode=2 if ours.delivery_mode == _PERSISTENT else 1,
        correlation_id=ours.correlation_id,
        reply_to=ours.reply_to,
        message_id=ours.message_id,
        timestamp=None if ours.timestamp is None else int(ours.timestamp.timestamp()),
        type=ours.type,
        user_id=ours.user_id,
        app_id=ours.app_id,
    )


def read_properties(raw: bytes) -> Properties:
    """
    Properties from the property list of a content header (flags and values, without class and size).
    """
    try:
        return _read(raw)
    except (struct.error, IndexError):
        return Properties(headers={DROPPED: "all: unreadable"})


def read_stamp(raw: bytes) -> int | None:
    """The stamp of one of our own messages that came back."""
    headers, _, _ = _read_table(raw, _after_strings(raw)) if _flags(raw) & 1 << 13 else ({}, 0, [])
    stamp = headers.get(STAMP)
    return stamp if isinstance(stamp, int) else None


def read_came_back(raw: bytes) -> int:
    """How often a quorum queue says that it has handed this message over before; 0 when it says nothing."""
    try:
        headers, _, _ = _read_table(raw, _after_strings(raw)) if _flags(raw) & 1 << 13 else ({}, 0, [])
    except (struct.error, IndexError):
        return 0
    return max((count for name in _COUNTERS if isinstance(count := headers.get(name), int)), default=0)


def _read(raw: bytes) -> Properties:
    flags = _flags(raw)
    texts: dict[str, str | None] = {}
    headers: dict[str, HeaderValue] = {}
    dropped: list[str] = []
    timestamp: datetime | None = None
    mode = 1
    at = 2
    for bit, name in _FIELDS:
        if not flags & bit:
            continue
        if name == "headers":
            headers, at, dropped = _read_table(raw, at)
        elif name == "delivery_mode":
            mode, at = raw[at], at + 1
        elif name == "priority":
            at += 1
        elif name == "timestamp":
            timestamp, at = _moment(_U64.unpack_from(raw, at)[0]), at + 8
            if timestamp is None:
                dropped.append("timestamp")
        else:
            end = at + 1 + raw[at]
            texts[name], at = _short_text(raw[at + 1 : end]), end
    for name in _NOT_THE_SENDERS:
        headers.pop(name, None)
    if dropped:
        headers[DROPPED] = ", ".join(sorted(dropped))[:_LONGEST_MARKER]
    return Properties(
        message_id=texts.get("message_id"),
        correlation_id=texts.get("correlation_id"),
        type=texts.get("type"),
        content_type=texts.get("content_type"),
        content_encoding=texts.get("content_encoding"),
        app_id=texts.get("app_id"),
        reply_to=texts.get("reply_to"),
        user_id=texts.get("user_id"),
        timestamp=timestamp,
        delivery_mode=mode,
        headers=headers,
    )


def _short_text(raw: bytes) -> str:
    """As UTF-8; what is none must not grow on the way, for as many bytes as it has it may have again."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("ascii", "replace").replace("\ufffd", "?")


def _flags(raw: bytes) -> int:
    return int(_U16.unpack_from(raw, 0)[0])


def _after_strings(raw: bytes) -> int:
    """Where the headers begin: after content type and encoding, when these are there."""
    at = 2
    for bit in (1 << 15, 1 << 14):
        if _flags(raw) & bit:
            at += 1 + raw[at]
    return at


def _read_table(raw: bytes, at: int) -> tuple[dict[str, HeaderValue], int, list[str]]:
    """The flat headers of a table, where it ends, and the names of those left out."""
    end = at + 4 + _U32.unpack_from(raw, at)[0]
    at += 4
    found: dict[str, HeaderValue] = {}
    dropped: list[str] = []
    while at < end:
        start = at + 1
        at = start + raw[at]
        name = raw[start:at].decode("utf-8", "replace")
        reader = _READERS.get(raw[at])
        if reader is None:
            dropped.append(name)  # an unknown type letter: its length is unknown too
            break
        value, at = reader(raw, at + 1)
        if value is _TOO_MUCH or len(found) >= _MOST_HEADERS:
            dropped.append(name)
        else:
            found[name] = value
    return found, end, dropped


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _number(layout: str) -> _Reader:
    form = struct.Struct(layout)

    def read(raw: bytes, at: int) -> tuple[HeaderValue, int]:
        return int(form.unpack_from(raw, at)[0]), at + form.size

    return read


def _fraction(layout: str) -> _Reader:
    form = struct.Struct(layout)

    def read(raw: bytes, at: int) -> tuple[HeaderValue, int]:
        return repr(form.unpack_from(raw, at)[0]), at + form.size

    return read


def _read_bool(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    return raw[at] != 0, at + 1


def _read_null(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    return None, at


def _read_text(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    length = _U32.unpack_from(raw, at)[0]
    end = at + 4 + length
    if length > _LONGEST_VALUE:
        return _TOO_MUCH, end
    return raw[at + 4 : end].decode("utf-8", "replace"), end


def _read_nested(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    return _TOO_MUCH, at + 4 + _U32.unpack_from(raw, at)[0]


def _read_moment(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    seconds = int(_U64.unpack_from(raw, at)[0])
    moment = _moment(seconds)
    return (seconds if moment is None else moment.isoformat()), at + 8


def _read_decimal(raw: bytes, at: int) -> tuple[HeaderValue, int]:
    return str(Decimal(_I32.unpack_from(raw, at + 1)[0]).scaleb(-raw[at])), at + 5


_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_I32 = struct.Struct(">i")
_U64 = struct.Struct(">Q")


class _LeftOut(str):
    """Stands for a value that is left out; compared by identity, so no header can be mistaken for it."""

    __slots__ = ()


_TOO_MUCH = _LeftOut()

# In the order of the flags, which is the order of the values.
_FIELDS = tuple(
    (1 << 15 - position, name)
    for position, name in enumerate(
        (
            "content_type",
            "content_encoding",
            "headers",
            "delivery_mode",
            "priority",
            "correlation_id",
            "reply_to",
            "expiration",
            "message_id",
            "timestamp",
            "type",
            "user_id",
            "app_id",
            "cluster_id",
        )
    )
)

_READERS: dict[int, _Reader] = {
    ord("t"): _read_bool,
    ord("b"): _number(">b"),
    ord("B"): _number(">B"),
    ord("U"): _number(">h"),
    ord("s"): _number(">h"),
    ord("u"): _number(">H"),
    ord("I"): _number(">i"),
    ord("i"): _number(">I"),
    ord("l"): _number(">q"),
    ord("L"): _number(">q"),
    ord("f"): _fraction(">f"),
    ord("d"): _fraction(">d"),
    ord("D"): _read_decimal,
    ord("S"): _read_text,
    ord("x"): _read_text,
    ord("A"): _read_nested,
    ord("F"): _read_nested,
    ord("T"): _read_moment,
    ord("V"): _read_null,
}
