"""
What answers an intake: 997 by group, TA1 for interchanges that are refused as a whole.

What is wrong with an order as business is no fault of its set: the 997 accepts, the 855 refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.formats.x12 import (
    IsaHeader,
    IsaParty,
    SegmentOut,
    SetOut,
    SetVerdict,
    Spot,
    functional_acknowledgement,
    interchange_acknowledgement,
)
from canonical.errors import Fault
from canonical.notices import Outcome, Verdict

__all__ = ["Answer", "answer_to", "was_duplicate"]

# A 997 is never answered by a 997 (X12 release 004010, set 997, note 1).
_RECEIPTS = "FA"
_NOBODY = IsaParty("", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """The sets and TA1 segments of one acknowledgement interchange."""

    sets: tuple[SetOut, ...]
    notes: tuple[SegmentOut, ...]
    summary: str


def answer_to(verdicts: Sequence[Verdict]) -> Answer | None:
    """The acknowledgement of one message, or None when there is nothing to acknowledge."""
    sets, notes, told = [], [], []
    for fault, details in _refused_interchanges(verdicts):
        notes.append(interchange_acknowledgement(_header(details), fault))
        verdict = f"refused, {fault.code}" if fault else "accepted"
        told.append(f"TA1 for {details['ISA13']}: {verdict}")
    for number, group in enumerate(_groups(verdicts), 1):
        acknowledgement = _group_answer(group, f"{number:04}")
        sets.append(acknowledgement)
        _, status, _, received, accepted, *_ = acknowledgement.segments[-1]
        details = group[0].origin.details
        told.append(
            f"997 for {details['GS01']} {details['GS06']}: {status}, {accepted} of {received} accepted"
        )
    return Answer(tuple(sets), tuple(notes), "; ".join(told)) if told else None


def was_duplicate(fault: Fault | None) -> bool:
    """Whether the hub says that the whole envelope was used before; our own faults name a place in it."""
    return fault is not None and fault.code == "E_EDI_DUPLICATE" and Spot.of(fault.where) is None


def _refused_interchanges(verdicts: Sequence[Verdict]) -> Iterator[tuple[Fault | None, Mapping[str, str]]]:
    """Each interchange that gets a TA1, with why it was refused, if it was."""
    for verdict in verdicts[:1]:
        details = verdict.origin.details
        if details.get("level") == "trailing":
            continue
        if was_duplicate(verdict.fault) or details.get("level") == "interchange":
            yield verdict.fault, details
        elif "ISA14" in details:
            yield None, details
    for verdict in verdicts:
        details = verdict.origin.details
        if details.get("level") == "trailing" and "ISA13" in details and not was_duplicate(verdict.fault):
            yield verdict.fault, details


def _groups(verdicts: Sequence[Verdict]) -> Iterator[Sequence[Verdict]]:
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        details = verdict.origin.details
        if "GS06" in details and details["GS01"] != _RECEIPTS and not was_duplicate(verdict.fault):
            groups.setdefault((details["GS01"], details["GS06"]), []).append(verdict)
    yield from groups.values()


def _group_answer(group: Sequence[Verdict], control: str) -> SetOut:
    details = group[0].origin.details
    declared = details.get("GE01")
    return functional_acknowledgement(
        details["GS01"],
        details["GS06"],
        [_set_verdict(one) for one in group if "ST01" in one.origin.details],
        control=control,
        fault=_group_fault(group),
        declared=int(declared) if declared else None,
    )


def _group_fault(group: Sequence[Verdict]) -> Fault | None:
    code = group[0].origin.details.get("group")
    return Fault(code=code, what="the group is refused") if code else None


def _set_verdict(verdict: Verdict) -> SetVerdict:
    details = verdict.origin.details
    code, control = details["ST01"], details["ST02"]
    if verdict.outcome is not Outcome.REJECTED or details.get("fault") != "syntax" or verdict.fault is None:
        return SetVerdict(code, control)
    # The group's own fault is told in AK9, and not at each of its sets.
    of_group = details.get("level") == "group"
    return SetVerdict(code, control, () if of_group else (verdict.fault,), accepted=False)


def _header(details: Mapping[str, str]) -> IsaHeader:
    """As much of a refused interchange's header as a TA1 repeats."""
    return IsaHeader(
        sender=_NOBODY,
        receiver=_NOBODY,
        date=details["ISA09"],
        time=details["ISA10"],
        control=details["ISA13"],
    )
