"""
Which amendments change the same: the same field of the same item, or one whose lines come or go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from canonical.amendments import ChangeKind, OrderPatch, Piece, PieceState, Scope
from canonical.changing import ItemNames, asked_fields, asked_of_order
from canonical.commands import AmendOrder
from canonical.states import State

from .record import Amending

if TYPE_CHECKING:
    from .working import Working

__all__ = ["Path", "changed_since", "in_hand", "overlap", "overlapping", "overtaken_questions", "paths"]

Path = tuple[str, str]
"""Id of an item (empty: the order itself) and a field path; ``*`` is all of them."""


_IN_HAND = (PieceState.ASSESSING, PieceState.APPLYING, PieceState.UNDOING)


def in_hand(amending: Amending) -> bool:
    """Whether something of it is still to be decided by others than the customer."""
    amendment = amending.amendment
    busy = any(one.state in _IN_HAND for one in amendment.pieces)
    return not amendment.settled and (busy or bool(amendment.waits_for))


def overlapping(work: Working, amending: Amending) -> tuple[str, ...]:
    """
    Ids of amendments that are not settled and change the same line and field: earlier ones, and later ones
    that have overtaken this one while it waited.  What waits for the customer alone stops nothing.

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
        if not in_hand(other):
            continue
        live = [one for one in other.amendment.pieces if one.state in _IN_HAND]
        if whole or overlap(wanted, paths(live) | _recut(work, other, live)):
            found.append(key)
    return tuple(found)


def overtaken_questions(work: Working, amending: Amending) -> list[tuple[str, Piece]]:
    """
    Pieces of earlier amendments that wait for the customer, and of which this one wants something else.

    Of a whole order only what differs counts: who repeats the order as it is may not know of the question.
    """
    amendment = amending.amendment
    refused = {
        one.item for piece in amendment.pieces if piece.state is PieceState.REFUSED for one in piece.changes
    }
    wanted = {one for one in _asked(work, amending.command) if one[0] not in refused}
    begun = [one for one in amendment.pieces if one.state is not PieceState.REFUSED]
    wanted |= paths(begun) | _recut(work, amending, begun)
    found: list[tuple[str, Piece]] = []
    for key, other in work.amendments.items():
        if key == amendment.id:
            break
        if other.amendment.part:  # what a system asks is withdrawn when it does not wait for it any more
            continue
        found += [
            (key, piece)
            for piece in other.amendment.pieces
            if piece.state is PieceState.AWAITING_CUSTOMER
            and overlap(wanted, paths((piece,)) | _recut(work, other, (piece,)))
        ]
    return found


def _recut(work: Working, amending: Amending, pieces: Iterable[Piece]) -> set[Path]:
    """Items that other parts serve than do now: whatever else changes of them, their lines come and go."""
    plan = amending.plan
    changes = [one for piece in pieces for one in piece.changes if one.kind is ChangeKind.CHANGE]
    if plan is None or not changes:
        return set()
    now = {one.key for one in work.lines.values() if one.state is not State.CANCELLED}
    wanted = {(part.name, item) for part in plan.parts for item in part.items}
    moved = {item for _, item in now ^ wanted}
    return {(one.item, "*") for one in changes if one.item in moved}


def _asked(work: Working, command: AmendOrder) -> set[Path]:
    """The fields that a delta speaks of, by the ids of their items."""
    names = ItemNames(work.order, command.origin.endpoint)

    def named(name: str) -> str:
        return names.item(name) or name

    found = {(named(one.item), field) for one in command.change for field in asked_fields(one)}
    found |= {("", field) for field in asked_of_order(command.fields or OrderPatch())}
    return found | {(named(name), "*") for name in command.remove}


def changed_since(work: Working, amending: Amending, behind: tuple[str, ...]) -> set[Path]:
    """
    What other amendments have changed since the version that this one was made from.

    Who names no version knows what he has asked for himself.

    Args:
        behind: Those that it has waited for; where these were earlier, this one is the later wish.
    """
    base = amending.amendment.base or 1
    known = amending.amendment.endpoint if amending.command.base is None else ""
    names = list(work.amendments)
    earlier = set(names[: names.index(amending.amendment.id)]) & set(behind)
    return {
        path
        for key, other in work.amendments.items()
        if key != amending.amendment.id and key not in earlier and other.amendment.endpoint != known
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
    return any(_meets(*both) for both in ((one, other), (other, one)))


def _meets(one: set[Path], other: set[Path]) -> bool:
    """Whether ``one`` changes anything of an item of which ``other`` changes everything."""
    every = {item for item, field in other if field == "*"}
    return bool(every) and any(item in every for item, _ in one)
