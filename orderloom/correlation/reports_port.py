"""
The part of the store port that people's questions are answered from: no lock, each its own snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from canonical.amendments import Amendment, CancelTask
from canonical.order import Order
from canonical.plan import Plan
from canonical.states import Cause, State

__all__ = [
    "EVENTS",
    "HeldLine",
    "OpenChange",
    "ReportedEvent",
    "ReportedLine",
    "ReportedOrder",
    "Reports",
    "Span",
]

EVENTS = (
    "fallout",
    "reply_folded",
    "reply_late",
    "retried",
    "item_edited",
    "completed_by_hand",
    "line_skipped",
    "line_cancelled",
    "line_failed",
)
"""What the journal says of fallout; of replies only those that held a line."""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """
    A line that waits for a person, or whose change does; of a line whose change does, only the change.

    Args:
        number: The order's number at the endpoint that captured it; empty when it gave none.
        verb: What is held: ``modify`` or ``undo`` of the line; empty when it is the line itself.
        since: When the line came into its state; of a change, when somebody asked for that.
    """

    order_id: str
    number: str
    endpoint: str
    part: str
    system: str
    item: str
    verb: str
    code: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenChange:
    """
    An amendment or a cancel of a running order, or a question of a system, of which not all is decided.

    Args:
        number: The order's number at the endpoint that captured it; empty when it gave none.
    """

    order_id: str
    number: str
    change: Amendment | CancelTask


class Span(StrEnum):
    """Which orders a report is about; drafts never are, whatever became of them."""

    OPEN = "open"
    ENDED = "ended"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ReportedLine:
    """
    A line with what it is about.

    Args:
        quantity: Of the item; ``done`` of it, when the system speaks of quantities.
        place: Where the item goes: ``US TX Austin``; empty when the order does not say.
    """

    part: str
    system: str
    optional: bool
    item: str
    offering: str
    action: str
    quantity: int
    done: int | None
    state: State
    cause: Cause | None
    code: str
    since: datetime
    place: str = ""


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An entry of the journal that speaks of fallout, see :data:`EVENTS`."""

    event: str
    actor: str
    text: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """
    An order as reports see it.

    Args:
        changed: The newest change of a line; of an ended order its end.
        requested, expected: Completion dates: as wished, as promised by the hub.
        attempts: The most often that one instruction of it was told; 0 when none was.
        events: Only of orders that have ended, when they are asked for.
    """

    id: str
    number: str
    endpoint: str
    channel: str
    state: State
    created: datetime
    changed: datetime
    requested: datetime | None
    expected: datetime | None
    attempts: int
    lines: tuple[ReportedLine, ...]
    events: tuple[ReportedEvent, ...] = ()


class Reports(Protocol):
    """What is read for people over all orders."""

    def held_lines(
        self, *, code: str = "", system: str = "", held_by: datetime | None = None, limit: int | None = None
    ) -> Sequence[HeldLine]:
        """
        Held lines, the longest held first.

        Args:
            code, system: Only these; empty means all.
            held_by: Only those held since then or longer.
        """
        ...

    def reported(
        self,
        span: Span,
        *,
        after: str = "",
        limit: int,
        since: datetime | None = None,
        events: bool = False,
    ) -> Sequence[ReportedOrder]:
        """
        Orders with their lines, in the order of their ids, a page at a time.

        Args:
            after: The id behind which the page begins.
            since: Only orders that changed at or after it.
            events: With what the journal says of fallout.
        """
        ...

    def amendments(self, since: datetime) -> Sequence[Amendment]:
        """Amendments that were asked for at or after ``since``, oldest first."""
        ...

    def open_changes(self, limit: int) -> Sequence[OpenChange]:
        """Amendments and cancels of which not all is decided, the first asked for first."""
        ...

    def drafts_abandoned(self, since: datetime) -> int:
        """How many drafts have lapsed at or after ``since``."""
        ...

    def planned_since(self, since: datetime, *, after: str = "", limit: int) -> Sequence[tuple[Order, Plan]]:
        """
        Orders that came at or after ``since`` with their plans, in the order of ids, a page at a time.

        Args:
            after: The id behind which the page begins.
        """
        ...
