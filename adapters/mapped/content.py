"""
A document as its mapping reads it: what the canonical order says of it, or its first fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from adapters.formats.numbering import wrong_number
from adapters.formats.values import integer, key, plain_text
from canonical.errors import Fault, Rejected, shown
from canonical.order import (
    Address,
    Characteristic,
    ExternalId,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.references import Endpoint, Offering, References
from canonical.states import Action

from .days import Zones, read_day
from .entry import Document, Entry, head_paths, order_paths, source
from .model import ChannelMap, Day, From, LineMap, OrderMap, PlaceMap, Source

__all__ = ["conversation_of", "order_of", "question_of"]

_NUMBER = "orderNumber"
# Names, street lines; notes and descriptions are longer.
_LINE = 256
_PROSE = 4000
_ID = 128
# Quantities are whole numbers; without an offering's own limit this is the canonical one.
_MOST = 1_000_000

Value = TypeVar("Value")


def order_of(
    document: Document,
    mapping: ChannelMap,
    endpoint: Endpoint,
    references: References,
    zones: Zones,
    *,
    repeated: bool,
) -> OrderContent:
    """
    What the document says of its order.

    Args:
        repeated: Each of its lines says again what the message says as a whole.

    Raises:
        Rejected: At the first fault; ``where`` in the sender's terms.
    """
    order = mapping.order
    reader = _Reader(document.order, zones)
    document.order.check()
    lines = document.lines()
    if document.flat:
        beside = head_paths(mapping.message) if repeated else ()
        _agree(lines, (*order_paths(order), *beside))
    number = _number(document.order, order)
    items = tuple(_items(lines, mapping.line, endpoint, references))
    return OrderContent(
        product_order_item=items,
        external_id=(ExternalId(owner=endpoint.id, external_identifier_type=_NUMBER, id=number),),
        related_party=tuple(_parties(reader, order)),
        place=tuple(_places(reader, order.place)),
        category=reader.said(order.category),
        description=reader.said(order.description, _PROSE),
        priority=reader.said(order.priority),
        requested_start_date=reader.day(order.requested_start),
        requested_completion_date=reader.day(order.requested),
        note=tuple(_notes(reader.said(order.note, _PROSE), endpoint, document.flags)),
    )


def question_of(document: Document, mapping: OrderMap) -> str:
    """
    The number of the order about whose status a document asks; empty when it is an order.

    Raises:
        Rejected: It says neither, or names none, or says something that nobody would read.
    """
    if mapping.asks is None:
        return ""
    given, entry = source(mapping.asks), document.order
    said = _said(entry, given)
    if said not in ("", "yes", "no"):
        raise Rejected("E_VALUE", f"{shown(said)} is no answer", entry.where(given.path), "yes or no")
    if said != "yes":
        return ""
    entry.check()
    return _number(entry, mapping)


def conversation_of(document: Document, mapping: OrderMap, zones: Zones) -> str:
    """
    The conversation to which an order belongs: its id, or a customer's token; empty when it names none.

    Raises:
        Rejected: It is no text.
    """
    return _Reader(document.order, zones).said(mapping.conversation, _ID)


def _number(entry: Entry, order: OrderMap) -> str:
    text = entry.text(order.number) or ""
    return _placed(entry, order.number, lambda: key(text, ""))


def _placed(entry: Entry, path: str, read: Callable[[], Value]) -> Value:
    """
    What ``read`` gives; what it refuses has its place.

    To find a place costs more than to read what stands there, so that it waits for a fault.
    """
    try:
        return read()
    except Rejected as error:
        if error.where:
            raise
        raise Rejected(error.code, error.what, entry.where(path), error.allowed) from None


def _agree(lines: Sequence[Entry], paths: tuple[str, ...]) -> None:
    """What each line says of its order is the same in all of them."""
    first, *others = lines
    for other in others:
        for path in paths:
            if other.text(path) != first.text(path):
                what = (
                    f"{shown(other.text(path))} here, and {shown(first.text(path))} in the order's first line"
                )
                raise Rejected("E_VALUE", what, other.where(path), "the same in all lines of an order")


def _notes(text: str, endpoint: Endpoint, flags: tuple[Fault, ...]) -> Iterator[Note]:
    if text:
        yield Note(text=text, author=endpoint.id)
    for flag in flags:
        yield Note(text=str(flag), author="orderloom")


def _parties(reader: _Reader, order: OrderMap) -> Iterator[RelatedParty]:
    for role, one in order.party.items():
        found = reader.said(one.id, _ID)
        name = reader.said(one.name)
        if found:
            yield RelatedParty(role=role, party_or_party_role=PartyRef(id=found, name=name))
        elif name:
            path = source(one.id).path
            raise Rejected("E_MISSING", f"a {role} without an id", reader.entry.where(path), "an id")


def _places(reader: _Reader, places: Mapping[str, PlaceMap]) -> Iterator[Place]:
    for role, one in places.items():
        address = Address(
            id=reader.said(one.id, _ID),
            name=reader.said(one.name),
            street=reader.said(one.street),
            city=reader.said(one.city),
            state_or_province=reader.said(one.state),
            postcode=reader.said(one.postcode),
            country=reader.said(one.country),
        )
        if address != Address():
            yield Place(role=role, place=address)


class _Reader:
    """Reads the sources of one entry."""

    def __init__(self, entry: Entry, zones: Zones) -> None:
        self.entry = entry
        self._zones = zones

    def said(self, given: Source | None, most: int = _LINE) -> str:
        """A text, empty when there is none."""
        if given is None:
            return ""
        found = source(given)
        text = _said(self.entry, found)
        return _placed(self.entry, found.path, lambda: plain_text(text, "", most, lines=most == _PROSE))

    def day(self, given: Day | None) -> dt.datetime | None:
        """An instant."""
        text = self.entry.text(given.path) if given else None
        if given is None or text is None:
            return None
        zone = self._zones[given.zone]
        return _placed(self.entry, given.path, lambda: read_day(text, given.form, zone, given.time, ""))


def _said(entry: Entry, given: From, code: str = "E_VALUE", *, loose: bool = False) -> str:
    if not given.path:
        return given.always
    found = entry.text(given.path, loose=loose)
    if found is None:
        return given.default
    if given.words:
        if found not in given.words:
            allowed = f"one of {', '.join(given.words)}"
            raise Rejected(code, f"unknown word {shown(found)}", entry.where(given.path), allowed)
        return given.words[found]
    return found


def _items(
    lines: Sequence[Entry], mapping: LineMap, endpoint: Endpoint, references: References
) -> Iterator[OrderItem]:
    seen: dict[str, Entry] = {}
    for place, entry in enumerate(lines, 1):
        entry.check()
        number = _line_number(entry, mapping, place)
        if number in seen:
            what = f"line {shown(number)} was there before, at {seen[number].where(mapping.number)}"
            where = entry.where(mapping.number)
            raise Rejected("E_DUPLICATE_LINE", what, where, "each number once in an order")
        seen[number] = entry
        yield _item(entry, mapping, number, endpoint, references)


def _line_number(entry: Entry, mapping: LineMap, place: int) -> str:
    if not mapping.number:
        return str(place)
    text = entry.text(mapping.number, loose=True) or ""
    return _placed(entry, mapping.number, lambda: key(text, ""))


def _item(
    entry: Entry, mapping: LineMap, number: str, endpoint: Endpoint, references: References
) -> OrderItem:
    reader = _Reader(entry, {})
    offering = _offering(entry, source(mapping.offering), endpoint, references)
    note = reader.said(mapping.note, _PROSE)
    return OrderItem(
        id=number,
        line_ref=number,
        action=_action(entry, source(mapping.action)),
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        quantity=_quantity(entry, mapping.quantity, offering),
        product=Product(
            product_serial_number=reader.said(mapping.serial, _ID),
            product_characteristic=tuple(_characteristics(entry, mapping)),
        ),
        note=(Note(text=note, author=endpoint.id),) if note else (),
        category=offering.category,
    )


def _offering(entry: Entry, given: From, endpoint: Endpoint, references: References) -> Offering:
    found = _said(entry, given, "E_OFFERING")
    if not found:
        raise Rejected("E_MISSING", "no offering is named", entry.where(given.path), "one of the catalogue")
    if given.code:
        return _placed(
            entry, given.path, lambda: references.offering_by_code(endpoint, given.code, found, "")
        )
    return _placed(entry, given.path, lambda: references.offering(found, ""))


def _action(entry: Entry, given: From) -> Action:
    found = _said(entry, given, "E_ACTION")
    if not found:
        allowed = ", ".join(given.words or Action)
        raise Rejected("E_MISSING", "no action is named", entry.where(given.path), allowed)
    if found not in set(Action):
        allowed = f"one of {', '.join(Action)}"
        raise Rejected("E_ACTION", f"unknown action {shown(found)}", entry.where(given.path), allowed)
    return Action(found)


def _quantity(entry: Entry, given: Source | None, offering: Offering) -> int:
    if given is None:
        return 1
    found = source(given)
    text = entry.number(found.path) if found.path and not found.words else _said(entry, found, loose=True)
    most = min(offering.max_quantity, _MOST)
    if not (text := text or found.default):
        raise Rejected("E_MISSING", "no quantity", entry.where(found.path), "a whole number")
    return _placed(entry, found.path, lambda: integer(text, "", 1, most))


def _characteristics(entry: Entry, mapping: LineMap) -> Iterator[Characteristic]:
    for name, given in mapping.characteristics.items():
        found = source(given)
        text = _said(entry, found, loose=True)
        text = _placed(entry, found.path, partial(plain_text, text, "", _PROSE, lines=True))
        if wrong := wrong_number(name, text):
            what, allowed = wrong
            raise Rejected("E_VALUE", what, entry.where(found.path), allowed)
        if text:
            yield Characteristic(name=name, value=text)
