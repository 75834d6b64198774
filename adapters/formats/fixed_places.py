"""
Where the names of a layout stand in a record, turn by turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from .fixed_layout import FILLER, Layout, Slot
from .fixed_spot import Spot

__all__ = ["Place", "columns", "places", "spot"]


class Place(NamedTuple):
    """
    Bytes from the beginning of the record to the first occurrence, bytes of one, and the step of each table
    that it is in, from the outside in.
    """

    start: int
    size: int
    steps: tuple[int, ...]


@cache
def places(layout: Layout) -> Mapping[str, Place]:
    """
    The place of each name.
    """
    return dict(_places(layout.slots, 0, ()))


@lru_cache(maxsize=4096)
def columns(layout: Layout, name: str, turns: tuple[int, ...]) -> str:
    """
    The columns of ``name`` where no table before it is shorter than its most, as text.
    """
    return str(spot(layout, name, turns))


def spot(layout: Layout, name: str, turns: Sequence[int] = (), record: int = 0, shift: int = 0) -> Spot:
    """
    The columns of ``name`` in its ``turns`` (1-based, from the outside in).

    ``shift``: how many bytes it stands before its place, since tables before it are shorter than their most.
    """
    place = places(layout)[name]
    inner = list(zip(place.steps, turns, strict=False))
    start = place.start - shift + sum(step * (turn - 1) for step, turn in inner)
    subscript = f"({','.join(str(turn) for _, turn in inner)})" if inner else ""
    return Spot(record, start + 1, start + place.size, name + subscript)


def _places(slots: Sequence[Slot], base: int, steps: tuple[int, ...]) -> Iterator[tuple[str, Place]]:
    for slot in slots:
        start = base + slot.start
        within = (*steps, slot.size) if slot.element.occurs else steps
        if slot.element.name != FILLER:
            yield slot.element.name, Place(start, slot.size, within)
        yield from _places(slot.inside, start, within)
