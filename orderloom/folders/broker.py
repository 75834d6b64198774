"""
A broker that can also put messages into folders: the outbox sends, and does not know the difference.

What goes to ``file:<endpoint>`` is written by :func:`~orderloom.folders.writing.write_once` under the name
that its routing key says; everything else goes to the broker behind it.  A row whose file was written and
that was not marked as sent is written again: the same name, the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic

from broker.port import Batch, Broker, Handle, Outcome, Publish, Result
from orderloom.engine.file_names import FOLDER

from .places import place_of
from .writing import NameTaken, write_once

__all__ = ["FolderBroker"]

# Seconds of writing in one turn: each file is synced to disk, and others wait for their turn meanwhile.
_TURN = 0.1


class FolderBroker:
    """
    Implements :class:`broker.port.Broker`.

    Args:
        folder_of: The drop folder of an endpoint's channel.
    """

    def __init__(self, inner: Broker, folder_of: Callable[[str], Path | None]) -> None:
        self._inner = inner
        self._folder_of = folder_of
        self._waiting: deque[Publish] = deque()
        self.durable = inner.durable

    def start(self, consume: Mapping[str, int]) -> None:
        self._inner.start(consume)

    def collect(self, limit: int, wait: float, weights: Mapping[str, int] | None = None) -> Batch:
        outcomes = self._written()
        batch = self._inner.collect(limit, 0.0 if outcomes or self._waiting else wait, weights)
        return Batch(batch.deliveries, (*batch.outcomes, *outcomes)) if outcomes else batch

    def tick(self) -> None:
        self._inner.tick()

    def settle(self, handles: Sequence[Handle]) -> None:
        self._inner.settle(handles)

    def send(self, publishes: Sequence[Publish]) -> None:
        self._waiting.extend(one for one in publishes if one.exchange.startswith(FOLDER))
        others = [one for one in publishes if not one.exchange.startswith(FOLDER)]
        if others:
            self._inner.send(others)

    def pause(self, queues: Sequence[str]) -> None:
        self._inner.pause(queues)

    def resume(self, queues: Sequence[str]) -> None:
        self._inner.resume(queues)

    @property
    def connected(self) -> bool:
        return self._inner.connected

    @property
    def blocked(self) -> bool:
        return self._inner.blocked

    def close(self) -> None:
        self._waiting.clear()
        self._inner.close()

    def _written(self) -> list[Outcome]:
        found: list[Outcome] = []
        ends = monotonic() + _TURN
        while self._waiting and monotonic() < ends:
            found.append(self._write(self._waiting.popleft()))
            self._inner.tick()
        return found

    def _write(self, one: Publish) -> Outcome:
        endpoint = one.exchange.removeprefix(FOLDER)
        folder = self._folder_of(endpoint)
        if folder is None:
            return Outcome(one.token, Result.UNROUTABLE, f"{endpoint}: its channel has no folder here")
        try:
            place = place_of(folder, endpoint)
            place.make()
            write_once(place.outgoing / one.routing_key, [one.body])
        except NameTaken as error:
            return Outcome(one.token, Result.REFUSED, str(error))
        except (OSError, ValueError) as error:
            return Outcome(one.token, Result.UNKNOWN, str(error))
        return Outcome(one.token, Result.TAKEN)
