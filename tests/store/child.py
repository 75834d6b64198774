"""
Processes that the store's tests kill, starve and stand in the way: ``python -m tests.store.child WHAT …``.

Each says on its standard output how far it has come, one word a line, written at once.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import sqlite3
import struct
import sys
import threading
from itertools import count
from pathlib import Path

from orderloom.correlation.port import Changes, InboxRow, JournalEntry, StoreError
from orderloom.correlation.postgres import PostgresStore
from orderloom.correlation.sqlite import SqliteStore
from orderloom.correlation.sqlite_migrate import migrate, shipped
from tests.store.orders import NOW, message, native, record

# Orders in one transaction of `commit_until_killed`.
BATCH = 8

# An hour: only the lock tells that this worker is dead.
_LEASE = 3600.0

# The layout that two sets of 64 capabilities are told in: _LINUX_CAPABILITY_VERSION_3, capset(2).
_CAPABILITY_VERSION = 0x20080522


def say(word: object) -> None:
    """One word, past every buffer."""
    os.write(1, f"{word}\n".encode())


def opened(place: str) -> PostgresStore | SqliteStore:
    """The store at a file or a URL."""
    return PostgresStore(place) if place.startswith("postgresql://") else SqliteStore(place)


def batch(number: int) -> Changes:
    """A transaction that touches every kind of table; ``number`` counts from 0."""
    records = [record(number * BATCH + one) for one in range(BATCH)]
    return Changes(
        records=[(None, one) for one in records],
        inbox=[InboxRow(f"business|{one.id}", "h", one.id, NOW) for one in records],
        natives={f"h{number}": native(bytes(3000), f"h{number}")},
        journal=[JournalEntry(one.id, NOW, "order_accepted", "text") for one in records],
        counters={"batches": number + 1},
        outbox=[message(one.id, native=f"h{number}") for one in records],
        owner="dead",
    )


def commit_until_killed(place: str, seed: str) -> None:
    """Commit batch after batch, and be killed at a moment that the seed chooses."""
    store = opened(place)
    store.register("dead", "hub-1.example", os.getpid(), NOW, _LEASE)
    moment = random.Random(seed).uniform(0.002, 0.06)
    threading.Timer(moment, os.kill, (os.getpid(), signal.SIGKILL)).start()
    for number in count():
        with store.begin() as transaction:
            transaction.apply(batch(number))
        say(number)


def hold(path: str) -> None:
    """Stand in every writer's way until the standard input ends."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("begin immediate")
    say("holding")
    sys.stdin.read()


def hold_keys(url: str) -> None:
    """Hold a key's lock on PostgreSQL until the standard input ends."""
    with PostgresStore(url).begin() as transaction:
        transaction.inbox(["k"])
        say("holding")
        sys.stdin.read()


def migrate_until_killed(path: str, steps: str) -> None:
    """Be killed after so many steps of SQLite's machine within the first migration."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    left = iter(range(int(steps)))
    db.set_progress_handler(lambda: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL), 1)
    migrate(db, Path(path), shipped())


def fill_the_disk(path: str, size: str) -> None:
    """Accept an order with ``size`` bytes where no file may grow that far; then once more where it may."""
    store = SqliteStore(path)
    changes = Changes(records=[(None, record())], natives={"h": native(bytes(int(size)), "h")})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = Path(f"{path}-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + int(size) // 2, hard))
    try:
        with store.begin() as transaction:
            transaction.apply(changes)
    except StoreError as error:
        say(type(error).__name__)
        say(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    say(store.order(record().id))
    with store.begin() as transaction:
        transaction.apply(changes)
    say(store.order(record().id) == record())


def give_up_rights() -> None:
    """
    Give up every capability of this process: root stays who it is, and file modes hold for it too.

    Another user id would do as well, but may be unable to read the checkout.
    """
    header = struct.pack("=II", _CAPABILITY_VERSION, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def open_read_only(folder: str) -> None:
    """Open a store that its owner may not write, without root's right to do it all the same."""
    os.chdir(folder)
    give_up_rights()
    try:
        SqliteStore("hub.db").register("w1", "hub-1.example", 1, NOW, _LEASE)
    except StoreError as error:
        say(error)


_WHAT = {
    one.__name__: one
    for one in (commit_until_killed, hold, hold_keys, migrate_until_killed, fill_the_disk, open_read_only)
}

if __name__ == "__main__":
    _WHAT[sys.argv[1]](*sys.argv[2:])
