"""
What became of a change or a cancel, line by line: the elements that stand behind the status of an order.

Siebel has no layout for it; the elements are the hub's own, and speak in the words of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.formats.xml_element import Element
from canonical.amendments import (
    Amendment,
    AmendmentState,
    CancelTask,
    ChangeKind,
    ItemChange,
    Piece,
    PieceState,
    TaskState,
)
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import Order, OrderItem, every_item

from .profile import Agreement
from .vocabulary import data, texts

__all__ = ["AMENDMENT_WORDS", "TASK_WORDS", "change_elements"]

AMENDMENT_WORDS: Mapping[AmendmentState | PieceState, str] = {
    AmendmentState.ASSESSING: "In Progress",
    AmendmentState.AWAITING_CUSTOMER: "Awaiting Customer",
    AmendmentState.APPLYING: "In Progress",
    AmendmentState.APPLIED: "Applied",
    AmendmentState.PARTLY_APPLIED: "Partially Applied",
    AmendmentState.REFUSED: "Refused",
    AmendmentState.LAPSED: "Lapsed",
    AmendmentState.WITHDRAWN: "Withdrawn",
    PieceState.UNDOING: "In Progress",
}
"""States of a change, and of each of its lines: the two have their words in common."""

TASK_WORDS: Mapping[TaskState, str] = {
    TaskState.ACKNOWLEDGED: "Open",
    TaskState.IN_PROGRESS: "In Progress",
    TaskState.DONE: "Complete",
    TaskState.TERMINATED_WITH_ERROR: "Refused",
}

_KINDS = {
    ChangeKind.ADD: "Add",
    ChangeKind.CHANGE: "Update",
    ChangeKind.REMOVE: "Cancel",
    ChangeKind.ORDER: "Order",
}


def change_elements(notice: Notice, order: Order, agreed: Agreement) -> Iterator[Element]:
    """``SWIOrderChange`` and ``SWIOrderCancel``, as far as the notice is about them."""
    if notice.amendment is not None and notice.kind in {NoticeKind.CHANGED, NoticeKind.INFORMATION_REQUIRED}:
        yield _change(notice.amendment, order, agreed)
    if notice.cancel is not None:
        yield _cancel(notice.cancel, order)


def _change(amendment: Amendment, order: Order, agreed: Agreement) -> Element:
    said = {"Document": amendment.document, "Status": AMENDMENT_WORDS[amendment.state]}
    listed = [_line(piece, one, order, agreed) for piece in amendment.pieces for one in piece.changes]
    lines = [data("ListOfSWIOrderItemChange", listed)] if listed else []
    return data("SWIOrderChange", [*texts(said | _trouble(amendment.fault)), *lines])


def _line(piece: Piece, change: ItemChange, order: Order, agreed: Agreement) -> Element:
    """One line; those of one piece have its number, and stand or fall together."""
    item = change.wanted or _item(order, change.item)
    asks = piece.state is PieceState.AWAITING_CUSTOMER
    said = {
        "Id": change.line_ref or (item.line_ref if item else ""),
        "LineNumber": change.item,
        "Group": str(piece.number),
        "ChangeCode": _KINDS[change.kind],
        "Status": AMENDMENT_WORDS[piece.state],
        "Qty": str(change.wanted.quantity) if change.wanted else "",
        "Question": piece.question if asks else "",
        "Charge": f"{piece.charge.value:f}" if piece.charge else "",
        "CurrencyCode": piece.charge.unit if piece.charge else "",
        "AnswerBy": agreed.written(piece.answer_by) if asks and piece.answer_by else "",
        "FollowOn": piece.follow_on,
    }
    return data("SWIOrderItemChange", texts(said | _trouble(piece.fault)))


def _cancel(cancel: CancelTask, order: Order) -> Element:
    said = {"Document": cancel.document, "Status": TASK_WORDS[cancel.state], "Past": ", ".join(cancel.past)}
    numbers = [data("LineNumber", one) for one in cancel.items if _item(order, one)]
    lines = [data("ListOfLineNumber", numbers)] if numbers else []
    return data("SWIOrderCancel", [*texts(said | _trouble(cancel.fault)), *lines])


def _trouble(fault: Fault | None) -> dict[str, str]:
    if fault is None:
        return {}
    place = f"{fault.where}: " if fault.where else ""
    return {"ErrorCode": fault.code, "ErrorText": place + fault.what}


def _item(order: Order, item_id: str) -> OrderItem | None:
    return next((one for one in every_item(order.product_order_item) if one.id == item_id), None)
