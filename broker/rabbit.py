"""
The RabbitMQ driver: pika's SelectConnection in a thread of its own, behind the port.

Two connections, one to publish and one to consume (an alarm blocks the first and never the
second), each with its own recovery.  Work crosses the threads in batches: one wake-up for many
publishes or acknowledgements, one for each read from the socket.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from .address import Address
from .fair import RoundRobin
from .port import Batch, BrokerUnavailable, Delivery, Handle, Outcome, Publish
from .rabbit_consume import ConsumeLane
from .rabbit_lane import connection_parameters
from .rabbit_loop import Loop
from .rabbit_publish import PublishLane

__all__ = ["RabbitBroker"]

# Publishes in flight: enough to keep the broker busy during a commit, few enough to repeat.
_WINDOW = 2000
# How long a batch that has something may wait to be fuller, in seconds.
_FILL = 0.002
# Without a collect for so long the engine hangs, and another worker should have its messages.
_WATCHDOG = 5.0
_CONNECT = 15.0
_CLOSE = 5.0
# EX_SOFTWARE of sysexits.h.
_EXIT_STATUS = 70


class RabbitBroker:
    """
    A :class:`broker.port.Broker` on RabbitMQ 3.10 or later.

    Args:
        url: ``amqp(s)://user:password@host:port/vhost``.
        name: Names its connections (``<name> publish``, ``<name> consume``) and consumer tags.
        window: The most unconfirmed publishes in flight.
        watchdog: Seconds without :meth:`collect` after which the process is ended; None: never.
        allow_plain: Accept ``amqp://`` to another machine.

    Raises:
        AddressRefused: The URL is malformed, or plain text to another machine.
    """

    durable = True

    def __init__(
        self,
        url: str,
        *,
        name: str,
        window: int = _WINDOW,
        watchdog: float | None = _WATCHDOG,
        allow_plain: bool = False,
    ) -> None:
        self._address = Address.parse(url, allow_plain=allow_plain)
        self._name = name
        self._watchdog = watchdog
        self._left_alone: set[str] = set()  # before anything is consumed
        self._buffers: dict[str, deque[Delivery]] = {}
        self._outcomes: deque[Outcome] = deque()
        self._turns = RoundRobin()
        self._guard = threading.Lock()
        self._news = threading.Event()
        self._ticked = monotonic()
        self._ended = False
        self._closed = False
        self._loop = Loop(f"{name} broker", self._thread_ended)
        self._publish = PublishLane(
            connection_parameters(self._address, f"{name} publish"),
            self._loop,
            self._news.set,
            self._outcomes,
            window,
        )
        self._consume: ConsumeLane | None = None

    # -- the port

    def start(self, consume: Mapping[str, int]) -> None:
        """
        Connect both ways and consume; returns when everything is subscribed.

        Raises:
            BrokerUnavailable: Not reachable, refused, or a queue is missing.
        """
        self._buffers = {queue: deque() for queue in consume}
        self._consume = ConsumeLane(
            connection_parameters(self._address, f"{self._name} consume"),
            self._loop,
            self._news.set,
            prefetch=consume,
            name=self._name,
            buffers=self._buffers,
            guard=self._guard,
        )
        self._consume.pause(self._left_alone & consume.keys())
        _hush_pika()
        self._loop.start()
        self._loop.hand_over(self._publish.open)
        self._loop.hand_over(self._consume.open)
        fault = self._wait_until_connected()
        if fault:
            self.close()
            raise BrokerUnavailable(f"{self._address.shown}: {fault}")
        self._ticked = monotonic()
        if self._watchdog is not None:
            self._loop.hand_over(self._watch)

    def collect(self, limit: int, wait: float, weights: Mapping[str, int] | None = None) -> Batch:
        """
        See :meth:`broker.port.Broker.collect`.

        Raises:
            BrokerUnavailable: The driver's thread has ended and everything it knew was told.
        """
        self._ticked = monotonic()
        if wait > 0:
            self._wait(self._ticked + wait, self._anything)
            if self._anything():
                self._wait(monotonic() + _FILL, lambda: self._waiting() >= limit)
        with self._guard:
            deliveries = self._turns.take(self._buffers, limit, weights or {})
        outcomes = [self._outcomes.popleft() for _ in range(len(self._outcomes))]
        if self._ended and not self._closed and not deliveries and not outcomes:
            raise BrokerUnavailable(f"{self._address.shown}: the driver has ended (start a new one)")
        self._ticked = monotonic()
        return Batch(deliveries, outcomes)

    def tick(self) -> None:
        """See :meth:`broker.port.Broker.tick`."""
        self._ticked = monotonic()

    def settle(self, handles: Sequence[Handle]) -> None:
        """See :meth:`broker.port.Broker.settle`."""
        lane = self._consume
        if handles and lane is not None:
            self._loop.hand_over(lambda: lane.settle(handles))

    def send(self, publishes: Sequence[Publish]) -> None:
        """See :meth:`broker.port.Broker.send`."""
        if not publishes:
            return
        self._loop.hand_over(lambda: self._publish.send(publishes))

    def pause(self, queues: Sequence[str]) -> None:
        """See :meth:`broker.port.Broker.pause`."""
        lane = self._consume
        if lane is None:
            self._left_alone.update(queues)
        else:
            self._loop.hand_over(lambda: lane.pause(queues))

    def resume(self, queues: Sequence[str]) -> None:
        """See :meth:`broker.port.Broker.resume`."""
        lane = self._consume
        if lane is None:
            self._left_alone.difference_update(queues)
        else:
            self._loop.hand_over(lambda: lane.resume(queues))

    @property
    def connected(self) -> bool:
        """Whether both connections are up and every queue is subscribed."""
        return not self._ended and self._publish.ready and self._consume is not None and self._consume.ready

    @property
    def blocked(self) -> bool:
        """Whether the broker holds publishers back; known from the first publish under an alarm."""
        return self._publish.blocked

    def close(self) -> None:
        """See :meth:`broker.port.Broker.close`."""
        self._closed = True
        if self._loop.alive:
            self._loop.hand_over(self._close_lanes)
            if not self._loop.join(_CLOSE):
                self._loop.hand_over(self._abort_lanes)
                self._loop.join(_CLOSE)

    # -- private, engine's thread

    def _wait_until_connected(self) -> str:
        ends = monotonic() + _CONNECT
        while not self.connected:
            lanes = (self._publish, self._consume)
            faults = [lane.fault for lane in lanes if lane is not None and lane.fault]
            if faults:
                return faults[0]
            if monotonic() > ends:
                return f"not connected within {_CONNECT:.0f} s"
            self._news.wait(ends - monotonic())
            self._news.clear()
        return ""

    def _wait(self, ends: float, enough: Callable[[], bool]) -> None:
        while not self._ended and not enough() and (left := ends - monotonic()) > 0:
            self._news.clear()
            if enough() or self._ended:  # looked at again: news may have come before the clearing
                return
            self._news.wait(left)

    def _anything(self) -> bool:
        return bool(self._outcomes) or any(self._buffers.values())

    def _waiting(self) -> int:
        return sum(map(len, self._buffers.values()))

    # -- private, loop's thread

    def _close_lanes(self) -> None:
        self._publish.close()
        if self._consume is not None:
            self._consume.close()
        self._stop_when_closed()

    def _abort_lanes(self) -> None:
        self._publish.abort()
        if self._consume is not None:
            self._consume.abort()

    def _stop_when_closed(self) -> None:
        if self._publish.closed and (self._consume is None or self._consume.closed):
            self._loop.stop()
        else:
            self._loop.later(0.01, self._stop_when_closed)

    def _thread_ended(self) -> None:
        why = "the driver has ended"
        for lane in (self._publish, self._consume):
            if lane is not None:
                lane.lost(why)
                lane.fail(why)
        self._ended = True
        self._news.set()

    def _watch(self) -> None:
        silence = monotonic() - self._ticked
        if self._watchdog is None:
            return
        if silence > self._watchdog:
            text = f"{self._name}: no collect for {silence:.1f} s (at most {self._watchdog:.1f}): ending\n"
            sys.stderr.write(text)
            sys.stderr.flush()
            os._exit(_EXIT_STATUS)
        self._loop.later(self._watchdog / 5, self._watch)


def _hush_pika() -> None:
    """Pika reports one refused connection in seven lines of ERROR; ours says it in one."""
    logger = logging.getLogger("pika")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
