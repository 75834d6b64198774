"""
PostgreSQL's store in trouble: connections cut, the server stopped or crashed, answers lost, workers killed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from orderloom.correlation.port import Changes, CommitUnknown, InboxRow, StoreBusy, StoreError
from orderloom.correlation.postgres import PostgresStore
from tests.store.child import BATCH
from tests.store.orders import NOW, later, message, order_id, record, saved
from tests.support.postgres import Postgres
from tests.support.proxy import Proxy
from tests.support.rabbit import until

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[2]

LEASE = 10.0


@pytest.fixture(scope="module")
def own_server():
    """A server that may be stopped."""
    with Postgres("stopped") as server:
        yield server


@pytest.fixture
def store(postgres):
    """A store that is closed when the test ends."""
    opened = PostgresStore(postgres)
    yield opened
    opened.close()


def add(store, *records, **more):
    """Bring in new orders."""
    with store.begin() as transaction:
        return transaction.apply(saved(*records, **more))


# The hub's sessions on the server.
OURS = "from pg_stat_activity where application_name = 'orderloom'"
WAITING = "from pg_stat_activity where wait_event_type = 'Lock'"


def cut_connections(server):
    """End every session of the hub's on the server."""
    server.execute(f"select pg_terminate_backend(pid) {OURS}")


class TestCut:
    """A connection ends while somebody has it, or while it lies in stock."""

    def test_a_connection_that_died_in_stock_is_not_noticed(self, store, postgres_server):
        """The next transaction gets a fresh one."""
        add(store, record(1))
        cut_connections(postgres_server)
        until(
            "the sessions are gone",
            lambda: (
                not postgres_server.execute(
                    "select 1 from pg_stat_activity where application_name = 'orderloom'"
                )
            ),
        )

        assert {"acknowledged": 1} == store.counts()
        add(store, record(2))
        assert {"acknowledged": 2} == store.counts()

    def test_a_transaction_that_is_cut_has_written_nothing_and_may_be_tried_again(
        self, store, postgres_server
    ):
        """The error says who ended it; the next transaction works."""

        def is_cut():
            with store.begin() as transaction:
                transaction.inbox(["k"])
                cut_connections(postgres_server)
                transaction.apply(saved(record(1)))

        with pytest.raises(StoreError) as refused:
            is_cut()

        assert not isinstance(refused.value, CommitUnknown)
        assert {} == store.counts()
        add(store, record(1))
        assert {"acknowledged": 1} == store.counts()

    def test_a_statement_that_somebody_cancels_is_busy(self, store, postgres_server, postgres):
        """An administrator's cancel, as a lock that takes too long: the same may be tried again."""
        other = PostgresStore(postgres)
        done = []

        def waits():
            try:
                with other.begin() as transaction:
                    transaction.inbox(["k"])
            except StoreBusy as busy:
                done.append(busy)

        with store.begin() as transaction:
            transaction.inbox(["k"])
            thread = threading.Thread(target=waits)
            thread.start()
            until("the other waits", lambda: postgres_server.execute(f"select 1 {WAITING}"))
            postgres_server.execute(f"select pg_cancel_backend(pid) {WAITING}")
            thread.join(30)
        other.close()

        assert 1 == len(done)


class TestLostAnswer:
    """The connection is lost at the commit itself."""

    @pytest.mark.parametrize("durable", [True, False])
    def test_the_outcome_is_unknown_and_the_keys_tell(self, postgres, postgres_server, durable):
        """Whether the server got the commit or not, the hub is told the same, and finds out by looking."""
        with Proxy(postgres_server.port) as proxy:
            store = PostgresStore(postgres.replace(f":{postgres_server.port}/", f":{proxy.port}/"))
            add(store, record(1))
            row = InboxRow("business|acme|2", "h", order_id(2), NOW)
            proxy.lose(b"commit\0", forward=durable)
            with pytest.raises(CommitUnknown, match="may or may not be durable") as unknown:
                add(store, record(2), inbox=[row], outbox=[message(order_id(2))], owner="w1")

            assert not isinstance(unknown.value, StoreBusy)
            with store.begin() as transaction:
                assert ({row.key: row} if durable else {}) == transaction.inbox([row.key])
            assert (record(2) if durable else None) == store.order(order_id(2))
            assert durable == bool(store.unsent())
            store.close()

    def test_a_refused_commit_is_a_clear_no(self, store, postgres, postgres_server):
        """What the server itself refuses at the commit was not written."""
        schema = postgres.rpartition("%3D")[2]
        postgres_server.execute(
            f"alter table {schema}.line add foreign key (order_id) references {schema}.orders "
            "deferrable initially deferred"
        )
        changes = Changes(records=[(replace(record(1), lines=()), record(1))], counters={"n": 1})
        with pytest.raises(StoreError, match="contradicts") as refused, store.begin() as transaction:
            transaction.apply(changes)

        assert not isinstance(refused.value, CommitUnknown)
        with store.begin() as transaction:
            assert {"n": 0} == transaction.counters(["n"])


class TestServerEnds:
    """The server stops in the middle of everything."""

    @pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
    def test_what_was_committed_is_there_after_the_restart(self, own_server, how):
        """As in a crash (SIGQUIT) or in good order: the same store goes on when the server is back."""
        store = PostgresStore(own_server.new_schema())
        store.register("w1", "hub.example", 1, NOW, LEASE)
        seqs = list(add(store, *(record(one) for one in range(50)), outbox=[message()], owner="w1"))

        def in_the_middle():
            with store.begin() as transaction:
                transaction.apply(saved(record(99)))
                own_server.stop(how)
                transaction.orders([order_id(1)])

        with pytest.raises(StoreError):
            in_the_middle()
        with pytest.raises(StoreError, match=rf"postgresql://orderloom@127\.0\.0\.1:{own_server.port}"):
            store.counts()
        own_server.start()

        assert {"acknowledged": 50} == store.counts()
        assert record(49) == store.order(order_id(49))
        assert not store.renew("w1", later(60), LEASE)
        store.register("w2", "hub.example", 2, later(60), LEASE)
        assert seqs == [one.row.seq for one in store.adopt("w2", later(60), 9)]
        store.close()

    def test_a_hub_that_stands_still_within_a_transaction_loses_it(self, own_server):
        """Its locks would stop all others; it learns so when it goes on."""
        store = PostgresStore(own_server.new_schema())

        def stand_still():
            with store.begin() as transaction:
                transaction.inbox(["k"])
                transaction._session._db.execute("set idle_in_transaction_session_timeout = 50")
                idle = f"select 1 {OURS} and state like 'idle in transaction%'"
                until("the server has ended it", lambda: not own_server.execute(idle))
                transaction.apply(saved(record(1)))

        with pytest.raises(StoreError, match=r"stood still|server closed the connection"):
            stand_still()

        assert {} == store.counts()
        store.close()


class TestKilled:
    """SIGKILL of a worker at any moment."""

    @pytest.mark.parametrize("seed", range(6))
    def test_a_killed_worker_leaves_whole_transactions_and_another_takes_over(self, postgres, seed):
        """What was committed is there and nothing else; its rows are adopted when its lease has ended."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.child", "commit_until_killed", postgres, str(seed)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        words, _ = process.communicate(timeout=60)
        store = PostgresStore(postgres)
        store.register("next", "hub-1.example", 1, NOW, LEASE)
        before = store.adopt("next", NOW, 100_000)
        with store.begin() as transaction:
            committed = transaction.counters(["batches"])["batches"]
            orders = transaction.orders(order_id(one) for one in range((committed + 1) * BATCH))
            keys = transaction.inbox(f"business|{order_id(one)}" for one in range((committed + 1) * BATCH))
        rows = store.adopt("next", later(3600), 100_000)
        store.close()

        assert -signal.SIGKILL == process.returncode
        assert () == before
        assert committed in {len(words.splitlines()), len(words.splitlines()) + 1}
        assert {order_id(one): record(one) for one in range(committed * BATCH)} == orders
        assert len(orders) == len(keys) == len(rows)
        assert [one.row.seq for one in rows] == sorted(one.row.seq for one in rows)

    def test_what_a_killed_worker_held_is_free_at_once(self, postgres):
        """The server ends its transaction with its connection."""
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.store.child", "hold_keys", postgres],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert "holding\n" == holder.stdout.readline()
        store = PostgresStore(postgres, patience=0.1)
        with pytest.raises(StoreBusy), store.begin() as transaction:
            transaction.inbox(["k"])
        holder.kill()
        holder.communicate(timeout=60)
        waiting = PostgresStore(postgres, patience=30.0)
        with waiting.begin() as transaction:
            assert {} == transaction.inbox(["k"])
        store.close()
        waiting.close()


class TestRefused:
    """What cannot be a store, and what a store cannot hold."""

    def test_a_server_that_is_not_there_is_named_without_the_password(self):
        """And so is what was to be reached."""
        with pytest.raises(StoreError) as refused:
            PostgresStore("postgresql://hub:hunter2@127.0.0.1:1/orders")

        assert "postgresql://hub@127.0.0.1:1/orders: " in str(refused.value)
        assert "hunter2" not in str(refused.value)

    def test_a_wrong_password_is_said_and_not_shown(self, postgres_server):
        """The text says what to check."""
        url = f"postgresql://orderloom:hunter2@127.0.0.1:{postgres_server.port}/postgres"
        with pytest.raises(StoreError, match="password authentication failed") as refused:
            PostgresStore(url)

        assert "hunter2" not in str(refused.value)

    @pytest.mark.parametrize(
        "url", ["postgresql://hub:hunter2@[::1/orders", "hunter2", "host=x pass=hunter2"]
    )
    def test_a_url_that_cannot_be_read_is_not_repeated(self, url):
        """A password may be in it."""
        with pytest.raises(StoreError, match="cannot be read") as refused:
            PostgresStore(url)

        assert "hunter2" not in str(refused.value)

    def test_a_database_in_another_encoding_is_refused(self, postgres_server):
        """It could not hold everybody's names."""
        postgres_server.execute("create database latin encoding 'LATIN1' template template0")
        with pytest.raises(StoreError, match="create it in UTF8"):
            PostgresStore(postgres_server.url.replace("/postgres", "/latin"))

    def test_a_database_that_is_not_there_is_said(self, postgres_server):
        """With what to do."""
        with pytest.raises(StoreError, match="does not exist"):
            PostgresStore(postgres_server.url.replace("/postgres", "/nowhere"))

    def test_a_standby_is_refused(self, postgres_server):
        """Nothing may be decided on what may be old: libpq asks the server whether it takes writes."""
        url = f"{postgres_server.url}?options=-cdefault_transaction_read_only%3Don"
        with pytest.raises(StoreError, match="read-only"):
            PostgresStore(url)

    def test_a_server_that_does_not_sync_is_refused(self):
        """A power cut would take back what was acknowledged."""
        with Postgres("unsafe", {"fsync": "off"}) as server, pytest.raises(StoreError, match="fsync is off"):
            PostgresStore(server.url)

    def test_a_user_without_rights_is_told_what_it_lacks(self, postgres_server):
        """The store makes its tables where it may."""
        schema = postgres_server.new_schema().rpartition("%3D")[2]
        postgres_server.execute(f"create role guest_{schema} login password 'guest'")
        postgres_server.execute(f"grant usage on schema {schema} to guest_{schema}")
        url = f"postgresql://guest_{schema}:guest@127.0.0.1:{postgres_server.port}/postgres"
        with pytest.raises(StoreError, match="own the database or the schema"):
            PostgresStore(f"{url}?options=-csearch_path%3D{schema}")

    @pytest.mark.parametrize("text", ["a\0b", "half \ud83d"])
    def test_a_text_that_postgresql_cannot_hold_is_refused_and_nothing_is_written(self, store, text):
        """Wherever it stands; the store is as it was, and works on."""
        for changes in (
            saved(record(1), outbox=[message(destination=text)]),
            saved(record(1), inbox=[InboxRow(text, "h", "OL1", NOW)]),
        ):
            with pytest.raises(StoreError), store.begin() as transaction:
                transaction.apply(changes)

        assert {} == store.counts()
        add(store, record(1))

    def test_a_number_of_more_than_64_bits_is_refused(self, store):
        """No counter of ours comes so far."""
        with pytest.raises(StoreError, match="too large"), store.begin() as transaction:
            transaction.apply(Changes(counters={"n": 2**63}))

    def test_a_failed_statement_whose_error_was_swallowed_is_not_committed(self, store):
        """PostgreSQL answers such a commit with a rollback and no error: that must not pass for a yes."""

        def swallow():
            with store.begin() as transaction:
                transaction.apply(saved(record(1)))
                with suppress(psycopg.Error):
                    transaction.apply(saved(record(1)))

        with pytest.raises(StoreError, match="nothing was written"):
            swallow()

        assert {} == store.counts()
