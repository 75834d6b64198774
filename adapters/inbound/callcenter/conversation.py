"""
One conversation at the call centre: what was said so far, what happened, what is to be proposed.

Siebel has no layout for it; the elements are the hub's own, and speak in the words of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from adapters.formats.soap import Version, envelope_bytes
from adapters.formats.xml_element import Element
from adapters.formats.xml_node import XmlNode
from adapters.kit.contract import Native
from canonical.commands import OrderRef, Origin, RecordInteraction, RejectedDocument, Resume
from canonical.conversation import ConversationView, Interaction, Recommendation
from canonical.errors import Rejected
from canonical.notices import Notice, Verdict
from canonical.order import Order, OrderItem

from .profile import Agreement
from .vocabulary import ACTIONS, PREFIXES, STATE_WORDS, data, service, texts

__all__ = [
    "INTERACTION",
    "RESUME",
    "conversation_answer",
    "draft_items",
    "interaction_taken",
    "read_interaction",
    "read_resume",
    "recommendation",
]

RESUME, INTERACTION = "SWIConversationQuery", "SWIInteraction"
"""Document types."""

_MAX_TEXT = 4_000
_WORDS = {action: word for word, action in reversed(list(ACTIONS.items()))}


def read_resume(node: XmlNode, origin: Origin) -> Resume | RejectedDocument:
    """
    By a token, a conversation's id, a number of an order, or with ``AliasType`` one of the customer.
    """
    asked = replace(origin, document_type=RESUME)
    try:
        node.refuse_unknown(("OrderNumber", "AliasType"))
        number, kind = node.child("OrderNumber").text(128), node.get("AliasType")
        about = OrderRef(value=number, type=kind.text(32) if kind else "")
        return Resume(origin=replace(asked, details={**origin.details, "number": number}), about=about)
    except Rejected as rejected:
        return RejectedDocument(origin=asked, fault=rejected.fault)


def read_interaction(
    node: XmlNode, origin: Origin, agreed: Agreement
) -> RecordInteraction | RejectedDocument:
    """
    What happened, and to whom: a complaint, a call, a visit.
    """
    told = replace(origin, document_type=INTERACTION)
    try:
        node.refuse_unknown(("Id", "Type", "AccountId", "Comments", "Date"))
        number = node.child("Id").key()
        told = replace(told, document=number, details={**origin.details, "row": number})
        comments, date = node.get("Comments"), node.get("Date")
        return RecordInteraction(
            origin=told,
            kind=node.child("Type").key().lower(),
            party=node.child("AccountId").text(128),
            text=comments.text(_MAX_TEXT, lines=True) if comments else "",
            at=agreed.instant(date) if date else None,
        )
    except Rejected as rejected:
        return RejectedDocument(origin=told, fault=rejected.fault)


def interaction_taken(verdicts: Sequence[Verdict], version: Version) -> Native:
    """
    The answer to interactions that were recorded.
    """
    listed = [data("SWIInteraction", texts({"Id": one.origin.details.get("row", "")})) for one in verdicts]
    body = envelope_bytes(
        version, service("SWIInteraction_Output", data("ListOfSWIOrderIO", listed)), PREFIXES
    )
    return Native(body, version.content_type, f"SWIInteraction_Output: {len(verdicts)} taken")


def conversation_answer(
    notice: Notice, view: ConversationView, agreed: Agreement, version: Version
) -> Native:
    """
    What was said so far.
    """
    said = {
        "ConversationId": view.id,
        "ConversationToken": view.token,
        "TokenExpires": agreed.written(view.token_until) if view.token_until else "",
    }
    orders = [*([view.draft] if view.draft else []), *view.orders]
    listed = data("ListOfSWIOrder", [_order(one) for one in orders]) if orders else None
    found = [_interaction(one, agreed) for one in view.interactions]
    asked = [recommendation(one, agreed) for one in view.recommendations]
    inside = [
        *texts(said),
        *([listed] if listed is not None else []),
        *([data("ListOfSWIInteraction", found)] if found else []),
        *([data("ListOfSWIRecommendation", asked)] if asked else []),
    ]
    body = envelope_bytes(
        version, service("SWIConversationQuery_Output", data("SWIConversation", inside)), PREFIXES
    )
    return Native(body, version.content_type, f"SWIConversationQuery_Output {view.id or notice.asked}")


def draft_items(order: Order) -> Iterator[Element]:
    """The items of a draft, as an upsert says them."""
    for top in order.product_order_item:
        yield from _items(top, "")


def recommendation(one: Recommendation, agreed: Agreement) -> Element:
    """What is to be proposed; ``Question`` is what an answer names."""
    said = {
        "Question": one.id,
        "Product": one.offering.name or one.offering.id,
        "Offer": one.text,
        "Reason": one.reason,
        "Apology": one.apology,
        "ValidUntil": agreed.written(one.valid_until),
        "AnswerBy": agreed.written(one.answer_by) if one.answer_by else "",
    }
    return data("SWIRecommendation", texts(said))


def _order(order: Order) -> Element:
    said = {
        "IntegrationId": order.id,
        "Revision": str(order.version),
        "Status": STATE_WORDS[order.state],
        "Progress": f"{order.progress.done}/{order.progress.total}" if order.progress.total else "",
    }
    return data("SWIOrder", [*texts(said), data("ListOfSWIOrderItem", list(draft_items(order)))])


def _items(item: OrderItem, parent: str) -> Iterator[Element]:
    said = {
        "Id": item.line_ref or item.id,
        "LineNumber": item.id,
        "ParentOrderItemId": parent,
        "ActionCode": _WORDS[item.action],
        "Product": item.product_offering.name or item.product_offering.id,
        "ProductId": item.product_offering.id,
        "Qty": str(item.quantity),
        "ChoiceGroup": item.choice_group,
        "AssetIntegrationId": item.product.id,
        "ServiceId": item.product.product_serial_number,
    }
    values = [
        data("SWIOrderItemXa", texts({"Name": one.name, "Value": one.value}))
        for one in item.product.product_characteristic
    ]
    listed = [data("ListOfSWIOrderItemXa", values)] if values else []
    yield data("SWIOrderItem", [*texts(said), *listed])
    for one in item.product_order_item:
        yield from _items(one, item.line_ref or item.id)


def _interaction(one: Interaction, agreed: Agreement) -> Element:
    said = {"Type": one.kind, "Date": agreed.written(one.at), "Channel": one.channel, "Comments": one.text}
    return data("SWIInteraction", texts(said))
