"""
The forecast of an order: its critical path over the lines that have not ended.  Pure.

A line ends when its part is due, counted from when it came to be as it is; one that is not sent yet begins
when those it waits for end.  What is late is expected to take twice as long as was said, then four times: a
forecast is never in the past, moves in steps, and the steps become longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from canonical.calendars import Calendar, Due, parse_due
from canonical.errors import Rejected
from canonical.plan import PartPlan

from .record import Line
from .waits import Lines, Waits

__all__ = ["Calendars", "Forecast", "forecast", "moves"]

Calendars = Callable[[str], Calendar | None]
"""A calendar by its name."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    When an order will be complete, as things stand.

    Args:
        expected: When its last line ends.
        path: The critical path: lines that have not ended, each of which waits for the one before.
        due: When the first of them is due, or was: then it is late.
    """

    expected: datetime
    path: tuple[Key, ...]
    due: datetime

    def late(self, now: datetime) -> bool:
        """Whether the line that all others of the path wait for is late."""
        return self.due <= now


def forecast(
    plan: Mapping[str, PartPlan],
    lines: Lines,
    waits: Waits,
    *,
    start: datetime | None,
    calendars: Calendars,
    now: datetime,
) -> Forecast | None:
    """
    The forecast of an order.

    Args:
        start: Nothing is sent before.

    Returns:
        None when every line has ended, or one that has not is of a part of which nobody says when it is due.
    """
    left = {key: line for key, line in lines.items() if not line.state.terminal}
    if not left or not _known(plan, left.values()):
        return None
    begins = now if start is None else max(start, now)
    path = _Path(plan, left, waits, calendars=calendars, begins=begins, now=now)
    ends = {key: end.at for key in left if (end := path.end(key)) is not None}
    if len(ends) < len(left):
        return None
    last = max(ends, key=lambda key: (ends[key], key))
    critical = path.before(last)
    return Forecast(ends[last], critical, path.due(critical[0]))


def moves(
    plan: Mapping[str, PartPlan], lines: Iterable[Line], calendars: Calendars, now: datetime
) -> datetime | None:
    """When a forecast moves by time alone, because a line will be late; None when there is no such time."""
    left = [line for line in lines if not line.state.terminal]
    if not _known(plan, left):
        return None
    ends = [_under_way(plan[line.part], line, calendars, now) for line in left if line.sent]
    return min((end for end in ends if end is not None), default=None)


def _known(plan: Mapping[str, PartPlan], lines: Iterable[Line]) -> bool:
    return all(_due(plan[name].due) is not None for name in {line.part for line in lines})


def _after(part: PartPlan, start: datetime, calendars: Calendars, times: int = 1) -> datetime | None:
    due = _due(part.due)
    if due is None:
        return None
    return due.after(start, calendars(part.calendar) if part.calendar else None, times)


def _under_way(part: PartPlan, line: Line, calendars: Calendars, now: datetime) -> datetime | None:
    """When a line ends that is sent: as soon as its part says, or the first doubling of that to come."""
    times = 1
    at = _after(part, line.since, calendars)
    while at is not None and at <= now:
        times *= 2
        at = _after(part, line.since, calendars, times)
    return at


@lru_cache(maxsize=256)
def _due(text: str) -> Due | None:
    try:
        return parse_due(text)
    except Rejected:
        return None  # of a plan that was made when nobody checked it


@dataclass(frozen=True, slots=True)
class _End:
    """When a line ends, and the line that it waits for until the last."""

    at: datetime
    after: Key | None = None


class _Path:
    """One look over the lines that are left; each is worked out once."""

    def __init__(
        self,
        plan: Mapping[str, PartPlan],
        left: Lines,
        waits: Waits,
        *,
        calendars: Calendars,
        begins: datetime,
        now: datetime,
    ) -> None:
        self._plan = plan
        self._left = left
        self._waits = waits
        self._calendars = calendars
        self._begins = begins
        self._now = now
        self._ends: dict[Key, _End | None] = {}
        self._starts: dict[str, _End | None] = {}

    def end(self, key: Key) -> _End | None:
        """When a line ends; None when nobody can say, for want of a calendar."""
        if key not in self._ends:
            self._ends[key] = self._worked_out(self._left[key])
        return self._ends[key]

    def _worked_out(self, line: Line) -> _End | None:
        part = self._plan[line.part]
        if line.sent:
            at = _under_way(part, line, self._calendars, self._now)
            return None if at is None else _End(at)
        start = self._start(line.part)
        if start is None:
            return None
        at = _after(part, start.at, self._calendars)
        return None if at is None else _End(at, start.after)

    def due(self, key: Key) -> datetime:
        """When a line is due by what its part says, or was."""
        line = self._left[key]
        found = _after(self._plan[line.part], line.since if line.sent else self._begins, self._calendars)
        if found is None:
            raise AssertionError(key)
        return found

    def before(self, key: Key) -> tuple[Key, ...]:
        """The lines on the way to this one, and it."""
        end = self.end(key)
        return (key,) if end is None or end.after is None else (*self.before(end.after), key)

    def _start(self, part: str) -> _End | None:
        """One instruction carries all lines of a part, so each waits for what any of them waits for."""
        if part not in self._starts:
            self._starts[part] = self._last(
                {other for key in self._unsent(part) for other in self._before(key)}
            )
        return self._starts[part]

    def _last(self, before: set[Key]) -> _End | None:
        last = _End(self._begins)
        for key in sorted(before):
            end = self.end(key)
            if end is None:
                return None
            if end.at > last.at:
                last = _End(end.at, key)
        return last

    def _unsent(self, part: str) -> list[Key]:
        return [key for key, line in self._left.items() if line.part == part and not line.sent]

    def _before(self, key: Key) -> list[Key]:
        return [other for other in self._waits.get(key, ()) if other in self._left]
