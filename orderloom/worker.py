"""
The worker: one process, one engine, around it the clock, the signals and the housekeeping.

What it does between batches: sweep what is due, renew its lease, adopt rows nobody owns, close the intake
while too much is unsent, and look whether the broker is still the one it was.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import FrameType
from typing import Protocol

import structlog

from broker.port import Broker, BrokerUnavailable
from orderloom.correlation.port import Store, StoreError
from orderloom.engine.engine import Calls, Engine
from orderloom.engine.hub import Hub
from orderloom.hub_topology import Lane
from orderloom.identity import Identity, same_broker
from orderloom.obeying import Obedience
from orderloom.pauses import Kind
from orderloom.timekeeping import Timekeeping

__all__ = ["Worker", "stop_on_signals", "utc_now"]

_log = structlog.get_logger()

# Seconds between looks at what is due, at rows that nobody owns, and at the lease (a fifth of it).
_SWEEP = timedelta(seconds=0.25)
_ADOPT = timedelta(seconds=1)
# When rows wait behind another worker's: about as long as it takes to send those and to mark them.
_ADOPT_SOON = timedelta(seconds=0.1)
_RENEW_SHARE = 5

# Turns of renewing that may fail before the worker stops: it must not publish when its lease has ended.
_RENEW_SPARE = 1

# Seconds that a turn may take before the next one takes fewer messages: whoever stays away from the broker's
# port for five is ended, and a slow machine or store can need that long for a whole batch.
_TURN = 1.0
# What every machine can do in a turn; more is taken while turns are full and quick.
_FEW = 20

# Longest wait for news: how late a finished call or a due timer may be noticed.
_WAIT = 0.05
_WAIT_WITH_CALLS = 0.01


def utc_now() -> datetime:
    """The rim's clock; everything further in is told the time."""
    return datetime.now(UTC)


def _new_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


class Files(Protocol):
    """The worker's hand in the drop folders, as the worker sees it."""

    @property
    def busy(self) -> bool:
        """Whether something will soon be there to be done."""
        ...

    def turn(self, engine: Engine, now: datetime, paused: Collection[str] = ()) -> int:
        """One piece of work, of no paused channel; returns how much was done."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class LeaseLost(StoreError):
    """Another worker may own the rows by now: this one must stop publishing at once."""


@dataclass(slots=True)
class Worker:
    """
    A running worker.

    Args:
        lanes: The queues it consumes.
        identity: How to tell whether the broker is the same; None never asks.
        entered: Called once the store is this worker's, before anything is consumed.
        files: Takes files from drop folders, one piece a turn; None when no channel has any.
        time: Whether this worker keeps the time, and what else it does then; None: always, and nothing else.
    """

    hub: Hub
    store: Store
    broker: Broker
    calls: Calls
    lanes: tuple[Lane, ...]
    clock: Callable[[], datetime] = utc_now
    identity: Identity | None = None
    entered: Callable[[datetime], None] = lambda _: None
    files: Files | None = None
    name: str = field(default_factory=_new_name)
    time: Timekeeping | None = None
    engine: Engine = field(init=False)
    _next_sweep: datetime = field(init=False)
    _next_adopt: datetime = field(init=False)
    _next_renew: datetime = field(init=False)
    _lease_ends: datetime = field(init=False)
    _at_once: int = _FEW
    _ending: bool = False
    _connected: bool = True
    _obedience: Obedience = field(init=False)

    def __post_init__(self) -> None:
        self._obedience = Obedience(self.store, self.broker, self.lanes)

    def start(self) -> None:
        """
        Take the lease, adopt what is unsent, and begin to consume.

        Raises:
            StoreError: Another worker has the store (SQLite), or it cannot be written.
            BrokerUnavailable: The broker cannot be reached.
        """
        now = self.clock()
        self._next_sweep = self._next_adopt = now
        self._enter(self.name, now)
        self.entered(now)
        self.engine = Engine(self.hub, self.store, self.broker, self.calls, self.name)
        if self.identity is not None:
            same_broker(self.identity, self.store, now)
        self._obedience.begin()
        self.broker.start({lane.queue: lane.prefetch for lane in self.lanes})
        self._obedience.look(self.engine, self.name, now)
        self.engine.adopt(now)
        self._housekeeping(now)
        _log.info("worker_started", worker=self.name, queues=len(self.lanes))

    def tick(self, wait: float = _WAIT) -> int:
        """One turn: what has arrived, then what is due; returns how much was worked on."""
        weights = {lane.queue: lane.weight for lane in self.lanes}
        limit = min(self._at_once, self.hub.limits.batch)
        batch = self.broker.collect(limit, min(wait, self._patience()), weights)
        now = self.clock()
        if now >= self._lease_ends:
            # Stopped, swapped out, or a long turn: what it has in hand may be another's by now.
            self._renew(now)
        began = monotonic()
        self._obedience.came(batch.deliveries, now)
        worked = self.engine.step(batch, now)
        self._log_lines(began)
        self._pace(monotonic() - began, full=len(batch.deliveries) >= limit)
        self._intake()
        self._connection(now)
        return worked + self._files_turn(now) + self._housekeeping(now)

    def _files_turn(self, now: datetime) -> int:
        """One piece of one file between two batches, so that a large one delays nobody."""
        if self.files is None or self._ending:
            return 0
        began = monotonic()
        worked = self.files.turn(self.engine, now, self._obedience.pauses.names(Kind.CHANNEL))
        self._log_lines(began)
        return worked

    def _log_lines(self, began: float) -> None:
        """One line a message; its duration is that of its batch, from reading to commit."""
        lines = self.engine.said()
        if lines and logging.getLogger().isEnabledFor(logging.INFO):
            spent = round((monotonic() - began) * 1000, 1)
            for line in lines:
                _log.info(**line, duration_ms=spent)

    def _pace(self, spent: float, *, full: bool) -> None:
        """Take as many messages at once as can be worked on soon."""
        if spent > _TURN:
            self._at_once = max(_FEW, self._at_once // 2)
        elif full:
            self._at_once = min(2 * self._at_once, self.hub.limits.batch)

    def _patience(self) -> float:
        busy = self.files is not None and self.files.busy
        return _WAIT if self.engine.idle and not busy else _WAIT_WITH_CALLS

    def run(self, stop: threading.Event) -> None:
        """
        Work until told to stop; then finish what was begun, within the lease, and give everything back.

        Raises:
            LeaseLost: The lease could not be renewed.
        """
        try:
            while not stop.is_set():
                self.tick()
            self._wind_up()
        finally:
            self.close()

    def close(self) -> None:
        """Give files, connection and lease back."""
        if self.files is not None:
            self.files.close()
        self.broker.close()
        self.store.retire(self.name)
        _log.info("worker_stopped", worker=self.name)

    def _wind_up(self) -> None:
        """Take nothing more; let what is committed leave."""
        self._ending = True
        self._obedience.leave()
        ends = self.clock() + timedelta(seconds=self.hub.limits.lease)
        while not self.engine.idle and self.clock() < ends:
            self.tick()

    def _intake(self) -> None:
        """Intake pauses while too much is unsent or the store is away; replies and work go on."""
        shut = not self.engine.intake_open
        if not self._obedience.shut_intake(shut=shut):
            return
        _log.warning("intake_paused" if shut else "intake_resumed", unsent=self.engine.outbox.unsent_bytes)

    def _connection(self, now: datetime) -> None:
        connected = self.broker.connected
        if connected is self._connected:
            return
        self._connected = connected
        if not connected:
            _log.warning("broker_disconnected")
            self.engine.connection_lost()
        else:
            _log.info("broker_connected")
            self.engine.connection_back()
            self._connected = self._same_broker(now)

    def _same_broker(self, now: datetime) -> bool:
        """Whether it could be asked; if not, it is asked again at the next turn."""
        try:
            if self.identity is not None:
                same_broker(self.identity, self.store, now)
        except (BrokerUnavailable, StoreError) as error:
            _log.warning("identity_unknown", error=str(error))
            return False
        return True

    def _housekeeping(self, now: datetime) -> int:
        worked = 0
        self._obedience.look(self.engine, self.name, now)
        if self.engine.lost_commit:
            self._rename(now)
        elif now >= self._next_renew:
            self._renew(now)
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP
            worked += self.time.turn(now, self.engine.sweep) if self.time else self.engine.sweep(now)
        if self.engine.behind:
            self._next_adopt = min(self._next_adopt, now + _ADOPT_SOON)
        if now >= self._next_adopt:
            self._next_adopt = now + _ADOPT
            worked += self._adopt(now)
        return worked

    def _enter(self, name: str, now: datetime) -> None:
        self.store.register(name, socket.gethostname(), os.getpid(), now, self.hub.limits.lease)
        self.name = name
        self._renewed(now)

    def _renewed(self, now: datetime) -> None:
        self._next_renew = now + timedelta(seconds=self.hub.limits.lease / _RENEW_SHARE)
        self._lease_ends = now + timedelta(seconds=self.hub.limits.lease)

    def _renew(self, now: datetime) -> None:
        try:
            kept = self.store.renew(self.name, now, self.hub.limits.lease)
        except StoreError as error:
            self._spare(error, now)
            return
        if not kept:
            raise LeaseLost(f"{self.name}: the lease has run out; what it has may be another's by now")
        self._renewed(now)

    def _rename(self, now: datetime) -> None:
        """A commit of unknown fate may have left rows in our name: take a new one, and adopt them."""
        try:
            self.store.retire(self.name)
            self._enter(_new_name(), now)
            self.engine.rename(self.name, now)
        except StoreError as error:
            self._spare(error, now)

    def _spare(self, error: StoreError, now: datetime) -> None:
        """A store that is busy or away is asked again at the next turn, while the lease lasts."""
        _log.warning("renew_failed", error=str(error))
        if now >= self._lease_ends - timedelta(seconds=_RENEW_SPARE * self.hub.limits.lease / _RENEW_SHARE):
            raise LeaseLost(f"{self.name}: the lease could not be renewed: {error}") from error

    def _adopt(self, now: datetime) -> int:
        try:
            return self.engine.adopt(now)
        except StoreError as error:
            _log.warning("adopt_failed", error=str(error))
            return 0


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def told(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return stop
