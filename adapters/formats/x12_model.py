"""
X12 as plain data: headers, transaction sets, groups, interchanges.

The same types are read from bytes and written to bytes.  Source: ASC X12.5 (interchange control structure)
and X12.6 (application control structure), releases 004010 and 005010.
"""

from __future__ import annotations

import msgspec

from canonical.errors import Fault

from .x12_segment import Segment, Separators

__all__ = ["Group", "GsHeader", "Interchange", "IsaHeader", "IsaParty", "TransactionSet", "Unreadable"]


class IsaParty(msgspec.Struct, frozen=True):
    """
    Who sends or receives an interchange: qualifier (code list I05, two characters) and id (at most 15).
    """

    qualifier: str
    id: str


class IsaHeader(msgspec.Struct, frozen=True, kw_only=True):
    """
    The ISA segment, elements without their padding.

    ``date`` is YYMMDD, ``time`` HHMM (ISA carries no zone), ``control`` nine digits, ``usage`` P, T or I.
    """

    sender: IsaParty
    receiver: IsaParty
    date: str
    time: str
    control: str
    version: str = "00401"
    standard: str = "U"
    acknowledge: bool = False
    usage: str = "P"
    authorization: tuple[str, str] = ("00", "")
    security: tuple[str, str] = ("00", "")
    separators: Separators = Separators()


class GsHeader(msgspec.Struct, frozen=True, kw_only=True):
    """
    The GS segment: ``functional_id`` (GS01), ``date`` CCYYMMDD, ``control`` (GS06) one to nine digits.
    """

    functional_id: str
    sender: str
    receiver: str
    date: str
    time: str
    control: str
    agency: str = "X"
    version: str = "004010"


class TransactionSet(msgspec.Struct, frozen=True, kw_only=True):
    """
    One ST..SE.  ``segments`` holds both; with a ``fault`` it holds only what came before the fault.
    """

    code: str
    control: str
    segments: tuple[Segment, ...]
    offset: int
    fault: Fault | None = None

    @property
    def body(self) -> tuple[Segment, ...]:
        """
        The segments between ST and SE.
        """
        return tuple(segment for segment in self.segments if segment.id not in {"ST", "SE"})


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """
    One GS..GE.  ``declared`` is what GE01 counts (None when it is no number).

    When the group has a ``fault``, every set in it has one too.
    """

    gs: GsHeader
    sets: tuple[TransactionSet, ...]
    offset: int
    declared: int | None = None
    fault: Fault | None = None


class Interchange(msgspec.Struct, frozen=True, kw_only=True):
    """
    One ISA..IEA, from byte ``offset`` up to byte ``end``.  ``notes`` are the TA1 segments it carries.

    When the interchange has a ``fault``, every group and every set in it has one too: nothing of it may be
    used.
    """

    isa: IsaHeader
    groups: tuple[Group, ...]
    offset: int
    end: int
    notes: tuple[Segment, ...] = ()
    fault: Fault | None = None


class Unreadable(msgspec.Struct, frozen=True):
    """
    Bytes from ``offset`` on that are no interchange; nobody can be answered, as no header says who sent them.
    """

    fault: Fault
    offset: int
