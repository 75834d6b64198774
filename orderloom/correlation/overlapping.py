"""
Which amendments change the same: the same field of the same item, or one whose lines come or go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from canonical.amendments import SETTLED, AmendmentState, ChangeKind, OrderPatch, Piece, PieceState, Scope
from canonical.changing import asked_fields, asked_of_order
from canonical.commands import AmendOrder
from canonical.states import State

from .record import Amending

if TYPE_CHECKING:
    from .working import Working

__all__ = ["Path", "changed_since", "overlap", "overlapping", "paths"]

Path = tuple[str, str]
"""Id of an item (empty: the order itself) and a field path; ``*`` is all of them."""


def overlapping(work: Working, amending: Amending) -> tuple[str, ...]:
    """
    Ids of amendments that are not settled and change the same line and field: earlier ones, and later ones
    that have overtaken this one while it waited.

    What is asked for counts, not what differs from the order in force: whoever wants back what an earlier
    amendment is about to change wants a change.  A whole order speaks of everything.
    """
    wanted = paths(amending.amendment.pieces) | _asked(work, amending.command)
    wanted |= _recut(work, amending, amending.amendment.pieces)
    whole = amending.command.scope is Scope.WHOLE
    found: list[str] = []
    later = False
    for key, other in work.amendments.items():
        if key == amending.amendment.id:
            later = True
            continue
        if later and other.amendment.waits_for:
            continue
        live = [one for one in other.amendment.pieces if one.state not in SETTLED]
        if other.amendment.settled or _only_asked(other):
            continue
        if whole or overlap(wanted, paths(live) | _recut(work, other, live)):
            found.append(key)
    return tuple(found)


def _only_asked(amending: Amending) -> bool:
    """Whether a system asks, and has no answer: whoever wants a change meanwhile need not wait for one."""
    return bool(amending.amendment.part) and amending.amendment.state is AmendmentState.AWAITING_CUSTOMER


def _recut(work: Working, amending: Amending, pieces: Iterable[Piece]) -> set[Path]:
    """Items that other parts serve than do now: whatever else changes of them, their lines come and go."""
    plan = amending.plan
    changes = [one for piece in pieces for one in piece.changes if one.kind is ChangeKind.CHANGE]
    if plan is None or not changes:
        return set()
    now = {one.key for one in work.lines.values() if one.state is not State.CANCELLED}
    wanted = {(part.name, item) for part in plan.parts for item in part.items}
    return {(one.item, "*") for one in changes if any(key[1] == one.item for key in now ^ wanted)}


def _asked(work: Working, command: AmendOrder) -> set[Path]:
    """The fields that a delta speaks of, by the ids of their items."""
    ids = {one.line_ref: one.id for one in work.items.values() if one.line_ref}
    ids |= {one: one for one in work.items}
    found = {(ids.get(one.item, one.item), field) for one in command.change for field in asked_fields(one)}
    found |= {("", field) for field in asked_of_order(command.fields or OrderPatch())}
    return found | {(ids.get(name, name), "*") for name in command.remove}


def changed_since(work: Working, amending: Amending, behind: tuple[str, ...]) -> set[Path]:
    """
    What other amendments have changed since the version that this one was made from.

    Args:
        behind: Those that it has waited for; where these were earlier, this one is the later wish.
    """
    base = amending.amendment.base or 1
    names = list(work.amendments)
    earlier = set(names[: names.index(amending.amendment.id)]) & set(behind)
    return {
        path
        for key, other in work.amendments.items()
        if key != amending.amendment.id and key not in earlier
        for path in paths(
            one
            for one in other.amendment.pieces
            if one.state is PieceState.APPLIED and (one.version or 0) > base
        )
    }


def paths(pieces: Iterable[Piece]) -> set[Path]:
    """What these pieces change."""
    return set(_each_path(pieces))


def _each_path(pieces: Iterable[Piece]) -> Iterator[Path]:
    for piece in pieces:
        for change in piece.changes:
            if change.kind in (ChangeKind.ADD, ChangeKind.REMOVE):
                yield change.item, "*"
            # What is added to something cannot be, once that is gone.
            if change.parent:
                yield change.parent, f"productOrderItem.{change.item}"
            for tie in change.wanted.product_order_item_relationship if change.wanted else ():
                yield tie.id, f"productOrderItemRelationship.{change.item}"
            for field in change.fields:
                yield change.item, field


def overlap(one: set[Path], other: set[Path]) -> bool:
    """Whether some path is in both."""
    if one & other:
        return True
    return any(
        item == with_item and "*" in (field, with_field)
        for item, field in one
        for with_item, with_field in other
    )
