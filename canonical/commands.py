"""
What a document asks of the hub: nine commands, and the document that could not become one.

Every command says where it came from (:class:`Origin`).  Inbound adapters make them; adapters in
other languages send the same as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping

from .amendments import CancelScope, ItemPatch, OrderPatch, Scope
from .base import Canonical, Id, Instant, Text
from .errors import Fault
from .order import OrderContent, OrderItem

__all__ = [
    "AmendOrder",
    "Answer",
    "AskStatus",
    "CancelOrder",
    "CancelScope",
    "Command",
    "CommandReceipt",
    "OrderRef",
    "Origin",
    "RecordInteraction",
    "RejectedDocument",
    "Resume",
    "SaveDraft",
    "Scope",
    "SubmitOrder",
]


class Origin(Canonical, frozen=True):
    """
    Where a document came from.

    Args:
        channel: ``web``, ``partner``…
        endpoint: The sender, ``<channel>.<name>``; empty when the bytes do not tell who sent them.
        envelope: Envelope key: control numbers of the envelope, or the hash of the bytes where the
            format has none.  Unique per endpoint.
        document_type: The format's own word, ``850`` or ``ProductOrder``.
        document: The document's number at the sender (purchase order number); with endpoint and type
            it is the business key.
        position: 1-based place of the document in its native message.
        details: What the adapter's own acknowledgement needs to know again (set control number, group).
    """

    channel: Id
    endpoint: Text = ""
    envelope: Text = ""
    document_type: Text = ""
    document: Text = ""
    position: int = 1
    details: Mapping[str, str] = {}


class OrderRef(Canonical, frozen=True):
    """Names an order: hub id, alias value, or conversation token; ``type`` narrows an alias."""

    value: Id
    type: Text = ""


class SubmitOrder(Canonical, frozen=True, tag_field="command", tag=True):
    """
    Take this order and carry it out.

    Args:
        order: May have no items when it completes a draft: then the draft is submitted as it stands.
        conversation: Id or token of the conversation that it belongs to; its draft becomes the order.
        base: The version of the draft that it was made from, when the format says so.
    """

    origin: Origin
    order: OrderContent
    conversation: Text = ""
    base: int | None = None


class SaveDraft(Canonical, frozen=True, tag_field="command", tag=True):
    """
    Keep this, do nothing yet.

    Args:
        order: The draft as the sender sees it.  What it does not say stays; an item that the sender has seen
            and does not name is taken away.
        conversation: Id or token of the conversation that it belongs to; empty begins one.
        base: The version of the draft that it was made from; None takes the one that the sender saved or
            asked for last.
    """

    origin: Origin
    order: OrderContent
    conversation: Text = ""
    base: int | None = None


class Resume(Canonical, frozen=True, tag_field="command", tag=True):
    """Give me what was said so far, by conversation, alias or token."""

    origin: Origin
    about: OrderRef


class AmendOrder(Canonical, frozen=True, tag_field="command", tag=True):
    """
    Change a submitted order.

    Args:
        order: With scope ``WHOLE``, the order as it is wanted now: an item that is not in it is removed.
            Items are known by ``line_ref`` (the sender's own line id), failing that by id.
        add, change, remove, fields: With scope ``DELTA``, what is to change; ``remove`` names items like
            :class:`canonical.amendments.ItemPatch` does.
        base: The version the sender last saw; None takes the one last rendered to it.
        atomic: All of it or nothing.
        sequence: The sender's own count of its whole orders, where it has one: a lower one than the last that
            was taken is out of date.
    """

    origin: Origin
    about: OrderRef
    scope: Scope
    order: OrderContent | None = None
    add: tuple[OrderItem, ...] = ()
    change: tuple[ItemPatch, ...] = ()
    remove: tuple[Id, ...] = ()
    fields: OrderPatch | None = None
    base: int | None = None
    atomic: bool = False
    sequence: int | None = None


class CancelOrder(Canonical, frozen=True, tag_field="command", tag=True):
    """Cancel the order, or the named items of it."""

    origin: Origin
    about: OrderRef
    items: tuple[Id, ...] = ()
    scope: CancelScope = CancelScope.ALL
    reason: Text = ""


class Answer(Canonical, frozen=True, tag_field="command", tag=True):
    """Yes or no to a quoted change, a counter-offer or a recommendation."""

    origin: Origin
    about: OrderRef
    question: Id
    accepted: bool
    text: Text = ""


class AskStatus(Canonical, frozen=True, tag_field="command", tag=True):
    """What is the status of this order?"""

    origin: Origin
    about: OrderRef


class RecordInteraction(Canonical, frozen=True, tag_field="command", tag=True):
    """
    Something happened that is not an order: a complaint, a visit, a quote.

    ``party`` is the customer by a typed alias, as :func:`canonical.parties.alias_of` reads it.
    """

    origin: Origin
    kind: Id
    party: Id
    text: Text = ""
    at: Instant | None = None


class CommandReceipt(Canonical, frozen=True, tag_field="command", tag="Receipt"):
    """The endpoint got (or could not read) something of ours: an inbound 997, a CONTRL."""

    origin: Origin
    about: Id
    fault: Fault | None = None


Command = (
    SubmitOrder
    | SaveDraft
    | Resume
    | AmendOrder
    | CancelOrder
    | Answer
    | AskStatus
    | RecordInteraction
    | CommandReceipt
)


class RejectedDocument(Canonical, frozen=True, tag_field="command", tag="Rejected"):
    """
    A document that could not become a command.

    It is answered in the channel's own format when ``origin.endpoint`` is known, else parked.
    """

    origin: Origin
    fault: Fault
