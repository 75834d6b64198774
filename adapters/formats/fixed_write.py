"""
Values to records: what :mod:`.fixed_read` reads, written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from canonical.errors import Rejected, shown

from .fixed_codepage import CodePage
from .fixed_field import filled
from .fixed_layout import FILLER, Absent, Date, Field, Group, Layout, Slot
from .fixed_number import number_writer
from .fixed_picture import Usage
from .fixed_places import spot

__all__ = ["encode"]


def encode(values: Mapping[str, Any], layout: Layout, page: CodePage, *, variable: bool = False) -> bytes:
    """
    Write one record.

    A field that is not given has its constant, or blanks, or zero; a counter is counted.  Of redefinitions
    the one whose condition holds is written; one without a condition when what it redefines is not given.

    Args:
        variable: End with the last field or occurrence; otherwise the layout's whole length.

    Raises:
        Rejected: ``E_FIELD_SIZE``, ``E_RANGE``, ``E_FW_OCCURS``, ``E_ENCODING``, ``E_CONTROL_CHAR``,
            ``E_VALUE``, ``E_UNKNOWN`` for a name that the layout does not have.
    """
    plan = _plain(layout, page)
    if plan and values.keys() <= plan.keys():
        return _written(values, layout, page, plan, variable=variable)
    press = _Press(layout, page)
    press.slots(layout.slots, dict(values), 0, ())
    return bytes(press.area[: press.end]) if variable else bytes(press.area)


class _Plain(NamedTuple):
    """
    A field of a layout that has fields only: where it stands, what writes it, and what it has when nothing is
    given; None for a field that must be given.
    """

    start: int
    end: int
    write: Callable[[Any], bytes]
    default: bytes | None


def _default(field: Field, page: CodePage) -> bytes | None:
    try:
        return _writer(field, page)(_given(field, None))
    except Rejected:
        return None


@cache
def _plain(layout: Layout, page: CodePage) -> Mapping[str, _Plain] | None:
    """A million records go through here; None for a layout with groups, tables or redefinitions."""
    plan: dict[str, _Plain] = {}
    for slot in layout.slots:
        element = slot.element
        if not isinstance(element, Field) or element.occurs or element.redefines or element.when:
            return None
        if element.name != FILLER:
            start, end = slot.start, slot.start + slot.size
            plan[element.name] = _Plain(start, end, _writer(element, page), _default(element, page))
    return plan


def _written(
    values: Mapping[str, Any], layout: Layout, page: CodePage, plan: Mapping[str, _Plain], *, variable: bool
) -> bytes:
    area = bytearray([page.blank]) * layout.length
    for name, (start, end, write, default) in plan.items():
        value = values.get(name)
        try:
            if value is None and default is None:
                raise Rejected("E_MISSING", "no value is given", "", "one")
            area[start:end] = write(value) if value is not None else default or b""
        except Rejected as fault:
            raise Rejected(fault.code, fault.what, str(spot(layout, name)), fault.allowed) from None
    return bytes(area[: max(one.end for one in plan.values())]) if variable else bytes(area)


class _Press:
    """One record being written."""

    def __init__(self, layout: Layout, page: CodePage) -> None:
        self.layout = layout
        self.page = page
        self.area = bytearray([page.blank]) * layout.length
        self.end = 0
        self.shift = 0
        self.scalars: dict[str, Any] = {}

    def slots(self, slots: Sequence[Slot], values: dict[str, Any], base: int, turns: tuple[int, ...]) -> None:
        _refuse_unknown(values, slots)
        counts = dict(_counts(slots, values))
        overlaid = {slot.element.redefines for slot in slots if self._chosen(slot, values | counts)}
        for slot in slots:
            element = slot.element
            if element.name == FILLER:
                continue
            given = values.get(element.name, counts.get(element.name))
            if self._stands(slot, values, given, overlaid):
                self._element(slot, given, base + slot.start, turns)

    def _chosen(self, slot: Slot, values: Mapping[str, Any]) -> bool:
        """Whether a redefinition is what stands there."""
        element = slot.element
        if not element.redefines:
            return False
        if element.when is None:
            return element.name in values and element.redefines not in values
        when = element.when
        return values.get(when.field, self.scalars.get(when.field)) in when.values

    def _stands(self, slot: Slot, values: Mapping[str, Any], given: Any, overlaid: set[str]) -> bool:
        element = slot.element
        if element.when is not None:
            return self.scalars.get(element.when.field) in element.when.values
        if element.redefines:
            return self._chosen(slot, values)
        return given is not None or element.name not in overlaid

    def _element(self, slot: Slot, given: Any, start: int, turns: tuple[int, ...]) -> None:
        if slot.element.occurs is None:
            self._one(slot, given, start, turns)
            return
        rows = tuple(given or ())
        count = self._count(slot, rows, turns)
        for turn in range(count):
            row = rows[turn] if turn < len(rows) else None
            self._one(slot, row, start + turn * slot.size, (*turns, turn + 1))
        if self.layout.slides:
            self.shift += (slot.most - count) * slot.size

    def _count(self, slot: Slot, rows: Sequence[Any], turns: tuple[int, ...]) -> int:
        occurs = slot.element.occurs
        if occurs is None or not occurs.depending:
            count, least, most = max(len(rows), slot.most), slot.most, slot.most
        else:
            count, least, most = self.scalars[occurs.depending] or 0, occurs.least, occurs.most
        if not least <= count <= most or len(rows) > count:
            where = str(spot(self.layout, slot.element.name, turns))
            raise Rejected("E_FW_OCCURS", f"{max(count, len(rows))} turns", where, f"{least} to {most}")
        return int(count)

    def _one(self, slot: Slot, given: Any, start: int, turns: tuple[int, ...]) -> None:
        element = slot.element
        if isinstance(element, Group):
            self.slots(slot.inside, dict(given or {}), start, turns)
            return
        at = start - self.shift
        value = _given(element, given)
        self.scalars[element.name] = value
        try:
            raw = _writer(element, self.page)(value)
        except Rejected as fault:
            where = str(spot(self.layout, element.name, turns, shift=self.shift))
            raise Rejected(fault.code, fault.what, where, fault.allowed) from None
        self.area[at : at + slot.size] = raw
        self.end = max(self.end, at + slot.size)


def _refuse_unknown(values: Mapping[str, Any], slots: Iterable[Slot]) -> None:
    unknown = values.keys() - {slot.element.name for slot in slots}
    if unknown:
        raise Rejected("E_UNKNOWN", f"no item {shown(min(unknown))}", "record", "an item of the layout")


def _counts(slots: Sequence[Slot], values: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """How many turns each counted table beside has."""
    for slot in slots:
        occurs = slot.element.occurs
        if occurs and occurs.depending and slot.element.name in values:
            yield occurs.depending, len(values[slot.element.name])


def _given(field: Field, given: Any) -> Any:
    if given is not None or field.absent:
        return given
    if field.constant:
        return int(field.constant) if field.shape.numeric else field.constant
    return b"" if field.usage is Usage.BYTES else 0 if field.shape.numeric else ""


@cache
def _writer(field: Field, page: CodePage) -> Callable[[Any], bytes]:
    if field.usage is Usage.BYTES:
        return lambda value: _sized(value, field, page)
    if not field.shape.numeric:
        return lambda value: _absent(field, page) if value is None else _text(value, field, page)
    write = number_writer(field.shape, field.usage, page)
    return lambda value: _absent(field, page) if value is None else write(_figure(value, field), "")


def _text(value: str, field: Field, page: CodePage) -> bytes:
    if field.values and value not in field.values:
        raise Rejected("E_VALUE", shown(value), "", ", ".join(map(repr, field.values)))
    if field.free:
        if not value.isprintable():
            value = "".join(one if one.isprintable() else " " for one in value)
        value = value[: field.shape.length].rstrip()
    return _sized(page.encode(value, "", lossy=field.free), field, page)


def _sized(raw: bytes, field: Field, page: CodePage) -> bytes:
    size = field.shape.length
    if len(raw) > size:
        raise Rejected("E_FIELD_SIZE", f"{len(raw)} characters", "", f"at most {size}")
    return raw.ljust(size, bytes([page.blank]))


def _figure(value: Any, field: Field) -> Any:
    if isinstance(value, date):
        return int(f"{value:%Y%m%d}" if field.date is Date.CCYYMMDD else f"{value:%Y%j}")
    return value


def _absent(field: Field, page: CodePage) -> bytes:
    first = field.absent[0]
    if first is Absent.ZEROS and field.shape.numeric:
        return number_writer(field.shape, field.usage, page)(0, "")
    return filled(first, field, page)
