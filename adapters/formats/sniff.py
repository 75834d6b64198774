"""
What a message looks like from its first bytes: used only to word a refusal, never to choose a parser.
"""

from __future__ import annotations

from canonical.errors import Rejected, shown

__all__ = ["MAX_MESSAGE", "looks_like", "refuse_unreadable"]

# Design 4.3: one queue message; larger input comes by drop folder.
MAX_MESSAGE = 8 * 1024 * 1024

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xef\xbb\xbf", "UTF-8"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_BEGINNINGS = (
    (b"ISA", "X12"),
    (b"UNA", "EDIFACT"),
    (b"UNB", "EDIFACT"),
    (b"<", "XML"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"\xc9\xe2\xc1", "X12 in EBCDIC"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
)


def looks_like(data: bytes) -> str:
    """
    The format that the first bytes suggest, or an empty string.
    """
    head = data[:64].lstrip()
    return next((name for beginning, name in _BEGINNINGS if head.startswith(beginning)), "")


def refuse_unreadable(data: bytes, wanted: str, *, limit: int = MAX_MESSAGE) -> None:
    """
    Refuse what no parser for ``wanted`` (``X12``, ``JSON``...) need look at; ``limit`` in bytes.

    Raises:
        Rejected: ``E_EMPTY``, ``E_TOO_LARGE``, ``E_BOM`` or ``E_FORMAT_SNIFF``.
    """
    if len(data) > limit:
        raise Rejected("E_TOO_LARGE", f"{len(data)} bytes", allowed=f"at most {limit} bytes")
    if not data or data.isspace():
        raise Rejected("E_EMPTY", "the message holds nothing", allowed=f"one {wanted} document")
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise Rejected("E_BOM", f"{name} byte order mark", "byte 0", f"{wanted} without a mark")
    found = looks_like(data)
    if found and found != wanted:
        start = shown(data[:8])
        raise Rejected("E_FORMAT_SNIFF", f"looks like {found}: {start}", "byte 0", wanted)
