"""
A TMF622 v5 ``ProductOrder`` create, read into what the canonical order says of it.

Names: TMF622 Product Ordering v5.0.0 (``ProductOrder_FVO``).  What is not read here is either the hub's to
say and ignored (``state``, ``channel``…), or would be lost and is therefore refused (``billingAccount``…).
"""

from __future__ import annotations

from adapters.formats.json_node import Node
from canonical.errors import Rejected
from canonical.order import ExternalId, OrderContent
from canonical.references import References

from .items import Items
from .members import Table, array, identifier, line, members, prose
from .parts import PRIORITIES, note, party, place

__all__ = [
    "CONVERSATION",
    "DRAFT",
    "OWNER",
    "THE_HUBS",
    "document_number",
    "external_ids",
    "initial_state",
    "order_content",
]

DRAFT = "draft"

CONVERSATION: Table = {
    "conversationId": ("conversation", identifier),
    "conversationToken": ("conversation", identifier),
    "version": ("base", lambda each: each.integer(1)),
}
"""The hub's own: the conversation that an order belongs to, and the version that a draft was made from."""

# Who owns the ids that the web gives.
OWNER = "web"


def order_content(node: Node, references: References, *, talks: bool = False) -> OrderContent:
    """
    What the document says of its order.

    Args:
        talks: It is, or completes, a draft: it may say so, and need not say anything of items.

    Raises:
        Rejected: At the first fault, in the order of the document; ``where`` is a JSON path.
    """
    items = Items(node, references)
    table: Table = {
        "externalId": ("external_id", external_ids),
        "productOrderItem": ("product_order_item", items.read),
        "relatedParty": ("related_party", array(party)),
        "place": ("place", array(place)),
        "category": ("category", line),
        "description": ("description", prose),
        "priority": ("priority", lambda each: each.enum(PRIORITIES)),
        "requestedStartDate": ("requested_start_date", Node.instant),
        "requestedCompletionDate": ("requested_completion_date", Node.instant),
        "requestedInitialState": ("", initial_state),
        **({name: ("", read) for name, (_, read) in CONVERSATION.items()} if talks else {}),
        "note": ("note", array(note)),
    }
    found = members(node, table, ignored=THE_HUBS, needed=() if talks else ("productOrderItem",))
    found.pop("", None)
    if "external_id" not in found:
        raise Rejected("E_KEY_MISSING", "the order has no number", f"{node.where}.externalId", "at least one")
    return OrderContent(**{"product_order_item": (), **found})


THE_HUBS = frozenset(
    {
        "cancellationDate", "channel", "completionDate", "creationDate", "expectedCompletionDate", "href",
        "notificationContact", "orderDate", "orderTotalPrice", "productOrderErrorMessage",
        "productOrderJeopardyAlert", "productOrderMilestone", "state",
    }
)  # fmt: skip
"""The hub's own to say; portals send them along because they send back what they were given."""


def document_number(node: Node) -> str:
    """The order's number at the sender, or an empty text when the document has none that can be read."""
    try:
        return node.child("externalId").items(low=1)[0].child("id").key()
    except Rejected:
        return ""


def initial_state(node: Node) -> str:
    """``draft`` keeps the order, and does nothing yet."""
    return node.enum((DRAFT, "acknowledged"))


def external_ids(node: Node) -> tuple[ExternalId, ...]:
    """
    The ids of an order, its number first.

    Raises:
        Rejected: ``E_KEY_MISSING`` for none, or what is wrong with one.
    """
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
