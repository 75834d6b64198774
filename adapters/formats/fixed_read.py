"""
Records to values: a layout read at its places, strictly, with columns for whatever is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from canonical.errors import Rejected

from .fixed_codepage import CodePage
from .fixed_field import field_reader
from .fixed_layout import FILLER, Element, Group, Layout, Slot, When
from .fixed_places import columns, spot
from .fixed_spot import Spot

__all__ = ["Record", "decode", "field_of"]


class Record:
    """
    One record, read: its values by name (texts, numbers, dates, None; groups as mappings, tables as tuples),
    and where they stood.
    """

    __slots__ = ("_shifts", "layout", "number", "values")

    def __init__(
        self, layout: Layout, values: Mapping[str, Any], number: int, shifts: Mapping[str, int]
    ) -> None:
        self.layout = layout
        self.values = values
        self.number = number
        self._shifts = shifts

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def spot(self, name: str, *turns: int) -> Spot:
        """
        Where ``name`` stood, in these turns of the tables around it.
        """
        return spot(self.layout, name, turns, self.number, self._shifts.get(name, 0))

    def where(self, name: str, *turns: int) -> str:
        """
        The same as text: ``record 17 cols 29-33 PRICE``.
        """
        if self.layout.slides or not self.number:
            return str(self.spot(name, *turns))
        return f"record {self.number} {columns(self.layout, name, turns)}"


def decode(data: bytes, layout: Layout, page: CodePage, *, number: int = 0, variable: bool = False) -> Record:
    """
    Read one record.

    Args:
        number: Its number in the file, for the place of what is wrong.
        variable: It ends with its last table or field, as in RECFM VB; otherwise it has the layout's length,
            and blanks stand where a table has fewer turns than it may.

    Raises:
        Rejected: The first fault: ``E_FW_SHORT``, ``E_FW_LONG``, ``E_FW_OCCURS``, ``E_FW_FILLER``,
            ``E_FW_PACKED``, ``E_FW_SIGN``, ``E_FW_ZONED``, ``E_FW_SHIFT``, ``E_NUMBER``, ``E_RANGE``,
            ``E_DATE``, ``E_VALUE``, ``E_ENCODING``, ``E_CONTROL_CHAR``.
    """
    length = len(data)
    if length > layout.length or (length < layout.length and not variable):
        code = "E_FW_SHORT" if length < layout.length else "E_FW_LONG"
        what = f"{layout.name} of {length} bytes"
        raise Rejected(code, what, str(Spot(number)), f"{layout.length} bytes")
    walk = _Walk(data, layout, number)
    values = walk.slots(_compiled(layout, page), 0, ())
    for room in walk.rooms():
        _refuse_uncounted(walk, room, page, variable=variable)
    return Record(layout, values, number, walk.shifts)


class _Room(NamedTuple):
    """Bytes of a table's turns that are not there, from ``start`` up to ``end``; counted from 0."""

    name: str
    counter: str
    counted: int
    start: int
    end: int


def _refuse_uncounted(walk: _Walk, room: _Room, page: CodePage, *, variable: bool) -> None:
    """Turns that the counter does not count would be dropped without a word: only blanks may stand there."""
    data, layout = walk.data, walk.layout
    surplus = data[room.start : room.end]
    ends = variable and room.end == layout.length
    if not (surplus if ends else surplus.strip(bytes([page.blank]))):
        return
    where = str(Spot(walk.number, room.start + 1, room.start + len(surplus), room.name))
    what = f"{room.counter} says {room.counted}, but {len(surplus)} bytes stand behind"
    if ends:
        raise Rejected("E_FW_LONG", what, where, "a record that ends there")
    raise Rejected("E_FW_OCCURS", what, where, "blanks, or another count")


def field_of(data: bytes, layout: Layout, name: str, page: CodePage, *, number: int = 0) -> Any:
    """
    One field of a record, in no table; the others are not looked at.

    Raises:
        Rejected: As :func:`decode`.
    """
    node = _flat(layout, page)[name]
    walk = _Walk(data, layout, number)
    return walk.field(node, node.start, ())


class _Node(NamedTuple):
    """
    A slot with what reads it; groups have ``inside``, fields have ``read``.

    ``plain``: one field in no table.  ``decides``: a condition or a table asks for its value.
    """

    name: str
    start: int
    size: int
    read: Callable[[bytes], Any] | None
    when: When | None
    plain: bool
    decides: bool
    inside: tuple[_Node, ...]
    slot: Slot


class _Walk:
    """The way through one record."""

    __slots__ = ("_rooms", "data", "layout", "number", "scalars", "shift", "shifts")

    def __init__(self, data: bytes, layout: Layout, number: int) -> None:
        self.data = data
        self.layout = layout
        self.number = number
        self.shift = 0
        self.shifts: dict[str, int] = {}
        self.scalars: dict[str, Any] = {}
        self._rooms: list[_Room] = []

    def rooms(self) -> Sequence[_Room]:
        """Where tables had fewer turns than they may; where records slide, all of it lies at the end."""
        if not (self.layout.slides and self._rooms):
            return self._rooms
        length = self.layout.length
        return [self._rooms[-1]._replace(start=length - self.shift, end=length)]

    def slots(self, nodes: Iterable[_Node], base: int, turns: tuple[int, ...]) -> dict[str, Any]:
        """A million records come through here: plain fields are read in place."""
        data, values = self.data, {}
        for node in nodes:
            name, start, size, read, when, plain, decides, _, _ = node
            if when is not None and self.scalars.get(when.field) not in when.values:
                continue
            if self.layout.slides:
                self.shifts[name] = self.shift
            at = base + start - self.shift
            raw = data[at : at + size]
            if not plain or read is None or len(raw) != size:
                value = self._value(node, base + start, turns)
            else:
                try:
                    value = read(raw)
                except Rejected as fault:
                    raise self._placed(fault, node, turns) from None
            values[name] = value
            if decides:
                self.scalars[name] = value
        return values

    def _value(self, node: _Node, start: int, turns: tuple[int, ...]) -> Any:
        if node.slot.element.occurs is not None:
            return self._table(node, start, turns)
        return self.field(node, start, turns) if node.read else self.slots(node.inside, start, turns)

    def field(self, node: _Node, start: int, turns: tuple[int, ...]) -> Any:
        at = start - self.shift
        raw = self.data[at : at + node.size]
        if len(raw) != node.size:
            what = f"{self.layout.name} of {len(self.data)} bytes ends before {self._spot(node, turns).field}"
            raise Rejected("E_FW_SHORT", what, str(Spot(self.number)), f"at least {at + node.size} bytes")
        try:
            return node.read(raw) if node.read else None
        except Rejected as fault:
            raise self._placed(fault, node, turns) from None

    def _placed(self, fault: Rejected, node: _Node, turns: tuple[int, ...]) -> Rejected:
        return Rejected(fault.code, fault.what, str(self._spot(node, turns)), fault.allowed)

    def _table(self, node: _Node, start: int, turns: tuple[int, ...]) -> tuple[Any, ...]:
        count = self._count(node, turns)
        rows = []
        for turn in range(count):
            here = (*turns, turn + 1)
            at = start + turn * node.size
            rows.append(self.field(node, at, here) if node.read else self.slots(node.inside, at, here))
        if count < node.slot.most:
            self._room(node, start, count)
        return tuple(rows)

    def _room(self, node: _Node, start: int, count: int) -> None:
        occurs = node.slot.element.occurs
        begins, ends = (start + turns * node.size - self.shift for turns in (count, node.slot.most))
        self._rooms.append(_Room(node.name, occurs.depending if occurs else "", count, begins, ends))
        if self.layout.slides:
            self.shift += ends - begins

    def _count(self, node: _Node, turns: tuple[int, ...]) -> int:
        occurs = node.slot.element.occurs
        if occurs is None or not occurs.depending:
            return node.slot.most
        count: int = self.scalars.get(occurs.depending) or 0
        if not occurs.least <= count <= occurs.most:
            shift = self.shifts.get(occurs.depending, 0)
            where = str(spot(self.layout, occurs.depending, turns, self.number, shift))
            allowed = f"{occurs.least} to {occurs.most}"
            raise Rejected("E_FW_OCCURS", f"{count} of {node.name}", where, allowed)
        return count

    def _spot(self, node: _Node, turns: tuple[int, ...]) -> Spot:
        return spot(self.layout, node.name, turns, self.number, self.shift)


@cache
def _compiled(layout: Layout, page: CodePage) -> tuple[_Node, ...]:
    return _nodes(layout.slots, page, frozenset(_deciders(layout.elements)))


@cache
def _flat(layout: Layout, page: CodePage) -> Mapping[str, _Node]:
    return {node.name: node for node in _every(_compiled(layout, page), 0)}


def _every(nodes: Sequence[_Node], base: int) -> Iterable[_Node]:
    for node in nodes:
        if node.slot.element.occurs is None:
            yield node._replace(start=base + node.start)
            yield from _every(node.inside, base + node.start)


def _deciders(elements: Sequence[Element]) -> Iterable[str]:
    for element in elements:
        if element.when:
            yield element.when.field
        if element.occurs and element.occurs.depending:
            yield element.occurs.depending
        if isinstance(element, Group):
            yield from _deciders(element.elements)


def _nodes(slots: Sequence[Slot], page: CodePage, deciders: frozenset[str]) -> tuple[_Node, ...]:
    return tuple(_node(slot, page, deciders) for slot in slots if slot.element.name != FILLER)


def _node(slot: Slot, page: CodePage, deciders: frozenset[str]) -> _Node:
    element = slot.element
    read = None if isinstance(element, Group) else field_reader(element, page)
    return _Node(
        name=element.name,
        start=slot.start,
        size=slot.size,
        read=read,
        when=element.when,
        plain=read is not None and element.occurs is None,
        decides=element.name in deciders,
        inside=_nodes(slot.inside, page, deciders),
        slot=slot,
    )
