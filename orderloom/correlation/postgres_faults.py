"""
What PostgreSQL's errors mean to the hub: busy, unknown, or refused, and what mends it.

SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

import psycopg

from .port import CommitUnknown, StoreBusy, StoreError

__all__ = ["commit_fault", "fault"]

# Serialization failure, deadlock, lock timeout, and a statement that somebody cancelled.
_BUSY = {"40001", "40P01", "55P03", "57014"}

_AGAIN = "another worker has it: try again"

# By SQLSTATE, or by its class (the first two characters).
_MENDING = {
    "22021": "a text cannot hold a NUL character; nothing was written",
    "22": "a value that PostgreSQL cannot hold; nothing was written",
    "23": "what was to be written contradicts what is there; nothing was written",
    "25006": "this server is a standby and only reads: name the primary",
    "25P03": "the hub stood still within a transaction, and the server ended it; nothing was written",
    "28": "the server does not let the hub in: check user and password",
    "3D000": "there is no such database: create it, owned by the hub's user",
    "42501": "the hub's user may not do this: let it own the database or the schema",
    "42P01": "this is not a store of ours, or its tables are gone",
    "53100": "the server's disk is full: free space",
    "53300": "the server has no connection left: raise max_connections",
    "53": "the server has run out of something: see its log",
    "57P": "the server is stopping, starting or has ended the connection; try again",
    "XX": "the server reports damage: see its log before anything else, and restore the newest backup",
}


def fault(where: str, error: psycopg.Error) -> StoreError:
    """What to raise for an error before the commit: nothing was written."""
    if error.sqlstate in _BUSY:
        return StoreBusy(f"{where}: {_AGAIN} ({_said(error)})")
    mending = _mending(error)
    return StoreError(f"{where}: {mending} ({_said(error)})" if mending else f"{where}: {_said(error)}")


def commit_fault(where: str, error: psycopg.Error, *, lost: bool) -> StoreError:
    """
    What to raise for an error of the commit itself.

    Args:
        lost: The connection is gone.  The commit may be durable: the server may have ended after it was.
            With a connection that is still there the server has said no.
    """
    if not lost and error.sqlstate:
        return fault(where, error)
    return CommitUnknown(
        f"{where}: the commit may or may not be durable; look the keys up before doing anything again "
        f"({_said(error)})"
    )


def _mending(error: psycopg.Error) -> str:
    state = error.sqlstate or ""
    return next((_MENDING[part] for part in (state, state[:3], state[:2]) if part in _MENDING), "")


def _said(error: psycopg.Error) -> str:
    """The server's own sentence, on one line; its details may quote what people have ordered."""
    told = error.diag.message_primary or str(error)
    return " ".join(told.split()) or type(error).__name__
