"""
What processes have used, and what they ran on; from /proc, so Linux only.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["cpu_seconds", "descendants", "facts"]

_TICK = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the command (proc(5)): utime, stime, and those of children waited for.
_TIMES = slice(11, 15)
_PARENT = 1


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds that these processes have used, with children that they have waited for."""
    return sum(sum(map(int, _stat(pid)[_TIMES])) for pid in pids) / _TICK


def descendants(pid: int) -> tuple[int, ...]:
    """A process and all below it."""
    parents = {int(one.name): _parent(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdigit()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return tuple(found)


def _parent(pid: int) -> int:
    return int(_stat(pid)[_PARENT])


def _stat(pid: int) -> list[str]:
    """Empty figures for a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ["0"] * 20
    return text.rpartition(")")[2].split()


def facts(rabbitmq: str, postgresql: str) -> dict[str, Any]:
    """What somebody else needs to know to compare."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(": ")[2] for line in info if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": ", ".join(sorted(models)) or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "rabbitmq": rabbitmq,
        "postgresql": postgresql,
        "pika": version("pika"),
        "load_average_at_start": round(os.getloadavg()[0], 2),
    }
