"""
The canonical order: TMF622 v5's field names, plus the few that a hub needs.

Source of the names: TMF622 Product Ordering v5.0.0 (``ProductOrder``, ``ProductOrderItem``).
The hub's own: ``version``, ``conversationId``, ``rulesVersion``, ``progress``; on items ``lineRef``,
``choiceGroup``, ``category``, ``cause``; on channels ``endpoint``, ``at``, ``actor``.
Anything else that a channel wants to say goes into characteristics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum

from .base import Canonical, Count, Id, Instant, Text
from .states import Action, Cause, State

__all__ = [
    "Address",
    "ChannelRef",
    "ChannelRole",
    "Characteristic",
    "ErrorMessage",
    "ExternalId",
    "ItemPrice",
    "ItemRelationship",
    "JeopardyAlert",
    "Milestone",
    "Money",
    "Note",
    "OfferingRef",
    "Order",
    "OrderContent",
    "OrderItem",
    "OrderRelationship",
    "PartyRef",
    "Place",
    "Product",
    "Progress",
    "RelatedChannel",
    "RelatedParty",
    "every_item",
]


class ChannelRole(StrEnum):
    """What a channel did for an order."""

    CAPTURE = "capture"
    RESUME = "resume"
    AMEND = "amend"
    COMPLETE = "complete"
    INFORM = "inform"


class ExternalId(Canonical, frozen=True):
    """An id under which ``owner`` (an endpoint or a system) knows the order."""

    owner: Id
    external_identifier_type: Id
    id: Id


class ChannelRef(Canonical, frozen=True):
    """A channel by its name."""

    id: Id
    name: Text = ""


class RelatedChannel(Canonical, frozen=True):
    """A channel that had to do with the order: who, through which endpoint, when."""

    role: ChannelRole
    channel: ChannelRef
    endpoint: Id
    at: Instant
    actor: Text = ""


class PartyRef(Canonical, frozen=True):
    """A party or party role; ``name`` is personal data."""

    id: Id
    name: Text = ""


class RelatedParty(Canonical, frozen=True):
    """A party in its role: ``customer``, ``salesAgent``, ``partner``, ``technician``."""

    role: Id
    party_or_party_role: PartyRef


class Address(Canonical, frozen=True):
    """A postal address (TMF673 words); every field is personal data."""

    id: Text = ""
    name: Text = ""
    street: Text = ""
    city: Text = ""
    state_or_province: Text = ""
    postcode: Text = ""
    country: Text = ""


class Place(Canonical, frozen=True):
    """Where something goes; ``role`` is ``deliveryAddress`` or ``installationAddress``."""

    role: Id
    place: Address


class Note(Canonical, frozen=True):
    """Free text by ``author``."""

    text: Text
    author: Text = ""


class Money(Canonical, frozen=True):
    """An amount in a currency (ISO 4217); on the wire the value is a string."""

    value: Decimal
    unit: Id


class ItemPrice(Canonical, frozen=True):
    """One price of one item; ``price_type`` is ``oneTime``, ``recurring`` or ``usage``."""

    price_type: Id
    price: Money
    name: Text = ""
    recurring_charge_period: Text = ""


class Characteristic(Canonical, frozen=True):
    """A named property of a product; the value is always text."""

    name: Id
    value: Text
    value_type: Id = "string"


class Product(Canonical, frozen=True):
    """The product that an item is about."""

    id: Text = ""
    product_serial_number: Text = ""
    product_characteristic: tuple[Characteristic, ...] = ()
    place: tuple[Place, ...] = ()

    def value(self, name: str) -> str | None:
        """The value of the characteristic ``name``, or None."""
        return next((one.value for one in self.product_characteristic if one.name == name), None)


class OfferingRef(Canonical, frozen=True):
    """An offering of the catalogue."""

    id: Id
    name: Text = ""


class ItemRelationship(Canonical, frozen=True):
    """``reliesOn``, ``bundles``, ``requires``… another item of the same order."""

    id: Id
    relationship_type: Id


class OrderRelationship(Canonical, frozen=True):
    """A link to another order, such as a follow-on."""

    id: Id
    relationship_type: Id


class OrderItem(Canonical, frozen=True):
    """
    One product of the order.

    ``category`` is filled in from the catalogue and never taken from a sender; ``state`` and
    ``cause`` are the hub's.  ``line_ref`` is the endpoint's own line id.
    """

    id: Id
    action: Action
    product_offering: OfferingRef
    quantity: Count = 1
    product: Product = Product()
    product_order_item_relationship: tuple[ItemRelationship, ...] = ()
    item_price: tuple[ItemPrice, ...] = ()
    note: tuple[Note, ...] = ()
    product_order_item: tuple[OrderItem, ...] = ()
    line_ref: Text = ""
    choice_group: Text = ""
    category: Text = ""
    state: State | None = None
    cause: Cause | None = None


class Milestone(Canonical, frozen=True):
    """Something reached on the way, such as ``shipped``."""

    id: Id
    name: Id
    milestone_date: Instant
    message: Text = ""
    product_order_item: tuple[Id, ...] = ()


class JeopardyAlert(Canonical, frozen=True):
    """A promised date that will be missed, or a wait that the customer should know of."""

    id: Id
    name: Id
    alert_date: Instant
    message: Text = ""
    product_order_item: tuple[Id, ...] = ()


class ErrorMessage(Canonical, frozen=True):
    """Why an item cannot go on, or ended badly; ``code`` is a stable code of ours."""

    code: Id
    reason: Text
    timestamp: Instant
    product_order_item: tuple[Id, ...] = ()


class Progress(Canonical, frozen=True):
    """How many of the current lines are done; cancelled lines are not counted."""

    done: int
    total: int


class OrderContent(Canonical, frozen=True):
    """What a sender says of an order: everything that is not the hub's to decide."""

    product_order_item: tuple[OrderItem, ...]
    external_id: tuple[ExternalId, ...] = ()
    related_party: tuple[RelatedParty, ...] = ()
    place: tuple[Place, ...] = ()
    category: Text = ""
    description: Text = ""
    priority: Text = ""
    requested_start_date: Instant | None = None
    requested_completion_date: Instant | None = None
    note: tuple[Note, ...] = ()

    def party(self, role: str) -> PartyRef | None:
        """The first party in ``role``, or None."""
        return next((one.party_or_party_role for one in self.related_party if one.role == role), None)


class Order(OrderContent, frozen=True, kw_only=True):
    """The hub's order document, as it is announced on ``orders`` and ``status``."""

    id: Id
    state: State
    version: int
    creation_date: Instant
    rules_version: Id
    conversation_id: Text = ""
    cause: Cause | None = None
    channel: tuple[RelatedChannel, ...] = ()
    progress: Progress = Progress(done=0, total=0)
    expected_completion_date: Instant | None = None
    completion_date: Instant | None = None
    cancellation_date: Instant | None = None
    order_relationship: tuple[OrderRelationship, ...] = ()
    product_order_milestone: tuple[Milestone, ...] = ()
    product_order_jeopardy_alert: tuple[JeopardyAlert, ...] = ()
    product_order_error_message: tuple[ErrorMessage, ...] = ()


def every_item(items: Sequence[OrderItem]) -> Iterator[OrderItem]:
    """All items, bundles before what they hold."""
    for item in items:
        yield item
        yield from every_item(item.product_order_item)
