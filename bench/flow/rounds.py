"""
All rounds on servers that run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.postgres import Postgres

from .course import Course
from .lap import Lap
from .machine import facts
from .report import FLOOR, figures, lines

__all__ = ["run"]


def run(
    course: Course, server: Postgres, orders: int, rounds: int, say: Callable[[str], object]
) -> dict[str, Any]:
    """
    Measure floor, SQLite and PostgreSQL in turn.

    Args:
        orders: Of a lap.
        say: Is told each lap and, at the end, the table.

    Returns:
        ``machine``: what it ran on; ``results``: :func:`~bench.flow.report.figures`.
    """
    about = facts(course.node.management.overview()["rabbitmq_version"], server.version)
    sqlite = course.hub("sqlite", "orderloom.db")
    postgresql = course.hub("postgresql", server.new_schema("bench"), server.pid)
    relay = course.relay(FLOOR, sqlite)
    contestants = (relay, sqlite, postgresql)
    laps: dict[str, list[Lap]] = {one.name: [] for one in contestants}
    for number in range(rounds):
        # The other way round every other time: what grows hot or full meets each of them.
        for one in contestants if number % 2 == 0 else reversed(contestants):
            lap = course.lap(one, orders)
            laps[one.name].append(lap)
            say(f"  round {number + 1} of {rounds}  {one.name:<12}{lap.rate:8.1f} orders/s")
    found = figures(laps)
    for line in ("", *lines(about, course.script(course.folder / f"{FLOOR}.pickle"), found)):
        say(line)
    return {"machine": about, "results": found}
