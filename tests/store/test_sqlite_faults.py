"""
SQLite's store under faults: killed, blocked, full, damaged.  The processes are real, and so are the faults.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from orderloom.correlation.port import StoreBusy, StoreError
from orderloom.correlation.sqlite import SqliteStore
from tests.store.child import BATCH
from tests.store.orders import NOW, later, message, order_id, record, saved

ROOT = Path(__file__).resolve().parents[2]

# A page in the middle of the file, past the schema.
PAGE = 4096


def child(*arguments, **more):
    """A process that runs :mod:`tests.store.child`."""
    command = [sys.executable, "-m", "tests.store.child", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **more)


def said(*arguments):
    """What such a process said until it ended, and how it ended."""
    process = child(*arguments)
    words, _ = process.communicate(timeout=60)
    return words.splitlines(), process.returncode


def sound(path):
    """What SQLite itself finds wrong with the file: nothing."""
    db = sqlite3.connect(path)
    found = [*db.execute("pragma integrity_check"), *db.execute("pragma foreign_key_check")]
    db.close()
    return found == [("ok",)]


@pytest.fixture
def path(tmp_path):
    """Where the database is, or will be."""
    return tmp_path / "hub.db"


class TestKilled:
    """SIGKILL at any moment."""

    @pytest.mark.parametrize("seed", range(30))
    def test_a_killed_worker_leaves_whole_transactions_and_the_next_starts_at_once(self, path, seed):
        """What was committed is there and nothing else, and the next worker adopts all that is unsent."""
        words, code = said("commit_until_killed", path, seed)
        store = SqliteStore(path)
        store.register("next", "hub-1.example", 1, NOW, 10.0)
        with store.begin() as transaction:
            committed = transaction.counters(["batches"])["batches"]
            orders = transaction.orders(order_id(one) for one in range((committed + 1) * BATCH))
            keys = transaction.inbox(f"business|{order_id(one)}" for one in range((committed + 1) * BATCH))
        rows = store.adopt("next", NOW, 100_000)
        journal = [len(store.journal(one)) for one in orders]
        store.close()

        assert -signal.SIGKILL == code
        assert committed in {len(words), len(words) + 1}  # killed between the commit and its word
        assert {order_id(one): record(one) for one in range(committed * BATCH)} == orders
        assert len(orders) == len(keys) == len(rows) == sum(journal)
        assert list(range(1, len(orders) + 1)) == [one.row.seq for one in rows]
        assert sound(path)

    @pytest.mark.parametrize("steps", [1, 100, 500, 1000, 2000, 4000])
    def test_a_migration_that_was_killed_begins_again(self, path, steps):
        """Half a schema is never seen."""
        _, code = said("migrate_until_killed", path, steps)
        before = sqlite3.connect(path)
        tables = before.execute("select count(*) from sqlite_schema").fetchone()[0]
        before.close()
        store = SqliteStore(path)
        with store.begin() as transaction:
            transaction.apply(saved(record()))
        store.close()

        assert -signal.SIGKILL == code
        assert 0 == tables
        assert sound(path)


class TestBusy:
    """Another process has the database."""

    def test_a_writer_is_told_busy_and_a_reader_reads_on(self, path):
        """Nothing was written, the same may be tried again, and status never waits."""
        store = SqliteStore(path, patience=0.05)
        with store.begin() as transaction:
            transaction.apply(saved(record(1)))
        holder = child("hold", path, stdin=subprocess.PIPE)
        try:
            assert "holding\n" == holder.stdout.readline()
            with pytest.raises(StoreBusy, match="another process is writing"), store.begin():
                pytest.fail("the transaction has begun")
            with pytest.raises(StoreBusy):
                store.renew("w1", NOW, 10.0)

            assert record(1) == store.order(order_id(1))
            assert () == store.adopt("w1", NOW, 10)
        finally:
            holder.communicate(timeout=60)
        with store.begin() as transaction:
            transaction.apply(saved(record(2)))
        store.close()


class TestFull:
    """No room: the kernel lets no file grow (RLIMIT_FSIZE), as any user can have it."""

    def test_no_room_at_the_commit_is_an_unknown_outcome(self, path):
        """The log may hold it already; here it does not, and the same batch is taken when there is room."""
        words, code = said("fill_the_disk", path, 200_000)

        assert ["CommitUnknown", "None", "True"] == [words[0], *words[2:]]
        assert str(path) in words[1]
        assert "may or may not be durable" in words[1]
        assert 0 == code
        assert sound(path)

    def test_no_room_before_the_commit_is_a_clear_no(self, path):
        """A batch larger than the writer's memory goes to the log early."""
        words, code = said("fill_the_disk", path, 80_000_000)

        assert ["StoreError", "None", "True"] == [words[0], *words[2:]]
        assert f"{path}: the disk reports errors or is full" in words[1]
        assert 0 == code


class TestDamaged:
    """A file that cannot be trusted is not worked on."""

    def test_a_file_that_is_no_database_is_refused_by_name(self, path):
        """Nothing of it is overwritten."""
        path.write_bytes(b"ISA*00*" * 1000)
        with pytest.raises(StoreError, match="not a database of ours") as refused:
            SqliteStore(path)

        assert str(path) in str(refused.value)
        assert b"ISA*00*" * 1000 == path.read_bytes()

    def test_a_damaged_page_is_found_before_the_worker_starts(self, path):
        """The worker is refused with the way out, and the lock is free again for the restored file."""
        store = SqliteStore(path)
        with store.begin() as transaction:
            transaction.apply(saved(*(record(one) for one in range(400))))
        store.close()
        pages = path.stat().st_size // PAGE
        with path.open("r+b") as file:
            for page in range(pages // 2, pages // 2 + 20):
                file.seek(page * PAGE)
                file.write(b"\xff" * PAGE)
        damaged = SqliteStore(path)
        for _ in range(2):
            with pytest.raises(StoreError, match="restore the newest backup") as refused:
                damaged.register("w1", "hub-1.example", 1, NOW, 10.0)
            assert str(path) in str(refused.value)
        damaged.close()

    @pytest.mark.parametrize(
        ("file", "folder"),
        [pytest.param(0o444, 0o777, id="file"), pytest.param(0o666, 0o555, id="folder")],
    )
    def test_a_store_that_may_not_be_written_is_refused(self, path, tmp_path, file, folder):
        """The text says what mends it."""
        SqliteStore(path).close()
        path.chmod(file)
        tmp_path.chmod(folder)
        [text], code = said("open_read_only", tmp_path)
        tmp_path.chmod(0o755)

        assert 0 == code
        assert text.startswith("hub.db: it cannot be written: own the file and its folder")

    def test_a_folder_that_is_not_there_is_named(self, tmp_path):
        """The store makes its file, not folders that somebody misspelt."""
        with pytest.raises(StoreError, match=r"nowhere/hub\.db: cannot be made"):
            SqliteStore(tmp_path / "nowhere" / "hub.db")


class TestWorkers:
    """One worker at a time, whoever else writes."""

    def test_a_worker_keeps_its_lease_however_late_it_renews(self, path):
        """Nobody can have entered while it holds the lock, so that a long turn costs it nothing."""
        store = SqliteStore(path)
        store.register("w1", "hub-1.example", 1, NOW, 10.0)

        assert store.renew("w1", later(3600), 10.0)
        store.retire("w1")
        assert not store.renew("w1", later(3601), 10.0)
        store.close()

    def test_a_second_worker_is_refused_with_the_way_out(self, path):
        """The refusal names the first one, and PostgreSQL."""
        first, second = SqliteStore(path), SqliteStore(path)
        first.register("w1", "hub-1.example", 4711, NOW, 10.0)
        with pytest.raises(StoreError, match="PostgreSQL") as refused:
            second.register("w2", "hub-2.example", 4712, later(3600), 10.0)

        assert "worker 'w1' (process 4711 on hub-1.example)" in str(refused.value)
        assert first.renew("w1", later(1), 10.0)
        first.retire("w1")
        second.register("w2", "hub-2.example", 4712, later(3600), 10.0)
        second.close()
        first.register("w1", "hub-1.example", 4711, later(3600), 10.0)
        first.close()

    def test_the_command_line_writes_beside_the_worker(self, path):
        """What it leaves in the outbox is the worker's to publish, and what comes behind it as well."""
        worker, cli = SqliteStore(path), SqliteStore(path, create=False)
        worker.register("w1", "hub-1.example", 4711, NOW, 10.0)
        seqs = []
        for store, owner in ((worker, "w1"), (cli, None), (worker, "w1"), (cli, None)):
            with store.begin() as transaction:
                seqs += transaction.apply(saved(outbox=[message()], owner=owner))

        assert [1, 2, 0, 4] == seqs
        assert [2, 3, 4] == [one.row.seq for one in worker.adopt("w1", NOW, 10)]
        worker.close()
        cli.close()
