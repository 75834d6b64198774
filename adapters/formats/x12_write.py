"""
X12 writer: headers and segments to bytes, with counts and padding; the same input gives the same bytes.

X12 has no release character, so a separator cannot be sent as data.  In ids and codes that is an error of
ours (``ValueError``); in text wrapped by :func:`free_text` separators, control characters and what is not
ASCII become blanks or their plain letters (``é`` is written ``e``).  Lower case belongs to the extended
character set, which every partner we know takes; ``basic=True`` writes capitals only (X12.6, 3.3.1 and
3.3.2).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from .x12_isa import ISA_WIDTHS, repeats
from .x12_model import GsHeader, IsaHeader, IsaParty
from .x12_segment import Separators

__all__ = [
    "Element",
    "FreeText",
    "GroupOut",
    "SegmentOut",
    "SetOut",
    "free_text",
    "isa_header",
    "write_interchange",
    "write_segment",
]

_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_SET_CODE = re.compile(r"[0-9A-Z]{3}")
_CONTROL_NUMBER = re.compile(r"[A-Za-z0-9]{4,9}")
_DIGITS = re.compile(r"[0-9]{1,9}")
# The basic character set of X12.6; the extended one is all printable ASCII.
_NOT_BASIC = re.compile(r"[^A-Z0-9 !\"&'()*+,\-./:;?=]")


class FreeText(str):
    """
    Text in which separators may be replaced by blanks.
    """

    __slots__ = ()


Element = str | int | Decimal | date | None | tuple["str | int | Decimal | None", ...]
"""One element: text, number (no exponent), day (CCYYMMDD), nothing, or the components of a composite."""

SegmentOut = Sequence[Element]
"""One segment to be written: its id, then its elements."""


class SetOut(msgspec.Struct, frozen=True):
    """
    One transaction set to be written: code (ST01), control number (ST02, 4 to 9 characters), what is between.
    """

    code: str
    control: str
    segments: tuple[SegmentOut, ...]


class GroupOut(msgspec.Struct, frozen=True):
    """
    One functional group to be written.
    """

    gs: GsHeader
    sets: tuple[SetOut, ...]


def free_text(value: str, max_len: int, *, basic: bool = False) -> FreeText:
    """
    Text fit for X12: one line of ASCII, at most ``max_len`` characters, cut if longer.
    """
    plain = unicodedata.normalize("NFKD", value)
    text = "".join(
        c if c.isascii() and c.isprintable() else " " for c in plain if not unicodedata.combining(c)
    )
    if basic:
        text = _NOT_BASIC.sub(" ", text.upper())
    return FreeText(" ".join(text.split())[:max_len].rstrip())


def isa_header(
    sender: IsaParty,
    receiver: IsaParty,
    *,
    yymmdd: str,
    hhmm: str,
    control: int,
    version: str = "00401",
    usage: str = "P",
    acknowledge: bool = False,
    separators: Separators | None = None,
) -> IsaHeader:
    """
    A header from an endpoint's profile and a stamp; ``control`` is 1 to 999999999.
    """
    return IsaHeader(
        sender=sender,
        receiver=receiver,
        date=yymmdd,
        time=hhmm,
        control=f"{control:09}",
        version=version,
        standard="" if repeats(version) else "U",
        acknowledge=acknowledge,
        usage=usage,
        separators=separators or Separators(repetition="^" if repeats(version) else ""),
    )


def write_interchange(
    isa: IsaHeader, groups: Iterable[GroupOut], *, notes: Iterable[SegmentOut] = ()
) -> bytes:
    """
    One interchange; ``notes`` are TA1 segments, which stand before the groups.

    Raises:
        ValueError: For anything that could not be read back: our mistake or our configuration's, never a
            sender's.
    """
    groups = tuple(groups)
    segments = [_isa(isa)]
    segments += [write_segment(note, isa.separators) for note in notes]
    for group in groups:
        segments += _group(group, isa.separators)
    segments.append(write_segment(("IEA", len(groups), isa.control), isa.separators))
    end = isa.separators.segment + isa.separators.line_break
    return (end.join(segments) + end).encode("ascii")


def write_segment(segment: SegmentOut, separators: Separators) -> str:
    """
    One segment without its terminator; empty elements at its end are left out.

    Raises:
        ValueError: When the id is none, or a value cannot be written.
    """
    tag, *elements = (_element(element, separators) for element in segment)
    if not _TAG.fullmatch(tag):
        msg = f"{tag!r} is no segment id"
        raise ValueError(msg)
    while elements and not elements[-1]:
        elements.pop()
    return separators.element.join((tag, *elements))


def _group(group: GroupOut, separators: Separators) -> list[str]:
    gs = group.gs
    if not _DIGITS.fullmatch(gs.control):
        msg = f"GS06 must be 1 to 9 digits, not {gs.control!r}"
        raise ValueError(msg)
    header = (gs.functional_id, gs.sender, gs.receiver, gs.date, gs.time, gs.control, gs.agency, gs.version)
    if not all(header):
        msg = f"a GS element is empty: {header!r}"
        raise ValueError(msg)
    lines = [write_segment(("GS", *header), separators)]
    for transaction_set in group.sets:
        lines += _set(transaction_set, separators)
    lines.append(write_segment(("GE", len(group.sets), gs.control), separators))
    return lines


def _set(transaction_set: SetOut, separators: Separators) -> list[str]:
    code, control = transaction_set.code, transaction_set.control
    if not _SET_CODE.fullmatch(code) or not _CONTROL_NUMBER.fullmatch(control):
        msg = f"ST wants three characters and a control number of four to nine, not {code!r} and {control!r}"
        raise ValueError(msg)
    body = [write_segment(segment, separators) for segment in transaction_set.segments]
    first = write_segment(("ST", code, control), separators)
    last = write_segment(("SE", len(body) + 2, control), separators)
    return [first, *body, last]


def _isa(isa: IsaHeader) -> str:
    if problem := isa.separators.problem():
        msg = f"separators: {problem[1]}"
        raise ValueError(msg)
    if bool(isa.separators.repetition) != repeats(isa.version):
        msg = (
            f"version {isa.version} and repetition separator {isa.separators.repetition!r} do not go together"
        )
        raise ValueError(msg)
    values = (
        *isa.authorization,
        *isa.security,
        isa.sender.qualifier,
        isa.sender.id,
        isa.receiver.qualifier,
        isa.receiver.id,
        isa.date,
        isa.time,
        isa.separators.repetition or isa.standard,
        isa.version,
        isa.control,
        "1" if isa.acknowledge else "0",
        isa.usage,
        isa.separators.component,
    )
    padded = (_padded(n, value, isa.separators) for n, value in enumerate(values, start=1))
    return isa.separators.element.join(("ISA", *padded))


# ISA elements that are numbers, codes or separators: exactly as wide as their place.
_EXACT = frozenset({1, 3, 5, 7, 9, 10, 11, 12, 13, 14, 15, 16})
_DIGITS_ONLY = frozenset({9, 10, 12, 13})


def _padded(number: int, value: str, separators: Separators) -> str:
    width = ISA_WIDTHS[number - 1]
    text = value if number in {11, 16} else _element(value, separators)
    fits = len(text) == width if number in _EXACT else len(text) <= width
    if not fits or (number in _DIGITS_ONLY and not text.isdecimal()):
        msg = f"ISA{number:02} is {width} wide, {value!r} does not fit"
        raise ValueError(msg)
    return text.ljust(width)


def _element(value: Element, separators: Separators) -> str:
    match value:
        case None:
            return ""
        case FreeText():
            return _checked(value.translate(_blanks(separators)), separators)
        case str():
            return _checked(value, separators)
        case int() | Decimal():
            return _number(value)
        case date():
            return f"{value.year:04}{value.month:02}{value.day:02}"
        case _:
            parts = [_element(part, separators) for part in value]
            return separators.component.join(parts).rstrip(separators.component)


def _number(value: int | Decimal) -> str:
    """
    Types R and N0: digits, a minus, a point; no exponent, no sign on zero.
    """
    if isinstance(value, bool) or (isinstance(value, Decimal) and not value.is_finite()):
        msg = f"{value!r} is no number"
        raise ValueError(msg)
    return format(value or abs(value), "f" if isinstance(value, Decimal) else "d")


def _checked(value: str, separators: Separators) -> str:
    if not value.isascii() or not value.isprintable() or any(char in value for char in _chars(separators)):
        msg = f"{value!r} holds a separator, a control character or something that is not ASCII"
        raise ValueError(msg)
    return value.rstrip(" ")


def _chars(separators: Separators) -> str:
    return separators.element + separators.component + separators.segment + separators.repetition


def _blanks(separators: Separators) -> dict[int, str]:
    return {ord(char): " " for char in _chars(separators)}
