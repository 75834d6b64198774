"""
Which milestones a line has reached, and whether its part's points of no return lie behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from canonical.order import Order, OrderItem
from canonical.ponr import COMPLETED, parse_ponr
from canonical.states import State
from canonical.systems import SystemProfile

from .record import Line

__all__ = ["past", "reached", "reached_by"]

_REQUESTED = "requestedCompletionDate"


def reached(profile: SystemProfile, word: str) -> tuple[str, ...]:
    """The milestone of a word, after the earlier ones that it implies."""
    meaning = profile.words.get(word)
    if meaning is None or not meaning.milestone:
        return ()
    if meaning.milestone not in profile.milestones:
        return (meaning.milestone,)
    return profile.milestones[: profile.milestones.index(meaning.milestone) + 1]


def reached_by(line: Line, profile: SystemProfile, order: Order) -> frozenset[str]:
    """Every milestone of a line: by its last word, and by what its part had reached before."""
    prefix = f"{line.part}."
    shown = {
        one.name
        for one in order.product_order_milestone
        if one.id.startswith(prefix) and line.item in one.product_order_item
    }
    ended = {COMPLETED} if line.state is State.COMPLETED else set()
    return frozenset(shown | ended | set(reached(profile, line.word)))


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

    def instant(name: str) -> datetime | None:
        if name == _REQUESTED:
            return order.requested_completion_date
        return _instant(items[line.item].product.value(name)) if line.item in items else None

    return parse_ponr(point).passed(reached_by(line, profile, order), instant, now)


def _instant(text: str | None) -> datetime | None:
    """What a characteristic says, when it is an instant with a zone."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
