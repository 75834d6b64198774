"""
What reads one field: its bytes to a text, a number or a day, with what may stand there instead.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from canonical.errors import Rejected, shown

from .fixed_codepage import CodePage
from .fixed_layout import Absent, Date, Field
from .fixed_number import number_reader
from .fixed_picture import Usage
from .values import FIRST_YEAR, LAST_YEAR, calendar_date

__all__ = ["field_reader", "filled"]

_NOTHING: frozenset[bytes] = frozenset()
_UNPRINTABLE = dict.fromkeys((*range(32), *range(127, 160)), " ")


def field_reader(field: Field, page: CodePage) -> Callable[[bytes], Any]:
    """
    What reads the bytes of ``field``; it raises ``Rejected`` without a place.
    """
    if field.usage is Usage.BYTES:
        return lambda raw: raw
    if field.shape.numeric:
        return _checked(field, _number(field, page))
    return _checked(field, _blanked(page) if field.controls else _text(field, page))


def _checked(field: Field, read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """``read``, with only the values that the field may hold."""
    if not field.values:
        return read

    def checked(raw: bytes) -> Any:
        value = read(raw)
        if value is not None and str(value) not in field.values:
            raise Rejected("E_VALUE", shown(value), "", ", ".join(repr(one) for one in field.values))
        return value

    return checked


def _text(field: Field, page: CodePage) -> Callable[[bytes], str | None]:
    blank = bytes([page.blank])
    low = Absent.LOW_VALUES in field.absent
    padding = blank + b"\x00" * low
    nothing = frozenset(filled(one, field, page) for one in field.absent) if field.absent else _NOTHING

    def read(raw: bytes) -> str | None:
        if raw in nothing:
            return None
        used = raw.rstrip(padding)
        if raw[-1] in {0x00, 0xFF} and not low:
            _refuse_filler(used, page)
        return page.decode(used, "") if used else ""

    return read


def _refuse_filler(used: bytes, page: CodePage) -> None:
    """Padding with NUL or FF; in the pages of ASCII FF may be a letter."""
    for byte, name in ((0x00, "low-values"), (0xFF, "high-values")):
        if used[-1:] == bytes([byte]) and (page.ebcdic or byte == 0x00):
            raise Rejected("E_FW_FILLER", f"filled with {name} ({byte:02X})", "", "blanks")


def _blanked(page: CodePage) -> Callable[[bytes], str]:
    return lambda raw: raw.decode(page.codec, "replace").translate(_UNPRINTABLE).strip(" ")


def _number(field: Field, page: CodePage) -> Callable[[bytes], Any]:
    value_of = number_reader(field.shape, field.usage, page)
    size = field.shape.width(field.usage)
    nothing = frozenset(filled(one, field, page) for one in field.absent if one is not Absent.ZEROS)
    zero_is_none = Absent.ZEROS in field.absent
    fillers = {b"\x00" * size: "low-values (00)", b"\xff" * size: "high-values (FF)"}
    if field.usage in {Usage.COMP, Usage.COMP_5}:
        fillers = {}

    def read(raw: bytes) -> Any:
        if raw in nothing:
            return None
        if raw in fillers:
            raise Rejected("E_FW_FILLER", f"filled with {fillers[raw]}", "", f"a number, {field.picture}")
        value = value_of(raw, "")
        if zero_is_none and value == 0:
            return None
        return _day(int(value), field.date) if field.date else value

    return read


def filled(one: Absent, field: Field, page: CodePage) -> bytes:
    """
    The bytes of ``field`` when nothing stands in it, in this way of saying so; zeros as characters.
    """
    size = field.shape.width(field.usage)
    byte = {Absent.BLANKS: page.blank, Absent.LOW_VALUES: 0x00, Absent.HIGH_VALUES: 0xFF}.get(one)
    return bytes([byte]) * size if byte is not None else "0".encode(page.codec) * size


def _day(number: int, form: Date) -> date:
    digits = f"{number:0{len(form)}}"
    if form is Date.CCYYMMDD:
        return calendar_date(digits, "")
    year, day = int(digits[:4]), int(digits[4:])
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= day <= 365 + isleap(year):
        raise Rejected("E_DATE", f"{shown(digits)} is not a date", "", form.value)
    return date(year, 1, 1) + timedelta(days=day - 1)
