"""
The clock as it is operated: a process of its own, on a virtual host of its own, beside a worker.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue

from broker.private_node import PrivateNode
from orderloom.clock_marks import SWEEP, last_run
from orderloom.correlation.sqlite import SqliteStore
from tests.engine.rig import order
from tests.support.hub import Process, running_hub
from tests.support.rabbit import Rabbit, until, virtual_host

pytestmark = pytest.mark.rabbitmq

# Seconds until a clock is noticed to be away, and the worker's next sweep, on a busy machine.
_GONE = 40.0
_COUNT = itertools.count(1)
# What docker-compose.yml gives the clock's user.
_LEAST = dict.fromkeys(("configure", "write", "read"), "^clock$")


@contextmanager
def clock_host(node: PrivateNode):
    """A virtual host for a clock, and the URL of a user that may do there what the clock needs."""
    with virtual_host(node) as host:
        user = f"clock-{next(_COUNT)}"
        node.management.put_user(user, {"password": "tick", "tags": ""})
        node.management.put_permissions(host.vhost, user, _LEAST)
        yield host, f"amqp://{user}:tick@{host.url.rpartition('@')[2]}"
        node.management.delete_user(user)


@dataclass
class Timed:
    """A hub whose CRM is silent, with a clock beside it."""

    hub: object
    host: Rabbit
    url: str
    clocks: list[Process] = field(default_factory=list)

    def clock(self, *arguments: str) -> Process:
        """Start a clock; returns when it has begun."""
        started = self.hub.start(f"clock{len(self.clocks)}", "-m", "orderloom", "clock", *arguments)
        started.until_said("clock_started")
        self.clocks.append(started)
        return started

    def until_swept(self) -> None:
        """Wait until a clock has swept from now on."""
        since = datetime.now(UTC)
        self.hub.until("a sweep", lambda: (last_run(self.hub.store, SWEEP) or since) > since, 60.0)

    def asked(self) -> list[str]:
        """The keys that the CRM was asked under, as often as it was."""
        return [json.loads(one["body"])["requestId"] for one in self.hub.messages("system.crm.in")]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.long])])
def timed(request, rabbit, rabbit_node, tmp_path):
    """On either database."""
    with clock_host(rabbit_node) as (host, url), running_hub(rabbit, tmp_path, answer_within=3) as hub:
        if request.param == "postgres":
            hub.environment["ORDERLOOM_STORE"] = request.getfixturevalue("postgres")
        hub.environment["ORDERLOOM_CLOCK_URL"] = url
        yield Timed(hub, host, url)


@contextmanager
def tapped(url: str):
    """The clock's messages, as anybody may read them who binds to its exchange."""
    with Connection(url) as connection:
        tap = Queue("tap", Exchange("clock", type="direct"), routing_key="clock", exclusive=True)
        yield tap(connection.default_channel)


def test_what_is_due_is_done_once_by_two_clocks_and_published_by_the_worker(timed):
    """
    Five orders whose CRM is silent are each asked again once; the worker sweeps nothing.  On the clocks'
    virtual host there is one queue, and its messages say nothing of orders.
    """
    hub = timed.hub
    timed.clock()
    timed.clock()
    timed.until_swept()
    worker = hub.worker()
    orders = [order(f"W-{at}", offering="INTERNET-100") for at in range(5)]
    with tapped(timed.host.url) as tap:
        tap.declare()
        hub.drop(*(("web", one) for one in orders))
        hub.until("everybody asked twice", lambda: len(timed.asked()) >= 10, 60.0)
        told: list = []
        until("three beats", lambda: len(told) == 3 or told.extend(filter(None, [tap.get(no_ack=True)])))
    keys = timed.asked()
    fired = [one.said().count('"timer_fired"') for one in timed.clocks]
    now = hub.cli("now").out

    assert {2} == {keys.count(key) for key in keys}
    assert "timer_fired" not in worker.said()
    assert sum(fired) >= 5
    assert "clock: swept" in now
    assert "workers keep the time" not in now

    management, vhost = timed.host.management, timed.host.vhost
    queues = {one["name"]: one for one in management.queues(vhost) if one["name"] != "tap"}
    exchanges = {one["name"] for one in management.exchanges(vhost)}

    assert ["clock"] == list(queues)
    assert "quorum" == queues["clock"]["type"]
    assert {"clock"} == {one for one in exchanges if one and not one.startswith("amq.")}
    for message in told:
        arguments, named, _ = json.loads(message.body)
        assert ([], {}) == (arguments, named)
        assert "application/json" == message.content_type
        assert message.headers["task"] in ("clock.sweep", "clock.tidy", "clock.retain")
        assert not any(key.split("-")[0] in str(message.headers) for key in keys)
    assert [0, 0, 0] == [one.stop() for one in (*timed.clocks, worker)]


def test_when_the_clock_is_killed_the_worker_keeps_the_time_until_it_is_back(timed):
    """
    What became due meanwhile is done; nothing is told twice.
    """
    hub = timed.hub
    clock = timed.clock()
    timed.until_swept()
    worker = hub.worker()
    clock.kill()
    hub.drop(("web", order("W-1", offering="INTERNET-100")))
    worker.until_said("clock_missing", _GONE)
    worker.until_said("timer_fired", _GONE)
    hub.until("asked again", lambda: len(timed.asked()) == 2, 30.0)
    again = timed.clock()
    worker.until_said("clock_back", _GONE)

    assert 1 == len(set(timed.asked()))
    assert 1 == worker.said().count("clock_missing")
    assert [0, 0] == [one.stop() for one in (again, worker)]


@pytest.fixture
def alone(tmp_path):
    """A broker of its own, which may be stopped, and a clock without a worker."""
    with PrivateNode(tmp_path / "node", label="clock") as node:
        node.management.put_vhost("clock")
        environment = {
            "ORDERLOOM_CLOCK_URL": node.url_for("clock"),
            "ORDERLOOM_STORE": str(tmp_path / "hub.db"),
        }
        yield Alone(node, tmp_path, environment)


@dataclass
class Alone:
    """See the fixture."""

    node: PrivateNode
    folder: Path
    environment: dict[str, str]

    def clock(self, name: str, *arguments: str) -> Process:
        environment = {**os.environ, **self.environment}
        return Process(self.folder / f"{name}.log", environment, "-m", "orderloom", "clock", *arguments)

    def until_swept(self, limit: float = 60.0) -> None:
        since = datetime.now(UTC)
        store = SqliteStore(self.folder / "hub.db", patience=10)
        try:
            until("a sweep", lambda: (last_run(store, SWEEP) or since) > since, limit)
        finally:
            store.close()


def test_it_comes_back_to_a_broker_that_was_restarted_and_reads_nothing_but_json(alone):
    """
    In two processes, beat and worker.  A message that would be unpickled into an act is refused, unread.
    """
    beat, worker = alone.clock("beat", "--beat-only"), alone.clock("worker", "--worker-only")
    worker.until_said("clock_started")
    alone.until_swept()
    trap = alone.folder / "trap"
    with Connection(alone.environment["ORDERLOOM_CLOCK_URL"]) as connection:
        connection.Producer().publish(
            pickle.dumps(_Trap(str(trap))),
            exchange="clock",
            routing_key="clock",
            content_type="application/x-python-serialize",
            content_encoding="binary",
            headers={"task": "clock.sweep", "id": "1"},
        )
    worker.until_said("task_refused")
    alone.until_swept()

    assert not trap.exists()

    alone.node.restart()
    alone.until_swept(90)

    assert [0, 0] == [beat.stop(), worker.stop()]


class _Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))
