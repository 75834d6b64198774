"""
An order's content with changes made to it, and which fields two contents differ in.  Pure.

Field paths are TMF622 v5's names: ``quantity``, ``productOffering``, ``productCharacteristic.<name>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from .amendments import ChangeKind, ItemChange, ItemPatch, OrderPatch
from .order import Characteristic, Order, OrderContent, OrderItem, every_item
from .states import State

__all__ = [
    "ItemNames",
    "asked_fields",
    "asked_of_order",
    "differing",
    "differing_fields",
    "joined",
    "merged",
    "patched",
    "touches",
    "with_changes",
    "with_fields",
    "without",
]

T = TypeVar("T")
Content = TypeVar("Content", bound=OrderContent)

_CHARACTERISTIC = "productCharacteristic"

# Where the order itself is concerned: name in the patch to the field path.
_ORDER_FIELDS: Mapping[str, str] = {
    "requested_start_date": "requestedStartDate",
    "requested_completion_date": "requestedCompletionDate",
    "place": "place",
    "related_party": "relatedParty",
    "priority": "priority",
}


def joined(there: tuple[T, ...], more: Iterable[T]) -> tuple[T, ...]:
    """What is there, and behind it what of ``more`` is not there yet."""
    known = set(there)
    return (*there, *(one for one in more if one not in known))


def touches(fields: Sequence[str], concerns: Sequence[str]) -> bool:
    """Whether a part with these ``concerns`` (none: all) is told of any of these fields."""
    if not concerns:
        return any(field not in ("note", "requestedStartDate") for field in fields)
    return any(field == one or field.startswith(f"{one}.") for field in fields for one in concerns)


def differing(old: OrderItem, new: OrderItem) -> tuple[str, ...]:
    """The fields in which two contents of one item differ; states, ids and items within are not looked at."""
    pairs = (
        ("productOffering", old.product_offering.id, new.product_offering.id),
        ("quantity", old.quantity, new.quantity),
        ("product", _product(old), _product(new)),
        ("place", old.product.place, new.product.place),
        ("itemPrice", old.item_price, new.item_price),
        ("note", old.note, new.note),
    )
    found = [name for name, one, other in pairs if one != other]
    before, after = _values(old), _values(new)
    names = dict.fromkeys((*before, *after))
    return (*found, *(f"{_CHARACTERISTIC}.{name}" for name in names if before.get(name) != after.get(name)))


def differing_fields(order: OrderContent, patch: OrderPatch) -> tuple[str, ...]:
    """The fields of the order as a whole that ``patch`` changes."""
    found = [
        path
        for name, path in _ORDER_FIELDS.items()
        if getattr(patch, name) is not None and getattr(patch, name) != getattr(order, name)
    ]
    return tuple(found) if joined(order.note, patch.note) == order.note else (*found, "note")


def asked_fields(patch: ItemPatch) -> tuple[str, ...]:
    """The fields that ``patch`` speaks of, whether it changes them or not."""
    given = (
        ("productOffering", patch.product_offering is not None),
        ("quantity", patch.quantity is not None),
        ("place", patch.place is not None),
        ("itemPrice", patch.item_price is not None),
        ("note", bool(patch.note)),
    )
    names = (*(one.name for one in patch.product_characteristic), *patch.removed_characteristic)
    return (*(name for name, said in given if said), *(f"{_CHARACTERISTIC}.{name}" for name in names))


def asked_of_order(patch: OrderPatch) -> tuple[str, ...]:
    """The fields of the order that ``patch`` speaks of, whether it changes them or not; not its notes."""
    return tuple(path for name, path in _ORDER_FIELDS.items() if getattr(patch, name) is not None)


_GOING = (State.PENDING_CANCELLATION, State.CANCELLED)


class ItemNames:
    """
    Which item an endpoint means by a name: a line number of its own, or an id.

    Whoever captured the order means his own line number first, others the item's id; what is being cancelled
    is meant only when nothing that stays can be, and what is cancelled last.

    Attributes:
        captured: Whether it is the endpoint that captured the order.
    """

    def __init__(self, order: Order, endpoint: str) -> None:
        self.captured = bool(order.channel) and order.channel[0].endpoint == endpoint
        self._among: list[dict[str, list[str]]] = []
        items = list(every_item(order.product_order_item))
        for gone in (None, State.PENDING_CANCELLATION, State.CANCELLED):
            there = [one for one in items if (one.state if one.state in _GOING else None) is gone]
            by_line, by_id = _by(there, "line_ref"), _by(there, "id")
            self._among += (by_line, by_id) if self.captured else (by_id, by_line)

    def item(self, name: str) -> str | None:
        """Its id; None when that is none, or could be several."""
        found = next((one[name] for one in self._among if name in one), [])
        return found[0] if len(found) == 1 else None


def _by(items: Iterable[OrderItem], field: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in items:
        found.setdefault(getattr(one, field), []).append(one.id)
    return found


def patched(item: OrderItem, patch: ItemPatch) -> OrderItem:
    """``item`` with what ``patch`` gives."""
    values = {one.name: one for one in item.product.product_characteristic}
    values |= {one.name: one for one in patch.product_characteristic}
    removed = set(patch.removed_characteristic)
    kept = tuple(one for name, one in values.items() if name not in removed)
    product = msgspec.structs.replace(
        item.product,
        product_characteristic=kept,
        place=item.product.place if patch.place is None else patch.place,
    )
    return msgspec.structs.replace(
        item,
        product=product,
        product_offering=patch.product_offering or item.product_offering,
        quantity=item.quantity if patch.quantity is None else patch.quantity,
        item_price=item.item_price if patch.item_price is None else patch.item_price,
        note=joined(item.note, patch.note),
    )


def with_changes(items: Sequence[OrderItem], changes: Sequence[ItemChange]) -> tuple[OrderItem, ...]:
    """
    ``items`` with what changes of them, and added ones behind the others, in their bundle or at the top.

    Of a changed item only the fields that its change is about: others may have changed since.  Removed items
    stay: what becomes of them is said by their state.
    """
    wanted = {one.item: one for one in changes if one.kind is ChangeKind.CHANGE and one.wanted}
    added: dict[str, list[OrderItem]] = {}
    for one in changes:
        if one.kind is ChangeKind.ADD and one.wanted:
            added.setdefault(one.parent, []).append(one.wanted)
    return (*(_changed(item, wanted, added) for item in items), *added.get("", ()))


def merged(item: OrderItem, change: ItemChange) -> OrderItem:
    """``item`` with the fields that ``change`` is about as it wants them; itself for what is no change."""
    new = change.wanted
    if new is None or change.kind is not ChangeKind.CHANGE:
        return item
    fields = set(change.fields)
    names = {one.removeprefix(f"{_CHARACTERISTIC}.") for one in fields if one.startswith(_CHARACTERISTIC)}
    old, product = item.product, new.product
    kept = {one.name: one for one in old.product_characteristic}
    given = {one.name: one for one in product.product_characteristic}
    values = [given.get(name) if name in names else kept.get(name) for name in dict.fromkeys((*kept, *given))]
    said = "product" in fields
    return msgspec.structs.replace(
        item,
        product=msgspec.structs.replace(
            old,
            id=product.id if said else old.id,
            product_serial_number=product.product_serial_number if said else old.product_serial_number,
            product_characteristic=tuple(one for one in values if one is not None),
            place=product.place if "place" in fields else old.place,
        ),
        product_offering=new.product_offering if "productOffering" in fields else item.product_offering,
        category=new.category if "productOffering" in fields else item.category,
        quantity=new.quantity if "quantity" in fields else item.quantity,
        item_price=new.item_price if "itemPrice" in fields else item.item_price,
        note=new.note if "note" in fields else item.note,
    )


def _changed(
    item: OrderItem, wanted: Mapping[str, ItemChange], added: Mapping[str, Sequence[OrderItem]]
) -> OrderItem:
    change = wanted.get(item.id)
    if change is None and not item.product_order_item and item.id not in added:
        return item
    nested = tuple(_changed(one, wanted, added) for one in item.product_order_item)
    nested = (*nested, *added.get(item.id, ()))
    new = item if change is None else merged(item, change)
    if new is item and nested == item.product_order_item:
        return item
    return msgspec.structs.replace(new, product_order_item=nested)


def without(items: Sequence[OrderItem], gone: set[str]) -> tuple[OrderItem, ...]:
    """``items`` without those whose id is in ``gone``, and without relationships to them."""
    return tuple(_left(item, gone) for item in items if item.id not in gone)


def _left(item: OrderItem, gone: set[str]) -> OrderItem:
    ties = tuple(one for one in item.product_order_item_relationship if one.id not in gone)
    nested = without(item.product_order_item, gone)
    return msgspec.structs.replace(item, product_order_item_relationship=ties, product_order_item=nested)


def with_fields(order: Content, patch: OrderPatch) -> Content:
    """``order`` with what ``patch`` gives; its notes come behind those that are there."""
    given = {name: getattr(patch, name) for name in _ORDER_FIELDS if getattr(patch, name) is not None}
    return msgspec.structs.replace(order, **given, note=joined(order.note, patch.note))


def _product(item: OrderItem) -> tuple[str, str]:
    return item.product.id, item.product.product_serial_number


def _values(item: OrderItem) -> dict[str, Characteristic]:
    return dict(_named(item))


def _named(item: OrderItem) -> Iterator[tuple[str, Characteristic]]:
    for one in item.product.product_characteristic:
        yield one.name, one
