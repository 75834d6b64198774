"""
What became of a change or a cancel, as events.

TMF622 v5 has a task for a cancel and an event for it; for a change it has only the event that says that an
order has changed.  What stands in it beside the order, ``amendment``, is the hub's own.
"""

from __future__ import annotations

from datetime import datetime

from canonical.amendments import Amendment, CancelTask, ItemChange, Piece, PieceState, TaskState
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import Order

from .writer import (
    Json,
    entity,
    error_reference,
    event_document,
    item_document,
    item_refs,
    money,
    order_href,
)

__all__ = ["amended_event", "cancel_event"]

_CHANGED = "ProductOrderAttributeValueChangeEvent"
_ASKS = "ProductOrderInformationRequiredEvent"
_CANCEL = "CancelProductOrderStateChangeEvent"


def amended_event(notice: Notice, amendment: Amendment, order: Order, at: datetime) -> Json:
    """The event of a settled change, or of one that waits for an answer."""
    kind = _ASKS if notice.kind is NoticeKind.INFORMATION_REQUIRED else _CHANGED
    told = _amendment(amendment, order)
    return event_document(kind, notice, order, at, about=amendment.id, amendment=told)


def cancel_event(notice: Notice, cancel: CancelTask, order: Order, at: datetime) -> Json:
    """The event of a cancel that was carried out or refused."""
    told = _cancel(cancel, order, notice)
    # v5's own name of this property has one c more, which nobody can have meant.
    return event_document(_CANCEL, notice, order, at, about=cancel.id, cancelProductOrder=told)


def _amendment(amendment: Amendment, order: Order) -> Json:
    return entity(
        "ProductOrderAmendment",
        id=amendment.id,
        requestId=amendment.document,
        state=amendment.state.value,
        channel=None if amendment.part else entity("ChannelRef", id=_channel(amendment.endpoint)),
        requestedDate=amendment.at,
        version=amendment.base,
        atomic=amendment.atomic,
        error=_error(amendment.fault),
        piece=[_piece(one, order) for one in amendment.pieces],
    )


def _channel(endpoint: str) -> str:
    """The channel alone: who sat at another channel's desk is not the web's business."""
    return endpoint.partition(".")[0]


def _piece(piece: Piece, order: Order) -> Json:
    return entity(
        "ProductOrderAmendmentPiece",
        number=piece.number,
        state=piece.state.value,
        question=piece.question if piece.state is PieceState.AWAITING_CUSTOMER else "",
        charge=money(piece.charge) if piece.charge else None,
        answerBy=piece.answer_by,
        version=piece.version,
        error=_error(piece.fault),
        orderRelationship=[entity("OrderRelationship", id=piece.follow_on, relationshipType="followOn")]
        if piece.follow_on
        else [],
        change=[_change(one, order) for one in piece.changes],
    )


def _change(change: ItemChange, order: Order) -> Json:
    refs = item_refs(order.id, [change.item] if change.item else [])
    return entity(
        "ProductOrderAmendmentChange",
        kind=change.kind.value,
        field=list(change.fields),
        item=refs[0] if refs else None,
        productOrderItem=item_document(change.wanted) if change.wanted else None,
    )


def _error(fault: Fault | None) -> Json | None:
    """As much of a TMF622 ``Error`` as an answer over HTTP would not say itself."""
    if fault is None:
        return None
    place = f"{fault.where}: " if fault.where else ""
    return entity(
        "Error",
        code=fault.code,
        reason=place + fault.what,
        message=str(fault),
        referenceError=error_reference(fault.code),
    )


def _cancel(cancel: CancelTask, order: Order, notice: Notice) -> Json:
    done = cancel.state is TaskState.DONE
    return entity(
        "CancelProductOrder",
        id=cancel.id,
        requestId=cancel.document,
        state=cancel.state.value,
        scope=cancel.scope.value,
        productOrder=entity("ProductOrderRef", id=order.id, href=order_href(order.id)),
        productOrderItem=item_refs(order.id, cancel.items),
        cancellationReason=cancel.reason,
        creationDate=cancel.at,
        effectiveCancellationDate=(order.cancellation_date or notice.at) if done else None,
        error=_error(cancel.fault),
        past=list(cancel.past),
    )
