"""
A purchase order: set 850 to an order.

First the whole set is read, so that what breaks the standard is told before anything else; then it is looked
at as business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.formats.x12 import Segment, TransactionSet, Turn, arrange
from adapters.formats.x12_agreement import Agreement
from canonical.commands import Origin, RejectedDocument, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.order import (
    ExternalId,
    ItemPrice,
    Money,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    Place,
    Product,
)
from canonical.references import Endpoint, References
from canonical.states import Action

from .layouts import PURCHASE_ORDER
from .memory import code_note, date_note
from .offerings import Pair, offering_of
from .parties import customer_of, delivery_of
from .source import Refused, detailed, from_set, syntax

__all__ = ["read_purchase_order"]

# Data element 324, purchase order number: AN 1/22.
_MAX_NUMBER = 22
# Data element 350, assigned identification: AN 1/20.
_MAX_LINE = 20
# Code list 92, purchase order type: stand-alone, new order, drop ship.  Blanket orders and releases against
# them are agreements, not orders.
_TYPES = frozenset({"SA", "NE", "DS"})
# Code list 353, purpose: words for those that partners try.
_ORIGINAL = "00"
_PURPOSES = {"01": "cancellation", "04": "change", "05": "replace", "06": "confirmation", "07": "duplicate"}
# Code list 374: delivery requested.
_DELIVERY_REQUESTED = "002"
_DEFAULT_CURRENCY = "USD"


def read_purchase_order(
    transaction_set: TransactionSet,
    group: Origin,
    endpoint: Endpoint,
    agreed: Agreement,
    references: References,
) -> SubmitOrder | RejectedDocument:
    """The order, or what is wrong with it first: its syntax, then its business."""
    origin = from_set(group, transaction_set)
    try:
        turn = arrange(transaction_set, PURCHASE_ORDER)
        number, date = _number(turn.head, agreed), turn.head.date(5)
        origin = _named(origin, number, date)
        draft = _read(turn, endpoint)
        _check_purpose(turn.head)
        return SubmitOrder(origin=origin, order=_content(draft, number, date, endpoint, references))
    except Refused as refused:
        return RejectedDocument(origin=origin, fault=refused.fault)
    except Rejected as rejected:
        return syntax(origin, rejected.fault)


@dataclass(frozen=True, slots=True)
class _Line:
    """One PO1 loop, its elements read and sound."""

    po1: Segment
    ref: str
    quantity: Decimal
    price: Money | None
    pairs: Sequence[Pair]
    place: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The set, read."""

    turn: Turn
    lines: Sequence[_Line]
    wanted: dt.datetime | None


def _number(beg: Segment, agreed: Agreement) -> str:
    number = beg.required(3, _MAX_NUMBER)
    if not agreed.carries(number):
        what = f"{shown(number)} cannot be sent back to you unchanged"
        raise beg.reject(3, "E_KEY_FORMAT", what, "no blank in front, none of the separators we write with")
    return number


def _named(origin: Origin, number: str, date: dt.date) -> Origin:
    named = detailed(origin, BEG05=f"{date:%Y%m%d}")
    return Origin(
        channel=named.channel,
        endpoint=named.endpoint,
        envelope=named.envelope,
        document_type=named.document_type,
        document=number,
        details=named.details,
    )


def _read(turn: Turn, endpoint: Endpoint) -> _Draft:
    beg = turn.head
    beg.required(1, 2)
    beg.code(2, _TYPES)
    currency = _currency(turn, endpoint)
    lines = [_line(one, currency) for one in turn.loops("PO1")]
    _check_total(turn, len(lines))
    return _Draft(turn, lines, _wanted(turn))


def _currency(turn: Turn, endpoint: Endpoint) -> str:
    cur = turn.first("CUR")
    return cur.required(2, 3) if cur else endpoint.format.get("currency", _DEFAULT_CURRENCY)


def _line(loop: Turn, currency: str) -> _Line:
    po1 = loop.head
    ref = po1.key(1, _MAX_LINE)
    # Data element 380, quantity: R 1/15.
    po1.required(2, 15)
    quantity = po1.number(2)
    po1.code(3, {"EA"})
    price = None
    if po1.text(4, 17):
        price = Money(value=po1.number(4, 0), unit=currency)
    pairs = tuple(Pair(6 + 2 * n, *pair) for n, pair in enumerate(_pairs(po1)))
    return _Line(po1, ref, quantity, price, pairs, delivery_of(loop))


def _pairs(po1: Segment) -> tuple[tuple[str, str], ...]:
    pairs = po1.pairs(6)
    if not pairs:
        raise po1.reject(6, "E_MISSING", "the line names no product", "a qualifier and a code, such as VP")
    return pairs


def _check_total(turn: Turn, lines: int) -> None:
    ctt = turn.first("CTT")
    if ctt and ctt.integer(1) != lines:
        what = f"says {shown(ctt.raw(1))}, but {lines} PO1 were counted"
        raise ctt.reject(1, "E_EDI_COUNT", what, str(lines))


def _wanted(turn: Turn) -> dt.datetime | None:
    """The day of DTM*002; X12 says no zone, so it is a day in UTC."""
    found = next((dtm for dtm in turn.each("DTM") if dtm.required(1, 3) == _DELIVERY_REQUESTED), None)
    return dt.datetime.combine(found.date(2), dt.time(), dt.UTC) if found else None


def _check_purpose(beg: Segment) -> None:
    purpose = beg.raw(1)
    if purpose != _ORIGINAL:
        word = f" ({_PURPOSES[purpose]})" if purpose in _PURPOSES else ""
        raise Refused(
            "E_ACTION", f"purpose {shown(purpose)}{word} cannot be asked for", beg.where(1), "00 (original)"
        )


def _content(
    draft: _Draft, number: str, date: dt.date, endpoint: Endpoint, references: References
) -> OrderContent:
    seen: dict[str, Segment] = {}
    items = tuple(_item(line, seen, endpoint, references) for line in draft.lines)
    return OrderContent(
        product_order_item=items,
        external_id=(ExternalId(owner=endpoint.id, external_identifier_type="purchaseOrder", id=number),),
        related_party=customer_of(draft.turn),
        place=delivery_of(draft.turn),
        requested_completion_date=draft.wanted,
        note=(date_note(endpoint.id, date),),
    )


def _item(line: _Line, seen: dict[str, Segment], endpoint: Endpoint, references: References) -> OrderItem:
    first = seen.setdefault(line.ref, line.po1)
    if first is not line.po1:
        what = f"line {shown(line.ref)} stands in segment {first.ordinal} too"
        raise Refused("E_DUPLICATE_LINE", what, line.po1.where(1), "each number once")
    offering, known = offering_of(line.po1, line.pairs, endpoint, references)
    most = offering.max_quantity
    if line.quantity != line.quantity.to_integral_value() or not 1 <= line.quantity <= most:
        what = f"quantity {shown(line.po1.raw(2))}"
        raise Refused("E_RANGE", what, line.po1.where(2), f"a whole number from 1 to {most} of {offering.id}")
    return OrderItem(
        id=line.ref,
        line_ref=line.ref,
        action=Action.ADD,
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        quantity=int(line.quantity),
        product=Product(place=line.place),
        item_price=(ItemPrice(price_type="oneTime", price=line.price),) if line.price else (),
        note=tuple(_code_notes(known, endpoint)),
        category=offering.category,
    )


def _code_notes(known: Sequence[Pair], endpoint: Endpoint) -> Sequence[Note]:
    return [code_note(endpoint.id, pair.qualifier, pair.code) for pair in known]
