"""
The fold of a cancel: all that was done is taken back in reverse order, or the cancel is refused as a whole.

Source: design, "Changing an order in flight"; states of the task: TMF622 v5.0.0 ``CancelProductOrder``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from canonical.amendments import (
    SETTLED,
    AmendmentState,
    CancelScope,
    CancelTask,
    Piece,
    PieceState,
    TaskState,
)
from canonical.changing import ItemNames
from canonical.commands import CancelOrder
from canonical.errors import Fault, Rejected, shown
from canonical.order import ChannelRole, every_item
from canonical.states import Cause, State
from canonical.systems import Verb
from canonical.ties import left_alone

from .deciding import Decision, Way
from .pieces import decision_on, hold_unwanted, replaced, undecided, undo
from .record import Amending, Cancelling, Line, Step, StepState
from .stepping import send_ready, steps_of, unanswered

if TYPE_CHECKING:
    from .working import Working

Key = tuple[str, str]

# So much of a reason is said of each line that is cancelled, and an order may have a thousand; the task has
# all of it.
_SHOWN = 200

__all__ = [
    "advance_cancel",
    "ask_cancel",
    "cancel_stage",
    "cancelled_items",
    "close_cancels",
    "nothing_stays",
    "quote_timer",
    "undo_refused",
]


def ask_cancel(work: Working, command: CancelOrder, task_id: str) -> None:
    """
    Take a cancel of the order, or of items, and begin it, or refuse it whole.

    Raises:
        Rejected: ``E_NOT_FOUND`` for an item that the order does not have; nothing was done.
    """
    names = ItemNames(work.order, command.origin.endpoint)
    items = _with_nested(work, [_named(names, name) for name in command.items])
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
    if (fault := _not_now(work) or _needed(work, items)) is not None:
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
    work.cancels[task.id] = Cancelling(task, command.origin)
    under_way = _withdraw(work, task, {line.key for line, _ in possible})
    _begin(work, task, possible, under_way)


def _named(names: ItemNames, name: str) -> str:
    found = names.item(name)
    if found is None:
        raise Rejected("E_NOT_FOUND", f"the order has no item {shown(name)}", f"item {name}")
    return found


def _what(task: CancelTask) -> str:
    return f"item {', '.join(task.items)}" if task.items else "the order"


def _not_now(work: Working) -> Fault | None:
    if work.order.state.terminal:
        what = f"the order is {work.order.state.value}: nothing of it can be cancelled any more"
        return Fault(code="E_STATE", what=what)
    if any(one.task.state is TaskState.IN_PROGRESS for one in work.cancels.values()):
        return Fault(code="E_STATE", what="a cancel is under way already")
    return None


def _needed(work: Working, items: tuple[str, ...]) -> Fault | None:
    """Why an item cannot be cancelled by itself: another one that stays needs it."""
    alone = left_alone(work.order, items) if items else None
    if alone is None:
        return None
    where, what = alone
    return Fault(code="E_VALUE", what=what, where=f"item {where}", allowed="to cancel both")


def _meant(task: CancelTask, line: Line) -> bool:
    return not task.items or line.item in task.items


def _withdraw(work: Working, task: CancelTask, lines: set[Key]) -> dict[Key, Step]:
    """
    Amendments of what is cancelled are withdrawn; what they did to what goes on is changed back.

    One that a system is being told of cannot be called back: what it does to a line that is cancelled is
    undone with the line.  Only if the line is not taken back in the end, the change of it is.

    Args:
        lines: Those that are cancelled.

    Returns:
        Steps that take such lines back already: nobody is told so twice.
    """
    taken: dict[Key, Step] = {}
    for key in [key for key, one in work.amendments.items() if not one.amendment.settled]:
        for piece in work.amendments[key].amendment.pieces:
            ends = piece.state is PieceState.UNDOING or _ends(task, piece)
            for step in steps_of(work, key, piece.number):
                if step.line in lines:
                    if step.verb is Verb.UNDO and unanswered(step):
                        taken[step.line] = step
                    _wait_for_end(work, step, ends=ends)
            if piece.state not in SETTLED and _ends(task, piece):
                _withdraw_piece(work, work.amendments[key], piece)
        amendment = work.amendments[key].amendment
        if not amendment.pieces and not task.items:
            amendment = msgspec.structs.replace(amendment, state=AmendmentState.WITHDRAWN)
        if all(one.state in SETTLED for one in amendment.pieces):
            amendment = msgspec.structs.replace(amendment, waits_for=())
        work.amendments[key] = msgspec.structs.replace(work.amendments[key], amendment=amendment)
    return taken


def _wait_for_end(work: Working, step: Step, *, ends: bool) -> None:
    """
    What a piece does to a line that is being cancelled waits for what becomes of the line.

    Args:
        ends: The piece is given up: what it may have changed is changed back, if the line goes on.
    """
    made = step.verb is Verb.MODIFY and step.state is not StepState.WAITING
    if not ends and made and step.state is StepState.DONE:
        return
    work.drop(step)
    if not ends or made or step.back:
        # With its key: the answer to it may still come.
        key = step.key if step.verb is Verb.MODIFY else ""
        back = step.back or ends
        work.put(msgspec.structs.replace(step, state=StepState.WAITING, key=key, fault=None, back=back))


def _ends(task: CancelTask, piece: Piece) -> bool:
    return not task.items or any({one.item, one.parent} & set(task.items) for one in piece.changes)


def _withdraw_piece(work: Working, amending: Amending, piece: Piece) -> None:
    work.clear_timer(quote_timer(amending.amendment.id, piece.number))
    if piece.state is PieceState.APPLYING:
        undo(work, amending, piece, None)
    elif piece.state is not PieceState.UNDOING:
        withdrawn = msgspec.structs.replace(piece, state=PieceState.WITHDRAWN)
        work.amendments[amending.amendment.id] = replaced(amending, withdrawn)


def quote_timer(amendment: str, piece: int) -> str:
    """Name of the timer at which a question about a piece lapses."""
    return f"quote|{amendment}|{piece}"


def _begin(
    work: Working, task: CancelTask, decided: Iterable[tuple[Line, Decision]], taken: Mapping[Key, Step]
) -> None:
    for line, decision in decided:
        already = taken.get(line.key)
        if decision.way is Way.IN_PLACE:
            _cancel_line(work, line.key, task)
            continue
        if already is not None:
            work.put(msgspec.structs.replace(already, cause=task.id, piece=0, removes=True))
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
        work.drop(step)
        _cancel_line(work, step.line, task)
    left = [one for one in steps if one.state is not StepState.DONE]
    overtaken = [step for step in left if _overtaken(work, step)]
    if overtaken:
        return True
    if left:
        return send_ready(work, left) or bool(done)
    _end(work, cancelling, task.fault)
    return True


def _cancel_line(work: Working, key: Key, task: CancelTask) -> None:
    for step in [one for one in work.steps.on(key) if one.back]:
        work.drop(step)
    line = work.lines[key]
    if line.state is State.COMPLETED or not line.state.terminal:
        work.move(line, State.CANCELLED, cause=Cause.CUSTOMER, code="", reason=task.reason[:_SHOWN])


def _overtaken(work: Working, step: Step) -> bool:
    """Whether a step has lost its point before anybody was told of it: how things are now decides."""
    if not undecided(step):
        return False
    decision = decision_on(work, work.lines[step.line], removes=True)
    if decision.way is Way.IN_PLACE:
        work.put(msgspec.structs.replace(step, state=StepState.DONE))
    elif step.state is StepState.WAITING and decision.way is Way.REFUSED and decision.fault is not None:
        undo_refused(work, step, decision.fault, past=True)
    else:
        return False
    return True


def close_cancels(work: Working) -> bool:
    """The order has ended in another way: there is nothing left to take back."""
    running = [one for one in work.cancels.values() if one.task.state is TaskState.IN_PROGRESS]
    for cancelling in running:
        for step in steps_of(work, cancelling.task.id):
            work.drop(step)
        _end(work, cancelling, cancelling.task.fault)
    return bool(running)


def _end(work: Working, cancelling: Cancelling, fault: Fault | None) -> None:
    state = TaskState.DONE if fault is None else TaskState.TERMINATED_WITH_ERROR
    task = msgspec.structs.replace(cancelling.task, state=state, fault=fault)
    work.cancels[task.id] = msgspec.structs.replace(cancelling, task=task)
    if _took(work, task) and not work.derived().state.terminal:
        # An order that goes on without an item is another version, as if the item had been removed.
        version = work.order.version + 1
        work.change_order(msgspec.structs.replace(work.order, version=version))
        task = msgspec.structs.replace(task, version=version)
        work.cancels[task.id] = msgspec.structs.replace(cancelling, task=task)
        work.announce("amended")
    text = f"cancel {task.id} of {_what(task)}: {fault or 'done'}"
    work.note("cancel_ended", text, cancel=task.id, state=state.value)


def _took(work: Working, task: CancelTask) -> bool:
    """Whether anything was cancelled by it."""
    return any(
        line.state is State.CANCELLED and line.cause is Cause.CUSTOMER and line.since >= task.at
        for line in work.lines.values()
        if _meant(task, line)
    )


def undo_refused(work: Working, step: Step, fault: Fault, *, past: bool) -> None:
    """
    A system does not take back what it did.

    When it was too late, the line goes on as it is; otherwise a person decides, whatever the system goes on
    to say.  The others are undone all the same, and the task says that it did not end well.
    """
    work.drop(step)
    cancelling = work.cancels[step.cause]
    task = msgspec.structs.replace(cancelling.task, fault=cancelling.task.fault or fault)
    work.cancels[step.cause] = msgspec.structs.replace(cancelling, task=task)
    line = work.lines[step.line]
    if past:
        work.fault(line, fault.code, str(fault))
    else:
        hold_unwanted(work, line, fault)


def cancel_stage(cancels: Iterable[Cancelling]) -> bool:
    """Whether a cancel of the order as a whole is under way."""
    return any(one.task.state is TaskState.IN_PROGRESS and not one.task.items for one in cancels)


def nothing_stays(work: Working) -> bool:
    """Whether the last items are being removed, or cancelled one by one: that is a cancel of the order."""
    going = {one.line for one in work.steps.values() if one.removes}
    if not going or any(one.added for one in work.steps.values()):
        return False
    stays = [one for one in work.lines.values() if one.state is State.COMPLETED or not one.state.terminal]
    return all(one.key in going for one in stays)


def cancelled_items(cancels: Iterable[Cancelling]) -> frozenset[str]:
    """Ids of the items of which a cancel is under way."""
    running = (one.task for one in cancels if one.task.state is TaskState.IN_PROGRESS)
    return frozenset(item for task in running for item in task.items)


def _with_nested(work: Working, items: Iterable[str]) -> tuple[str, ...]:
    """Ids of items, and of what they hold."""
    named = set(items)
    found = [nested.id for one in work.items.values() if one.id in named for nested in every_item((one,))]
    return tuple(dict.fromkeys(found))
