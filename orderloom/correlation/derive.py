"""
From lines to the order document: item states, order state, progress, dates.  Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from canonical.order import Order, OrderItem, Progress
from canonical.plan import PartPlan
from canonical.rollup import Child, Rolled, roll_up
from canonical.states import Action, CancelStage, State

from .record import Line
from .waits import Lines, Waits, blocked, good

__all__ = ["derive_order", "part_state"]


def derive_order(
    order: Order,
    plan: Mapping[str, PartPlan],
    lines: Lines,
    waits: Callable[[], Waits],
    now: datetime,
    *,
    cancelled: bool = False,
    cancelled_items: Collection[str] = (),
) -> Order:
    """
    ``order`` with the states that its lines give it; the very same object when nothing differs.

    Args:
        waits: Asked only when some line is pending or held.
        cancelled: A cancel of the order was accepted and is under way; ``cancelled_items``: of these items.
    """
    if order.state is State.DRAFT or (order.state.terminal and not lines):
        return order  # nothing was ever asked of anybody
    look = _Look(_children(plan, lines, waits), frozenset(cancelled_items))
    items = tuple(look.item(item) for item in order.product_order_item)
    counted = [_as_child(item) for item in items if _counts(item)]
    # A submitted order that asks for nothing has nothing left to do: nobody would ever end it.
    stage = CancelStage.ACCEPTED if cancelled else None
    rolled = roll_up(counted, stage) if counted else Rolled(State.COMPLETED)
    derived = msgspec.structs.replace(
        order,
        product_order_item=items,
        state=rolled.state,
        cause=rolled.cause,
        progress=_progress(plan, lines.values()),
        **_dates(order, rolled, now),
    )
    return order if derived == order else derived


def part_state(lines: Sequence[Line]) -> Rolled:
    """The roll-up of one part's lines, for people."""
    return roll_up(Child(line.state, line.cause) for line in lines)


def _children(
    plan: Mapping[str, PartPlan], lines: Lines, waits: Callable[[], Waits]
) -> Mapping[str, tuple[Child, ...]]:
    waiting_on = blocked(lines, waits)
    found: dict[str, list[Child]] = defaultdict(list)
    checks = {name for name, part in plan.items() if part.check}
    worked_on = {line.item for line in lines.values() if line.part not in checks} if checks else set()
    for line in lines.values():
        done = good(line, plan)
        # A yes is no work: what is done of an item is what was done after it.
        if done and line.part in checks and line.item in worked_on:
            continue
        state = State.COMPLETED if done else line.state
        unsent = state is State.ACKNOWLEDGED and not line.sent
        found[line.item].append(Child(state, line.cause, waiting_on(line.part) if unsent else None))
    return {item: tuple(children) for item, children in found.items()}


@dataclass(frozen=True, slots=True)
class _Look:
    """The lines of each item, and the items of which a cancel is under way."""

    children: Mapping[str, tuple[Child, ...]]
    cancelled: frozenset[str]

    def item(self, item: OrderItem) -> OrderItem:
        nested = tuple(self.item(one) for one in item.product_order_item)
        own = self.children.get(item.id, ()) + tuple(_as_child(one) for one in nested if _counts(one))
        stage = CancelStage.ACCEPTED if item.id in self.cancelled else None
        rolled = roll_up(own, stage) if own else Rolled(State.ACKNOWLEDGED)
        if nested == item.product_order_item and (rolled.state, rolled.cause) == (item.state, item.cause):
            return item
        return msgspec.structs.replace(
            item, product_order_item=nested, state=rolled.state, cause=rolled.cause
        )


def _as_child(item: OrderItem) -> Child:
    return Child(item.state or State.ACKNOWLEDGED, item.cause)


def _counts(item: OrderItem) -> bool:
    return item.action is not Action.NO_CHANGE or any(_counts(one) for one in item.product_order_item)


def _progress(plan: Mapping[str, PartPlan], lines: Iterable[Line]) -> Progress:
    current = [line for line in lines if line.state is not State.CANCELLED]
    return Progress(done=sum(good(line, plan) for line in current), total=len(current))


def _dates(order: Order, rolled: Rolled, now: datetime) -> dict[str, datetime | None]:
    done = rolled.state is State.COMPLETED
    gone = rolled.state is State.CANCELLED
    return {
        "completion_date": (order.completion_date or now) if done else None,
        "cancellation_date": (order.cancellation_date or now) if gone else None,
    }
