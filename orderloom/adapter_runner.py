"""
An adapter on its own: native messages from a channel's queue, canonical ones to ``orders.in``.

A message is acknowledged once the broker has confirmed what was made of it.  Whoever dies between
the two sends it again; the hub stays silent to that, for the second copy says that it is one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

import structlog

from broker.limits import LARGEST_BODY
from broker.port import Batch, Broker, Delivery, Outcome, Publish, Result
from canonical.errors import Fault
from orderloom.engine.forwarded import AS_IT_IS
from orderloom.hub_topology import ORDERS_IN, channel_in

from .adapter_forwarder import Forwarder, Translated
from .adapter_suspects import SUSPECT_AFTER, Suspects

__all__ = ["AdapterRunner"]

_log = structlog.get_logger()

# Native messages in hand: enough to keep the broker busy while one is translated.
PREFETCH = 100
# Bytes on their way to the broker; more are not even translated.
_WINDOW_BYTES = 32 * 1024 * 1024
# Before a message that was refused is sent again.
_PAUSE = timedelta(seconds=1)
# Seconds: longest wait for news; for what is under way at the end.
_WAIT = 0.05
_WIND_UP = 10.0


@dataclass(frozen=True, slots=True)
class _Flight:
    """A message on its way."""

    delivery: Delivery
    translated: Translated
    began: float


@dataclass(slots=True)
class AdapterRunner:
    """
    One channel's adapter at work.

    Args:
        suspects: Where messages go that may have killed this process before.
    """

    forwarder: Forwarder
    broker: Broker
    suspects: Suspects
    clock: Callable[[], datetime]
    _waiting: deque[Delivery] = field(default_factory=deque)
    _flying: dict[int, _Flight] = field(default_factory=dict)
    _refused: list[tuple[datetime, Delivery]] = field(default_factory=list)
    _bytes: int = 0
    _token: int = 0
    _connected: bool = True

    @property
    def queue(self) -> str:
        """Where it takes from."""
        return channel_in(self.forwarder.channel)

    @property
    def idle(self) -> bool:
        """Whether nothing is in hand."""
        return not (self._waiting or self._flying or self._refused or len(self.suspects))

    def start(self) -> None:
        """
        Begin to consume.

        Raises:
            BrokerUnavailable: The broker cannot be reached, or the queue is not there.
        """
        self.broker.start({self.queue: PREFETCH})
        _log.info("adapter_started", channel=self.forwarder.channel, queue=self.queue)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; then let what is under way arrive, and give the rest back."""
        try:
            while not stop.is_set():
                self.step(self.broker.collect(PREFETCH, _WAIT))
                self._connection()
            self._wind_up()
        finally:
            self.suspects.close()
            self.broker.close()
            _log.info("adapter_stopped", channel=self.forwarder.channel)

    def step(self, batch: Batch) -> int:
        """One turn: what has landed, then what has come; returns how much was worked on."""
        for outcome in batch.outcomes:
            self._landed(outcome)
        for delivery in batch.deliveries:
            self._take(delivery)
        for delivery, translated in self.suspects.collect():
            self._send(delivery, translated or self._poisonous(delivery))
        self._pump()
        return len(batch.deliveries) + len(batch.outcomes)

    def _take(self, delivery: Delivery) -> None:
        if delivery.came_back >= SUSPECT_AFTER:
            self.suspects.add(delivery)
        else:
            self._waiting.append(delivery)

    def _pump(self) -> None:
        now = self.clock()
        due = [delivery for ends, delivery in self._refused if ends <= now]
        self._refused = [one for one in self._refused if one[0] > now]
        for delivery in due:
            self._take(delivery)
        # While the broker cannot be reached, what is in hand may come again; it is looked at when it is back.
        while self._waiting and self._bytes < _WINDOW_BYTES and self.broker.connected:
            self.broker.tick()
            delivery = self._waiting.popleft()
            self._send(delivery, self.forwarder(delivery))

    def _send(self, delivery: Delivery, made: Translated) -> None:
        if len(made.body) > LARGEST_BODY:
            # The broker took it from its sender, and takes it from nobody of ours: it stays where it is.
            _log.error("message_too_large", queue=self.queue, bytes=len(made.body))
            return
        self._token += 1
        self._flying[self._token] = _Flight(delivery, made, monotonic())
        self._bytes += len(made.body)
        properties = made.properties
        if properties.type != AS_IT_IS:  # those are the sender's own
            properties = replace(properties, timestamp=self.clock())
        self.broker.send([Publish(self._token, ORDERS_IN, "", made.body, properties)])

    def _landed(self, outcome: Outcome) -> None:
        flight = self._flying.pop(outcome.token)
        self._bytes -= len(flight.translated.body)
        if outcome.result is Result.TAKEN:
            self.broker.settle([flight.delivery.handle])
            self._say(flight)
            return
        _log.warning("message_not_taken", queue=ORDERS_IN, result=outcome.result.value, reason=outcome.reason)
        if outcome.result is Result.UNKNOWN:
            self._take(replace(flight.delivery, redelivered=True))  # it may be there
        else:
            self._refused.append((self.clock() + _PAUSE, flight.delivery))

    def _say(self, flight: _Flight) -> None:
        delivery, made = flight.delivery, flight.translated
        _log.info(
            "message_forwarded",
            channel=self.forwarder.channel,
            queue=delivery.queue,
            bytes=len(delivery.body),
            documents=made.documents,
            redelivered=delivery.redelivered,
            type=made.properties.type,
            duration_ms=round((monotonic() - flight.began) * 1000, 1),
            code=made.code,
        )

    def _poisonous(self, delivery: Delivery) -> Translated:
        what = "its adapter died of it or did not end, also in a process of its own"
        return self.forwarder.at_fault(delivery, Fault(code="E_POISON", what=what, where="message"))

    def _connection(self) -> None:
        connected = self.broker.connected
        if connected is not self._connected:
            self._connected = connected
            (_log.info if connected else _log.warning)(
                "broker_connected" if connected else "broker_disconnected"
            )

    def _wind_up(self) -> None:
        """Take nothing more; what was not sent yet goes back to its queue with the connection."""
        self.broker.pause([self.queue])
        self._waiting.clear()
        ends = monotonic() + _WIND_UP
        while self._flying and monotonic() < ends:
            # What still comes is not looked at.
            for outcome in self.broker.collect(PREFETCH, _WAIT).outcomes:
                self._landed(outcome)
