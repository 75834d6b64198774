"""
Fallout: lines and steps that wait for a person; and which of an instruction's are still open, or silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from canonical.errors import Fault
from canonical.plan import OnFallout, PartPlan
from canonical.states import State
from canonical.systems import Verb

from .record import Instructed, Line, Step, StepState
from .standing import taken_back

if TYPE_CHECKING:
    from .working import Working

__all__ = ["forget_answers", "hold", "hold_told", "is_current", "open_lines", "open_steps", "silent_lines"]


def hold(work: Working, part: str, fault: Fault, lines: list[Line]) -> None:
    """Fallout: these lines of a part are held, or failed where the route says so."""
    plan: PartPlan = work.parts[part]
    state = State.FAILED if plan.on_fallout is OnFallout.FAIL else State.HELD
    for line in lines:
        work.move(line, state, code=fault.code, reason=str(fault))
        work.fault(line, fault.code, str(fault))
    work.note("fallout", f"{part}: {fault}", code=fault.code, part=part, system=plan.system)


def hold_told(work: Working, sent: Instructed, fault: Fault, *, silent: bool = False) -> None:
    """Hold what an instruction is about: its lines (or only the ``silent`` ones), or its steps."""
    if sent.verb is Verb.DO:
        hold(work, sent.part, fault, silent_lines(work, sent) if silent else open_lines(work, sent))
        return
    for step in open_steps(work, sent):
        work.put(msgspec.structs.replace(step, state=StepState.HELD, fault=fault))
        work.shortcoming(step, fault)


def open_lines(work: Working, sent: Instructed) -> list[Line]:
    """Lines of an instruction that have not ended, and of which nothing newer was told."""
    if sent.verb is not Verb.DO:
        return []
    lines = [line for line in work.lines.values() if sent.holds(line) and not line.state.terminal]
    newer = _newer(work, sent) if lines else []
    return [line for line in lines if _is_current(work, sent, line, newer)]


def is_current(work: Working, sent: Instructed, line: Line) -> bool:
    """Whether this is the newest ``do`` of the line: what is said of an older one counts no more."""
    return sent.verb is Verb.DO and _is_current(work, sent, line, _newer(work, sent))


def _newer(work: Working, sent: Instructed) -> list[Instructed]:
    told = (one for one in work.instructions.values() if one.part == sent.part)
    return [one for one in told if one.verb is Verb.DO and one.revision > sent.revision]


def _is_current(work: Working, sent: Instructed, line: Line, newer: Sequence[Instructed]) -> bool:
    if taken_back(work, line):
        return False
    if not line.sent and sent.key in work.instructions and sent.holds(line):
        return False  # it was taken back, and is to be told anew
    return not any(one.holds(line) for one in newer)


def silent_lines(work: Working, sent: Instructed) -> list[Line]:
    """Lines of an instruction that its system has to speak of."""
    return [line for line in open_lines(work, sent) if line.state is State.IN_PROGRESS]


def open_steps(work: Working, sent: Instructed) -> list[Step]:
    """Steps that an instruction carries out, and of which its system has not spoken."""
    states = (StepState.SENT, StepState.HELD)
    return [one for one in work.steps.told(sent.key) if one.state in states]


def forget_answers(work: Working) -> None:
    """Nobody waits for the answer to a telling of which all lines have ended, or were told anew."""
    if not work.amendments and not work.cancels:
        return
    for sent in work.instructions.values():
        if sent.verb is Verb.DO and sent.answered_at is None and not open_lines(work, sent):
            work.forget_answer(sent.key)
