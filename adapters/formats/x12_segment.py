"""
X12 segments: the separators that cut them, their place in a message, and strict readings of their elements.

Source: ASC X12.6 (application control structure), element types AN, ID, R, Nn and DT.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from decimal import Decimal

import msgspec

from canonical.errors import Rejected, shown

from . import values

__all__ = ["Segment", "Separators", "SetHome", "Spot", "separates"]

# The longest simple element that common 850/945 guides use is a 264-character MSG; free notes are cut into
# those.
MAX_TEXT = 264


class Separators(msgspec.Struct, frozen=True, kw_only=True):
    """
    The four characters that cut an interchange up, and what follows each terminator for the eye.

    ``repetition`` is empty before version 00402, where ISA11 names the standard instead.
    """

    element: str = "*"
    component: str = ">"
    segment: str = "~"
    repetition: str = ""
    line_break: str = ""

    def problem(self) -> tuple[str, str] | None:
        """
        What makes these unusable, as role (the field's name) and reason; None when they are sound.
        """
        taken: set[str] = set()
        for role in ("element", "component", "segment", "repetition"):
            char = getattr(self, role)
            if role == "repetition" and not char:
                continue
            if not separates(char):
                return role, f"{shown(char)} cannot be the {role} separator"
            if char in taken:
                return role, f"the {role} separator {shown(char)} has another role already"
            taken.add(char)
        return None


def separates(char: str) -> bool:
    """
    Whether this can be a separator: one ASCII character, no letter, digit, blank or NUL.
    """
    return len(char) == 1 and char.isascii() and not char.isalnum() and char not in "\0 "


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """
    A place in an interchange, written as X12 people write it and readable back from that text.

    ``850/0001 segment 9 PO102 at byte 512``: set, segment counted from ST = 1, segment and element, offset
    of the segment.
    """

    segment: str
    offset: int
    label: str = ""
    ordinal: int = 0
    element: int = 0
    component: int = 0

    def __str__(self) -> str:
        place = f"{self.label} segment {self.ordinal} " if self.label else ""
        element = f"{self.element:02}" if self.element else ""
        component = f"-{self.component}" if self.component else ""
        return f"{place}{self.segment}{element}{component} at byte {self.offset}"

    @classmethod
    def of(cls, where: str) -> Spot | None:
        """
        The spot that an error's ``where`` names, or None when it names something else.
        """
        found = _SPOT.fullmatch(where)
        if not found:
            return None
        return cls(
            label=found["label"] or "",
            ordinal=int(found["ordinal"] or 0),
            segment=found["segment"],
            element=int(found["element"] or 0),
            component=int(found["component"] or 0),
            offset=int(found["offset"]),
        )


_SPOT = re.compile(
    r"(?:(?P<label>[A-Za-z0-9]{1,9}/[A-Za-z0-9]{1,9}) segment (?P<ordinal>[0-9]{1,9}) )?"
    r"(?P<segment>[A-Z][A-Z0-9]{1,2}?)(?P<element>[0-9]{2})?(?:-(?P<component>[0-9]{1,2}))?"
    r" at byte (?P<offset>[0-9]{1,12})"
)


class SetHome(msgspec.Struct, frozen=True):
    """
    What all segments of one transaction set share: its label (``850/0001``) and the interchange's separators.
    """

    label: str
    separators: Separators


class Segment(msgspec.Struct, frozen=True):
    """
    One segment; element 1 is ``elements[0]``.

    ``ordinal`` counts within the set from ST = 1 (0 outside a set), ``offset`` is its first byte in the
    message.  The readers below raise ``Rejected`` with a place such as ``850/0001 segment 9 PO102 at byte
    512``.
    """

    id: str
    elements: tuple[str, ...]
    ordinal: int
    offset: int
    home: SetHome

    def where(self, element: int = 0, component: int = 0) -> str:
        """
        The name of this segment, or of one of its elements, for an error.
        """
        return str(
            Spot(
                label=self.home.label,
                ordinal=self.ordinal,
                segment=self.id,
                element=element,
                component=component,
                offset=self.offset,
            )
        )

    def reject(self, element: int, code: str, what: str, allowed: str = "") -> Rejected:
        """
        An error about one element of this segment (0: about the segment), to be raised by the caller.
        """
        return Rejected(code, what, self.where(element), allowed)

    def raw(self, element: int) -> str:
        """
        The element as sent, without trailing blanks; empty when absent.
        """
        return self.elements[element - 1].rstrip(" ") if element <= len(self.elements) else ""

    def text(self, element: int, max_len: int = MAX_TEXT) -> str:
        """
        A simple element; empty when absent.

        Raises:
            Rejected: ``E_FIELD_SIZE``; ``E_EDI_ELEMENT`` when a separator inside cut it into components.
        """
        value = self.raw(element)
        separators = self.home.separators
        for char in (separators.component, separators.repetition):
            if char and char in value:
                what = f"separator {shown(char)} inside {shown(value)}"
                raise self.reject(element, "E_EDI_ELEMENT", what, "one simple value")
        if len(value) > max_len:
            raise self.reject(
                element, "E_FIELD_SIZE", f"{len(value)} characters", f"at most {max_len} characters"
            )
        return value

    def required(self, element: int, max_len: int = MAX_TEXT) -> str:
        """
        A simple element that must be there.

        Raises:
            Rejected: As :meth:`text`, and ``E_MISSING``.
        """
        value = self.text(element, max_len)
        if not value:
            raise self.reject(element, "E_MISSING", "the element is missing")
        return value

    def key(self, element: int, max_len: int = 64) -> str:
        """
        A mandatory identifier: letters, digits and ``. _ : -``.

        Raises:
            Rejected: ``E_KEY_MISSING`` or ``E_KEY_FORMAT``.
        """
        return values.key(self.raw(element), self.where(element), max_len=max_len)

    def code(self, element: int, allowed: Collection[str]) -> str:
        """
        A mandatory element of type ID, one of ``allowed``.

        Raises:
            Rejected: ``E_MISSING`` or ``E_EDI_ELEMENT``.
        """
        value = self.required(element)
        if value not in allowed:
            known = f"one of {', '.join(sorted(allowed))}"
            raise self.reject(element, "E_EDI_ELEMENT", f"unknown code {shown(value)}", known)
        return value

    def number(
        self, element: int, low: Decimal | int | None = None, high: Decimal | int | None = None
    ) -> Decimal:
        """
        A mandatory element of type R: plain ASCII decimal, no exponent, between ``low`` and ``high`` (both
        included).

        Raises:
            Rejected: ``E_MISSING``, ``E_NUMBER`` or ``E_RANGE``.
        """
        where = self.where(element)
        return values.ranged(values.decimal(self.required(element), where), where, low, high)

    def integer(self, element: int, low: int | None = None, high: int | None = None) -> int:
        """
        A mandatory element of type N0.

        Raises:
            Rejected: ``E_MISSING``, ``E_NUMBER`` or ``E_RANGE``.
        """
        return values.integer(self.required(element), self.where(element), low, high)

    def implied(self, element: int, places: int) -> Decimal:
        """
        A mandatory element of type N1 to N9: digits whose decimal point is not sent, ``places`` from the
        right.

        Raises:
            Rejected: ``E_MISSING``, ``E_NUMBER`` (also when a point was sent) or ``E_RANGE``.
        """
        return Decimal(self.integer(element)).scaleb(-places)

    def date(self, element: int) -> dt.date:
        """
        A mandatory element of type DT, written CCYYMMDD.

        Raises:
            Rejected: ``E_MISSING`` or ``E_DATE``.
        """
        return values.calendar_date(self.required(element), self.where(element))

    def components(self, element: int) -> tuple[str, ...]:
        """
        The components of a composite element; empty when absent.
        """
        value = self.raw(element)
        return tuple(value.split(self.home.separators.component)) if value else ()

    def pairs(self, first: int) -> tuple[tuple[str, str], ...]:
        """
        Qualifier and value pairs from element ``first`` on (elements 235/234, as in PO106 and W0104); empty
        pairs fall out.

        Raises:
            Rejected: ``E_MISSING`` when half of a pair is.
        """
        found = []
        for element in range(first, len(self.elements) + 1, 2):
            qualifier, value = self.text(element), self.text(element + 1)
            if qualifier or value:
                found.append((self.required(element), self.required(element + 1)))
        return tuple(found)
