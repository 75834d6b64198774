"""
X12 interchanges, element by element.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import Rejected, shown

from .decoded import DecodedField, unreadable
from .fixed_records import Source, pieces
from .sniff import refuse_unreadable
from .x12_cut import Cutter
from .x12_isa import ISA_LENGTH, read_isa
from .x12_segment import Segment, Separators

__all__ = ["decode_x12"]

# Bytes.  As long as a reader lets a segment be; past it its terminator is missing.
_MAX_SEGMENT = 64 * 1024
_BLANKS = b" \t\r\n"


def decode_x12(source: Source, charset: str = "latin-1") -> Iterator[DecodedField]:
    """
    Each element of each segment under its reference number: ``PO107``, ``REF04-2``; a record is a segment.

    A segment that cannot be read is given whole with its fault, and the next is read; without a header that
    can be read there is nothing to go on with.
    """
    yield from _Reading(source, charset).fields()


class _Reading:
    """Where the reading stands: ``buffer`` holds what begins at byte ``offset``."""

    def __init__(self, source: Source, charset: str) -> None:
        self._pieces = pieces(source)
        self._charset = charset
        self._buffer = b""
        self._offset = 0
        self._number = 0

    def fields(self) -> Iterator[DecodedField]:
        try:
            self._fill(ISA_LENGTH)
            refuse_unreadable(self._buffer[:ISA_LENGTH], "X12")
            while self._skip_blanks():
                yield from self._interchange()
        except Rejected as error:
            yield unreadable(error, self._number + 1, self._offset, self._buffer[:ISA_LENGTH])

    def _interchange(self) -> Iterator[DecodedField]:
        self._fill(ISA_LENGTH + 2)
        isa = read_isa(self._buffer, 0)
        cutter = Cutter(isa, self._charset)
        terminator = isa.separators.segment.encode("ascii")
        while (raw := self._segment(terminator)) is not None:
            self._number += 1
            start = self._offset
            lead = len(raw) - len(raw.lstrip(_BLANKS))
            yield from self._elements(raw[lead:], start + lead, cutter, isa.separators)
            self._drop(len(raw) + 1)
            if raw[lead : lead + 3] == b"IEA":
                return
            if not self._skip_blanks():
                break
        raise Rejected(
            "E_EDI_TRUNCATED", "the interchange has no end", f"byte {self._offset}", "an IEA segment"
        )

    def _segment(self, terminator: bytes) -> bytes | None:
        """The next segment without its terminator, or None when what is left has none."""
        searched = 0
        while (end := self._buffer.find(terminator, searched)) < 0:
            searched = len(self._buffer)
            if searched > _MAX_SEGMENT:
                what = f"no terminator {shown(terminator)} in {_MAX_SEGMENT} bytes"
                raise Rejected("E_EDI_SEGMENT_LEN", what, f"byte {self._offset}", f"{_MAX_SEGMENT} bytes")
            if not self._more():
                return None
        return self._buffer[:end]

    def _elements(
        self, raw: bytes, offset: int, cutter: Cutter, separators: Separators
    ) -> Iterator[DecodedField]:
        try:
            segment = cutter.cut(raw, offset)
        except Rejected as error:
            yield unreadable(error, self._number, offset, raw)
            return
        at = offset + len(segment.id) + 1
        if not segment.elements:
            yield DecodedField(self._number, segment.id, offset, segment.id, raw)
        # ISA16 is the component separator itself.
        component = "" if segment.id == "ISA" else separators.component
        for number, element in enumerate(segment.elements, 1):
            yield from self._components(segment, f"{segment.id}{number:02}", element, at, component)
            at += len(element.encode(self._charset)) + 1

    def _components(
        self, segment: Segment, path: str, element: str, at: int, component: str
    ) -> Iterator[DecodedField]:
        parts = element.split(component) if component and component in element else [element]
        for number, part in enumerate(parts, 1):
            name = f"{path}-{number}" if len(parts) > 1 else path
            data = part.encode(self._charset)
            if data:
                yield DecodedField(self._number, segment.id, at, name, data, part.rstrip())
            at += len(data) + len(component)

    def _skip_blanks(self) -> bool:
        """Whether anything but blanks and line ends is left."""
        while True:
            self._drop(len(self._buffer) - len(self._buffer.lstrip(_BLANKS)))
            if self._buffer or not self._more():
                return bool(self._buffer)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size and self._more():
            pass

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        self._buffer += piece
        return bool(piece)

    def _drop(self, size: int) -> None:
        self._buffer = self._buffer[size:]
        self._offset += size
