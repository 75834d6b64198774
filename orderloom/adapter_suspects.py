"""
Messages that may have killed their adapter's process: translated in a child, which may die of them.

An adapter process has no store to count its starts in; the broker counts how often a message came back.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import monotonic

from broker.port import Delivery

from .adapter_forwarder import Forwarder, Translated

__all__ = ["SUSPECT_AFTER", "Suspects"]

# Times that a message came back: its third delivery is its third start.
SUSPECT_AFTER = 2

# Seconds for one message, a new child's start included; a real one takes milliseconds.
_LIMIT = 20.0

# A child whose parent was killed meanwhile ends by itself.
_ALARM = int(2 * _LIMIT)


class Suspects:
    """
    A queue of suspects, and the child that works on the first.

    Args:
        make: Makes the forwarder, in the child; it is sent there by its name.
        limit: Seconds for one message.
    """

    def __init__(self, make: Callable[[], Forwarder], limit: float = _LIMIT) -> None:
        self._make = make
        self._limit = limit
        self._waiting: deque[Delivery] = deque()
        self._child: BaseProcess | None = None
        self._line: Connection | None = None
        self._under_way: Delivery | None = None
        self._reads = False
        self._ends = 0.0

    def __len__(self) -> int:
        return len(self._waiting) + (self._under_way is not None)

    def add(self, delivery: Delivery) -> None:
        """One more; they are taken one after the other."""
        self._waiting.append(delivery)

    def collect(self) -> list[tuple[Delivery, Translated | None]]:
        """What has ended since the last time; None for a message that the child died of, or did not end."""
        found = []
        if self._under_way is not None and (ended := self._look(self._under_way)) is not None:
            found.append(ended)
        if self._under_way is None:
            self._next()
        return found

    def close(self) -> None:
        """End the child; what it worked on is nobody's."""
        if self._child is not None:
            self._child.kill()
            self._child.join()
            self._child.close()
        if self._line is not None:
            self._line.close()
        self._child = self._line = self._under_way = None
        self._reads = False

    def _look(self, delivery: Delivery) -> tuple[Delivery, Translated | None] | None:
        answer: Translated | None = None
        try:
            if self._line is not None and self._line.poll():
                answer = self._line.recv()
                if self._reads:
                    self._under_way = None
                    return delivery, answer
                self._reads = True
                self._line.send(delivery)
        except (EOFError, OSError):
            self._ends = 0.0
        if monotonic() < self._ends:
            return None
        self.close()
        return delivery, None

    def _next(self) -> None:
        if not self._waiting:
            self.close()
            return
        delivery = self._waiting.popleft()
        self._under_way = delivery
        self._ends = monotonic() + self._limit
        if self._line is None:
            self._start()
        else:
            with suppress(OSError):  # it has ended meanwhile: the next look will tell
                self._line.send(delivery)

    def _start(self) -> None:
        """Start a child; its first message waits until it says that it reads, for a large one would block."""
        context = get_context("spawn")
        self._line, far = context.Pipe()
        self._child = context.Process(target=_serve, args=(far, self._make), daemon=True)
        self._child.start()
        far.close()


def _serve(line: Connection, make: Callable[[], Forwarder]) -> None:
    """The child: translate what comes, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    forwarder = make()
    line.send(None)
    while True:
        try:
            delivery = line.recv()
        except EOFError:
            return
        signal.alarm(_ALARM)
        line.send(forwarder(delivery))
        signal.alarm(0)
