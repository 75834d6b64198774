"""
Steps: what a piece of an amendment, or a cancel, does to lines, one instruction to a part at a time.

Changes go in the order in which lines wait for each other, what is taken back in the reverse.  Steps on one
line never overlap: what a system is told of a line, it is told in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from canonical.amendments import ItemChange
from canonical.changing import merged, with_fields
from canonical.instructions import InstructionLine
from canonical.order import Order
from canonical.systems import Verb

from .record import Amending, Step, StepState

if TYPE_CHECKING:
    from .working import Working

__all__ = ["send_ready", "steps_of"]


def steps_of(work: Working, cause: str, piece: int = 0) -> list[Step]:
    """The steps of one piece, or of a cancel."""
    return [one for one in work.steps.values() if (one.cause, one.piece) == (cause, piece)]


def send_ready(work: Working, steps: Sequence[Step], amending: Amending | None = None) -> bool:
    """Tell systems of the steps whose turn has come; one instruction for each part, verb and telling."""
    ready = [one for one in steps if one.state is StepState.WAITING and _is_next(work, one, steps)]
    groups: dict[tuple[str, Verb, str], list[Step]] = {}
    for step in ready:
        if step.verb is not None:
            groups.setdefault((step.part, step.verb, _told_by(work, step)), []).append(step)
    for (part, verb, undoes), group in groups.items():
        lines = tuple(_line(work, step, amending) for step in _in_order(work, group))
        order = _order(work, group[0], amending)
        wanted = work.compose(work.parts[part], verb, lines, undoes=undoes, order=order)
        for step in group:
            work.put(msgspec.structs.replace(step, state=StepState.SENT, key=wanted.key))
        work.tell(wanted)
    return bool(groups)


def _is_next(work: Working, step: Step, steps: Iterable[Step]) -> bool:
    if any(one.line == step.line and one.state is StepState.SENT for one in work.steps.values()):
        return False
    open_lines = {
        one.line for one in steps if one.state in (StepState.WAITING, StepState.SENT, StepState.HELD)
    }
    open_lines.discard(step.line)
    if step.removes or step.back:
        return not any(step.line in work.waits.get(other, ()) for other in open_lines)
    return open_lines.isdisjoint(work.waits.get(step.line, ()))


def _told_by(work: Working, step: Step) -> str:
    """Key of the ``do`` by which the system knows the line."""
    line = work.lines[step.line]
    found = [one for one in work.instructions.values() if one.verb is Verb.DO and one.holds(line)]
    return found[-1].key if found else ""


def _in_order(work: Working, steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda one: work.lines[one.line].number)


def _line(work: Working, step: Step, amending: Amending | None) -> InstructionLine:
    number = work.lines[step.line].number
    item = work.bare(step.item)
    change = _change(amending, step)
    if step.verb is not Verb.MODIFY or change is None:
        # Changed back without a change of its own: the order's own fields were.
        return InstructionLine(number=number, item=item, was=item if step.verb is Verb.MODIFY else None)
    new = merged(item, change)
    new, old = (item, new) if step.back else (new, item)
    return InstructionLine(number=number, item=new, was=old)


def _order(work: Working, step: Step, amending: Amending | None) -> Order:
    """The order whose own fields an instruction says: as they are wanted, where these change."""
    fields = amending.amendment.fields if amending is not None else None
    if fields is None or step.back or amending is None:
        return work.order
    piece = amending.amendment.pieces[step.piece - 1]
    own = any(not one.item for one in piece.changes)
    return with_fields(work.order, fields) if own else work.order


def _change(amending: Amending | None, step: Step) -> ItemChange | None:
    if amending is None:
        return None
    changes = amending.amendment.pieces[step.piece - 1].changes
    return next((one for one in changes if one.item == step.item), None)
