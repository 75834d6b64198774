"""
One line of a change: what its code says is to be done, and how much of the rest of it counts.

Source: X12 release 004010, segments POC and SCH; code lists 670 (POC02) and 374 (SCH05, DTM01).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.formats.x12 import Segment, Turn
from canonical.errors import shown

from .heading import DELIVERY_REQUESTED, day_of
from .lines import Columns, Line, Says, read_line
from .source import Refused

__all__ = ["ADDED", "CHANGED", "REMOVED", "ChangeLine", "read_change_line"]

_POC = Columns(quantity=3, unit=5, price=6, pairs=8)

# Code list 670: add additional item, changes to line items, delete item.
ADDED, CHANGED, REMOVED = "AI", "CA", "DI"
_KEPT = "NC"  # concurrent item (no change)

_ALL = frozenset(Says)
_ORDERED = frozenset({Says.QUANTITY, Says.PRODUCT})
_NOTHING: frozenset[Says] = frozenset()


@dataclass(frozen=True, slots=True)
class _Code:
    """What a line of this code must and may say; ``dated`` when it may, or must, say a day too."""

    must: frozenset[Says] = _NOTHING
    may: frozenset[Says] = _NOTHING
    dated: bool = False
    day: bool = False


_CODES: Mapping[str, _Code] = {
    ADDED: _Code(_ORDERED, _ALL),
    CHANGED: _Code(may=_ALL, dated=True),
    "CT": _Code(dated=True, day=True),  # change of dates
    REMOVED: _Code(),
    _KEPT: _Code(),
    "PC": _Code(frozenset({Says.PRICE})),  # price change
    "PQ": _Code(frozenset({Says.PRICE, Says.QUANTITY})),  # unit price and quantity change
    "QD": _Code(frozenset({Says.QUANTITY})),  # quantity decrease
    "QI": _Code(frozenset({Says.QUANTITY})),  # quantity increase
    "RQ": _Code(frozenset({Says.QUANTITY}), dated=True),  # reschedule, quantity change
    "RZ": _Code(_ORDERED, _ALL, dated=True),  # replace all values
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A POC loop, read; ``code`` is POC02, ``days`` are those for delivery and where they stand."""

    line: Line
    code: str
    days: tuple[tuple[Segment, int, dt.datetime], ...]

    @property
    def added(self) -> bool:
        """Whether the order has no such line yet."""
        return self.code == ADDED

    @property
    def removed(self) -> bool:
        """Whether it is to go."""
        return self.code == REMOVED

    @property
    def kept(self) -> bool:
        """Whether its item stays as it is: a day is the order's."""
        line = self.line
        says = line.quantity is not None or line.price is not None or line.pairs or line.place
        return not self.removed and not says

    def check(self, wanted: dt.datetime | None) -> None:
        """
        Refuse what cannot be had as business; ``wanted`` is the day of the order as a whole, if it says one.

        Raises:
            Refused: ``E_ACTION``: a code that cannot be asked for, or a day of its own: the hub keeps one day
                for an order, and a line may repeat it.
        """
        poc = self.line.segment
        if self.code not in _CODES:
            what = f"change {shown(self.code)} of a line cannot be asked for"
            raise Refused("E_ACTION", what, poc.where(2), f"one of {', '.join(sorted(_CODES))}")
        for segment, element, day in self.days:
            if day != wanted:
                what = f"line {shown(self.line.ref)} asks for a day of its own"
                allowed = "the day of the order, said in DTM 002 of the heading"
                raise Refused("E_ACTION", what, segment.where(element), allowed)


def read_change_line(loop: Turn, currency: str, wanted: dt.datetime | None, *, whole: bool) -> ChangeLine:
    """
    One line, as far as its code lets it speak; of a code that we do not know nothing is read.

    Args:
        wanted: The day of the order as a whole, if the heading says one.
        whole: The set says everything again: every line is a whole one, unless it is to go.

    Raises:
        Rejected: The line breaks the standard, or says nothing that could change.
    """
    poc = loop.head
    code = poc.required(2, 2)
    known = _CODES.get(code, _Code())
    must, may = known.must, known.may
    if whole and code in _CODES and code != REMOVED:
        must, may = _ORDERED, _ALL
    line = read_line(loop, _POC, currency, must=must, may=may)
    days = tuple(_days(loop)) if known.dated else ()
    found = ChangeLine(line, code, days)
    if known.day and not days and wanted is None:
        raise poc.reject(0, "E_MISSING", "no day is said", "DTM 002 in the heading")
    if code == CHANGED and found.kept and not days:
        raise poc.reject(3, "E_MISSING", "the line says nothing that changes", "POC03, POC06, POC08 or N1 ST")
    return found


def _days(loop: Turn) -> Iterator[tuple[Segment, int, dt.datetime]]:
    """The days that the line says for delivery."""
    for dtm in loop.each("DTM"):
        if dtm.required(1, 3) == DELIVERY_REQUESTED:
            yield dtm, 2, day_of(dtm, 2)
    for sch in loop.loops("SCH"):
        if sch.head.text(5, 3) == DELIVERY_REQUESTED:
            yield sch.head, 6, day_of(sch.head, 6)
