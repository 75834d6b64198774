"""
What people do with held lines: one transaction an order, beside whatever workers run, or none.

What it writes has no owner; a worker adopts and publishes it.  A rehearsal does all of it and takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from canonical.amendments import ChangeKind, ItemChange, ItemPatch
from canonical.changing import differing, patched, with_changes
from canonical.codec import decode
from canonical.errors import Rejected, shown
from canonical.order import every_item
from canonical.references import References
from orderloom.correlation.fallout import Act
from orderloom.correlation.port import Changes, Store, Transaction
from orderloom.correlation.record import Record
from orderloom.engine.batch import run_batch
from orderloom.engine.hub import Hub
from orderloom.engine.items import FromOperator
from orderloom.engine.messages import Props
from orderloom.pauses import read_pauses
from routes.catalogue import fill

__all__ = ["Acted", "act_on", "checked_patch"]


@dataclass(frozen=True, slots=True)
class Acted:
    """
    What an act has brought about on one order.

    Args:
        before, after: The order; None when the act had been carried out before, and nothing was done.
        messages: What it has written to be sent: the destination, and the properties.
    """

    order_id: str
    before: Record | None = None
    after: Record | None = None
    messages: tuple[tuple[str, Props], ...] = ()

    @property
    def repeated(self) -> bool:
        """Whether the act had been carried out before."""
        return self.after is None


class _TakenBack(Exception):
    """Ends a transaction that was not meant."""


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """A store whose transactions leave nothing behind."""

    store: Store

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        try:
            with self.store.begin() as tx:
                yield tx
                raise _TakenBack
        except _TakenBack:
            return


def act_on(hub: Hub, store: Store, act: Act, order_id: str, now: datetime, *, dry: bool = False) -> Acted:
    """
    Carry an act out on one order; the same act a second time changes nothing.

    Args:
        dry: Take everything back; what is given back is what would have been.

    Raises:
        Rejected: It cannot be; the order is as it was.
        StoreBusy: Nothing was written; try the same again.
        CommitUnknown: It may have been; the same act again does no harm.
    """
    changes = Changes()
    place = _Rehearsal(store) if dry else store
    items = [FromOperator(act, order_id)]
    run_batch(hub, hub.rules(), place, items, changes=changes, now=now, pauses=read_pauses(store))
    if not changes.inbox:
        return Acted(order_id)
    # What came too late for it may have become a draft of its own, beside it.
    [(before, after)] = [pair for pair in changes.records if pair[1].id == order_id]
    messages = tuple((row.destination, decode(row.properties, Props)) for row in changes.outbox)
    return Acted(order_id, before, after, messages)


def checked_patch(record: Record, patch: ItemPatch, references: References) -> ItemPatch:
    """
    A patch that the catalogue allows, with the offering's name.

    Args:
        references: Of the rules that the order is pinned to.

    Raises:
        Rejected: ``E_OFFERING``, ``E_RANGE``; ``E_VALUE`` for an offering of another category, which other
            parts would serve.
    """
    items = {
        key: one for one in every_item(record.order.product_order_item) for key in (one.line_ref, one.id)
    }
    named = items.get(patch.item)
    if named is None:
        return patch  # the fold says so
    wanted = patched(named, patch)
    fields = differing(named, wanted)
    change = ItemChange(kind=ChangeKind.CHANGE, item=named.id, fields=fields, wanted=wanted)
    items_then = with_changes(record.order.product_order_item, (change,))
    content = msgspec.structs.replace(record.order, product_order_item=items_then)
    filled = next(
        one for one in every_item(fill(content, references).product_order_item) if one.id == named.id
    )
    if filled.category != named.category:
        what = f"{shown(filled.product_offering.id)} is of category {shown(filled.category)}"
        raise Rejected("E_VALUE", what, f"item {named.id}", f"an offering of {shown(named.category)}")
    if patch.product_offering is None:
        return patch
    return msgspec.structs.replace(patch, product_offering=filled.product_offering)
