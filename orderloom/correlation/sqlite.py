"""
The correlation store on SQLite: one file, one worker process, nothing to install.

Durable: write-ahead log, synced with every commit.  The clock and the command line may write beside the
worker; a second worker is refused (PostgreSQL takes any number).  Backup: :meth:`SqliteStore.backup`;
restore: docs/decisions/store.md.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from canonical.codec import decode, encode

from . import sqlite_age as ages
from . import sqlite_read as read
from . import sqlite_workers as workers
from .aging import Aged, Cursor, Held, Kind
from .breaker_port import Breaker
from .intake_files import FilePiece, IntakeFile
from .port import (
    Adopted,
    JournalEntry,
    NativeRow,
    ParkedRow,
    ParkedState,
    StoreError,
    UnsentSummary,
)
from .record import Alias, Record
from .rows_port import BREAKER, JOURNAL, PARKED
from .sqlite_connection import Connections
from .sqlite_conversation import SqliteConversationReads
from .sqlite_forgetting import SqliteForgetting
from .sqlite_reports import SqliteReports
from .sqlite_sql import INSTANTS, PORT, select
from .sqlite_transaction import SqliteTransaction

__all__ = ["SqliteStore"]

# The engine tries a batch again when the store is busy; it must not stand still for long before that.
_PATIENCE = 0.25

# In `setting`; the prefix keeps it apart from names that callers choose.
_CURRENT_RULES = "store.rules"

_JOURNAL = select(JOURNAL, "where order_id = ? order by id")
_PARKED = select(PARKED, "where state = ? order by at desc, id")
_PARKED_ALL = select(PARKED, "order by at desc, id")
# Behind every text that begins alike.
_LAST = "\U0010ffff"
_SETTINGS = "select name, value from setting where name >= ? and name < ?"
_WORKERS = "select id from worker where lease > ? order by id"
_SET = "insert into setting values (?, ?) on conflict (name) do update set value = excluded.value"
_OPEN = """
select id from orders where state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
and state <> 'draft' order by changed limit ?
"""
_UNANSWERED = """
from instruction i join orders o on o.id = i.order_id
where i.answered_at is null
and o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
"""
_OVERDUE = f"select i.system, count(*), min(i.sent_at) {_UNANSWERED} and i.asked > 0 group by 1 order by 1"
_OLDEST_UNANSWERED = f"select i.order_id, i.key {_UNANSWERED} order by i.sent_at, 1, 2 limit ?"
_UNDER_WAY = f"""
select count(*) {_UNANSWERED} and i.system = ?
and exists (
    select 1 from line l where l.order_id = i.order_id and l.part = i.part and l.state = 'inProgress'
)
and (i.attempt > 1 or (i.order_id, i.sent_at) not in (select order_id, at from outbox where destination = ?))
"""  # noqa: S608 (our own words)
_BREAKERS = select(BREAKER, "order by system")
# The day a broker is lost is rare: no index of its own, every order that ended is looked at.
_TOLD_SINCE = """
select id, changed from orders
where state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
and exists (select 1 from told where told.order_id = orders.id)
union all
select id, changed from orders
where state in ('completed', 'partial', 'failed', 'rejected', 'cancelled') and changed >= ?
and exists (select 1 from told where told.order_id = orders.id)
order by 2, 1 limit ?
"""


class SqliteStore(SqliteConversationReads, SqliteReports, SqliteForgetting):
    """
    Implements :class:`~orderloom.correlation.port.Store`.

    One thread writes (``begin``, workers, rules, settings); reads for people may come from any thread.

    Args:
        path: The database file.
        create: False refuses a file that is not there instead of making one.
        patience: Seconds to wait for another process's transaction before ``StoreBusy``.

    Raises:
        StoreError: The file is damaged, not ours, or on a disk that cannot hold it.
    """

    def __init__(self, path: Path | str, *, create: bool = True, patience: float = _PATIENCE) -> None:
        self.path = Path(path)
        self._connections = Connections(self.path, create=create, patience=patience)
        self._lock = workers.WorkerLock(self.path)

    @contextmanager
    def _transaction(self) -> Iterator[SqliteTransaction]:
        with self._connections.write() as db:
            yield SqliteTransaction(db)

    def begin(self) -> AbstractContextManager[SqliteTransaction]:
        return self._transaction()

    def look(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._connections.read()

    def close(self) -> None:
        self._connections.close()
        self._lock.release()

    def backup(self, path: Path | str) -> None:
        """
        Copy the store, as it is now, to a new file while everybody goes on working.

        Raises:
            StoreError: The file is there already, or cannot be written.
        """
        target = Path(path)
        if target.exists():
            raise StoreError(f"{target}: is there already; a backup never replaces a file")
        partial = target.with_name(target.name + ".partial")
        try:
            partial.unlink(missing_ok=True)
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with self._connections.read() as db:
                _copy(db, partial)
            partial.rename(target)
        except OSError as error:
            raise StoreError(f"{target}: cannot be written: {error.strerror}") from error

    # Workers.

    def register(self, worker: str, host: str, pid: int, now: datetime, lease: float) -> None:
        if not self._lock.take():
            raise StoreError(self._refusal())
        try:
            self._check()
        except StoreError:
            self._lock.release()
            raise
        with self._connections.write() as db:
            workers.enter(db, worker, (host, pid), now, lease)

    def renew(self, worker: str, now: datetime, lease: float) -> bool:
        with self._connections.write() as db:
            return workers.renew(db, worker, now, lease)

    def retire(self, worker: str) -> None:
        with self._connections.write() as db:
            workers.leave(db, worker)
        self._lock.release()

    def adopt(self, worker: str, now: datetime, limit: int) -> Sequence[Adopted]:
        with self._connections.read() as db:
            if not workers.orphaned(db, worker, now):
                return ()
        with self._connections.write() as db:
            return workers.adopt(db, worker, workers.orphaned(db, worker, now), limit)

    def unsent(self) -> Sequence[UnsentSummary]:
        with self._connections.read() as db:
            return workers.unsent(db)

    # Rules and settings.

    def load_rules(self, version: str) -> Mapping[str, str] | None:
        with self._connections.read() as db:
            row = db.execute("select texts from rules where version = ?", (version,)).fetchone()
        return decode(row[0], dict[str, str]) if row else None

    def save_rules(self, version: str, texts: Mapping[str, str], now: datetime) -> None:
        new = (version, encode(dict(sorted(texts.items()))).decode(), INSTANTS.write(now))
        with self._connections.write() as db:
            db.execute("insert into rules values (?, ?, ?) on conflict do nothing", new)
            kept = db.execute("select texts from rules where version = ?", (version,)).fetchone()
            if kept[0] != new[1]:
                raise StoreError(
                    f"{self.path}: rules {version!r} are kept with other texts (a version is final)"
                )
            db.execute(_SET, (_CURRENT_RULES, version))

    def current_rules(self) -> str | None:
        return self.setting(_CURRENT_RULES)

    def setting(self, name: str) -> str | None:
        with self._connections.read() as db:
            row = db.execute("select value from setting where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def save_setting(self, name: str, value: str) -> None:
        with self._connections.write() as db:
            db.execute(_SET, (name, value))

    def settings(self, prefix: str) -> Mapping[str, str]:
        with self._connections.read() as db:
            return dict(db.execute(_SETTINGS, (prefix, prefix + _LAST)))

    def workers(self, now: datetime) -> Sequence[str]:
        with self._connections.read() as db:
            return tuple(row[0] for row in db.execute(_WORKERS, (INSTANTS.write(now),)))

    def under_way(self, system: str, destination: str) -> int:
        with self._connections.read() as db:
            return int(db.execute(_UNDER_WAY, (system, destination)).fetchone()[0])

    # What is let go.

    def held(self, before: datetime) -> Held:
        with self._connections.read() as db:
            return ages.held(db, before)

    def age(
        self, kind: Kind, before: datetime, held: Held, *, after: Cursor | None, limit: int, dry: bool = False
    ) -> Aged:
        if dry:
            with self._connections.read() as db:
                return ages.age(db, kind, before, held, after=after, limit=limit, dry=True)
        with self._connections.write() as db:
            return ages.age(db, kind, before, held, after=after, limit=limit, dry=False)

    def tidy(self, now: datetime) -> int:
        with self._connections.write() as db:
            return ages.tidy(db, now)

    # Reads for people.

    def order(self, order_id: str) -> Record | None:
        with self._connections.read() as db:
            return read.records(db, (order_id,)).get(order_id)

    def find(self, value: str) -> Sequence[tuple[Alias, str]]:
        with self._connections.read() as db:
            return read.found(db, value)

    def journal(self, order_id: str) -> Sequence[JournalEntry]:
        with self._connections.read() as db:
            return tuple(map(PORT.entry, db.execute(_JOURNAL, (order_id,))))

    def oldest_open(self, limit: int) -> Sequence[Record]:
        with self._connections.read() as db:
            ids = [row[0] for row in db.execute(_OPEN, (limit,))]
            records = read.records(db, ids)
        return tuple(records[one] for one in ids)

    def parked(self, state: ParkedState | None = ParkedState.OPEN) -> Sequence[ParkedRow]:
        with self._connections.read() as db:
            rows = db.execute(_PARKED, (state.value,)) if state else db.execute(_PARKED_ALL)
            return tuple(map(PORT.parked, rows))

    def native(self, hash_: str) -> NativeRow | None:
        with self._connections.read() as db:
            return read.natives(db, (hash_,)).get(hash_)

    def overdue(self, now: datetime) -> Mapping[str, tuple[int, datetime]]:
        with self._connections.read() as db:
            return {system: (count, INSTANTS.read(at)) for system, count, at in db.execute(_OVERDUE)}

    def unanswered(self, limit: int) -> Sequence[tuple[str, str]]:
        with self._connections.read() as db:
            return tuple(db.execute(_OLDEST_UNANSWERED, (limit,)))

    def breakers(self) -> Sequence[Breaker]:
        with self._connections.read() as db:
            return tuple(map(PORT.breaker, db.execute(_BREAKERS)))

    def told_since(self, since: datetime, limit: int) -> Sequence[str]:
        with self._connections.read() as db:
            return tuple(row[0] for row in db.execute(_TOLD_SINCE, (INSTANTS.write(since), limit)))

    def counts(self) -> Mapping[str, int]:
        with self._connections.read() as db:
            return dict(db.execute("select state, count(*) from orders group by state order by state"))

    def open_files(self, limit: int) -> Sequence[IntakeFile]:
        with self._connections.read() as db:
            return read.open_files(db, limit)

    def files_by_endpoint(self, each: int) -> Sequence[IntakeFile]:
        with self._connections.read() as db:
            return read.files_by_endpoint(db, each)

    def file(self, file_id: str) -> IntakeFile | None:
        with self._connections.read() as db:
            return read.file(db, file_id)

    def file_pieces(self, file_id: str, after: int, limit: int) -> Sequence[FilePiece]:
        with self._connections.read() as db:
            return read.file_pieces(db, file_id, after, limit)

    def answered_file(self, endpoint: str, hash_: str) -> IntakeFile | None:
        with self._connections.read() as db:
            return read.answered_file(db, endpoint, hash_)

    def _check(self) -> None:
        """A damaged file is found before the first message is taken, not at the first unlucky read."""
        with self._connections.read() as db:
            found = db.execute("pragma quick_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreError(
                f"{self.path}: the file is damaged: stop the hub and restore the newest backup over it "
                f"(docs/decisions/store.md) ({found})"
            )

    def _refusal(self) -> str:
        with self._connections.read() as db:
            other = db.execute("select id, pid, host from worker").fetchone()
        who = "worker {!r} (process {} on {})".format(*other) if other else "another worker"
        return (
            f"{self.path}: {who} has this store, and SQLite serves one worker; "
            "stop that one, or use PostgreSQL for several"
        )


def _copy(db: sqlite3.Connection, partial: Path) -> None:
    """All pages in one step: one snapshot, and no writer waits for it."""
    copy = sqlite3.connect(partial, isolation_level=None)
    try:
        db.backup(copy, pages=-1)
    finally:
        copy.close()
    with partial.open("rb") as file:
        os.fsync(file.fileno())
