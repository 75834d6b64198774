"""
Steps: what a piece of an amendment, or a cancel, does to lines, one instruction to a part at a time.

Changes go in the order in which lines wait for each other, what is taken back in the reverse.  Steps on one
line never overlap: what a system is told of a line, it is told in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from canonical.changing import merged
from canonical.instructions import InstructionLine
from canonical.systems import Verb

from .indexed import Key
from .record import Step, StepState
from .standing import change_of, item_there, order_wanted

if TYPE_CHECKING:
    from .working import Working

__all__ = ["send_ready", "steps_of", "unanswered"]


def steps_of(work: Working, cause: str, piece: int = 0) -> list[Step]:
    """The steps of one piece, or of a cancel."""
    return work.steps.of(cause, piece)


def send_ready(work: Working, steps: Sequence[Step]) -> bool:
    """Tell systems of the steps whose turn has come; one instruction for each part, verb and telling."""
    # No line waits for itself, so that one look at all that is not done serves each of them.
    left = [one for one in steps if one.state is not StepState.DONE]
    awaited = {key for one in left for key in work.waits.get(one.line, ())}
    going = {one.line for one in left if not one.removes}
    ready = [one for one in steps if one.state is StepState.WAITING and _is_next(work, one, awaited, going)]
    groups: dict[tuple[str, Verb, str], list[Step]] = {}
    for step in ready:
        if step.verb is not None:
            groups.setdefault((step.part, step.verb, _told_by(work, step)), []).append(step)
    for (part, verb, undoes), group in groups.items():
        lines = tuple(_line(work, step) for step in _in_order(work, group))
        order = order_wanted(work, group[0])
        wanted = work.compose(work.parts[part], verb, lines, undoes=undoes, order=order)
        for step in group:
            work.put(msgspec.structs.replace(step, state=StepState.SENT, key=wanted.key))
        work.tell(wanted)
    return bool(groups)


def _is_next(work: Working, step: Step, awaited: set[Key], going: set[Key]) -> bool:
    """
    Whether no other step on the line has to be answered, and none of its own piece comes first.

    What goes on waits for what goes on; what ends waits for all that depends on it.

    Args:
        awaited: Lines for which others of the piece wait; ``going``: lines of the piece that go on.
    """
    on_line = work.steps.on(step.line)
    if any(unanswered(one) for one in on_line):
        return False
    if step.cause not in work.cancels and any(one.cause in work.cancels for one in on_line):
        return False  # it is about to end, or not: that is decided first
    if step.removes or step.back:
        return step.line not in awaited
    return going.isdisjoint(work.waits.get(step.line, ()))


def unanswered(step: Step) -> bool:
    """Whether its system was told, and its answer is still to come."""
    return step.state is StepState.SENT or (step.state is StepState.HELD and bool(step.key))


def _told_by(work: Working, step: Step) -> str:
    """Key of the ``do`` by which the system knows the line."""
    line = work.lines[step.line]
    found = [one for one in work.instructions.values() if one.verb is Verb.DO and one.holds(line)]
    return max(found, key=lambda one: one.revision).key if found else ""


def _in_order(work: Working, steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda one: work.lines[one.line].number)


def _line(work: Working, step: Step) -> InstructionLine:
    number = work.lines[step.line].number
    there = item_there(work, step.line)
    if step.verb is not Verb.MODIFY:
        return InstructionLine(number=number, item=there)
    if step.back:
        return InstructionLine(number=number, item=item_there(work, step.line, step), was=there)
    change = change_of(work, step)
    # Without a change of its own it is the order's own fields that change.
    return InstructionLine(number=number, item=merged(there, change) if change else there, was=there)
