"""
The lines of a transaction that order something: what, how many, and where it is handed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from adapters.formats.xml_node import XmlNode
from canonical.amendments import ItemPatch
from canonical.errors import Rejected, shown
from canonical.order import Address, ItemPrice, Money, OfferingRef, OrderItem, Place, Product
from canonical.references import Offering, References
from canonical.states import Action

from .profile import Agreement
from .vocabulary import ITEM_TYPE, OURS, RETAIL

__all__ = [
    "DELIVERY",
    "INTERACTION",
    "PICKUP",
    "PREVIOUS",
    "Line",
    "lines_of",
    "read_items",
    "read_patch",
]

PICKUP, DELIVERY, PREVIOUS = "CustomerOrderForPickup", "CustomerOrderForDelivery", "PreviousCustomerOrder"
# The hub's own: what happened at the counter, and is no order.
INTERACTION = "Interaction"

_FIELDS = frozenset(
    {
        "POSIdentity", "ItemID", "Quantity", "RegularSalesUnitPrice", "ActualSalesUnitPrice", "SerialNumber",
        "ItemLink", "PickupLocation", "PickupDateTime", "Delivery", "Action", "Group",
    }
)  # fmt: skip
# What the till made of it, and what the catalogue says of the product.
_PASSED_OVER = frozenset(
    {
        "Description", "DiscountAmount", "ExtendedAmount", "ExtendedDiscountAmount", "InventoryReservationID",
        "ItemNotOnFileFlag", "MerchandiseHierarchy", "RetailPriceModifier", "Tax", "TaxIncludedInPriceFlag",
        "UnitCostPrice", "UnitListPrice",
    }
)  # fmt: skip
# What a line may say that changes an earlier one.
_CHANGES = (_FIELDS - {"SerialNumber", "ItemLink", "Action", "Group"}) | {"PreviousLineNumber"}
# The hub's own: a till orders, unless the customer gives something back or changes what he has.
_ACTIONS = {"Add": Action.ADD, "Modify": Action.MODIFY, "Delete": Action.DELETE}
_MOST = 1_000_000
_MONEY_LIMIT = 10**12
# Pieces, and not dozens or gallons.
_EACH = frozenset({"EA", "Ea", "Each"})
# Lines within lines; an order that is nested deeper is a list tied into a chain.
_MAX_LEVELS = 16


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line item of a kind that concerns customer orders, or what happened beside them: ``node`` says what,
    ``line`` holds it.
    """

    line: XmlNode
    node: XmlNode

    @property
    def kind(self) -> str:
        """
        ``CustomerOrderForPickup``, ``CustomerOrderForDelivery``, ``PreviousCustomerOrder``, ``Interaction``.
        """
        return self.node.local


def lines_of(retail: XmlNode) -> tuple[Line, ...]:
    """
    The lines that concern customer orders, or say what happened, and were not voided; sales, tenders and
    other extensions are no business of ours.

    Raises:
        Rejected: ``E_XML_REPEAT`` for a line that is two things, ``E_VALUE`` for a flag that is neither true
            nor false.
    """
    found: list[Line] = []
    for line in retail.all("LineItem"):
        if line.flag("VoidFlag"):
            continue
        inside = [one for one in line.children if (one.uri, one.local) in _KINDS]
        if len(inside) > 1:
            raise inside[1].reject("E_XML_REPEAT", "the line is something else already", "one kind")
        found += [Line(line, one) for one in inside]
    return tuple(found)


_KINDS = frozenset({(RETAIL, PICKUP), (RETAIL, DELIVERY), (RETAIL, PREVIOUS), (OURS, INTERACTION)})


def read_items(
    lines: Sequence[Line], agreed: Agreement, references: References
) -> tuple[tuple[OrderItem, ...], dt.datetime | None]:
    """
    The items, and when the last of them is wanted.

    Raises:
        Rejected: At the first fault.
    """
    wanted: list[dt.datetime] = []
    read: dict[str, tuple[OrderItem, str, XmlNode]] = {}
    for one in lines:
        number = one.line.child("SequenceNumber")
        id_ = number.key(20)
        if id_ in read:
            raise number.reject("E_DUPLICATE_LINE", f"line {shown(id_)} was there before", "each once")
        one.node.refuse_unknown(_FIELDS | _PASSED_OVER)
        link = one.node.get("ItemLink")
        item = _item(one, id_, agreed, references)
        read[id_] = (item, link.key(20) if link else "", one.node)
        wanted += _wanted(one, agreed)
    return _nested(read), max(wanted, default=None)


def read_patch(
    lines: Sequence[Line], agreed: Agreement, references: References
) -> tuple[tuple[ItemPatch, ...], dt.datetime | None]:
    """
    What lines that name an earlier one change of it, and when the last of them is wanted; what a line does
    not say stays.

    Raises:
        Rejected: At the first fault; ``E_NO_ORDER`` for a line that changes nothing.
    """
    wanted: list[dt.datetime] = []
    read: dict[str, ItemPatch] = {}
    for one in lines:
        number = one.node.child("PreviousLineNumber")
        item = number.key(128)
        if item in read:
            raise number.reject("E_DUPLICATE_LINE", f"line {shown(item)} was there before", "each once")
        one.node.refuse_unknown(_CHANGES | _PASSED_OVER)
        dates = _wanted(one, agreed)
        read[item] = _patch(one, item, agreed, references)
        if read[item] == ItemPatch(item=item) and not dates:
            raise one.node.reject("E_NO_ORDER", "nothing of the line is changed", "Quantity, ItemID…")
        wanted += dates
    return tuple(one for one in read.values() if one != ItemPatch(item=one.item)), max(wanted, default=None)


def _patch(one: Line, item: str, agreed: Agreement, references: References) -> ItemPatch:
    node = one.node
    offering = _offering(node, agreed, references) if list(_codes(node)) else None
    said = node.has("PickupLocation") if one.kind == PICKUP else node.has("Delivery")
    return ItemPatch(
        item=item,
        product_offering=OfferingRef(id=offering.id, name=offering.name) if offering else None,
        quantity=_quantity(node, offering) if node.has("Quantity") else None,
        place=(_place(one, agreed),) if said else None,
        item_price=_price(node, agreed) or None,
    )


def _nested(read: dict[str, tuple[OrderItem, str, XmlNode]]) -> tuple[OrderItem, ...]:
    """
    Items within those that they are linked to; a link leads to an earlier line, so there are no circles.
    """
    held: dict[str, list[OrderItem]] = {id_: [] for id_ in read}
    _check_links(read)
    tops: list[OrderItem] = []
    for id_, (item, link, _) in reversed(read.items()):
        whole = replace(item, product_order_item=tuple(reversed(held[id_]))) if held[id_] else item
        (held[link] if link else tops).append(whole)
    return tuple(reversed(tops))


def _check_links(read: Mapping[str, tuple[OrderItem, str, XmlNode]]) -> None:
    levels = {"": 0}
    for id_, (_, link, node) in read.items():
        if link not in levels:
            what = f"no earlier line has the number {shown(link)}"
            raise node.child("ItemLink").reject("E_VALUE", what, "an earlier line that orders something")
        levels[id_] = levels[link] + 1
        if levels[id_] > _MAX_LEVELS:
            what = "lines within lines too deep"
            raise node.child("ItemLink").reject("E_DEPTH", what, f"at most {_MAX_LEVELS} levels")


def _item(one: Line, id_: str, agreed: Agreement, references: References) -> OrderItem:
    offering = _offering(one.node, agreed, references)
    place = _place(one, agreed)
    serial, action, group = (one.node.get(name) for name in ("SerialNumber", "Action", "Group"))
    return OrderItem(
        id=id_,
        line_ref=id_,
        action=_ACTIONS[action.enum(_ACTIONS, code="E_ACTION")] if action else Action.ADD,
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        quantity=_quantity(one.node, offering),
        product=Product(product_serial_number=serial.text(128) if serial else "", place=(place,)),
        item_price=_price(one.node, agreed),
        category=offering.category,
        choice_group=group.key() if group else "",
    )


def _offering(node: XmlNode, agreed: Agreement, references: References) -> Offering:
    """
    By whichever of its codes the catalogue knows; two that are known must mean the same.
    """
    given = list(_codes(node))
    if not given:
        raise node.reject("E_MISSING", "the line names no product", "POSIdentity or ItemID")
    known = [(found, place) for kind, place in given if (found := _known(kind, place, agreed, references))]
    if not known:
        kind, place = given[0]
        what = f"unknown {kind} code {shown(place.text(64))}"
        raise place.reject("E_OFFERING", what, f"a code of the catalogue for {agreed.endpoint.id}")
    (first, _), *others = known
    for other, place in others:
        if other.id != first.id:
            what = f"{shown(place.text(64))} is {other.id}, but another code of the line is {first.id}"
            raise place.reject("E_OFFERING", what, "codes of one offering")
    return first


def _codes(node: XmlNode) -> Sequence[tuple[str, XmlNode]]:
    found: list[tuple[str, XmlNode]] = []
    for identity in node.all("POSIdentity"):
        kind = identity.attribute("POSIDType", max_len=32) or "GTIN"
        found.append((kind, identity.child("POSItemID")))
    item = node.get("ItemID")
    return [*found, (ITEM_TYPE, item)] if item else found


def _known(kind: str, place: XmlNode, agreed: Agreement, references: References) -> Offering | None:
    code = place.text(64)
    try:
        return references.offering_by_code(agreed.endpoint, kind, code, "")
    except Rejected:
        return None


def _quantity(node: XmlNode, offering: Offering | None) -> int:
    said = node.get("Quantity")
    if said is None:
        return 1
    said.refuse_attributes({"EntryMethod", "Units", "UnitOfMeasureCode"})
    # "Three cans: Quantity 3, Units 3, UnitOfMeasureCode Ea" (ARTS data dictionary).
    _refuse_other(said, "Units", {"1", said.text()})
    _refuse_other(said, "UnitOfMeasureCode", _EACH)
    most = offering.max_quantity if offering else _MOST
    number = said.decimal(1, most)
    if number != number.to_integral_value():
        allowed = f"a whole number from 1 to {most}"
        raise said.reject("E_RANGE", f"quantity {shown(number)}", allowed)
    return int(number)


def _price(node: XmlNode, agreed: Agreement) -> tuple[ItemPrice, ...]:
    said = node.get("ActualSalesUnitPrice") or node.get("RegularSalesUnitPrice")
    if said is None:
        return ()
    said.refuse_attributes({"Currency", "EntryMethod", "Quantity"})
    _refuse_other(said, "Quantity", {"1"})
    currency = said.attribute("Currency")
    if currency is not None and currency != agreed.currency:
        what = f"a price in {shown(currency)}, where all are in {agreed.currency}"
        raise said.reject("E_VALUE", what, agreed.currency)
    amount: Decimal = said.decimal(-_MONEY_LIMIT, _MONEY_LIMIT, scale=6)
    return (ItemPrice(price_type="oneTime", price=Money(value=amount, unit=agreed.currency)),)


def _refuse_other(node: XmlNode, name: str, allowed: Collection[str]) -> None:
    """A dozen of them, or the price of a dozen, is no number of pieces."""
    found = node.attribute(name)
    if found is not None and found not in allowed:
        raise node.reject("E_VALUE", f"{name} is {shown(found)}", f"one of {', '.join(sorted(allowed))}")


def _place(one: Line, agreed: Agreement) -> Place:
    """
    Where it is handed over: a store, by default the one that sold it, or the customer's door.
    """
    if one.kind == PICKUP:
        named = one.node.get("PickupLocation")
        store = named.child("RetailStoreID").key(20) if named else agreed.store
        return Place(role="deliveryAddress", place=Address(id=store, name=f"Store {store}"))
    return Place(role="deliveryAddress", place=_address(one.node.child("Delivery").child("Address")))


def _address(node: XmlNode) -> Address:
    node.refuse_unknown(("Name", "AddressLine", "City", "State", "PostalCode", "Country"))
    lines = [each.text() for each in node.all("AddressLine", low=1, high=4)]
    parts = {"Name": "name", "City": "city", "State": "state_or_province", "PostalCode": "postcode"}
    parts["Country"] = "country"
    said = {field: one.text() for local, field in parts.items() if (one := node.get(local))}
    return Address(street=", ".join(lines), **said)


def _wanted(one: Line, agreed: Agreement) -> list[dt.datetime]:
    if one.kind == PICKUP:
        said = one.node.get("PickupDateTime")
    else:
        delivery = one.node.get("Delivery")
        said = delivery.get("DeliveryDateTime") if delivery else None
    return [agreed.instant(said)] if said else []
