"""
Files of passwords, ``NAME PASSWORD`` a line: written for their owner only, read for definitions.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .context import complain, sentence

if TYPE_CHECKING:
    from broker.access import UserSpec

__all__ = ["append_private", "paired", "write_private"]

# Only the owner: hashes can be guessed at, passwords need not be.
_MODE = 0o600


def paired(file: Path, users: Iterable[UserSpec]) -> tuple[tuple[UserSpec, str], ...]:
    """The users whose passwords the file has, each with its own; ends the command when the file is wrong."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        complain(sentence("E_CONFIG", f"cannot be read: {error}", str(file)))
    known = {user.name: user for user in users}
    found: list[tuple[UserSpec, str]] = []
    for number, line in enumerate(lines, 1):
        name, _, password = line.partition(" ")
        if name not in known or not password:
            what = f"no user {name!r} with a password"
            complain(
                sentence(
                    "E_CONFIG", what, f"{file}, line {number}", f"`NAME PASSWORD`, of {', '.join(known)}"
                )
            )
        found.append((known[name], password))
    return tuple(found)


def write_private(file: Path, text: str) -> None:
    """Replace the file's text; only its owner may read it."""
    _write(file, text, os.O_TRUNC)


def append_private(file: Path, text: str) -> None:
    """Add to the file; only its owner may read it."""
    _write(file, text, os.O_APPEND)


def _write(file: Path, text: str, how: int) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | how, _MODE)
    except OSError as error:
        complain(sentence("E_CONFIG", f"cannot be written: {error.strerror}", str(file)))
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), _MODE)
        out.write(text)
