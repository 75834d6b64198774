"""
What a system says of a change, or of what it was to take back: agreed, refused, or both shipped and changed.
"""

from __future__ import annotations

import msgspec

from canonical.amendments import PieceState
from canonical.errors import Fault
from canonical.states import State
from canonical.systems import Meaning

from .cancelling import undo_refused
from .milestones import passes_at, past
from .pieces import back, hold_unwanted, refuse
from .record import Step, StepState
from .standing import at_its_system
from .working import Working

__all__ = ["answer_given_up", "answer_step", "refuse_step", "step_done"]

_REFUSALS = (State.HELD, State.REJECTED, State.FAILED)


def answer_step(work: Working, step: Step, meaning: Meaning, about: str) -> None:
    """
    Apply a system's word to a step.

    Args:
        about: What was said, in a sentence.
    """
    if meaning.state is State.COMPLETED:
        _agreed(work, step, about)
    elif meaning.state in _REFUSALS:
        code = "E_TOO_LATE" if meaning.past else "E_CHANGE_REFUSED"
        refuse_step(work, step, Fault(code=code, what=about, where=f"item {step.item}"), past=meaning.past)
    elif step.state is StepState.HELD:
        work.put(msgspec.structs.replace(step, state=StepState.SENT, fault=None))


def answer_given_up(work: Working, key: str, line: tuple[str, str], meaning: Meaning) -> None:
    """A change was to be told once more, or changed back; its first answer may make that needless."""
    waiting = [one for one in work.steps.on(line) if one.key == key]
    for step in waiting:
        if step.state is not StepState.WAITING:
            continue
        if step.back and meaning.state in _REFUSALS:
            work.drop(step)
        elif not step.back and meaning.state is State.COMPLETED:
            step_done(work, step)


def _agreed(work: Working, step: Step, about: str) -> None:
    # A time that has passed meanwhile is no contradiction: the system could still do it.
    if not step.back and not _is_time(work, step) and _hard_past(work, step):
        what = f"{about}, and its point of no return has passed: the two cannot both be"
        fault = Fault(code="E_CONTRADICTION", what=what, where=f"item {step.item}")
        work.put(msgspec.structs.replace(step, state=StepState.HELD, fault=fault))
        work.shortcoming(step, fault)
    else:
        step_done(work, step)


def step_done(work: Working, step: Step) -> None:
    """What a step was to do is done, whoever did it."""
    if step.back:
        work.drop(step)
        return
    done = msgspec.structs.replace(step, state=StepState.DONE, fault=None)
    work.put(done)
    if _undoing(work, step):
        back(work, done)


def _hard_past(work: Working, step: Step) -> bool:
    part = work.parts[step.part]
    return past(
        part.hard_ponr,
        work.lines[step.line],
        order=work.order,
        items=work.items,
        profile=work.world.profiles[part.system],
        now=work.now,
    )


def _is_time(work: Working, step: Step) -> bool:
    part = work.parts[step.part]
    return passes_at(part.hard_ponr, work.lines[step.line], order=work.order, items=work.items) is not None


def _undoing(work: Working, step: Step) -> bool:
    amending = work.amendments.get(step.cause)
    if amending is None:
        return False
    return amending.amendment.pieces[step.piece - 1].state is PieceState.UNDOING


def refuse_step(work: Working, step: Step, fault: Fault, *, past: bool = False) -> None:
    """A system will not do it: the piece is refused; what cannot be changed back is held."""
    amending = work.amendments.get(step.cause)
    if not step.back and not at_its_system(work, work.lines[step.line]):
        # It does not have what it will not change: nothing is to be changed there.
        step_done(work, msgspec.structs.replace(step, verb=None, key=""))
        return
    if amending is None:
        undo_refused(work, step, fault, past=past or _hard_past(work, step))
        return
    work.drop(step)
    if step.back:
        hold_unwanted(work, work.lines[step.line], fault)
        facts = {"code": fault.code, "part": step.part, "system": work.parts[step.part].system}
        work.note("fallout", f"{step.part} could not be changed back: {fault}", **facts)
    elif not _undoing(work, step):
        refuse(work, amending, amending.amendment.pieces[step.piece - 1], fault)
