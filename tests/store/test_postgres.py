"""
PostgreSQL keeps the contract, and what only PostgreSQL promises: its connections, its schema, its plans.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from msgspec.structs import replace

from orderloom.correlation import (
    postgres,
    postgres_age,
    postgres_forgetting,
    postgres_read,
    postgres_reports,
    postgres_transaction,
    postgres_workers,
)
from orderloom.correlation.migration import Migration
from orderloom.correlation.port import Changes, JournalEntry, StoreError
from orderloom.correlation.postgres import PostgresStore
from orderloom.correlation.postgres_arrays import blobs, bools, instants, ints, register, texts
from orderloom.correlation.postgres_migrate import migrate, shipped
from tests.store.contract import StoreContract
from tests.store.orders import NOW, full_record, later, order_id, record, saved

pytestmark = pytest.mark.postgres

# How long anything in another thread may take before the test fails.
LIMIT = 30.0


class TestContract(StoreContract):
    """The universal suite."""

    @pytest.fixture(autouse=True)
    def _schema(self, postgres):
        self.url = postgres

    def open_store(self, folder):
        return PostgresStore(self.url)


@pytest.fixture
def store(postgres):
    """A store that is closed when the test ends."""
    opened = PostgresStore(postgres)
    yield opened
    opened.close()


@pytest.fixture
def db(postgres):
    """A bare connection, as the store's are."""
    with psycopg.connect(postgres, autocommit=True, cursor_factory=psycopg.RawCursor) as opened:
        register(opened)
        yield opened


def add(store, *records):
    """Bring in new orders."""
    with store.begin() as transaction:
        transaction.apply(saved(*records))


def in_thread(work):
    """Run in another thread and give its result back."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(LIMIT)


class TestArrays:
    """Columns in PostgreSQL's binary form."""

    @pytest.mark.parametrize(
        ("write", "type_", "values"),
        [
            (texts, "text[]", ["", "å\U0001f680", None, "a,b\"{}'\\", "x" * 70_000]),
            (ints, "bigint[]", [0, -1, 2**63 - 1, -(2**63), None]),
            (bools, "boolean[]", [True, False, None]),
            (instants, "timestamp with time zone[]", [NOW, later(-0.000001), None]),
            (blobs, "bytea[]", [b"", bytes(range(256)), None]),
        ],
    )
    def test_they_come_back_as_they_were(self, db, write, type_, values):
        """Text, numbers, truths, instants and bytes; none where there is none; also without any element."""
        assert values == db.execute("select $1", (write(values),), binary=True).fetchone()[0]
        assert [] == db.execute("select $1", (write([]),), binary=True).fetchone()[0]
        assert (type_,) == db.execute("select pg_typeof($1)::text", (write([]),)).fetchone()


class TestConnections:
    """How they are opened."""

    def test_every_commit_is_flushed_whatever_the_user_s_default_is(self, postgres, postgres_server):
        """Less would take back what was acknowledged; more stays."""
        for given, wanted in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
            postgres_server.execute(f"alter role orderloom set synchronous_commit = {given}")
            store = PostgresStore(postgres)
            with store._connections.read() as db:
                assert [(wanted,)] == db.rows("select current_setting('synchronous_commit')")
            store.close()
        postgres_server.execute("alter role orderloom reset synchronous_commit")

    def test_plans_are_made_for_their_arrays_and_instants_are_in_utc(self, store):
        """A plan kept for few keys reads whole tables for many."""
        names = ("plan_cache_mode", "jit", "TimeZone", "lock_timeout")
        with store._connections.read() as db:
            found = [db.rows("select current_setting($1)", name)[0][0] for name in names]

        assert ["force_custom_plan", "off", "UTC", "2s"] == found

    def test_people_see_whose_connections_they_are(self, store, postgres_server):
        """In pg_stat_activity."""
        assert [("orderloom",)] == postgres_server.execute(
            "select distinct application_name from pg_stat_activity where application_name <> '' and pid <> "
            "pg_backend_pid()"
        )

    def test_connections_are_kept_and_used_again(self, store, postgres_server):
        """One thread needs two at most: one that writes, one that reads beside it."""
        for _ in range(20):
            with store.begin() as transaction:
                transaction.counters(["n"])
                store.counts()

        assert len(store._connections._idle) == 2

    def test_a_store_that_must_exist_is_not_made(self, postgres, db):
        """A misspelt database on the command line is an error, not an empty hub."""
        with pytest.raises(StoreError, match="there is no such store"):
            PostgresStore(postgres, create=False)

        assert (None,) == db.execute("select to_regclass('migration')").fetchone()

    def test_a_closed_store_says_so(self, postgres):
        """Both ways in."""
        store = PostgresStore(postgres)
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"), store.begin():
            pytest.fail("the transaction has begun")
        with pytest.raises(StoreError, match="closed"):
            store.counts()


class TestThreads:
    """Any thread writes, any thread reads."""

    def test_readers_neither_wait_for_a_writer_nor_see_its_half(self, store):
        """A snapshot is what was last committed, also of an order that is locked."""
        add(store, record(1))
        with store.begin() as transaction:
            transaction.orders([order_id(1)])
            transaction.apply(saved(record(2)))
            assert {"acknowledged": 1} == in_thread(store.counts)
            assert record(1) == in_thread(lambda: store.order(order_id(1)))
            assert in_thread(lambda: store.order(order_id(2))) is None

        assert {"acknowledged": 2} == in_thread(store.counts)

    def test_a_record_is_of_one_moment(self, store, postgres, monkeypatch):
        """What is committed between the statements that load it belongs to the next look."""
        other = PostgresStore(postgres)
        after = replace(record(), lines=(), outputs={"crm.accountId": "A-1"})
        changes = [Changes(records=[(record(), after)])]
        add(store, record())

        def one_by_one(session, asked):
            rows = []
            for statement, parameters in asked:
                rows.append(session.rows(statement, *parameters))
                if "from orders" in statement and changes:
                    change = changes.pop()
                    with other.begin() as transaction:
                        transaction.apply(change)
            return rows

        monkeypatch.setattr("orderloom.correlation.postgres_connection.Session.together", one_by_one)

        assert record() == store.order(order_id(1))
        assert [] == changes
        assert after == store.order(order_id(1))
        other.close()

    def test_a_transaction_that_has_ended_does_nothing_more(self, store):
        """A stray call would work on a connection that is another's by then."""
        with store.begin() as transaction:
            pass
        for call in (
            lambda: transaction.apply(saved(record())),
            lambda: transaction.orders([order_id(1)]),
        ):
            with pytest.raises(StoreError, match="ended"):
                call()

        assert {} == store.counts()

    def test_nothing_is_left_of_keys_that_were_only_looked_at(self, store):
        """A row that was entered to be waited for is gone at the end, taken or not."""
        with store.begin() as transaction:
            transaction.inbox(["a", "b"])
            transaction.aliases(["crm|ref|1"])
        with store.begin() as transaction:
            transaction.inbox(["a", "b"])
            transaction.aliases(["crm|ref|1"])
            transaction.apply(saved(record()))
        with store._connections.read() as db:
            assert [] == db.rows("select key from inbox")
            assert [(record().aliases[0].key,)] == db.rows("select key from alias_key")


class TestMigrations:
    """Numbered files, applied once."""

    FIRST = Migration(
        "0001_first.sql",
        "create table one (a text);\ncreate function f() returns int language plpgsql as $$\n"
        "begin return 1; -- the end; or not\nend $$;",
    )
    SECOND = Migration("0002_second.sql", "create table two (a text);\ninsert into two values ('b');")

    def test_each_is_applied_once_in_its_turn(self, db):
        """A later version brings the next one."""
        assert ("0001_first.sql",) == migrate(db, "here", (self.FIRST,))
        assert ("0002_second.sql",) == migrate(db, "here", (self.FIRST, self.SECOND))
        assert () == migrate(db, "here", (self.FIRST, self.SECOND))
        assert [("b",)] == db.execute("select * from two").fetchall()

    def test_one_that_fails_leaves_nothing_of_its_run(self, db):
        """Mended, it begins again from the start."""
        broken = Migration("0002_second.sql", self.SECOND.text + "drop table nowhere;")
        with pytest.raises(psycopg.errors.UndefinedTable, match="nowhere"):
            migrate(db, "here", (self.FIRST, broken))

        tables = "select 1 from pg_tables where schemaname = current_schema()"
        assert [] == db.execute(tables).fetchall()
        assert 2 == len(migrate(db, "here", (self.FIRST, self.SECOND)))

    def test_a_file_that_was_changed_afterwards_is_refused(self, db):
        """The schema would no longer be what the files say."""
        migrate(db, "here", (self.SECOND,))
        changed = Migration(self.SECOND.name, self.SECOND.text + " ")
        with pytest.raises(StoreError, match=r"here: 0002_second\.sql was changed"):
            migrate(db, "here", (changed,))

    def test_an_older_version_refuses_the_store_of_a_newer_one(self, db):
        """It would not know what it must keep."""
        migrate(db, "here", (self.FIRST, self.SECOND))
        with pytest.raises(StoreError, match=r"newer version .*0002_second\.sql"):
            migrate(db, "here", (self.FIRST,))

    def test_workers_that_start_together_apply_them_once(self, postgres):
        """Whoever comes second waits, and finds everything there."""
        start = threading.Barrier(4)

        def opens(_):
            start.wait(LIMIT)
            return PostgresStore(postgres)

        with ThreadPoolExecutor(4) as pool:
            opened = list(pool.map(opens, range(4)))
        add(opened[3], full_record())
        assert full_record() == opened[0].order(full_record().id)
        for one in opened:
            one.close()

    def test_no_number_is_given_twice(self):
        """Their order is their number's."""
        numbers = [int(one.name[:4]) for one in shipped()]

        assert sorted(set(numbers)) == numbers

    def test_the_journal_refuses_to_be_changed(self, store):
        """Also by hand."""
        with store.begin() as transaction:
            transaction.apply(Changes(journal=[JournalEntry("OL1", NOW, "order_accepted", "text")]))
        with pytest.raises(StoreError, match="only ever added to"), store._connections.write() as db:
            db.rows("update journal set text = 'never happened'")


STATEMENTS = [
    pytest.param(statement, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in (
        postgres,
        postgres_age,
        postgres_forgetting,
        postgres_read,
        postgres_reports,
        postgres_transaction,
        postgres_workers,
    )
    for name, value in vars(module).items()
    for statement in ([one for _, one in value] if name == "_CHILDREN" else [value])
    if isinstance(statement, str) and statement.lstrip().startswith(("select", "with", "update", "delete"))
    # The one makes a sum of everything, the others list everything or a few.
    if name not in {"_UNSENT", "_PARKED_ALL", "_CALLS_ENDED", "_CALLS_EXPIRED", "_EXPIRED", "_COUNTS"}
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_question_is_answered_through_an_index(store, statement):
    """None of them reads a whole table: a store of a million orders answers as a store of ten does."""
    parameters = len(set(re.findall(r"\$\d+", statement)))
    given = f"({', '.join(['null'] * parameters)})" if parameters else ""
    with store._connections.write() as db:
        db.rows("set local plan_cache_mode = force_generic_plan")
        db.rows("set local enable_seqscan = off")
        db.rows(f"prepare question as {statement}")
        plan = "\n".join(row[0] for row in db.rows(f"explain execute question{given}"))
        db.rows("deallocate question")

    # What is few at any time: workers, early replies.
    assert set() == set(re.findall(r"Seq Scan on (\w+)", plan)) - {"worker", "reply"}
