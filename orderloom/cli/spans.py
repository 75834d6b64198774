"""
Spans of time as people type them: ``30m``, ``2h``, ``7d``.
"""

from __future__ import annotations

import re
from datetime import timedelta

import click

__all__ = ["SPAN"]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORM = re.compile(r"([0-9]{1,4})([smhdw])", re.ASCII)


class _Span(click.ParamType[timedelta]):
    name = "span"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """As :meth:`click.ParamType.convert`."""
        if isinstance(value, timedelta):
            return value
        found = _FORM.fullmatch(value)
        if found is None:
            self.fail(f"{value!r} is no span of time (a number and one of s, m, h, d, w: 2h, 7d)", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


SPAN = _Span()
"""A click type: ``timedelta``."""
