"""
Rows of reports to their values; both databases share it.

Places stand in the order's document only: they are read from there, and nothing else of it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from canonical.codec import decode
from canonical.order import Address, Place, RelatedParty
from canonical.states import Cause, State

from .record import Amending, Cancelling
from .reports_port import HeldLine, OpenChange, ReportedEvent, ReportedLine, ReportedOrder
from .rows import Instants, Row, mapping

__all__ = ["ReportRows", "open_change", "parties_of"]


class _Product(msgspec.Struct, rename="camel"):
    place: tuple[Place, ...] = ()


class _Item(msgspec.Struct, rename="camel"):
    id: str
    product: _Product = msgspec.field(default_factory=_Product)
    product_order_item: tuple[_Item, ...] = ()


class _Places(msgspec.Struct, rename="camel"):
    """An order's document, as far as it says where things go."""

    product_order_item: tuple[_Item, ...]
    place: tuple[Place, ...] = ()


class _Parties(msgspec.Struct, rename="camel"):
    """An order's document, as far as it says who has to do with it."""

    related_party: tuple[RelatedParty, ...] = ()


def parties_of(doc: str) -> tuple[RelatedParty, ...]:
    """The parties in an order's document."""
    return msgspec.json.decode(doc, type=_Parties).related_party


def open_change(row: Row) -> OpenChange:
    """From order id, number, kind, document."""
    order_id, number, kind, doc = row
    if kind == "cancel":
        return OpenChange(order_id, number, decode(doc, Cancelling).task)
    return OpenChange(order_id, number, decode(doc, Amending).amendment)


class ReportRows:
    """Rows to values, with the instants of one database."""

    def __init__(self, instants: Instants) -> None:
        self._at = instants

    def held(self, row: Row) -> HeldLine:
        """From order id, number, endpoint, part, system, item, verb, code, reason, since."""
        order_id, number, endpoint, part, system, item, verb, code, reason, since = row
        return HeldLine(
            order_id, number, endpoint, part, system, item, verb, code, reason, self._at.read(since)
        )

    def orders(
        self, orders: Sequence[Row], lines: Iterable[Row], events: Iterable[Row]
    ) -> Iterator[ReportedOrder]:
        """
        Orders with their lines and events.

        Args:
            orders: id, number, endpoint, channel, state, created, changed, requested, expected, attempts,
                doc.
            lines: order id, part, system, optional, item, offering, action, quantity, done, state, cause,
                code, since.
            events: order id, event, actor, text, data.
        """
        lines_of, events_of = _by_order(lines), _by_order(events)
        for row in orders:
            id_, number, endpoint, channel, state, created, changed, requested, expected, attempts, doc = row
            places = _places(doc)
            yield ReportedOrder(
                id=id_,
                number=number,
                endpoint=endpoint,
                channel=channel,
                state=State(state),
                created=self._at.read(created),
                changed=self._at.read(changed),
                requested=self._at.read_maybe(requested),
                expected=self._at.read_maybe(expected),
                attempts=attempts or 0,
                lines=tuple(self._line(one, places) for one in lines_of.get(id_, ())),
                events=tuple(_event(one) for one in events_of.get(id_, ())),
            )

    def _line(self, row: Row, places: Mapping[str, str]) -> ReportedLine:
        part, system, optional, item, offering, action, quantity, done, state, cause, code, since = row
        return ReportedLine(
            part=part,
            system=system,
            optional=bool(optional),
            item=item,
            offering=offering,
            action=action,
            quantity=quantity,
            done=done,
            state=State(state),
            cause=Cause(cause) if cause else None,
            code=code,
            since=self._at.read(since),
            place=places.get(item, places.get("", "")),
        )


def _event(row: Row) -> ReportedEvent:
    event, actor, text, data = row
    return ReportedEvent(event, actor, text, mapping(data))


def _by_order(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for order_id, *row in rows:
        found[order_id].append(tuple(row))
    return found


def _places(doc: str) -> Mapping[str, str]:
    """Where each item goes that says so, by its id; under the empty id where the others go."""
    order = msgspec.json.decode(doc, type=_Places)
    found = {item.id: _named(item.product.place) for item in _flat(order.product_order_item)}
    return {"": _named(order.place), **{item: place for item, place in found.items() if place}}


def _flat(items: Iterable[_Item]) -> Iterator[_Item]:
    for item in items:
        yield item
        yield from _flat(item.product_order_item)


def _named(places: Sequence[Place]) -> str:
    """Country, state and city of the first place: as much as planning needs, and no house."""
    if not places:
        return ""
    address: Address = places[0].place
    return " ".join(one for one in (address.country, address.state_or_province, address.city) if one)
