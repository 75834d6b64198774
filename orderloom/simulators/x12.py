"""
Just enough X12 for a simulated neighbour: cut an interchange into sets, and write one.

A second implementation on purpose: it shares nothing with the hub's, so that a common mistake shows.
Layouts: ANSI X12.5 (ISA is 106 characters wide) and X12.6 (segments, control segments), release 004010.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Group", "Interchange", "Separators", "Set", "element", "read", "write"]

Segment = tuple[str, ...]

_ISA_LENGTH = 106
_ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)

# One byte, one character: what a partner writes is kept whatever its code page.
_CHARSET = "latin-1"


@dataclass(frozen=True, slots=True)
class Separators:
    """What parts elements, components and segments; the segment's may end in a line break."""

    element: str = "*"
    component: str = ">"
    segment: str = "~"


@dataclass(frozen=True, slots=True)
class Set:
    """
    A transaction set without its ST and SE.

    ``count`` is what SE01 says, if it shall say something else than the truth.
    """

    kind: str
    control: str
    segments: tuple[Segment, ...]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A functional group: GS01, GS06 and its sets."""

    code: str
    control: str
    sets: tuple[Set, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """One interchange; ``sender`` and ``receiver`` are qualifier and id, ``loose`` the TA1 segments."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    control: str
    groups: tuple[Group, ...]
    loose: tuple[Segment, ...] = ()
    separators: Separators = Separators()

    @property
    def sets(self) -> Iterator[tuple[Group, Set]]:
        """Every set with its group."""
        return ((group, one) for group in self.groups for one in group.sets)


def element(segment: Sequence[str], place: int) -> str:
    """The element at ``place`` (1-based, as standards count), or nothing."""
    return segment[place] if place < len(segment) else ""


def read(body: bytes) -> Interchange:
    """
    Cut one interchange.

    Raises:
        ValueError: It is not X12, or a header has no trailer.
    """
    text = body.decode(_CHARSET)
    if len(text) < _ISA_LENGTH or not text.startswith("ISA"):
        raise ValueError(f"no interchange header: {text[:20]!r}")
    separators = Separators(text[3], text[104], text[105])
    pieces = (piece.strip("\r\n ") for piece in text.split(separators.segment))
    segments = [tuple(piece.split(separators.element)) for piece in pieces if piece]
    isa = segments[0]
    if len(isa) != len(_ISA_WIDTHS) + 1 or segments[-1][0] != "IEA":
        raise ValueError("the interchange header is malformed, or its trailer is missing")
    return Interchange(
        sender=(isa[5].strip(), isa[6].strip()),
        receiver=(isa[7].strip(), isa[8].strip()),
        control=isa[13],
        groups=tuple(_groups(segments)),
        loose=tuple(segment for segment in segments if segment[0] == "TA1"),
        separators=separators,
    )


def _groups(segments: list[Segment]) -> Iterator[Group]:
    for header, inner in _between(segments, "GS", "GE"):
        sets = tuple(Set(st[1], st[2], tuple(body)) for st, body in _between(inner, "ST", "SE"))
        yield Group(header[1], header[6], sets)


def _between(segments: list[Segment], opens: str, closes: str) -> Iterator[tuple[Segment, list[Segment]]]:
    header: Segment | None = None
    inner: list[Segment] = []
    for segment in segments:
        if segment[0] == opens:
            header, inner = segment, []
        elif segment[0] == closes and header is not None:
            yield header, inner
            header = None
        elif header is not None:
            inner.append(segment)
    if header is not None:
        raise ValueError(f"{opens} without {closes}")


def write(interchange: Interchange, at: datetime, usage: str = "P") -> bytes:
    """Write an interchange of version 00401 / 004010, dated ``at``."""
    with_marks = interchange.separators
    lines = [_isa(interchange, at, usage), *interchange.loose]
    for group in interchange.groups:
        lines.extend(_group(interchange, group, at))
    lines.append(("IEA", str(len(interchange.groups)), interchange.control))
    return "".join(with_marks.element.join(line) + with_marks.segment for line in lines).encode(_CHARSET)


def _isa(interchange: Interchange, at: datetime, usage: str) -> Segment:
    values = (
        *("00", "", "00", ""),
        *interchange.sender,
        *interchange.receiver,
        *(f"{at:%y%m%d}", f"{at:%H%M}", "U", "00401", interchange.control, "0", usage),
        interchange.separators.component,
    )
    return ("ISA", *(value.ljust(width) for value, width in zip(values, _ISA_WIDTHS, strict=True)))


def _group(interchange: Interchange, group: Group, at: datetime) -> Iterable[Segment]:
    application = (interchange.sender[1], interchange.receiver[1])
    yield ("GS", group.code, *application, f"{at:%Y%m%d}", f"{at:%H%M}", group.control, "X", "004010")
    for one in group.sets:
        yield ("ST", one.kind, one.control)
        yield from one.segments
        yield ("SE", str(one.count or len(one.segments) + 2), one.control)
    yield ("GE", str(len(group.sets)), group.control)
