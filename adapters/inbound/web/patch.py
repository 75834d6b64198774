"""
A change of a TMF622 v5 order: a JSON merge patch (RFC 7396) whose items are known by their ids.

A merge patch replaces lists whole; here an item that is not in the list stays, which is what portals mean
when they send one item.  ``null`` takes away what can be taken away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from adapters.formats.json_node import Node
from canonical.amendments import ItemPatch, OrderPatch
from canonical.order import Characteristic, OrderItem
from canonical.references import References
from canonical.states import Action

from .characteristics import characteristic
from .items import OF_THE_OFFERING, Items
from .members import Table, array, identifier, patched
from .parts import PRIORITIES, action, note, party, place, price
from .reader import THE_HUBS

__all__ = ["OrderChange", "order_change"]

# Beside what is the hub's to say in an order, what an order has only when it comes back from the hub.
_THE_HUBS = THE_HUBS | {"id", "progress", "version"}


@dataclass(slots=True)
class OrderChange:
    """What a patch asks for."""

    add: list[OrderItem] = field(default_factory=list)
    change: list[ItemPatch] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    fields: OrderPatch | None = None


def order_change(node: Node, references: References) -> OrderChange:
    """
    The patch of an order.

    Raises:
        Rejected: At the first fault; ``E_NO_ORDER`` when it changes nothing.
    """
    found = OrderChange()
    items = Items(node, references, whole=False)
    table: Table = {
        "productOrderItem": ("", partial(_entries, items, found)),
        "relatedParty": ("related_party", array(party)),
        "place": ("place", array(place)),
        "priority": ("priority", lambda each: each.enum(PRIORITIES)),
        "requestedStartDate": ("requested_start_date", Node.instant),
        "requestedCompletionDate": ("requested_completion_date", Node.instant),
        "note": ("note", array(note)),
    }
    cleared = {"relatedParty": (), "place": (), "priority": ""}
    said = patched(node, table, cleared=cleared, ignored=_THE_HUBS)
    said.pop("", None)
    found.fields = OrderPatch(**said) if said else None
    if found == OrderChange():
        raise node.reject("E_NO_ORDER", "nothing is changed", f"one of {', '.join(table)}")
    return found


def _entries(items: Items, found: OrderChange, node: Node) -> None:
    for one in node.items(low=1):
        _entry(one, items, found)


def _entry(node: Node, items: Items, found: OrderChange) -> None:
    """An item that comes, that goes, that changes, or that stays."""
    if _goes(node):
        found.remove.append(_gone(node, items))
        return
    asked = node.get("action")
    match action(asked) if asked else Action.MODIFY:
        case Action.ADD:
            found.add.append(items.item(node))
        case Action.NO_CHANGE:
            items.id(node.child("id"))
        case _:
            found.change.append(_changed(node, items))


def _goes(node: Node) -> bool:
    match node.value:
        case {"action": None | Action.DELETE.value}:
            return True
        case _:
            return False


def _gone(node: Node, items: Items) -> str:
    for name, child in node.members():
        if name not in {"id", "action"} and not name.startswith("@"):
            raise child.reject("E_ACTION", "an item that leaves the order says nothing else", "id and action")
    return items.id(node.child("id"))


def _changed(node: Node, items: Items) -> ItemPatch:
    table: Table = {
        "id": ("item", items.id),
        "action": ("", action),
        "quantity": ("quantity", partial(items.quantity, node)),
        "productOffering": ("product_offering", items.offering),
        "product": ("product", _product),
        "itemPrice": ("item_price", array(price)),
        "note": ("note", array(note)),
    }
    node.child("id")
    said = patched(node, table, cleared={"itemPrice": ()}, ignored=("state", "itemTotalPrice"))
    said.pop("", None)
    patch = ItemPatch(**said.pop("product", {}) | said)
    if patch == ItemPatch(item=patch.item):
        raise node.reject("E_NO_ORDER", "nothing of the item is changed", f"one of {', '.join(table)}")
    return patch


def _product(node: Node) -> dict[str, Any]:
    table: Table = {
        "productCharacteristic": ("features", array(_feature)),
        "place": ("place", array(place)),
    }
    said = patched(node, table, cleared={"place": ()}, ignored=OF_THE_OFFERING)
    features = said.pop("features", ())
    return said | {
        "product_characteristic": tuple(one for one in features if isinstance(one, Characteristic)),
        "removed_characteristic": tuple(one for one in features if isinstance(one, str)),
    }


def _feature(node: Node) -> Characteristic | str:
    """A characteristic with its new value, or the name of one that is taken away."""
    match node.value:
        case {"name": str(), "value": None}:
            return identifier(node.child("name"))
        case _:
            return characteristic(node)
