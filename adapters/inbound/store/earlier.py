"""
What a transaction asks of an earlier order: its status, a change, a cancel, an answer to a quote.

POSLog names an earlier order by ``PreviousCustomerOrder``, and says no more than that; what is wanted of it
(``Action``) is the hub's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from canonical.amendments import CancelScope, OrderPatch, Scope
from canonical.commands import AmendOrder, Answer, AskStatus, CancelOrder, Command, OrderRef, Origin
from canonical.order import OrderItem
from canonical.references import References

from .lines import Line, read_items, read_patch
from .profile import Agreement

__all__ = [
    "ANSWER",
    "CANCEL",
    "CHANGE",
    "COMPLETE",
    "ORDER",
    "QUESTION",
    "RESUME",
    "SAVE",
    "action_of",
    "change_in",
    "read_change",
    "read_wish",
]

# Document types: an order, and what is asked of an earlier one.
ORDER, QUESTION = "CustomerOrder", "PreviousCustomerOrder"
CHANGE, CANCEL, ANSWER = "CustomerOrderChange", "CustomerOrderCancel", "CustomerOrderAnswer"

_CHANGE, _CANCEL, _ACCEPT, _DECLINE = "Change", "Cancel", "Accept", "Decline"
RESUME, SAVE, COMPLETE = "Resume", "Save", "Complete"
"""Actions that are about a draft, or about what was said so far."""

_ACTIONS = (_CHANGE, _CANCEL, _ACCEPT, _DECLINE, RESUME, SAVE, COMPLETE)
_SCOPES = {"All": CancelScope.ALL, "WhatIsPossible": CancelScope.WHAT_IS_POSSIBLE}
# What an action says beside OrderID and itself.
_SAYS = {
    "": (),
    _CHANGE: ("LineNumber", "Atomic"),
    _CANCEL: ("LineNumber", "Scope", "Reason"),
    _ACCEPT: ("Question",),
    _DECLINE: ("Question",),
}
_MAX_LINES = 1_000


def change_in(earlier: Sequence[Line]) -> Line | None:
    """
    The line that says which order the order lines of its transaction change; None when they are an order.

    Raises:
        Rejected: ``E_VALUE`` when two of them do.
    """
    changes = [one for one in earlier if action_of(one) == _CHANGE]
    if len(changes) > 1:
        raise changes[1].node.reject("E_VALUE", "the transaction changes an order already", "one order")
    return changes[0] if changes else None


def read_wish(one: Line, origin: Origin, agreed: Agreement) -> Command:
    """
    What a line asks of an earlier order, if it does not change it: a document of its own.

    Raises:
        Rejected: At the first fault.
    """
    action, node = action_of(one), one.node
    node.refuse_unknown(("OrderID", "Action", *_SAYS[action]))
    about = _about(one, agreed)
    number = f"{origin.document}.{one.line.child('SequenceNumber').key(20)}"
    if not action:
        return AskStatus(
            origin=replace(origin, document_type=QUESTION, document=number), about=OrderRef(value=about.value)
        )
    if action == _CANCEL:
        scope, reason = node.get("Scope"), node.get("Reason")
        return CancelOrder(
            origin=replace(origin, document_type=CANCEL, document=number),
            about=about,
            items=_numbers(one),
            scope=_SCOPES[scope.enum(_SCOPES)] if scope else CancelScope.ALL,
            reason=reason.text(4_000, lines=True) if reason else "",
        )
    return Answer(
        origin=replace(origin, document_type=ANSWER, document=number),
        about=about,
        question=node.child("Question").text(128),
        accepted=action == _ACCEPT,
    )


def read_change(
    one: Line, ordered: Sequence[Line], origin: Origin, agreed: Agreement, references: References
) -> AmendOrder:
    """
    The change that a transaction is: order lines that name an earlier one change it, the others are added.

    Raises:
        Rejected: At the first fault; ``E_NO_ORDER`` when nothing is changed.
    """
    one.node.refuse_unknown(("OrderID", "Action", *_SAYS[_CHANGE]))
    removed, atomic = _numbers(one), one.node.get("Atomic")
    patches, wanted = read_patch([each for each in ordered if each.node.has(_EARLIER)], agreed, references)
    items, later = read_items([each for each in ordered if not each.node.has(_EARLIER)], agreed, references)
    dates = [date for date in (wanted, later) if date]
    if not (removed or patches or items or dates):
        raise one.node.reject("E_NO_ORDER", "nothing is changed", "LineNumber, or lines that order something")
    return AmendOrder(
        origin=replace(origin, document_type=CHANGE),
        about=_about(one, agreed),
        scope=Scope.DELTA,
        add=tuple(_numbered(each, origin.document) for each in items),
        change=tuple(patches),
        remove=removed,
        fields=OrderPatch(requested_completion_date=max(dates)) if dates else None,
        atomic=atomic is not None and atomic.boolean(),
    )


_EARLIER = "PreviousLineNumber"


def action_of(one: Line) -> str:
    """What a line wants of the earlier order that it names; empty for a question."""
    said = one.node.get("Action")
    return said.enum(_ACTIONS, code="E_ACTION") if said else ""


def _about(one: Line, agreed: Agreement) -> OrderRef:
    """By the store's own number an order can be waited for that has not come yet."""
    value = one.node.child("OrderID").text(128)
    own = re.fullmatch(rf"{re.escape(agreed.store)}\.[A-Za-z0-9-]+\.[0-9]{{8}}\.[A-Za-z0-9-]+", value)
    return OrderRef(value=value, type=ORDER if own else "")


def _numbers(one: Line) -> tuple[str, ...]:
    return tuple(each.key(128) for each in one.node.all("LineNumber", high=_MAX_LINES))


def _numbered(item: OrderItem, transaction: str) -> OrderItem:
    """
    A line that comes later has its transaction's number before its own: the order has a line 1 already.
    """
    number = f"{transaction}.{item.id}"
    inside = tuple(_numbered(each, transaction) for each in item.product_order_item)
    return replace(item, id=number, line_ref=number, product_order_item=inside)
