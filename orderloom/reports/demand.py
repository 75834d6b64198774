"""
Demand: what is still to be done, by offering, system, place and week; for capacity and stock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from canonical.base import Canonical, Text
from canonical.states import State
from orderloom.correlation.reports_port import ReportedLine, ReportedOrder

__all__ = ["Demand", "demand"]

_Key: TypeAlias = tuple[str, str, str, str, str]

_GOING = frozenset({State.ASSESSING_CANCELLATION, State.PENDING_CANCELLATION})
"""Open, and not wanted any more."""


class Demand(Canonical, frozen=True):
    """
    One sum.

    Args:
        week: ISO week of the promised date, ``2026-W11``; empty for what has no date.
        open: Quantity that is not done.
        promised: That of it of which a date was said: the hub's own, or else the customer's wish, which was
            accepted with the order.
    """

    offering: Text
    action: Text
    system: Text
    place: Text
    week: Text
    open: int
    promised: int


def demand(orders: Iterable[ReportedOrder], *, system: str = "") -> tuple[Demand, ...]:
    """
    The sums over open orders, in the order of their keys.

    An item is wanted of each system that works for it; where that speaks of quantities, what it has not done.

    Args:
        system: Only of this system; empty means of all.
    """
    sums: dict[_Key, int] = defaultdict(int)
    for order in orders:
        week = _week(order.expected or order.requested)
        for line in order.lines:
            if system in ("", line.system) and (left := _left(line)):
                sums[line.offering, line.action, line.system, line.place, week] += left
    return tuple(_row(key, number) for key, number in sorted(sums.items()))


def _row(key: _Key, number: int) -> Demand:
    offering, action, system, place, week = key
    promised = number if week else 0
    return Demand(offering, action, system, place, week, open=number, promised=promised)


def _left(line: ReportedLine) -> int:
    if line.state.terminal or line.state in _GOING:
        return 0
    return max(0, line.quantity - (line.done or 0))


def _week(at: datetime | None) -> str:
    if at is None:
        return ""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02}"
