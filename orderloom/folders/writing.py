"""
Write a file so that nobody ever sees half of it, and move one, whatever happens in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NameTaken", "move_once", "sync_folder", "write_once"]

# The other side polls, too: it leaves these alone until they are renamed.
_UNFINISHED = ".tmp"

# The receiver, mostly of the folder's group, reads; only the hub writes.
_MODE = 0o640

_PIECE = 1024 * 1024


class NameTaken(OSError):
    """A file of this name is there, with other content: it is never replaced."""


def write_once(target: Path, pieces: Iterable[bytes]) -> bool:
    """
    Write ``target``; False when there was nothing to write.

    It is complete and on disk when it appears.  A file of this name and content is left as it is, so that it
    can be written again after a crash; the bytes must then be the same.

    Raises:
        NameTaken: There is one with other content.
        OSError: It cannot be written.
    """
    unfinished = target.with_name(target.name + _UNFINISHED)
    size, waiting = 0, bytearray()
    with _new(unfinished) as file:
        for piece in pieces:
            size += len(piece)
            waiting += piece
            if len(waiting) >= _PIECE:
                _all(file, waiting)
                waiting = bytearray()
        _all(file, waiting)
        os.fsync(file)
    if size == 0:
        unfinished.unlink()
        return False
    if target.exists():
        same = _same(unfinished, target)
        unfinished.unlink()
        if not same:
            raise NameTaken(f"{target.name} is there with other content")
        return True
    unfinished.rename(target)
    sync_folder(target.parent)
    return True


def move_once(source: Path, target: Path) -> bool:
    """
    Move a file; nothing happens when it was moved before.  False when it is in neither place.

    Raises:
        OSError: It cannot be moved, or there is no folder to move it to or from.
    """
    try:
        source.rename(target)
    except FileNotFoundError:
        if target.exists():
            return True
        if source.parent.is_dir() and target.parent.is_dir():
            return False
        raise
    sync_folder(target.parent)
    sync_folder(source.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Let names survive a power cut, too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _new(path: Path) -> Iterator[int]:
    """A new file; what a process before left under this name goes, and no link is followed."""
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        yield file
    finally:
        os.close(file)


def _all(file: int, piece: bytearray) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(file, rest) :]


def _same(first: Path, second: Path) -> bool:
    if first.stat().st_size != second.stat().st_size:
        return False
    with first.open("rb") as one, second.open("rb") as other:
        while piece := one.read(_PIECE):
            if piece != other.read(_PIECE):
                return False
    return True
