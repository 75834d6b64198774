#!/usr/bin/env python3
"""
Renew the pins: uv.lock, and requirements.lock which is exported from it.

For maintainers; needs `uv` and `pip` (`make relock`; newer versions with `--upgrade`).  Neither lock may name
a host, so that they hold behind any mirror.  uv writes down where it found each file, therefore it resolves
in a scratch folder against the machine's own index, and each location is rewritten to the form that uv uses
for an index in a local folder: `wheelhouse`, file name, hash.  The folder is filled with what this machine
can run, and uv checks the outcome.

Everybody else installs with pip alone: `pip install --require-hashes -r requirements.lock`.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "uv.lock"
EXPORTED = ROOT / "requirements.lock"
INDEX = "var/wheelhouse"  # as [[tool.uv.index]] in pyproject.toml says

# Settings of one machine that would otherwise decide what everybody gets.
LEAKS = ("PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_CONFIG_FILE")


def main() -> None:
    """Resolve, rewrite, fetch what this machine can run, let uv check, export."""
    environment = {key: value for key, value in os.environ.items() if key not in LEAKS}
    uv = shutil.which("uv") or sys.exit("uv: not found (install it with: pip install uv)")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        resolved = _resolve(uv, scratch, environment)
        LOCK.write_text(_without_hosts(resolved))
        packages = [one for one in tomllib.loads(resolved)["package"] if "registry" in one["source"]]
        _fill_wheelhouse(packages, scratch, environment)
    _run([uv, "lock", "--check"], environment)
    _export(uv, environment)
    print(f"pinned {len(packages)} packages in {LOCK.name} and {EXPORTED.name}")


def _resolve(uv: str, scratch: Path, environment: dict[str, str]) -> str:
    """The lock that uv writes against the machine's own index; versions stay unless --upgrade was said."""
    head, _, tail = (ROOT / "pyproject.toml").read_text().partition("[[tool.uv.index]]")
    (scratch / "pyproject.toml").write_text(head + tail[tail.index("\n[") :])
    if LOCK.exists() and "--upgrade" not in sys.argv:
        locked = tomllib.loads(LOCK.read_text())["package"]
        pins = [f'"{one["name"]}=={one["version"]}"' for one in locked if "registry" in one["source"]]
        with (scratch / "pyproject.toml").open("a") as file:
            file.write(f"\n[tool.uv]\nconstraint-dependencies = [{', '.join(pins)}]\n")
    _run([uv, "lock", "--quiet"], environment, cwd=scratch)
    return (scratch / "uv.lock").read_text()


def _without_hosts(lock: str) -> str:
    """The same lock with every location as uv writes it for an index in a local folder."""
    lock = re.sub(r"\n\[manifest\]\n.*?\n(?=\n\[\[package\]\])", "", lock, flags=re.DOTALL)
    lock = re.sub(r'\{ registry = "[^"]*" \}', f'{{ registry = "{INDEX}" }}', lock)
    lock = re.sub(r", size = \d+", "", lock)
    lock = re.sub(r', upload-time = "[^"]*"', "", lock)
    return re.sub(r'url = "[^"]*/([^"/]+)"', lambda match: f'path = "{_folder(match[1])}/{match[1]}"', lock)


def _folder(file: str) -> str:
    """The index folder of a wheel or sdist: its project's normalised name."""
    name = file.split("-", maxsplit=1)[0] if file.endswith(".whl") else file.rpartition("-")[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def _fill_wheelhouse(packages: list[dict[str, Any]], scratch: Path, environment: dict[str, str]) -> None:
    """Lay out what this machine can run as an index, fetched by hash."""
    wanted = [
        f"{one['name']}=={one['version']} " + " ".join(f"--hash={file['hash']}" for file in one["wheels"])
        for one in packages
    ]
    (scratch / "wanted.txt").write_text("\n".join(wanted) + "\n")
    shutil.rmtree(ROOT / INDEX, ignore_errors=True)
    options = "--quiet --no-deps --require-hashes --only-binary :all: --dest files --requirement wanted.txt"
    _run([sys.executable, "-m", "pip", "download", *options.split()], environment, cwd=scratch)
    hashes = {file["url"].rpartition("/")[2]: file["hash"] for one in packages for file in one["wheels"]}
    for file in sorted((scratch / "files").iterdir()):
        home = ROOT / INDEX / _folder(file.name)
        home.mkdir(parents=True)
        name, digest = html.escape(file.name), hashes[file.name].replace(":", "=")
        page = f'<!DOCTYPE html><html><body><a href="{name}#{digest}">{name}</a></body></html>\n'
        (home / "index.html").write_text(page)
        shutil.move(file, home)


def _export(uv: str, environment: dict[str, str]) -> None:
    """Write requirements.lock: the same pins with every hash, as pip reads them."""
    options = "--quiet --frozen --all-extras --all-groups --no-emit-project --no-header --no-annotate"
    _run([uv, "export", *options.split(), "--output-file", EXPORTED.name], environment)
    EXPORTED.write_text(
        "# Exported from uv.lock by deploy/setup/relock.py; do not edit.\n"
        "# Install with: pip install --require-hashes -r requirements.lock\n" + EXPORTED.read_text()
    )


def _run(command: list[str], environment: dict[str, str], cwd: Path = ROOT) -> None:
    if subprocess.run(command, env=environment, cwd=cwd, check=False).returncode:
        sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
