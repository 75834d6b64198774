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

from .catalogue import check_growth, fill
from .model import RuleSet
from .plan import make_plan
from .selectors import WORK
from .wish import wish_of

__all__ = ["MOST_FAULTS", "propose"]

MOST_FAULTS = 25
"""So many changes of one amendment are looked at one by one when they cannot be planned."""

# Ties by which one item cannot be without the other.
_BUNDLES = "bundles"
_TYING = frozenset({"reliesOn", _BUNDLES, "requires"})


def propose(
    order: Order, command: AmendOrder, rules: RuleSet, profiles: Mapping[str, SystemProfile]
) -> Proposal:
    """
    The pieces of ``command``, and the plan of the order with all of them.

    A piece that the rules do not allow (an offering that no part serves, an item that others rely on) has a
    fault, and the others are planned without it; past :data:`MOST_FAULTS` of them, what cannot be planned
    with the rest is not looked at one by one (``E_RECORDS``).

    Args:
        rules: The version that the order is pinned to.

    Raises:
        Rejected: ``E_NOT_FOUND``, ``E_MISSING``, ``E_DUPLICATE_LINE``, ``E_VALUE``: nobody can tell, or do,
            what is wanted.
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
        sound: list[Sequence[ItemChange]] = []
        self._try([(number, one) for number, one in enumerate(groups) if number not in faults], sound, faults)
        return self._of(sound), faults

    def _try(
        self,
        groups: Sequence[tuple[int, Sequence[ItemChange]]],
        sound: list[Sequence[ItemChange]],
        faults: dict[int, Fault],
    ) -> None:
        """
        Put those that can be planned together to ``sound``, and why the others cannot to ``faults``.

        Halved until what is at fault stands alone: a thousand changes of which one is wrong are not planned a
        thousand times.
        """
        if not groups:
            return
        try:
            self._of([*sound, *(group for _, group in groups)])
        except Rejected as rejected:
            if len(groups) == 1:
                faults[groups[0][0]] = rejected.fault
            elif len(faults) >= MOST_FAULTS:
                faults.update((number, _not_tried(group)) for number, group in groups)
            else:
                half = len(groups) // 2
                self._try(groups[:half], sound, faults)
                self._try(groups[half:], sound, faults)
        else:
            sound += (group for _, group in groups)

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
        items = with_changes(order.product_order_item, changes)
        items = without(items, gone | _emptied(items, gone))
        if all(one.action not in WORK for one in every_item(items)):
            return Plan(rules_version=self._rules.version, parts=())
        wanted = fill(msgspec.structs.replace(order, product_order_item=items), self._rules.references)
        check_growth(wanted, self._order)
        plan = make_plan(wanted, self._rules, self._profiles)
        bare = {one.id: one for one in every_item(wanted.product_order_item)}
        for change in changes:
            if change.item in bare and change.wanted:
                self._filled[change.item] = _like(change, bare[change.item])
        return plan


def _not_tried(group: Sequence[ItemChange]) -> Fault:
    what = f"{MOST_FAULTS} other changes of the amendment are at fault: this one was not looked at"
    where = f"item {group[0].item}" if group[0].item else "order"
    return Fault(code="E_RECORDS", what=what, where=where, allowed="to send it again without those")


def _like(change: ItemChange, filled: OrderItem) -> OrderItem:
    """A changed item is wanted by itself, an added one with what it holds."""
    nested = filled.product_order_item if change.kind is ChangeKind.ADD else ()
    return msgspec.structs.replace(filled, product_order_item=nested, state=None, cause=None)


def _emptied(items: Iterable[OrderItem], gone: set[str]) -> set[str]:
    """Ids of what held something, and would hold nothing any more: a bundle goes with its last item."""
    found: set[str] = set()
    for item in items:
        nested = item.product_order_item
        found |= _emptied(nested, gone)
        if nested and {one.id for one in nested} <= gone | found:
            found.add(item.id)
    return found


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
    if not removed:
        return None
    for item in every_item(order.product_order_item):
        if item.id in removed or item.state is State.CANCELLED:
            continue
        for tie in item.product_order_item_relationship:
            if tie.id in removed and tie.relationship_type in _TYING:
                what = f"item {item.id} {tie.relationship_type} it"
                return Fault(code="E_VALUE", what=what, where=f"item {tie.id}", allowed="to remove both")
    return None


def _tied_to_nothing(order: Order, group: Sequence[ItemChange]) -> Fault | None:
    """Why something cannot be added: what it relies on is gone."""
    added = [one.wanted for one in group if one.kind is ChangeKind.ADD and one.wanted]
    gone = _cancelled(order) if any(one.product_order_item_relationship for one in every_item(added)) else ()
    for item in every_item(added):
        for tie in item.product_order_item_relationship:
            if tie.id in gone and tie.relationship_type in _TYING:
                what = f"it {tie.relationship_type} item {tie.id}, which is cancelled"
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

    ties = list(_ties(order, changes))
    leader |= {name: name for tie in ties for name in tie[:2] if tie[2] and name not in leader}
    for one, other, through in ties:
        if through or (one in names and other in names):
            leader[find(one)] = find(other)
    found: dict[str, list[ItemChange]] = {}
    for change in changes:
        found.setdefault(find(change.item), []).append(change)
    return tuple(map(tuple, found.values()))


def _ties(order: Order, changes: Sequence[ItemChange]) -> Iterable[tuple[str, str, bool]]:
    """
    Pairs of items, as they are and as they are wanted, of which one cannot be without the other.

    The third says whether a bundle ties them: what it holds is tied through it, though it does not change.
    """
    wanted = [one.wanted for one in changes if one.wanted]
    for item in every_item((*order.product_order_item, *wanted)):
        for tie in item.product_order_item_relationship:
            if tie.relationship_type in _TYING:
                yield item.id, tie.id, tie.relationship_type == _BUNDLES
        for nested in item.product_order_item:
            yield item.id, nested.id, True
    for change in changes:
        if change.parent:
            yield change.item, change.parent, True
