"""
A kiosk's cart, read into what the canonical order says of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from adapters.formats.json_node import Node
from adapters.formats.numbering import wrong_number
from canonical.errors import shown
from canonical.order import (
    Address,
    Characteristic,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.references import Endpoint, References
from canonical.states import Action

__all__ = [
    "ACTIONS",
    "CODE_TYPE",
    "MAX_LINES",
    "Lines",
    "cart_order",
    "customer_of",
    "delivery",
    "options",
]

CODE_TYPE = "SKU"
"""Type of the catalogue's codes that stand in ``sku``."""

ACTIONS: Mapping[str, Action] = {
    "ADD": Action.ADD,
    "CHANGE": Action.MODIFY,
    "REMOVE": Action.DELETE,
    "KEEP": Action.NO_CHANGE,
}
"""What a kiosk says is to be done."""

# How a kiosk may know a customer: the typed ids by which parties are joined.
_CUSTOMERS = ("customerId", "account", "email", "loyaltyId", "msisdn")
_CUSTOMER_ID = "customerId"

MAX_LINES = 100
"""What a person has patience for at a screen, with some room."""

_MAX_OPTIONS = 50
_MAX_LINE_NUMBER = 9999

_ADDRESS = {
    "name": "name",
    "street": "street",
    "city": "city",
    "state": "state_or_province",
    "postcode": "postcode",
    "country": "country",
}


def cart_order(document: Node, endpoint: Endpoint, references: References) -> OrderContent:
    """
    The order that the document's cart is.

    Raises:
        Rejected: At the first fault; ``where`` is a JSON path.
    """
    parties = (*_customer(document), *_store(document))
    lines = Lines(endpoint, references, {})
    return OrderContent(
        product_order_item=tuple(map(lines.item, document.child("cart").items(low=1, high=MAX_LINES))),
        related_party=parties,
        place=tuple(delivery(document)),
        note=tuple(_consent(document)),
    )


class Lines:
    """
    Reader of the lines of one cart.

    Args:
        seen: Where a line was named before, by its number; it grows.
    """

    def __init__(self, endpoint: Endpoint, references: References, seen: dict[str, str]) -> None:
        self._endpoint = endpoint
        self._references = references
        self._seen = seen

    def item(self, line: Node) -> OrderItem:
        """
        One line as an item.

        Raises:
            Rejected: At the first fault.
        """
        line.refuse_unknown(("line", "sku", "action", "qty", "product", "options", "item", "group"))
        number = self._number(line.child("line"))
        item, group = line.get("item"), line.get("group")
        action = ACTIONS[line.child("action").enum(ACTIONS, code="E_ACTION")]
        sku = line.child("sku")
        offering = self._references.offering_by_code(self._endpoint, CODE_TYPE, sku.key(), sku.where)
        quantity, product = line.get("qty"), line.get("product")
        return OrderItem(
            id=item.key() if item else number,
            line_ref=number,
            choice_group=group.key() if group else "",
            action=action,
            product_offering=OfferingRef(id=offering.id, name=offering.name),
            category=offering.category,
            quantity=quantity.integer(1, offering.max_quantity) if quantity else 1,
            product=Product(id=product.key() if product else "", product_characteristic=tuple(_chosen(line))),
        )

    def _number(self, node: Node) -> str:
        number = str(node.integer(1, _MAX_LINE_NUMBER))
        if number in self._seen:
            what = f"line {number} was there before, at {self._seen[number]}"
            raise node.reject("E_DUPLICATE_LINE", what, "each number once in a cart")
        self._seen[number] = node.where
        return number


def _chosen(line: Node) -> Iterator[Characteristic]:
    for one in options(line):
        if isinstance(one, str):
            node = line.child("options").child(one)
            raise node.reject("E_TYPE", "is null", "text, a number, true or false")
        yield one


def options(line: Node) -> Iterator[Characteristic | str]:
    """
    The customer's choices; the name of one that is taken back (``null``).

    Raises:
        Rejected: At the first fault.
    """
    said = line.get("options")
    for count, (name, value) in enumerate(said.members() if said else ()):
        if count == _MAX_OPTIONS:
            raise value.reject("E_RECORDS", f"more than {_MAX_OPTIONS} options", f"at most {_MAX_OPTIONS}")
        if not name or len(name) > 128 or not name.isprintable() or name != name.strip():
            raise value.reject("E_KEY_FORMAT", f"{shown(name)} is no name", "1 to 128 visible characters")
        if value.value is None:
            yield name
            continue
        option = _option(name, value)
        if wrong := wrong_number(name, option.value):
            raise value.reject("E_VALUE", *wrong)
        yield option


def _option(name: str, node: Node) -> Characteristic:
    """Numbers keep the digits that the kiosk wrote."""
    match node.value:
        case bool(value):
            return Characteristic(name=name, value=str(value).lower(), value_type="boolean")
        case int():
            return Characteristic(name=name, value=str(node.integer()), value_type="integer")
        case Decimal():
            return Characteristic(name=name, value=format(node.decimal(), "f"), value_type="number")
        case _:
            return Characteristic(name=name, value=node.text())


def _customer(document: Node) -> Iterator[RelatedParty]:
    """An id that is no customer id says of which type it is: nobody takes a number for an account."""
    found = document.get("customerRef")
    if found is not None:
        yield RelatedParty(role="customer", party_or_party_role=customer_of(found))


def customer_of(found: Node) -> PartyRef:
    """
    The customer that a ``customerRef`` names.

    Raises:
        Rejected: What is wrong with it.
    """
    found.refuse_unknown(("type", "value", "name"))
    kind, value, name = found.child("type").enum(_CUSTOMERS), found.child("value"), found.get("name")
    id_ = value.text(100)
    if id_ != id_.strip():
        raise value.reject("E_KEY_FORMAT", f"{shown(id_)} is not an identifier", "no blank at either end")
    if wrong := wrong_number(kind, id_):
        raise value.reject("E_VALUE", *wrong)
    return PartyRef(
        id=id_ if kind == _CUSTOMER_ID else f"{kind}:{id_}", name=name.text(blank=True) if name else ""
    )


def _store(document: Node) -> Iterator[RelatedParty]:
    store = document.get("storeId")
    if store:
        yield RelatedParty(role="store", party_or_party_role=PartyRef(id=store.key()))


def delivery(document: Node) -> Iterator[Place]:
    """
    Where it goes, if the document says it.

    Raises:
        Rejected: At the first fault.
    """
    place = document.get("deliverTo")
    if place:
        place.refuse_unknown(_ADDRESS)
        said = {_ADDRESS[name]: each.text(blank=True) for name, each in place.members()}
        yield Place(role="deliveryAddress", place=Address(**said))


def _consent(document: Node) -> Iterator[Note]:
    consent = document.get("consent")
    if consent:
        consent.refuse_unknown(("terms", "signedAt"))
        terms, signed = consent.child("terms").key(), consent.child("signedAt").instant()
        yield Note(text=f"terms {terms} signed at {signed:%Y-%m-%dT%H:%M:%SZ}", author="customer")
