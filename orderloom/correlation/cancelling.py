"""
The fold of a cancel: all that was done is taken back in reverse order, or the cancel is refused as a whole.

Source: design, "Changing an order in flight"; states of the task: TMF622 v5.0.0 ``CancelProductOrder``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from canonical.amendments import SETTLED, AmendmentState, CancelScope, CancelTask, PieceState, TaskState
from canonical.commands import CancelOrder
from canonical.errors import Fault, Rejected, shown
from canonical.order import ChannelRole, every_item
from canonical.states import Cause, State

from .deciding import Decision, Way
from .pieces import decision_on
from .record import Cancelling, Line, Step, StepState
from .stepping import send_ready, steps_of

if TYPE_CHECKING:
    from .working import Working

__all__ = [
    "advance_cancel",
    "ask_cancel",
    "cancel_stage",
    "cancelled_items",
    "quote_timer",
    "undo_refused",
]


def ask_cancel(work: Working, command: CancelOrder, task_id: str) -> None:
    """
    Take a cancel of the order, or of items, and begin it, or refuse it whole.

    Raises:
        Rejected: ``E_NOT_FOUND`` for an item that the order does not have; nothing was done.
    """
    items = _with_nested(work, [_named(work, name) for name in command.items])
    task = CancelTask(
        id=task_id,
        endpoint=command.origin.endpoint,
        at=work.now,
        state=TaskState.IN_PROGRESS,
        scope=command.scope,
        items=items,
        document=command.origin.document,
        reason=command.reason,
    )
    work.has_part_in(command.origin, ChannelRole.AMEND)
    work.note("cancel_asked", f"cancel {task.id} of {_what(task)} asked", actor=task.endpoint, cancel=task.id)
    if (fault := _not_now(work)) is not None:
        _end(work, Cancelling(task, command.origin), fault)
        return
    lines = [one for one in work.lines.values() if _meant(task, one) and one.state is not State.CANCELLED]
    decided = [(line, decision_on(work, line, removes=True)) for line in lines]
    past = [line for line, one in decided if one.way is Way.REFUSED]
    task = msgspec.structs.replace(task, past=tuple(dict.fromkeys(line.part for line in past)))
    # What is shipped stays charged: an item goes whole or not at all.
    kept = {line.item for line in past}
    possible = [one for one in decided if one[0].item not in kept]
    if past and (task.scope is CancelScope.ALL or not possible):
        what = f"past their point of no return: {', '.join(task.past)}"
        _end(work, Cancelling(task, command.origin), Fault(code="E_TOO_LATE", what=what, where=_what(task)))
        return
    _withdraw(work, task)
    work.cancels[task.id] = Cancelling(task, command.origin)
    _begin(work, task, possible)


def _named(work: Working, name: str) -> str:
    found = [one.id for one in work.items.values() if name in (one.id, one.line_ref)]
    if name in found:
        return name
    if len(found) == 1:
        return found[0]
    raise Rejected("E_NOT_FOUND", f"the order has no item {shown(name)}", f"item {name}")


def _what(task: CancelTask) -> str:
    return f"item {', '.join(task.items)}" if task.items else "the order"


def _not_now(work: Working) -> Fault | None:
    if work.order.state.terminal:
        what = f"the order is {work.order.state.value}: nothing of it can be cancelled any more"
        return Fault(code="E_STATE", what=what)
    if any(one.task.state is TaskState.IN_PROGRESS for one in work.cancels.values()):
        return Fault(code="E_STATE", what="a cancel is under way already")
    return None


def _meant(task: CancelTask, line: Line) -> bool:
    return not task.items or line.item in task.items


def _withdraw(work: Working, task: CancelTask) -> None:
    """
    Amendments of what is cancelled are withdrawn.

    One that a system is being told of cannot be called back: what it does to a line is undone with the line.
    """
    for key, amending in list(work.amendments.items()):
        amendment = amending.amendment
        if amendment.settled:
            continue
        pieces = tuple(
            msgspec.structs.replace(one, state=PieceState.WITHDRAWN)
            if one.state not in SETTLED and (not task.items or any(c.item in task.items for c in one.changes))
            else one
            for one in amendment.pieces
        )
        for before, after in zip(amendment.pieces, pieces, strict=True):
            if before is not after:
                for step in steps_of(work, key, before.number):
                    work.drop(step)
                work.clear_timer(quote_timer(key, before.number))
        state = amendment.state
        if not pieces and not task.items:
            state = AmendmentState.WITHDRAWN
        changed = msgspec.structs.replace(amendment, pieces=pieces, state=state)
        work.amendments[key] = msgspec.structs.replace(amending, amendment=changed)


def quote_timer(amendment: str, piece: int) -> str:
    """Name of the timer at which a question about a piece lapses."""
    return f"quote|{amendment}|{piece}"


def _begin(work: Working, task: CancelTask, decided: Iterable[tuple[Line, Decision]]) -> None:
    for line, decision in decided:
        if decision.way is Way.IN_PLACE:
            asked = work.parts[line.part].check and not line.state.terminal
            if not line.sent or line.state is State.HELD or asked:
                work.move(line, State.CANCELLED, cause=Cause.CUSTOMER, code="", reason=task.reason)
            continue
        by_hand = decision.way is Way.BY_HAND
        step = Step(
            cause=task.id,
            piece=0,
            part=line.part,
            item=line.item,
            state=StepState.HELD if by_hand else StepState.WAITING,
            verb=decision.verb,
            removes=True,
            fault=decision.fault,
        )
        work.put(step)
        if by_hand:
            work.shortcoming(step, decision.fault)


def advance_cancel(work: Working, cancelling: Cancelling) -> bool:
    """One move of a cancel that is under way; False when it waits for somebody."""
    task = cancelling.task
    if task.state is not TaskState.IN_PROGRESS:
        return False
    steps = steps_of(work, task.id)
    done = [one for one in steps if one.state is StepState.DONE]
    for step in done:
        work.move(work.lines[step.line], State.CANCELLED, cause=Cause.CUSTOMER, code="", reason=task.reason)
        work.drop(step)
    left = [one for one in steps if one.state is not StepState.DONE]
    if left:
        return send_ready(work, left) or bool(done)
    _end(work, cancelling, task.fault)
    return True


def _end(work: Working, cancelling: Cancelling, fault: Fault | None) -> None:
    state = TaskState.DONE if fault is None else TaskState.TERMINATED_WITH_ERROR
    task = msgspec.structs.replace(cancelling.task, state=state, fault=fault)
    work.cancels[task.id] = msgspec.structs.replace(cancelling, task=task)
    text = f"cancel {task.id} of {_what(task)}: {fault or 'done'}"
    work.note("cancel_ended", text, cancel=task.id, state=state.value)


def undo_refused(work: Working, step: Step, fault: Fault, *, past: bool) -> None:
    """
    A system does not take back what it did.

    When it was too late, the line goes on as it is; otherwise a person decides.  The others are undone all
    the same, and the task says that it did not end well.
    """
    work.drop(step)
    cancelling = work.cancels[step.cause]
    task = msgspec.structs.replace(cancelling.task, fault=cancelling.task.fault or fault)
    work.cancels[step.cause] = msgspec.structs.replace(cancelling, task=task)
    line = work.lines[step.line]
    if not past:
        work.move(line, State.HELD, code=fault.code, reason=str(fault))
    work.fault(line, fault.code, str(fault))


def cancel_stage(cancels: Iterable[Cancelling]) -> bool:
    """Whether a cancel of the order as a whole is under way."""
    return any(one.task.state is TaskState.IN_PROGRESS and not one.task.items for one in cancels)


def cancelled_items(cancels: Iterable[Cancelling]) -> frozenset[str]:
    """Ids of the items of which a cancel is under way."""
    running = (one.task for one in cancels if one.task.state is TaskState.IN_PROGRESS)
    return frozenset(item for task in running for item in task.items)


def _with_nested(work: Working, items: Iterable[str]) -> tuple[str, ...]:
    """Ids of items, and of what they hold."""
    named = set(items)
    found = [nested.id for one in work.items.values() if one.id in named for nested in every_item((one,))]
    return tuple(dict.fromkeys(found))
