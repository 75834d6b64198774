"""
Which milestones a line has reached, and whether its part's points of no return lie behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from canonical.order import Order, OrderItem
from canonical.ponr import COMPLETED, parse_ponr
from canonical.states import State
from canonical.systems import SystemProfile

from .record import Line

if TYPE_CHECKING:
    from .working import Working

__all__ = ["further", "passes_at", "past", "reached", "reached_by", "show_reached"]

_REQUESTED = "requestedCompletionDate"


def reached(profile: SystemProfile, milestone: str) -> tuple[str, ...]:
    """A milestone, after the earlier ones that it implies; nothing for none."""
    if milestone not in profile.milestones:
        return (milestone,) if milestone else ()
    return profile.milestones[: profile.milestones.index(milestone) + 1]


def further(profile: SystemProfile, before: str, said: str) -> str:
    """The later one of two milestones, in whichever order they are told; of unordered ones the last told."""
    if not said or said == before:
        return before
    order = profile.milestones
    earlier = before in order and said in order and order.index(said) < order.index(before)
    return before if earlier else said


def reached_by(line: Line, profile: SystemProfile) -> frozenset[str]:
    """Every milestone of a line."""
    ended = {COMPLETED} if line.state is State.COMPLETED else set()
    return frozenset(ended | set(reached(profile, line.milestone)))


def show_reached(work: Working) -> None:
    """
    Show what all lines of a part have reached, the lost ones aside: in whichever order replies came, and
    also when the last line that had not reached it is lost.
    """
    for part in dict.fromkeys(line.part for line in work.lines.values() if line.milestone):
        profile = work.world.profiles[work.parts[part].system]
        each = [
            reached(profile, line.milestone)
            for line in work.lines.values()
            if line.part == part and (line.state is State.COMPLETED or not line.state.terminal)
        ]
        for name in each[0] if each else ():
            if all(name in one for one in each):
                work.reach(name, part)


def past(
    point: str,
    line: Line,
    *,
    order: Order,
    items: Mapping[str, OrderItem],
    profile: SystemProfile,
    now: datetime,
) -> bool:
    """Whether ``point`` (of a part; empty: there is none) lies behind for this line."""
    if not point:
        return False
    return parse_ponr(point).passed(reached_by(line, profile), _instants(line, order, items), now)


def passes_at(point: str, line: Line, *, order: Order, items: Mapping[str, OrderItem]) -> datetime | None:
    """The instant at which ``point`` is passed; None when that is no matter of time."""
    return parse_ponr(point).at(_instants(line, order, items)) if point else None


def _instants(line: Line, order: Order, items: Mapping[str, OrderItem]) -> Callable[[str], datetime | None]:
    def instant(name: str) -> datetime | None:
        if name == _REQUESTED:
            return order.requested_completion_date
        return _instant(items[line.item].product.value(name)) if line.item in items else None

    return instant


def _instant(text: str | None) -> datetime | None:
    """What a characteristic says, when it is an instant with a zone."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
