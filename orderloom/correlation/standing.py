"""
What a system has of a line by now: its changes are in force only when all of their piece are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from canonical.amendments import ChangeKind, ItemChange, Piece
from canonical.changing import merged, with_fields
from canonical.order import Order, OrderItem
from canonical.states import State
from canonical.systems import Verb

from .record import Line, Step, StepState

if TYPE_CHECKING:
    from .working import Working

__all__ = ["at_its_system", "change_of", "item_there", "order_wanted", "taken_back"]


def taken_back(work: Working, line: Line) -> bool:
    """Whether a piece that is still under way has had the line undone."""
    return any(one.verb is Verb.UNDO and one.state is StepState.DONE for one in work.steps.on(line.key))


def at_its_system(work: Working, line: Line) -> bool:
    """Whether the line's system has it, as far as anybody knows: it was told, has not refused, not undone."""
    if not line.sent or taken_back(work, line):
        return False
    if line.state is State.HELD:
        return line.code != "E_SYSTEM_REFUSED"
    return line.state is State.COMPLETED or not line.state.terminal


def item_there(work: Working, line: tuple[str, str], without: Step | None = None) -> OrderItem:
    """
    The item as the line's system has it: as it is in force, with what the system has agreed to since.

    Args:
        without: A step whose change does not count.
    """
    item = work.bare(line[1])
    for step in _made(work, line):
        change = None if step is without else change_of(work, step)
        item = item if change is None else merged(item, change)
    return item


def order_there(work: Working, line: tuple[str, str], without: Step | None = None) -> Order:
    """As :func:`item_there`, of the order's own fields."""
    order = work.order
    for step in _made(work, line):
        if step is not without:
            order = _with_own(work, step, order)
    return order


def order_wanted(work: Working, step: Step) -> Order:
    """The order whose own fields an instruction says: as they are wanted, where its piece changes them."""
    order = order_there(work, step.line, step)
    return order if step.back else _with_own(work, step, order)


def change_of(work: Working, step: Step) -> ItemChange | None:
    """What a step's piece wants of its item; None for a cancel, and for a change of the order itself."""
    piece = _piece(work, step)
    changes = piece.changes if piece is not None else ()
    return next((one for one in changes if one.item == step.item), None)


def _made(work: Working, line: tuple[str, str]) -> Iterator[Step]:
    """Changes that the line's system has made, and that are not in force, or not any more."""
    for step in work.steps.on(line):
        if step.verb is Verb.MODIFY and (step.state is StepState.DONE or step.back):
            yield step


def _with_own(work: Working, step: Step, order: Order) -> Order:
    piece, amending = _piece(work, step), work.amendments.get(step.cause)
    fields = amending.amendment.fields if amending is not None else None
    if piece is None or fields is None or all(one.kind is not ChangeKind.ORDER for one in piece.changes):
        return order
    return with_fields(order, fields)


def _piece(work: Working, step: Step) -> Piece | None:
    amending = work.amendments.get(step.cause)
    return None if amending is None else amending.amendment.pieces[step.piece - 1]
