"""
The folds that change an order under way: an amendment, a cancel, and the customer's word.
"""

from __future__ import annotations

from datetime import datetime

from canonical.commands import AmendOrder, Answer, CancelOrder
from canonical.errors import Rejected
from canonical.states import State

from .amending import answer_question, ask_amendment
from .cancelling import ask_cancel
from .drafts import ended
from .folded import Folded, World
from .record import Record
from .working import Working

__all__ = ["MOST_CHANGES", "MOST_LINES", "MOST_OPEN", "amend", "answer", "cancel"]

MOST_CHANGES, MOST_LINES, MOST_OPEN = 1000, 50_000, 100
"""
So many changes of one order an endpoint may ask for, of so many lines in all; and so many may be undecided.

An order is loaded with all of its changes: without an end to them, one endpoint could make it too large to be
worked on, and each thing that happens to it slower than the one before.
"""


def amend(record: Record, command: AmendOrder, id_: str, world: World, now: datetime) -> Folded:
    """
    Take an amendment under ``id_``; whatever it wants, the order and its answer say what becomes of it.

    Raises:
        Rejected: ``E_STATE``: it is a draft, or its sender has asked for too many changes of it; ``E_VALUE``:
            it was made from a version that there never was; ``E_STALE``: its sender has sent a later one
            before.
    """
    version = record.order.version
    if record.order.state is State.DRAFT:
        raise _a_draft(record, "the draft, saved again")
    if command.base is not None and not 1 <= command.base <= version:
        what = f"the order has no version {command.base}"
        raise Rejected("E_VALUE", what, "version", f"1 to {version}" if version > 1 else "1")
    own = [one.amendment for one in record.amendments if one.amendment.endpoint == command.origin.endpoint]
    if sum(not one.settled for one in own) >= MOST_OPEN:
        what = f"{MOST_OPEN} changes of {record.id} wait for a decision"
        raise Rejected("E_STATE", what, "", "another one when some of them are decided")
    _count(record, len(own), "changes")
    _count(
        record, sum(len(piece.changes) for one in own for piece in one.pieces), "changes of lines", MOST_LINES
    )
    _in_sequence(record, command)
    work = Working(record, world, now)
    ask_amendment(work, command, id_)
    return work.finish()


def cancel(record: Record, command: CancelOrder, id_: str, world: World, now: datetime) -> Folded:
    """
    Take a cancel under ``id_``.

    Raises:
        Rejected: ``E_NOT_FOUND``: the order has no such item; ``E_STATE``: of a draft not the whole is meant,
            or its sender has asked for too many cancels of the order.
    """
    if record.order.state is State.DRAFT:
        if command.items:
            raise _a_draft(record, "the draft, saved again without them")
        reason = command.reason or "withdrawn by the customer"
        actor = command.origin.endpoint
        return ended(record, "draft_withdrawn", reason, world=world, now=now, actor=actor)
    _count(record, sum(one.task.endpoint == command.origin.endpoint for one in record.cancels), "cancels")
    work = Working(record, world, now)
    ask_cancel(work, command, id_)
    return work.finish()


def _in_sequence(record: Record, command: AmendOrder) -> None:
    """Messages overtake each other: a whole order that is older than one that was taken would undo that."""
    own = (one.command for one in record.amendments if one.amendment.endpoint == command.origin.endpoint)
    last = max((one.sequence or 0 for one in own), default=0)
    if command.sequence is not None and command.sequence < last:
        what = f"revision {last} of {record.id} was taken before it"
        raise Rejected("E_STALE", what, f"revision {command.sequence}", "a higher revision")


def _count(record: Record, asked: int, what: str, most: int = MOST_CHANGES) -> None:
    if asked >= most:
        text = f"{asked} {what} of {record.id} were asked for"
        raise Rejected("E_STATE", text, "", f"at most {most} of one endpoint")


def _a_draft(record: Record, allowed: str) -> Rejected:
    return Rejected("E_STATE", f"{record.id} is a draft", "", allowed)


def answer(record: Record, command: Answer, world: World, now: datetime) -> Folded:
    """
    Take the customer's yes or no.

    Raises:
        Rejected: ``E_NOT_FOUND``: the order asks no such question; ``E_STATE``: it does not wait any more.
    """
    work = Working(record, world, now)
    answer_question(work, command)
    return work.finish()
