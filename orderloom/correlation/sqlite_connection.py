"""
Connections to one SQLite file: how it is opened, what is asserted, and one writer beside many readers.

One thread writes; anybody may read.  The write connection is behind a lock, so that a second thread waits
and never shares a transaction; each read takes a connection of its own from a small stock.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .port import StoreBusy, StoreError
from .sqlite_faults import commit_fault, fault
from .sqlite_migrate import Migration, migrate, shipped

__all__ = ["Connections"]

# STRICT tables; Debian 12 has 3.40.
_OLDEST = (3, 37, 0)

# PRAGMA synchronous: the log is synced with every commit.  With less, a power cut takes back what was acked.
_FULL = 2

# Pages for the writer, in KiB (negative): a batch of 200 orders dirties 2 MiB and should not spill half-way.
_CACHE = -32_768

# Pages in the log before it is written back, 64 MiB.  Keys are hashes, so that every batch touches pages all
# over the indexes: written back once for many batches, orders cost a seventh less than at SQLite's 1,000.
_CHECKPOINT = 16_000

# Only the owner: the file holds customers' names and addresses.
_MODE = 0o600


class Connections:
    """
    The write connection and the read connections of one file.

    Args:
        path: The database file; its folder must exist.
        create: False refuses a file that is not there instead of making one.
        patience: Seconds a writer waits for another process before it is told :class:`StoreBusy`.

    Raises:
        StoreError: The file is damaged, not ours, not there, or on a disk that cannot hold it.
    """

    def __init__(self, path: Path, *, create: bool, patience: float) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._writer: sqlite3.Connection | None = None
        _check_file(path, create)
        self._writer = self._open_writer(shipped())

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction; committed at the end, rolled back when the body raises."""
        if not self._lock.acquire(timeout=self._patience):
            raise StoreBusy(f"{self.path}: another thread is writing; try again")
        try:
            with self._begin() as db:
                try:
                    yield db
                except sqlite3.Error as error:
                    raise fault(self.path, error) from error
                self._commit(db)
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One snapshot, whatever is written meanwhile; takes no lock that a writer could wait for."""
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._open_reader()
        try:
            db.execute("begin")
            yield db
        except sqlite3.Error as error:
            raise fault(self.path, error) from error
        finally:
            self._rollback(db)
            if self._closed:
                db.close()
            else:
                self._idle.append(db)

    def rewrite(self) -> None:
        """
        Write the whole file anew, and empty the log: nothing that was removed is left in either.

        Raises:
            StoreBusy: Others write, or read what was; nothing was changed.
        """
        if not self._lock.acquire(timeout=self._patience):
            raise StoreBusy(f"{self.path}: another thread is writing; try again")
        try:
            if self._writer is None:
                self._writer = self._open_writer(shipped())
            self._writer.execute("vacuum")
            busy = self._writer.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        except sqlite3.Error as error:
            raise fault(self.path, error) from error
        finally:
            self._lock.release()
        if busy:
            raise StoreBusy(f"{self.path}: somebody reads the log, which could not be emptied")

    def close(self) -> None:
        """Close every connection; the last to close writes the log back into the file."""
        self._closed = True
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    @contextmanager
    def _begin(self) -> Iterator[sqlite3.Connection]:
        """The write connection within a transaction; what the body has not committed is rolled back."""
        if self._closed:
            raise StoreError(f"{self.path}: the store was closed")
        if self._writer is None:
            self._writer = self._open_writer(shipped())
        db = self._writer
        try:
            db.execute("begin immediate")
        except sqlite3.Error as error:
            raise fault(self.path, error) from error
        try:
            yield db
        finally:
            self._rollback(db)

    def _commit(self, db: sqlite3.Connection) -> None:
        try:
            db.execute("commit")
        except sqlite3.Error as error:
            # What the log holds is read anew before anything else is written.
            self._writer = None
            with suppress(sqlite3.Error):
                db.close()
            raise commit_fault(self.path, error) from error

    @staticmethod
    def _rollback(db: sqlite3.Connection) -> None:
        # Some errors have rolled back already; a failing rollback adds nothing to the error that caused it.
        with suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("rollback")

    def _open_writer(self, migrations: tuple[Migration, ...]) -> sqlite3.Connection:
        with ExitStack() as failed:
            try:
                db = self._connect()
                failed.callback(db.close)
                _assert_durable(db, self.path)
                db.execute("pragma foreign_keys = on")
                db.execute(f"pragma cache_size = {_CACHE}")
                db.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT}")
                migrate(db, self.path, migrations)
            except sqlite3.Error as error:
                raise fault(self.path, error) from error
            failed.pop_all()
        return db

    def _open_reader(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreError(f"{self.path}: the store was closed")
        try:
            db = self._connect()
            db.execute("pragma query_only = on")
        except sqlite3.Error as error:
            raise fault(self.path, error) from error
        return db

    def _connect(self) -> sqlite3.Connection:
        # No thread check: the lock and the stock see to it that one thread at a time has a connection.
        return sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )


def _check_file(path: Path, create: bool) -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        raise StoreError(f"{path}: SQLite {sqlite3.sqlite_version} is too old; {wanted} or newer is needed")
    if path.is_dir():
        raise StoreError(f"{path}: is a directory (a file in it, which the first worker makes)")
    if path.exists():
        return
    if not create:
        raise StoreError(f"{path}: there is no such store; name the one that the worker uses")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, _MODE))
    except OSError as error:
        raise StoreError(f"{path}: cannot be made: {error.strerror}") from error


def _assert_durable(db: sqlite3.Connection, path: Path) -> None:
    mode = db.execute("pragma journal_mode = wal").fetchone()[0]
    db.execute("pragma synchronous = full")
    synchronous = db.execute("pragma synchronous").fetchone()[0]
    if mode != "wal" or synchronous != _FULL:
        raise StoreError(f"{path}: no write-ahead log here ({mode}); put the store on a local disk")
