"""
What becomes of one line that a change touches: replaced in place, told, quoted, or too late.

Source: design, "Changing an order in flight", the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from canonical.errors import Fault
from canonical.order import Order, OrderItem
from canonical.plan import ChangeCharge, PartPlan
from canonical.systems import SystemProfile, Verb

from .milestones import passes_at, past
from .record import Line

__all__ = ["NOT_UNDONE", "Decision", "Way", "decide"]

NOT_UNDONE = "E_NOT_UNDONE"
"""Code of a line whose system has what is not wanted any more; only a person ends that."""


class Way(StrEnum):
    """How a line comes to be as it is wanted."""

    IN_PLACE = "inPlace"
    TOLD = "told"
    BY_HAND = "byHand"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What becomes of a line.

    Args:
        verb: What its system is told, if it is; a line that is to go on is done anew after an ``undo``.
        charge: What that costs, past the soft point of no return.
        fault: Why it is not possible.
        until: From when on it will not be possible any more, where that is a matter of time.
    """

    way: Way
    verb: Verb | None = None
    charge: ChangeCharge | None = None
    fault: Fault | None = None
    until: datetime | None = None


def decide(
    line: Line,
    part: PartPlan,
    profile: SystemProfile,
    *,
    there: bool,
    removes: bool,
    order: Order,
    items: Mapping[str, OrderItem],
    now: datetime,
) -> Decision:
    """
    The decision on one line.

    Args:
        there: Its system has it; ``removes``: it is to end.
    """
    if not there:
        return Decision(Way.IN_PLACE)

    def is_past(point: str) -> bool:
        return past(point, line, order=order, items=items, profile=profile, now=now)

    if is_past(part.hard_ponr):
        what = f"{part.name} is past its point of no return ({part.hard_ponr})"
        return Decision(Way.REFUSED, fault=Fault(code="E_TOO_LATE", what=what, where=f"item {line.item}"))
    if line.code == NOT_UNDONE and not removes:
        what = f"{profile.name} keeps what is not wanted any more of {part.name}: a person decides first"
        return Decision(Way.REFUSED, fault=Fault(code=NOT_UNDONE, what=what, where=f"item {line.item}"))
    charge = part.change_charge if is_past(part.soft_ponr) else None
    verb = _verb(profile, removes=removes)
    if verb is not None:
        until = passes_at(part.hard_ponr, line, order=order, items=items)
        return Decision(Way.TOLD, verb, charge, until=until)
    if part.check:
        return Decision(Way.IN_PLACE)  # a question: nothing is taken back, and it is asked anew
    if removes:
        what = f"{profile.name} cannot take back {part.name}: a person has to"
        fault = Fault(code="E_BY_HAND", what=what, where=f"item {line.item}")
        return Decision(Way.BY_HAND, Verb.UNDO, charge, fault)
    what = f"{profile.name} cannot change {part.name} once it was told"
    return Decision(Way.REFUSED, fault=Fault(code="E_UNCHANGEABLE", what=what, where=f"item {line.item}"))


def _verb(profile: SystemProfile, *, removes: bool) -> Verb | None:
    wanted = (Verb.UNDO,) if removes else (Verb.MODIFY, Verb.UNDO)
    return next((one for one in wanted if one in profile.verbs), None)
