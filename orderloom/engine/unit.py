"""
One transaction over one batch: what was loaded, what has become of it, what is to be said.

The lock order is always inbox, aliases, orders, counters, outbox, and each is asked for once for the
whole batch (the inbox once more when a system has used a number again).  :mod:`.intake`, :mod:`.replying`
and :mod:`.calling` work on a unit message by message; :mod:`.render` turns what it wants to say into rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from broker.port import Delivery
from broker.port import Handle as Claimed
from canonical.codec import encode
from canonical.errors import Fault
from canonical.keys import content_hash
from orderloom.calls import Call
from orderloom.correlation.breaker_port import Breaker
from orderloom.correlation.drafts import lapsing
from orderloom.correlation.folded import Folded, World
from orderloom.correlation.intake_files import IntakeFile
from orderloom.correlation.port import (
    Changes,
    Claim,
    InboxRow,
    NativeRow,
    ParkedRow,
    ParkedState,
    Timer,
    Transaction,
    WaitingReply,
)
from orderloom.correlation.record import Record
from orderloom.pauses import NOTHING_PAUSED
from routes.model import RuleSet

from .hub import Hub
from .items import FileChecked, FromCall, FromFile, FromOperator, FromTimer, FromWork, Item
from .keys import (
    alias_keys,
    asked_values,
    askers,
    given_keys,
    inbox_keys,
    new_aliases,
    parked_id,
    parked_ids,
    reused_keys,
)
from .messages import Props, short, text_headers
from .outgoing import Announce, Handle, Instruct, Outgoing, Tell
from .talk import Talk

__all__ = ["DUE_AT_ONCE", "HOLD", "OUTAGE", "Unit"]

OUTAGE, HOLD = "outage", "hold"
"""Kinds of timers: what a system has not got is looked for; one instruction has not reached its system."""

# Timers that mean another thing while a system is away.
OF_OUTAGES = frozenset({"answer-by", OUTAGE, HOLD})

# Timers carried out in one sweep: as many as messages in a batch.
DUE_AT_ONCE = 200


class Unit:
    """The state of one transaction."""

    def __init__(self, hub: Hub, rules: RuleSet, tx: Transaction, worker: str, now: datetime) -> None:
        self.hub = hub
        self.rules = rules
        self.tx = tx
        self.worker = worker
        self.now = now
        self.world: World = hub.world(rules)
        self.changes = Changes(owner=worker)
        self.outgoing: list[Outgoing] = []
        self.calls: list[Call] = []
        self.tick: Callable[[], None] = lambda: None
        self.pauses = NOTHING_PAUSED
        self.deferred: list[FromWork] = []
        self.away: set[str] = set()
        """Systems of which something was deferred because their calls are stopped."""
        self.inbox: dict[str, InboxRow] = {}
        self.aliases: dict[str, str | None] = {}
        self.records: dict[str, Record] = {}
        self.parked: dict[str, ParkedRow] = {}
        self.claims: dict[str, Claim] = {}
        self.breakers: dict[str, Breaker] = {}
        self.found: dict[str, tuple[str, ...]] = {}
        self.waiting: dict[str, list[WaitingReply]] = {}
        self.due: dict[str, Timer] = {}
        self.files: dict[str, IntakeFile] = {}
        self.talk = Talk()
        self.under_way: set[str] = set()
        self.names: set[str] = {worker}
        self._set_aside: set[tuple[Claimed, str]] = set()
        self._loaded: dict[str, Record] = {}

    def load(self, items: Sequence[Item]) -> None:
        """Ask the store for everything that the batch needs, in the one lock order."""
        self.inbox.update(self.tx.inbox(set(inbox_keys(items))))
        if reused := set(reused_keys(items, self.inbox)):
            self.inbox.update(self.tx.inbox(reused))
        self.aliases.update(self.tx.aliases(set(alias_keys(items, self.world))))
        self.found.update(dict.fromkeys(asked_values(items), ()))
        self.found.update(self.tx.find(self.found.keys(), set(askers(items))) if self.found else {})
        fresh = {key for item in items for key in (*new_aliases(item, self.world), *given_keys(item))}
        for reply in self.tx.waiting(fresh) if fresh else ():
            self.waiting.setdefault(reply.alias, []).append(reply)
        wanted = self._wanted(items)
        wanted |= self.talk.load(self.tx, items, self.found)
        self._loaded.update(self.tx.orders(wanted))
        self.records.update(self._loaded)
        self.talk.load_drafts(self.tx, self._loaded.values())
        self.parked.update(self.tx.parked(set(parked_ids(items))))
        work = [item for item in items if isinstance(item, FromWork)]
        claims = {key for item in work for key in (item.call_id, item.instruction.key)}
        self.claims.update(self.tx.claims(claims) if claims else {})
        self.breakers.update(self.tx.breakers(called) if (called := self._called(items)) else {})
        timers = {item.timer.key for item in items if isinstance(item, FromTimer)}
        self.due.update(self.tx.timers(timers) if timers else {})
        files = {item.file for item in items if isinstance(item, FromFile | FileChecked)}
        self.files.update(self.tx.files(files) if files else {})

    def _called(self, items: Sequence[Item]) -> set[str]:
        """Systems of which it matters whether their calls are stopped."""
        named = {one.system for one in items if isinstance(one, FromWork)}
        named |= {one.result.system for one in items if isinstance(one, FromCall)}
        kinds = {one.timer.kind for one in items if isinstance(one, FromTimer)}
        return named | self.hub.systems.keys() if kinds & OF_OUTAGES else named

    def _wanted(self, items: Sequence[Item]) -> set[str]:
        wanted = {one for one in self.aliases.values() if one}
        wanted |= {row.ref for key, row in self.inbox.items() if key.startswith("business|")}
        wanted |= {one for ids in self.found.values() for one in ids}
        for item in items:
            if isinstance(item, FromTimer):
                wanted.add(item.timer.order_id)
            elif isinstance(item, FromWork):
                wanted.add(item.instruction.order_id)
            elif isinstance(item, FromOperator):
                wanted.add(item.order_id)
        return wanted - {""}

    # What the message modules do to it.

    def take(self, folded: Folded, cause: str) -> Record:
        """Make a fold's outcome part of the batch; ``cause`` is the id of what brought it about."""
        record = self.records[folded.record.id] = folded.record
        for alias in record.aliases:
            self.aliases[alias.key] = record.id
            if record.id not in self.found.get(alias.value, (record.id,)):
                self.found[alias.value] += (record.id,)  # asked for in the batch that it came in
        self.changes.journal += folded.journal
        for key in folded.cleared:
            self.forget(key)
        for timer in folded.timers:
            self.later(timer)
        announced = sorted(folded.announcements, key=lambda one: one.exchange)
        self.outgoing += [Announce(one, cause) for one in announced]
        self.outgoing += [Instruct(one, record.id) for one in folded.dispatches]
        self.outgoing += [Tell(one) for one in folded.notices]
        for draft in folded.drafts:
            if draft.id not in self.records:
                self.records[draft.id] = draft
                self.later(lapsing(draft.id, self.now, self.hub.limits.draft_for))
        return record

    def taken(self, row: InboxRow) -> None:
        """Take a key, or take it anew."""
        self.inbox[row.key] = row
        self.changes.inbox.append(row)

    def later(self, timer: Timer) -> None:
        """Set a timer."""
        self.changes.timers[timer.key] = timer
        self.changes.timers_cleared.discard(timer.key)

    def forget(self, timer: str) -> None:
        """Clear a timer."""
        self.changes.timers.pop(timer, None)
        self.changes.timers_cleared.add(timer)

    def keep(self, body: bytes, content_type: str, *, answer: bool = False) -> str:
        """Keep native bytes, perhaps as an answer that may be asked for again; returns their hash."""
        digest = content_hash(body)
        known = self.changes.natives.get(digest)
        if known is None or (answer and not known.answer):
            self.changes.natives[digest] = NativeRow(digest, body, short(content_type), self.now, answer)
        return digest

    def returned(self, delivery: Delivery, digest: str) -> ParkedRow | None:
        """
        The parked row whose message this delivery is, back by replay or by the console's "Move messages".

        Anybody can set a header: it counts only when queue and bytes are those of an open row.  A handle says
        how often its message had been parked; an older one is a copy of a message that was back before.
        """
        headers = delivery.properties.headers
        row = self.parked.get(str(headers.get("x-parked-id", "")))
        if row is None or (row.queue, row.native) != (delivery.queue, digest):
            return None
        moved = row.state is ParkedState.OPEN and str(row.times) == str(headers.get("x-attempt"))
        return row if moved or row.state is ParkedState.REPLAYING else None

    def open_row(self, queue: str, digest: str) -> ParkedRow | None:
        """The parked row of these bytes, when it waits for somebody."""
        row = self.parked.get(parked_id(queue, digest))
        return row if row is not None and row.state in (ParkedState.OPEN, ParkedState.REPLAYING) else None

    def close_open(self, queue: str, digest: str, actor: str) -> None:
        """Close the open row of these bytes, if there is one: ``actor`` has brought them again."""
        if row := self.open_row(queue, digest):
            self.unpark(row, actor)

    def unpark(self, row: ParkedRow, actor: str) -> None:
        """
        Close the row of a message that has come again and was understood; not if it was parked again.

        Args:
            actor: Who brought it, unless somebody had said so before.
        """
        if row.id not in self.changes.parked:
            closed = replace(row, state=ParkedState.CLOSED, closed_at=self.now, actor=row.actor or actor)
            self.parked[row.id] = self.changes.parked[row.id] = closed

    def park(self, delivery: Delivery, digest: str, fault: Fault, order_id: str = "") -> None:
        """
        Set a message aside with its reason.

        Bytes that are parked already have one row and one handle: the row counts up, and the handle is
        made anew only when the old one has left its queue.
        """
        key = parked_id(delivery.queue, digest)
        if (delivery.handle, key) in self._set_aside:
            return  # for another of its documents
        self._set_aside.add((delivery.handle, key))
        known = self.parked.get(key)
        back = self.returned(delivery, digest) is not None
        waiting = known is not None and known.state is ParkedState.OPEN and not back
        if waiting and delivery.redelivered:
            return
        row = ParkedRow(
            id=key,
            queue=delivery.queue,
            code=fault.code,
            fault=encode(fault),
            native=self.keep(delivery.body, delivery.properties.content_type or ""),
            content_type=short(delivery.properties.content_type),
            properties=known.properties if known is not None else self._received(delivery).encoded(),
            at=self.now,
            times=known.times + 1 if known is not None else 1,
            order_id=order_id,
        )
        self.parked[key] = self.changes.parked[key] = row
        if not waiting:
            self.outgoing.append(Handle(delivery, key, fault, row.times))

    def changed(self) -> list[tuple[Record | None, Record]]:
        """(before, after) of every order that differs from what was loaded."""
        return [
            (self._loaded.get(key), record)
            for key, record in sorted(self.records.items())
            if self._loaded.get(key) is not record
        ]

    def _received(self, delivery: Delivery) -> Props:
        props = delivery.properties
        return Props(
            message_id=short(props.message_id),
            type=short(props.type),
            content_type=short(props.content_type),
            content_encoding=short(props.content_encoding),
            correlation_id=short(props.correlation_id),
            at=props.timestamp or self.now,
            headers=text_headers(props.headers),
        )
