"""
What a person can do with a parked message: send it back to its queue, or set it aside for good.

Each act is one store transaction: the row, the journal, and for a replay the outbox row that the running
worker adopts.  The handle in the console is only cleared afterwards; the row is the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from canonical.codec import decode
from canonical.errors import Fault
from orderloom.correlation.port import (
    Changes,
    JournalEntry,
    OutboxRow,
    ParkedRow,
    ParkedState,
    Store,
)
from orderloom.engine.messages import Props

from .context import Refused
from .text import instant

__all__ = ["Act", "discard", "replay"]

_DONE = {
    ParkedState.REPLAYING: "replayed",
    ParkedState.CLOSED: "replayed and understood",
    ParkedState.DISCARDED: "discarded",
}


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, why, and when."""

    actor: str
    why: str
    at: datetime


def replay(store: Store, parked_id: str, act: Act) -> ParkedRow:
    """
    Send the message back to the queue it came from, unchanged.

    Raises:
        Refused: It was replayed, understood or discarded before.
        StoreError: Nothing was changed.
    """
    with store.begin() as tx:
        row = _open(tx.parked([parked_id]).get(parked_id), parked_id)
        done = _done(row, ParkedState.REPLAYING, act)
        journal = _entries(row, act, "message_replayed", f"sent back to {row.queue}: {act.why}")
        tx.apply(Changes(parked={row.id: done}, outbox=[_back(row, act.at)], journal=journal))
    return done


def discard(store: Store, parked_id: str, act: Act) -> ParkedRow:
    """
    Set the message aside for good; row and bytes stay.

    Raises:
        Refused: As :func:`replay`.
        StoreError: Nothing was changed.
    """
    with store.begin() as tx:
        row = _open(tx.parked([parked_id]).get(parked_id), parked_id)
        done = _done(row, ParkedState.DISCARDED, act)
        journal = _entries(row, act, "message_discarded", f"discarded: {act.why}")
        tx.apply(Changes(parked={row.id: done}, journal=journal))
    return done


def _open(row: ParkedRow | None, parked_id: str) -> ParkedRow:
    if row is None:
        raise Refused("E_NOT_FOUND", "no such parked message", f"parked {parked_id}")
    if row.state is not ParkedState.OPEN:
        what = f"already {_DONE[row.state]} by {row.actor or 'the hub'} at {instant(row.closed_at)}"
        raise Refused("E_STATE", what, f"parked {row.id}")
    return row


def _done(row: ParkedRow, state: ParkedState, act: Act) -> ParkedRow:
    return replace(row, state=state, closed_at=act.at, actor=act.actor, why=act.why)


def _back(row: ParkedRow, at: datetime) -> OutboxRow:
    props = decode(row.properties, Props)
    headers = {**props.headers, "x-parked-id": row.id}
    return OutboxRow(
        order_id=row.id,
        destination=row.queue,
        exchange="",
        routing_key=row.queue,
        properties=msgspec.structs.replace(props, headers=headers).encoded(),
        mandatory=True,
        at=at,
        native=row.native,
    )


def _entries(row: ParkedRow, act: Act, event: str, text: str) -> list[JournalEntry]:
    """One in the story of the message (under the parked id), one in that of its order."""
    fault = decode(row.fault, Fault)
    facts = {"parked_id": row.id, "queue": row.queue, "code": fault.code}
    stories = [row.id, row.order_id] if row.order_id else [row.id]
    return [JournalEntry(story, act.at, event, text, facts, act.actor) for story in stories]
