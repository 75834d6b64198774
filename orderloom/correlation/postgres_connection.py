"""
Connections to one PostgreSQL database: how they are opened, what is asserted, and how a transaction ends.

Any number of threads and processes write; each transaction has a connection of its own, from a small
stock.  A connection that died while it lay there is found before it is used.
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from .port import StoreError
from .postgres_arrays import register
from .postgres_faults import commit_fault, fault
from .postgres_migrate import migrate, shipped
from .postgres_sql import Asked
from .rows import Row

__all__ = ["Connections", "Session"]

_Connection: TypeAlias = psycopg.Connection[Row]

# As the server says it.  Nothing here is newer than 12; 13 is the oldest that distributions still carry.
_OLDEST = 130_000

# libpq's own names.  A dead server is noticed within 15 s, also when nothing more comes from it; `read-write`
# refuses a standby, on which nothing may be decided.
_CONNECT = {
    "application_name": "orderloom",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "target_session_attrs": "read-write",
}

# Seconds.  A hub that stands still within a transaction (stopped, swapped out) holds rows that others wait
# for: as long as a worker's lease, then the server ends it.
_IDLE_IN_TRANSACTION = 10.0

# Plans made for arrays of one length are wrong for another (a cached one scanned the parts table once and
# halved the rate); compiling a plan takes longer than running it.
_SETTINGS = {
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "TimeZone": "UTC",
    "client_encoding": "UTF8",
    "idle_in_transaction_session_timeout": f"{_IDLE_IN_TRANSACTION * 1000:.0f}",
}

# Statements kept prepared; there are about eighty.
_PREPARED = 200

# Connections kept for later: one thread writes, a few read.
_STOCK = 4

_BEGIN_WRITE = "begin isolation level read committed read write"
_BEGIN_READ = "begin isolation level repeatable read read only"
_SET = "select set_config(name, value, false) from unnest($1::text[], $2::text[]) as given (name, value)"
_ASSERTED = (
    "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'server_encoding')"
)


class Session:
    """
    One connection, while somebody has it.

    Its methods raise :class:`psycopg.Error`.
    """

    def __init__(self, db: _Connection) -> None:
        self._db = db

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        """The rows of one statement; none for one that gives none."""
        return _result(self._execute(statement, parameters))

    def count(self, statement: str, *parameters: object) -> int:
        """How many rows a statement has written."""
        return self._execute(statement, parameters).rowcount

    def together(self, asked: Sequence[Asked]) -> list[list[Row]]:
        """The rows of each statement, all sent at once and carried out one after the other."""
        if len(asked) == 1:
            return [self.rows(asked[0][0], *asked[0][1])]
        with self._db.pipeline():
            cursors = [self._execute(statement, parameters) for statement, parameters in asked]
        return [_result(one) for one in cursors]

    def _execute(self, statement: str, parameters: Sequence[object]) -> psycopg.Cursor[Row]:
        return self._db.execute(statement, parameters, binary=True)


class Connections:
    """
    The connections of one database.

    Args:
        url: As libpq reads it: ``postgresql://user:password@host:5432/database``.
        patience: Seconds a transaction waits for another's lock before it is told ``StoreBusy``.
        create: False refuses a database without our tables instead of making them.

    Raises:
        StoreError: It cannot be reached, is not durable, or is not ours.
    """

    def __init__(self, url: str, *, create: bool, patience: float) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # libpq quotes what it cannot read, and a password may be in it.
            raise StoreError(
                "the store's url cannot be read (postgresql://user@host:5432/database)"
            ) from None
        self.where = _shown(given)
        self._info = make_conninfo("", **{**_CONNECT, **given})
        self._patience = patience
        self._idle: list[_Connection] = []
        self._closed = False
        try:
            self._prepare(create)
        except StoreError:
            self.close()
            raise

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction; committed at the end, rolled back when the body raises."""
        with self._borrowed() as db:
            db.execute(_BEGIN_WRITE, prepare=False)
            yield Session(db)
            self._commit(db)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Statements that each see what is committed; takes no lock that a writer could wait for."""
        with self._borrowed() as db:
            yield Session(db)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """One moment for all statements, whatever is written meanwhile; takes no lock either."""
        with self._borrowed() as db:
            db.execute(_BEGIN_READ, prepare=False)
            yield Session(db)

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _borrowed(self) -> Iterator[_Connection]:
        """A connection; whatever transaction is left open on it is rolled back."""
        db = self._take()
        try:
            yield db
        except psycopg.Error as error:
            raise fault(self.where, error) from error
        finally:
            self._give_back(db)

    def _take(self) -> _Connection:
        if self._closed:
            raise StoreError(f"{self.where}: the store was closed")
        while self._idle:
            with suppress(IndexError):  # another thread was quicker
                db = self._idle.pop()
                if _quiet(db):
                    return db
                db.close()
        return self._open()

    def _give_back(self, db: _Connection) -> None:
        with suppress(psycopg.Error):
            if db.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                db.execute("rollback", prepare=False)
        if self._closed or len(self._idle) >= _STOCK or db.info.transaction_status != TransactionStatus.IDLE:
            db.close()
        else:
            self._idle.append(db)

    def _commit(self, db: _Connection) -> None:
        try:
            done = db.execute("commit", prepare=False)
        except psycopg.Error as error:
            raise commit_fault(self.where, error, lost=db.closed) from error
        if done.statusmessage != "COMMIT":
            raise StoreError(f"{self.where}: a statement had failed, so that nothing was written")

    def _open(self) -> _Connection:
        try:
            db = psycopg.connect(self._info, autocommit=True, cursor_factory=psycopg.RawCursor)
        except psycopg.Error as error:
            raise fault(self.where, error) from error
        try:
            self._set_up(db)
        except psycopg.Error as error:
            db.close()
            raise fault(self.where, error) from error
        except StoreError:
            db.close()
            raise
        return db

    def _set_up(self, db: _Connection) -> None:
        db.prepare_threshold, db.prepared_max = 0, _PREPARED
        register(db)
        if db.info.server_version < _OLDEST:
            wanted, found = _OLDEST // 10_000, db.info.server_version // 10_000
            raise StoreError(f"{self.where}: PostgreSQL {found} is too old; {wanted} or newer is needed")
        settings = {**_SETTINGS, "lock_timeout": f"{self._patience * 1000:.0f}"}
        asserted: dict[str, str] = dict(db.execute(_ASSERTED).fetchall())
        if asserted["synchronous_commit"] != "remote_apply":  # that is more than `on`
            settings["synchronous_commit"] = "on"
        if asserted["fsync"] != "on":
            raise StoreError(
                f"{self.where}: fsync is {asserted['fsync']}: a power cut would take back what was "
                "acknowledged; set it on"
            )
        if asserted["server_encoding"] != "UTF8":
            raise StoreError(
                f"{self.where}: the database is in {asserted['server_encoding']}; create it in UTF8"
            )
        db.execute(_SET, (list(settings), list(settings.values())))

    def _prepare(self, create: bool) -> None:
        """Bring the tables up to date, or see that they are there."""
        with self._borrowed() as db:
            known = db.execute("select to_regclass('orders')").fetchone()
            if not create and known == (None,):
                raise StoreError(f"{self.where}: there is no such store; name the one that the worker uses")
            migrate(db, self.where, shipped())


def _shown(given: dict[str, Any]) -> str:
    """The database, for messages; never the password."""
    user = f"{given['user']}@" if given.get("user") else ""
    place = given.get("host") or given.get("hostaddr") or ""
    port = f":{given['port']}" if given.get("port") else ""
    return f"postgresql://{user}{place}{port}/{given.get('dbname') or ''}"


def _quiet(db: _Connection) -> bool:
    """Nothing has come on it since it was last used: what comes unasked is its end."""
    if db.closed:
        return False
    poll = select.poll()
    poll.register(db.fileno(), select.POLLIN)
    return not poll.poll(0)


def _result(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description is not None else []
