"""
Times without a zone, read in the zone of whoever wrote them.

A zone is a rule, so that the same bytes are the same instants on every machine, whatever time zone database
it has or lacks: POSIX writes ``CST6CDT,M3.2.0,M11.1.0`` for six hours behind UTC, with summer time from the
second Sunday of March to the first of November.  Places have names (:mod:`.zone_names`), each with the rule
in force.  A rule knows what clocks do now, and not what they did in other years.  Source: POSIX.1-2017, 8.3,
variable TZ; of its three ways to say a day the one in use, ``Mm.w.d``.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from .errors import Rejected, shown
from .zone_names import NAMED

__all__ = ["Zone", "zone_of"]

_NAME = r"(?:[A-Za-z]{3,10}|<[A-Za-z0-9+-]{3,10}>)"
_HOURS = r"[+-]?[0-9]{1,3}(?::[0-5][0-9])?"
_DAY = rf"M[0-9]{{1,2}}\.[1-5]\.[0-6](?:/{_HOURS})?"
_RULE = re.compile(
    rf"{_NAME}(?P<winter>{_HOURS})(?:{_NAME}(?P<summer>{_HOURS})?,(?P<begins>{_DAY}),(?P<ends>{_DAY}))?",
    re.ASCII,
)
_TURN = re.compile(rf"M([0-9]{{1,2}})\.([1-5])\.([0-6])(?:/({_HOURS}))?", re.ASCII)
_ALLOWED = "a name such as Europe/Paris, or a rule such as CST6CDT,M3.2.0,M11.1.0"
_TWO_MEANINGS = re.compile(r"(?:UTC|GMT|Z)[+-]?0*[1-9]")
# No zone is further from Greenwich.
_FURTHEST = dt.timedelta(hours=15)
_LAST = 5


@dataclass(frozen=True, slots=True)
class _Turn:
    """
    When clocks are turned: the ``week``-th such ``weekday`` (Sunday is 0) of a month, the 5th being the last.
    """

    month: int
    week: int
    weekday: int
    time: dt.timedelta

    def local(self, year: int) -> dt.datetime:
        first, length = calendar.monthrange(year, self.month)
        day = 1 + (self.weekday - 1 - first) % 7 + 7 * (self.week - 1)
        if self.week == _LAST and day > length:
            day -= 7
        return dt.datetime(year, self.month, day) + self.time  # noqa: DTZ001 - what the clocks show


@dataclass(frozen=True, slots=True)
class Zone:
    """
    Distances from UTC, east of it positive, and when clocks are turned; without summer time there is one.
    """

    name: str
    winter: dt.timedelta
    summer: dt.timedelta
    turns: tuple[_Turn, _Turn] | None = None

    def instant(self, local: dt.datetime) -> dt.datetime | None:
        """
        The instant, in UTC, at which the clocks show ``local``, which has no zone; where they are set back,
        the first of the two; None where they are set forward and never show it.
        """
        found = {local - one for one in (self.winter, self.summer) if self._distance(local - one) == one}
        return min(found).replace(tzinfo=dt.UTC) if found else None

    def shown(self, at: dt.datetime) -> dt.datetime:
        """
        What the clocks show at an instant, with the distance from UTC.
        """
        distance = self._distance(at.astimezone(dt.UTC).replace(tzinfo=None))
        return at.astimezone(dt.timezone(distance))

    def _distance(self, utc: dt.datetime) -> dt.timedelta:
        if self.turns is None:
            return self.winter
        year = (utc + self.winter).year
        begins, ends = (turn.local(year) for turn in self.turns)
        begins, ends = begins - self.winter, ends - self.summer
        # South of the equator summer goes over the end of the year.
        summer = begins <= utc < ends if begins < ends else not ends <= utc < begins
        return self.summer if summer else self.winter


def zone_of(text: str, where: str) -> Zone:
    """
    The zone of a name (``UTC``, ``Europe/Paris``), or of a rule as POSIX writes it.

    Raises:
        Rejected: ``E_CONFIG``, also for ``UTC+2``: POSIX means two hours west of Greenwich, people east.
    """
    rule = _RULE.fullmatch(NAMED.get(text, text)) if not _TWO_MEANINGS.match(text) else None
    found = _zone(text, rule) if rule else None
    if found is None or max(abs(found.winter), abs(found.summer)) > _FURTHEST:
        raise Rejected("E_CONFIG", f"unknown time zone {shown(text)}", where, _ALLOWED)
    return found


def _zone(name: str, rule: re.Match[str]) -> Zone | None:
    # POSIX counts west of Greenwich as positive.
    winter = -_hours(rule["winter"])
    if rule["begins"] is None:
        return Zone(name, winter, winter)
    summer = -_hours(rule["summer"]) if rule["summer"] else winter + dt.timedelta(hours=1)
    begins, ends = _turn(rule["begins"]), _turn(rule["ends"])
    return Zone(name, winter, summer, (begins, ends)) if begins and ends else None


def _turn(text: str) -> _Turn | None:
    found = _TURN.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    time = _hours(found[4]) if found[4] else dt.timedelta(hours=2)
    return _Turn(int(found[1]), int(found[2]), int(found[3]), time)


def _hours(text: str) -> dt.timedelta:
    hours, _, minutes = text.lstrip("+-").partition(":")
    found = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -found if text.startswith("-") else found
