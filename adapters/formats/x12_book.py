"""
Keeping the books of one X12 interchange: which group and set is open, what was counted, whose fault it was.

The first fault of a level is the one told; reading goes on to the trailer of that level, so that its
neighbours pass.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec.structs import replace

from canonical.errors import Fault, Rejected, shown

from .x12_cut import Cutter
from .x12_model import Group, GsHeader, Interchange, IsaHeader
from .x12_open import OpenGroup, OpenSet
from .x12_segment import Segment, SetHome

__all__ = ["FUNCTIONAL_IDS", "MAX_HEADERS", "Book"]

# Groups and sets of one interchange: all of them are taken in at once, or none; larger files come in parts.
MAX_HEADERS = 1_100

# GS01 for the sets we know (data element 479); a set in a group of another kind is a mistake.
FUNCTIONAL_IDS = {
    "824": "AG",
    "850": "PO",
    "855": "PR",
    "856": "SH",
    "860": "PC",
    "865": "CA",
    "869": "RS",
    "870": "RS",
    "940": "OW",
    "945": "SW",
    "997": "FA",
}

_HEADERS = frozenset({b"GS", b"ST"})
_ENVELOPE = frozenset({b"GS", b"ST", b"SE", b"GE", b"IEA", b"TA1"})
_SET_CODE = re.compile(r"[0-9A-Z]{3}")
_CONTROL_NUMBER = re.compile(r"[A-Za-z0-9]{1,9}")
_DIGITS = re.compile(r"[0-9]{1,9}")


class Book:
    """
    The state of one interchange while its segments come in.
    """

    def __init__(self, isa: IsaHeader, *, charset: str, expected: Collection[str] | None) -> None:
        self.isa = isa
        self.cutter = Cutter(isa, charset)
        self._expected = expected
        self._headers = 0
        self._groups: list[Group] = []
        self._group_controls: set[int] = set()
        self._notes: list[Segment] = []
        self._group: OpenGroup | None = None
        self._set: OpenSet | None = None
        self._fault: Fault | None = None

    def fail(self, error: Rejected) -> None:
        """
        Reject the whole interchange; the first reason stays.
        """
        self._fault = self._fault or error.fault

    def take(self, tag: bytes, raw: bytes, offset: int) -> bool:
        """
        Enter one segment, ``tag`` as the cutter sees it; True when it was the IEA.

        Raises:
            Rejected: ``E_EDI_SEGMENTS``, when reading must end here.
        """
        if tag in _HEADERS:
            self._count_header(offset)
        if tag not in _ENVELOPE:
            self._data(raw, offset)
            return False
        if tag == b"SE" and self._set:
            self._close_set(self._set, raw, offset)
            return False
        try:
            self._envelope(self.cutter.cut(raw, offset))
        except Rejected as error:
            self.fail(error)
        return tag == b"IEA"

    def _count_header(self, offset: int) -> None:
        self._headers += 1
        if self._headers > MAX_HEADERS:
            where = f"byte {offset}"
            raise Rejected("E_EDI_SEGMENTS", "too many groups and sets", where, f"at most {MAX_HEADERS}")

    def close(self, offset: int, end: int) -> Interchange:
        """
        The interchange as it stands; what is still open is truncated.
        """
        self._end_group(end)
        groups = tuple(_condemned(g, self._fault) if self._fault else g for g in self._groups)
        return Interchange(
            isa=self.isa, groups=groups, offset=offset, end=end, notes=tuple(self._notes), fault=self._fault
        )

    # Envelope segments, by their names.

    def _envelope(self, segment: Segment) -> None:
        match segment.id:
            case "GS":
                self._gs(segment)
            case "ST":
                self._st(segment)
            case "SE":
                self._se(segment)
            case "GE":
                self._ge(segment)
            case "IEA":
                self._iea(segment)
            case _:
                self._ta1(segment)

    def _ta1(self, segment: Segment) -> None:
        if self._group:
            raise segment.reject(0, "E_EDI_STRUCTURE", "TA1 inside a group", "TA1 between ISA and GS")
        self._notes.append(segment)

    def _gs(self, segment: Segment) -> None:
        self._end_group(segment.offset)
        for element in range(1, 9):
            segment.required(element, max_len=15)
        control = segment.raw(6)
        if not _DIGITS.fullmatch(control):
            raise segment.reject(
                6, "E_EDI_STRUCTURE", f"{shown(control)} is no control number", "1 to 9 digits"
            )
        segment.key(1, max_len=2)
        gs = GsHeader(
            functional_id=segment.raw(1),
            sender=segment.raw(2),
            receiver=segment.raw(3),
            date=segment.raw(4),
            time=segment.raw(5),
            control=control,
            agency=segment.raw(7),
            version=segment.raw(8),
        )
        self._group = OpenGroup(gs, segment.offset)
        if int(control) in self._group_controls:
            error = segment.reject(
                6, "E_EDI_DUPLICATE", f"control number {control} twice", "once an interchange"
            )
            self._group.fail(error)
        self._group_controls.add(int(control))

    def _st(self, segment: Segment) -> None:
        self._end_set(segment.offset)
        if not self._group:
            raise segment.reject(0, "E_EDI_STRUCTURE", "ST outside a group", "ST between GS and GE")
        code, control = segment.raw(1), segment.raw(2)
        sound = _SET_CODE.fullmatch(code) and _CONTROL_NUMBER.fullmatch(control)
        home = SetHome(f"{code}/{control}" if sound else "", self.isa.separators)
        self._set = OpenSet(code if sound else "", control if sound else "", segment.offset, home)
        segment = replace(segment, ordinal=1, home=home)
        self._set.segments.append(segment)
        self._set.count = 1
        try:
            self._check_st(segment, self._group)
        except Rejected as error:
            self._set.fail(error)

    def _check_st(self, segment: Segment, group: OpenGroup) -> None:
        code, control = segment.raw(1), segment.raw(2)
        if not _SET_CODE.fullmatch(code):
            raise segment.reject(1, "E_EDI_TYPE", f"{shown(code)} is no transaction set", "three digits")
        if not _CONTROL_NUMBER.fullmatch(control):
            raise segment.reject(
                2, "E_EDI_CONTROL", f"{shown(control)} is no control number", "1 to 9 digits"
            )
        if control in group.controls:
            raise segment.reject(2, "E_EDI_DUPLICATE", f"control number {control} twice", "once a group")
        group.controls.add(control)
        if self._expected is not None and code not in self._expected:
            known = f"one of {', '.join(sorted(self._expected))}"
            raise segment.reject(1, "E_EDI_TYPE", f"transaction set {code} is not agreed", known)
        wanted = FUNCTIONAL_IDS.get(code, group.gs.functional_id)
        if wanted != group.gs.functional_id:
            what = f"transaction set {code} in a group {shown(group.gs.functional_id)}"
            raise segment.reject(1, "E_EDI_STRUCTURE", what, f"a group {wanted}")

    def _se(self, segment: Segment) -> None:
        error = segment.reject(0, "E_EDI_STRUCTURE", "SE without its ST", "ST before SE")
        if not self._group:
            raise error
        self._group.fail(error)

    def _ge(self, segment: Segment) -> None:
        self._end_set(segment.offset)
        if not self._group:
            raise segment.reject(0, "E_EDI_STRUCTURE", "GE without its GS", "GS before GE")
        group, self._group = self._group, None
        try:
            group.declared = int(segment.raw(1)) if _DIGITS.fullmatch(segment.raw(1)) else None
            _counted(segment, len(group.sets), "transaction sets")
            _same_number(segment, group.gs.control, "GS06")
        except Rejected as error:
            group.fail(error)
        self._groups.append(group.closed())

    def _iea(self, segment: Segment) -> None:
        self._end_group(segment.offset)
        _counted(segment, len(self._groups), "groups")
        if segment.raw(2) != self.isa.control:
            _same_number(segment, self.isa.control, "ISA13", strict=True)

    # Transaction sets and their data.

    def _data(self, raw: bytes, offset: int) -> None:
        if not self._set:
            self._stray(raw, offset)
            return
        self._set.count += 1
        if self._set.fault:
            return
        try:
            self._set.segments.append(self.cutter.cut(raw, offset, self._set.count, self._set.home))
        except Rejected as error:
            self._set.fail(error)

    def _stray(self, raw: bytes, offset: int) -> None:
        if self._fault or (self._group and self._group.fault):
            return  # told already; a flood of strays costs nothing
        error = Rejected(
            "E_EDI_STRUCTURE",
            f"segment {shown(raw[:16])} outside a set",
            f"byte {offset}",
            "data between ST and SE",
        )
        if self._group:
            self._group.fail(error)
        else:
            self.fail(error)

    def _close_set(self, current: OpenSet, raw: bytes, offset: int) -> None:
        current.count += 1
        try:
            segment = self.cutter.cut(raw, offset, current.count, current.home)
            if not current.fault:
                current.segments.append(segment)
            _counted(segment, current.count, "segments")
            if segment.raw(2) != current.control:
                _same_number(segment, current.control, "ST02", strict=True)
        except Rejected as error:
            current.fail(error)
        self._file_set()

    def _end_set(self, offset: int) -> None:
        """
        Close a set that never got its SE.
        """
        if self._set:
            where = f"{self._set.home.label} SE at byte {offset}".strip()
            self._set.fail(
                Rejected("E_EDI_TRUNCATED", "the transaction set has no SE", where, "SE at its end")
            )
            self._file_set()

    def _file_set(self) -> None:
        if self._set and self._group:
            self._group.sets.append(self._set.closed())
        self._set = None

    def _end_group(self, offset: int) -> None:
        """
        Close a group that never got its GE.
        """
        self._end_set(offset)
        if self._group:
            where = f"GE at byte {offset}"
            self._group.fail(Rejected("E_EDI_TRUNCATED", "the group has no GE", where, "GE at its end"))
            self._groups.append(self._group.closed())
            self._group = None


def _counted(segment: Segment, counted: int, things: str) -> None:
    """
    Refuse a trailer whose first element is not what was counted.
    """
    declared = segment.raw(1)
    if not _DIGITS.fullmatch(declared) or int(declared) != counted:
        what = f"says {shown(declared)}, but {counted} {things} were counted"
        raise segment.reject(1, "E_EDI_COUNT", what, str(counted))


def _same_number(segment: Segment, wanted: str, header: str, *, strict: bool = False) -> None:
    """
    Refuse a trailer whose control number is not its header's; leading zeros count when ``strict``.
    """
    got = segment.raw(2)
    same = got == wanted if strict else bool(_DIGITS.fullmatch(got)) and int(got) == int(wanted)
    if not same:
        raise segment.reject(
            2, "E_EDI_CONTROL", f"says {shown(got)}, but {header} is {shown(wanted)}", wanted
        )


def _condemned(group: Group, fault: Fault) -> Group:
    """
    A group of a rejected interchange: its sets keep their own faults, the others get the interchange's.
    """
    sets = tuple(s if s.fault else replace(s, fault=fault) for s in group.sets)
    return replace(group, sets=sets, fault=group.fault or fault)
