"""
X12 reader: bytes to interchanges, groups, transaction sets and segments, in one linear pass with limits.

A fault stays where it belongs.  What is wrong with one transaction set rejects that set; what is wrong with
a group or an interchange (a wrong count, another control number in the trailer, no trailer at all) rejects
all that is in it, because nobody can say what was lost.  Nothing is forgiven but line breaks after a
segment terminator.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from canonical.errors import Rejected, shown

from .sniff import MAX_MESSAGE, refuse_unreadable
from .x12_binary import binary_beginnings, end_of_binary
from .x12_book import Book
from .x12_isa import ISA_LENGTH, read_isa
from .x12_model import Interchange, IsaHeader, Unreadable

__all__ = ["MAX_SEGMENT", "MAX_SEGMENTS", "read_interchanges"]

# 64 KiB is a hundred times the longest segment of the guides: without a terminator we stop there, not at
# the end.
MAX_SEGMENT = 64 * 1024
# A thousand orders of a hundred segments each.
MAX_SEGMENTS = 100_000

_LINE_BREAKS = re.compile(rb"[\r\n]*")


def read_interchanges(
    data: bytes,
    *,
    charset: str = "ascii",
    expected: Collection[str] | None = None,
    several: bool = False,
    limit: int = MAX_MESSAGE,
) -> Iterator[Interchange | Unreadable]:
    """
    What a message holds, in order; never raises for what the sender did.

    Args:
        data: One message.
        charset: ``ascii``, ``latin-1``, ``cp1252`` or ``utf-8``, as agreed with the partner; separators are
            ASCII always.
        expected: Transaction sets that may come (``{"850", "997"}``); others get ``E_EDI_TYPE``.  None: any.
        several: Whether more than one interchange may stand in one message.  If not, what follows the first
            is ``E_TRAILING``; the first passes all the same.
        limit: Largest message, in bytes.
    """
    try:
        refuse_unreadable(data, "X12", limit=limit)
    except Rejected as error:
        yield Unreadable(error.fault, 0)
        return
    offset = 0
    while offset < len(data):
        if offset and not several:
            yield _trailing(data, offset)
            return
        try:
            isa = read_isa(data, offset)
        except Rejected as error:
            yield Unreadable(error.fault, offset)
            return
        interchange = _read_one(data, offset, Book(isa, charset=charset, expected=expected))
        yield interchange
        offset = _skip(data, interchange.end)


def _read_one(data: bytes, offset: int, book: Book) -> Interchange:
    """
    One interchange up to its IEA, to the header of the next, or to where its framing is lost.
    """
    end = len(data)
    try:
        for start, raw in _segments(data, offset + ISA_LENGTH, book.isa):
            tag = book.cutter.tag(raw)
            if tag == b"ISA":
                end = start
                break
            if book.take(tag, raw, start):
                return book.close(offset, start + len(raw) + 1)
        raise Rejected("E_EDI_TRUNCATED", "the interchange has no IEA", f"byte {end}", "IEA at its end")
    except Rejected as error:
        book.fail(error)
    return book.close(offset, end)


def _segments(data: bytes, start: int, isa: IsaHeader) -> Iterator[tuple[int, bytes]]:
    """
    Offset and bytes of each segment, without its terminator.

    Raises:
        Rejected: ``E_EDI_SEGMENT_LEN``, ``E_EDI_SEGMENTS``, ``E_EDI_BINARY`` or ``E_EDI_TRUNCATED``: from
            there on nothing can be told apart.
    """
    terminator, binary = isa.separators.segment.encode("ascii"), binary_beginnings(isa.separators)
    count, position = 1, _skip(data, start)
    while position < len(data):
        if data.startswith(binary, position):
            end = end_of_binary(data, position, isa.separators, MAX_SEGMENT)
        else:
            end = data.find(terminator, position, position + MAX_SEGMENT + 1)
        if end < 0:
            end = _unterminated(data, position, isa)
        count += 1
        if count > MAX_SEGMENTS:
            raise Rejected(
                "E_EDI_SEGMENTS", "too many segments", f"byte {position}", f"at most {MAX_SEGMENTS}"
            )
        yield position, data[position:end]
        position = _skip(data, end + 1)


def _unterminated(data: bytes, position: int, isa: IsaHeader) -> int:
    """
    The end of a last IEA whose terminator, a line break, an editor has stripped; anything else unterminated
    is refused.
    """
    if len(data) - position > MAX_SEGMENT:
        what = f"no terminator {shown(isa.separators.segment)} in {MAX_SEGMENT} bytes"
        raise Rejected(
            "E_EDI_SEGMENT_LEN", what, f"byte {position}", f"at most {MAX_SEGMENT} bytes a segment"
        )
    if isa.separators.segment in "\r\n" and data.startswith(b"IEA", position):
        return len(data)
    raise Rejected(
        "E_EDI_TRUNCATED", "the last segment is not terminated", f"byte {position}", "a terminator"
    )


def _skip(data: bytes, position: int) -> int:
    found = _LINE_BREAKS.match(data, position)
    return found.end() if found else position


def _trailing(data: bytes, offset: int) -> Unreadable:
    second = data.startswith(b"ISA", offset)
    what = (
        "a second interchange"
        if second
        else f"{len(data) - offset} bytes: {shown(data[offset : offset + 16])}"
    )
    error = Rejected("E_TRAILING", f"{what} after the end", f"byte {offset}", "one interchange a message")
    return Unreadable(error.fault, offset)
