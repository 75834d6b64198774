"""
By when something is due: so many hours, days or working days after it has begun.

Working days are those of a calendar: where, on which days and from when to when somebody is at work.  Pure
arithmetic: no clock and no time zone database of the machine (:mod:`.zones`).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from .errors import Rejected, shown
from .ponr import seconds_of
from .zones import Zone

__all__ = ["MIDNIGHT", "WEEKDAYS", "WHOLE_DAY", "Calendar", "Due", "parse_due"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As calendars name them, in the order of :meth:`datetime.date.weekday`."""

MIDNIGHT = dt.timedelta()
WHOLE_DAY = dt.timedelta(days=1)

_DAYS = re.compile(r"([1-9][0-9]{0,2}) (working )?days?", re.ASCII)
_ALLOWED = "as in 30m, 24h, 2d, 3 days, 2 working days"
_SKIPPED = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    When somebody is at work.

    Args:
        days: Working days, Monday is 0; at least one.
        opens, closes: Since midnight, by the clocks of ``zone``; ``opens`` before ``closes``.
        holidays: Days on which nobody works, whatever weekday it is.
    """

    name: str
    zone: Zone
    days: frozenset[int] = frozenset(range(5))
    opens: dt.timedelta = MIDNIGHT
    closes: dt.timedelta = WHOLE_DAY
    holidays: frozenset[dt.date] = frozenset()

    def works(self, day: dt.date) -> bool:
        """Whether it is a working day."""
        return day.weekday() in self.days and day not in self.holidays

    def after(self, start: dt.datetime, count: int) -> dt.datetime:
        """
        When ``count`` working days have passed: the same time of day, so many working days later.

        What begins while nobody works begins when they open; a day that has been worked from its opening
        on is over when they close.
        """
        local = self.zone.shown(start).replace(tzinfo=None)
        day, time = local.date(), local - dt.datetime.combine(local.date(), dt.time())
        if not self.works(day) or time >= self.closes:
            day, time = self._next(day), self.opens
        time = max(time, self.opens)
        if time == self.opens:
            count, time = count - 1, self.closes
        for _ in range(count):
            day = self._next(day)
        return self._instant(dt.datetime.combine(day, dt.time()) + time)

    def _next(self, day: dt.date) -> dt.date:
        day += WHOLE_DAY
        while not self.works(day):
            day += WHOLE_DAY
        return day

    def _instant(self, local: dt.datetime) -> dt.datetime:
        # An hour that the clocks skip in spring is over when they have skipped it.
        found = self.zone.instant(local) or self.zone.instant(local + _SKIPPED)
        if found is None:
            msg = f"{local} is never shown in {self.zone.name}"
            raise AssertionError(msg)
        return found


@dataclass(frozen=True, slots=True)
class Due:
    """So much time after something has begun: ``seconds``, or ``working_days`` when that is not 0."""

    seconds: int = 0
    working_days: int = 0

    def after(self, start: dt.datetime, calendar: Calendar | None, times: int = 1) -> dt.datetime | None:
        """
        When it is due that began at ``start``, or when ``times`` that long have passed.

        Returns:
            None when working days are counted and there is no calendar.
        """
        if not self.working_days:
            return start + dt.timedelta(seconds=self.seconds * times)
        return calendar.after(start, self.working_days * times) if calendar is not None else None


@lru_cache(maxsize=256)
def parse_due(text: str) -> Due:
    """
    What ``text`` says.  A day is 24 hours, a working day one of the calendar.

    Raises:
        Rejected: ``E_VALUE``.
    """
    if days := _DAYS.fullmatch(text):
        count = int(days[1])
        return Due(working_days=count) if days[2] else Due(seconds=count * 86_400)
    try:
        return Due(seconds=seconds_of(text))
    except Rejected:
        raise Rejected("E_VALUE", f"{shown(text)} is no time to do something", "", _ALLOWED) from None
