"""
A wish that came too late, kept as a draft of a new order: nothing is lost, and nobody has to say it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from canonical.amendments import Amendment, ChangeKind, Piece
from canonical.keys import follow_on_id
from canonical.order import Order, OrderItem, OrderRelationship, Progress
from canonical.plan import Plan
from canonical.states import Action, State

from .record import Alias, Record

if TYPE_CHECKING:
    from .working import Working

__all__ = ["follow_on"]

_FOLLOWS = "followOn"


def follow_on(work: Working, amendment: Amendment, piece: Piece) -> Piece:
    """
    ``piece`` with the id of a draft that holds what it wanted; without one when there is nothing to order.

    What was to be changed is wanted as a change of the product, what was to be removed as its end.  Pieces of
    one amendment that come too late in one act are one draft: a wish of a thousand lines is one wish.
    """
    items = tuple(_wanted(work, piece))
    if not items or amendment.part:  # nobody wishes what a system had only offered
        return piece
    order = work.order
    place = work.follow_ons.get(amendment.id)
    if place is not None:
        known = work.drafts[place]
        whole = (*known.order.product_order_item, *items)
        order = msgspec.structs.replace(known.order, product_order_item=whole)
        work.drafts[place] = msgspec.structs.replace(known, order=order)
        return msgspec.structs.replace(piece, follow_on=order.id)
    draft_id = follow_on_id(order.id, amendment.id, piece.number)
    draft = Order(
        id=draft_id,
        state=State.DRAFT,
        version=1,
        creation_date=work.now,
        rules_version=order.rules_version,
        conversation_id=order.conversation_id,
        channel=order.channel,
        product_order_item=items,
        related_party=order.related_party,
        place=order.place,
        category=order.category,
        progress=Progress(done=0, total=0),
        order_relationship=(OrderRelationship(id=order.id, relationship_type=_FOLLOWS),),
    )
    alias = Alias(owner="hub", type="orderId", value=draft_id)
    plan = Plan(rules_version=order.rules_version, parts=())
    work.follow_ons[amendment.id] = len(work.drafts)
    work.drafts.append(Record(order=draft, plan=plan, lines=(), aliases=(alias,)))
    work.relate(draft_id, _FOLLOWS)
    text = f"what came too late is kept as draft {draft_id}"
    work.note("follow_on_drafted", text, draft=draft_id, amendment=amendment.id)
    return msgspec.structs.replace(piece, follow_on=draft_id)


def _wanted(work: Working, piece: Piece) -> list[OrderItem]:
    found = []
    for change in piece.changes:
        if change.kind is ChangeKind.ADD and change.wanted is not None:
            found.append(change.wanted)
        elif change.kind is ChangeKind.CHANGE and change.wanted is not None:
            found.append(_alone(change.wanted, Action.MODIFY))
        elif change.kind is ChangeKind.REMOVE:
            found.append(_alone(work.bare(change.item), Action.DELETE))
    return found


def _alone(item: OrderItem, action: Action) -> OrderItem:
    return msgspec.structs.replace(
        item,
        action=action,
        product_order_item=(),
        product_order_item_relationship=(),
        state=None,
        cause=None,
    )
