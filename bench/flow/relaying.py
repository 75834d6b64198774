"""
Messages in, messages out, each input acknowledged when the broker has confirmed all of its outputs.

What a process between queues must do at least to lose nothing; echo and relay are made of it.
"""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable, Collection, Iterable

from broker.port import Delivery, Handle, Properties, Publish, Result
from broker.rabbit import RabbitBroker

__all__ = ["Message", "Relaying", "run"]

Message = tuple[str, str, bytes, Properties]
"""Exchange, routing key, body, properties."""

# As the hub's worker: messages a turn, and twice as many ahead.
_BATCH = 200
_AHEAD = 400
_WAIT = 0.05


class Relaying:
    """
    One such process on one broker.

    Args:
        answer: What a delivery leads to.
    """

    def __init__(self, broker: RabbitBroker, answer: Callable[[Delivery], Iterable[Message]]) -> None:
        self._broker = broker
        self._answer = answer
        self._tokens = itertools.count(1)
        self._of_token: dict[int, Handle] = {}
        self._unconfirmed: dict[Handle, int] = {}

    def turn(self) -> None:
        """
        What has arrived goes out, what is confirmed is acknowledged.

        Raises:
            RuntimeError: The broker did not take a message: then the figures mean nothing.
        """
        batch = self._broker.collect(_BATCH, _WAIT)
        done = []
        for outcome in batch.outcomes:
            if outcome.result is not Result.TAKEN:
                raise RuntimeError(f"not taken: {outcome}")
            handle = self._of_token.pop(outcome.token)
            self._unconfirmed[handle] -= 1
            if not self._unconfirmed[handle]:
                del self._unconfirmed[handle]
                done.append(handle)
        publishes: list[Publish] = []
        for one in batch.deliveries:
            before = len(publishes)
            for exchange, key, body, properties in self._answer(one):
                token = next(self._tokens)
                self._of_token[token] = one.handle
                publishes.append(Publish(token, exchange, key, body, properties))
            if len(publishes) == before:
                done.append(one.handle)
            else:
                self._unconfirmed[one.handle] = len(publishes) - before
        self._broker.send(publishes)
        self._broker.settle(done)


def run(
    url: str, name: str, queues: Collection[str], answer: Callable[[Delivery], Iterable[Message]]
) -> None:
    """Relay until SIGTERM; says ``ready`` when it consumes."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    broker = RabbitBroker(url, name=name, watchdog=None)
    broker.start(dict.fromkeys(queues, _AHEAD))
    relaying = Relaying(broker, answer)
    print("ready", flush=True)  # noqa: T201 (for whoever started it)
    while not stop.is_set():
        relaying.turn()
    broker.close()
