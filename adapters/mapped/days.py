"""
Days and instants as a mapping declares them, read and written.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache

from adapters.formats.values import FIRST_YEAR, LAST_YEAR, instant
from canonical.errors import Rejected, shown
from canonical.zones import Zone

__all__ = ["ISO", "Zones", "check_form", "read_day", "write_day"]

ISO = "iso"

Zones = Mapping[str, Zone]
"""Time zones, by what the mapping calls them."""

_TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MM": r"(?P<month>[0-9]{2})",
    "DDD": r"(?P<of_year>[0-9]{3})",
    "DD": r"(?P<day>[0-9]{2})",
    "hh": r"(?P<hour>[0-9]{2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})",
}
_TOKEN = re.compile("YYYY|MM|DDD|DD|hh|mm|ss")
_WRITTEN = {
    "YYYY": "{0:%Y}", "MM": "{0:%m}", "DDD": "{0:%j}", "DD": "{0:%d}", "hh": "{0:%H}", "mm": "{0:%M}",
    "ss": "{0:%S}",
}  # fmt: skip


def check_form(form: str) -> str:
    """What is wrong with a form; empty when nothing is."""
    if form == ISO:
        return ""
    tokens = _TOKEN.findall(form)
    if re.search(r"[A-Za-z0-9]", _TOKEN.sub("", form).replace("T", "").replace("Z", "")):
        return f"{shown(form)} has letters that mean nothing"
    whole = {"YYYY", "MM", "DD"} <= set(tokens) or {"YYYY", "DDD"} <= set(tokens)
    if not whole or len(set(tokens)) < len(tokens) or {"DD", "DDD"} <= set(tokens):
        return f"{shown(form)} says no day"
    return ""


def read_day(text: str, form: str, zone: Zone, time: str, where: str) -> dt.datetime:
    """
    The instant, UTC, of a text.

    Args:
        zone: Of what is written, unless the form says it.
        time: ``hh:mm`` of a day without time.

    Raises:
        Rejected: ``E_DATE``: not of the form, on no calendar, or in an hour that the zone's clocks skip.
    """
    if form == ISO:
        return instant(text, where)
    found = _pattern(form).fullmatch(text)
    if found is None:
        raise Rejected("E_DATE", f"{shown(text)} is not a date", where, form)
    said = {name: int(value) for name, value in found.groupdict().items()}
    hour, minute = map(int, time.split(":"))
    year = said["year"]
    try:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError  # as for a day that no calendar has
        if "of_year" in said:
            day = dt.date(year, 1, 1) + dt.timedelta(days=said["of_year"] - 1)
            if day.year != year:
                raise ValueError  # day 366 of a common year, or day 000
        else:
            day = dt.date(year, said["month"], said["day"])
        clock = dt.time(said.get("hour", hour), said.get("minute", minute), said.get("second", 0))
    except ValueError:
        raise Rejected("E_DATE", f"{shown(text)} is not a date", where, form) from None
    found_at = zone.instant(dt.datetime.combine(day, clock))
    if found_at is None:
        what = f"{shown(text)} is skipped by the clocks of {zone.name}"
        raise Rejected("E_DATE", what, where, "an hour there is")
    return found_at


def write_day(at: dt.datetime, form: str, zone: Zone) -> str:
    """An instant in a form and a zone."""
    if form == ISO:
        return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    local = zone.shown(at)
    return _TOKEN.sub(lambda found: _WRITTEN[found[0]].format(local), form)


@lru_cache(maxsize=64)
def _pattern(form: str) -> re.Pattern[str]:
    pieces = re.split(f"({_TOKEN.pattern})", form)
    return re.compile("".join(_TOKENS.get(piece, re.escape(piece)) for piece in pieces))
