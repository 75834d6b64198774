"""
What a 997 from somebody else says against our own sets, in one sentence each.

Source: transaction set 997 release 004010; AK3 and AK4 name segment and element, AK5 and AK9 the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import Fault

from .x12_ack import GroupReceipt, SetReceipt
from .x12_model import TransactionSet
from .x12_segment import Segment

__all__ = ["refusals"]

_CODE = "E_SYSTEM_REFUSED"
# AK901: accepted, accepted with errors noted, partly accepted (the sets say which).
_TAKEN = frozenset({"A", "E", "P"})


def refusals(
    transaction_set: TransactionSet, receipt: GroupReceipt
) -> tuple[tuple[SetReceipt | None, Fault | None], ...]:
    """
    Each set that ``receipt``, read from ``transaction_set``, answers, with the fault when it was refused.

    A 997 that lists no sets speaks of the whole group: one entry, for None.

    Raises:
        Rejected: An element of AK3 or AK4 is no good.
    """
    whole = f"group {receipt.functional_id} {receipt.control}"
    if receipt.status in _TAKEN and not receipt.sets:
        return ((None, None),)
    refused = None
    if receipt.status not in _TAKEN:
        refused = Fault(code=_CODE, what=f"{whole} was refused (AK9 {receipt.status})", where=whole)
    if not receipt.sets:
        return ((None, refused),)
    places = tuple(_places(transaction_set.body))
    return tuple(
        (one, _fault(one, place) or refused) for one, place in zip(receipt.sets, places, strict=False)
    )


def _fault(receipt: SetReceipt, place: str) -> Fault | None:
    if receipt.accepted:
        return None
    label = f"{receipt.code}/{receipt.control}"
    notes = ", ".join(receipt.notes)
    verdict = f"AK5 {receipt.status}" + (f", notes {notes}" if notes else "")
    return Fault(code=_CODE, what=f"set {label} was refused ({verdict})", where=place or label)


def _places(segments: tuple[Segment, ...]) -> Iterator[str]:
    """For each AK2 that has an AK5, the first place that AK3 and AK4 name behind it, or nothing."""
    label = place = ""
    for segment in segments:
        match segment.id:
            case "AK2":
                label, place = f"{segment.text(1, 3)}/{segment.text(2, 9)}", ""
            case "AK3" if not place:
                place = f"{label} segment {segment.text(2, 10)} {segment.text(1, 3)}"
            case "AK4" if place and "element" not in place:
                place += f" element {'-'.join(segment.components(1))}"
            case "AK5" if label:
                yield place
                label = ""
            case _:
                pass
