"""
The pins: uv.lock is where they are decided, requirements.lock is what every machine installs from.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("uv.lock", "requirements.lock")


def locked() -> dict[str, dict]:
    """Packages of uv.lock that come from an index, by name."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    return {one["name"]: one for one in packages if "registry" in one["source"]}


def exported() -> dict[str, tuple[Requirement, frozenset[str]]]:
    """Requirement and hashes of each entry of requirements.lock, by name."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    parsed = [
        (Requirement(entry.partition(" --hash")[0]), re.findall(r"--hash=(\S+)", entry)) for entry in entries
    ]
    return {canonicalize_name(wanted.name): (wanted, frozenset(hashes)) for wanted, hashes in parsed}


def test_both_locks_pin_the_same_versions():
    """pip and uv install the same environment."""
    assert {name: f"=={one['version']}" for name, one in locked().items()} == {
        name: str(wanted.specifier) for name, (wanted, _) in exported().items()
    }


def test_both_locks_carry_the_same_hashes():
    """A file that was not there when the pins were made is refused by both."""
    files = {
        name: frozenset(file["hash"] for file in [*one["wheels"], one.get("sdist")] if file)
        for name, one in locked().items()
    }

    assert all(files.values())
    assert files == {name: hashes for name, (_, hashes) in exported().items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock):
    """Any mirror serves: what is pinned are the bytes, not the place."""
    assert ":" + "//" not in (ROOT / lock).read_text()


def test_what_is_installed_is_what_is_pinned():
    """The environment that runs these tests is the locked one."""
    applying = [one for one, _ in exported().values() if not one.marker or one.marker.evaluate()]

    assert applying
    assert [] == [str(one) for one in applying if not one.specifier.contains(version(one.name))]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_pin_can_be_installed_without_a_compiler(machine):
    """On Linux with glibc and CPython 3.11: a wheel is there for each."""
    fitting = re.compile(rf"-(py2\.)?py3-none-any|-(cp311-cp311|py3-none|cp3\d+-abi3)-manylinux\S*_{machine}")

    assert [] == [
        name
        for name, one in locked().items()
        if not any(fitting.search(file["path"]) for file in one["wheels"])
    ]


def test_every_direct_dependency_has_its_reason_written_down():
    """A dependency nobody can explain is one nobody can remove."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    direct = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["kit"],
        *project["dependency-groups"]["dev"],
    ]
    reasons = (ROOT / "docs/decisions/dependencies.md").read_text()
    explained = set(re.findall(r"^### (.+)$", reasons, re.MULTILINE))

    assert {Requirement(one).name for one in direct} | {"uv"} == {
        name.strip() for heading in explained for name in heading.split(",")
    }
