"""
What a message looks like from its first bytes: used only to word a refusal, never to choose a parser.
"""

from __future__ import annotations

from canonical.errors import Rejected, shown

__all__ = ["ARCHIVES", "MAX_MESSAGE", "looks_like", "refuse_other", "refuse_unreadable"]

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
)
_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"BZh91AY&SY", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)

ARCHIVES = frozenset(name for _, name in _PACKED)
"""Of the names that :func:`looks_like` gives, those of compressed files and archives."""


def looks_like(data: bytes) -> str:
    """
    The format that the first bytes suggest, or an empty string.
    """
    head = data[:64].lstrip()
    known = (*_PACKED, *_BEGINNINGS)
    return next((name for beginning, name in known if head.startswith(beginning)), "")


def refuse_unreadable(data: bytes, wanted: str, *, limit: int = MAX_MESSAGE) -> None:
    """
    Refuse what no parser for ``wanted`` (``X12``, ``JSON``...) need look at; ``limit`` in bytes.

    Raises:
        Rejected: ``E_EMPTY``, ``E_TOO_LARGE``, ``E_BOM``, ``E_ARCHIVE`` or ``E_FORMAT_SNIFF``.
    """
    if len(data) > limit:
        raise Rejected("E_TOO_LARGE", f"{len(data)} bytes", allowed=f"at most {limit} bytes")
    if not data or data.isspace():
        raise Rejected("E_EMPTY", "the message holds nothing", allowed=f"one {wanted} document")
    refuse_other(data, wanted)


def refuse_other(data: bytes, wanted: str) -> None:
    """
    Refuse what begins as something else than ``wanted``.

    An archive is never opened: what is compressed comes with its content encoding, one layer deep.

    Raises:
        Rejected: ``E_BOM``, ``E_ARCHIVE`` or ``E_FORMAT_SNIFF``.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise Rejected("E_BOM", f"{name} byte order mark", "byte 0", f"{wanted} without a mark")
    found = looks_like(data)
    if found and found != wanted:
        start = shown(data[:8])
        code = "E_ARCHIVE" if found in ARCHIVES else "E_FORMAT_SNIFF"
        raise Rejected(code, f"looks like {found}: {start}", "byte 0", wanted)
