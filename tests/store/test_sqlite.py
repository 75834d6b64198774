"""
SQLite keeps the contract, and what only SQLite promises: its file, its threads, its schema.
"""

from __future__ import annotations

import re
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from orderloom.correlation import (
    sqlite,
    sqlite_age,
    sqlite_forgetting,
    sqlite_read,
    sqlite_reports,
    sqlite_transaction,
    sqlite_workers,
)
from orderloom.correlation.forgetting_port import Removed
from orderloom.correlation.port import Changes, JournalEntry, StoreBusy, StoreError
from orderloom.correlation.sqlite import SqliteStore
from orderloom.correlation.sqlite_migrate import Migration, migrate, shipped
from tests.store.contract import StoreContract
from tests.store.orders import NOW, full_record, native, order_id, record, saved

# How long anything in another thread may take before the test fails.
LIMIT = 30.0


class TestContract(StoreContract):
    """The universal suite."""

    def open_store(self, folder):
        return SqliteStore(folder / "hub.db")


@pytest.fixture
def path(tmp_path):
    """Where the database is, or will be."""
    return tmp_path / "hub.db"


@pytest.fixture
def store(path):
    """A store that is closed when the test ends."""
    opened = SqliteStore(path)
    yield opened
    opened.close()


def add(store, *records):
    """Bring in new orders."""
    with store.begin() as transaction:
        transaction.apply(saved(*records))


def in_thread(work):
    """Run in another thread and give its result back."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(LIMIT)
    return results[0]


class TestFile:
    """The file and its neighbours."""

    def test_only_the_owner_can_read_what_is_kept(self, store, path, tmp_path):
        """The file, its log and its index hold names and addresses."""
        add(store, record())
        store.backup(tmp_path / "backup.db")
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}

        assert dict.fromkeys(["backup.db", "hub.db", "hub.db-shm", "hub.db-wal"], 0o600) == modes

    def test_every_commit_is_synced(self, store):
        """Write-ahead log, synchronous FULL: less would take back what was acknowledged."""
        with store._connections.write() as db:
            assert "wal" == db.execute("pragma journal_mode").fetchone()[0]
            assert 2 == db.execute("pragma synchronous").fetchone()[0]
            assert 1 == db.execute("pragma foreign_keys").fetchone()[0]

    def test_a_store_that_must_exist_is_not_made(self, path):
        """A misspelt path on the command line is an error, not an empty hub."""
        with pytest.raises(StoreError, match="there is no such store"):
            SqliteStore(path, create=False)

        assert not path.exists()

    def test_a_closed_store_says_so(self, path):
        """Both ways in."""
        store = SqliteStore(path)
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"), store.begin():
            pytest.fail("the transaction has begun")
        with pytest.raises(StoreError, match="closed"):
            store.counts()

    def test_a_backup_taken_at_work_is_a_whole_store(self, store, tmp_path):
        """Everything committed before it, and no half transaction of what came meanwhile."""
        add(store, full_record(7))
        done = threading.Event()

        def work():
            number = 100
            while not done.is_set() or number < 110:
                add(store, record(number), record(number + 1))
                number += 2

        writer = threading.Thread(target=work)
        writer.start()
        for one in range(5):
            store.backup(tmp_path / f"backup-{one}.db")
        done.set()
        writer.join(LIMIT)
        for one in range(5):
            copy = SqliteStore(tmp_path / f"backup-{one}.db", create=False)
            assert full_record(7) == copy.order(order_id(7))
            assert 0 == copy.counts().get("acknowledged", 0) % 2
            add(copy, record(1))
            copy.close()

    def test_what_was_removed_is_in_no_gap_of_the_file_after_a_rewrite(self, store, path):
        """Pages were split while it was there; its log is emptied."""
        word = b"Sesquipedalian"
        rows = {f"{one:03}": native(word * 40 + b"%03d" % one, f"{one:03}") for one in range(300)}
        with store.begin() as transaction:
            transaction.apply(Changes(natives=rows))
        with store.begin() as transaction:
            transaction.apply(Changes(removed=Removed(natives=set(rows))))
        assert word in b"".join(one.read_bytes() for one in path.parent.iterdir())
        store.scrub()

        assert word not in b"".join(one.read_bytes() for one in path.parent.iterdir())

    def test_a_backup_replaces_nothing(self, store, path):
        """Least of all the store itself."""
        with pytest.raises(StoreError, match="is there already"):
            store.backup(path)


class TestThreads:
    """One thread writes, any thread reads."""

    def test_readers_neither_wait_for_a_writer_nor_see_its_half(self, store):
        """A snapshot is what was last committed."""
        add(store, record(1))
        with store.begin() as transaction:
            transaction.apply(saved(record(2)))
            assert {"acknowledged": 1} == in_thread(store.counts)
            assert in_thread(lambda: store.order(order_id(2))) is None

        assert {"acknowledged": 2} == in_thread(store.counts)

    def test_a_record_is_of_one_moment(self, store, path):
        """What is committed between the statements that load it belongs to the next look."""
        other = SqliteStore(path)
        after = replace(record(), lines=(), outputs={"crm.accountId": "A-1"})
        changes = [Changes(records=[(record(), after)])]

        def meanwhile(statement):
            if "from line" in statement and changes:
                with other.begin() as transaction:
                    transaction.apply(changes.pop())

        add(store, record())
        store.order(order_id(1))
        [reader] = store._connections._idle
        reader.set_trace_callback(meanwhile)

        assert record() == store.order(order_id(1))
        assert [] == changes
        assert after == store.order(order_id(1))
        other.close()

    def test_writers_of_several_threads_take_turns(self, path):
        """No transaction is shared and no number is given twice."""
        store = SqliteStore(path, patience=LIMIT)

        def work():
            for _ in range(25):
                with store.begin() as transaction:
                    value = transaction.counters(["n"])["n"]
                    transaction.apply(Changes(counters={"n": value + 1}))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(LIMIT)
        with store.begin() as transaction:
            assert {"n": 100} == transaction.counters(["n"])
        store.close()

    def test_a_transaction_within_another_is_refused_and_does_not_hang(self, path):
        """It would wait for itself."""
        store = SqliteStore(path, patience=0.05)
        with store.begin(), pytest.raises(StoreBusy), store.begin():
            pytest.fail("the inner transaction has begun")
        store.close()

    def test_a_transaction_that_has_ended_writes_nothing(self, store):
        """A stray call would be committed on its own."""
        with store.begin() as transaction:
            pass
        with pytest.raises(StoreError, match="ended"):
            transaction.apply(saved(record()))

        assert {} == store.counts()


class TestMigrations:
    """Numbered files, applied once."""

    FIRST = Migration(
        "0001_first.sql",
        "create table one (a text); create trigger t after insert on one\n"
        "begin\n  insert into one values ('x;');\n  select 1;\nend;\n-- the end; or not",
    )
    SECOND = Migration("0002_second.sql", "create table two (a text);\ninsert into two values ('b');")

    @pytest.fixture
    def db(self, path):
        """A bare connection."""
        opened = sqlite3.connect(path, isolation_level=None)
        yield opened
        opened.close()

    def test_each_is_applied_once_in_its_turn(self, db, path):
        """A later version brings the next one."""
        assert ("0001_first.sql",) == migrate(db, path, (self.FIRST,))
        assert ("0002_second.sql",) == migrate(db, path, (self.FIRST, self.SECOND))
        assert () == migrate(db, path, (self.FIRST, self.SECOND))
        assert [("b",)] == db.execute("select * from two").fetchall()

    def test_one_that_fails_leaves_nothing_of_its_run(self, db, path):
        """Mended, it begins again from the start."""
        broken = Migration("0002_second.sql", self.SECOND.text + "drop table nowhere;")
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(db, path, (self.FIRST, broken))

        assert not db.in_transaction
        assert [] == db.execute("select name from sqlite_schema").fetchall()
        assert 2 == len(migrate(db, path, (self.FIRST, self.SECOND)))

    def test_a_file_that_was_changed_afterwards_is_refused(self, db, path):
        """The schema would no longer be what the files say."""
        migrate(db, path, (self.SECOND,))
        changed = Migration(self.SECOND.name, self.SECOND.text + " ")
        with pytest.raises(StoreError, match=r"0002_second\.sql was changed"):
            migrate(db, path, (changed,))

    def test_an_older_version_refuses_the_store_of_a_newer_one(self, db, path):
        """It would not know what it must keep."""
        migrate(db, path, (self.FIRST, self.SECOND))
        with pytest.raises(StoreError, match=r"newer version .*0002_second\.sql"):
            migrate(db, path, (self.FIRST,))

    def test_no_number_is_given_twice(self):
        """Their order is their number's."""
        numbers = [int(one.name[:4]) for one in shipped()]

        assert sorted(set(numbers)) == numbers

    def test_the_journal_refuses_to_be_changed(self, store):
        """Also by hand."""
        with store.begin() as transaction:
            transaction.apply(Changes(journal=[JournalEntry("OL1", NOW, "order_accepted", "text")]))
        with pytest.raises(StoreError, match="only ever added to"), store._connections.write() as db:
            db.execute("update journal set text = 'never happened'")


STATEMENTS = [
    pytest.param(value, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in (
        sqlite,
        sqlite_age,
        sqlite_forgetting,
        sqlite_read,
        sqlite_reports,
        sqlite_transaction,
        sqlite_workers,
    )
    for name, value in vars(module).items()
    if isinstance(value, str) and value.lstrip().startswith(("select", "with"))
    # They make a sum of everything, list everything, and look once through what is unsent.
    if name not in {"_UNSENT", "_PARKED_ALL", "_UNDER_WAY"}
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_question_is_answered_through_an_index(store, statement):
    """None of them reads a whole table: a store of a million orders answers as a store of ten does."""
    with store._connections.read() as db:
        # ?1 may stand in several places, a bare ? is another parameter each time.
        parameters = len(set(re.findall(r"\?\d+", statement))) or statement.count("?")
        plan = db.execute(f"explain query plan {statement}", [None] * parameters).fetchall()
    scans = {step for *_, step in plan if step.startswith("SCAN") and "USING" not in step}

    # Sets of keys, what an inner question found, and what is few at any time: workers, early replies, systems
    # that are away.
    few = {"json_each", "held", "owners", "worker", "reply", "placed", "breaker"}
    named = {one.split()[1] for one in scans if not one.startswith("SCAN (subquery-")}
    assert set() == named - few


def test_orders_that_ended_are_found_by_when_they_did(store):
    """Not by their state, which says nothing of most of them."""
    with store._connections.read() as db:
        plan = db.execute(f"explain query plan {sqlite_age._ORDERS}", ["x"]).fetchall()

    assert any("USING INDEX orders_ended (changed>?)" in step for *_, step in plan)


def test_the_shipped_schema_stands_in_files():
    """They are in the package, where an installed hub finds them."""
    assert (Path(sqlite.__file__).parent / "migrations" / "sqlite" / shipped()[0].name).is_file()
