"""
An agenda: jobs with a time, done by one thread, given up at once when it is stopped.

The time is the machine's, or that of a clock which may be moved forward; whoever moves it stirs the agenda.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from math import inf
from threading import Condition, Thread
from time import monotonic

__all__ = ["Agenda"]


class Agenda:
    """
    Jobs are done one after the other, the earliest first; those of one time as they were given.

    Args:
        seconds: A clock that counts seconds, and never goes back.
    """

    def __init__(self, name: str, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._busy = False
        self._changed = Condition()
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._stopped = False
        self._thread = Thread(target=self._work, name=f"agenda {name}", daemon=True)
        self._thread.start()

    def after(self, seconds: float, job: Callable[[], None]) -> None:
        """Do ``job`` in ``seconds``, or now when that has passed; a stopped agenda forgets it."""
        with self._changed:
            heapq.heappush(self._jobs, (self._seconds() + max(seconds, 0.0), next(self._numbers), job))
            self._changed.notify_all()

    @property
    def due(self) -> float | None:
        """When the next job is to be done, on its clock: long ago while one is; None without any."""
        with self._changed:
            if self._busy:
                return -inf
            return self._jobs[0][0] if self._jobs else None

    def stir(self) -> None:
        """Look at the clock: it was moved."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait in some other thread; False when the agenda was stopped before the time was up."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._stopped, seconds)

    def stop(self) -> None:
        """Forget what is left, and wait for the job at hand."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._busy = False
            while not self._stopped:
                left = self._jobs[0][0] - self._seconds() if self._jobs else None
                if left is not None and left <= 0:
                    self._busy = True
                    return heapq.heappop(self._jobs)[2]
                self._changed.wait(left)
            return None
