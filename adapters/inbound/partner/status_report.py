"""
Set 870: the state of an order and of its lines, told unasked or as the answer to an 869.

Source: X12 release 004010, segments BSR, HL, PRF, ISR; code lists 850 (BSR01), 847 (BSR02), 368 (ISR01) and
641 (ISR03).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from adapters.formats.x12 import SegmentOut, free_text
from adapters.formats.x12_agreement import Agreement
from canonical.notices import Notice, NoticeKind
from canonical.order import Order, OrderItem
from canonical.states import Cause, State

from .memory import date_of
from .told import SHIPPED, Told, line_of, number_told, pairs_of, shipped_items, trouble_of

__all__ = ["status_report"]

# BSR01: response to an 869, unsolicited report.  BSR02: selected orders, all items.
_ASKED, _UNASKED = "1", "3"
_ALL_ITEMS = "PA"

# ISR01 and ISR03 by state.
_STATUS: Mapping[State, tuple[str, str | None]] = {
    State.DRAFT: ("NN", None),
    State.ACKNOWLEDGED: ("NN", None),  # not in process, no shipping schedule
    State.IN_PROGRESS: ("IN", None),  # in process
    State.PENDING: ("ID", None),  # insufficient information: waits for the customer
    State.HELD: ("PH", None),  # on hold: waits for us
    State.ASSESSING_CANCELLATION: ("HQ", "C03"),  # held awaiting qualification, at customer request
    State.PENDING_CANCELLATION: ("HQ", "C03"),
    State.COMPLETED: ("CL", None),  # complete
    State.PARTIAL: ("CP", None),  # partial shipment, considered no back order
    State.FAILED: ("UN", "A80"),  # unavailable, item or service not available
    State.REJECTED: ("DE", "REJ"),  # deleted, rejected
    State.CANCELLED: ("IC", "C03"),  # cancelled, at customer request
}
_LOST = ("IC", "A80")
_SHIPPED = ("SH", None)
# ISR01 of an order that the asker has not: mutually defined, no record found.
_NOT_FOUND = ("ZZ", "EBA")
# "If ISR01 specifies a date, ISR02 is required": shipped (date), partial shipment on (date).
_DATED = frozenset({"SH", "CP"})

# A line in one of these states is shown with the last error that was recorded for it.
_BAD = frozenset({State.PENDING, State.HELD, State.FAILED, State.REJECTED, State.CANCELLED})
# Data element 352, description: AN 1/80.
_MAX_TEXT = 80


def status_report(
    notice: Notice, order: Order | None, agreed: Agreement, at: dt.datetime, number: str
) -> Told | None:
    """
    The 870 for a notice; ``number`` is our number of the report.  None without an order and a question.

    For an order that the asker has not, it says that, and is the same whether the order exists or not.
    """
    segments: list[SegmentOut] = [_beginning(notice, at, number), ("HL", 1, None, "O")]
    if order is None:
        if notice.kind is not NoticeKind.STATUS:
            return None
        segments += [("PRF", notice.asked), ("ISR", _NOT_FOUND[0], None, _NOT_FOUND[1])]
        return Told("RS", "870", segments, f"870 for {notice.asked}: not found")
    status = _of_order(order)
    segments.append(
        ("PRF", number_told(notice.document, agreed, 22), None, None, date_of(order, notice.endpoint))
    )
    segments.append(_isr(status, order.completion_date or at))
    segments += _text(order.product_order_jeopardy_alert[-1].message if _late(notice, order) else "")
    segments.append(("REF", "VN", order.id))
    for item in order.product_order_item:
        segments += _line(notice, order, item, agreed, at)
    summary = f"870 for PO {notice.document}: {notice.kind.value}, {order.state.value}"
    return Told("RS", "870", segments, summary)


def _beginning(notice: Notice, at: dt.datetime, number: str) -> SegmentOut:
    reason = _ASKED if notice.kind is NoticeKind.STATUS else _UNASKED
    head = ("BSR", reason, _ALL_ITEMS, number, at.date(), None, None, f"{at:%H%M}")
    origin = notice.origin
    if reason == _ASKED and origin is not None and origin.document_type == "869":
        return (*head, origin.document, origin.details.get("BSI02"))
    return head


def _of_order(order: Order) -> tuple[str, str | None]:
    if order.state is State.CANCELLED and order.cause is Cause.FALLOUT:
        return _LOST
    return _STATUS[order.state]


def _of_line(notice: Notice, order: Order, item: OrderItem) -> tuple[str, str | None]:
    state = item.state or State.ACKNOWLEDGED
    if state is State.CANCELLED and item.cause is Cause.FALLOUT:
        return _LOST
    moving = notice.kind is NoticeKind.SHIPPED or not state.terminal
    if moving and state not in _BAD and item.id in shipped_items(order):
        return _SHIPPED
    return _STATUS[state]


def _isr(status: tuple[str, str | None], at: dt.datetime) -> SegmentOut:
    code, reason = status
    return ("ISR", code, at.date() if code in _DATED else None, reason)


def _when(order: Order, item: OrderItem) -> dt.datetime | None:
    """When a line was shipped, else when its order ended."""
    reached = (one for one in reversed(order.product_order_milestone) if item.id in one.product_order_item)
    return next((one.milestone_date for one in reached if one.name == SHIPPED), order.completion_date)


def _late(notice: Notice, order: Order) -> bool:
    return notice.kind is NoticeKind.DELAYED and bool(order.product_order_jeopardy_alert)


def _line(
    notice: Notice, order: Order, item: OrderItem, agreed: Agreement, at: dt.datetime
) -> Iterator[SegmentOut]:
    pairs = pairs_of(item, notice.endpoint, agreed)
    yield ("PO1", line_of(item, agreed), item.quantity, "EA", None, None, *pairs)
    yield _isr(_of_line(notice, order, item), _when(order, item) or at)
    trouble = trouble_of(order, item) if item.state in _BAD else None
    if trouble:
        yield from _text(f"{trouble.reason} [{trouble.code}]")


def _text(sentence: str) -> Iterator[SegmentOut]:
    """A description of the status, in as many PID as it needs, at most three."""
    text = free_text(sentence, 3 * _MAX_TEXT)
    for start in range(0, len(text), _MAX_TEXT):
        yield ("PID", "F", None, None, None, free_text(text[start : start + _MAX_TEXT], _MAX_TEXT))
