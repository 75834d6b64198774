"""
What became of a change or a cancel, line by line, behind the status of an order.

POSLog has no words for it: all of it stands in the hub's own namespace.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.formats.xml_element import Element
from adapters.formats.xml_write import sayable
from canonical.amendments import Amendment, CancelTask, ChangeKind, ItemChange, Piece, PieceState
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import Order, OrderItem, every_item

from .profile import Agreement
from .vocabulary import ours, retail

__all__ = ["change_elements"]


def change_elements(notice: Notice, order: Order, agreed: Agreement) -> Iterator[Element]:
    """``Change`` and ``Cancel``, as far as the notice is about them."""
    if notice.amendment is not None and notice.kind in {NoticeKind.CHANGED, NoticeKind.INFORMATION_REQUIRED}:
        yield _change(notice.amendment, order, agreed)
    if notice.cancel is not None:
        yield _cancel(notice.cancel, order)


def _change(amendment: Amendment, order: Order, agreed: Agreement) -> Element:
    lines = [_line(piece, one, order, agreed) for piece in amendment.pieces for one in piece.changes]
    said = {"Status": _word(amendment.state), "Transaction": sayable(amendment.document)}
    return ours("Change", [*_error(amendment.fault), *lines], _filled(said))


def _line(piece: Piece, change: ItemChange, order: Order, agreed: Agreement) -> Element:
    """One line; those of one group stand or fall together."""
    said = {"Group": str(piece.number), "Kind": change.kind.value.title(), "Status": _word(piece.state)}
    number = "" if change.kind is ChangeKind.ORDER else _number(change, order)
    inside = [retail("SequenceNumber", sayable(number))] if number else []
    if change.wanted is not None:
        inside.append(retail("Quantity", str(change.wanted.quantity)))
    return ours("ChangedLine", [*inside, *_quote(piece, agreed), *_error(piece.fault)], said)


def _quote(piece: Piece, agreed: Agreement) -> Iterator[Element]:
    asks = piece.state is PieceState.AWAITING_CUSTOMER
    if asks and piece.question:
        yield ours("Question", sayable(piece.question))
    if piece.charge is not None:
        unit = {"CurrencyCode": sayable(piece.charge.unit)}
        yield ours("Charge", f"{piece.charge.value:f}", unit)
    if asks and piece.answer_by is not None:
        yield ours("AnswerBy", agreed.written(piece.answer_by))
    if piece.follow_on:
        yield ours("FollowOn", sayable(piece.follow_on))


def _cancel(cancel: CancelTask, order: Order) -> Element:
    said = {"Status": _word(cancel.state), "Transaction": sayable(cancel.document)}
    numbers = [_line_of(item) for one in cancel.items if (item := _item(order, one))]
    lines = [retail("SequenceNumber", sayable(one)) for one in numbers]
    past = [ours("Past", sayable(one)) for one in cancel.past]
    return ours("Cancel", [*lines, *_error(cancel.fault), *past], _filled(said))


def _word(state: str) -> str:
    """``PartlyApplied`` for ``partlyApplied``, as POSLog writes its own words."""
    return state[:1].upper() + state[1:]


def _number(change: ItemChange, order: Order) -> str:
    item = change.wanted or _item(order, change.item)
    return change.line_ref or (_line_of(item) if item else change.item)


def _line_of(item: OrderItem) -> str:
    return item.line_ref or item.id


def _item(order: Order, item_id: str) -> OrderItem | None:
    return next((one for one in every_item(order.product_order_item) if one.id == item_id), None)


def _error(fault: Fault | None) -> list[Element]:
    if fault is None:
        return []
    where = {"Where": sayable(fault.where)} if fault.where else {}
    return [ours("Error", sayable(fault.what), {"Code": sayable(fault.code), **where})]


def _filled(said: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in said.items() if text}
