"""
The correlation store on PostgreSQL: any number of workers, on any number of machines.

Durable: every commit is flushed before it returns (``synchronous_commit``, ``fsync``).  What two workers
could want at once is locked, in one order; what is not there yet is entered to be waited for.  Backup and
restore are PostgreSQL's own; see docs/decisions/store.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from canonical.codec import decode, encode

from . import postgres_age as ages
from . import postgres_read as read
from . import postgres_workers as workers
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
from .postgres_connection import Connections, Session
from .postgres_conversation import PostgresConversationReads
from .postgres_forgetting import PostgresForgetting
from .postgres_reports import PostgresReports
from .postgres_sql import INSTANTS, PORT, select
from .postgres_transaction import PostgresTransaction
from .record import Alias, Record
from .rows_port import BREAKER, JOURNAL, PARKED

__all__ = ["PostgresStore"]

# Another worker's transaction takes a tenth of this; longer than a deadlock takes to be found (1 s).
_PATIENCE = 2.0

# In `setting`; the prefix keeps it apart from names that callers choose.
_CURRENT_RULES = "store.rules"

_JOURNAL = select(JOURNAL, "where order_id = $1 order by id")
_PARKED = select(PARKED, "where state = $1 order by at desc, id")
_PARKED_ALL = select(PARKED, "order by at desc, id")
# Behind every text that begins alike.
_LAST = "\U0010ffff"
_SETTINGS = "select name, value from setting where name >= $1 and name < $2"
_WORKERS = "select id from worker where lease > $1 order by id"
_SET = "insert into setting values ($1, $2) on conflict (name) do update set value = excluded.value"
_OPEN = """
select id from orders where state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
and state <> 'draft' order by changed limit $1
"""
_UNANSWERED = """
from instruction i join orders o on o.id = i.order_id
where i.answered_at is null
and o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
"""
_OVERDUE = f"select i.system, count(*), min(i.sent_at) {_UNANSWERED} and i.asked > 0 group by 1 order by 1"
_OLDEST_UNANSWERED = f"select i.order_id, i.key {_UNANSWERED} order by i.sent_at, 1, 2 limit $1"
_UNDER_WAY = f"""
select count(*) {_UNANSWERED} and i.system = $1
and exists (
    select 1 from line l where l.order_id = i.order_id and l.part = i.part and l.state = 'inProgress'
)
and (i.attempt > 1 or (i.order_id, i.sent_at) not in (select order_id, at from outbox where destination = $2))
"""  # noqa: S608 (our own words)
_BREAKERS = select(BREAKER, "order by system")
# The day a broker is lost is rare: no index of its own, every order that ended is looked at.
_TOLD_SINCE = """
select id from orders
where (state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled') or changed >= $1)
and exists (select 1 from told where told.order_id = orders.id)
order by changed, id limit $2
"""
_RULES = "select texts from rules where version = $1"
_NEW_RULES = "insert into rules values ($1, $2, $3) on conflict do nothing"
_SETTING = "select value from setting where name = $1"
_COUNTS = "select state, count(*) from orders group by state order by state"


class PostgresStore(PostgresConversationReads, PostgresReports, PostgresForgetting):
    """
    Implements :class:`~orderloom.correlation.port.Store`.

    Any thread may write and read; each transaction has a connection of its own.

    Args:
        url: As libpq reads it: ``postgresql://user:password@host:5432/database``.
        create: False refuses a database without our tables instead of making them.
        patience: Seconds to wait for another's lock before ``StoreBusy``.

    Raises:
        StoreError: The database cannot be reached, would lose commits, or is not ours.
    """

    def __init__(self, url: str, *, create: bool = True, patience: float = _PATIENCE) -> None:
        self._connections = Connections(url, create=create, patience=patience)

    @contextmanager
    def _transaction(self) -> Iterator[PostgresTransaction]:
        with self._connections.write() as db:
            transaction = PostgresTransaction(db)
            yield transaction
            transaction.end()

    def begin(self) -> AbstractContextManager[PostgresTransaction]:
        return self._transaction()

    def look(self) -> AbstractContextManager[Session]:
        return self._connections.read()

    def close(self) -> None:
        self._connections.close()

    # Workers.

    def register(self, worker: str, host: str, pid: int, now: datetime, lease: float) -> None:
        with self._connections.write() as db:
            workers.enter(db, worker, (host, pid), now, lease)

    def renew(self, worker: str, now: datetime, lease: float) -> bool:
        with self._connections.write() as db:
            return workers.renew(db, worker, now, lease)

    def retire(self, worker: str) -> None:
        with self._connections.write() as db:
            workers.leave(db, worker)

    def adopt(self, worker: str, now: datetime, limit: int) -> Sequence[Adopted]:
        with self._connections.read() as db:
            if not workers.orphaned(db, worker, now):
                return ()
        with self._connections.write() as db:
            return workers.adopt(db, worker, now, limit)

    def unsent(self) -> Sequence[UnsentSummary]:
        with self._connections.read() as db:
            return workers.unsent(db)

    # Rules and settings.

    def load_rules(self, version: str) -> Mapping[str, str] | None:
        with self._connections.read() as db:
            rows = db.rows(_RULES, version)
        return decode(rows[0][0], dict[str, str]) if rows else None

    def save_rules(self, version: str, texts: Mapping[str, str], now: datetime) -> None:
        new = encode(dict(sorted(texts.items()))).decode()
        with self._connections.write() as db:
            db.rows(_NEW_RULES, version, new, INSTANTS.write(now))
            if db.rows(_RULES, version) != [(new,)]:
                raise StoreError(
                    f"{self._connections.where}: rules {version!r} are kept with other texts "
                    "(a version is final)"
                )
            db.rows(_SET, _CURRENT_RULES, version)

    def current_rules(self) -> str | None:
        return self.setting(_CURRENT_RULES)

    def setting(self, name: str) -> str | None:
        with self._connections.read() as db:
            rows = db.rows(_SETTING, name)
        return rows[0][0] if rows else None

    def save_setting(self, name: str, value: str) -> None:
        with self._connections.write() as db:
            db.rows(_SET, name, value)

    def settings(self, prefix: str) -> Mapping[str, str]:
        with self._connections.read() as db:
            return dict(db.rows(_SETTINGS, prefix, prefix + _LAST))

    def workers(self, now: datetime) -> Sequence[str]:
        with self._connections.read() as db:
            return tuple(row[0] for row in db.rows(_WORKERS, now))

    def under_way(self, system: str, destination: str) -> int:
        with self._connections.read() as db:
            [[count]] = db.rows(_UNDER_WAY, system, destination)
        return int(count)

    # What is let go.

    def held(self, before: datetime) -> Held:
        with self._connections.snapshot() as db:
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
        with self._connections.snapshot() as db:
            return read.records(db, (order_id,)).get(order_id)

    def find(self, value: str) -> Sequence[tuple[Alias, str]]:
        with self._connections.read() as db:
            return read.found(db, value)

    def journal(self, order_id: str) -> Sequence[JournalEntry]:
        with self._connections.read() as db:
            return tuple(map(PORT.entry, db.rows(_JOURNAL, order_id)))

    def oldest_open(self, limit: int) -> Sequence[Record]:
        with self._connections.snapshot() as db:
            ids = [row[0] for row in db.rows(_OPEN, limit)]
            records = read.records(db, ids)
        return tuple(records[one] for one in ids)

    def parked(self, state: ParkedState | None = ParkedState.OPEN) -> Sequence[ParkedRow]:
        with self._connections.read() as db:
            rows = db.rows(_PARKED, state.value) if state else db.rows(_PARKED_ALL)
        return tuple(map(PORT.parked, rows))

    def native(self, hash_: str) -> NativeRow | None:
        with self._connections.read() as db:
            return read.natives(db, (hash_,)).get(hash_)

    def overdue(self, now: datetime) -> Mapping[str, tuple[int, datetime]]:
        with self._connections.read() as db:
            return {system: (count, INSTANTS.read(at)) for system, count, at in db.rows(_OVERDUE)}

    def unanswered(self, limit: int) -> Sequence[tuple[str, str]]:
        with self._connections.read() as db:
            return tuple((order_id, key) for order_id, key in db.rows(_OLDEST_UNANSWERED, limit))

    def breakers(self) -> Sequence[Breaker]:
        with self._connections.read() as db:
            return tuple(map(PORT.breaker, db.rows(_BREAKERS)))

    def told_since(self, since: datetime, limit: int) -> Sequence[str]:
        with self._connections.read() as db:
            return tuple(row[0] for row in db.rows(_TOLD_SINCE, since, limit))

    def counts(self) -> Mapping[str, int]:
        with self._connections.read() as db:
            return dict(db.rows(_COUNTS))

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
