"""
A suite's adapter at work in a second process: under another locale, time zone and hash seed, and watched.

Whether output depends on these cannot be seen from within one process; and what an adapter does to the world
through somebody else's library is not in its source.  Python tells it as audit events (PEP 578), to a hook
that cannot be taken away again, therefore in a process that ends.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

__all__ = ["Elsewhere", "print_fingerprint", "seen_elsewhere"]

# A Turkish locale has its own upper case of i; Kiritimati is a day ahead of much of the world.
_ELSEWHERE = {
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Pacific/Kiritimati",
    "PYTHONHASHSEED": "4242",
    "PYTHONUTF8": "0",
}
_CHILD = "import sys; from adapters.kit.elsewhere import print_fingerprint; print_fingerprint(*sys.argv[1:])"

# Of Python's audit events those that touch the world: files, network, programs, other people's time.
_ACTS = (
    "builtins.input", "ctypes.", "fcntl.", "ftplib.", "glob.", "http.", "imaplib.", "mmap.", "open", "os.",
    "pathlib.", "pty.", "shutil.", "signal.", "smtplib.", "socket.", "sqlite3.", "subprocess.", "syslog.",
    "tempfile.", "time.sleep", "urllib.", "webbrowser.",
)  # fmt: skip
# Of a thread that is started Python tells nothing: what starts one is replaced by what notes it.
_STARTERS = ("start_new_thread", "start_joinable_thread", "_start_new_thread", "_start_joinable_thread")
# Some hundred acts are as good as all.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """
    What was seen of a suite in the second process.

    Args:
        fingerprint: One hash of all that the adapter made of its samples; empty when it did not get there.
        acts: What it did to the world meanwhile.
        errors: What the process complained of.
    """

    fingerprint: str
    acts: tuple[str, ...]
    errors: str


@functools.cache
def seen_elsewhere(path: str, name: str) -> Elsewhere:
    """What the second process sees of the suite ``name`` in the test file ``path``; it is run once."""
    environment = os.environ | _ELSEWHERE | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    there = subprocess.run(  # noqa: S603 - our own interpreter, our own arguments
        [sys.executable, "-c", _CHILD, path, name],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if there.returncode:
        return Elsewhere(fingerprint="", acts=(), errors=there.stderr)
    fingerprint, acts = json.loads(there.stdout)
    return Elsewhere(fingerprint=fingerprint, acts=tuple(acts), errors=there.stderr)


def print_fingerprint(path: str, name: str) -> None:
    """Write, as JSON, the suite's fingerprint and the acts seen meanwhile; run in the second process."""
    spec = importlib.util.spec_from_file_location("conforming", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    acts: list[str] = []
    with redirect_stdout(sys.stderr):  # whatever an adapter prints is not what we say
        spec.loader.exec_module(module)
        suite = attrgetter(name)(module)()
        fingerprint = _watched(suite.fingerprint, acts)
    sys.stdout.write(json.dumps([fingerprint, acts]))


def _watched(call: Callable[[], str], acts: list[str]) -> str:
    """The result of ``call``; what it does to the world goes to ``acts``, but for imports."""
    watching = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event.startswith(_ACTS) and len(acts) < _MOST and not _importing():
            acts.append(" ".join((event, *(repr(one)[:60] for one in arguments[:1]))))

    sys.addaudithook(hook)
    _note_threads(acts)
    try:
        return call()
    finally:
        watching = False


def _note_threads(acts: list[str]) -> None:
    for module in filter(None, map(sys.modules.get, ("_thread", "threading"))):
        for name in _STARTERS:
            if start := getattr(module, name, None):
                setattr(module, name, _noted(start, acts))


def _noted(start: Callable[..., Any], acts: list[str]) -> Callable[..., Any]:
    def note(*arguments: Any, **named: Any) -> Any:
        acts.append("starts a thread")
        return start(*arguments, **named)

    return note


def _importing() -> bool:
    """Whether the import system is at work: a module or code page that is loaded late is no act."""
    frame = sys._getframe()  # noqa: SLF001 - the only way to know for whom a file is opened
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
    return False
