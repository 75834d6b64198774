"""
A TMF622 v5 ``ProductOrder`` create, read into what the canonical order says of it.

Names: TMF622 Product Ordering v5.0.0 (``ProductOrder_FVO``).  What is not read here is either the hub's to
say and ignored (``state``, ``channel``…), or would be lost and is therefore refused (``billingAccount``…).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from adapters.formats.json_node import Node
from canonical.errors import Rejected, shown
from canonical.order import (
    Address,
    ExternalId,
    ItemPrice,
    ItemRelationship,
    Money,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.references import References
from canonical.states import Action

from .characteristics import characteristic
from .members import Table, array, currency, identifier, line, members, prose

__all__ = ["OWNER", "document_number", "order_content"]

# Who owns the ids that the web gives.
OWNER = "web"

# TMF622: 0 is the highest.
_PRIORITIES = ("0", "1", "2", "3", "4")
_PRICE_TYPES = ("oneTime", "recurring", "usage")

# ISO 4217 knows at most 4 decimals; rates for usage are finer.
_MONEY_SCALE = 6
_MONEY_LIMIT = 10**12

# Items of one order, at all levels; over 200 is already a project of its own.
_MAX_ITEMS = 1000
_MAX_QUANTITY = 1_000_000


def order_content(node: Node, references: References) -> OrderContent:
    """
    What the document says of its order.

    Raises:
        Rejected: At the first fault, in the order of the document; ``where`` is a JSON path.
    """
    items = _Items(node, references)
    table: Table = {
        "externalId": ("external_id", _external_ids),
        "productOrderItem": ("product_order_item", items.read),
        "relatedParty": ("related_party", array(_party)),
        "place": ("place", array(_place)),
        "category": ("category", line),
        "description": ("description", prose),
        "priority": ("priority", lambda each: each.enum(_PRIORITIES)),
        "requestedStartDate": ("requested_start_date", Node.instant),
        "requestedCompletionDate": ("requested_completion_date", Node.instant),
        "requestedInitialState": ("", _initial_state),
        "note": ("note", array(_note)),
    }
    found = members(node, table, ignored=_THE_HUBS, needed=("productOrderItem",))
    found.pop("", None)
    if "external_id" not in found:
        raise Rejected("E_KEY_MISSING", "the order has no number", f"{node.where}.externalId", "at least one")
    return OrderContent(**found)


# The hub's own to say; portals send them along because they send back what they were given.
_THE_HUBS = frozenset(
    {
        "cancellationDate", "channel", "completionDate", "creationDate", "expectedCompletionDate", "href",
        "notificationContact", "orderDate", "orderTotalPrice", "productOrderErrorMessage",
        "productOrderJeopardyAlert", "productOrderMilestone", "state",
    }
)  # fmt: skip


def document_number(node: Node) -> str:
    """The order's number at the sender, or an empty text when the document has none that can be read."""
    try:
        return node.child("externalId").items(low=1)[0].child("id").key()
    except Rejected:
        return ""


def _initial_state(node: Node) -> str:
    if node.value == "draft":
        raise node.reject("E_ACTION", "saving drafts is not taken yet", "acknowledged")
    return node.enum(("acknowledged",))


def _external_ids(node: Node) -> tuple[ExternalId, ...]:
    if not node.items():
        raise node.reject("E_KEY_MISSING", "the order has no number", "at least one")
    first, *others = node.items()
    return (_number(first), *(_external_id(each) for each in others))


def _number(node: Node) -> ExternalId:
    """The first id is the order's number at the sender: it becomes a key, and is kept to key characters."""
    table: Table = {
        "owner": ("owner", lambda each: each.enum((OWNER,))),
        "externalIdentifierType": ("external_identifier_type", identifier),
        "id": ("id", Node.key),
    }
    defaults = {"owner": OWNER, "external_identifier_type": "orderId"}
    return ExternalId(**defaults | members(node, table, needed=("id",)))


def _external_id(node: Node) -> ExternalId:
    table: Table = {
        "owner": ("owner", identifier),
        "externalIdentifierType": ("external_identifier_type", identifier),
        "id": ("id", identifier),
    }
    return ExternalId(**members(node, table, needed=table))


def _party(node: Node) -> RelatedParty:
    table: Table = {"role": ("role", identifier), "partyOrPartyRole": ("party_or_party_role", _party_ref)}
    return RelatedParty(**members(node, table, needed=table))


def _party_ref(node: Node) -> PartyRef:
    table: Table = {"id": ("id", identifier), "name": ("name", line)}
    return PartyRef(**members(node, table, ignored=("href", "partyId", "partyName"), needed=("id",)))


def _place(node: Node) -> Place:
    table: Table = {"role": ("role", identifier), "place": ("place", _address)}
    return Place(**members(node, table, needed=table))


# The parts of the canonical street line, in the order in which they are written.
_STREET = ("streetNr", "streetNrSuffix", "streetName", "streetType", "streetSuffix")


def _address(node: Node) -> Address:
    """A ``GeographicAddress``, a ``PlaceRef``, or anything else made of their properties."""
    table: Table = {
        "id": ("id", identifier),
        "name": ("name", line),
        "city": ("city", line),
        "stateOrProvince": ("state_or_province", line),
        "postcode": ("postcode", line),
        "country": ("country", line),
        **{part: (part, line) for part in _STREET},
    }
    found = members(node, table, ignored=("href",))
    street = [found.pop(part, "") for part in _STREET]
    address = Address(**found, street=" ".join(filter(None, street)))
    if address == Address():
        raise node.reject("E_MISSING", "the place is empty", "an id or an address")
    return address


def _note(node: Node) -> Note:
    table: Table = {"text": ("text", prose), "author": ("author", line)}
    return Note(**members(node, table, ignored=("id", "date"), needed=("text",)))


class _Items:
    """Reader of the items of one order; it knows all their ids before it reads the first."""

    def __init__(self, order: Node, references: References) -> None:
        self._references = references
        self._ids = frozenset(_ids(order.value))
        self._seen: dict[str, Node] = {}

    def read(self, node: Node) -> tuple[OrderItem, ...]:
        return tuple(self._item(each) for each in node.items(low=1))

    def _item(self, node: Node) -> OrderItem:
        table: Table = {
            "id": ("id", self._id),
            "action": ("action", lambda each: Action(each.enum(tuple(Action), code="E_ACTION"))),
            "quantity": ("quantity", partial(self._quantity, node)),
            "productOffering": ("product_offering", self._offering),
            "product": ("product", _product),
            "productOrderItemRelationship": ("product_order_item_relationship", array(self._relationship)),
            "itemPrice": ("item_price", array(_price)),
            "note": ("note", array(_note)),
            "productOrderItem": ("product_order_item", self.read),
        }
        needed = ("id", "action", "productOffering")
        found = members(node, table, ignored=("state", "itemTotalPrice"), needed=needed)
        category = self._references.offerings[found["product_offering"].id].category
        return OrderItem(**found, category=category)

    def _id(self, node: Node) -> str:
        found = node.key()
        if found in self._seen:
            what = f"item {shown(found)} was there before, at {self._seen[found].where}"
            raise node.reject("E_DUPLICATE_LINE", what, "each id once in an order")
        if len(self._seen) == _MAX_ITEMS:
            raise node.reject("E_RECORDS", f"more than {_MAX_ITEMS} items", f"at most {_MAX_ITEMS}")
        self._seen[found] = node
        return found

    def _quantity(self, item: Node, node: Node) -> int:
        return node.integer(1, self._most(item))

    def _most(self, item: Node) -> int:
        """The most that may be ordered at once of the item's offering, wherever in the item it stands."""
        match item.value:
            case {"productOffering": {"id": str(found)}} if found in self._references.offerings:
                return self._references.offerings[found].max_quantity
            case _:
                return _MAX_QUANTITY

    def _offering(self, node: Node) -> OfferingRef:
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
        if found not in self._ids:
            raise node.reject("E_VALUE", f"no item has the id {shown(found)}", "an item of the same order")
        return found


def _ids(value: Any) -> Iterator[str]:
    """All item ids below ``value``, before anything is known to be right."""
    items = value.get("productOrderItem") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            yield item["id"]
        yield from _ids(item)


# Told of the product by its offering in the catalogue, or for people only.
_OF_THE_OFFERING = (
    "href", "name", "description", "isBundle", "isCustomerVisible", "productOffering",
    "productSpecification", "status",
)  # fmt: skip


def _product(node: Node) -> Product:
    table: Table = {
        "id": ("id", identifier),
        "productSerialNumber": ("product_serial_number", identifier),
        "productCharacteristic": ("product_characteristic", array(characteristic)),
        "place": ("place", array(_place)),
    }
    return Product(**members(node, table, ignored=_OF_THE_OFFERING))


def _price(node: Node) -> ItemPrice:
    table: Table = {
        "priceType": ("price_type", lambda each: each.enum(_PRICE_TYPES)),
        "price": ("price", _net_amount),
        "name": ("name", line),
        "recurringChargePeriod": ("recurring_charge_period", line),
    }
    return ItemPrice(**members(node, table, ignored=("description",), needed=("priceType", "price")))


def _net_amount(node: Node) -> Money:
    """The amount without duty: the one amount that everybody downstream counts with."""
    table: Table = {"dutyFreeAmount": ("money", _money)}
    found: Money = members(node, table, ignored=("taxIncludedAmount", "taxRate"), needed=table)["money"]
    return found


def _money(node: Node) -> Money:
    table: Table = {
        "unit": ("unit", currency),
        "value": ("value", lambda each: each.decimal(-_MONEY_LIMIT, _MONEY_LIMIT, scale=_MONEY_SCALE)),
    }
    return Money(**members(node, table, needed=table))
