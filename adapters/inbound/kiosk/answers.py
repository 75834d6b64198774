"""
What a kiosk is told: small JSON objects, each with the transaction that it is about.

Equal input gives equal bytes: properties stand in the order in which they are written here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.kit.contract import Native, Stamp
from canonical.amendments import ItemChange, Piece, PieceState
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import Order, every_item
from canonical.states import Cause, State

__all__ = [
    "amendment_told",
    "answer",
    "cancel_told",
    "kiosk_of",
    "native",
    "refusal",
    "said",
    "taken",
]

_ENCODER = msgspec.json.Encoder()
_CONTENT_TYPE = "application/json"

# States of an order that is in trouble.
_BAD = frozenset({State.HELD, State.FAILED, State.REJECTED, State.PARTIAL})


def answer(
    kind: str,
    order: Order,
    number: str,
    stamp: Stamp,
    *,
    reason: str = "",
    asked: str = "",
    change: dict[str, Any] | None = None,
    cancel: dict[str, Any] | None = None,
    **more: Any,
) -> Native:
    """
    How ``order`` stands, and what became of a change or a cancel; ``number`` is the kiosk's transaction.

    Lines are told by the ids they have in the order: those of the kiosk's own cart are its line numbers.
    ``more`` stands behind them.
    """
    document = said(
        kioskId=kiosk_of(stamp),
        txn=number,
        answer=kind,
        asked=asked,
        order=order.id,
        state=order.state.value,
        done=order.progress.done,
        total=order.progress.total,
        expected=order.expected_completion_date,
        reason=_because(order, reason),
        lines=[
            {"line": item.line_ref or item.id, "state": item.state.value}
            for item in every_item(order.product_order_item)
            if item.state and item.state is not State.DRAFT
        ],
        change=change,
        cancel=cancel,
        **more,
    )
    return native(document, f"{kind} {number}: {order.id} {order.state.value}")


def taken(number: str, stamp: Stamp) -> Native:
    """That a document was taken whose order is not known yet."""
    return native(said(kioskId=kiosk_of(stamp), txn=number, answer="taken"), f"taken {number}")


def refusal(fault: Fault, number: str, stamp: Stamp, *, asked: str = "") -> Native:
    """Why the document with this transaction was not taken, or the question not answered."""
    document = said(kioskId=kiosk_of(stamp), txn=number, answer="refused", asked=asked, error=_error(fault))
    return native(document, f"refused {number}: {fault.code}")


def amendment_told(notice: Notice, order: Order) -> dict[str, Any] | None:
    """What became of a change, line by line, or what it waits for; None when the notice is about none."""
    amendment = notice.amendment
    if amendment is None or notice.kind not in {NoticeKind.CHANGED, NoticeKind.INFORMATION_REQUIRED}:
        return None
    return said(
        txn=amendment.document,
        state=amendment.state.value,
        error=_error(amendment.fault),
        lines=[_changed(piece, one, order) for piece in amendment.pieces for one in piece.changes],
    )


def cancel_told(notice: Notice) -> dict[str, Any] | None:
    """What became of a cancel; None when the notice is about none."""
    cancel = notice.cancel
    if cancel is None:
        return None
    return said(
        txn=cancel.document,
        state=cancel.state.value,
        lines=list(cancel.items),
        error=_error(cancel.fault),
        past=list(cancel.past),
    )


def _changed(piece: Piece, change: ItemChange, order: Order) -> dict[str, Any]:
    """One line of a change; those of one group stand or fall together."""
    asks = piece.state is PieceState.AWAITING_CUSTOMER
    charge = piece.charge
    return said(
        line=change.line_ref or _line_of(order, change.item),
        group=piece.number,
        change=change.kind.value,
        state=piece.state.value,
        question=piece.question if asks else "",
        charge={"value": f"{charge.value:f}", "unit": charge.unit} if charge else None,
        answerBy=piece.answer_by if asks else None,
        error=_error(piece.fault),
        followOn=piece.follow_on,
    )


def _line_of(order: Order, item_id: str) -> str:
    items = (one for one in every_item(order.product_order_item) if one.id == item_id)
    return next((one.line_ref or one.id for one in items), item_id)


def _error(fault: Fault | None) -> dict[str, Any] | None:
    if fault is None:
        return None
    return said(code=fault.code, where=fault.where, what=fault.what, allowed=fault.allowed)


def _because(order: Order, reason: str) -> str:
    """If nothing else is said, one in trouble says what came last, a cancelled one on whose account it is."""
    troubles = order.product_order_error_message
    if reason or (order.state in _BAD and troubles):
        return reason or troubles[-1].reason
    if order.cause is None:
        return ""
    return "cancelled by the customer" if order.cause is Cause.CUSTOMER else "cancelled: it cannot be done"


def kiosk_of(stamp: Stamp) -> str:
    """The ``kioskId`` of the receiver."""
    known = stamp.endpoint.identifiers if stamp.endpoint else ()
    return known[0].value if known else ""


def said(**members: Any) -> dict[str, Any]:
    """An object without what is unknown or empty; a zero is neither."""
    return {name: value for name, value in members.items() if value not in ("", None, [], {})}


def native(document: dict[str, Any], summary: str) -> Native:
    """The bytes of an answer."""
    return Native(body=_ENCODER.encode(document), content_type=_CONTENT_TYPE, summary=summary)
