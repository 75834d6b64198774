"""
The rule files of a folder: routes, catalogue, samples and endpoint profiles, read from disk and nothing else.

Layout, the checkout's own: ``routes/*.toml``, ``routes/catalogue/*.toml``, ``routes/recommendations/*.toml``,
``routes/calendars/*.toml``, ``routes/samples/*.json``, ``endpoints/*.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import routes
from canonical.errors import Fault
from canonical.systems import SystemProfile
from routes.rules import RulesError, RuleSet, read

__all__ = ["default_folder", "load", "read_folder"]

_PATTERNS = (
    "routes/*.toml",
    "routes/catalogue/*.toml",
    "routes/recommendations/*.toml",
    "routes/calendars/*.toml",
    "routes/samples/*.json",
    "endpoints/*.toml",
)

# A rule file is written by hand; a larger one is a mistake, such as a data export in the wrong folder.
_MAX_BYTES = 4 * 1024 * 1024


def default_folder() -> Path:
    """The folder that holds the package ``routes``: the checkout, when that is installed in editable mode."""
    return Path(routes.__file__).resolve().parent.parent


def read_folder(path: Path) -> Mapping[str, str]:
    """
    The text of every rule file below ``path``, by relative name with forward slashes.

    Raises:
        RulesError: No routes there, or files that are too large or not UTF-8; all of them.
    """
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for file in sorted(file for pattern in _PATTERNS for file in path.glob(pattern)):
        name = file.relative_to(path).as_posix()
        try:
            texts[name] = _text(file)
        except ValueError as error:
            faults.append(Fault(code="E_ROUTES", what=str(error), where=name))
    if not any(name.startswith("routes/") for name in texts):
        allowed = "a folder that holds routes/ and endpoints/"
        faults.append(Fault(code="E_ROUTES", what="no routes here", where=str(path), allowed=allowed))
    if faults:
        raise RulesError(faults)
    return texts


def load(path: Path, profiles: Mapping[str, SystemProfile]) -> RuleSet:
    """
    The rule set of the files below ``path``.

    Raises:
        RulesError: With every fault.
    """
    return read(read_folder(path), profiles)


def _text(file: Path) -> str:
    body = file.read_bytes()
    if len(body) > _MAX_BYTES:
        raise ValueError(f"{len(body)} bytes, at most {_MAX_BYTES}")
    try:
        # Line ends are no content: a checkout on Windows has the same version of the rules.
        return body.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8: byte {error.start}") from None
