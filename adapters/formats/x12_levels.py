"""
The levels of an X12 hierarchy: which HL loop lies in which, as HL01 and HL02 say.

Source: ASC X12.6, segment HL: HL01 numbers the levels of a set (element 628), HL02 names the level above
(element 734), and is left out at the top.
"""

from __future__ import annotations

from collections.abc import Iterable

from canonical.errors import shown

from .x12_segment import Segment

__all__ = ["MAX_LEVELS", "refuse_broken_levels"]

# Ship notices nest shipment, order, tare, pack and item; eight times that is no hierarchy but a mistake.
MAX_LEVELS = 32

_LEVEL = "HL"
# Elements 628 and 734: AN 1/12.
_MAX_NUMBER = 12


def refuse_broken_levels(segments: Iterable[Segment]) -> None:
    """
    Refuse a set whose HL segments do not make a tree.

    A level may only lie in one that was there before it, so that there are no circles.

    Raises:
        Rejected: ``E_EDI_LOOP`` for a number that was used, a parent that was not there before, and levels
            deeper than :data:`MAX_LEVELS`; ``E_MISSING``, ``E_FIELD_SIZE`` or ``E_EDI_ELEMENT`` for what is
            no number of a level.
    """
    depths: dict[str, int] = {}
    for segment in segments:
        if segment.id == _LEVEL:
            number = segment.required(1, _MAX_NUMBER)
            if number in depths:
                raise segment.reject(1, "E_EDI_LOOP", f"level {shown(number)} was there before", "each once")
            depths[number] = _depth(segment, depths)


def _depth(segment: Segment, depths: dict[str, int]) -> int:
    parent = segment.text(2, _MAX_NUMBER)
    if not parent:
        return 1
    if parent not in depths:
        what = f"no level {shown(parent)} before it"
        raise segment.reject(2, "E_EDI_LOOP", what, "HL01 of a segment before, or nothing")
    if depths[parent] == MAX_LEVELS:
        raise segment.reject(0, "E_EDI_LOOP", "levels within levels", f"at most {MAX_LEVELS} deep")
    return depths[parent] + 1
