"""
One injected clock: what decides is told the time, and the machine is asked at the rim alone.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("adapters", "broker", "canonical", "orderloom", "routes")

# Where the time comes in: processes, commands, and the pool that may read a date in a header.
RIM = {
    "orderloom/calls.py",
    "orderloom/cli/adapter_try.py",
    "orderloom/cli/context.py",
    "orderloom/clock.py",
    "orderloom/simulators/neighbourhood.py",
    "orderloom/worker.py",
}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}


def asks_the_machine(path: Path) -> bool:
    """Whether a file calls a clock that tells the date; how long something takes is another question."""
    calls = (
        one for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(one, ast.Call)
    )
    named = (one.func for one in calls if isinstance(one.func, ast.Attribute))
    return any((ast.unparse(one.value).rpartition(".")[2], one.attr) in CLOCKS for one in named)


def test_the_machine_s_clock_is_read_at_the_rim_only():
    """Everything else can be run at any time, and as often as a test likes."""
    files = [path for name in SHIPPED for path in (ROOT / name).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if asks_the_machine(path)}

    assert set() == found - RIM
