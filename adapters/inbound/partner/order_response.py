"""
Set 855: the answer to a purchase order, once every line of it is decided, or when it was refused.

Source: X12 release 004010, segments BAK, PO1, ACK; code lists 587 (BAK02) and 668 (ACK01).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from adapters.formats.x12 import Element, SegmentOut
from adapters.formats.x12_agreement import Agreement
from canonical.notices import Notice
from canonical.order import Order, OrderItem
from canonical.states import Cause, State

from .acknowledge import was_duplicate
from .memory import date_of
from .told import Told, line_of, number_told, pairs_of, sentence_of, trouble_of, trouble_segments

__all__ = ["line_code", "order_response", "refusal"]

# Code list 668.  A pending line waits for the customer, a held one for us.
_LINE_CODES: Mapping[State, str] = {
    State.DRAFT: "IH",  # on hold
    State.ACKNOWLEDGED: "IA",  # accepted
    State.IN_PROGRESS: "IA",
    State.COMPLETED: "IA",
    State.PENDING: "IH",
    State.HELD: "IB",  # back ordered
    State.ASSESSING_CANCELLATION: "IH",
    State.PENDING_CANCELLATION: "IH",
    State.PARTIAL: "IC",  # accepted, changes made
    State.FAILED: "IR",  # rejected
    State.REJECTED: "IR",
    State.CANCELLED: "IR",
}
_CANCELLED_BY_CUSTOMER = "ID"
_GONE = frozenset({"IR", "ID"})
# Code list 374: current schedule delivery.
_EXPECTED = "067"


def order_response(notice: Notice, order: Order, agreed: Agreement, at: dt.datetime) -> Told:
    """The 855 for a decided order: what became of each line so far."""
    lines = order.product_order_item
    codes = [line_code(item) for item in lines]
    verdict = _verdict(codes)
    date = date_of(order, notice.endpoint)
    segments: list[SegmentOut] = [
        (
            "BAK",
            "00",
            verdict,
            number_told(notice.document, agreed, 22),
            date,
            None,
            None,
            None,
            order.id,
            at.date(),
        )
    ]
    for item, code in zip(lines, codes, strict=True):
        segments += _line(order, item, code, notice.endpoint, agreed)
    segments.append(("CTT", len(lines)))
    return Told("PR", "855", segments, f"855 for PO {notice.document}: {verdict} {' '.join(codes)}")


def refusal(notice: Notice, at: dt.datetime) -> Told | None:
    """
    The 855 for a purchase order that cannot be had; None when its 997 or a TA1 has said so, and for other
    sets.
    """
    origin, fault = notice.origin, notice.fault
    if origin is None or fault is None or origin.document_type != "850" or not origin.document:
        return None
    if origin.details.get("fault") == "syntax" or was_duplicate(fault):
        return None
    segments: list[SegmentOut] = [
        ("BAK", "00", "RD", origin.document, origin.details.get("BEG05"), *4 * (None,), at.date())
    ]
    segments += trouble_segments(fault.code, sentence_of(fault))
    return Told("PR", "855", segments, f"855 for PO {origin.document}: RD, {fault.code}")


def line_code(item: OrderItem) -> str:
    """ACK01 for the state of a line."""
    if item.state is State.CANCELLED and item.cause is Cause.CUSTOMER:
        return _CANCELLED_BY_CUSTOMER
    return _LINE_CODES[item.state or State.ACKNOWLEDGED]


def _verdict(codes: Sequence[str]) -> str:
    """BAK02: with detail, no change (AD) or change (AC); rejected with detail (RD)."""
    if set(codes) == {"IA"}:
        return "AD"
    return "RD" if set(codes) <= _GONE else "AC"


def _line(order: Order, item: OrderItem, code: str, endpoint: str, agreed: Agreement) -> Iterator[SegmentOut]:
    price = item.item_price[0].price.value if item.item_price else None
    pairs = pairs_of(item, endpoint, agreed)
    yield ("PO1", line_of(item, agreed), item.quantity, "EA", price, None, *pairs)
    expected: tuple[Element, ...] = ()
    if order.expected_completion_date and code not in _GONE:
        expected = (_EXPECTED, order.expected_completion_date.date())
    yield ("ACK", code, item.quantity, "EA", *expected)
    trouble = trouble_of(order, item) if code != "IA" else None
    if trouble:
        yield from trouble_segments(trouble.code, trouble.reason)
