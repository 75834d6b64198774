"""
What an amendment wants of each item: a command, whole or a delta, held against the order in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from canonical.amendments import ChangeKind, ItemChange, OrderPatch, Scope
from canonical.changing import ItemNames, asked_fields, differing, differing_fields, joined, patched
from canonical.commands import AmendOrder
from canonical.errors import Rejected, shown
from canonical.order import ItemRelationship, Order, OrderContent, OrderItem, every_item
from canonical.states import State

__all__ = ["Wish", "wish_of"]


@dataclass(frozen=True, slots=True)
class Wish:
    """The changes that make the order in force the wanted one, and the order's own fields as wanted."""

    changes: tuple[ItemChange, ...]
    fields: OrderPatch | None = None


def wish_of(order: Order, command: AmendOrder) -> Wish:
    """
    What ``command`` changes of ``order``; nothing for what is so already.

    Cancelled items are not there any more: that they go is so already, another change of one has nothing that
    is wanted, and a whole order need not repeat them.

    Raises:
        Rejected: ``E_NOT_FOUND`` for an item that the order does not have; ``E_MISSING`` for a whole
            amendment without an order; ``E_DUPLICATE_LINE`` for an item that two changes are about, and for a
            new one under a line number of its sender that the order has already; ``E_VALUE`` for one that
            stands in another bundle than it does.
    """
    look = _Look(order, command.origin.endpoint)
    fields = command.fields
    if command.scope is Scope.WHOLE:
        if command.order is None:
            raise Rejected("E_MISSING", "a whole amendment says no order", "order")
        changes = tuple(look.whole(command.order))
        fields = _fields_of(command.order)
    else:
        changes = tuple(look.delta(command))
    _each_once(changes)
    found = differing_fields(order, fields) if fields is not None else ()
    if not found:
        return Wish(changes)
    return Wish((*changes, ItemChange(kind=ChangeKind.ORDER, fields=found)), fields)


def _fields_of(order: OrderContent) -> OrderPatch:
    """What a whole order says of itself; what it does not say stays as it is."""
    return OrderPatch(
        requested_start_date=order.requested_start_date,
        requested_completion_date=order.requested_completion_date,
        place=order.place or None,
        related_party=order.related_party or None,
        priority=order.priority or None,
        note=order.note,
    )


def _each_once(changes: Sequence[ItemChange]) -> None:
    seen = set()
    for one in changes:
        if one.item in seen:
            raise Rejected(
                "E_DUPLICATE_LINE", f"two changes are about item {shown(one.item)}", f"item {one.item}"
            )
        seen.add(one.item)


class _Look:
    """The order in force, as changes look at it."""

    def __init__(self, order: Order, endpoint: str) -> None:
        self._names = ItemNames(order, endpoint)
        self.items = {
            one.id: one for one in every_item(order.product_order_item) if one.state is not State.CANCELLED
        }
        self._parents = {one.id: parent for parent, one in _with_parents(order.product_order_item)}
        self.used: set[str] = set()
        self.refs: dict[str, list[str]] = {}
        for one in every_item(order.product_order_item):
            self.used.add(one.id)
            if one.line_ref and one.id in self.items:
                self.refs.setdefault(one.line_ref, []).append(one.id)

    def delta(self, command: AmendOrder) -> Iterator[ItemChange]:
        """The changes of a delta."""
        for patch in command.change:
            name = self._named(patch.item)
            if name in self.items:
                yield from self._change(self.items[name], patched(self.items[name], patch))
            else:
                yield ItemChange(kind=ChangeKind.CHANGE, item=name, fields=asked_fields(patch))
        for name in map(self._named, command.remove):
            if name in self.items:
                yield from self._removed(self.items[name])
        for one in every_item(command.add):
            if self._names.captured and self._used(one.line_ref):
                what = f"the order has a line {shown(one.line_ref)}"
                raise Rejected("E_DUPLICATE_LINE", what, f"item {one.line_ref}", "a number that no line has")
        ids = {one.id: self._fresh(one.id) for one in every_item(command.add)}
        for item in command.add:
            yield self._added(item, ids, "")

    def whole(self, order: OrderContent) -> Iterator[ItemChange]:
        """The changes that a whole order means; an item that it leaves out is removed."""
        given = list(_with_parents(order.product_order_item))
        matched = {item.id: self._known(item) for _, item in given}
        ids = {name: known or self._fresh(name) for name, known in matched.items()}
        for parent, item in given:
            known = matched[item.id]
            self._hold_in_place(known, matched[parent] if parent else "")
            if known is None and (not parent or matched[parent] is not None):
                yield self._added(item, ids, ids[parent] if parent else "")
            elif known is not None:
                yield from self._change(self.items[known], _said(self.items[known], item, ids))
        left = self.items.keys() - set(ids.values())
        for name, item in self.items.items():
            if name in left:
                yield ItemChange(kind=ChangeKind.REMOVE, item=name, line_ref=item.line_ref)

    def _hold_in_place(self, known: str | None, parent: str | None) -> None:
        """An item that is there stays where it is: elsewhere, its product would have to be begun anew."""
        if known is None or self._parents[known] == parent:
            return
        own = self._parents[known]
        where = f"in item {own}" if own else "in no other item"
        raise Rejected("E_VALUE", "an item cannot be moved", f"item {known}", f"the item {where}")

    def _named(self, name: str) -> str:
        found = self._names.item(name)
        if found is not None:
            return found
        known = ", ".join(list(self.items)[:5])
        raise Rejected(
            "E_NOT_FOUND", f"the order has no item {shown(name)}", f"item {name}", f"one of {known}"
        )

    def _used(self, number: str) -> bool:
        """Whether a line that stays has this number."""
        having = (self.items[name] for name in self.refs.get(number, ()))
        return any(one.state is not State.PENDING_CANCELLATION for one in having)

    def _known(self, item: OrderItem) -> str | None:
        found = self.refs.get(item.line_ref, []) if item.line_ref else []
        if found:
            return item.id if item.id in found else found[0]
        return item.id if item.id in self.items else None

    def _fresh(self, name: str) -> str:
        """``name``, or the next number that no item has had: a cancelled item stays on the order."""
        if name in self.used:
            name = str(max((int(one) for one in self.used if one.isdecimal()), default=0) + 1)
        self.used.add(name)
        return name

    def _change(self, old: OrderItem, new: OrderItem) -> Iterator[ItemChange]:
        fields = differing(old, new)
        if fields:
            wanted = msgspec.structs.replace(new, product_order_item=(), state=None, cause=None)
            yield ItemChange(
                kind=ChangeKind.CHANGE, item=old.id, fields=fields, wanted=wanted, line_ref=old.line_ref
            )

    def _removed(self, item: OrderItem) -> Iterator[ItemChange]:
        """An item goes with what it holds."""
        for one in every_item((item,)):
            if one.id in self.items:
                yield ItemChange(kind=ChangeKind.REMOVE, item=one.id, line_ref=one.line_ref)

    def _added(self, item: OrderItem, ids: Mapping[str, str], parent: str) -> ItemChange:
        wanted = self._told_apart(_renamed(item, ids))
        return ItemChange(
            kind=ChangeKind.ADD, item=wanted.id, wanted=wanted, line_ref=item.line_ref, parent=parent
        )

    def _told_apart(self, item: OrderItem) -> OrderItem:
        """Two channels may count alike: of two lines of one number the later is known by its id alone."""
        nested = tuple(map(self._told_apart, item.product_order_item))
        ref = "" if self._used(item.line_ref) else item.line_ref
        return msgspec.structs.replace(item, line_ref=ref, product_order_item=nested)


def _said(old: OrderItem, new: OrderItem, ids: Mapping[str, str]) -> OrderItem:
    """
    The item as a whole order says it: what it says nothing of stays, for its format may have no place for it.
    """
    product = msgspec.structs.replace(
        old.product,
        product_characteristic=new.product.product_characteristic or old.product.product_characteristic,
        place=new.product.place or old.product.place,
        product_serial_number=new.product.product_serial_number or old.product.product_serial_number,
    )
    return msgspec.structs.replace(
        old,
        product=product,
        product_offering=new.product_offering,
        quantity=new.quantity,
        item_price=new.item_price or old.item_price,
        note=joined(old.note, new.note),
        product_order_item_relationship=_ties(new, ids) or old.product_order_item_relationship,
    )


def _renamed(item: OrderItem, ids: Mapping[str, str]) -> OrderItem:
    nested = tuple(_renamed(one, ids) for one in item.product_order_item)
    return msgspec.structs.replace(
        item,
        id=ids[item.id],
        product_order_item=nested,
        product_order_item_relationship=_ties(item, ids),
        state=None,
        cause=None,
    )


def _ties(item: OrderItem, ids: Mapping[str, str]) -> tuple[ItemRelationship, ...]:
    return tuple(
        msgspec.structs.replace(one, id=ids.get(one.id, one.id))
        for one in item.product_order_item_relationship
    )


def _with_parents(items: Sequence[OrderItem], parent: str = "") -> Iterator[tuple[str, OrderItem]]:
    for item in items:
        yield parent, item
        yield from _with_parents(item.product_order_item, item.id)
