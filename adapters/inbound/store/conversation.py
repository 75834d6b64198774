"""
One conversation at a till: what was said so far, drafts that are kept or completed, what is to be proposed.

``PreviousCustomerOrder`` names the conversation, by its id or by the token on a customer's receipt; POSLog
has no words for the rest, so that it stands in the hub's own namespace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from adapters.formats.xml_element import Element
from adapters.formats.xml_node import XmlNode
from adapters.formats.xml_write import sayable
from canonical.commands import OrderRef, Origin, RecordInteraction, Resume, SaveDraft, SubmitOrder
from canonical.conversation import ConversationView, Interaction, Recommendation, is_token
from canonical.errors import Rejected
from canonical.order import Order, OrderContent, OrderItem, every_item
from canonical.states import Action

from .earlier import COMPLETE, RESUME, SAVE, action_of
from .lines import Line
from .profile import Agreement
from .vocabulary import STATE_WORDS, ours, retail

__all__ = [
    "HAPPENED",
    "RESUMED",
    "conversation_elements",
    "draft_lines",
    "is_kept",
    "read_interaction",
    "read_resume",
    "recommendation",
    "refuse_both",
    "resumes",
    "talk_in",
    "talked",
    "token_elements",
]

RESUMED = "CustomerOrderResume"
"""Document type of the question what was said so far."""

HAPPENED = "CustomerInteraction"
"""Document type of what happened, and is no order."""

_MAX_TEXT = 4_000

# Of RetailTransaction: the till has put it aside, and the customer comes back.
_SUSPENDED = "Suspended"


def talk_in(earlier: Sequence[Line]) -> Line | None:
    """
    The line that says which draft the order lines of its transaction keep or complete.

    Raises:
        Rejected: ``E_VALUE`` when two of them do.
    """
    found = [one for one in earlier if action_of(one) in (SAVE, COMPLETE)]
    if len(found) > 1:
        raise found[1].node.reject("E_VALUE", "the transaction is about a draft already", "one draft")
    if found:
        found[0].node.refuse_unknown(("OrderID", "Action"))
    return found[0] if found else None


def is_kept(node: XmlNode) -> bool:
    """Whether a transaction was put aside: it begins a draft."""
    return node.child("RetailTransaction").attribute("TransactionStatus") == _SUSPENDED


def talked(origin: Origin, content: OrderContent, one: Line | None, *, kept: bool) -> SubmitOrder | SaveDraft:
    """What a transaction is, when it names a draft or was put aside."""
    named = one.node.child("OrderID").text(128) if one is not None else ""
    saves = kept or (one is not None and action_of(one) == SAVE)
    kind = SaveDraft if saves else SubmitOrder
    return kind(origin=origin, order=content, conversation=named)


def resumes(one: Line) -> bool:
    """Whether a line asks for what was said so far: it says so, or names a customer's token."""
    action = action_of(one)
    return action == RESUME or (not action and is_token(one.node.child("OrderID").text(128)))


def read_resume(one: Line, origin: Origin) -> Resume:
    """The question what was said so far."""
    one.node.refuse_unknown(("OrderID", "Action"))
    number = f"{origin.document}.{one.line.child('SequenceNumber').key(20)}"
    asked = replace(origin, document_type=RESUMED, document=number)
    return Resume(origin=asked, about=OrderRef(value=one.node.child("OrderID").text(128)))


def read_interaction(one: Line, transaction: XmlNode, origin: Origin) -> RecordInteraction:
    """
    What happened at the counter, to the customer of the transaction.

    Raises:
        Rejected: ``E_MISSING`` without a kind or a customer.
    """
    kind = one.node.attribute("Kind", max_len=64)
    if not kind:
        raise one.node.reject("E_MISSING", "it does not say what happened", "Kind, such as complaint")
    customer = transaction.child("RetailTransaction").child("Customer").child("CustomerID")
    number = f"{origin.document}.{one.line.child('SequenceNumber').key(20)}"
    return RecordInteraction(
        origin=replace(origin, document_type=HAPPENED, document=number),
        kind=kind,
        party=customer.text(128),
        text=one.node.text(_MAX_TEXT, lines=True, blank=True),
    )


def token_elements(order: Order | None, token: str) -> Iterator[Element]:
    """What resumes the conversation elsewhere."""
    if order is not None and order.conversation_id:
        yield ours("Conversation", sayable(order.conversation_id))
    if token:
        yield ours("Token", sayable(token))


def conversation_elements(view: ConversationView, agreed: Agreement) -> Iterator[Element]:
    """What was said so far."""
    if view.id:
        yield ours("Conversation", sayable(view.id))
    if view.token:
        until = {"ValidUntil": agreed.written(view.token_until)} if view.token_until else {}
        yield ours("Token", sayable(view.token), until)
    if view.draft is not None:
        yield ours("Draft", list(_order(view.draft)), {"Version": str(view.draft.version)})
    for order in view.orders:
        yield ours("Order", list(_order(order)))
    for one in view.interactions:
        yield _interaction(one, agreed)
    for each in view.recommendations:
        yield recommendation(each, agreed)


def draft_lines(order: Order) -> Iterator[Element]:
    """The lines of a draft: what, how many, and of which group of alternatives."""
    for item in every_item(order.product_order_item):
        yield retail("LineItem", list(_line(item)))


def recommendation(one: Recommendation, agreed: Agreement) -> Element:
    """What is to be proposed; ``Question`` is what an answer names."""
    said = {"Question": one.id, "Apology": one.apology, "Text": one.text, "Reason": one.reason}
    inside = [ours(name, sayable(text)) for name, text in said.items() if text]
    inside.append(ours("Offering", sayable(one.offering.name), {"Id": sayable(one.offering.id)}))
    inside.append(ours("ValidUntil", agreed.written(one.valid_until)))
    if one.answer_by is not None:
        inside.append(ours("AnswerBy", agreed.written(one.answer_by)))
    return ours("Recommendation", inside)


def _order(order: Order) -> Iterator[Element]:
    yield retail("OrderID", order.id)
    yield retail("OrderStatus", STATE_WORDS[order.state])
    yield from draft_lines(order)


def _line(item: OrderItem) -> Iterator[Element]:
    yield retail("SequenceNumber", sayable(item.id))
    yield ours("Offering", sayable(item.product_offering.name), {"Id": sayable(item.product_offering.id)})
    yield retail("Quantity", str(item.quantity))
    if item.action is not Action.ADD:
        yield ours("Action", item.action.value)
    if item.choice_group:
        yield ours("Group", sayable(item.choice_group))
    for one in item.product.product_characteristic:
        yield ours("Characteristic", sayable(one.value), {"Name": sayable(one.name)})


def _interaction(one: Interaction, agreed: Agreement) -> Element:
    said = {"Kind": sayable(one.kind), "Channel": sayable(one.channel), "At": agreed.written(one.at)}
    return ours("Interaction", sayable(one.text), said)


def refuse_both(change: Line | None, talk: Line | None) -> None:
    """
    Nothing, when a transaction does not both change an order and complete a draft.

    Raises:
        Rejected: ``E_VALUE``.
    """
    if change is not None and talk is not None:
        raise Rejected(
            "E_VALUE", "the transaction changes an order already", talk.node.where, "an order, or a draft"
        )
