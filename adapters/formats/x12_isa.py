"""
The ISA segment: 106 characters whose positions declare the separators of everything behind it.

Source: ASC X12.5, ISA01 to ISA16; element 1 ends at byte 5, the terminator is byte 105 (counted from 0).
"""

from __future__ import annotations

import re

from canonical.errors import Rejected, shown

from .x12_model import IsaHeader, IsaParty
from .x12_segment import Separators, separates

__all__ = ["ISA_LENGTH", "ISA_WIDTHS", "read_isa", "repeats"]

ISA_LENGTH = 106
# Widths of ISA01..ISA16.
ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_LINE_BREAK = re.compile(rb"\r?\n|\r")
# What must be digits: dates and numbers come back in our TA1, and the version decides what ISA11 means.
_DIGITS = {9: "E_EDI_ISA", 10: "E_EDI_ISA", 12: "E_EDI_VERSION", 13: "E_EDI_ISA"}
# Where the header declares each separator: element to name, and byte.
_PLACES = {
    "element": ("ISA", 3),
    "component": ("ISA16", 104),
    "segment": ("ISA", 105),
    "repetition": ("ISA11", 82),
}
_SOUND = "four different ASCII characters, none a letter, digit, blank or NUL"
# ISA11 became the repetition separator in 00402; before, it names the standard (U).
_FIRST_WITH_REPETITION = "00402"


def repeats(version: str) -> bool:
    """
    Whether interchanges of this version (ISA12) declare a repetition separator in ISA11.
    """
    return version >= _FIRST_WITH_REPETITION


def read_isa(data: bytes, offset: int) -> IsaHeader:
    """
    The interchange header that begins at ``offset``.

    Raises:
        Rejected: ``E_EDI_ISA`` (layout, dates, ISA13), ``E_EDI_DELIM`` (separators), ``E_EDI_VERSION``
            (ISA12),
            ``E_ENCODING`` or ``E_CONTROL_CHAR``, with the element and its byte offset.
    """
    elements = _cut(data[offset : offset + ISA_LENGTH], offset)
    _check(elements, offset)
    separators = _separators(data, offset, elements)
    return IsaHeader(
        authorization=(elements[0], elements[1].rstrip()),
        security=(elements[2], elements[3].rstrip()),
        sender=IsaParty(elements[4].rstrip(), elements[5].rstrip()),
        receiver=IsaParty(elements[6].rstrip(), elements[7].rstrip()),
        date=elements[8],
        time=elements[9],
        standard="" if separators.repetition else elements[10],
        version=elements[11],
        control=elements[12],
        acknowledge=elements[13] == "1",
        usage=elements[14],
        separators=separators,
    )


def _cut(header: bytes, offset: int) -> list[str]:
    """
    The sixteen elements by position, each checked to end where the standard says.
    """
    text = header.decode("latin-1")  # one character a byte: positions first, character set later
    if not text.startswith("ISA"):
        allowed = "an ISA segment of 106 characters"
        raise Rejected("E_EDI_ISA", f"begins with {shown(header[:16])}", f"byte {offset}", allowed)
    if len(text) > 3 and not separates(text[3]):
        what = f"{shown(text[3])} cannot be the element separator"
        raise Rejected("E_EDI_DELIM", what, f"ISA at byte {offset + 3}", _SOUND)
    elements, position = [], 4
    for number, width in enumerate(ISA_WIDTHS, start=1):
        end = position + width
        if len(text) <= end:
            raise _wrong(number, offset, "E_EDI_ISA", f"the header ends after {len(text)} characters", "106")
        element = text[position:end]
        if number < len(ISA_WIDTHS) and (text[end] != text[3] or text[3] in element):
            got = len(text[position:].split(text[3], 1)[0])
            raise _wrong(
                number, offset, "E_EDI_ISA", f"is {got} characters long", f"{width}, padded with blanks"
            )
        elements.append(element)
        position = end + 1
    return elements


def _separators(data: bytes, offset: int, elements: list[str]) -> Separators:
    after = _LINE_BREAK.match(data, offset + ISA_LENGTH)
    separators = Separators(
        element=chr(data[offset + 3]),
        component=elements[15],
        segment=chr(data[offset + 105]),
        repetition=elements[10] if repeats(elements[11]) else "",
        line_break=after[0].decode() if after else "",
    )
    if problem := separators.problem():
        role, what = problem
        element, place = _PLACES[role]
        raise Rejected("E_EDI_DELIM", what, f"{element} at byte {offset + place}", _SOUND)
    return separators


def _check(elements: list[str], offset: int) -> None:
    """
    The content of the elements that we compare, answer with, or show.
    """
    for number, code in _DIGITS.items():
        if not (elements[number - 1].isascii() and elements[number - 1].isdecimal()):
            raise _wrong(number, offset, code, f"is {shown(elements[number - 1])}", "digits only")
    for number, element in enumerate(elements, start=1):
        if number == 16 or (number == 11 and repeats(elements[11])):
            continue  # separators have a check of their own
        if not element.isascii():
            raise _wrong(number, offset, "E_ENCODING", f"is {shown(element)}", "ASCII")
        if not element.isprintable():
            raise _wrong(number, offset, "E_CONTROL_CHAR", f"is {shown(element)}", "printable characters")


def _wrong(element: int, offset: int, code: str, what: str, allowed: str) -> Rejected:
    at = offset + 4 + sum(ISA_WIDTHS[: element - 1]) + element - 1
    return Rejected(code, what, f"ISA{element:02} at byte {at}", allowed)
