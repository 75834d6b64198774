"""
What a fold gives back: the next record, and everything that follows from the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from canonical.calendars import Calendar
from canonical.commands import AmendOrder
from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.notices import Notice
from canonical.order import Order
from canonical.proposal import Proposal
from canonical.references import Endpoint
from canonical.systems import SystemProfile

from .port import JournalEntry, Timer
from .record import Record

__all__ = ["Announcement", "Dispatch", "Folded", "Propose", "World"]

Propose = Callable[[Order, AmendOrder], Proposal]


def _no_planner(order: Order, command: AmendOrder) -> Proposal:
    raise Rejected("E_CONFIG", "nobody plans amendments here", f"order {order.id}")


def _no_calendars(version: str) -> Mapping[str, Calendar]:
    return {}


@dataclass(frozen=True, slots=True)
class World:
    """
    What a fold may look up: systems by name, endpoints by id.

    Args:
        propose: :func:`routes.amend.propose` by the rules that the order is pinned to.
        hold_after: Seconds of silence that change no state, whatever a system's answering time is.
        calendars: The calendars of a version of the rules, by name; none when it cannot be read.
    """

    profiles: Mapping[str, SystemProfile]
    endpoints: Mapping[str, Endpoint]
    propose: Propose = _no_planner
    calendars: Callable[[str], Mapping[str, Calendar]] = _no_calendars
    hold_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Dispatch:
    """
    An instruction to be rendered and sent.

    ``attempt`` above 1 is a repeat under the same key: the bytes of the first time go out again.  With an
    ``inquiry`` (1, 2, 3…) not the instruction is sent, but the question what became of it.
    """

    instruction: Instruction
    attempt: int = 1
    inquiry: int = 0


@dataclass(frozen=True, slots=True)
class Announcement:
    """A canonical message for whoever binds: ``exchange`` is ``orders`` or ``status``."""

    exchange: str
    event: str
    order: Order


@dataclass(frozen=True, slots=True)
class Folded:
    """
    The outcome of one step on one order.

    Args:
        record: The order after the step.
        at: The instant of the step.
        drafts: New orders that are not submitted: what came too late for this one.
    """

    record: Record
    at: datetime
    dispatches: tuple[Dispatch, ...] = ()
    notices: tuple[Notice, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    journal: tuple[JournalEntry, ...] = ()
    timers: tuple[Timer, ...] = ()
    cleared: tuple[str, ...] = ()
    drafts: tuple[Record, ...] = ()
