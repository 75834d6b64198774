"""
Write canonical/zone_names.py: ``make zones``, from this machine's time zone database.

A zone's file ends with the POSIX rule that holds from its last listed change on (RFC 8536, 3.3).  Zones whose
clocks follow no such rule (summer time that goes by the moon) are left out.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
import zoneinfo
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from canonical.errors import Rejected
from canonical.zones import zone_of

PAGE = Path(__file__).resolve().parents[2] / "canonical" / "zone_names.py"

# Names of cities and islands; the others are abbreviations, or older ways to say the same.
_REGIONS = frozenset(
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()  # noqa: SIM905
)
# Looked at every six hours, so many years from now on: as far as the database itself looks.
_YEARS = 10
_STEP = dt.timedelta(hours=6)

_HEAD = '''\
"""
Time zones that have a name, by the rule that their clocks follow: made by ``make zones`` from tz database
{version}; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["NAMED"]

_RULES = {{
    "UTC0": "UTC",
'''
_TAIL = '''\
}

NAMED: Mapping[str, str] = MappingProxyType(
    {name: rule for rule, names in _RULES.items() for name in names.split()}
)
"""The rule of each, as POSIX writes it."""
'''


def module() -> str:
    """The text of the module."""
    found = sorted(_rules())
    lines = [_HEAD.format(version=_version())]
    for rule, group in groupby(found, key=lambda one: one[0]):
        names = textwrap.wrap(" ".join(name for _, name in group), 96, break_on_hyphens=False)
        if len(names) == 1 and len(rule) + len(names[0]) < 96:
            lines.append(f'    "{rule}": "{names[0]}",\n')
        else:
            lines.append(f'    "{rule}": """\n' + "".join(f"        {one}\n" for one in names) + '    """,\n')
    return "".join(lines) + _TAIL


def _rules() -> Iterator[tuple[str, str]]:
    for name in sorted(zoneinfo.available_timezones()):
        if "/" not in name or name.partition("/")[0] not in _REGIONS:
            continue
        rule = _file(name).read_bytes().rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")
        if _holds(rule, zoneinfo.ZoneInfo(name)):
            yield rule, name


def _holds(rule: str, theirs: zoneinfo.ZoneInfo) -> bool:
    try:
        ours = zone_of(rule, "rule")
    except Rejected:
        return False
    at = dt.datetime.now(dt.UTC)
    until = at.replace(year=at.year + _YEARS, day=1)
    while at < until:
        if ours.shown(at).utcoffset() != at.astimezone(theirs).utcoffset():
            return False
        at += _STEP
    return True


def _file(name: str) -> Path:
    return next(file for file in (Path(path) / name for path in zoneinfo.TZPATH) if file.is_file())


def _version() -> str:
    found = re.search(r"version (\S+)", _file("tzdata.zi").read_text(encoding="ascii")[:200])
    return found[1] if found else "of unknown version"


if __name__ == "__main__":
    PAGE.write_text(module(), encoding="utf-8")
