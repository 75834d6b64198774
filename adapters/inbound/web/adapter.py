"""
The web channel's adapter: one document a message, and one endpoint, whose bytes name no sender.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.kit.contract import Native, Stamp
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind, Outcome
from canonical.order import Order
from canonical.references import References

from .conversation import RESUME, asking_event, conversation_document, in_conversation, read_order
from .events import amended_event, cancel_event
from .reader import document_number
from .requests import ORDER, REQUESTS, number_of
from .writer import Json, error_document, event_document, json_bytes, order_document

__all__ = ["WebAdapter"]

_CHANNEL = "web"
_CONTENT_TYPE = "application/json"

# Other kinds of notice are no event: rejected is told by the acknowledgement, status is an answer.
_EVENTS: Mapping[NoticeKind, str] = {
    NoticeKind.ACCEPTED: "ProductOrderStateChangeEvent",
    NoticeKind.CHANGED: "ProductOrderStateChangeEvent",
    NoticeKind.ENDED: "ProductOrderStateChangeEvent",
    NoticeKind.DELAYED: "ProductOrderJeopardyAlertEvent",
    NoticeKind.SHIPPED: "ProductOrderMilestoneEvent",
    NoticeKind.INFORMATION_REQUIRED: "ProductOrderInformationRequiredEvent",
}
_OF_CHANGES = frozenset({NoticeKind.CHANGED, NoticeKind.INFORMATION_REQUIRED})


class WebAdapter:
    """
    Translate the web portal's messages.

    A message is one JSON object: a TMF622 v5 ``ProductOrder`` to be created or kept as a draft, or a request
    about one: to change it, to cancel it, to answer a quote, to tell its status or what was said so far; or
    an interaction.  Its envelope key is the hash of its bytes.
    """

    channel = _CHANNEL
    counters: tuple[str, ...] = ()
    conversing = True

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """The one command of the message, or the first fault of it; ``Rejected`` is never raised."""
        origin = Origin(
            channel=_CHANNEL, endpoint=_only_endpoint(references), envelope=content_hash(native.body)
        )
        found: Command | RejectedDocument
        try:
            document = read_json(native.body)
            origin = _named(origin, document)
            found = _command(document, origin, references)
        except Rejected as error:
            found = RejectedDocument(origin=origin, fault=error.fault)
        yield found

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """
        The order as it was taken, or the error; None when the document is parked, and for a question, which
        is answered by a notice.
        """
        if not intake.verdicts:
            return None
        verdict = intake.verdicts[0]
        if verdict.outcome is Outcome.REJECTED and verdict.fault:
            return _error(verdict.fault, _subject(verdict.origin))
        if verdict.outcome is Outcome.PARKED or verdict.order is None:
            return None
        return _order(verdict.order, verdict.token)

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """
        An event with the whole order; for a question the order, or an error.  None for ``rejected``, which
        the acknowledgement has told, unless what is refused had been taken before.
        """
        if notice.kind is NoticeKind.STATUS:
            return _answer(notice)
        if notice.order is None:
            return _refused_later(notice)
        if notice.kind not in _EVENTS:
            return None
        event = _event(notice, notice.order, stamp)
        return _native(event, f"{event['@type']} {notice.order.id}: {notice.order.state.value}")


def _only_endpoint(references: References) -> str:
    """The channel's endpoint; empty when there are several, since nothing in the bytes tells them apart."""
    endpoints = references.of_channel(_CHANNEL)
    return endpoints[0].id if len(endpoints) == 1 else ""


def _named(origin: Origin, document: Node) -> Origin:
    """What kind of document it is, and its number: whatever else is wrong, the answer can name it."""
    if not origin.endpoint:
        raise Rejected(
            "E_IDENTITY", "the message does not tell its sender", "$", f"one endpoint on channel {_CHANNEL}"
        )
    kind = document.child("@type").enum((ORDER, *REQUESTS))
    number = document_number(document) if kind == ORDER else number_of(document, kind)
    return msgspec.structs.replace(origin, document_type=kind, document=number)


def _command(document: Node, origin: Origin, references: References) -> Command:
    if origin.document_type == ORDER:
        return read_order(document, origin, references)
    return REQUESTS[origin.document_type](document, origin, references)


def _event(notice: Notice, order: Order, stamp: Stamp) -> Json:
    """What happened: to a cancel, to a change, or to the order as such."""
    if notice.kind is NoticeKind.CHANGED and notice.cancel is not None:
        return cancel_event(notice, notice.cancel, order, stamp.at)
    if notice.recommendation is not None:
        return asking_event(notice, notice.recommendation, order, stamp.at)
    if notice.kind in _OF_CHANGES and notice.amendment is not None:
        return amended_event(notice, notice.amendment, order, stamp.at)
    return event_document(_EVENTS[notice.kind], notice, order, stamp.at)


def _refused_later(notice: Notice) -> Native | None:
    """A change or a cancel that was taken, waited for its order, and is refused."""
    asked = notice.cancel or notice.amendment
    if asked is None:
        return None
    fault = notice.fault or asked.fault or Fault(code="E_NOT_FOUND", what="there is no such order")
    return _error(fault, _subject(notice.origin) if notice.origin else f"{shown(asked.document)} refused")


def _answer(notice: Notice) -> Native:
    if notice.conversation is not None:
        view = notice.conversation
        return _native(conversation_document(notice, view), f"Conversation {view.id or notice.asked}")
    if notice.order is not None and notice.fault is None:
        return _order(notice.order)
    fault = notice.fault or Fault(
        code="E_NOT_FOUND", what=f"no order is known by {shown(notice.asked)}", where="$.orderId"
    )
    asked = notice.origin is not None and notice.origin.document_type == RESUME
    return _error(fault, f"{'conversation' if asked else 'status'} of {shown(notice.asked)}")


def _subject(origin: Origin) -> str:
    kind = origin.document_type or "document"
    return f"{kind} {origin.document} refused" if origin.document else f"{kind} refused"


def _order(order: Order, token: str = "") -> Native:
    document = in_conversation(order_document(order), order, token)
    return _native(document, f"{ORDER} {order.id}: {order.state.value}")


def _error(fault: Fault, subject: str) -> Native:
    return _native(error_document(fault, subject), f"Error {fault.code}: {subject}")


def _native(document: Json, summary: str) -> Native:
    return Native(body=json_bytes(document), content_type=_CONTENT_TYPE, summary=summary)
