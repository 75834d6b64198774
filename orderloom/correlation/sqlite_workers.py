"""
Workers on SQLite: one at a time, its lease, and the unsent rows it takes over.

The right to be the worker is a lock on ``<database>.worker``.  The operating system takes it back when the
process dies, however it dies, so that the next worker starts at once and finds every unsent row.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from .port import Adopted, StoreError, UnsentSummary
from .rows import Row
from .rows_port import NATIVE, OUTBOX
from .sqlite_sql import INSTANTS, PORT, key_list, select

__all__ = ["WorkerLock", "adopt", "enter", "leave", "orphaned", "renew", "unsent"]

_ENTER = "insert into worker (id, host, pid, since, lease) values (?, ?, ?, ?, ?)"
# A call ends with its process: there is nothing to wait for, whatever its claim says.
_CALLS_ENDED = "update claim set lease = ?1 where lease > ?1"
# Nor does anybody but this process work on a file.
_FILES_FREE = "update intake_file set lease = ?1 where lease > ?1"
# However late: nobody else can have taken anything over while this process holds the lock.
_RENEW = "update worker set lease = ? where id = ?"

# Every owner in the outbox, found by skipping through the index: as many steps as there are owners.
_OWNERS = """
with recursive owners (owner) as (
    select min(owner) from outbox
    union all
    select (select min(outbox.owner) from outbox where outbox.owner > owners.owner)
    from owners where owners.owner is not null
)
select owner from owners where owner is not null and owner <> ?1
and owner not in (select id from worker where lease > ?2)
"""
_ORPHANS = select(OUTBOX, "where owner in (select value from json_each(?)) order by seq limit ?")
_TAKE = "update outbox set owner = ? where seq in (select value from json_each(?))"
_BODIES = select(NATIVE, columns=("hash", "body"))
_UNSENT = """
select o.destination, count(*), sum(length(coalesce(o.body, n.body))), min(o.at)
from outbox o left join native n on n.hash = o.native
group by o.destination order by o.destination
"""


class WorkerLock:
    """The lock that one worker process holds for as long as it lives."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".worker")
        self._file: int | None = None

    def take(self) -> bool:
        """Take the lock; False when another process has it.  To take it twice is to have it."""
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give it back; the file stays, because a lock on a deleted file keeps nobody out."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def enter(db: sqlite3.Connection, worker: str, place: tuple[str, int], now: datetime, lease: float) -> None:
    """
    Make ``worker`` the only one; whatever an earlier one (also of this name) left is nobody's now, and its
    claims have run out.

    Args:
        place: Host and process id, for people.
        lease: Seconds.
    """
    db.execute("delete from worker")
    db.execute("update outbox set owner = '' where owner = ?", (worker,))
    db.execute(_CALLS_ENDED, (INSTANTS.write(now),))
    db.execute(_FILES_FREE, (INSTANTS.write(now),))
    db.execute(_ENTER, (worker, *place, INSTANTS.write(now), _end(now, lease)))


def renew(db: sqlite3.Connection, worker: str, now: datetime, lease: float) -> bool:
    """Move the lease; False when it was given up."""
    return db.execute(_RENEW, (_end(now, lease), worker)).rowcount == 1


def leave(db: sqlite3.Connection, worker: str) -> None:
    """Strike ``worker`` off."""
    db.execute("delete from worker where id = ?", (worker,))
    db.execute("update intake_file set worker = '' where worker = ? and lease is not null", (worker,))


def orphaned(db: sqlite3.Connection, worker: str, now: datetime) -> list[str]:
    """Owners of unsent rows that are nobody, or have no lease any more; never ``worker`` itself."""
    return [row[0] for row in db.execute(_OWNERS, (worker, INSTANTS.write(now)))]


def adopt(db: sqlite3.Connection, worker: str, owners: Sequence[str], limit: int) -> tuple[Adopted, ...]:
    """Take over up to ``limit`` rows of these owners, oldest first, with their bodies."""
    rows = db.execute(_ORPHANS, (key_list(owners), limit)).fetchall()
    db.execute(_TAKE, (worker, key_list([row[0] for row in rows])))
    return _with_bodies(db, rows)


def unsent(db: sqlite3.Connection) -> tuple[UnsentSummary, ...]:
    """What waits, by destination; sizes in bytes."""
    return tuple(
        UnsentSummary(destination, rows, size, INSTANTS.read(oldest))
        for destination, rows, size, oldest in db.execute(_UNSENT)
    )


def _with_bodies(db: sqlite3.Connection, rows: Sequence[Row]) -> tuple[Adopted, ...]:
    found = [PORT.outbox(row) for row in rows]
    hashes = key_list([one.native for one in found if one.native])
    bodies: dict[str, bytes] = dict(db.execute(_BODIES, (hashes,)))
    return tuple(Adopted(one, bodies[one.native] if one.body is None else one.body) for one in found)


def _end(now: datetime, lease: float) -> str:
    written: str = INSTANTS.write(now + timedelta(seconds=lease))
    return written
