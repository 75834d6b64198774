"""
The items of an order, read with all that hangs on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from adapters.formats.json_node import Node
from canonical.errors import shown
from canonical.order import ItemRelationship, OfferingRef, OrderItem, Product
from canonical.references import References

from .characteristics import characteristic
from .members import Table, array, identifier, members
from .parts import action, note, place, price

__all__ = ["OF_THE_OFFERING", "Items"]

# Items of one order, at all levels; over 200 is already a project of its own.
_MAX_ITEMS = 1000
_MAX_QUANTITY = 1_000_000


class Items:
    """
    Reader of the items of one order; it knows all their ids before it reads the first.

    Args:
        order: The document that holds them.
        whole: It holds all of them; of a change, items may name others that are in the order already.
    """

    def __init__(self, order: Node, references: References, *, whole: bool = True) -> None:
        self._references = references
        self._ids = frozenset(_ids(order.value)) if whole else None
        self._seen: dict[str, Node] = {}

    def read(self, node: Node) -> tuple[OrderItem, ...]:
        """
        A list of items.

        Raises:
            Rejected: At the first fault.
        """
        return tuple(self.item(each) for each in node.items(low=1))

    def item(self, node: Node) -> OrderItem:
        """
        One item, with those that it bundles.

        Raises:
            Rejected: At the first fault.
        """
        table: Table = {
            "id": ("id", self.id),
            "action": ("action", action),
            "quantity": ("quantity", partial(self.quantity, node)),
            "productOffering": ("product_offering", self.offering),
            "product": ("product", _product),
            "productOrderItemRelationship": ("product_order_item_relationship", array(self._relationship)),
            "itemPrice": ("item_price", array(price)),
            "note": ("note", array(note)),
            "choiceGroup": ("choice_group", identifier),
            "productOrderItem": ("product_order_item", self.read),
        }
        needed = ("id", "action", "productOffering")
        found = members(node, table, ignored=("state", "itemTotalPrice"), needed=needed)
        category = self._references.offerings[found["product_offering"].id].category
        return OrderItem(**found, category=category)

    def id(self, node: Node) -> str:
        """
        The id of an item, which no other of the document has.

        Raises:
            Rejected: ``E_DUPLICATE_LINE``, ``E_RECORDS``, or what is wrong with a key.
        """
        found = node.key()
        if found in self._seen:
            what = f"item {shown(found)} was there before, at {self._seen[found].where}"
            raise node.reject("E_DUPLICATE_LINE", what, "each id once in an order")
        if len(self._seen) == _MAX_ITEMS:
            raise node.reject("E_RECORDS", f"more than {_MAX_ITEMS} items", f"at most {_MAX_ITEMS}")
        self._seen[found] = node
        return found

    def quantity(self, item: Node, node: Node) -> int:
        """
        How many, as far as may be ordered of the offering that ``item`` names.

        Raises:
            Rejected: ``E_RANGE`` or ``E_TYPE``.
        """
        return node.integer(1, self._most(item))

    def _most(self, item: Node) -> int:
        """The most that may be ordered at once of the item's offering, wherever in the item it stands."""
        match item.value:
            case {"productOffering": {"id": str(found)}} if found in self._references.offerings:
                return self._references.offerings[found].max_quantity
            case _:
                return _MAX_QUANTITY

    def offering(self, node: Node) -> OfferingRef:
        """
        The offering by its id in the catalogue.

        Raises:
            Rejected: ``E_OFFERING``, or what is wrong with the object.
        """
        table: Table = {"id": ("id", identifier)}
        found = members(node, table, ignored=("href", "name", "version"), needed=table)
        known = self._references.offerings.get(found["id"])
        offering = known or self._references.offering(found["id"], f"{node.where}.id")
        return OfferingRef(id=offering.id, name=offering.name)

    def _relationship(self, node: Node) -> ItemRelationship:
        table: Table = {"id": ("id", self._other), "relationshipType": ("relationship_type", identifier)}
        return ItemRelationship(**members(node, table, needed=table))

    def _other(self, node: Node) -> str:
        found = node.key()
        if self._ids is not None and found not in self._ids:
            raise node.reject("E_VALUE", f"no item has the id {shown(found)}", "an item of the same order")
        return found


def _ids(value: Any) -> Iterator[str]:
    """All item ids below ``value``, before anything is known to be right."""
    items = value.get("productOrderItem") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            yield item["id"]
        yield from _ids(item)


OF_THE_OFFERING = (
    "href", "name", "description", "isBundle", "isCustomerVisible", "productOffering",
    "productSpecification", "status",
)  # fmt: skip
"""Told of a product by its offering in the catalogue, or for people only."""


def _product(node: Node) -> Product:
    table: Table = {
        "id": ("id", identifier),
        "productSerialNumber": ("product_serial_number", identifier),
        "productCharacteristic": ("product_characteristic", array(characteristic)),
        "place": ("place", array(place)),
    }
    return Product(**members(node, table, ignored=OF_THE_OFFERING))
