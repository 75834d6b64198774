"""
Which offering a PO1 line names, by whichever of its codes the catalogue knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.formats.x12 import Segment
from canonical.errors import Rejected, shown
from canonical.references import Endpoint, Offering, References

from .source import Refused

__all__ = ["Pair", "offering_of"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A qualifier (code list 235) and a code; ``element`` is the qualifier's place in the segment."""

    element: int
    qualifier: str
    code: str


def offering_of(
    po1: Segment, pairs: Sequence[Pair], endpoint: Endpoint, references: References
) -> tuple[Offering, Sequence[Pair]]:
    """
    The offering, and those of ``pairs`` that the catalogue knows; others are the buyer's own business.

    Raises:
        Refused: ``E_OFFERING`` when no pair is known, or two name different offerings.
    """
    found = [(pair, one) for pair in pairs if (one := _known(po1, pair, endpoint, references)) is not None]
    if not found:
        given = ", ".join(f"{pair.qualifier} {shown(pair.code)}" for pair in pairs)
        where = po1.where(pairs[0].element + 1)
        raise Refused(
            "E_OFFERING", f"unknown offering {given}", where, f"a code of the catalogue for {endpoint.id}"
        )
    (first, offering), *others = found
    for pair, other in others:
        if other.id != offering.id:
            what = (
                f"{pair.qualifier} {shown(pair.code)} is {other.id}, "
                f"but {first.qualifier} {shown(first.code)} is {offering.id}"
            )
            raise Refused("E_OFFERING", what, po1.where(pair.element + 1), "codes of one offering")
    return offering, [pair for pair, _ in found]


def _known(po1: Segment, pair: Pair, endpoint: Endpoint, references: References) -> Offering | None:
    try:
        return references.offering_by_code(endpoint, pair.qualifier, pair.code, po1.id)
    except Rejected:
        return None
