"""
Flow: how long orders take, what holds them up and where, what goes right at once, which promises are kept.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from canonical.amendments import Amendment, Piece, PieceState
from canonical.base import Canonical, Instant, Text
from canonical.states import State
from orderloom.correlation.reports_port import ReportedEvent, ReportedOrder

__all__ = ["Amended", "Cycle", "FalloutRate", "Flow", "Share", "flow"]

_REPLIES = ("reply_folded", "reply_late")


class Share(Canonical, frozen=True):
    """So many of so many."""

    count: int
    of: int


class Cycle(Canonical, frozen=True):
    """
    Seconds from acceptance to completion, by nearest rank.

    Args:
        channel: Empty for all together.
    """

    channel: Text
    orders: int
    p50: int
    p90: int
    p99: int


class FalloutRate(Canonical, frozen=True):
    """Of the orders that had work for a system, those of which it was held, with this code."""

    system: Text
    code: Text
    orders: int
    of: int


class Amended(Canonical, frozen=True):
    """Pieces of amendments that were asked for in that time, by what became of them."""

    free: int = 0
    charged: int = 0
    refused: int = 0
    lapsed: int = 0
    open: int = 0


class Flow(Canonical, frozen=True):
    """
    The report over orders that ended in ``since`` to ``until``.

    Args:
        ended: Orders by state.
        right_first_time: Of all that ended: completed, nothing ever held, told twice, or done by hand.
        promises: Of the completed ones with a date: completed by it.
        overdue: Open orders whose date has passed, of the open ones with a date.
        drafts_abandoned: Drafts that have lapsed.
    """

    since: Instant
    until: Instant
    ended: Mapping[str, int]
    cycle: tuple[Cycle, ...]
    fallout: tuple[FalloutRate, ...]
    right_first_time: Share
    promises: Share
    overdue: Share
    amendments: Amended
    drafts_abandoned: int = 0


def flow(
    ended: Iterable[ReportedOrder],
    still_open: Iterable[ReportedOrder],
    *,
    since: datetime,
    until: datetime,
    amendments: Iterable[Amendment] = (),
    drafts_abandoned: int = 0,
) -> Flow:
    """
    The report.

    Args:
        ended: Orders that ended in that time, with their events.
        still_open: Every open order.
        amendments: Those asked for in that time.
    """
    orders = [one for one in ended if since <= one.changed <= until]
    dates = [date for one in still_open if (date := _promised(one)) is not None]
    completed = [one for one in orders if one.state is State.COMPLETED]
    kept = [one.changed <= date for one in completed if (date := _promised(one)) is not None]
    return Flow(
        since=since,
        until=until,
        ended=dict(sorted(Counter(one.state.value for one in orders).items())),
        cycle=tuple(_cycles(completed)),
        fallout=tuple(_fallout(orders)),
        right_first_time=Share(count=sum(map(_at_once, orders)), of=len(orders)),
        promises=Share(count=sum(kept), of=len(kept)),
        overdue=Share(count=sum(date < until for date in dates), of=len(dates)),
        amendments=_amended(amendments),
        drafts_abandoned=drafts_abandoned,
    )


def _amended(amendments: Iterable[Amendment]) -> Amended:
    counts = Counter(_outcome(piece) for one in amendments for piece in one.pieces)
    return Amended(**counts)


def _outcome(piece: Piece) -> str:
    match piece.state:
        case PieceState.APPLIED:
            return "charged" if piece.charge is not None else "free"
        case PieceState.REFUSED:
            return "refused"
        case PieceState.LAPSED | PieceState.WITHDRAWN:
            return "lapsed"
        case _:
            return "open"


def _promised(order: ReportedOrder) -> datetime | None:
    """The wish that was accepted: the hub's own date moves when something is late."""
    return order.requested


def _cycles(completed: Sequence[ReportedOrder]) -> Iterator[Cycle]:
    """All together first, then each channel."""
    spans: dict[str, list[timedelta]] = defaultdict(list)
    for order in completed:
        for channel in ("", order.channel):
            spans[channel].append(order.changed - order.created)
    for channel, found in sorted(spans.items()):
        found.sort()
        p50, p90, p99 = (_rank(found, share) for share in (50, 90, 99))
        yield Cycle(channel=channel, orders=len(found), p50=p50, p90=p90, p99=p99)


def _rank(spans: Sequence[timedelta], share: int) -> int:
    """The nearest rank: the least span that so many in a hundred do not exceed."""
    return round(spans[math.ceil(share * len(spans) / 100) - 1].total_seconds())


def _fallout(orders: Sequence[ReportedOrder]) -> Iterator[FalloutRate]:
    worked: Counter[str] = Counter()
    held: Counter[tuple[str, str]] = Counter()
    for order in orders:
        worked.update({line.system for line in order.lines})
        held.update({found for event in order.events if (found := _held(order, event))})
    for (system, code), number in sorted(held.items(), key=lambda one: (-one[1], one[0])):
        yield FalloutRate(system=system, code=code, orders=number, of=worked[system])


def _held(order: ReportedOrder, event: ReportedEvent) -> tuple[str, str] | None:
    """System and code of what an entry says to be held; None for another entry."""
    code = event.data.get("code", "")
    if event.event in _REPLIES:
        return event.actor, code
    if event.event != "fallout":
        return None
    # Entries of earlier versions name the part alone, before the colon.
    part = event.data.get("part") or event.text.partition(":")[0]
    known = {line.part: line.system for line in order.lines}
    return event.data.get("system") or known.get(part, part), code


def _at_once(order: ReportedOrder) -> bool:
    return order.state is State.COMPLETED and order.attempts <= 1 and not order.events
