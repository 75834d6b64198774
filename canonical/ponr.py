"""
Points of no return as routes declare them: a milestone of the part's system, or a time before an instant.

``shipped``; ``completed`` (its system has done the work); ``24h before appointment`` (or ``30m``, ``2d``):
before ``requestedCompletionDate``, or an instant that a characteristic of the item says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import Rejected, shown

__all__ = ["COMPLETED", "Ponr", "parse_ponr", "seconds_of"]

COMPLETED = "completed"
"""The milestone that every part has: its line is completed."""

_UNITS = {"m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_BEFORE = re.compile(r"(\S+) before ([A-Za-z][A-Za-z0-9._-]{0,63})", re.ASCII)
_MILESTONE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}", re.ASCII)
_ALLOWED = "a milestone, or a time before one, as in 24h before appointment"


@dataclass(frozen=True, slots=True)
class Ponr:
    """
    One point of no return.

    Args:
        name: The milestone, or the instant that ``seconds`` are counted back from.
        seconds: None for a milestone.
    """

    name: str
    seconds: int | None = None

    def passed(
        self, reached: Collection[str], instant: Callable[[str], datetime | None], now: datetime
    ) -> bool:
        """
        Whether it lies behind.

        Args:
            reached: Milestones that the line has reached.
            instant: The instant with a name, None when nobody has said it: then it does not lie behind.
        """
        if self.seconds is None:
            return self.name in reached
        when = self.at(instant)
        return when is not None and now >= when

    def at(self, instant: Callable[[str], datetime | None]) -> datetime | None:
        """The instant from which on it lies behind; None for a milestone, or when nobody has said it."""
        when = None if self.seconds is None else instant(self.name)
        return None if when is None else when - timedelta(seconds=self.seconds or 0)


def seconds_of(text: str) -> int:
    """
    The seconds of a duration such as ``30m``, ``48h``, ``2d``.

    Raises:
        Rejected: ``E_VALUE``.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Rejected("E_VALUE", f"{shown(text)} is no duration", "", "a number and m, h or d, as in 48h")
    return int(found[1]) * _UNITS[found[2]]


def parse_ponr(text: str) -> Ponr:
    """
    The point of no return that ``text`` says.

    Raises:
        Rejected: ``E_VALUE``.
    """
    if before := _BEFORE.fullmatch(text):
        return Ponr(before[2], seconds_of(before[1]))
    if _MILESTONE.fullmatch(text) is None:
        raise Rejected("E_VALUE", f"{shown(text)} is no point of no return", "", _ALLOWED)
    return Ponr(text)
