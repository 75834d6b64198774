"""
A second reading of the roll-up table, written from its prose and not from its code.

Standard library only, plain strings throughout: a mistake in the hub's own table cannot be shared.

A child is ``(state, cause, waits_on)``: ``cause`` is ``"customer"`` or ``"fallout"`` for a cancelled
one, else ``""``; ``waits_on`` is ``"pending"`` or ``"held"`` when the child is unsent and waits on a
line in that state, else ``""``.  A parent is ``(state, cause)``.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ENDS", "VALUES", "Child", "Parent", "rolled"]

Child = tuple[str, str, str]
Parent = tuple[str, str]

ENDS = ("completed", "partial", "failed", "rejected", "cancelled")

# Every value a child of a submitted order can have, with the cause where it has one.
VALUES: tuple[Parent, ...] = (
    ("acknowledged", ""),
    ("inProgress", ""),
    ("pending", ""),
    ("held", ""),
    ("assessingCancellation", ""),
    ("pendingCancellation", ""),
    ("completed", ""),
    ("failed", ""),
    ("rejected", ""),
    ("partial", ""),
    ("cancelled", "customer"),
    ("cancelled", "fallout"),
)


def rolled(children: Iterable[Child], cancel: str = "") -> Parent:
    """The parent of these children; ``cancel`` is ``""``, ``"assessing"`` or ``"accepted"``."""
    every = list(children)
    if len(every) == 0:
        return ("draft", "")
    if any(state not in ENDS for state, _, _ in every):
        return (still_open(every, cancel), "")
    return all_ended(every)


def still_open(every: list[Child], cancel: str) -> str:
    """Rows 1 to 5: "those" are the children that have not ended."""
    those = [child for child in every if child[0] not in ENDS]
    number = len(those)
    leaving = sum(state == "pendingCancellation" for state, _, _ in those)
    maybe_leaving = sum(state == "assessingCancellation" for state, _, _ in those)
    for_customer = sum("pending" in (child[0], waits(child)) for child in those)
    for_us = sum("held" in (child[0], waits(child)) for child in those)
    if cancel == "accepted" or leaving == number:
        return "pendingCancellation"
    if cancel == "assessing" or leaving + maybe_leaving == number:
        return "assessingCancellation"
    if for_customer + for_us == number:
        return "pending" if for_customer else "held"
    if all(state == "acknowledged" for state, _, _ in every):
        return "acknowledged"
    return "inProgress"


def waits(child: Child) -> str:
    """What an unsent child waits on; a sent one waits on nobody."""
    state, _, waits_on = child
    return waits_on if state == "acknowledged" else ""


def all_ended(every: list[Child]) -> Parent:
    """Rows 6 to 10."""
    names = [state for state, _, _ in every]
    by_fallout = any(state == "cancelled" and cause == "fallout" for state, cause, _ in every)
    got_something = "completed" in names or "partial" in names
    lost_something = "failed" in names or "rejected" in names or "partial" in names or by_fallout
    if got_something and lost_something:
        return ("partial", "")
    for row in ("completed", "failed", "rejected"):
        if row in names:
            return (row, "")
    return ("cancelled", "fallout" if by_fallout else "customer")
