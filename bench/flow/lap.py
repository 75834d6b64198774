"""
One lap: orders are dropped as fast as the broker takes them, and the lap ends with the last "completed".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from broker.port import Delivery, Properties, Publish, Result
from broker.rabbit import RabbitBroker

from .echo import Systems
from .machine import cpu_seconds
from .world import CHANNEL_OUT, DROP, completes, order

__all__ = ["Channel", "Lap"]

_AHEAD = 2000
_BATCH = 500
_WAIT = 0.05
# Seconds without any message at all after which something must be broken.
_SILENCE = 60.0
# Seconds after the last message of an order in which its announcements arrive.
_QUIET = 1.0

_PROPERTIES = Properties(content_type="application/json")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Lap:
    """
    What one lap took.

    Args:
        seconds: From the first order to the last completion.
        cpu: CPU seconds by whose they are.
    """

    orders: int
    seconds: float
    cpu: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds


class Channel:
    """The senders of one virtual host: they drop orders and read what they are told."""

    def __init__(self, url: str, also: tuple[str, ...] = ()) -> None:
        self._broker = RabbitBroker(url, name="bench senders", watchdog=None)
        self._broker.start(dict.fromkeys((CHANNEL_OUT, *also), _AHEAD))

    def lap(self, orders: int, pids: Mapping[str, tuple[int, ...]]) -> Lap:
        """Time ``orders`` orders; ``pids`` are the processes to be charged."""
        before = {name: cpu_seconds(found) for name, found in pids.items()}
        began = monotonic()
        self.drop(orders, lambda _: None)
        seconds = monotonic() - began
        used = {name: cpu_seconds(found) - before[name] for name, found in pids.items()}
        return Lap(orders, seconds, used)

    def drop(self, orders: int, seen: Callable[[Delivery], object]) -> None:
        """
        Drop orders and return when all are completed.

        Args:
            seen: Is shown every message that comes.

        Raises:
            RuntimeError: The broker did not take an order, or nothing came for a minute.
        """
        numbers = [next(_NUMBERS) for _ in range(orders)]
        self._broker.send([Publish(one, DROP, "", order(f"B-{one:07}"), _PROPERTIES) for one in numbers])
        completed, heard = 0, monotonic()
        while completed < orders:
            batch = self._broker.collect(_BATCH, _WAIT)
            bad = [one for one in batch.outcomes if one.result is not Result.TAKEN]
            if bad:
                raise RuntimeError(f"not taken: {bad[0]}")
            if batch.deliveries:
                heard = monotonic()
            elif monotonic() - heard > _SILENCE:
                raise RuntimeError(
                    f"{completed} of {orders} orders completed, and no news for {_SILENCE:.0f} s"
                )
            for one in batch.deliveries:
                seen(one)
                completed += one.queue == CHANNEL_OUT and completes(one)
            self._broker.settle([one.handle for one in batch.deliveries])

    def sent_by_hub(self, orders: int, systems: Systems) -> list[Delivery]:
        """Drop orders, be their systems, return all that the hub has sent (``also`` names its queues)."""
        found: list[Delivery] = []

        def seen(one: Delivery) -> None:
            found.append(one)
            if one.queue in systems.queues:
                answers = systems.answers(one)
                self._broker.send([Publish(next(_NUMBERS), *answer) for answer in answers])

        self.drop(orders, seen)
        while batch := self._broker.collect(_BATCH, _QUIET).deliveries:
            found += batch
            self._broker.settle([one.handle for one in batch])
        return found

    def close(self) -> None:
        """Leave."""
        self._broker.close()
