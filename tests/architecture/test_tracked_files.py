"""
What is tracked reads the same on every machine, and no shipped file grows past what a person holds in mind.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("adapters", "broker", "canonical", "orderloom", "routes")
PURE = ("adapters", "canonical", "routes", "orderloom/correlation/fold.py")
MOST_LINES = 500

# Written in two pieces, or this file would be its own finding.
REGISTRIES = tuple(
    "".join(pieces)
    for pieces in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("crates", ".io"),
        ("proxy.golang", ".org"),
        ("maven", ".org"),
        ("maven.apache", ".org"),
        ("deb.debian", ".org"),
        ("security.debian", ".org"),
        ("archive.ubuntu", ".com"),
        ("docker", ".io"),
        ("ghcr", ".io"),
        ("quay", ".io"),
    )
)
FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"))
MACHINE_PATHS = re.compile(rf"(?<![\w.])/(?:{FOLDERS})/[\w.-]+")

# Calls that read a clock, draw a number, or touch the outside: what import rules cannot see.
IMPURE_CALLS = frozenset(
    {
        "datetime.now",
        "datetime.today",
        "datetime.utcnow",
        "date.today",
        "datetime.datetime.now",
        "datetime.date.today",
        "input",
        "open",
        "print",
        "uuid.uuid1",
        "uuid.uuid4",
        "uuid1",
        "uuid4",
        "os.environ.get",
        "os.getenv",
        "os.urandom",
    }
)


@cache
def tracked() -> tuple[str, ...]:
    """Every tracked file, relative to the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    names = listed.stdout.decode().split("\0")
    return tuple(sorted(name for name in names if name and (ROOT / name).is_file()))


def python_files(*places: str) -> list[str]:
    """Tracked Python files in (or equal to) one of the places."""
    files = [name for name in tracked() if name.endswith(".py")]
    return [name for name in files if any(Path(name).is_relative_to(place) for place in places)]


def dotted(node: ast.expr) -> str:
    """The dotted name of a call's target, or '' when it has none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def test_no_shipped_module_is_longer_than_a_person_can_hold_in_mind():
    """Beyond 500 lines a module has two subjects."""
    lengths = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in python_files(*SHIPPED)}

    assert lengths
    assert {} == {name: lines for name, lines in lengths.items() if lines > MOST_LINES}


def test_no_tracked_file_names_a_registry():
    """A mirror serves as well: where packages come from is each machine's own setting."""
    findings = [
        (name, host)
        for name in tracked()
        for host in REGISTRIES
        if host.encode() in (ROOT / name).read_bytes().lower()
    ]

    assert [] == findings


def test_no_tracked_file_holds_a_path_of_somebodys_machine():
    """A path under a home or work folder works for one person only."""
    findings = [
        (name, found.group())
        for name in tracked()
        for found in MACHINE_PATHS.finditer((ROOT / name).read_bytes().decode("utf-8", "replace"))
    ]

    assert [] == findings


@pytest.mark.parametrize("folder", PURE)
def test_pure_code_reads_no_clock_draws_no_number_and_touches_nothing(folder):
    """Time, randomness and files are handed in: the same input gives the same answer, for ever."""
    files = python_files(folder)
    findings = [
        f"{name}:{node.lineno} {dotted(node.func)}"
        for name in files
        for node in ast.walk(ast.parse((ROOT / name).read_bytes()))
        if isinstance(node, ast.Call) and dotted(node.func) in IMPURE_CALLS
    ]

    assert files
    assert [] == findings


def test_sleeping_is_no_way_to_wait_in_a_test():
    """A test waits for a condition with a limit: a fixed sleep is too long here and too short there."""
    findings = [
        f"{name}:{node.lineno}"
        for name in python_files("tests")
        for node in ast.walk(ast.parse((ROOT / name).read_bytes()))
        if isinstance(node, ast.Call) and dotted(node.func) in {"time.sleep", "sleep"}
    ]

    assert [] == findings


def catches_all(kind: ast.expr | None) -> bool:
    """Whether ``except kind`` does, alone or with others."""
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or dotted(one) in {"Exception", "BaseException"} for one in kinds)


def test_one_place_in_each_process_that_runs_adapters_catches_everything():
    """Adapters are anybody's code; a bare `except Exception` elsewhere would turn a defect into silence."""
    catching = [
        name
        for name in python_files(*SHIPPED)
        for node in ast.walk(ast.parse((ROOT / name).read_bytes()))
        if isinstance(node, ast.ExceptHandler) and catches_all(node.type)
    ]

    ours = [
        "orderloom/adapter_forwarder.py",
        "orderloom/adapters_found.py",
        "orderloom/engine/engine.py",
        "orderloom/periodic.py",
    ]

    assert ours == sorted(catching)
