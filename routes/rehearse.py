"""
Past orders planned anew by other rules: what would change, part by part, and why.  Pure.

An order is planned by what it says now: what the customer has taken away since is left out on both sides,
what was changed or added counts.  Numbers of parts and versions of rules are no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from canonical.base import Canonical, Id, Text
from canonical.changing import without
from canonical.errors import Fault, Rejected
from canonical.order import Order, OrderItem, every_item
from canonical.plan import ChangeCharge, PartPlan, Plan
from canonical.states import Cause, State
from canonical.systems import SystemProfile

from .catalogue import fill
from .model import RuleSet
from .plan import make_plan

__all__ = ["Change", "Rehearsed", "rehearse", "told"]

_REASON: Final = "reason"
_CONCERNS: Final = "concerns"
# A part's number is its place in the plan: another part before it moves it.
_COMPARED: Final = tuple(
    name for name in PartPlan.__struct_fields__ if name not in {"name", "number", _REASON}
)


class Change(Canonical, frozen=True):
    """
    One part that would be another.

    Args:
        before, after: None when there was, or would be, no such part.
        fields: What differs, of a part that is in both plans: names of :class:`canonical.plan.PartPlan`.
    """

    part: Id
    before: PartPlan | None
    after: PartPlan | None
    fields: tuple[Text, ...] = ()

    @property
    def sign(self) -> str:
        """``+`` added, ``-`` removed, ``~`` otherwise."""
        if self.before is None:
            return "+"
        return "-" if self.after is None else "~"

    @property
    def tells(self) -> bool:
        """Whether a system would notice: not when the same is done for another reason."""
        return self.fields != (_REASON,)


class Rehearsed(Canonical, frozen=True):
    """
    What other rules would make of one order.

    Args:
        rules: Version that it was planned by.
        fault: Why it would not be planned at all.
    """

    order_id: Id
    rules: Id
    changes: tuple[Change, ...] = ()
    fault: Fault | None = None

    @property
    def same(self) -> bool:
        """Whether all that is done would be the same, be it for other reasons."""
        return self.fault is None and not any(one.tells for one in self.changes)


def rehearse(
    order: Order, plan: Plan, rules: RuleSet, profiles: Mapping[str, SystemProfile]
) -> Rehearsed | None:
    """
    ``order``, which was planned as ``plan``, planned by ``rules``.

    None when the customer has taken all of it away: there is nothing to plan.
    """
    gone = set(_taken_away(order.product_order_item))
    items = without(order.product_order_item, gone)
    if not items:
        return None
    before = tuple(_left(plan.parts, gone))
    try:
        content = msgspec.structs.replace(order, product_order_item=tuple(_as_said(one) for one in items))
        filled = fill(content, rules.references)
        after = make_plan(msgspec.structs.replace(filled, rules_version=rules.version), rules, profiles).parts
    except Rejected as rejected:
        return Rehearsed(order_id=order.id, rules=plan.rules_version, fault=rejected.fault)
    return Rehearsed(order_id=order.id, rules=plan.rules_version, changes=tuple(_changes(before, after)))


def _taken_away(items: Iterable[OrderItem]) -> Iterator[str]:
    for one in every_item(tuple(items)):
        if one.state is State.CANCELLED and one.cause is Cause.CUSTOMER:
            yield one.id


def _as_said(item: OrderItem) -> OrderItem:
    """An item without what the hub has written into it."""
    nested = tuple(_as_said(one) for one in item.product_order_item)
    return msgspec.structs.replace(item, product_order_item=nested, state=None, cause=None)


def _left(parts: Iterable[PartPlan], gone: set[str]) -> Iterator[PartPlan]:
    for part in parts:
        if items := tuple(item for item in part.items if item not in gone):
            yield msgspec.structs.replace(part, items=items)


def _changes(before: Iterable[PartPlan], after: Iterable[PartPlan]) -> Iterator[Change]:
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    for name in dict.fromkeys((*new, *old)):
        was, will = old.get(name), new.get(name)
        if was is None or will is None:
            yield Change(part=name, before=was, after=will)
        elif fields := tuple(_differing(was, will)):
            yield Change(part=name, before=was, after=will, fields=fields)


def _differing(was: PartPlan, will: PartPlan) -> Iterator[str]:
    for name in _COMPARED:
        one, other = getattr(was, name), getattr(will, name)
        # What a part waits for, and which items it serves, are sets: their order says nothing.
        if (sorted(one) != sorted(other)) if isinstance(one, tuple) else one != other:
            yield name
    if (was.reason.route, was.reason.clause) != (will.reason.route, will.reason.clause):
        yield _REASON


def told(rehearsed: Rehearsed) -> tuple[str, ...]:
    """The same for people, a line a part."""
    if rehearsed.fault is not None:
        return (f"! {rehearsed.fault}",)
    return tuple(line for one in rehearsed.changes for line in _told(one))


def _told(change: Change) -> Iterator[str]:
    part = change.after or change.before
    if part is None:
        return
    if change.sign != "~":
        yield f"{change.sign} {part.name} ({part.system}): {part.reason.route}, {part.reason.clause}"
        return
    for name in change.fields:
        yield f"~ {part.name} {name}: {_shown(change.before, name)} -> {_shown(change.after, name)}"


def _shown(part: PartPlan | None, name: str) -> str:
    value = getattr(part, name)
    match value:
        case _ if name == _REASON:
            return f"{value.route}, {value.clause}"
        case ():
            return "everything" if name == _CONCERNS else "none"
        case tuple():
            return ", ".join(map(str, value))
        case ChangeCharge():
            return f"{value.price.value} {value.price.unit}, good for {value.valid_for} s"
    return str(value) if value not in ("", None) else "none"
