"""
Fallout: lines that wait for a person, and which lines of a part are still open, or silent.
"""

from __future__ import annotations

from canonical.errors import Fault
from canonical.plan import OnFallout, PartPlan
from canonical.states import State

from .record import Line
from .working import Working

__all__ = ["hold", "open_lines", "silent_lines"]


def hold(work: Working, part: str, fault: Fault, lines: list[Line]) -> None:
    """Fallout: these lines of a part are held, or failed where the route says so."""
    plan: PartPlan = work.parts[part]
    state = State.FAILED if plan.on_fallout is OnFallout.FAIL else State.HELD
    for line in lines:
        work.move(line, state, code=fault.code, reason=str(fault))
        work.fault(line, fault.code, str(fault))
    work.note("fallout", f"{part}: {fault}", code=fault.code)


def open_lines(work: Working, part: str) -> list[Line]:
    """Lines of a part that have not ended."""
    return [line for line in work.lines.values() if line.part == part and not line.state.terminal]


def silent_lines(work: Working, part: str) -> list[Line]:
    """Lines of a part that its system has to speak of."""
    return [line for line in open_lines(work, part) if line.state is State.IN_PROGRESS]
