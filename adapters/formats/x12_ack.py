"""
X12 acknowledgements: what a 997 or a TA1 says about a message, both as we write them and as we read them.

Only control numbers, set codes and positions come back, each already checked to be plain; never a value
that the sender chose (AK404 is not used).  Sources: transaction set 997 release 004010 with code lists 715
(AK901), 716 (AK905), 717 (AK501), 718 (AK502), 720 (AK304) and 723 (AK403); segment TA1 of X12.5 with code
list I18 (TA105).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from canonical.errors import Fault

from .x12_model import Interchange, IsaHeader, TransactionSet
from .x12_segment import Segment, Spot
from .x12_write import SegmentOut, SetOut

__all__ = [
    "GroupReceipt",
    "InterchangeReceipt",
    "SetReceipt",
    "SetVerdict",
    "functional_acknowledgement",
    "interchange_acknowledgement",
    "read_functional_acknowledgement",
    "read_interchange_acknowledgements",
    "verdicts_of",
]

# Code list 718, why a transaction set is refused; "5" (segments in error) for all else.
_SET_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "E_EDI_TYPE": "1",
        "E_EDI_TRUNCATED": "2",
        "E_EDI_CONTROL": "3",
        "E_EDI_COUNT": "4",
        "E_EDI_DUPLICATE": "23",
    }
)
# The same where the place says more than the code: an ST that is no good.
_ST_NOTES: Mapping[int, str] = MappingProxyType({1: "6", 2: "7"})
# Code list 720, what is wrong with a segment; "8" (element errors) for all else.
_SEGMENT_NOTES: Mapping[str, str] = MappingProxyType(
    {"E_EDI_STRUCTURE": "2", "E_MISSING": "3", "E_EDI_LOOP": "4"}
)
# Code list 723, what is wrong with an element; "7" (invalid code value) for all else.
_ELEMENT_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "E_MISSING": "1",
        "E_KEY_MISSING": "1",
        "E_EDI_ELEMENTS": "3",
        "E_EDI_COMPONENTS": "3",
        "E_FIELD_SIZE": "5",
        "E_NUMBER": "6",
        "E_CONTROL_CHAR": "6",
        "E_ENCODING": "6",
        "E_KEY_FORMAT": "6",
        "E_DATE": "8",
    }
)
# Code list 716, why a group is refused.
_GROUP_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "E_EDI_TYPE": "1",
        "E_EDI_VERSION": "2",
        "E_EDI_TRUNCATED": "3",
        "E_EDI_CONTROL": "4",
        "E_EDI_COUNT": "5",
        "E_EDI_DUPLICATE": "19",
    }
)
# Code list I18, why an interchange is refused; "024" (invalid content) for all else.
_INTERCHANGE_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "E_EDI_CONTROL": "001",
        "E_EDI_VERSION": "017",
        "E_IDENTITY": "006",
        "E_EDI_TEST": "020",
        "E_EDI_COUNT": "021",
        "E_EDI_STRUCTURE": "022",
        "E_EDI_SEGMENT_LEN": "004",
        "E_EDI_TRUNCATED": "023",
        "E_EDI_DUPLICATE": "025",
    }
)
# Longest list of errors in one set's answer: AK3 may repeat, and a partner's clerk reads the first few.
_MAX_NOTES = 20


class SetVerdict(msgspec.Struct, frozen=True):
    """
    What became of one transaction set: code and control number as sent, and its faults, none when it was
    sound.

    ``accepted`` with faults is "accepted, errors noted".  Code or control is empty when the sender's was no
    good.
    """

    code: str
    control: str
    faults: tuple[Fault, ...] = ()
    accepted: bool = True


class SetReceipt(msgspec.Struct, frozen=True):
    """
    What a partner's 997 says of one of our sets: AK501 (A, E, M, R, W, X) and the AK502 notes.
    """

    code: str
    control: str
    status: str
    notes: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """
        Whether the partner works on it.
        """
        return self.status in {"A", "E"}


class GroupReceipt(msgspec.Struct, frozen=True):
    """
    What a partner's 997 says of one of our groups: AK901 (A, E, P, R...) and its sets, when it lists them.
    """

    functional_id: str
    control: str
    status: str
    sets: tuple[SetReceipt, ...]


class InterchangeReceipt(msgspec.Struct, frozen=True):
    """
    What a partner's TA1 says of one of our interchanges: TA104 (A, E, R) and TA105.
    """

    control: str
    status: str
    note: str


def verdicts_of(sets: Sequence[TransactionSet]) -> tuple[SetVerdict, ...]:
    """
    The verdicts that reading alone gives; an adapter adds what it finds inside the sound ones.
    """
    return tuple(
        SetVerdict(s.code, s.control, (s.fault,), False) if s.fault else SetVerdict(s.code, s.control)
        for s in sets
    )


def functional_acknowledgement(
    functional_id: str,
    group_control: str,
    verdicts: Sequence[SetVerdict],
    *,
    control: str,
    fault: Fault | None = None,
    declared: int | None = None,
) -> SetOut:
    """
    The 997 for one functional group.

    Args:
        functional_id: GS01 of the group that is answered.
        group_control: GS06 of it.
        verdicts: One for each set that came, in the order they came.
        control: ST02 of the answer.
        fault: Why the whole group was refused, if it was.
        declared: GE01 of the group (AK902); what came, when it said nothing.
    """
    accepted = 0 if fault else sum(verdict.accepted for verdict in verdicts)
    lines: list[SegmentOut] = [("AK1", functional_id, group_control)]
    for verdict in verdicts:
        lines += _set_lines(verdict, fault)
    noted = any(verdict.faults for verdict in verdicts)
    status = _group_status(accepted, len(verdicts), noted=noted or fault is not None)
    note = _GROUP_NOTES.get(fault.code) if fault else None
    included = len(verdicts) if declared is None else declared
    lines.append(("AK9", status, included, len(verdicts), accepted, note))
    return SetOut("997", control, tuple(lines))


def interchange_acknowledgement(isa: IsaHeader, fault: Fault | None = None) -> SegmentOut:
    """
    The TA1 segment for an interchange that was accepted, or refused with ``fault``; it goes into ``notes``.
    """
    status, note = ("R", _interchange_note(fault)) if fault else ("A", "000")
    return ("TA1", isa.control, isa.date, isa.time, status, note)


def read_functional_acknowledgement(transaction_set: TransactionSet) -> GroupReceipt:
    """
    What a partner's 997 says of our group.

    Raises:
        Rejected: ``E_EDI_STRUCTURE`` when AK1 or AK9 is missing, or an element's own code.
    """
    head, *rest = transaction_set.segments
    group = next((segment for segment in rest if segment.id == "AK1"), None)
    verdict = next((segment for segment in rest if segment.id == "AK9"), None)
    if group is None or verdict is None:
        raise head.reject(0, "E_EDI_STRUCTURE", "no AK1 and AK9 behind it", "a 997 with AK1 and AK9")
    status = verdict.code(1, {"A", "E", "M", "P", "R", "W", "X"})
    return GroupReceipt(group.key(1), group.key(2), status, tuple(_set_receipts(rest)))


def read_interchange_acknowledgements(interchange: Interchange) -> tuple[InterchangeReceipt, ...]:
    """
    What the TA1 segments of a partner's interchange say of ours.

    Raises:
        Rejected: When a TA1 lacks an element or has a wrong one.
    """
    return tuple(
        InterchangeReceipt(ta1.key(1), ta1.code(4, {"A", "E", "R"}), ta1.key(5, 3))
        for ta1 in interchange.notes
    )


def _set_receipts(segments: Sequence[Segment]) -> list[SetReceipt]:
    receipts, current = [], None
    for segment in segments:
        if segment.id == "AK2":
            current = segment
        elif segment.id == "AK5" and current is not None:
            notes = tuple(filter(None, (segment.text(n, 3) for n in range(2, 7))))
            status = segment.code(1, {"A", "E", "M", "R", "W", "X"})
            receipts.append(SetReceipt(current.key(1, 3), current.key(2, 9), status, notes))
            current = None
    return receipts


def _set_lines(verdict: SetVerdict, group_fault: Fault | None) -> list[SegmentOut]:
    """
    AK2 to AK5 of one set; nothing when the set has no name that could be repeated.

    What is the whole group's fault is told in AK9 and not again here.
    """
    if not verdict.code or not verdict.control:
        return []
    lines: list[SegmentOut] = [("AK2", verdict.code, verdict.control)]
    notes: list[str] = []
    for fault in [fault for fault in verdict.faults if fault != group_fault][:_MAX_NOTES]:
        lines += _segment_lines(fault)
        notes.append(_set_note(fault))
    status = "R" if group_fault or not verdict.accepted else "E" if verdict.faults else "A"
    lines.append(("AK5", status, *dict.fromkeys(notes))[:7])
    return lines


def _segment_lines(fault: Fault) -> list[SegmentOut]:
    """
    AK3 and AK4, when the fault lies in a segment between ST and SE.
    """
    spot = Spot.of(fault.where)
    if spot is None or not spot.label or spot.segment in {"ST", "SE"}:
        return []
    code = "8" if spot.element else _SEGMENT_NOTES.get(fault.code, "8")
    lines: list[SegmentOut] = [("AK3", spot.segment, spot.ordinal, None, code)]
    if spot.element:
        position = (spot.element, spot.component) if spot.component else spot.element
        lines.append(("AK4", position, None, _ELEMENT_NOTES.get(fault.code, "7")))
    return lines


def _set_note(fault: Fault) -> str:
    spot = Spot.of(fault.where)
    if spot and spot.segment == "ST" and fault.code not in _SET_NOTES:
        return _ST_NOTES.get(spot.element, "5")
    return _SET_NOTES.get(fault.code, "5")


def _group_status(accepted: int, received: int, *, noted: bool) -> str:
    if accepted == received and (received or not noted):
        return "E" if noted else "A"
    return "P" if accepted else "R"


def _interchange_note(fault: Fault) -> str:
    if fault.code == "E_EDI_STRUCTURE" and fault.where.startswith("GS"):
        return "024"
    if fault.code == "E_IDENTITY" and fault.where.startswith("ISA08"):
        return "008"
    return _INTERCHANGE_NOTES.get(fault.code, "024")
