"""
The time of a story: it runs as the machine's does, and leaps forward when the story says that time passes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

__all__ = ["StoryClock"]


class StoryClock:
    """
    One clock for the hub and its neighbours.

    Args:
        start: What it shows when it is made.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._began = monotonic()
        self._leapt = 0.0

    def seconds(self) -> float:
        """Since the start; never goes back."""
        return monotonic() - self._began + self._leapt

    def now(self) -> datetime:
        """The time of day, UTC."""
        return self._start + timedelta(seconds=self.seconds())

    def leap(self, to: datetime) -> None:
        """Show this time; one that has passed changes nothing."""
        self._leapt += max((to - self.now()).total_seconds(), 0.0)

    def at(self, seconds: float) -> datetime:
        """The time of day so many seconds after the start."""
        return self._start + timedelta(seconds=seconds)
