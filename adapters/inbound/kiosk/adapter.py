"""
The kiosk channel's adapter: one document a message; each names its kiosk and its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.kit.contract import Native, Stamp
from canonical.commands import AskStatus, Command, OrderRef, Origin, RejectedDocument, Resume, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind, Outcome
from canonical.references import References

from .answers import answer, refusal
from .reader import TOKEN, cart_order

__all__ = ["CHANNEL", "QUALIFIER", "KioskAdapter"]

CHANNEL = "kiosk"

QUALIFIER = "KIOSK"
"""Qualifier of the identifier that stands in ``kioskId``."""

# What a document is, by the property that says what is wanted.
_ORDER, _RESUME, _STATUS = "kioskOrder", "kioskResume", "kioskStatus"

_ANYWHERE = ("kioskId", "storeId", "txn", "resumeToken")
_TELLING = ("cart", "resumeToken", "statusOf")
_OF_AN_ORDER = ("cart", "consent", "customerRef", "deliverTo")


class KioskAdapter:
    """
    Translate the kiosks' messages.

    A message is one JSON object: a cart is an order, a resume token without one asks for what was said so
    far, ``statusOf`` asks how an order stands.  The kiosk's transaction is the document's number; around it
    is no envelope, so that the envelope key is the hash of the bytes: the same cart, written anew under its
    old transaction, gets the same answer, another one is told of the first.
    """

    channel = CHANNEL
    counters: tuple[str, ...] = ()

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
        notice.
        """
        if not intake.verdicts:
            return None
        verdict = intake.verdicts[0]
        if verdict.outcome is Outcome.REJECTED and verdict.fault:
            return refusal(verdict.fault, verdict.origin.document, stamp)
        if verdict.outcome is Outcome.PARKED or verdict.order is None:
            return None
        return answer("taken", verdict.order, verdict.origin.document, stamp)

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """How the order stands now, under the notice's own kind; None for ``rejected``: it was refused."""
        if notice.kind is NoticeKind.STATUS:
            return _status(notice, stamp)
        if notice.kind is NoticeKind.REJECTED or notice.order is None:
            return None
        return answer(notice.kind.value, notice.order, notice.document, stamp, reason=notice.reason)


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
    if document.has("statusOf"):
        kind = _STATUS
    elif document.has("resumeToken") and not document.has("cart"):
        kind = _RESUME
    else:
        kind = _ORDER
    return msgspec.structs.replace(origin, document_type=kind, document=number)


def _command(document: Node, origin: Origin, references: References) -> Command:
    if origin.document_type == _STATUS:
        _refuse_unknown(document, ("statusOf",))
        return AskStatus(origin=origin, about=OrderRef(value=document.child("statusOf").key()))
    if origin.document_type == _RESUME:
        _refuse_unknown(document, ("customerRef",))
        token = document.child("resumeToken").key()
        return Resume(origin=origin, about=OrderRef(value=token, type=TOKEN))
    _refuse_unknown(document, _OF_AN_ORDER)
    return SubmitOrder(
        origin=origin, order=cart_order(document, references.endpoints[origin.endpoint], references)
    )


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
    if notice.order is not None and notice.fault is None:
        return answer("status", notice.order, number, stamp, asked=notice.asked)
    fault = (
        notice.fault
        or Rejected("E_NOT_FOUND", f"no order is known by {shown(notice.asked)}", "$.statusOf").fault
    )
    return refusal(fault, number, stamp, asked=notice.asked)
