"""
One conversation at a kiosk: carts that are kept, what was said so far, what happened, what is to be proposed.
"""

from __future__ import annotations

from typing import Any

from adapters.formats.json_node import Node
from adapters.kit.contract import Native, Stamp
from canonical.commands import (
    OrderRef,
    Origin,
    RecordInteraction,
    Resume,
    SaveDraft,
    SubmitOrder,
)
from canonical.conversation import TOKEN_TYPE, ConversationView, Interaction, Recommendation
from canonical.notices import Notice
from canonical.order import Order, OrderContent, OrderItem, every_item
from canonical.references import References
from canonical.states import Action

from .answers import kiosk_of, native, said
from .reader import ACTIONS, cart_order, customer_of

__all__ = [
    "conversation_answer",
    "kept_cart",
    "offer",
    "read_cart",
    "read_interaction",
    "read_resume",
]

_MAX_TEXT = 4_000
_WORDS = {action: word for word, action in ACTIONS.items()}


def read_cart(document: Node, origin: Origin, references: References) -> SubmitOrder | SaveDraft:
    """
    A cart that is ordered, or with ``save`` kept; with ``submit`` and no cart the draft as it stands.

    Raises:
        Rejected: At the first fault.
    """
    keeps, submits = (_flag(document, name) for name in ("save", "submit"))
    if keeps and submits:
        raise document.child("submit").reject("E_VALUE", "the cart is kept, and ordered", "save or submit")
    token, conversation = document.get("resumeToken"), document.get("conversation")
    if token and conversation:
        raise conversation.reject("E_VALUE", "the conversation is named twice", "resumeToken or conversation")
    if submits and not (token or conversation):
        raise document.child("submit").reject("E_MISSING", "no draft is named", "resumeToken or conversation")
    named = token or conversation
    version = document.get("version")
    content = (
        OrderContent(product_order_item=())
        if submits
        else cart_order(document, references.endpoints[origin.endpoint], references)
    )
    kind = SaveDraft if keeps else SubmitOrder
    return kind(
        origin=origin,
        order=content,
        conversation=named.key() if named else "",
        base=version.integer(1) if version else None,
    )


def _flag(document: Node, name: str) -> bool:
    found = document.get(name)
    return found is not None and found.boolean()


def read_resume(document: Node, origin: Origin) -> Resume:
    """By a token, or by any id that is the kiosk's own."""
    token = document.get("resumeToken")
    if token:
        return Resume(origin=origin, about=OrderRef(value=token.key(), type=TOKEN_TYPE))
    return Resume(origin=origin, about=OrderRef(value=document.child("resume").key()))


def read_interaction(document: Node, origin: Origin) -> RecordInteraction:
    """What happened, and to whom."""
    text = document.get("text")
    return RecordInteraction(
        origin=origin,
        kind=document.child("interaction").key(),
        party=customer_of(document.child("customerRef")).id,
        text=text.text(_MAX_TEXT, lines=True) if text else "",
    )


def kept_cart(order: Order) -> list[dict[str, Any]]:
    """The lines of a draft, as a cart says them; ``item`` names one that has no line number."""
    return [_line(item) for item in every_item(order.product_order_item)]


def conversation_answer(notice: Notice, view: ConversationView, stamp: Stamp) -> Native:
    """What was said so far."""
    number = notice.origin.document if notice.origin else ""
    document = said(
        kioskId=kiosk_of(stamp),
        txn=number,
        answer="conversation",
        conversation=view.id,
        resumeToken=view.token,
        resumeUntil=view.token_until,
        draft=_draft(view.draft) if view.draft else None,
        orders=[
            said(order=one.id, state=one.state.value, done=one.progress.done, total=one.progress.total)
            for one in view.orders
        ],
        interactions=[_interaction(one) for one in view.interactions],
        offers=[offer(one) for one in view.recommendations],
    )
    return native(document, f"conversation {view.id or notice.asked}")


def offer(one: Recommendation) -> dict[str, Any]:
    """What is to be proposed; ``id`` is what an answer names."""
    return said(
        id=one.id,
        offering=one.offering.id,
        name=one.offering.name,
        apology=one.apology,
        text=one.text,
        until=one.valid_until,
        answerBy=one.answer_by,
    )


def _draft(order: Order) -> dict[str, Any]:
    return said(order=order.id, version=order.version, cart=kept_cart(order))


def _line(item: OrderItem) -> dict[str, Any]:
    number = int(item.id) if item.id.isdecimal() and len(item.id) <= 4 else None
    return said(
        line=number,
        item=item.id if number is None else None,
        offering=item.product_offering.id,
        name=item.product_offering.name,
        action=_WORDS[item.action] if item.action is not Action.ADD else "",
        qty=item.quantity,
        product=item.product.id,
        options={one.name: one.value for one in item.product.product_characteristic},
        group=item.choice_group,
    )


def _interaction(one: Interaction) -> dict[str, Any]:
    return said(kind=one.kind, at=one.at, channel=one.channel, text=one.text)
