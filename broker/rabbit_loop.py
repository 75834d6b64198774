"""
The thread that owns pika's loop: others hand it work, and it says when it has ended.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pika.adapters.select_connection import IOLoop

__all__ = ["Loop"]


class Loop:
    """
    One I/O loop in a thread of its own.

    Args:
        ended: Called in the thread when it ends, however it ends.
    """

    def __init__(self, name: str, ended: Callable[[], None]) -> None:
        self.ioloop: Any = None
        self._ended = ended
        self._work: deque[Callable[[], None]] = deque()
        self._woken = False
        self._finished = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self.ioloop = IOLoop()
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def hand_over(self, work: Callable[[], None]) -> None:
        """
        Have ``work`` done in the thread, in order; many hand-overs wake it once.

        After the thread's end it is done at once, by the caller: nothing that is owed is forgotten.
        """
        self._work.append(work)
        if self._finished:
            self._drain()
        elif not self._woken:
            self._woken = True
            self.ioloop.add_callback_threadsafe(self._drain)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Have ``work`` done after a time; only from within the thread."""
        self.ioloop.call_later(seconds, work)

    def stop(self) -> None:
        """End the thread; only from within it."""
        self.ioloop.stop()

    def join(self, seconds: float) -> bool:
        """Wait for the end; says whether it came."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _drain(self) -> None:
        # First, so that work handed over from here on wakes the thread again.
        self._woken = False
        while True:
            try:
                work = self._work.popleft()
            except IndexError:
                return
            work()

    def _run(self) -> None:
        try:
            self.ioloop.start()
        finally:
            self._ended()
            self._finished = True
            self._drain()
            self.ioloop.close()
