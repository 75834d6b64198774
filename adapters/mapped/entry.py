"""
One place of a message from which values are read by path: a row, a record, an object, an element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from canonical.errors import Fault
from canonical.zones import Zone, zone_of

from .model import ChannelMap, From, LineMap, MessageMap, OrderMap, PartyMap, PlaceMap, Source

__all__ = [
    "Document",
    "Entry",
    "Known",
    "Message",
    "head_paths",
    "head_ways",
    "known_ways",
    "line_paths",
    "order_paths",
    "source",
    "zones_of",
]


class Entry(Protocol):
    """A row, a record, an object or an element."""

    def text(self, path: str, *, loose: bool = False) -> str | None:
        """
        What stands there; None for nothing and for blanks.  ``loose``: numbers and truth values too, as text.

        Raises:
            Rejected: It is no text, or none that can be read.
        """
        ...

    def where(self, path: str = "") -> str:
        """Its place in the sender's terms."""
        ...

    def number(self, path: str) -> str | None:
        """A whole or decimal number as plain text; None for nothing."""
        ...

    def check(self) -> None:
        """
        Look at all that is in it.

        Raises:
            Rejected: Something cannot be read, or would be lost because the mapping does not name it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """
    One order: where it says what it says as a whole, and its lines.

    Args:
        lines: Gives them; raises ``Rejected`` when there are none, which is this document's fault alone.
        flat: Each line says again what the order says.
        flags: Warnings that the order is to carry.
    """

    order: Entry
    lines: Callable[[], Sequence[Entry]]
    flat: bool = False
    flags: tuple[Fault, ...] = ()

    @classmethod
    def of_rows(cls, rows: Sequence[Entry], flags: tuple[Fault, ...] = ()) -> Document:
        """An order whose lines say all of it."""
        return cls(rows[0], lambda: rows, flat=True, flags=flags)


@dataclass(frozen=True, slots=True)
class Message:
    """
    A native message cut into documents.

    Args:
        head: Where it speaks of itself; it has been checked.
        repeated: Each document says again what the head says.
    """

    head: Entry
    documents: tuple[Document, ...]
    repeated: bool = False


def source(given: Source) -> From:
    """A path alone is a source."""
    return From(path=given) if isinstance(given, str) else given


def order_paths(mapping: OrderMap) -> tuple[str, ...]:
    """All paths that an order as a whole is read from."""
    days = (one.path for one in (mapping.requested, mapping.requested_start) if one)
    plain = (
        mapping.asks,
        mapping.conversation,
        mapping.description,
        mapping.category,
        mapping.priority,
        mapping.note,
    )
    tables: Iterable[PartyMap | PlaceMap] = (*mapping.party.values(), *mapping.place.values())
    inside: Iterable[Source | None] = (getattr(one, name) for one in tables for name in one.__struct_fields__)
    return tuple(dict.fromkeys((mapping.number, *days, *_paths((*plain, *inside)))))


def line_paths(mapping: LineMap) -> tuple[str, ...]:
    """All paths that a line is read from."""
    given = (mapping.offering, mapping.action, mapping.quantity, mapping.serial, mapping.note)
    number = (mapping.number,) if mapping.number else ()
    return tuple(dict.fromkeys((*number, *_paths((*given, *mapping.characteristics.values())))))


def zones_of(mapping: ChannelMap) -> Mapping[str, Zone]:
    """
    Every zone of the mapping, by what it is called there.

    Raises:
        Rejected: ``E_CONFIG``: one is none.
    """
    days = (mapping.order.requested, mapping.order.requested_start)
    columns = mapping.answer.columns if mapping.answer else ()
    names = {*(one.zone for one in days if one), *(one.zone for one in columns), "UTC"}
    return {name: zone_of(name, "zone") for name in names}


def _paths(given: Iterable[Source | None]) -> tuple[str, ...]:
    found = (source(one) for one in given if one is not None)
    return tuple(one.path for one in found if one.path)


Known = Mapping[str, "Known | None"]
"""Names that a mapping knows, each with those inside of it; None: whatever is inside."""


def head_paths(mapping: MessageMap) -> tuple[str, ...]:
    """All paths that a message as a whole is read from."""
    return tuple(filter(None, (mapping.number, mapping.sender)))


def head_ways(mapping: ChannelMap, ignored: Iterable[str], orders: str, sign: str) -> Known:
    """What may stand around the orders."""
    return _tree(head_paths(mapping.message), (*ignored, orders), sign)


def known_ways(
    mapping: ChannelMap, ignored: Iterable[str], orders: str, lines: str, sign: str
) -> tuple[Known, Known]:
    """
    What may stand in an order, and in a line.

    Args:
        orders: Way to the orders; empty: the message is one.
        lines: Way from an order to its lines; empty: they are one.
        sign: What stands between the steps of a way.
    """
    head = () if orders else head_paths(mapping.message)
    of_order = (*order_paths(mapping.order), *head)
    of_line = line_paths(mapping.line)
    if not lines:
        tree = _tree((*of_order, *of_line), ignored, sign)
        return tree, tree
    ignored = tuple(ignored)
    return _tree(of_order, (*ignored, lines), sign), _tree(of_line, ignored, sign)


def _tree(paths: Iterable[str], ignored: Iterable[str], sign: str) -> Known:
    tree: dict[str, Known | None] = {}
    for path in (*paths, *ignored):
        node = tree
        *steps, last = path.split(sign)
        for step in steps:
            inner = node.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            node = inner
        else:
            node.setdefault(last, None)
    return tree
