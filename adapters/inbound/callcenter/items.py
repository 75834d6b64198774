"""
The items of an SWIOrder: a flat list whose members name their parents, read into items within items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.formats.numbering import wrong_number
from adapters.formats.xml_node import XmlNode
from canonical.errors import Rejected, shown
from canonical.order import (
    Characteristic,
    ItemPrice,
    Money,
    Note,
    OfferingRef,
    OrderItem,
    Place,
    Product,
)
from canonical.references import References

from .places import place_fields, place_of
from .profile import Agreement
from .vocabulary import ACTIONS, CODE_TYPE

__all__ = ["MAX_ITEMS", "read_items"]

MAX_ITEMS = 1_000
"""Items of one order; over 200 is already a project of its own."""

# Bundles within bundles; an order that is nested deeper is a list tied into a knot.
_MAX_LEVELS = 16

_TEXTS = ("ServiceId", "AssetIntegrationId")
_LISTED = "ListOfSWIOrderItemXa"
_FIELDS = frozenset(
    {
        "Id", "LineNumber", "ParentOrderItemId", "RootOrderItemId", "ActionCode", "Status", "Product", "Qty",
        "NetPrice", "PriceType", "ChoiceGroup", "Comments", _LISTED, *_TEXTS, *place_fields("Service"),
    }
)  # fmt: skip
# Told of the product by its offering, of the order by the hub, or for the agent's screen only.
_PASSED_OVER = frozenset(
    {"ProductId", "ProductDescription", "PartNumber", "UnitofMeasure", "Created", "Updated"}
)
_ATTRIBUTE = frozenset({"Name", "Value", "ActionCode", "DataType"})

_PRICE_TYPES = {"One-Time": "oneTime", "Recurring": "recurring", "Usage": "usage"}
# An attribute's DataType, and TMF622's word for the type of its value.
_VALUE_TYPES = {"Text": "string", "Number": "number", "Integer": "integer", "Boolean": "boolean"}
_REMOVED = "Delete"
# Of all that the agent's screen says of a line, the one that is a wish: the line shall go, and what it holds.
_CANCELLED = "Cancelled"
_MONEY_LIMIT = 10**12
_MAX_VALUE = 4_000


@dataclass(frozen=True, slots=True)
class _Read:
    """
    One element, its own item without what it holds, and whom it names.
    """

    node: XmlNode
    item: OrderItem
    parent: str
    root: str
    cancelled: bool


def read_items(listed: XmlNode, agreed: Agreement, references: References) -> tuple[OrderItem, ...]:
    """
    The top items with what they hold, in the document's order; those that are cancelled are left out.

    Raises:
        Rejected: At the first fault.
    """
    listed.refuse_unknown(("SWIOrderItem",))
    found: dict[str, _Read] = {}
    lines: set[str] = set()
    for node in listed.all("SWIOrderItem", low=1, high=MAX_ITEMS):
        node.refuse_unknown(_FIELDS | _PASSED_OVER)
        row = node.child("Id").key()
        if row in found:
            raise node.child("Id").reject("E_DUPLICATE_LINE", f"{shown(row)} was there before", "each once")
        item = _item(node, row, agreed, references)
        if item.id in lines:
            number = node.child("LineNumber")
            raise number.reject("E_DUPLICATE_LINE", f"line {shown(item.id)} was there before", "each once")
        parent, root = _named(node, "ParentOrderItemId"), _named(node, "RootOrderItemId")
        found[row] = _Read(node, item, parent, root, _named(node, "Status") == _CANCELLED)
        lines.add(item.id)
    items = _nested(found)
    if not items:
        raise listed.reject(
            "E_NO_ORDER", "every line is cancelled", "a line that is not, or an order that is"
        )
    return items


def _named(node: XmlNode, local: str) -> str:
    named = node.get(local)
    return "" if named is None else named.text(64, blank=True)


def _nested(found: Mapping[str, _Read]) -> tuple[OrderItem, ...]:
    inside: dict[str, list[str]] = {row: [] for row in found}
    tops: list[str] = []
    for row, one in found.items():
        _check_root(row, one, found)
        if not one.cancelled:
            (inside[one.parent] if one.parent else tops).append(row)
    return tuple(_with(row, inside, found) for row in tops)


def _check_root(row: str, one: _Read, found: Mapping[str, _Read]) -> None:
    """
    Refuse parents that are not there, circles, and a root that the parents do not lead to.
    """
    top = row
    for _ in range(_MAX_LEVELS):
        parent = found[top].parent
        if not parent:
            break
        if parent not in found:
            node = found[top].node.child("ParentOrderItemId")
            raise node.reject("E_VALUE", f"no item has the id {shown(parent)}", "an item of the same order")
        top = parent
    else:
        node = one.node.child("ParentOrderItemId")
        raise node.reject("E_DEPTH", "parents lead nowhere", f"at most {_MAX_LEVELS} levels")
    if one.root and one.root != top:
        node = one.node.child("RootOrderItemId")
        raise node.reject("E_VALUE", f"{shown(one.root)}, but its parents lead to {shown(top)}", shown(top))


def _with(row: str, inside: Mapping[str, list[str]], found: Mapping[str, _Read]) -> OrderItem:
    item = found[row].item
    if not inside[row]:
        return item
    return replace(item, product_order_item=tuple(_with(one, inside, found) for one in inside[row]))


def _item(node: XmlNode, row: str, agreed: Agreement, references: References) -> OrderItem:
    product = node.child("Product")
    name = product.text(128)
    try:
        offering = references.offering_by_code(agreed.endpoint, CODE_TYPE, name, "")
    except Rejected as error:
        raise product.reject(error.code, error.what, error.allowed) from None
    quantity, group = node.get("Qty"), node.get("ChoiceGroup")
    comments = node.get("Comments")
    return OrderItem(
        id=node.child("LineNumber").key(),
        line_ref=row,
        action=ACTIONS[node.child("ActionCode").enum(ACTIONS, code="E_ACTION")],
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        quantity=quantity.integer(1, offering.max_quantity) if quantity else 1,
        product=_product(node),
        item_price=_prices(node, agreed),
        note=(Note(text=comments.text(_MAX_VALUE, lines=True), author=agreed.endpoint.id),)
        if comments
        else (),
        category=offering.category,
        choice_group=group.key() if group else "",
    )


def _product(node: XmlNode) -> Product:
    texts = {name: found.text(128) for name in _TEXTS if (found := node.get(name))}
    place = place_of(node, "Service")
    return Product(
        id=texts.get("AssetIntegrationId", ""),
        product_serial_number=texts.get("ServiceId", ""),
        product_characteristic=_characteristics(node),
        place=(Place(role="installationAddress", place=place),) if place else (),
    )


def _characteristics(node: XmlNode) -> tuple[Characteristic, ...]:
    listed = node.get(_LISTED)
    if listed is None:
        return ()
    listed.refuse_unknown(("SWIOrderItemXa",))
    found: dict[str, Characteristic] = {}
    for one in listed.all("SWIOrderItemXa", high=MAX_ITEMS):
        one.refuse_unknown(_ATTRIBUTE)
        name = one.child("Name").text(128)
        if name in found:
            raise one.child("Name").reject(
                "E_XML_REPEAT", f"attribute {shown(name)} stands there again", "one"
            )
        action = one.get("ActionCode")
        if action is None or action.enum(ACTIONS, code="E_ACTION") != _REMOVED:
            found[name] = _characteristic(one, name)
    return tuple(found.values())


def _characteristic(node: XmlNode, name: str) -> Characteristic:
    declared = node.get("DataType")
    kind = _VALUE_TYPES[declared.enum(_VALUE_TYPES)] if declared else "string"
    value = node.child("Value")
    match kind:
        case "integer":
            value.integer()
        case "number":
            value.decimal()
        case "boolean":
            value.enum(("true", "false"))
        case _:
            pass
    text = value.text(_MAX_VALUE, lines=True, blank=True)
    if wrong := wrong_number(name, text):
        raise value.reject("E_VALUE", *wrong)
    return Characteristic(name=name, value=text, value_type=kind)


def _prices(node: XmlNode, agreed: Agreement) -> tuple[ItemPrice, ...]:
    price, kind = node.get("NetPrice"), node.get("PriceType")
    if price is None:
        return ()
    word = kind.enum(_PRICE_TYPES) if kind else "One-Time"
    amount = price.decimal(-_MONEY_LIMIT, _MONEY_LIMIT, scale=6)
    return (ItemPrice(price_type=_PRICE_TYPES[word], price=Money(value=amount, unit=agreed.currency)),)
