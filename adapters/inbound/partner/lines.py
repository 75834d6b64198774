"""
One line that a partner orders or changes: a PO1 or POC loop, first read, then looked at as business.

Source: X12 release 004010, segments PO1 and POC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from adapters.formats.x12 import Segment, Turn
from canonical.errors import shown
from canonical.order import ItemPrice, Money, Note, OfferingRef, OrderItem, Place, Product
from canonical.references import Endpoint, Offering, References
from canonical.states import Action

from .memory import code_note
from .offerings import Pair, offering_of
from .parties import delivery_of
from .source import Refused

__all__ = [
    "ORDERED",
    "Columns",
    "Line",
    "Says",
    "currency_of",
    "each_once",
    "item_of",
    "notes_of",
    "prices_of",
    "quantity_of",
    "read_line",
]

# Data element 350, assigned identification: AN 1/20.
_MAX_LINE = 20
_DEFAULT_CURRENCY = "USD"


class Says(StrEnum):
    """What a line can say of its item."""

    QUANTITY = "quantity"
    PRICE = "price"
    PRODUCT = "product"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a segment has what a line says; the pairs of qualifier and code begin at ``pairs``."""

    quantity: int
    unit: int
    price: int
    pairs: int


ORDERED = Columns(quantity=2, unit=3, price=4, pairs=6)
"""PO1."""


@dataclass(frozen=True, slots=True)
class Line:
    """One loop, its elements read and sound; None and empty for what it does not say."""

    segment: Segment
    columns: Columns
    ref: str
    quantity: Decimal | None
    price: Money | None
    pairs: Sequence[Pair]
    place: tuple[Place, ...]


def currency_of(turn: Turn, endpoint: Endpoint) -> str:
    """
    The currency of all prices of a set: CUR02, else the profile's.

    Raises:
        Rejected: CUR02 is missing or too long.
    """
    cur = turn.first("CUR")
    return cur.required(2, 3) if cur else endpoint.format.get("currency", _DEFAULT_CURRENCY)


def read_line(
    loop: Turn, columns: Columns, currency: str, *, must: Collection[Says], may: Collection[Says] = ()
) -> Line:
    """
    What a line says, as far as it is asked for: ``must`` be there, or ``may``.

    Raises:
        Rejected: An element of those is missing, or breaks the standard.
    """
    head = loop.head

    def asked(what: Says, element: int) -> bool:
        return what in must or (what in may and bool(head.raw(element)))

    ref = head.key(1, _MAX_LINE)
    quantity = _quantity(head, columns) if asked(Says.QUANTITY, columns.quantity) else None
    price = None
    # Data element 212, unit price: R 1/17.
    if asked(Says.PRICE, columns.price) and head.required(columns.price, 17):
        price = Money(value=head.number(columns.price, 0), unit=currency)
    pairs: tuple[Pair, ...] = ()
    if Says.PRODUCT in must or Says.PRODUCT in may:
        pairs = tuple(_pairs(head, columns.pairs, needed=Says.PRODUCT in must))
    place = delivery_of(loop) if Says.PLACE in must or Says.PLACE in may else ()
    return Line(head, columns, ref, quantity, price, pairs, place)


def each_once(lines: Iterable[Line]) -> None:
    """
    Refuse a set that names a line twice.

    Raises:
        Refused: ``E_DUPLICATE_LINE``, naming the first.
    """
    seen: dict[str, Segment] = {}
    for line in lines:
        first = seen.setdefault(line.ref, line.segment)
        if first is not line.segment:
            what = f"line {shown(line.ref)} stands in segment {first.ordinal} too"
            raise Refused("E_DUPLICATE_LINE", what, line.segment.where(1), "each number once")


def item_of(line: Line, endpoint: Endpoint, references: References) -> OrderItem:
    """
    A whole line as an item to be added.

    Raises:
        Refused: ``E_OFFERING`` or ``E_RANGE``.
    """
    offering, known = offering_of(line.segment, line.pairs, endpoint, references)
    return OrderItem(
        id=line.ref,
        line_ref=line.ref,
        action=Action.ADD,
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        quantity=quantity_of(line, offering) or 1,
        product=Product(place=line.place),
        item_price=prices_of(line) or (),
        note=notes_of(known, endpoint, offering),
        category=offering.category,
    )


def quantity_of(line: Line, offering: Offering | None) -> int | None:
    """
    How many; None when the line does not say it.

    Raises:
        Refused: ``E_RANGE``: no whole number, or more than may be ordered of the offering.
    """
    if line.quantity is None:
        return None
    most = offering.max_quantity if offering else _MOST
    if line.quantity != line.quantity.to_integral_value() or not 1 <= line.quantity <= most:
        what = f"quantity {shown(line.segment.raw(line.columns.quantity))}"
        named = f" of {offering.id}" if offering else ""
        where = line.segment.where(line.columns.quantity)
        raise Refused("E_RANGE", what, where, f"a whole number from 1 to {most}{named}")
    return int(line.quantity)


def prices_of(line: Line) -> tuple[ItemPrice, ...] | None:
    """The price for one; None when the line does not say it."""
    return (ItemPrice(price_type="oneTime", price=line.price),) if line.price else None


def notes_of(known: Iterable[Pair], endpoint: Endpoint, offering: Offering) -> tuple[Note, ...]:
    """The codes by which the partner named the offering, to be told again."""
    return tuple(code_note(endpoint.id, pair.qualifier, pair.code, offering.id) for pair in known)


# As many as an item can have (canonical ``Count``), where no offering says less.
_MOST = 1_000_000


def _quantity(head: Segment, columns: Columns) -> Decimal:
    # Data element 380, quantity: R 1/15.
    head.required(columns.quantity, 15)
    quantity = head.number(columns.quantity)
    head.code(columns.unit, {"EA"})
    return quantity


def _pairs(head: Segment, first: int, *, needed: bool) -> Iterator[Pair]:
    pairs = head.pairs(first)
    if needed and not pairs:
        raise head.reject(
            first, "E_MISSING", "the line names no product", "a qualifier and a code, such as VP"
        )
    return (Pair(first + 2 * n, *pair) for n, pair in enumerate(pairs))
