"""
PICTURE clauses: how many characters or digits a field has, and how many bytes it takes.

Source: ISO/IEC 1989 (COBOL), PICTURE and USAGE clauses; widths of COMP as IBM Enterprise COBOL stores them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

import msgspec

__all__ = ["Picture", "Usage"]

# Enterprise COBOL with ARITH(EXTEND); without it 18.
_MAX_DIGITS = 31
# COMP is 2, 4 or 8 bytes, big-endian, by its digits.
_BINARY_WIDTHS = ((4, 2), (9, 4), (18, 8))

_ALPHANUMERIC = re.compile(r"(?:[XA](?:\([0-9]+\))?)+")
_NUMERIC = re.compile(r"(?P<sign>S?)(?P<whole>(?:9(?:\([0-9]+\))?)*)(?:V(?P<part>(?:9(?:\([0-9]+\))?)+))?")
_PLACES = re.compile(r"[XA9](?:\(([0-9]+)\))?")


class Usage(StrEnum):
    """
    How a field is stored: the USAGE clause.

    ``BYTES`` is ours: an area that is not read as such, since others redefine it.
    """

    DISPLAY = "DISPLAY"
    COMP = "COMP"
    COMP_3 = "COMP-3"
    COMP_5 = "COMP-5"
    BYTES = "BYTES"


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """
    One PICTURE: ``length`` characters of text, or a number of ``digits``, ``scale`` of them behind the point.
    """

    text: str
    length: int = 0
    digits: int = 0
    scale: int = 0
    signed: bool = False

    @property
    def numeric(self) -> bool:
        """
        Whether it is a number.
        """
        return self.digits > 0

    @staticmethod
    @cache
    def of(text: str) -> Picture:
        """
        Read a clause such as ``X(10)``, ``9(7)`` or ``S9(7)V99``.

        Raises:
            ValueError: It is none, or has more than 31 digits.
        """
        if _ALPHANUMERIC.fullmatch(text):
            return Picture(text=text, length=_count(text))
        found = _NUMERIC.fullmatch(text)
        digits = _count(found["whole"]) + _count(found["part"] or "") if found else 0
        if found is None or not 0 < digits <= _MAX_DIGITS:
            raise ValueError(f"no picture: {text!r} (X(n), 9(n), S9(n)V9(m), at most {_MAX_DIGITS} digits)")
        return Picture(
            text=text, digits=digits, scale=_count(found["part"] or ""), signed=found["sign"] == "S"
        )

    def width(self, usage: Usage) -> int:
        """
        Bytes that one value takes.

        Raises:
            ValueError: The usage does not go with the picture.
        """
        if usage in {Usage.COMP, Usage.COMP_5}:
            return self._binary(usage)
        if usage is Usage.COMP_3:
            if not self.numeric:
                raise ValueError(f"{self.text} cannot be {usage}")
            return self.digits // 2 + 1
        if usage is Usage.BYTES and self.numeric:
            raise ValueError(f"{self.text} cannot be {usage}")
        return self.digits or self.length

    def _binary(self, usage: Usage) -> int:
        fits = (width for most, width in _BINARY_WIDTHS if 0 < self.digits <= most)
        width = next(fits, 0)
        if not width:
            raise ValueError(f"{self.text} cannot be {usage}")
        return width


def _count(places: str) -> int:
    return sum(int(found[1] or 1) for found in _PLACES.finditer(places))
