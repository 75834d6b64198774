"""
What two parties have agreed on for the interchanges that we send: ids, versions, usage, separators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from .x12_isa import repeats
from .x12_model import GsHeader, IsaParty
from .x12_segment import Separators
from .x12_write import GroupOut, SegmentOut, SetOut, isa_header, write_interchange

__all__ = ["CONTENT_TYPE", "COUNTERS", "Agreement"]

# RFC 1767.
CONTENT_TYPE = "application/edi-x12"

# Each interchange of ours is numbered in ISA13, and its one group in GS06.
COUNTERS = ("interchange", "group")


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """
    How we write to somebody: from ``us`` (ISA05 and 06) to ``them`` (ISA07 and 08).

    ``version`` is GS08, ``interchange_version`` ISA12, ``usage`` ISA15.
    """

    us: IsaParty
    them: IsaParty
    version: str = "004010"
    interchange_version: str = "00401"
    usage: str = "P"
    separators: Separators = Separators()

    @classmethod
    def of(cls, us: IsaParty, them: IsaParty, settings: Mapping[str, str]) -> Agreement:
        """From a profile's settings; those that it does not name are as in this class."""
        version = settings.get("interchange_version", "00401")
        separators = Separators(
            element=settings.get("element", "*"),
            component=settings.get("component", ">"),
            segment=settings.get("segment", "~"),
            repetition=settings.get("repetition", "^") if repeats(version) else "",
            line_break=settings.get("line_break", ""),
        )
        return cls(
            us=us,
            them=them,
            version=settings.get("version", "004010"),
            interchange_version=version,
            usage=settings.get("usage", "P"),
            separators=separators,
        )

    def carries(self, value: str) -> bool:
        """Whether an id can be sent unchanged: printable ASCII without outer blanks and our separators."""
        marks = self.separators
        used = (marks.element, marks.component, marks.segment, marks.repetition)
        plain = bool(value) and value.isascii() and value.isprintable() and value == value.strip(" ")
        return plain and not any(mark and mark in value for mark in used)

    def says(self, text: str) -> bool:
        """Whether anything is left of a free text when our separators in it are blanks."""
        marks = self.separators
        return bool(text.strip(f" {marks.element}{marks.component}{marks.segment}{marks.repetition}"))

    def interchange(
        self,
        at: datetime,
        numbers: Mapping[str, int],
        functional_id: str,
        sets: Sequence[tuple[str, Sequence[SegmentOut]]],
        *,
        notes: Iterable[SegmentOut] = (),
        set_control: int = 1,
    ) -> bytes:
        """
        An interchange with one group, or, without ``sets``, with TA1 ``notes`` only.

        Args:
            at: UTC.
            numbers: By the names of :data:`COUNTERS`.
            functional_id: GS01.
            sets: Code (ST01) and what stands between ST and SE.
            set_control: ST02 of the first set, as a number; the others follow.

        Raises:
            ValueError: As :func:`write_interchange`.
        """
        isa = isa_header(
            self.us,
            self.them,
            yymmdd=f"{at:%y%m%d}",
            hhmm=f"{at:%H%M}",
            control=numbers["interchange"],
            version=self.interchange_version,
            usage=self.usage,
            separators=self.separators,
        )
        gs = GsHeader(
            functional_id=functional_id,
            sender=self.us.id,
            receiver=self.them.id,
            date=f"{at:%Y%m%d}",
            time=f"{at:%H%M}",
            control=str(numbers["group"]),
            version=self.version,
        )
        numbered = tuple(
            SetOut(code, f"{number:04}", tuple(segments))
            for number, (code, segments) in enumerate(sets, set_control)
        )
        return write_interchange(isa, (GroupOut(gs, numbered),) if numbered else (), notes=notes)
