"""
One SWIOrder: what it asks, and what it says of its order.

A new order is submitted.  A higher revision is the whole order once more, as it shall be; the status
Cancelled asks for its end; a flag that it is on hold keeps it without doing anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from adapters.formats.xml_node import XmlNode
from canonical.amendments import CancelScope
from canonical.commands import (
    AmendOrder,
    Answer,
    AskStatus,
    CancelOrder,
    Command,
    OrderRef,
    Origin,
    RejectedDocument,
    SaveDraft,
    Scope,
    SubmitOrder,
)
from canonical.errors import Rejected
from canonical.order import ExternalId, Note, OrderContent, PartyRef, Place, RelatedParty
from canonical.references import References

from .items import read_items
from .places import place_fields, place_of
from .profile import Agreement
from .vocabulary import NUMBER_TYPE, ROW_TYPE

__all__ = [
    "ANSWERED",
    "CANCEL",
    "ORDER",
    "QUESTION",
    "REVISION",
    "read_answer",
    "read_order",
    "read_question",
]

_LISTED = "ListOfSWIOrderItem"
_FIELDS = frozenset(
    {
        "Id", "OrderNumber", "Revision", "Status", "AccountId", "AccountName", "CurrencyCode", "DueDate",
        "RequestedStartDate", "HoldFlag", "AtomicFlag", "CancelScope", "Priority", "Comments",
        "ConversationId", "ConversationToken", _LISTED,
        *place_fields("ShipTo"),
    }
)  # fmt: skip
# Who typed what when, and what the call centre's own price list makes of it.
_PASSED_OVER = frozenset(
    {
        "ActiveFlag", "Created", "CreatedBy", "ModId", "OrderDate", "OrderTotal", "OrderType",
        "OrganizationId", "PriceList", "SalesRep", "StatusDate", "Updated", "UpdatedBy",
    }
)  # fmt: skip

_CANCELLED = "Cancelled"
_STATUSES = frozenset({"Pending", "Open", _CANCELLED})
# The hub's words are TMF622's, 0 to 4.
_PRIORITIES = {"1-ASAP": "0", "2-High": "1", "3-Medium": "2", "4-Low": "3"}
_SCOPES = {"All": CancelScope.ALL, "WhatIsPossible": CancelScope.WHAT_IS_POSSIBLE}
_MAX_TEXT = 4_000
_MAX_REVISION = 9_999

# Document types: a revision and a cancel have keys of their own beside the order's.  An order on hold is the
# draft of that order.
ORDER, REVISION, CANCEL, HOLD, QUESTION, ANSWERED = (
    "SWIOrder", "SWIOrderRevision", "SWIOrderCancel", "SWIOrderHold", "SWIOrderQuery", "SWIOrderAnswer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Head:
    """
    What decides what is asked.
    """

    number: str
    row: str
    revision: int
    status: str
    hold: bool

    @property
    def kind(self) -> str:
        if self.status == _CANCELLED:
            return CANCEL
        if self.revision > 1:
            return REVISION
        return HOLD if self.hold else ORDER

    @property
    def document(self) -> str:
        """
        The order's number; with its revision where the order may be said again.
        """
        again = self.kind in {REVISION, CANCEL} and self.revision > 1
        return f"{self.number}/{self.revision}" if again else self.number


def read_order(
    node: XmlNode, origin: Origin, agreed: Agreement, references: References
) -> Command | RejectedDocument:
    """
    What the order asks, or the first thing that is wrong with it.
    """
    named = _numbered(node, origin)
    try:
        node.refuse_unknown(_FIELDS | _PASSED_OVER)
        head = _head(node)
        kind = ORDER if head.kind == HOLD else head.kind
        asked = replace(named, document_type=kind, document=head.document)
        return _command(node, head, asked, agreed, references)
    except Rejected as rejected:
        return RejectedDocument(origin=named, fault=rejected.fault)


def read_question(node: XmlNode, origin: Origin) -> AskStatus | RejectedDocument:
    """
    A question for the status of one order, by any of its numbers.
    """
    named = _numbered(node, replace(origin, document_type=QUESTION))
    try:
        node.refuse_unknown(("OrderNumber",))
        number = node.child("OrderNumber").text(128)
        return AskStatus(origin=replace(named, document=number), about=OrderRef(value=number))
    except Rejected as rejected:
        return RejectedDocument(origin=named, fault=rejected.fault)


def read_answer(node: XmlNode, origin: Origin) -> Answer | RejectedDocument:
    """
    Yes or no to a quote; the quote's number is the answer's.
    """
    named = _numbered(node, replace(origin, document_type=ANSWERED))
    try:
        node.refuse_unknown(("OrderNumber", "Question", "Accepted", "Comments"))
        number, question = node.child("OrderNumber").text(128), node.child("Question").text(128)
        return Answer(
            origin=replace(named, document=question),
            about=OrderRef(value=number),
            question=question,
            accepted=_flag(node.child("Accepted")),
            text=_prose(node.get("Comments")),
        )
    except Rejected as rejected:
        return RejectedDocument(origin=named, fault=rejected.fault)


def _numbered(node: XmlNode, origin: Origin) -> Origin:
    """
    The numbers of the document as far as they can be read: whatever else is wrong, the answer names it.
    """
    details = dict(origin.details)
    for name, local in (("number", "OrderNumber"), ("row", "Id")):
        try:
            found = node.get(local)
            if found is not None:
                details[name] = found.key()
        except Rejected:
            continue
    return replace(origin, details=details, document=details.get("number", ""))


def _head(node: XmlNode) -> _Head:
    revision, hold = node.get("Revision"), node.get("HoldFlag")
    return _Head(
        number=node.child("OrderNumber").key(),
        row=node.child("Id").key(),
        revision=revision.integer(1, _MAX_REVISION) if revision else 1,
        status=node.child("Status").enum(_STATUSES, code="E_ACTION"),
        hold=hold is not None and _flag(hold),
    )


def _command(
    node: XmlNode, head: _Head, origin: Origin, agreed: Agreement, references: References
) -> Command:
    about = OrderRef(value=head.number, type=ORDER)
    if head.kind == CANCEL:
        scope = node.get("CancelScope")
        return CancelOrder(
            origin=origin,
            about=about,
            scope=_SCOPES[scope.enum(_SCOPES)] if scope else CancelScope.ALL,
            reason=_prose(node.get("Comments")),
        )
    content = _content(node, head, agreed, references)
    if head.kind == REVISION:
        atomic = node.get("AtomicFlag")
        return AmendOrder(
            origin=origin,
            about=about,
            scope=Scope.WHOLE,
            order=content,
            atomic=atomic is not None and _flag(atomic),
            sequence=head.revision,
        )
    conversation = _conversation(node)
    if head.kind == HOLD:
        return SaveDraft(origin=origin, order=content, conversation=conversation)
    return SubmitOrder(origin=origin, order=content, conversation=conversation)


def _conversation(node: XmlNode) -> str:
    """
    The conversation that an order belongs to, by its id or by the customer's token.
    """
    named, token = node.get("ConversationId"), node.get("ConversationToken")
    if named is not None and token is not None:
        what = "the conversation is named twice"
        raise token.reject("E_VALUE", what, "ConversationId or ConversationToken")
    found = named or token
    return found.text(64) if found is not None else ""


def _content(node: XmlNode, head: _Head, agreed: Agreement, references: References) -> OrderContent:
    owner = agreed.endpoint.id
    # What completes a draft need not say what is in it.
    bare = bool(_conversation(node)) and node.get(_LISTED) is None
    items = () if bare else read_items(node.child(_LISTED), _priced(node, agreed), references)
    due, start = node.get("DueDate"), node.get("RequestedStartDate")
    priority, comments = node.get("Priority"), node.get("Comments")
    place = place_of(node, "ShipTo")
    return OrderContent(
        product_order_item=items,
        external_id=(
            ExternalId(owner=owner, external_identifier_type=NUMBER_TYPE, id=head.number),
            ExternalId(owner=owner, external_identifier_type=ROW_TYPE, id=head.row),
        ),
        related_party=_customer(node),
        place=(Place(role="deliveryAddress", place=place),) if place else (),
        priority=_PRIORITIES[priority.enum(_PRIORITIES)] if priority else "",
        requested_completion_date=agreed.instant(due) if due else None,
        requested_start_date=agreed.instant(start) if start else None,
        note=(Note(text=_prose(comments), author=owner),) if comments else (),
    )


def _priced(node: XmlNode, agreed: Agreement) -> Agreement:
    """
    The agreement with the order's own currency, when it has one.
    """
    said = node.get("CurrencyCode")
    if said is None:
        return agreed
    code = said.text(3)
    if len(code) != 3 or not (code.isascii() and code.isupper() and code.isalpha()):
        raise said.reject("E_VALUE", f"{code!r} is no currency", "three capital letters, ISO 4217")
    return Agreement(agreed.endpoint, agreed.zone, code, agreed.version)


def _customer(node: XmlNode) -> tuple[RelatedParty, ...]:
    account, name = node.get("AccountId"), node.get("AccountName")
    if account is None:
        return ()
    party = PartyRef(id=account.text(128), name=name.text() if name else "")
    return (RelatedParty(role="customer", party_or_party_role=party),)


def _flag(node: XmlNode) -> bool:
    return node.enum(("Y", "N")) == "Y"


def _prose(node: XmlNode | None) -> str:
    return node.text(_MAX_TEXT, lines=True) if node else ""
