"""
What a system that has stopped asks of the customer, as its lines say it; and how they go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from canonical.amendments import ItemPatch, Piece
from canonical.changing import asked_fields
from canonical.errors import Fault
from canonical.order import OfferingRef
from canonical.replies import Offer
from canonical.states import State
from canonical.systems import Verb

from .holding import note_fallout, set_aside
from .naming import answer_timer
from .record import Amending, Line

if TYPE_CHECKING:
    from .working import Working

__all__ = ["answered_by", "asks", "await_word", "hold_asking", "offer_of", "patch_of"]


def asks(amending: Amending, line: Line) -> bool:
    """Whether a line's system has stopped to ask what the amendment is about."""
    amendment = amending.amendment
    return amendment.part == line.part and any(
        change.item == line.item for piece in amendment.pieces for change in piece.changes
    )


def offer_of(work: Working, line: Line) -> Offer | None:
    """What the system of a line would do instead."""
    found = work.offers.get(line.key)
    return found.offer if found is not None else None


def answered_by(piece: Piece, line: Line, offer: Offer | None) -> bool:
    """Whether a change of a line is about what its system offers."""
    if offer is None:
        return False
    offered = set(asked_fields(patch_of(line.item, offer)))
    return any(not offered.isdisjoint(one.fields) for one in piece.changes if one.item == line.item)


def patch_of(item: str, offer: Offer) -> ItemPatch:
    """What a system offers, as a change of the item."""
    return ItemPatch(
        item=item,
        product_offering=OfferingRef(id=offer.offering) if offer.offering else None,
        quantity=offer.quantity,
        product_characteristic=offer.product_characteristic,
    )


def await_word(work: Working, line: Line) -> None:
    """Its system goes on with the line: its word is waited for as after the telling."""
    told = [one for one in work.instructions.values() if one.verb is Verb.DO and one.holds(line)]
    if told:
        sent = max(told, key=lambda one: one.revision)
        work.instructions[sent.key] = msgspec.structs.replace(sent, answered_at=None, asked=0)
        seconds = work.answer_within(work.parts[line.part])
        work.set_timer(answer_timer(sent.key), "answer-by", seconds, key=sent.key)


def hold_asking(work: Working, amending: Amending, fault: Fault) -> None:
    """What a system has asked cannot be answered to it: a person decides about the lines that wait."""
    waits = (State.PENDING, State.IN_PROGRESS)
    lines = [one for one in work.lines.values() if one.state in waits and asks(amending, one)]
    if lines:
        set_aside(work, lines, fault)
        note_fallout(work, lines[0].part, fault)
