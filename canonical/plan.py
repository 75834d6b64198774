"""
A plan: what one order asks of which system, what waits for what, and why.

Made by ``routes`` (pure), stored with the order, carried out by the hub.
"""

from __future__ import annotations

from enum import StrEnum

from .base import Canonical, Id, Text
from .order import Money

__all__ = ["AskRule", "ChangeCharge", "Declined", "OnFallout", "PartPlan", "Plan", "Reason", "Unanswered"]


class OnFallout(StrEnum):
    """What an exhausted part becomes: held for a person (default), or failed at once."""

    HOLD = "hold"
    FAIL = "fail"


class Unanswered(StrEnum):
    """What becomes of a line whose system's question nobody has answered in time."""

    HOLD = "hold"
    CANCEL = "cancel"
    ACCEPT = "accept"


class Declined(StrEnum):
    """What becomes of a line when the customer says no: its item is cancelled, or a person decides."""

    CANCEL = "cancel"
    HOLD = "hold"


class AskRule(Canonical, frozen=True):
    """How long the customer may think about what a system asks, in seconds, and what follows from no yes."""

    answer_within: int = 172_800
    unanswered: Unanswered = Unanswered.HOLD
    declined: Declined = Declined.CANCEL


class Reason(Canonical, frozen=True):
    """Why a part is in the plan: the route, the version of the rules, the clause that matched."""

    route: Id
    rules_version: Id
    clause: Text
    why: Text = ""


class ChangeCharge(Canonical, frozen=True):
    """What a change costs past the soft point of no return; the quote stands for ``valid_for`` seconds."""

    price: Money
    valid_for: int


class PartPlan(Canonical, frozen=True):
    """
    What one system does for one order.

    Args:
        number: 1-based position in the plan; it makes the part's reference at the system.
        items: Ids of the items it serves; each (part, item) is a line.
        after: Names of the parts it waits for.  A line waits for the lines of those parts that serve
            the same item; for all lines of such a part when the two parts have no item in common.
        due: How long it takes once it was told (``24h``, ``2 working days``); empty: nobody knows.
        calendar: Whose working days ``due`` counts, among the rules of the plan's version.
        answer_within: Seconds the system has to answer; None takes the system's own.
        optional: A line of it that ends badly counts as completed, with a note.
        check: It runs before all others that serve one of its items, and a no rejects the item.
        valid_for: Seconds that a check's yes stands while nothing is begun with it; None: for ever.
        concerns: Field paths of an item, and of the order, that its system is told of; a change of others
            does not touch it.  Empty: it is told of all of them.
        soft_ponr, hard_ponr: Milestone of its system from which on a change costs, or is not possible any
            more; or a time before one (``24h before appointment``).  Empty: never.
        ask: What is done about questions of its system: counter-offers, and what it wants to know.
    """

    name: Id
    number: int
    system: Id
    items: tuple[Id, ...]
    reason: Reason
    after: tuple[Id, ...] = ()
    due: Text = ""
    calendar: Text = ""
    answer_within: int | None = None
    optional: bool = False
    check: bool = False
    valid_for: int | None = None
    on_fallout: OnFallout = OnFallout.HOLD
    concerns: tuple[Id, ...] = ()
    soft_ponr: Text = ""
    hard_ponr: Text = ""
    change_charge: ChangeCharge | None = None
    ask: AskRule | None = None


class Plan(Canonical, frozen=True):
    """The parts of one order, in the order of their numbers."""

    rules_version: Id
    parts: tuple[PartPlan, ...]
