"""
Leakage: what was provisioned and is not billed, and what was lost or cancelled and is still provisioned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from canonical.base import Canonical, Instant, Text
from canonical.states import Action, Cause, State
from orderloom.correlation.reports_port import ReportedLine, ReportedOrder

__all__ = ["Leak", "LeakKind", "leakage"]

_BRINGS = frozenset({Action.ADD.value, Action.MODIFY.value})
_SKIPPED = "E_SKIPPED"


class LeakKind(StrEnum):
    """What is wrong."""

    NOT_BILLED = "not billed"
    STILL_PROVISIONED = "still provisioned"


class Leak(Canonical, frozen=True):
    """
    One item of one order.

    Args:
        systems: That have provisioned it.
        since: Of what is not billed, when the last of them had; of what is still there, when it was lost.
        why: How its billing stands, or what was lost.
    """

    kind: LeakKind
    order_id: Text
    number: Text
    item: Text
    offering: Text
    systems: tuple[Text, ...]
    since: Instant
    why: Text


def leakage(
    orders: Iterable[ReportedOrder],
    *,
    by: datetime,
    billing: Collection[str],
    provisioning: Collection[str],
) -> tuple[Leak, ...]:
    """
    What has leaked since ``by`` or longer, the longest first.

    What was skipped by hand was not done: a billing that was skipped has billed nothing.

    Args:
        billing, provisioning: Names of the systems that do so.
    """
    look = _Look(by, frozenset(billing), frozenset(provisioning))
    found = [leak for order in orders for leak in look.order(order)]
    return tuple(sorted(found, key=lambda one: (one.since, one.order_id, one.item)))


class _Look:
    def __init__(self, by: datetime, billing: frozenset[str], provisioning: frozenset[str]) -> None:
        self._by = by
        self._billing = billing
        self._provisioning = provisioning

    def order(self, order: ReportedOrder) -> Iterator[Leak]:
        items: dict[str, list[ReportedLine]] = defaultdict(list)
        for line in order.lines:
            items[line.item].append(line)
        for lines in items.values():
            leak = self._item(order, lines)
            if leak is not None and leak.since <= self._by:
                yield leak

    def _item(self, order: ReportedOrder, lines: Sequence[ReportedLine]) -> Leak | None:
        at_work = [
            one for one in lines if one.system in self._provisioning and one.state is not State.CANCELLED
        ]
        there = [one for one in at_work if _done(one)]
        if not there or there[0].action not in _BRINGS:
            return None
        lost = [one for one in lines if self._lost(one)]
        if lost:
            why = ", ".join(f"{one.part} {one.state}" for one in lost)
            since = max(one.since for one in (*lost, *there))
            return _leak(LeakKind.STILL_PROVISIONED, order, there, since, why)
        bills = [one for one in lines if one.system in self._billing]
        if (bills and all(_done(one) for one in bills)) or len(there) < len(at_work):
            return None
        why = ", ".join(_stand(one) for one in bills if not _done(one)) or "no part bills it"
        return _leak(LeakKind.NOT_BILLED, order, there, max(one.since for one in there), why)

    def _lost(self, line: ReportedLine) -> bool:
        """Whether the item is not wanted any more, or cannot be what was ordered without this line."""
        if line.state is State.CANCELLED and line.cause is Cause.CUSTOMER:
            return True
        ended_badly = line.state.terminal and line.state is not State.COMPLETED
        return ended_badly and not line.optional and line.system not in self._billing


def _done(line: ReportedLine) -> bool:
    return line.state is State.COMPLETED and line.code != _SKIPPED


def _stand(line: ReportedLine) -> str:
    return f"{line.part} {line.state}" + (f" [{line.code}]" if line.code else "")


def _leak(
    kind: LeakKind, order: ReportedOrder, there: Sequence[ReportedLine], since: datetime, why: str
) -> Leak:
    return Leak(
        kind=kind,
        order_id=order.id,
        number=order.number,
        item=there[0].item,
        offering=there[0].offering,
        systems=tuple(dict.fromkeys(one.system for one in there)),
        since=since,
        why=why,
    )
