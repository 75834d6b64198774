"""
Amendments: what one changes of an order, in pieces that stand or fall together, and the plan it leads to.

How far the order has come is not looked at: that is the fold's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from canonical.amendments import ChangeKind, ItemChange, OrderPatch
from canonical.changing import with_changes, with_fields, without
from canonical.commands import AmendOrder
from canonical.errors import Fault, Rejected
from canonical.order import Order, OrderItem, every_item
from canonical.plan import Plan
from canonical.proposal import Proposal, ProposedPiece
from canonical.states import State
from canonical.systems import SystemProfile
from canonical.ties import left_alone, needs, tied

from .catalogue import fill
from .model import RuleSet
from .plan import make_plan
from .selectors import WORK
from .wish import wish_of

__all__ = ["propose"]


def propose(
    order: Order, command: AmendOrder, rules: RuleSet, profiles: Mapping[str, SystemProfile]
) -> Proposal:
    """
    The pieces of ``command``, and the plan of the order with all of them.

    A piece that the rules do not allow (an offering that no part serves, an item that others rely on) has a
    fault, and the others are planned without it.

    Args:
        rules: The version that the order is pinned to.

    Raises:
        Rejected: ``E_NOT_FOUND``, ``E_MISSING``, ``E_DUPLICATE_LINE``: nobody can tell what is wanted.
    """
    wish = wish_of(order, command)
    groups = _groups(order, wish.changes, atomic=command.atomic)
    look = _Planner(order, wish.fields, rules, profiles)
    plan, faults = look.plan(groups)
    pieces = (ProposedPiece(look.named(group), faults.get(number)) for number, group in enumerate(groups))
    return Proposal(tuple(pieces), plan, wish.fields)


class _Planner:
    def __init__(
        self,
        order: Order,
        fields: OrderPatch | None,
        rules: RuleSet,
        profiles: Mapping[str, SystemProfile],
    ) -> None:
        self._order = order
        self._fields = fields
        self._rules = rules
        self._profiles = profiles
        self._filled: dict[str, OrderItem] = {}

    def plan(self, groups: Sequence[Sequence[ItemChange]]) -> tuple[Plan, Mapping[int, Fault]]:
        """One plan of all groups that can be planned, and why the others cannot."""
        faults = {
            number: fault
            for number, group in enumerate(groups)
            if (fault := _impossible(self._order, group)) is not None
        }
        sound = [group for number, group in enumerate(groups) if number not in faults]
        try:
            return self._of(sound), faults
        except Rejected:
            pass
        # One of them is at fault: each is tried on its own, and what is sound is planned together.
        together: list[Sequence[ItemChange]] = []
        for number, group in enumerate(groups):
            if number in faults:
                continue
            try:
                self._of([*together, group])
            except Rejected as rejected:
                faults[number] = rejected.fault
            else:
                together.append(group)
        return self._of(together), faults

    def named(self, group: Sequence[ItemChange]) -> tuple[ItemChange, ...]:
        """The changes with names and categories as the catalogue has them."""
        return tuple(
            msgspec.structs.replace(one, wanted=self._filled.get(one.item, one.wanted)) if one.wanted else one
            for one in group
        )

    def _of(self, groups: Sequence[Sequence[ItemChange]]) -> Plan:
        changes = [one for group in groups for one in group]
        gone = {one.item for one in changes if one.kind is ChangeKind.REMOVE} | _cancelled(self._order)
        order = self._order
        if self._fields is not None and any(one.kind is ChangeKind.ORDER for one in changes):
            order = with_fields(order, self._fields)
        items = without(with_changes(order.product_order_item, changes), gone)
        if all(one.action not in WORK for one in every_item(items)):
            return Plan(rules_version=self._rules.version, parts=())
        wanted = fill(msgspec.structs.replace(order, product_order_item=items), self._rules.references)
        plan = make_plan(wanted, self._rules, self._profiles)
        bare = {one.id: one for one in every_item(wanted.product_order_item)}
        for change in changes:
            if change.item in bare and change.wanted:
                self._filled[change.item] = _like(change, bare[change.item])
        return plan


def _like(change: ItemChange, filled: OrderItem) -> OrderItem:
    """A changed item is wanted by itself, an added one with what it holds."""
    nested = filled.product_order_item if change.kind is ChangeKind.ADD else ()
    return msgspec.structs.replace(filled, product_order_item=nested, state=None, cause=None)


def _cancelled(order: Order) -> set[str]:
    return {one.id for one in every_item(order.product_order_item) if one.state is State.CANCELLED}


def _impossible(order: Order, group: Sequence[ItemChange]) -> Fault | None:
    for one in group:
        if one.kind is ChangeKind.CHANGE and one.wanted is None:
            return Fault(code="E_STATE", what="it is cancelled", where=f"item {one.item}")
    return _left_alone(order, group) or _tied_to_nothing(order, group)


def _left_alone(order: Order, group: Sequence[ItemChange]) -> Fault | None:
    """Why what others rely on cannot be removed: they would be left without it."""
    removed = {one.item for one in group if one.kind is ChangeKind.REMOVE}
    alone = left_alone(order, removed)
    if alone is None:
        return None
    where, what = alone
    return Fault(code="E_VALUE", what=what, where=f"item {where}", allowed="to remove both")


def _tied_to_nothing(order: Order, group: Sequence[ItemChange]) -> Fault | None:
    """Why something cannot be added: what it relies on is gone."""
    gone = _cancelled(order)
    for item in every_item([one.wanted for one in group if one.kind is ChangeKind.ADD and one.wanted]):
        for who, whom, word in needs(item):
            if who == item.id and whom in gone:
                what = f"it {word} item {whom}, which is cancelled"
                return Fault(code="E_STATE", what=what, where=f"item {item.id}")
    return None


def _groups(
    order: Order, changes: Sequence[ItemChange], *, atomic: bool
) -> tuple[tuple[ItemChange, ...], ...]:
    """Changes of items that are tied to each other, in the order in which the first of each was asked for."""
    if atomic:
        return (tuple(changes),) if changes else ()
    names = {one.item for one in changes}
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for one, other in _ties(order, changes):
        if one in names and other in names:
            leader[find(one)] = find(other)
    found: dict[str, list[ItemChange]] = {}
    for change in changes:
        found.setdefault(find(change.item), []).append(change)
    return tuple(map(tuple, found.values()))


def _ties(order: Order, changes: Sequence[ItemChange]) -> Iterable[tuple[str, str]]:
    """Pairs of items, as they are and as they are wanted, of which one cannot be without the other."""
    wanted = [one.wanted for one in changes if one.wanted]
    for item in every_item((*order.product_order_item, *wanted)):
        for other in tied(item):
            yield item.id, other
        for nested in item.product_order_item:
            yield item.id, nested.id
    for change in changes:
        if change.parent:
            yield change.item, change.parent
