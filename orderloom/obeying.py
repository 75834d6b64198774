"""
How a worker obeys the pauses: it looks at them twice a second, and says when it does what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from broker.port import Broker, Delivery
from orderloom.correlation.port import Changes, Store, StoreError
from orderloom.engine.engine import Engine
from orderloom.hub_topology import Lane, LaneKind

from .pauses import OBEYED, Kind, Obeyed, Pauses, read_pauses, say_obeyed

__all__ = ["Obedience"]

_log = structlog.get_logger()

# So that every worker obeys within a second.
_LOOK = timedelta(seconds=0.5)

# What was handed over before a pause has come by then.
_QUIET = timedelta(seconds=1)

# What a worker takes in: shut while the store is away or too much is unsent.
_INTAKE = (LaneKind.CHANNEL, LaneKind.COMMANDS)


@dataclass(slots=True)
class Obedience:
    """
    What one worker does not consume, for which reason.

    Args:
        lanes: The queues that it consumes otherwise.
    """

    store: Store
    broker: Broker
    lanes: Sequence[Lane]
    pauses: Pauses = field(default_factory=Pauses)
    _shut: bool = False
    _left: bool = False
    _closed: frozenset[str] = frozenset()
    _next: datetime | None = None
    _said: tuple[str, Obeyed] = ("", Obeyed())
    _came: dict[str, datetime] = field(default_factory=dict)

    def begin(self) -> None:
        """
        Read the pauses, and leave the queues alone that are paused, before anything is consumed.

        Raises:
            StoreError: They cannot be read.
        """
        self.pauses = read_pauses(self.store)
        self._consume()

    def look(self, engine: Engine, worker: str, now: datetime) -> None:
        """Do what the pauses say, when it is time to look at them."""
        if self._next is not None and now < self._next:
            return
        self._next = now + _LOOK
        try:
            self.pauses = read_pauses(self.store)
            engine.obey(self.pauses, now)
            self._consume()
            said = Obeyed(token=self.pauses.token, busy=self._busy(engine, now))
            if self._said[1] != said or (said.token and self._said[0] != worker):
                self._say(worker, said, now)
        except StoreError as error:
            _log.warning("pauses_unknown", error=str(error))

    def leave(self) -> None:
        """Take nothing any more, whatever is resumed: the worker ends."""
        self.broker.pause([lane.queue for lane in self.lanes])
        self._left = True

    def came(self, deliveries: Iterable[Delivery], now: datetime) -> None:
        """Messages of queues that are paused: they had been handed over before."""
        if self._closed:
            self._came.update((one.queue, now) for one in deliveries if one.queue in self._closed)

    def _busy(self, engine: Engine, now: datetime) -> tuple[str, ...]:
        """Paused channels of which messages are in hand, or may still be on their way here."""
        paused = self.pauses.names(Kind.CHANNEL)
        lanes = [one for one in self.lanes if one.kind is LaneKind.CHANNEL and one.name in paused]
        since = {lane.queue: self._came.setdefault(lane.queue, now) for lane in lanes}
        for queue in self._came.keys() - since.keys():
            del self._came[queue]
        return tuple(
            lane.name for lane in lanes if now - since[lane.queue] < _QUIET or engine.holds(lane.queue)
        )

    def _say(self, worker: str, said: Obeyed, now: datetime) -> None:
        say_obeyed(self.store, worker, said)
        self._said = (worker, said)
        live = {f"{OBEYED}{one}" for one in (worker, *self.store.workers(now))}
        gone = self.store.settings(OBEYED).keys() - live
        if gone:
            with self.store.begin() as tx:
                tx.apply(Changes(settings=dict.fromkeys(gone)))

    def shut_intake(self, *, shut: bool) -> bool:
        """Take nothing in, or take it in again where nobody has paused it; whether that is news."""
        if shut is self._shut:
            return False
        self._shut = shut
        self._consume()
        return True

    def _consume(self) -> None:
        if self._left:
            return
        wanted = frozenset(lane.queue for lane in self.lanes if self._left_alone(lane))
        if news := sorted(wanted - self._closed):
            self.broker.pause(news)
        if back := sorted(self._closed - wanted):
            self.broker.resume(back)
        if wanted != self._closed:
            _log.info("queues_paused", count=len(wanted))
        self._closed = wanted

    def _left_alone(self, lane: Lane) -> bool:
        if lane.kind is LaneKind.CHANNEL:
            return self._shut or self.pauses.get(Kind.CHANNEL, lane.name) is not None
        if lane.kind is LaneKind.WORK:
            return self.pauses.get(Kind.SYSTEM, lane.name) is not None
        return self._shut and lane.kind in _INTAKE
