"""
What an order is expected to become, and whether that is still what was promised.

With every step the forecast is made anew and kept as ``expectedCompletionDate``.  When it passes the day that
the customer asked for, a jeopardy alert says so, once for each version of the order, and before that day: a
timer looks again when the first line that is under way will be late, so that silence is noticed too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from canonical.errors import CODES
from canonical.order import JeopardyAlert, Order
from canonical.states import State

from .forecast import Calendars, Forecast, forecast, moves
from .overlay import shown_lines
from .record import Line

if TYPE_CHECKING:
    from .working import Working

__all__ = ["JEOPARDY", "alert_held", "expect", "forecast_timer", "is_alerted"]

JEOPARDY = "jeopardy"
"""Name of the alert, among the order's."""


def forecast_timer(order_id: str) -> str:
    """Name of the timer at which an order's forecast is made again."""
    return f"forecast|{order_id}"


def is_alerted(order: Order) -> bool:
    """Whether this version of the order has its jeopardy alert."""
    return any(
        one.name == JEOPARDY and _version(one) == order.version for one in order.product_order_jeopardy_alert
    )


def expect(work: Working) -> None:
    """Keep the forecast, alert when it passes what was promised, and look again in time."""
    if not any(part.due for part in work.parts.values()):
        return
    found = _forecast(work)
    expected = found.expected if found is not None else None
    if work.order.expected_completion_date != expected:
        work.order = msgspec.structs.replace(work.order, expected_completion_date=expected)
    if found is not None and _in_jeopardy(work.order, found.expected) and not is_alerted(work.order):
        _alert(work, found)
    _look_again(work, found)


def _forecast(work: Working) -> Forecast | None:
    order = work.order
    if not _open(order):
        return None
    calendars = work.world.calendars(order.rules_version)
    return forecast(
        work.parts,
        work.lines,
        work.waits,
        start=order.requested_start_date,
        calendars=calendars.get,
        now=work.now,
    )


def _in_jeopardy(order: Order, expected: datetime) -> bool:
    """A day that had passed when the order came was never promised."""
    promised = order.requested_completion_date
    return promised is not None and order.creation_date < promised < expected


def _alert(work: Working, found: Forecast) -> None:
    shown = work.order.product_order_jeopardy_alert
    promised = work.order.requested_completion_date
    line = work.lines[found.path[0]]
    dates = f"expected {_said(found.expected)}, wanted by {_said(promised)}"
    alert = JeopardyAlert(
        id=f"{work.order.version}.{len(shown) + 1}",
        name=JEOPARDY,
        alert_date=work.now,
        # The reason first: many a format has room for a few words, and a field of its own for the date.
        message=f"{_reason(work, line, found)}; {dates}",
        product_order_item=(line.item,),
    )
    work.order = msgspec.structs.replace(work.order, product_order_jeopardy_alert=(*shown, alert))
    # Not the reason: it may be a system's own words, and the journal copies none.
    facts = {"part": line.part, "expected": found.expected.isoformat()}
    work.note("jeopardy_noticed", f"{dates}; all waits for {line.part}", **facts)


def _reason(work: Working, line: Line, found: Forecast) -> str:
    part = work.parts[line.part]
    if line.state is State.HELD:
        return _why_held(line)
    if line.state is State.PENDING:
        return f"{part.name} waits for the customer"
    if found.late(work.now):
        return f"{part.name} was due {_said(found.due)}"
    return f"{', then '.join(name for name, _ in found.path)} take so long"


def _why_held(line: Line) -> str:
    """In the system's words; a code alone says nothing to whoever is told, so it comes with its meaning."""
    if line.reason or line.code not in CODES:
        return line.reason or f"{line.part} waits for the provider"
    return f"{line.part}: {CODES[line.code].rstrip('.')} [{line.code}]"


def _said(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at is not None else "no date"


def _version(alert: JeopardyAlert) -> int:
    return int(alert.id.partition(".")[0])


def _look_again(work: Working, found: Forecast | None) -> None:
    """
    One timer an order, which may come too soon, and never too late.

    It is not moved with every step: whatever it finds when it comes, it is set by.
    """
    timer, calendars = forecast_timer(work.order.id), work.world.calendars(work.order.rules_version).get
    before = (
        None if work.is_cleared(timer) or not _open(work.before.order) else _moved_before(work, calendars)
    )
    after = moves(work.parts, work.lines.values(), calendars, work.now) if found is not None else None
    if after is not None and (before is None or after < before):
        work.set_timer(timer, "forecast", (after - work.now).total_seconds())
    elif after is None and before is not None:
        work.clear_timer(timer)


def _moved_before(work: Working, calendars: Calendars) -> datetime | None:
    """What the last step has set the timer by, unless it is to come at once; None when it has set none."""
    record = work.before
    if not _open(record.order):
        return None
    parts = work.parts if record.plan is work.plan else {part.name: part for part in record.plan.parts}
    return moves(parts, record.lines, calendars, work.now)


def _open(order: Order) -> bool:
    return order.state is not State.DRAFT and not order.state.terminal


def alert_held(work: Working) -> None:
    """A held order has a jeopardy alert; the notice of the delay points at it."""
    if work.order.state is not State.HELD or work.before.order.state is State.HELD:
        return
    lines = shown_lines(work.lines, work.steps.values())
    held = [line for line in lines.values() if line.state is State.HELD]
    shown = work.order.product_order_jeopardy_alert
    alert = JeopardyAlert(
        id=f"{work.order.version}.{len(shown) + 1}",
        name="delay",
        alert_date=work.now,
        message="; ".join(dict.fromkeys(map(_why_held, held))),
        product_order_item=tuple(dict.fromkeys(line.item for line in held)),
    )
    work.order = msgspec.structs.replace(work.order, product_order_jeopardy_alert=(*shown, alert))
