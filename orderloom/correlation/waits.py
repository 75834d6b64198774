"""
What waits for what among the lines of one order: readiness, loss and blocking.

A line waits for the line of each earlier part that serves the same item; for all lines of an earlier
part that has no item in common with its own part.  So an item that is lost takes with it what is done
for that item, and a part that serves other items too goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from canonical.plan import PartPlan, Plan
from canonical.states import WAITING, Cause, State

from .record import Line

__all__ = ["Lines", "Waits", "behind", "blocked", "good", "lost", "passed", "waits_of"]

Key = tuple[str, str]
Lines = Mapping[Key, Line]
Waits = Mapping[Key, tuple[Key, ...]]


def waits_of(plan: Plan) -> Waits:
    """For every (part, item) of the plan, the (part, item) pairs it waits for."""
    parts = {part.name: part for part in plan.parts}
    found: dict[Key, tuple[Key, ...]] = {}
    for part in plan.parts:
        whole, shared = _earlier(part, parts)
        for item in part.items:
            found[part.name, item] = whole + tuple((name, item) for name, items in shared if item in items)
    return found


def _earlier(
    part: PartPlan, parts: Mapping[str, PartPlan]
) -> tuple[tuple[Key, ...], list[tuple[str, frozenset[str]]]]:
    """The lines that all lines of ``part`` wait for, and the parts of which each waits for its own item's."""
    whole: list[Key] = []
    shared = []
    for name in part.after:
        items = parts[name].items if name in parts else ()
        if common := frozenset(items).intersection(part.items):
            shared.append((name, common))
        else:
            whole += [(name, item) for item in items]
    return tuple(whole), shared


def behind(key: Key, waits: Waits) -> tuple[Key, ...]:
    """The (part, item) pairs that wait for one."""
    return tuple(other for other, before in waits.items() if key in before)


def good(line: Line, plan: Mapping[str, PartPlan]) -> bool:
    """Whether those that wait for this line may go on: it is completed, or ended badly and was optional."""
    if line.state is State.COMPLETED:
        return True
    return line.state.terminal and plan[line.part].optional and line.cause is not Cause.CUSTOMER


def passed(line: Line, plan: Mapping[str, PartPlan]) -> bool:
    """Whether nobody needs to wait for this line any longer: it is good, or the customer has cancelled it."""
    return good(line, plan) or (line.state is State.CANCELLED and line.cause is Cause.CUSTOMER)


def lost(line: Line, plan: Mapping[str, PartPlan]) -> bool:
    """Whether those that wait for this line wait in vain."""
    if line.state is State.COMPLETED or not line.state.terminal:
        return False
    return not passed(line, plan)


def blocked(lines: Lines, waits: Callable[[], Waits]) -> Callable[[str], State | None]:
    """
    A look-up: what the unsent lines of a part wait on, directly or not.

    One instruction carries all lines of a part, so each of them waits for what any of them waits for.

    Returns:
        A function of the part's name to ``PENDING`` (wins), ``HELD``, or None.
    """
    if not any(line.state in WAITING for line in lines.values()):
        return lambda part: None
    before: dict[str, set[Key]] = {}
    awaited = waits()
    for key, line in lines.items():
        if _unsent(line):
            before.setdefault(line.part, set()).update(awaited[key])
    known: dict[str, State | None] = {}

    def look(part: str) -> State | None:
        if part not in known:
            known[part] = None
            known[part] = _worst({_stand(lines[key]) for key in before.get(part, ())})
        return known[part]

    def _stand(line: Line) -> State | None:
        if line.state in WAITING:
            return line.state
        return look(line.part) if _unsent(line) else None

    return look


def _unsent(line: Line) -> bool:
    return line.state is State.ACKNOWLEDGED and not line.sent


def _worst(states: set[State | None]) -> State | None:
    if State.PENDING in states:
        return State.PENDING
    return State.HELD if State.HELD in states else None
