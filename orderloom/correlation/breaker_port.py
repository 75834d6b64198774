"""
Circuit breakers in the store: systems whose calls fail, and what waits for them.

A row is there from the first call that fails until the next one that does not; so a hub whose systems are
all well has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

__all__ = ["Breaker", "BreakerChanges", "BreakerReads", "BreakerTransaction"]


@dataclass(frozen=True, slots=True)
class Breaker:
    """
    A system whose calls fail.

    Args:
        failures: So many calls have failed, one after another.
        since, at: When the first and the last of them ended.
        code, reason: Why the last one failed.
        opened: When calls were stopped; None while too few have failed for that.
        next_probe: While calls are stopped, when one may be made, to see; it is moved on when that is begun.
        probe: The id of the call that was begun as a probe; empty when it has ended, or none was begun.
    """

    system: str
    failures: int
    since: datetime
    at: datetime
    code: str
    reason: str
    next_probe: datetime
    opened: datetime | None = None
    probe: str = ""


@dataclass(slots=True)
class BreakerChanges:
    """What a transaction writes of breakers: rows by system, and systems that are well again."""

    rows: dict[str, Breaker] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)


class BreakerTransaction(Protocol):
    """The part of a transaction that is about breakers."""

    def breakers(self, systems: Iterable[str]) -> Mapping[str, Breaker]:
        """The breakers of these systems, locked; those that are well have none."""
        ...

    def unreached(self, system: str, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """
        (order id, key) of what a system was to do and has not got, oldest first: lines are in progress since
        ``before`` or longer.  Takes no lock.
        """
        ...


class BreakerReads(Protocol):
    """What people ask about breakers."""

    def breakers(self) -> Sequence[Breaker]:
        """All of them, by system."""
        ...
