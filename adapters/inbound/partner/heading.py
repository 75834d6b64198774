"""
What an order and a change of one say alike of the order as a whole: number, type, day wanted, parties.

Source: X12 release 004010, segments BEG and BCH (whose first three elements are the same), DTM, CTT.
"""

from __future__ import annotations

import datetime as dt

from adapters.formats.x12 import Segment, Turn
from adapters.formats.x12_agreement import Agreement
from canonical.errors import shown
from canonical.order import ExternalId, OrderContent, OrderItem
from canonical.references import Endpoint

from .memory import date_note
from .parties import customer_of, delivery_of

__all__ = [
    "DELIVERY_REQUESTED",
    "check_total",
    "check_type",
    "content_of",
    "day_of",
    "day_wanted",
    "number_of",
]

# Data element 324, purchase order number: AN 1/22.
_MAX_NUMBER = 22
# Code list 92, purchase order type: stand-alone, new order, drop ship.  Blanket orders and releases against
# them are agreements, not orders.
_TYPES = frozenset({"SA", "NE", "DS"})
# Code list 374.
DELIVERY_REQUESTED = "002"


def number_of(head: Segment, agreed: Agreement) -> str:
    """
    The purchase order number (element 3), which comes back in all answers.

    Raises:
        Rejected: It is missing, too long, or holds what we cannot send back.
    """
    number = head.required(3, _MAX_NUMBER)
    if not agreed.carries(number):
        what = f"{shown(number)} cannot be sent back to you unchanged"
        raise head.reject(3, "E_KEY_FORMAT", what, "no blank in front, none of the separators we write with")
    return number


def check_type(head: Segment) -> None:
    """
    Refuse a purpose (element 1) that is missing, and a type of order (element 2) that is not taken.

    Raises:
        Rejected: ``E_MISSING``, ``E_FIELD_SIZE`` or ``E_EDI_ELEMENT``.
    """
    head.required(1, 2)
    head.code(2, _TYPES)


def check_total(turn: Turn, lines: int, segment_id: str) -> None:
    """
    Refuse a CTT01 that counts something else.

    Raises:
        Rejected: ``E_EDI_COUNT``.
    """
    ctt = turn.first("CTT")
    if ctt and ctt.integer(1) != lines:
        what = f"says {shown(ctt.raw(1))}, but {lines} {segment_id} were counted"
        raise ctt.reject(1, "E_EDI_COUNT", what, str(lines))


def day_wanted(turn: Turn) -> dt.datetime | None:
    """
    The day of DTM*002 of the heading, if there is one.

    Raises:
        Rejected: A DTM without a qualifier; that one without a date.
    """
    found = next((dtm for dtm in turn.each("DTM") if dtm.required(1, 3) == DELIVERY_REQUESTED), None)
    return day_of(found, 2) if found else None


def day_of(segment: Segment, element: int) -> dt.datetime:
    """
    The beginning of a day; X12 says no zone, so it is a day in UTC.

    Raises:
        Rejected: ``E_MISSING`` or ``E_DATE``.
    """
    return dt.datetime.combine(segment.date(element), dt.time(), dt.UTC)


def content_of(
    turn: Turn,
    items: tuple[OrderItem, ...],
    *,
    number: str,
    date: dt.date,
    wanted: dt.datetime | None,
    endpoint: Endpoint,
) -> OrderContent:
    """
    A whole order: its ``items``, and what the heading says of it.

    Raises:
        Rejected: An element of an N1 loop is missing or too long.
    """
    return OrderContent(
        product_order_item=items,
        external_id=(ExternalId(owner=endpoint.id, external_identifier_type="purchaseOrder", id=number),),
        related_party=customer_of(turn),
        place=delivery_of(turn),
        requested_completion_date=wanted,
        note=(date_note(endpoint.id, date),),
    )
