"""
What is wrong with calendars, and with the parts that count working days by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from canonical.calendars import parse_due
from canonical.errors import Fault, shown
from canonical.systems import SystemProfile

from .documents import Kind
from .draft import Draft, Placed
from .model import CalendarRule, PartRule, Route

__all__ = ["lint_calendars", "without_due"]


def lint_calendars(draft: Draft, profiles: Mapping[str, SystemProfile]) -> Iterator[Fault]:
    """Every fault in the calendars, and in what refers to them, that a schema cannot see."""
    yield from draft.unsound
    names: dict[str, Placed[CalendarRule]] = {}
    systems: dict[str, str] = {}
    for placed in draft.calendars:
        name = placed.value.calendar.name
        first = names.setdefault(name, placed)
        if first is not placed:
            where = f"first at {first.fault((), '').where}"
            yield placed.fault(("name",), f"calendar {shown(name)} stands twice", where)
        for place, system in enumerate(placed.value.systems):
            path = ("systems", place)
            if system not in profiles:
                yield placed.fault(path, f"unknown system {shown(system)}", _one_of(profiles))
            if systems.setdefault(system, name) != name:
                what = f"{system} works by calendar {shown(systems[system])} already"
                yield placed.fault(path, what, "one calendar for a system")
    if Kind.CALENDARS not in draft.broken:
        for route in draft.routes:
            yield from _parts(route, names, systems)


def without_due(draft: Draft) -> Iterator[Fault]:
    """One warning for each part that says no ``due`` where others do: its orders have no forecast then."""
    parts = [(placed, place, part) for placed in draft.routes for place, part in _numbered(placed)]
    if any(part.due for _, _, part in parts):
        for placed, place, part in parts:
            if not part.due:
                what = f"nobody says how long {part.name} takes: until it is done its orders have no forecast"
                yield placed.fault(("part", place), what, "due, as in 24h or 2 working days")


def _numbered(placed: Placed[Route]) -> Iterator[tuple[int, PartRule]]:
    return enumerate(placed.value.parts)


def _parts(placed: Placed[Route], names: Mapping[str, object], systems: Mapping[str, str]) -> Iterator[Fault]:
    for place, part in _numbered(placed):
        counts = bool(part.due) and parse_due(part.due).working_days > 0
        if part.calendar and part.calendar not in names:
            what = f"unknown calendar {shown(part.calendar)}"
            yield placed.fault(("part", place, "calendar"), what, _one_of(names))
        elif part.calendar and not counts:
            what = "nothing is counted by it"
            yield placed.fault(("part", place, "calendar"), what, "only with working days in due")
        elif counts and not part.calendar and part.system not in systems:
            what = f"nobody says which days are working days of {part.system}"
            allowed = "a calendar that names the system, or is named by the part"
            yield placed.fault(("part", place, "due"), what, allowed)


def _one_of(names: Mapping[str, object]) -> str:
    return f"one of {', '.join(sorted(names))}" if names else "there are none"
