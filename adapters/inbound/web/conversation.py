"""
One conversation over the web's queue: drafts, what was said so far, what happened, what is to be proposed.

A draft is TMF622's ``ProductOrder`` with ``requestedInitialState`` draft, an interaction TMF683's
``PartyInteraction``, a recommendation TMF680's.  A conversation has no resource of its own there; its
``@type`` is the hub's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from adapters.formats.json_node import Node
from canonical.commands import OrderRef, Origin, RecordInteraction, Resume, SaveDraft, SubmitOrder
from canonical.conversation import ConversationView, Interaction, Recommendation
from canonical.notices import Notice
from canonical.order import Order, RelatedParty
from canonical.references import References

from .members import Table, array, identifier, members, prose
from .parts import party
from .reader import CONVERSATION, DRAFT, order_content
from .writer import Json, entity, event_document, order_document

__all__ = [
    "INTERACTION",
    "RESUME",
    "asking_event",
    "conversation_document",
    "in_conversation",
    "read_interaction",
    "read_order",
    "read_resume",
]

RESUME = "ConversationResumeRequest"
INTERACTION = "PartyInteraction"

_CUSTOMER = "customer"


def read_order(node: Node, origin: Origin, references: References) -> SubmitOrder | SaveDraft:
    """An order, a draft, or the document that completes one."""
    said = {name: read for name, read in CONVERSATION.items() if node.get(name)}
    if "conversationId" in said and "conversationToken" in said:
        raise node.child("conversationToken").reject(
            "E_VALUE", "the conversation is named twice", "conversationId or conversationToken"
        )
    facts = {field: read(node.child(name)) for name, (field, read) in said.items()}
    state = node.get("requestedInitialState")
    draft = state is not None and state.value == DRAFT
    talks = draft or "conversation" in facts
    content = order_content(node, references, talks=talks)
    kind = SaveDraft if draft else SubmitOrder
    return kind(origin=origin, order=content, **facts)


def read_resume(node: Node, origin: Origin, references: References) -> Resume:
    """``about`` is a token, a conversation's id, a number of an order, or with ``aboutType`` a customer's."""
    table: Table = {
        "requestId": ("request", identifier),
        "about": ("about", identifier),
        "aboutType": ("type", identifier),
    }
    found = members(node, table, needed=("about",))
    asked = replace(origin, document=found.get("request", ""))
    return Resume(origin=asked, about=OrderRef(value=found["about"], type=found.get("type", "")))


def read_interaction(node: Node, origin: Origin, references: References) -> RecordInteraction:
    """TMF683 v5; of its properties those that say who, what and when."""
    table: Table = {
        "id": ("number", Node.key),
        "reason": ("kind", identifier),
        "description": ("text", prose),
        "interactionDate": ("at", _begun),
        "relatedParty": ("party", array(party)),
    }
    ignored = ("href", "direction", "status", "relatedChannel", "interactionItem", "creationDate")
    found = members(node, table, ignored=ignored, needed=("id", "reason", "relatedParty"))
    return RecordInteraction(
        origin=replace(origin, document=found["number"]),
        kind=found["kind"],
        party=_customer(node, found["party"]),
        text=found.get("text", ""),
        at=found.get("at"),
    )


def _begun(node: Node) -> datetime:
    found: datetime = members(
        node, {"startDateTime": ("at", Node.instant)}, ignored=("endDateTime",), needed=("startDateTime",)
    )["at"]
    return found


def _customer(node: Node, parties: tuple[RelatedParty, ...]) -> str:
    for one in parties:
        if one.role == _CUSTOMER:
            return one.party_or_party_role.id
    raise node.child("relatedParty").reject(
        "E_MISSING", "it says no customer", "a party in the role customer"
    )


def in_conversation(document: Json, order: Order, token: str = "") -> Json:
    """An order's document, with what resumes its conversation elsewhere."""
    more = {"conversationId": order.conversation_id, "conversationToken": token}
    return {**document, **{name: text for name, text in more.items() if text}}


def conversation_document(notice: Notice, view: ConversationView) -> Json:
    """What was said so far."""
    return entity(
        "Conversation",
        id=view.id,
        about=notice.asked,
        requestId=notice.origin.document if notice.origin else "",
        conversationToken=view.token,
        conversationTokenExpires=view.token_until,
        draft=order_document(view.draft) if view.draft else None,
        productOrder=[order_document(one) for one in view.orders],
        partyInteraction=[_interaction(one) for one in view.interactions],
        recommendation=[_recommendation(one) for one in view.recommendations],
    )


def asking_event(notice: Notice, asked: Recommendation, order: Order, at: datetime) -> Json:
    """The event of an order that waits for the customer's answer to a recommendation."""
    kind = "ProductOrderInformationRequiredEvent"
    told = _recommendation(asked)
    return event_document(kind, notice, order, at, about=asked.id, recommendation=told)


def _interaction(one: Interaction) -> Json:
    return entity(
        INTERACTION,
        id=one.id,
        reason=one.kind,
        description=one.text,
        interactionDate={"startDateTime": one.at},
        relatedChannel=[entity("RelatedChannel", role="capture", channel=_channel(one.channel))],
    )


def _channel(name: str) -> Any:
    return entity("ChannelRef", id=name)


def _recommendation(one: Recommendation) -> Json:
    offering = entity("ProductOfferingRef", id=one.offering.id, name=one.offering.name)
    return entity(
        "Recommendation",
        question=one.id,
        name=one.name,
        description=one.text,
        reason=one.reason,
        apology=one.apology,
        validFor={"startDateTime": one.made, "endDateTime": one.valid_until},
        answerBy=one.answer_by,
        recommendationItem=[entity("RecommendationItem", productOffering=offering)],
    )
