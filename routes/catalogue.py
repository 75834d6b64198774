"""
The catalogue over an order's items: names and categories filled in, and what it does not allow refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from canonical.codec import encode
from canonical.errors import Rejected, shown
from canonical.order import OfferingRef, OrderContent, OrderItem
from canonical.references import References

from .selectors import WORK

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_ITEMS", "check_growth", "fill"]

# A business roll-out, the largest order of this trade, has some hundred lines; each becomes several rows.
MAX_ITEMS = 1000

# What changes may make of an order, in the canonical language: a thousand items and all that is said of them.
# One document may say more, for it is as large as its message; but it is kept, and told, with each change.
MAX_BYTES = 2 * 1024 * 1024

# Bundle of bundles of bundles: more is a mistake, or somebody's attempt to exhaust the stack.
MAX_DEPTH = 4

Content = TypeVar("Content", bound=OrderContent)


def fill(
    content: Content,
    references: References,
    where_of: Callable[[str], str] | None = None,
    *,
    draft: bool = False,
) -> Content:
    """
    ``content`` with the catalogue's name and category on every (nested) item, whatever the sender said.

    Args:
        where_of: The place of an item, by its id, in the sender's own terms.
        draft: It need not ask for anything yet.

    Raises:
        Rejected: ``E_MISSING`` (no items), ``E_DEPTH``, ``E_RECORDS`` (too many items), ``E_DUPLICATE_LINE``,
            ``E_OFFERING``, ``E_RANGE`` (quantity), ``E_VALUE`` (a relationship to no item of the order),
            ``E_ACTION`` (no item asks for anything).
    """
    where = where_of or _where
    items = tuple(_flat(content.product_order_item, where))
    _check_count(items)
    ids = _distinct(items, where)
    for item in items:
        _check_relationships(item, ids, where)
    if not draft and all(item.action not in WORK for item in items):
        raise Rejected("E_ACTION", "no item asks for anything", "items", "at least one add, modify or delete")
    filled = tuple(_filled(item, references, where) for item in content.product_order_item)
    return msgspec.structs.replace(content, product_order_item=filled)


def check_growth(content: OrderContent, before: OrderContent) -> None:
    """
    Refuse what makes an order larger than it may be, one change after another.

    Raises:
        Rejected: ``E_RECORDS``: it is larger than :data:`MAX_BYTES`, and than ``before``.
    """
    size = len(encode(content))
    if size > MAX_BYTES and size > len(encode(before)):
        raise Rejected(
            "E_RECORDS", f"the order would be {size} bytes in all", "order", f"at most {MAX_BYTES}"
        )


def _where(item_id: str) -> str:
    return f"item {item_id}"


def _flat(items: Sequence[OrderItem], where: Callable[[str], str], depth: int = 1) -> Iterator[OrderItem]:
    for item in items:
        if depth > MAX_DEPTH:
            raise Rejected(
                "E_DEPTH", "the item is nested too deep", where(item.id), f"at most {MAX_DEPTH} levels"
            )
        yield item
        yield from _flat(item.product_order_item, where, depth + 1)


def _check_count(items: Sequence[OrderItem]) -> None:
    if not items:
        raise Rejected("E_MISSING", "the order has no items", "items", "at least one")
    if len(items) > MAX_ITEMS:
        raise Rejected("E_RECORDS", f"the order has {len(items)} items", "items", f"at most {MAX_ITEMS}")


def _distinct(items: Sequence[OrderItem], where: Callable[[str], str]) -> set[str]:
    ids: set[str] = set()
    for item in items:
        if item.id in ids:
            raise Rejected("E_DUPLICATE_LINE", f"item id {shown(item.id)} stands twice", where(item.id))
        ids.add(item.id)
    return ids


def _check_relationships(item: OrderItem, ids: set[str], where: Callable[[str], str]) -> None:
    for other in item.product_order_item_relationship:
        if other.id not in ids or other.id == item.id:
            what = f"{shown(other.relationship_type)} names item {shown(other.id)}"
            raise Rejected("E_VALUE", what, where(item.id), "the id of another item of the order")


def _filled(item: OrderItem, references: References, where: Callable[[str], str]) -> OrderItem:
    place = where(item.id)
    offering = references.offering(item.product_offering.id, place)
    if not 1 <= item.quantity <= offering.max_quantity:
        what, allowed = f"quantity {shown(item.quantity)}", f"1 to {offering.max_quantity} of {offering.id}"
        raise Rejected("E_RANGE", what, place, allowed)
    return msgspec.structs.replace(
        item,
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        category=offering.category,
        product_order_item=tuple(_filled(one, references, where) for one in item.product_order_item),
    )
