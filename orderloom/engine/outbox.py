"""
The outbox on its way out: this worker's unsent rows, in order, through a bounded window.

A row goes out only when nothing older of its lane (order, destination) is unsent.  A destination that
refuses is tried again later and delays nobody else.  This is the only place that publishes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from broker.port import Broker, Outcome, Publish, Result
from orderloom.correlation.port import OutboxRow

from .hub import Limits
from .messages import to_properties

__all__ = ["Outbox"]

_log = structlog.get_logger()

# Seconds before a destination that took no message is tried again: doubling, up to a person's patience.
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class _Unsent:
    row: OutboxRow
    body: bytes


@dataclass(slots=True)
class _Pause:
    until: datetime
    seconds: float


Lane = tuple[str, str]


class Outbox:
    """Unsent rows in memory: waiting in lanes, ready, or in flight."""

    def __init__(self, broker: Broker, limits: Limits) -> None:
        self._broker = broker
        self._limits = limits
        self._lanes: dict[Lane, deque[_Unsent]] = {}
        self._ready: deque[Lane] = deque()
        self._flying: dict[int, _Unsent] = {}
        self._flying_bytes = 0
        self._pauses: dict[str, _Pause] = {}
        self._paused: dict[str, deque[Lane]] = {}
        self._last_pause: dict[str, float] = {}
        self._held: dict[str, deque[Lane]] = {}
        self._seqs: set[int] = set()
        self.unsent_bytes = 0
        self.taken: list[int] = []
        """Seqs that the broker has taken and the store does not know of yet."""
        self.taken_since: datetime | None = None

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    @property
    def moving(self) -> int:
        """How many rows wait for anything but the end of a pause."""
        if not self._held:
            return len(self)
        return len(self) - sum(
            len(queue)
            for (_, name), queue in self._lanes.items()
            if name in self._held and queue[0].row.seq not in self._flying
        )

    def hold(self, destinations: Iterable[str]) -> None:
        """Send nothing to these destinations and to all others what waits; what is in flight lands."""
        wanted = set(destinations)
        for name in self._held.keys() - wanted:
            self._ready.extend(self._held.pop(name))
        for name in wanted - self._held.keys():
            self._held[name] = deque()

    def knows(self, seq: int) -> bool:
        """Whether this row is in memory already, or was taken and is still to be marked."""
        return seq in self._seqs

    def add(self, rows: Iterable[tuple[OutboxRow, bytes]]) -> None:
        """Take rows that are committed, with their bodies; each goes to its place in its lane."""
        for row, body in rows:
            lane = (row.order_id, row.destination)
            queue = self._lanes.get(lane)
            if queue is None:
                queue = self._lanes[lane] = deque()
                self._ready.append(lane)
            self._queue(queue, _Unsent(row, body))
            self._seqs.add(row.seq)
            self.unsent_bytes += len(body)

    def _queue(self, lane: deque[_Unsent], unsent: _Unsent) -> None:
        """An adopted row may be older than what waits in its lane; it cannot pass what is in flight."""
        place = len(lane)
        while (
            place and lane[place - 1].row.seq > unsent.row.seq and lane[place - 1].row.seq not in self._flying
        ):
            place -= 1
        lane.insert(place, unsent)

    def pump(self, now: datetime) -> None:
        """Send what may go, up to the window; nothing while the broker blocks publishers."""
        self._wake(now)
        if self._broker.blocked or not self._ready:
            return
        publishes = []
        while self._ready and self._room():
            lane = self._ready.popleft()
            if lane[1] in self._held:
                self._held[lane[1]].append(lane)
                continue
            if lane[1] in self._pauses:
                self._paused.setdefault(lane[1], deque()).append(lane)
                continue
            publishes.append(self._fly(self._lanes[lane][0]))
        if publishes:
            self._broker.send(publishes)

    def _room(self) -> bool:
        return len(self._flying) < self._limits.window and self._flying_bytes < self._limits.window_bytes

    def _fly(self, unsent: _Unsent) -> Publish:
        row = unsent.row
        self._flying[row.seq] = unsent
        self._flying_bytes += len(unsent.body)
        properties = to_properties(row.properties)
        return Publish(row.seq, row.exchange, row.routing_key, unsent.body, properties, row.mandatory)

    def retry_now(self) -> None:
        """The connection is back: what failed for want of it says nothing of the destinations."""
        self._pauses.clear()
        self._last_pause.clear()
        for lanes in self._paused.values():
            self._ready.extend(lanes)
        self._paused.clear()

    def _wake(self, now: datetime) -> None:
        for destination in [name for name, pause in self._pauses.items() if pause.until <= now]:
            self._last_pause[destination] = self._pauses.pop(destination).seconds
            self._ready.extend(self._paused.pop(destination, ()))

    def landed(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Learn what became of publishes; all but the taken stay unsent and go again under their id."""
        for outcome in outcomes:
            unsent = self._flying.pop(outcome.token, None)
            if unsent is None:
                continue
            self._flying_bytes -= len(unsent.body)
            lane = (unsent.row.order_id, unsent.row.destination)
            if outcome.result is Result.TAKEN:
                self._gone(lane, unsent, now)
            else:
                self._pause(unsent.row.destination, outcome, now)
                self._ready.append(lane)

    def _gone(self, lane: Lane, unsent: _Unsent, now: datetime) -> None:
        queue = self._lanes[lane]
        queue.popleft()
        self.unsent_bytes -= len(unsent.body)
        self._last_pause.pop(lane[1], None)
        if queue:
            self._ready.append(lane)
        else:
            del self._lanes[lane]
        self.taken.append(unsent.row.seq)
        self.taken_since = self.taken_since or now

    def _pause(self, destination: str, outcome: Outcome, now: datetime) -> None:
        if destination in self._pauses:
            return
        seconds = min(self._last_pause.get(destination, _FIRST_PAUSE / 2) * 2, _LONGEST_PAUSE)
        self._pauses[destination] = _Pause(now + timedelta(seconds=seconds), seconds)
        _log.warning(
            "publish_failed",
            destination=destination,
            outcome=outcome.result.value,
            reason=outcome.reason,
            retry=seconds,
        )

    def marked(self) -> list[int]:
        """The seqs to be marked sent; the caller writes them in its transaction, or gives them back."""
        taken, self.taken, self.taken_since = self.taken, [], None
        self._seqs.difference_update(taken)
        return taken

    def give_back(self, seqs: list[int], now: datetime) -> None:
        """The transaction that was to mark these did not commit."""
        self.taken = seqs + self.taken
        self._seqs.update(seqs)
        self.taken_since = self.taken_since or (now if self.taken else None)
