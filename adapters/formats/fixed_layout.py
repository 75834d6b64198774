"""
Record layouts as data: fields, groups, tables and redefinitions, as a COBOL copybook has them.

A layout is checked when it is made, reads and writes records (:mod:`.fixed_read`, :mod:`.fixed_write`) and
prints itself (:mod:`.fixed_page`).  Names are unique in a layout, so that a name is a place.
Source: ISO/IEC 1989 (COBOL), data description entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from .fixed_picture import Picture, Usage

__all__ = ["FILLER", "Absent", "Date", "Element", "Field", "Group", "Layout", "Occurs", "Slot", "When"]

FILLER = "FILLER"

# The longest record of an MVS data set.
MAX_RECORD = 32_760


class Absent(StrEnum):
    """
    What may stand in a field instead of a value, and is read as None.
    """

    BLANKS = "blanks"
    LOW_VALUES = "low-values"
    HIGH_VALUES = "high-values"
    ZEROS = "zeros"


class Date(StrEnum):
    """
    How a field writes a day.
    """

    CCYYMMDD = "CCYYMMDD"
    CCYYDDD = "CCYYDDD"


class When(msgspec.Struct, frozen=True):
    """
    The condition under which a redefinition is what stands there: ``field`` has one of ``values``.
    """

    field: str
    values: tuple[str | int, ...]


class Occurs(msgspec.Struct, frozen=True):
    """
    OCCURS ``least`` TO ``most`` TIMES; ``depending`` names the field that counts, empty: always ``most``.
    """

    most: int
    least: int = 0
    depending: str = ""


class Field(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """
    An elementary item.

    Args:
        picture: Its PICTURE, ``X(10)``.
        about: What it is, for people.
        values: The only texts it may hold, with what they mean (level 88); empty: any.
        constant: What is written when nothing is given, ``H``.
        date: Its digits are a day, read as a ``date``.
        absent: What is read as None; None is written as the first of them.
        free: Text for people: when written, it is cut, and what the code page lacks becomes ``?``.
        controls: Control characters are read as blanks: for text laid over numbers.
    """

    name: str
    picture: str
    usage: Usage = Usage.DISPLAY
    about: str = ""
    values: Mapping[str, str] = {}
    constant: str = ""
    date: Date | None = None
    absent: tuple[Absent, ...] = ()
    free: bool = False
    controls: bool = False
    occurs: Occurs | None = None
    redefines: str = ""
    when: When | None = None

    @property
    def shape(self) -> Picture:
        """
        Its picture, read.
        """
        return Picture.of(self.picture)


class Group(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """
    Items under one name.
    """

    name: str
    elements: tuple[Element, ...]
    about: str = ""
    occurs: Occurs | None = None
    redefines: str = ""
    when: When | None = None


Element = Field | Group


@dataclass(frozen=True, slots=True)
class Slot:
    """
    Where an element stands.

    Args:
        start: Bytes from the beginning of what it stands in (record, or one turn of a table).
        size: Bytes of one occurrence.
        inside: The slots of a group.
    """

    element: Element
    start: int
    size: int
    inside: tuple[Slot, ...] = ()

    @property
    def most(self) -> int:
        """
        How often it stands there at most.
        """
        return self.element.occurs.most if self.element.occurs else 1

    @property
    def total(self) -> int:
        """
        Bytes of all occurrences.
        """
        return self.most * self.size


@dataclass(frozen=True, eq=False)
class Layout:
    """
    One kind of record.

    Args:
        slides: What follows a table begins where its last occurrence ends (complex OCCURS DEPENDING ON);
            otherwise a table takes the room of its most.

    Raises:
        ValueError: The layout contradicts itself.
    """

    name: str
    elements: tuple[Element, ...]
    about: str = ""
    slides: bool = False
    slots: tuple[Slot, ...] = field(init=False)
    length: int = field(init=False)
    """Bytes of the longest record."""

    def __post_init__(self) -> None:
        slots, length = _place(self.elements)
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "length", length)
        _check(self)

    def fields(self) -> Iterator[Field]:
        """
        All elementary items, in order, fillers too.
        """
        return _fields(self.elements)


def _place(elements: Sequence[Element]) -> tuple[tuple[Slot, ...], int]:
    slots: dict[str, Slot] = {}
    placed: list[Slot] = []
    end = 0
    for element in elements:
        start = end
        if element.redefines:
            if element.redefines not in slots:
                raise ValueError(f"{element.name} redefines {element.redefines}, which is not beside it")
            start = slots[element.redefines].start
        slot = _slot(element, start)
        if element.redefines and slot.total > slots[element.redefines].total:
            raise ValueError(f"{element.name} is longer than {element.redefines}, which it redefines")
        slots[element.name] = slot
        placed.append(slot)
        end = max(end, start + slot.total)
    return tuple(placed), end


def _slot(element: Element, start: int) -> Slot:
    if isinstance(element, Group):
        inside, size = _place(element.elements)
        return Slot(element, start, size, inside)
    return Slot(element, start, element.shape.width(element.usage))


def _fields(elements: Sequence[Element]) -> Iterator[Field]:
    for element in elements:
        if isinstance(element, Group):
            yield from _fields(element.elements)
        else:
            yield element


def _check(layout: Layout) -> None:
    if not 0 < layout.length <= MAX_RECORD:
        raise ValueError(f"{layout.name}: {layout.length} bytes (1 to {MAX_RECORD})")
    before: dict[str, Element] = {}
    for element in _every(layout.elements):
        _check_element(element, before)
        if element.name != FILLER:
            if element.name in before:
                raise ValueError(f"{layout.name}: two items are called {element.name}")
            before[element.name] = element


def _every(elements: Sequence[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        if isinstance(element, Group):
            yield from _every(element.elements)


def _check_element(element: Element, before: Mapping[str, Element]) -> None:
    if element.when and not isinstance(before.get(element.when.field), Field):
        raise ValueError(f"{element.name} depends on {element.when.field}, which is no field before it")
    if element.when and element.occurs:
        raise ValueError(f"{element.name} is a table and has a condition: put it into a group")
    if element.occurs:
        _check_table(element, element.occurs, before)
    if isinstance(element, Field) and element.date:
        shape = element.shape
        if shape.digits != len(element.date) or shape.scale or shape.signed:
            raise ValueError(f"{element.name}: {element.picture} cannot be a date {element.date}")


def _check_table(element: Element, occurs: Occurs, before: Mapping[str, Element]) -> None:
    if not 0 <= occurs.least <= occurs.most or not occurs.most:
        raise ValueError(f"{element.name} occurs {occurs.least} to {occurs.most} times")
    counter = before.get(occurs.depending)
    if occurs.depending and not (isinstance(counter, Field) and counter.shape.digits):
        raise ValueError(f"{element.name} depends on {occurs.depending}, which is no number before it")
