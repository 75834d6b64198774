"""
The kiosk channel's adapter: one document a message; each names its kiosk and its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.kit.contract import Native, Stamp
from canonical.commands import AskStatus, Command, OrderRef, Origin, RejectedDocument
from canonical.errors import Fault, Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind, Outcome
from canonical.order import Order
from canonical.references import References
from canonical.states import State

from .answers import amendment_told, answer, cancel_told, refusal, taken
from .changes import ORDER, WISHES
from .conversation import (
    conversation_answer,
    kept_cart,
    offer,
    read_cart,
    read_interaction,
    read_resume,
)

__all__ = ["CHANNEL", "QUALIFIER", "KioskAdapter"]

CHANNEL = "kiosk"

QUALIFIER = "KIOSK"
"""Qualifier of the identifier that stands in ``kioskId``."""

# What a document is, by the property that says what is wanted.
_RESUME, _STATUS, _INTERACTION = "kioskResume", "kioskStatus", "kioskInteraction"

_TAKEN = frozenset({_INTERACTION, *(kind for kind, _ in WISHES.values())})
_ANYWHERE = ("kioskId", "storeId", "txn", "resumeToken")
_TELLING = ("cart", "resumeToken", "statusOf", "resume", "interaction", "submit", "save", *WISHES)
_OF: Mapping[str, tuple[str, ...]] = {
    ORDER: ("cart", "consent", "customerRef", "deliverTo", "save", "submit", "conversation", "version"),
    _RESUME: ("customerRef", "resume"),
    _STATUS: ("statusOf",),
    _INTERACTION: ("interaction", "customerRef", "text"),
}
"""Properties of each kind of document, besides those that may be anywhere."""


class KioskAdapter:
    """
    Translate the kiosks' messages.

    A message is one JSON object: a cart is an order, or with ``save`` a draft; a resume token without one
    asks for what was said so far, ``interaction`` says what happened; ``changeOf``, ``cancelOf``,
    ``answerTo`` and ``statusOf`` are about an order that runs.

    The kiosk's transaction is the document's number; around it is no envelope, so that the envelope key is
    the hash of the bytes: the same cart, written anew under its old transaction, gets the same answer,
    another one is told of the first.
    """

    channel = CHANNEL
    counters: tuple[str, ...] = ()
    conversing = True

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """The one command of the message, or the first fault of it; ``Rejected`` is never raised."""
        origin = Origin(channel=CHANNEL, envelope=content_hash(native.body))
        found: Command | RejectedDocument
        try:
            document = read_json(native.body)
            origin = _sent(origin, document, references)
            origin = _numbered(origin, document)
            found = _command(document, origin, references)
        except Rejected as error:
            found = RejectedDocument(origin=origin, fault=error.fault)
        yield found

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """
        ``taken`` or ``refused``; None when the document is parked, and for a question, which is answered by a
        notice.  A change that has come before its order knows nothing of it yet.
        """
        if not intake.verdicts:
            return None
        verdict = intake.verdicts[0]
        if verdict.outcome is Outcome.REJECTED and verdict.fault:
            return refusal(verdict.fault, verdict.origin.document, stamp)
        if verdict.outcome is Outcome.PARKED:
            return None
        number = verdict.origin.document
        if verdict.order is None:
            return taken(number, stamp) if verdict.origin.document_type in _TAKEN else None
        order = verdict.order
        more = {"conversation": order.conversation_id, "resumeToken": verdict.token, **_draft(order)}
        return answer("taken", order, number, stamp, **more)

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """
        How the order stands now, under the notice's own kind, with what became of a change or a cancel.  None
        for ``rejected``, which was told at once, unless what is refused had been taken before.
        """
        if notice.kind is NoticeKind.STATUS:
            return _status(notice, stamp)
        if notice.kind is NoticeKind.REJECTED or notice.order is None:
            return _refused_later(notice, stamp)
        asked = notice.recommendation
        return answer(
            notice.kind.value,
            notice.order,
            notice.document,
            stamp,
            reason=notice.reason,
            change=amendment_told(notice, notice.order),
            cancel=cancel_told(notice),
            offer=offer(asked) if asked is not None else None,
            **_draft(notice.order),
        )


def _sent(origin: Origin, document: Node, references: References) -> Origin:
    """Whose message it is: nobody else can be answered."""
    name = document.child("kioskId").key()
    sender = references.sender(CHANNEL, QUALIFIER, name)
    if sender is None:
        where = document.child("kioskId").where
        raise Rejected("E_IDENTITY", f"unknown kiosk {shown(name)}", where, "a kioskId of a profile")
    return msgspec.structs.replace(origin, endpoint=sender.id)


def _numbered(origin: Origin, document: Node) -> Origin:
    """Its transaction, and what it asks for: whatever else is wrong, the answer can name it."""
    number = document.child("txn").key()
    wish = _wish(document)
    if wish:
        kind = WISHES[wish][0]
    elif document.has("statusOf"):
        kind = _STATUS
    elif document.has("interaction"):
        kind = _INTERACTION
    elif document.has("cart") or document.has("submit"):
        kind = ORDER
    else:
        kind = _RESUME if document.has("resumeToken") or document.has("resume") else ORDER
    return msgspec.structs.replace(origin, document_type=kind, document=number)


def _wish(document: Node) -> str:
    """The property that makes a document a wish about an order that runs; empty when it is none."""
    return next((name for name in WISHES if document.has(name)), "")


def _command(document: Node, origin: Origin, references: References) -> Command:
    wish = _wish(document)
    if wish:
        absent = tuple(name for name in _TELLING if not document.has(name))  # null is as good as absent
        return WISHES[wish][1](document, absent, origin, references)
    kind = origin.document_type
    _refuse_unknown(document, _OF[kind])
    if kind == _STATUS:
        return AskStatus(origin=origin, about=OrderRef(value=document.child("statusOf").key()))
    if kind == _RESUME:
        return read_resume(document, origin)
    if kind == _INTERACTION:
        return read_interaction(document, origin)
    return read_cart(document, origin, references)


def _draft(order: Order) -> dict[str, Any]:
    """What a draft is made of, and which version of it this is: the kiosk may have to show it."""
    if order.state is not State.DRAFT:
        return {}
    return {"version": order.version, "cart": kept_cart(order)}


def _refused_later(notice: Notice, stamp: Stamp) -> Native | None:
    """A change or a cancel that was taken, waited for its order, and is refused."""
    asked = notice.cancel or notice.amendment
    if asked is None:
        return None
    fault = notice.fault or asked.fault or Fault(code="E_NOT_FOUND", what="there is no such order")
    return refusal(fault, notice.origin.document if notice.origin else asked.document, stamp)


def _refuse_unknown(document: Node, known: tuple[str, ...]) -> None:
    """Properties that tell what is wanted may be there as null: that is as good as absent."""
    allowed = (*_ANYWHERE, *known)
    for name, node in document.members():
        if name not in allowed and not (name in _TELLING and node.value is None):
            raise node.reject(
                "E_UNKNOWN", f"unknown property {shown(name)}", f"one of {', '.join(sorted(allowed))}"
            )


def _status(notice: Notice, stamp: Stamp) -> Native:
    number = notice.origin.document if notice.origin else notice.document
    if notice.conversation is not None:
        return conversation_answer(notice, notice.conversation, stamp)
    if notice.order is not None and notice.fault is None:
        return answer("status", notice.order, number, stamp, asked=notice.asked, **_draft(notice.order))
    fault = (
        notice.fault
        or Rejected("E_NOT_FOUND", f"no order is known by {shown(notice.asked)}", "$.statusOf").fault
    )
    return refusal(fault, number, stamp, asked=notice.asked)
