"""
Replies that fit more than one instruction: what they may speak of is held until somebody says which is meant.

The reply itself moves nothing, and is parked.  A line in doubt goes on with its system's own word about it,
or by hand; and when of all that was in doubt only one telling is left, that goes on too: the parked reply,
sent back then, fits that one alone.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from canonical.errors import Fault
from canonical.replies import Receipt, Reply
from canonical.states import State

from .folded import Folded, World
from .holding import open_lines, open_steps, set_aside
from .naming import answer_timer
from .record import Instructed, Line, Record, Step, StepState
from .telling import answers, meant
from .working import Working

__all__ = ["IN_DOUBT", "fold_doubt", "settle_doubt"]

IN_DOUBT: Final = "E_AMBIGUOUS_REPLY"
"""Code of a line of which its system may have spoken, or of another."""

Key = tuple[str, str]


def fold_doubt(record: Record, said: Reply | Receipt, fault: Fault, world: World, now: datetime) -> Folded:
    """
    Hold what a reply may be about that fits more than one instruction, of this order or of several.

    Whatever waits for its system's word is held, never failed: nothing went wrong there.  What is held, or
    waits for the customer, stays as it is.  A receipt that says only that a message came changes nothing.
    """
    work = Working(record, world, now)
    if isinstance(said, Receipt) and said.fault is None:
        return work.finish()
    about = tuple((one.type, one.value) for one in said.about)
    fits = partial(answers, said, world.profiles[said.system]) if isinstance(said, Reply) else _any
    held = []
    for sent in meant(work, said.system, about, fits):
        lines = [one for one in open_lines(work, sent) if _awaited(one) and _speaks_of(work, said, one)]
        set_aside(work, lines, fault)
        steps = [one for one in open_steps(work, sent) if one.state is StepState.SENT]
        for step in steps:
            work.put(msgspec.structs.replace(step, state=StepState.HELD, fault=fault))
            work.shortcoming(step, fault)
        held += [sent.part] if lines or steps else []
    if held:
        text = f"{' and '.join(dict.fromkeys(held))}: {fault}"
        work.note("reply_ambiguous", text, actor=said.system, code=IN_DOUBT)
    return work.finish()


def _any(verb: object) -> bool:
    return True


def _awaited(line: Line) -> bool:
    return line.state is State.IN_PROGRESS


def _speaks_of(work: Working, said: Reply | Receipt, line: Line) -> bool:
    """Whether a reply may be about a line: it says something of everything, or of its number or offering."""
    if isinstance(said, Receipt) or said.word:
        return True
    offering = work.items[line.item].product_offering.id
    return any(
        one.line == line.number if one.line is not None else one.offering == offering for one in said.lines
    )


def settle_doubt(work: Working, system: str) -> None:
    """
    Let what is left go on, if of all that was in doubt about a system only one telling, or line, is left.

    To be called when that system has said of which it speaks, or a person has ended what was in doubt.
    """
    before = _doubtful(work, system, {one.key: one for one in work.before.lines}, work.before.steps)
    if not before:
        return
    left = _doubtful(work, system, work.lines, tuple(work.steps.values()))
    if not left or len(left) == len(before) or len({_told_by(work, one) for one in left}) > 1:
        return
    for key in {one.line if isinstance(one, Step) else one.key for one in left}:
        work.note("doubt_over", f"{key[0]} for item {key[1]} goes on: nothing else is in doubt", actor="hub")
    for one in left:
        sent = work.instructions.get(_told_by(work, one))
        if isinstance(one, Step):
            work.put(msgspec.structs.replace(one, state=StepState.SENT, fault=None))
        else:
            work.move(one, State.IN_PROGRESS, code="", reason="")
        if sent is not None:
            seconds = work.answer_within(work.parts[sent.part])
            work.set_timer(answer_timer(sent.key), "answer-by", seconds, key=sent.key)


def _doubtful(
    work: Working, system: str, lines: dict[Key, Line], steps: tuple[Step, ...]
) -> list[Line | Step]:
    found: list[Line | Step] = [
        one
        for one in lines.values()
        if one.state is State.HELD and one.code == IN_DOUBT and work.parts[one.part].system == system
    ]
    found += [
        one
        for one in steps
        if one.state is StepState.HELD
        and one.fault is not None
        and one.fault.code == IN_DOUBT
        and work.parts[one.part].system == system
    ]
    return found


def _told_by(work: Working, one: Line | Step) -> str:
    """Key of the instruction by which its system was told."""
    if isinstance(one, Step):
        return one.key
    told: list[Instructed] = [
        sent for sent in work.instructions.values() if sent.holds(one) and one in open_lines(work, sent)
    ]
    return told[-1].key if told else ""
