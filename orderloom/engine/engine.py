"""
The engine: what has arrived, in one transaction, settled after the commit, published after that.

``step`` is given everything it needs, the time too; it has no thread, no clock and never sleeps, so that a
simulator can drive the engine that production runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from broker.port import Batch, Broker, Delivery, Handle
from canonical.commands import RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.keys import content_hash
from orderloom.calls import Call, CallResult
from orderloom.correlation.port import Changes, CommitUnknown, Store, StoreBusy, StoreError
from orderloom.pauses import Kind, Pauses
from routes.model import RuleSet

from .batch import Done, run_batch
from .due import put_off
from .hub import Hub
from .items import (
    FileChecked,
    FromCall,
    FromFile,
    FromTimer,
    FromWork,
    Item,
    Unreadable,
    claimed,
    document_origin,
)
from .outbox import Outbox
from .poison import PoisonLane, attempt_key, poison_fault
from .prepare import call_item, prepare
from .said import LogLine
from .unit import DUE_AT_ONCE

__all__ = ["Calls", "Engine"]

_log = structlog.get_logger()

# How often a batch that met another transaction is tried again as it is, before it is halved.
_BUSY_TRIES = 2

# Written to find out whether the store takes anything at all.
_PROBE = "engine.probe"

# Seconds that a taken row may stay unmarked when no transaction comes by.
_MARK_AFTER = timedelta(milliseconds=50)

# Seconds before a batch is tried again when the store could not take it at all (full, read-only, gone).
_STORE_PAUSE = timedelta(seconds=1)

# Before a call that another worker has claimed is looked at again.
_CLAIM_PAUSE = timedelta(seconds=1)


# What waits to be worked on: read already, or not yet.
Work = Item | Delivery | CallResult


class Calls(Protocol):
    """The call driver, as the engine sees it."""

    def submit(self, call: Call) -> None:
        """Make this call; its end comes from :meth:`collect`."""
        ...

    def collect(self) -> list[CallResult]:
        """Calls that have ended."""
        ...


class Engine:
    """
    One worker's engine.

    Args:
        worker: Id under which the outbox rows are owned.
    """

    def __init__(self, hub: Hub, store: Store, broker: Broker, calls: Calls, worker: str) -> None:
        self.hub = hub
        self.store = store
        self.broker = broker
        self.calls = calls
        self.worker = worker
        self.outbox = Outbox(broker, hub.limits)
        self.pauses = Pauses()
        self._lane = PoisonLane(store, hub.limits.poison_starts)
        self._names = {worker}
        self._carried: list[Work] = []
        self._carry_until: datetime | None = None
        self._open_calls: dict[str, list[Handle]] = {}
        self._deferred: list[FromWork] = []
        self._away: set[str] = set()
        self._look_again: datetime | None = None
        self._lines: list[LogLine] = []
        self.lost_commit = False
        """A failed commit may have been durable: nothing is worked on until :meth:`rename` was called."""
        self.behind = False
        """Rows of ours wait behind another worker's: :meth:`adopt` should be called soon."""

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do but to wait."""
        stopped = self.pauses.names(Kind.SYSTEM) | self._away
        deferred = any(one.system not in stopped for one in self._deferred)
        waiting = self._carried or deferred or self._open_calls
        return not (waiting or self.outbox.taken or self.outbox.moving or len(self._lane))

    def said(self) -> list[LogLine]:
        """What was worked on since the last time: one line a message, for the log."""
        lines, self._lines = self._lines, []
        return lines

    @property
    def intake_open(self) -> bool:
        """Whether new messages may be taken: not while the store is away or too much is unsent."""
        return self._carry_until is None and self.outbox.unsent_bytes < self.hub.limits.unsent_bytes

    def step(self, batch: Batch, now: datetime) -> int:
        """
        Work on what has arrived; returns how many messages, calls and timers were worked on.

        Never raises for a message's sake: what cannot be worked on is parked, what the store cannot take
        now is carried to the next step.
        """
        self.outbox.landed(batch.outcomes, now)
        fresh = [one for one in batch.deliveries if not one.redelivered]
        self._lane.add(one for one in batch.deliveries if one.redelivered)
        work = [*self._again(now), *self.calls.collect(), *fresh]
        if self._carry_until is not None:
            self._carried = work
        else:
            self._carried = []
            self._run_all(work, now)
            self._lane.earn(len(fresh))
            while self._poison_turn(now):
                pass
        self._mark(now)
        self.outbox.pump(now)
        return len(work)

    def known_as(self, name: str) -> bool:
        """Whether this process has had ``name`` as a worker."""
        return name in self._names

    def take_in(self, item: FromFile | FileChecked, now: datetime) -> None:
        """
        Work on a piece of a file, in a transaction of its own.

        What has become of it says the row of the file: it may be carried to a later step.
        """
        self._run_all([item], now)
        self.outbox.pump(now)

    def sweep(self, now: datetime, limit: int = DUE_AT_ONCE) -> int:
        """Carry out what is due; returns how much."""
        if self._carry_until is not None:
            return 0
        try:
            with self.store.begin() as tx:
                due = [FromTimer(timer) for timer in tx.due(now, limit)]
        except StoreError as error:
            _log.warning("sweep_failed", error=str(error))
            return 0
        self._run(list(due), now)
        self.outbox.pump(now)
        return len(due)

    def adopt(self, now: datetime, limit: int = 2000) -> int:
        """
        Take over all unsent rows that nobody owns, ``limit`` at a time; returns how many are new here.

        All of them: one that stayed behind could be overtaken by a younger one of its lane.
        """
        self.behind = False
        count = 0
        while found := self.store.adopt(self.worker, now, limit):
            news = [(one.row, one.body) for one in found if not self.outbox.knows(one.row.seq)]
            self.outbox.add(news)
            count += len(news)
        return count

    def obey(self, pauses: Pauses, now: datetime) -> None:
        """From now on send nothing to the systems that are paused, and what waits to those that are not."""
        self.pauses = pauses
        systems = self.hub.systems
        names = pauses.names(Kind.SYSTEM) & systems.keys()
        self.outbox.hold(systems[name].queue for name in names)
        self.outbox.pump(now)

    def holds(self, queue: str) -> bool:
        """Whether messages of this queue were taken and are not settled."""
        deliveries = (_delivery(one) for one in self._carried)
        return self._lane.holds(queue) or any(one is not None and one.queue == queue for one in deliveries)

    def rename(self, worker: str, now: datetime) -> None:
        """
        Own rows under a new id, and adopt those of the old one whose commit was of unknown fate.

        Raises:
            StoreError: They could not be adopted; to be called again.
        """
        self.worker = worker
        self._names.add(worker)
        self.adopt(now)
        self.lost_commit = False

    def connection_lost(self) -> None:
        """Everything unsettled comes again: forget what waits, keep what is recorded."""
        self._lane.forget()
        self._carried = [one for one in self._carried if _delivery(one) is None]
        self._deferred.clear()
        self._away.clear()

    def connection_back(self) -> None:
        """What could not leave for want of a connection leaves now, and not after its next pause."""
        self.outbox.retry_now()

    # One batch, whatever happens.

    def _again(self, now: datetime) -> list[Work]:
        # Rows of a lost commit must be adopted before younger ones are written: they would be overtaken.
        if self._carry_until is not None and now >= self._carry_until and not self.lost_commit:
            self._carry_until = None
        work: list[Work] = list(self._carried)
        if self._look_again is not None and now >= self._look_again:
            work += self._deferred
            self._deferred, self._look_again = [], None
            self._away.clear()
        return work

    def _poison_turn(self, now: datetime) -> bool:
        """Work on some redelivered messages; False when it is not their turn, or the store is away."""
        if self._carry_until is not None:
            return False
        try:
            lot = self._lane.lot(now)
        except StoreError as error:
            self._store_away(error, now)
            return False
        if lot is None:
            return False
        fault = poison_fault(self.hub.limits.poison_starts)
        parked = [Unreadable(one, content_hash(one.body), fault) for one in lot.poisoned]
        self._run_all([*lot.deliveries, *parked], now)
        return True

    def _run_all(self, work: list[Work], now: datetime) -> None:
        """In transactions of a size that can be worked on soon; behind one that is carried, all are."""
        for slice_ in _slices(work, self.hub.limits.batch_bytes):
            self.broker.tick()
            if self._carry_until is not None:
                self._carry(slice_)
            else:
                self._run(slice_, now)

    def _run(self, work: list[Work], now: datetime, tries: int = 0) -> None:
        if not work:
            return
        try:
            rules = self.hub.rules()
        except StoreError as error:
            self._store_away(error, now, work)
            return
        marked = self.outbox.marked()
        try:
            items = [self._prepared(one, rules, now) for one in work]
            self.broker.tick()
            changes = Changes(owner=self.worker, sent=list(marked))
            changes.attempts_done = _attempts(items)
            under_way = self._open_calls.keys()
            done = run_batch(
                self.hub,
                rules,
                self.store,
                items,
                changes=changes,
                now=now,
                under_way=under_way,
                names=self._names,
                tick=self.broker.tick,
                pauses=self.pauses,
            )
        except Exception as error:  # noqa: BLE001 - adapters are anybody's code: the culprit alone is parked
            failure = error
        else:
            self._done(items, done, now)
            return
        # Not within the `except`: each half that fails as well would be chained to the whole.
        self.outbox.give_back(marked, now)
        self._failed(failure, work, now, tries)

    def _failed(self, error: Exception, work: list[Work], now: datetime, tries: int) -> None:
        match error:
            case StoreBusy():
                self._busy(work, now, tries, error)
            case CommitUnknown():
                self.lost_commit = True
                self._store_away(error, now, work)
            case StoreError():
                self._refused(error, work, now, tries)
            case _:
                self._isolate(work, now, error)

    def _prepared(self, one: Work, rules: RuleSet, now: datetime) -> Item:
        if isinstance(one, Delivery):
            return prepare(self.hub, rules, one, now)
        return call_item(self.hub, one) if isinstance(one, CallResult) else one

    def _done(self, items: Sequence[Item], done: Done, now: datetime) -> None:
        deferred = {id(one) for one in done.deferred}
        called = {call.id for call in done.calls}
        handles: list[Handle] = []
        for item in items:
            if isinstance(item, FromCall):
                handles += self._open_calls.pop(item.result.id, [])
            elif isinstance(item, FromWork) and item.call_id in called | self._open_calls.keys():
                self._open_calls.setdefault(item.call_id, []).append(item.delivery.handle)
            elif id(item) not in deferred and (delivery := claimed(item)) is not None:
                handles.append(delivery.handle)
        self.broker.settle(handles)
        if done.deferred:
            self._deferred += done.deferred
            self._away |= done.away
            self._look_again = now + _CLAIM_PAUSE
        self.outbox.add(done.outbox)
        self.behind |= done.behind
        self._lines += done.lines
        for call in done.calls:
            self.calls.submit(call)

    def _busy(self, work: list[Work], now: datetime, tries: int, busy: StoreBusy) -> None:
        if tries < _BUSY_TRIES:
            self._run(work, now, tries + 1)
        elif len(work) > 1:
            self._halve(work, now)
        else:
            self._store_away(busy, now, work)

    def _refused(self, error: StoreError, work: list[Work], now: datetime, tries: int) -> None:
        """The store is away, or takes anything but this: then the culprit must not stop all others."""
        if not self._store_takes(now) or (len(work) == 1 and isinstance(work[0], Unreadable)):
            self._store_away(error, now, work)
        elif tries < _BUSY_TRIES:
            self._run(work, now, tries + 1)
        else:
            self._isolate(work, now, error)

    def _store_takes(self, now: datetime) -> bool:
        try:
            self.store.save_setting(_PROBE, now.isoformat())
        except StoreError:
            return False
        return True

    def _halve(self, work: list[Work], now: datetime) -> None:
        middle = len(work) // 2
        self._run(work[:middle], now)
        if self._carry_until is not None:
            self._carry(work[middle:])  # behind the first half, which is carried
        else:
            self._run(work[middle:], now)

    def _isolate(self, work: list[Work], now: datetime, error: Exception) -> None:
        """A fault of ours or of an adapter's: halve until the culprit is alone, then set it aside."""
        if len(work) > 1:
            self._halve(work, now)
            return
        [culprit] = work
        _log.error("message_failed", error=repr(error), exc_info=error)
        fault = _fault_of(error)
        if isinstance(culprit, Unreadable):
            raise error
        if (delivery := _delivery(culprit)) is not None:
            self._run([Unreadable(delivery, content_hash(delivery.body), fault)], now)
        elif isinstance(culprit, CallResult):
            # As an answer that cannot be read: its outcome is unknown.
            self._run([FromCall(culprit, (), fault)], now)
        elif isinstance(culprit, FromTimer):
            self._put_off(culprit, now)
        elif isinstance(culprit, FromFile):
            for piece in _pieces(culprit, fault):
                self._run([piece], now)
        elif isinstance(culprit, FromCall):
            self.broker.settle(self._open_calls.pop(culprit.result.id, []))

    def _put_off(self, item: FromTimer, now: datetime) -> None:
        try:
            put_off(self.store, item.timer, now)
        except StoreError as error:
            self._store_away(error, now)

    def _store_away(self, error: StoreError, now: datetime, work: Sequence[Work] = ()) -> None:
        _log.error("store_refused", error=str(error), carried=len(work))
        self._carry(work)
        self._carry_until = now + _STORE_PAUSE

    def _carry(self, work: Sequence[Work]) -> None:
        # Not timers: they are rows, and the next sweep finds those that are still due.
        self._carried += [one for one in work if not isinstance(one, FromTimer)]

    def _mark(self, now: datetime) -> None:
        """Mark what was sent, when no transaction came by to do it."""
        since = self.outbox.taken_since
        if since is None or now - since < _MARK_AFTER or self._carry_until is not None:
            return
        marked = self.outbox.marked()
        try:
            with self.store.begin() as tx:
                tx.apply(Changes(sent=marked))
        except StoreError as error:
            self.outbox.give_back(marked, now)
            self._store_away(error, now)


def _fault_of(error: Exception) -> Fault:
    """Why the culprit is set aside: in the words of whoever refused, or that it was a fault of ours."""
    if isinstance(error, Rejected):
        return error.fault
    return Fault(code="E_INTERNAL", what=f"{type(error).__name__} while working on it", where="message")


def _pieces(item: FromFile, fault: Fault) -> tuple[FromFile, ...]:
    """A chunk at which something of ours failed: halved, until the record at fault is alone and refused."""
    if len(item.documents) > 1:
        return item.halves()
    refused = tuple(
        (number, RejectedDocument(origin=document_origin(one), fault=fault)) for number, one in item.documents
    )
    return () if refused == item.documents else (dataclasses.replace(item, documents=refused),)


def _slices(work: list[Work], most: int) -> Iterator[list[Work]]:
    slice_: list[Work] = []
    size = 0
    for one in work:
        delivery = _delivery(one)
        weight = len(delivery.body) if delivery is not None else 0
        if slice_ and size + weight > most:
            yield slice_
            slice_, size = [], 0
        slice_.append(one)
        size += weight
    if slice_:
        yield slice_


def _delivery(one: Work) -> Delivery | None:
    if isinstance(one, Delivery):
        return one
    return None if isinstance(one, CallResult) else claimed(one)


def _attempts(items: Sequence[Item]) -> list[str]:
    deliveries = (claimed(item) for item in items)
    return [attempt_key(one) for one in deliveries if one is not None and one.redelivered]
