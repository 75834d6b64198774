"""
Several workers on one PostgreSQL and one broker, each in a thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

from orderloom.correlation.postgres import PostgresStore
from tests.engine.faults import FusedCalls, FusedClient, FusedStore
from tests.engine.rig import START, Calls

__all__ = ["Fellow", "in_threads"]

# Longer than any such test: what a lost lease brings is another test's.
_LEASE = 3600.0


class Fellow:
    """One of several workers: put before a rig, it has a store of its own on the shared database."""

    def __init__(self, folder, url, label, broker=None, **more):
        self._url, self._label, self._shared = url, label, broker
        super().__init__(folder, **more)
        self.store.renew(self.name, self.now, _LEASE)

    def _connect(self):
        self.broker = self._shared or self.broker
        self.workers += 1
        self.name = f"{self._label}-{self.workers}"
        self.store = FusedStore(PostgresStore(self._url), self.fuse)
        self.calls = FusedCalls(Calls(), self.fuse)
        self.client = FusedClient(self.broker.connect(self.name), self.fuse)

    def work(self, stop):
        """Turn until told to stop, on a clock that goes as the real one does."""
        began = monotonic()
        while not stop.is_set():
            self.now = START + timedelta(seconds=monotonic() - began)
            self.turn()

    def turn(self):
        """What it does once."""
        raise NotImplementedError


@contextmanager
def in_threads(fellows: Sequence[Fellow]) -> Iterator[None]:
    """All at work, until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.work, args=(stop,)) for one in fellows]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        stop.set()
        for one in threads:
            one.join()
