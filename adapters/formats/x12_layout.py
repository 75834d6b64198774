"""
X12 layouts: which segments a transaction set has, in which order, how often, and which of them repeat as a
loop.

A layout is data; :func:`arrange` sorts the segments of a set into it in one pass.  The first segment of a
loop always is there and starts each turn, as in the tables of the standard.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from canonical.errors import Rejected

from .x12_levels import refuse_broken_levels
from .x12_model import TransactionSet
from .x12_segment import Segment

__all__ = ["MANY", "Layout", "Loop", "Turn", "Use", "arrange"]

# "More than one" in the standard's tables, where it names no number.
MANY = 10_000


class Use(msgspec.Struct, frozen=True):
    """
    One segment at its place: its id, whether it must be there, how often it may be.
    """

    id: str
    required: bool = False
    most: int = 1


class Loop(msgspec.Struct, frozen=True):
    """
    Segments that come again together; the first one starts each turn.
    """

    body: tuple[Use | Loop, ...]
    required: bool = False
    most: int = MANY

    @property
    def id(self) -> str:
        """
        The loop's name: its first segment's id.
        """
        return self.body[0].id


Layout = tuple[Use | Loop, ...]
"""The places of a set between ST and SE, in their order."""


class Turn(msgspec.Struct, frozen=True):
    """
    One turn of a loop, or the whole set: its own segments, and the turns of the loops inside it.
    """

    segments: tuple[Segment, ...]
    turns: tuple[Turn, ...]

    @property
    def head(self) -> Segment:
        """
        The segment that starts the turn; in the whole set, the first.
        """
        return self.segments[0]

    def first(self, segment_id: str) -> Segment | None:
        """
        The first segment of that id in this turn, not in the loops inside it.
        """
        return next(self.each(segment_id), None)

    def each(self, segment_id: str) -> Iterator[Segment]:
        """
        All segments of that id in this turn, not in the loops inside it.
        """
        return (segment for segment in self.segments if segment.id == segment_id)

    def loops(self, segment_id: str) -> Iterator[Turn]:
        """
        The turns of the loop that begins with that segment.
        """
        return (turn for turn in self.turns if turn.head.id == segment_id)


def arrange(transaction_set: TransactionSet, layout: Layout) -> Turn:
    """
    The segments between ST and SE, sorted into a layout.

    Raises:
        Rejected: ``E_MISSING`` for a mandatory segment that is not there, named at the place where it
            should stand;
            ``E_EDI_STRUCTURE`` for one that is out of place, too many, or not in the layout; as
            :func:`refuse_broken_levels` for HL segments that do not make a tree.
    """
    refuse_broken_levels(transaction_set.segments)
    walk = _Walk(transaction_set.segments[1:])
    turn = walk.turn(layout)
    if walk.here.id != "SE":
        raise _out_of_place(walk.here, walk.before, layout)
    return turn


class _Walk:
    """
    The way through a set, one segment at a time; its last is SE.
    """

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        self._segments = segments
        self._at = 0

    @property
    def here(self) -> Segment:
        return self._segments[self._at]

    @property
    def before(self) -> str:
        return self._segments[self._at - 1].id if self._at else "ST"

    def turn(self, layout: Layout) -> Turn:
        segments: list[Segment] = []
        turns: list[Turn] = []
        for place in layout:
            count = 0
            while self.here.id == place.id and count < place.most:
                count += 1
                if isinstance(place, Loop):
                    turns.append(self.turn(place.body))
                else:
                    segments.append(self.here)
                    self._at += 1
            if place.required and not count:
                raise self._missing(place.id)
        return Turn(tuple(segments), tuple(turns))

    def _missing(self, segment_id: str) -> Rejected:
        if self.here.id == self.before:
            return self.here.reject(0, "E_EDI_STRUCTURE", f"too many {self.here.id}, and no {segment_id}")
        expected = msgspec.structs.replace(self.here, id=segment_id, elements=())
        return expected.reject(0, "E_MISSING", f"the segment is missing after {self.before}", segment_id)


def _out_of_place(segment: Segment, before: str, layout: Layout) -> Rejected:
    known = segment.id in set(_ids(layout))
    what = f"out of place or too many after {before}" if known else "not part of this transaction set"
    return segment.reject(0, "E_EDI_STRUCTURE", what)


def _ids(layout: Layout) -> Iterator[str]:
    for place in layout:
        if isinstance(place, Loop):
            yield from _ids(place.body)
        else:
            yield place.id
