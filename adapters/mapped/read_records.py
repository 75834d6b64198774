"""
Messages of fixed-width records: perhaps a header, orders and lines or lines alone, perhaps a trailer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby

from adapters.formats.fixed import (
    FILLER,
    Absent,
    CodePage,
    Field,
    Format,
    Layout,
    Picture,
    Raw,
    Recfm,
    Spot,
    Usage,
    code_page,
    cut,
    cut_lines,
    decode,
    field_of,
    refuse_astray,
    refuse_blank,
    refuse_foreign,
    refuse_text_mode,
)
from adapters.formats.sniff import MAX_MESSAGE
from canonical.errors import Rejected, shown

from .entry import Document, Message
from .model import ChannelMap, FixedField, FixedRecord, FixedShape

__all__ = ["Deck", "deck_of", "layout_of", "read_records"]

# Of one message, which is worked on at once.
_MOST = 10_000
# Bytes that show in which family of code pages a file is written.
_HEAD = 200


@dataclass(frozen=True, slots=True)
class Deck:
    """
    The records of a channel: layouts by kind, all of one length.

    Args:
        kinds: By what the first field says; a single kind under ``""``.
    """

    page: CodePage
    line_end: bytes
    length: int
    kinds: dict[str, tuple[FixedRecord, Layout]]

    @property
    def marker(self) -> tuple[Layout, str]:
        """A layout and its first field, which says the kind."""
        record, layout = next(iter(self.kinds.values()))
        return layout, record.fields[0].name

    @property
    def family(self) -> Mapping[str, Layout]:
        """
        The layouts by the first character of their records, with the line end, for people to be shown fields;
        empty where another character tells the kinds.
        """
        if not all(len(kind) == 1 for kind in self.kinds):
            return {}
        return {kind: self.ended(layout) for kind, (_, layout) in self.kinds.items()}

    def ended(self, layout: Layout) -> Layout:
        """A layout with the line end behind its fields."""
        size = len(self.line_end)
        end = (Field(name="LINE-END", picture=f"X({size})", usage=Usage.BYTES),) if size else ()
        return Layout(layout.name, (*layout.elements, *end))

    def kind(self, raw: Raw) -> tuple[FixedRecord, Layout]:
        """
        What a record is.

        Raises:
            Rejected: ``E_FW_TYPE``: none of these.
        """
        if "" in self.kinds:
            return self.kinds[""]
        layout, name = self.marker
        kind = str(field_of(raw.data, layout, name, self.page, number=raw.number))
        if kind not in self.kinds:
            size = layout.slots[0].size
            where = str(Spot(raw.number, 1, size, name))
            raise Rejected("E_FW_TYPE", shown(kind), where, ", ".join(self.kinds))
        return self.kinds[kind]

    def of(self, role: str) -> tuple[FixedRecord, Layout] | None:
        """The record in that role."""
        return next((one for one in self.kinds.values() if one[0].role == role), None)


def layout_of(name: str, fields: tuple[FixedField, ...], length: int = 0) -> Layout:
    """
    Fields as a layout, filled up to ``length`` bytes.

    Raises:
        ValueError: A picture is none, or two fields have one name.
    """
    made = tuple(
        Field(
            name=one.name,
            picture=one.picture,
            usage=Usage(one.usage),
            absent=tuple(Absent(way) for way in one.empty),
        )
        for one in fields
    )
    own = Layout(name, made)
    if length <= own.length:
        return own
    return Layout(name, (*made, Field(name=FILLER, picture=f"X({length - own.length})")))


def deck_of(shape: FixedShape) -> Deck:
    """
    The agreed records.

    Raises:
        ValueError: They contradict themselves.
        Rejected: ``E_CHARSET``.
    """
    longest = max(layout_of(one.role, one.fields).length for one in shape.record)
    kinds: dict[str, tuple[FixedRecord, Layout]] = {}
    for one in shape.record:
        kind = one.kind if len(shape.record) > 1 else ""
        if kind in kinds or (len(shape.record) > 1 and not kind):
            raise ValueError(f"two records are of kind {shown(kind)}: each says another in its first field")
        kinds[kind] = (one, layout_of(one.role.upper(), one.fields, longest))
    roles = [one.role for one in shape.record]
    if "line" not in roles or len(set(roles)) < len(roles):
        raise ValueError("one record is the line, and each role is there once")
    firsts = {(one.fields[0].picture, one.fields[0].usage) for one in shape.record}
    if len(firsts) > 1:
        raise ValueError("the first field, which says the kind, is the same in every record")
    page = code_page(shape.code_page)
    for kind, (one, layout) in kinds.items():
        _refuse_odd(kind, one, layout, page)
    return Deck(page, shape.line_end.encode(), longest, kinds)


def _refuse_odd(kind: str, one: FixedRecord, layout: Layout, page: CodePage) -> None:
    """What no file could hold: every one would be refused, and its sender be told so."""
    for slot in layout.slots:
        if not slot.size:
            raise ValueError(f"{one.role}: {slot.element.name} has no length")
    first = layout.slots[0]
    if kind and (len(kind) > first.size or kind.encode(page.codec, "replace").decode(page.codec) != kind):
        raise ValueError(f"{one.role}: {one.fields[0].picture} cannot say {shown(kind)}")
    for field in one.fields:
        picture = Picture.of(field.picture)
        if field.name == one.count and (picture.scale or not picture.numeric):
            raise ValueError(f"{one.role}: {one.count} counts records, so it is a whole number, as 9(6)")


def read_records(body: bytes, mapping: ChannelMap, deck: Deck) -> Message:
    """
    The orders of a file of records.

    Raises:
        Rejected: ``E_EMPTY``, ``E_TOO_LARGE``, ``E_BOM``, ``E_ARCHIVE``, ``E_FORMAT_SNIFF``,
            ``E_FW_LENGTH``, ``E_FW_SHORT``, ``E_FW_LONG``, ``E_FW_TYPE``, ``E_FW_SEQUENCE``, ``E_FW_COUNT``,
            ``E_FW_CODEPAGE``, ``E_RECORDS``: nothing of the file is taken.
    """
    refuse_blank(body, "records")
    if len(body) > MAX_MESSAGE:
        raise Rejected("E_TOO_LARGE", f"{len(body)} bytes", allowed=f"at most {MAX_MESSAGE} bytes")
    seen = _seen(body, deck)
    if len(seen) > _MOST:
        raise Rejected("E_RECORDS", f"{len(seen)} records", f"record {_MOST + 1}", f"at most {_MOST}")
    middle = _middle(seen, deck)
    head = seen[0]
    repeated = head.role != "header"
    if deck.of("order"):
        return Message(head, tuple(_with_order(middle)), repeated)
    number = mapping.order.number
    grouped = (tuple(group) for _, group in groupby(middle, key=lambda one: one.bytes_of(number)))
    return Message(head, tuple(Document.of_rows(group) for group in grouped), repeated)


def _seen(body: bytes, deck: Deck) -> list[_Record]:
    """All records; bytes that hold none are told by what they look like."""
    form = Format(Recfm.FB, deck.length)
    seen = list[_Record]()
    try:
        refuse_foreign(body[:_HEAD], deck.page, "record 1")
        for raw in cut_lines(body, deck.length, deck.line_end) if deck.line_end else cut((body,), form):
            seen.append(_Record(raw, *deck.kind(raw), deck))
    except Rejected:
        if not (seen and seen[0].sound):
            refuse_astray(body, deck.page)
        if not deck.line_end:
            refuse_text_mode(body, form)
        raise
    return seen


def _middle(seen: list[_Record], deck: Deck) -> list[_Record]:
    """The records between header and trailer, which are there once, where they belong, and count rightly."""
    for role, place in (("header", 0), ("trailer", len(seen) - 1)):
        if deck.of(role) and seen[place].role != role:
            what = f"the file {'begins' if role == 'header' else 'ends'} with a record {seen[place].role}"
            raise Rejected("E_FW_SEQUENCE", what, f"record {place + 1}", f"a {role}")
    middle = seen[bool(deck.of("header")) : len(seen) - bool(deck.of("trailer"))]
    for one in middle:
        if one.role in {"header", "trailer"}:
            raise Rejected("E_FW_SEQUENCE", f"a second {one.role}", one.where(), "one")
    if not middle:
        raise Rejected("E_FW_SEQUENCE", "no order in the file", "record 1", "at least one")
    last = seen[-1]
    if last.role == "trailer" and (name := last.record.count):
        said = last.number(name)
        if said != str(len(middle)):
            what = f"says {said}, but {len(middle)} records were sent"
            raise Rejected("E_FW_COUNT", what, last.where(name), str(len(middle)))
    return middle


def _with_order(middle: list[_Record]) -> Iterator[Document]:
    """Each order with the lines behind it."""
    if middle[0].role != "order":
        raise Rejected("E_FW_SEQUENCE", "a line before any order", middle[0].where(), "an order")
    order, lines = middle[0], list[_Record]()
    for one in (*middle[1:], None):
        if one is not None and one.role == "line":
            lines.append(one)
            continue
        if not lines:
            raise Rejected("E_FW_SEQUENCE", "an order without lines", order.where(), "a line behind it")
        yield Document(order, partial(tuple, lines))
        order, lines = one or order, []


class _Record:
    """One record."""

    def __init__(self, raw: Raw, record: FixedRecord, layout: Layout, deck: Deck) -> None:
        self.raw = raw
        self.record = record
        self.role = record.role
        self._layout = layout
        self._page = deck.page

    def text(self, path: str, *, loose: bool = False) -> str | None:
        """The field without the blanks behind it."""
        value = field_of(self.raw.data, self._layout, path, self._page, number=self.raw.number)
        match value:
            case None | "":
                return None
            case Decimal():
                return format(value, "f")
            case date():
                return f"{value:%Y%m%d}"
            case _:
                return str(value)

    def bytes_of(self, path: str) -> bytes:
        """The field as it stands, whatever it holds."""
        for slot in self._layout.slots:
            if slot.element.name == path:
                return self.raw.data[slot.start : slot.start + slot.size]
        return b""

    def where(self, path: str = "") -> str:
        """Record, columns and field."""
        for slot in self._layout.slots if path else ():
            if slot.element.name == path:
                return str(Spot(self.raw.number, slot.start + 1, slot.start + slot.size, path))
        return str(Spot(self.raw.number))

    def number(self, path: str) -> str | None:
        """A number, whatever its picture."""
        return self.text(path)

    @property
    def sound(self) -> bool:
        """Whether every field can be read."""
        try:
            self.check()
        except Rejected:
            return False
        return True

    def check(self) -> None:
        """Read every field, also those that the mapping does not name."""
        decode(self.raw.data, self._layout, self._page, number=self.raw.number)
