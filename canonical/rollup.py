"""
The roll-up: many child states into the state of their parent, by one table at every level.

Lines roll up into parts and items, nested items into bundles, top items into the order.
A pure function of the set of children, so that the order in which replies arrive cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .states import CancelStage, Cause, State

__all__ = ["Child", "Rolled", "roll_up"]

_BLOCKED = {State.PENDING, State.HELD}
_CANCELLING = {State.ASSESSING_CANCELLATION, State.PENDING_CANCELLATION}
_GOOD = {State.COMPLETED, State.PARTIAL}
_BAD = {State.FAILED, State.REJECTED, State.PARTIAL}


class Child(NamedTuple):
    """
    One child as the table sees it.

    Args:
        cause: Why it was cancelled; only looked at when it is.
        waits_on: ``PENDING`` or ``HELD`` when the child is unsent and waits, directly or not,
            on a line in that state (``PENDING`` wins when it waits on both).
    """

    state: State
    cause: Cause | None = None
    waits_on: State | None = None


class Rolled(NamedTuple):
    """A parent's state, and the cause when it is ``cancelled``."""

    state: State
    cause: Cause | None = None


def roll_up(children: Iterable[Child], cancel: CancelStage | None = None) -> Rolled:
    """
    The parent's state.

    Args:
        children: Current children only: superseded revisions and noChange items do not count.
        cancel: How far a cancel of this very level has come, if one is running.

    Returns:
        ``draft`` when there are no children, else the first row of the table that fits.
    """
    distinct = set(children)
    if not distinct:
        return Rolled(State.DRAFT)
    open_ones = {child for child in distinct if not child.state.terminal}
    if open_ones:
        return Rolled(_open(distinct, open_ones, cancel))
    return _ended(distinct)


def _open(everyone: set[Child], open_ones: set[Child], cancel: CancelStage | None) -> State:
    states = {child.state for child in open_ones}
    if cancel is CancelStage.ACCEPTED or states == {State.PENDING_CANCELLATION}:
        return State.PENDING_CANCELLATION
    if cancel is CancelStage.ASSESSING or states <= _CANCELLING:
        return State.ASSESSING_CANCELLATION
    blocks = {_block(child) for child in open_ones}
    if None not in blocks:
        return State.PENDING if State.PENDING in blocks else State.HELD
    if {child.state for child in everyone} == {State.ACKNOWLEDGED}:
        return State.ACKNOWLEDGED
    return State.IN_PROGRESS


def _block(child: Child) -> State | None:
    if child.state in _BLOCKED:
        return child.state
    return child.waits_on if child.state is State.ACKNOWLEDGED else None


def _ended(everyone: set[Child]) -> Rolled:
    states = {child.state for child in everyone}
    lost = {child for child in everyone if child.state is State.CANCELLED and child.cause is Cause.FALLOUT}
    if states & _GOOD:
        return Rolled(State.PARTIAL if states & _BAD or lost else State.COMPLETED)
    if State.FAILED in states:
        return Rolled(State.FAILED)
    if State.REJECTED in states:
        return Rolled(State.REJECTED)
    return Rolled(State.CANCELLED, Cause.FALLOUT if lost else Cause.CUSTOMER)
