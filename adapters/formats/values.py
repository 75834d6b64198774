"""
Strict readings of single values, the same for every format.

Python's own conversions accept too much: ``int()`` reads full-width and Arabic digits, ``int("1_000")`` is
1000 and ``Decimal("NaN")`` is a number.  Here only ASCII digits are digits.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from canonical.errors import Rejected, shown

__all__ = [
    "calendar_date",
    "decimal",
    "instant",
    "integer",
    "key",
    "plain_text",
    "ranged",
    "whole",
]

# 18 digits: what a 64-bit integer and every ledger we met can hold.
MAX_DIGITS = 18
# Orders older or later than this are mistakes (0001, 9999), whatever calendar they were typed in.
FIRST_YEAR, LAST_YEAR = 1900, 2199

_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"-?[0-9]+")
_CCYYMMDD = re.compile(r"[0-9]{8}")
# RFC 3339, section 5.6; the zone is not optional.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# Identifiers become queue properties, log fields and parts of URLs: no blanks, no separators, nothing
# invisible.
_KEY = re.compile(r"[A-Za-z0-9._:-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def decimal(text: str, where: str, *, digits: int = MAX_DIGITS) -> Decimal:
    """
    A plain decimal number: ASCII digits with an optional minus and point, no exponent.

    Raises:
        Rejected: ``E_NUMBER`` for anything else and for minus zero, ``E_RANGE`` for more than ``digits``
            digits.
    """
    if len(text) > 2 * MAX_DIGITS + 2 or not _DECIMAL.fullmatch(text):
        raise Rejected(
            "E_NUMBER", f"{shown(text)} is not a plain number", where, "digits, one point, a minus"
        )
    value = Decimal(text)
    if value == 0 and text.startswith("-"):
        raise Rejected("E_NUMBER", f"{shown(text)} is minus zero", where, "0")
    if len(value.as_tuple().digits) > digits:
        raise Rejected("E_RANGE", f"{shown(text)} has too many digits", where, f"at most {digits} digits")
    return value


def integer(text: str, where: str, low: int | None = None, high: int | None = None) -> int:
    """
    A whole number between ``low`` and ``high`` (both included).

    Raises:
        Rejected: ``E_NUMBER`` or ``E_RANGE``.
    """
    if not _INTEGER.fullmatch(text) or text.startswith("-0"):
        raise Rejected("E_NUMBER", f"{shown(text)} is not a whole number", where, "digits, a minus")
    if len(text) > MAX_DIGITS + 1:
        raise Rejected("E_RANGE", f"{shown(text)} has too many digits", where, f"at most {MAX_DIGITS} digits")
    return whole(int(text), where, low, high)


def whole(value: int, where: str, low: int | None = None, high: int | None = None) -> int:
    """
    The number itself, when it lies between ``low`` and ``high`` (both included).
    """
    ranged(Decimal(value), where, low, high)
    return value


def ranged(
    value: Decimal, where: str, low: Decimal | int | None = None, high: Decimal | int | None = None
) -> Decimal:
    """
    The number itself, when it lies between ``low`` and ``high`` (both included).

    Raises:
        Rejected: ``E_RANGE``.
    """
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = " and ".join(
            part
            for part in (f"at least {low}" * (low is not None), f"at most {high}" * (high is not None))
            if part
        )
        raise Rejected("E_RANGE", f"{shown(value)} is out of range", where, bounds)
    return value


def calendar_date(text: str, where: str) -> date:
    """
    A day written CCYYMMDD.

    Raises:
        Rejected: ``E_DATE``, also for days that no calendar has and for years outside 1900 to 2199.
    """
    if _CCYYMMDD.fullmatch(text) and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass
    raise Rejected("E_DATE", f"{shown(text)} is not a date", where, "CCYYMMDD")


def instant(text: str, where: str) -> datetime:
    """
    An instant as RFC 3339 writes it, zone included, given in UTC.

    Raises:
        Rejected: ``E_DATE``, also for an instant without a zone and for years outside 1900 to 2199.
    """
    if len(text) <= 40 and _INSTANT.fullmatch(text) and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except ValueError:
            pass
    raise Rejected(
        "E_DATE", f"{shown(text)} is not an instant", where, "RFC 3339 with a zone: 2026-01-31T09:30:00Z"
    )


def key(text: str, where: str, *, max_len: int = 64) -> str:
    """
    An identifier: letters, digits and ``. _ : -``, nothing that hides, separates or walks up folders.

    Raises:
        Rejected: ``E_KEY_MISSING`` or ``E_KEY_FORMAT``.
    """
    if not text:
        raise Rejected("E_KEY_MISSING", "the identifier is empty", where)
    if len(text) > max_len or not _KEY.fullmatch(text) or ".." in text:
        allowed = f"1 to {max_len} letters, digits and . _ : -"
        raise Rejected("E_KEY_FORMAT", f"{shown(text)} is not an identifier", where, allowed)
    return text


def plain_text(text: str, where: str, max_len: int, *, lines: bool = False) -> str:
    """
    Text a person may have typed: no control characters (but tabs and line ends when ``lines``), not too long.

    Raises:
        Rejected: ``E_FIELD_SIZE``, ``E_CONTROL_CHAR`` or ``E_ENCODING`` (half a surrogate pair).
    """
    if len(text) > max_len:
        raise Rejected("E_FIELD_SIZE", f"{len(text)} characters", where, f"at most {max_len} characters")
    if text.isprintable():  # quick, and true of nearly all
        return text
    if found := (_CONTROL_BUT_LINES if lines else _CONTROL).search(text):
        raise Rejected(
            "E_CONTROL_CHAR", f"control character {shown(found[0])}", where, "printable characters"
        )
    if _SURROGATE.search(text):
        raise Rejected("E_ENCODING", "half of a surrogate pair", where, "whole characters")
    return text
