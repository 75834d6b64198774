"""
The memory broker's driver: one client that implements :class:`broker.port.Broker`.

Everything here runs under the server's lock.  Losing the connection does what it does on
RabbitMQ: the unsettled go back, the unconfirmed become unknown, handles of before are stale.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from .fair import RoundRobin
from .memory_queue import Consumer
from .port import Batch, BrokerUnavailable, Delivery, Handle, Outcome, Publish, Result

if TYPE_CHECKING:
    from .memory import MemoryBroker

__all__ = ["MemoryClient"]

# How long a batch that has something may wait to be fuller, in seconds.
_FILL = 0.002


class MemoryClient:
    """One connection to a :class:`~broker.memory.MemoryBroker`; driven by one thread."""

    durable = False

    def __init__(self, name: str, server: MemoryBroker) -> None:
        self.name = name
        self.closed = False
        self._server = server
        self._epoch = 1
        self._up = True
        self._allowed = True
        self._prefetch: dict[str, int] = {}
        self._paused: set[str] = set()
        self._consumers: dict[str, Consumer] = {}
        self._tags: dict[str, int] = {}
        self._coming: dict[str, deque[tuple[float, Delivery]]] = {}
        self._buffers: dict[str, deque[Delivery]] = {}
        self._outcomes: list[tuple[float, Outcome]] = []
        self._held: deque[Publish] = deque()
        self._turns = RoundRobin()

    # -- the port

    def start(self, consume: Mapping[str, int]) -> None:
        """
        Subscribe to each queue with its prefetch.

        Raises:
            BrokerUnavailable: Naming every queue that does not exist.
        """
        with self._server.changed:
            missing = [name for name in consume if not self._server.has_queue(name)]
            if missing:
                raise BrokerUnavailable(f"no queue {', '.join(map(repr, missing))} (declare it first)")
            self._prefetch = dict(consume)
            self._buffers = {name: deque() for name in consume}
            self._coming = {name: deque() for name in consume}
            self._subscribe()

    def collect(self, limit: int, wait: float, weights: Mapping[str, int] | None = None) -> Batch:
        """See :meth:`broker.port.Broker.collect`; with stepping it never waits."""
        with self._server.changed:
            self._reconnect()
            self._ripen()
            if not self._server.stepping:
                self._wait(limit, wait)
            deliveries = self._turns.take(self._buffers, limit, weights or {})
            return Batch(deliveries, self._take_outcomes())

    def tick(self) -> None:
        """See :meth:`broker.port.Broker.tick`; nothing watches here."""

    def settle(self, handles: Sequence[Handle]) -> None:
        """Acknowledge; a handle of another epoch, or settled before, does nothing."""
        with self._server.changed:
            freed: set[str] = set()
            for handle in handles:
                consumer = self._consumers.get(handle.queue)
                if consumer is None or handle.epoch != self._epoch:
                    continue
                if consumer.unsettled.pop(handle.tag, None) is not None:
                    freed.add(handle.queue)
            for queue in sorted(freed):
                self._server.dispatch(queue)

    def send(self, publishes: Sequence[Publish]) -> None:
        """Publish in this order; while the broker is blocked they are held."""
        with self._server.changed:
            for publish in publishes:
                if not self._up:
                    self._tell(Outcome(publish.token, Result.UNKNOWN, "not connected"))
                elif self._server.blocked:
                    self._held.append(publish)
                else:
                    self._tell(self._server.publish_confirmed(publish))
            self._server.changed.notify_all()

    def pause(self, queues: Sequence[str]) -> None:
        """Take no more from these queues."""
        with self._server.changed:
            self._paused.update(queues)
            for queue in queues:
                if queue in self._consumers:
                    self._consumers[queue].active = False

    def resume(self, queues: Sequence[str]) -> None:
        """Take from these queues again."""
        with self._server.changed:
            self._paused.difference_update(queues)
            for queue in queues:
                if queue in self._consumers:
                    self._consumers[queue].active = True
                    self._server.dispatch(queue)

    @property
    def connected(self) -> bool:
        """Whether it is up and subscribed to everything."""
        with self._server.changed:
            return self._up and len(self._consumers) == len(self._prefetch)

    @property
    def blocked(self) -> bool:
        """Whether the server holds publishes back."""
        with self._server.changed:
            return self._server.blocked

    def close(self) -> None:
        """Disconnect for good; outcomes can still be collected."""
        with self._server.changed:
            if not self.closed:
                self.closed = True
                self.lose_connection("closed", down=True)

    # -- called by the server, under the lock

    def receive(self, delivery: Delivery) -> None:
        """Take one delivery from the server."""
        coming = self._coming[delivery.queue]
        due = self._server.delivery_due()
        if coming:
            due = max(due, coming[-1][0])
        coming.append((due, delivery))

    def lose_connection(self, why: str, *, down: bool) -> None:
        """Everything unsettled goes back, everything unconfirmed is unknown, a new epoch begins."""
        now = self._server.now()
        self._outcomes = [
            (due, known) if due <= now else (0.0, Outcome(known.token, Result.UNKNOWN, why))
            for due, known in self._outcomes
        ]
        held, self._held = self._held, deque()
        self._outcomes += [(0.0, Outcome(one.token, Result.UNKNOWN, why)) for one in held]
        self._up = False
        self._allowed = not down
        self._epoch += 1
        for queue in self._prefetch:
            self._coming[queue].clear()
            self._buffers[queue].clear()
        consumers, self._consumers, self._tags = self._consumers, {}, {}
        for consumer in consumers.values():
            self._server.unsubscribe(consumer)
        self._server.changed.notify_all()

    def may_connect(self) -> None:
        """The network is back."""
        self._allowed = not self.closed
        self._server.changed.notify_all()

    def consumer_cancelled(self, queue: str) -> None:
        """The queue was deleted; tags go on counting, as they do on a channel."""
        self._tags[queue] = self._consumers.pop(queue).tag

    def release_held(self) -> None:
        """The alarm is over: publish what was held."""
        while self._held:
            self._tell(self._server.publish_confirmed(self._held.popleft()))

    # -- private

    def _reconnect(self) -> None:
        if not self._allowed or self.closed:
            return
        self._up = True
        self._subscribe()

    def _subscribe(self) -> None:
        for queue, prefetch in self._prefetch.items():
            if queue in self._consumers or not self._server.has_queue(queue):
                continue
            consumer = Consumer(self.name, queue, prefetch, self._epoch)
            consumer.tag = self._tags.get(queue, 0)
            consumer.active = queue not in self._paused
            self._consumers[queue] = consumer
            self._server.subscribe(consumer)

    def _ripen(self) -> None:
        now = self._server.now()
        for queue, coming in self._coming.items():
            while coming and coming[0][0] <= now:
                self._buffers[queue].append(coming.popleft()[1])

    def _wait(self, limit: int, wait: float) -> None:
        self._until(monotonic() + wait, self._anything)
        if wait > 0 and self._anything():
            self._until(monotonic() + _FILL, lambda: sum(map(len, self._buffers.values())) >= limit)

    def _until(self, ends: float, enough: Callable[[], bool]) -> None:
        while not enough() and (left := ends - monotonic()) > 0:
            self._server.changed.wait(left)
            self._reconnect()
            self._ripen()

    def _anything(self) -> bool:
        return bool(self._outcomes) or any(self._buffers.values())

    def _tell(self, outcome: Outcome) -> None:
        self._outcomes.append((self._server.confirm_due(), outcome))

    def _take_outcomes(self) -> list[Outcome]:
        now = self._server.now()
        ripe = sorted((pair for pair in self._outcomes if pair[0] <= now), key=lambda pair: pair[0])
        self._outcomes = [pair for pair in self._outcomes if pair[0] > now]
        return [outcome for _, outcome in ripe]
