"""
What SQLite's errors mean to the hub: busy, unknown, or broken, and what mends it.

Result codes: https://www.sqlite.org/rescode.html.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .port import CommitUnknown, StoreBusy, StoreError

__all__ = ["commit_fault", "fault"]

# The primary code is the low byte of an extended one.
_PRIMARY = 0xFF

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_RESTORE = "stop the hub and restore the newest backup over it (docs/decisions/store.md)"

# SQLite says any of three codes, depending on which of the files it was about to make.
_NOT_WRITABLE = "it cannot be written: own the file and its folder, on a disk that is mounted writable"

_MENDING = {
    sqlite3.SQLITE_FULL: "the disk is full: free space, or move the store to a larger disk",
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_IOERR: "the disk reports errors or is full: check it before anything else",
    sqlite3.SQLITE_CORRUPT: f"the file is damaged: {_RESTORE}",
    sqlite3.SQLITE_NOTADB: f"this is not a database of ours: name another file, or {_RESTORE}",
    sqlite3.SQLITE_CONSTRAINT: "what was to be written contradicts what is there; nothing was written",
}


def fault(path: Path, error: sqlite3.Error) -> StoreError:
    """What to raise for an error before the commit: nothing was written."""
    code = _primary(error)
    if code in _BUSY:
        return StoreBusy(f"{path}: another process is writing; try again")
    mending = _MENDING.get(code)
    return StoreError(f"{path}: {mending} ({error})" if mending else f"{path}: {error}")


def commit_fault(path: Path, error: sqlite3.Error) -> StoreError:
    """
    What to raise for an error of the commit itself.

    Only "busy" is a no.  After any other the frames may be in the log already: an EIO that was injected
    into the commit's fdatasync was reported, and the row was there after a crash.
    """
    if _primary(error) in _BUSY:
        return fault(path, error)
    mending = _MENDING.get(_primary(error), "look the keys up before doing anything again")
    return CommitUnknown(f"{path}: the commit may or may not be durable; {mending} ({error})")


def _primary(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY
