"""
Who keeps the time: the clock while it is alive, else the workers themselves.

The clock says in the store when it last swept.  A worker that reads an old mark, or none, does what the clock
would do, and says so once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from orderloom.clock_marks import SWEEP, keeps_time, last_run, mark
from orderloom.correlation.port import Store, StoreError
from orderloom.periodic import Chore

__all__ = ["Timekeeping"]

_log = structlog.get_logger()

# Between two looks at its mark.
_LOOK = timedelta(seconds=1)

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Timekeeping:
    """
    One worker's share in it.

    Args:
        chores: What the clock does beside sweeping.
        expected: A clock is set: that none is alive is worth a warning.
    """

    store: Store
    chores: Sequence[Chore] = ()
    expected: bool = False
    _look: datetime = _NEVER
    _alive: bool = False
    _told: bool = False
    _due: dict[str, datetime] = field(default_factory=dict)
    _under_way: dict[str, Iterator[int]] = field(default_factory=dict)

    def turn(self, now: datetime, sweep: Callable[[datetime], int]) -> int:
        """Do what is due, unless a clock does; of each chore one short step.  Returns how much was done."""
        if self._clock_lives(now):
            self._under_way.clear()
            self._due.clear()
            return 0
        return sweep(now) + sum(self._step(chore, now) for chore in self.chores if chore.name != SWEEP)

    def _clock_lives(self, now: datetime) -> bool:
        if now < self._look:
            return self._alive
        self._look = now + _LOOK
        try:
            alive = keeps_time(last_run(self.store, SWEEP), now)
        except StoreError:
            return self._alive  # the next look is soon, and nothing can be swept meanwhile
        if not alive and (self._alive or self.expected) and not self._told:
            _log.warning("clock_missing", text="this worker keeps the time until the clock is back")
        if alive and self._told:
            _log.info("clock_back")
        self._told = not alive
        self._alive = alive
        return alive

    def _step(self, chore: Chore, now: datetime) -> int:
        if now < self._due.get(chore.name, _NEVER):
            return 0
        try:
            return self._next(chore, now)
        except StoreError as error:
            _log.warning("chore_failed", name=chore.name, error=str(error))
            self._end(chore, now + timedelta(seconds=chore.every))
            return 0

    def _next(self, chore: Chore, now: datetime) -> int:
        steps = self._under_way.get(chore.name)
        if steps is None:
            last = last_run(self.store, chore.name)
            due = _NEVER if last is None else last + timedelta(seconds=chore.every)
            if now < due:
                self._due[chore.name] = due
                return 0
            steps = self._under_way[chore.name] = chore.steps(now)
        for done in steps:
            return done
        mark(self.store, chore.name, now)
        self._end(chore, now + timedelta(seconds=chore.every))
        return 0

    def _end(self, chore: Chore, due: datetime) -> None:
        self._under_way.pop(chore.name, None)
        self._due[chore.name] = due
