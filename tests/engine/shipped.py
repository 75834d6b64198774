"""
The shipped hub with all its channels on the memory broker, in one of both shapes.
"""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.memory import MemoryBroker
from broker.port import Properties
from orderloom.adapter_forwarder import Forwarder
from orderloom.adapter_runner import AdapterRunner
from orderloom.hub_topology import ORDERS_IN, drop_exchange, hub_topology
from orderloom.settings import Settings, load
from orderloom.wiring import open_store, wire
from orderloom.worker import Worker
from tests.engine.rig import Calls
from tests.engine.split_rig import Unafraid

__all__ = ["START", "Message", "Shipped"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

# Whose names and times of death differ, whatever is done.
_NOT_COMPARED = {"worker", "setting", "migration"}

Message = tuple[str, bytes, Properties]


class Shipped:
    """The shipped hub on the memory broker, in one of both shapes."""

    def __init__(self, folder: Path, *, split: bool, settings: Settings | None = None) -> None:
        settings = settings or load(None, {"ORDERLOOM_STORE": str(folder / "hub.db")})
        self.file = folder / "hub.db"
        self.now = START
        self.store = open_store(settings)
        hub, lanes, rules = wire(settings, self.store, channels=() if split else None)
        # The same tokens in both shapes.
        minted = itertools.count(1)
        hub = replace(hub, mint=lambda: f"R-0000-0000-0000-0000-0000-{next(minted):04d}")
        references = hub.rules().references
        self.broker = MemoryBroker(hub_topology(settings, references.endpoints.values(), hub.profiles()))
        client = self.broker.connect("worker")
        self.calls = Calls()
        self.worker = Worker(
            hub, self.store, client, self.calls, lanes, clock=lambda: self.now, entered=rules.publish
        )
        self.worker.start()
        self.runners = [self._runner(name, hub.channels[name], references) for name in hub.channels if split]

    def _runner(self, name, adapter, references) -> AdapterRunner:
        forwarder = Forwarder(name, adapter, lambda: references)
        runner = AdapterRunner(forwarder, self.broker.connect(name), Unafraid(forwarder), lambda: self.now)
        runner.start()
        return runner

    def take(self, message: Message, at: datetime) -> None:
        """Drop it, and let everybody work until nothing is left of it."""
        channel, body, properties = message
        self.now = at
        self.broker.publish(drop_exchange(channel), "", body, properties)
        for runner in self.runners:
            for _ in range(3):
                runner.step(runner.broker.collect(100, 0.0))
        self.work()

    def take_command(self, body: bytes, at: datetime) -> None:
        """The same with what an adapter of somebody else puts on ``orders.in``."""
        self.now = at
        self.broker.publish("", ORDERS_IN, body, Properties(content_type="application/json"))
        self.work()

    def work(self) -> None:
        """A few turns of the worker."""
        for _ in range(4):
            self.now += timedelta(seconds=0.1)
            self.worker.tick(0.0)

    def kept(self) -> dict[str, list[tuple[object, ...]]]:
        """Every table of the store."""
        with closing(sqlite3.connect(self.file)) as db:
            names = [one for (one,) in db.execute("select name from sqlite_master where type = 'table'")]
            return {
                name: sorted(db.execute(f"select * from {name}"), key=repr)  # noqa: S608 -- ours
                for name in names
                if name not in _NOT_COMPARED
            }

    def said(self) -> dict[str, list[tuple[bytes, Properties]]]:
        """Every message on every queue."""
        names = (one for one in self.broker.queues() if one != "hub.identity")
        return {
            name: [(one.body, one.properties) for one in self.broker.peek(name, 10_000)] for name in names
        }

    def close(self) -> None:
        self.worker.close()
        self.store.close()
