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

__all__ = ["amend", "answer", "cancel"]


def amend(record: Record, command: AmendOrder, id_: str, world: World, now: datetime) -> Folded:
    """
    Take an amendment under ``id_``; whatever it wants, the order and its answer say what becomes of it.

    Raises:
        Rejected: ``E_STATE``: it is a draft; ``E_VALUE``: it was made from a version that there never was.
    """
    version = record.order.version
    if record.order.state is State.DRAFT:
        raise _a_draft(record, "the draft, saved again")
    if command.base is not None and not 1 <= command.base <= version:
        what = f"the order has no version {command.base}"
        raise Rejected("E_VALUE", what, "version", f"1 to {version}" if version > 1 else "1")
    work = Working(record, world, now)
    ask_amendment(work, command, id_)
    return work.finish()


def cancel(record: Record, command: CancelOrder, id_: str, world: World, now: datetime) -> Folded:
    """
    Take a cancel under ``id_``.

    Raises:
        Rejected: ``E_NOT_FOUND``: the order has no such item; ``E_STATE``: of a draft not the whole is meant.
    """
    if record.order.state is State.DRAFT:
        if command.items:
            raise _a_draft(record, "the draft, saved again without them")
        reason = command.reason or "withdrawn by the customer"
        actor = command.origin.endpoint
        return ended(record, "draft_withdrawn", reason, world=world, now=now, actor=actor)
    work = Working(record, world, now)
    ask_cancel(work, command, id_)
    return work.finish()


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
