"""
The clock's Celery: its tasks, called as its worker calls them, and what it refuses to be led by.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from celery.utils.quorum_queues import detect_quorum_queues

from broker.address import Address
from orderloom import clock
from orderloom.clock import QUEUE, clock_app
from orderloom.clock_marks import last_run
from orderloom.correlation.port import StoreError
from orderloom.periodic import Chore, chores
from orderloom.retention import Policy
from orderloom.settings import SettingsError

ADDRESS = Address.parse("amqp://tick:p%2Fw@127.0.0.1:1/a%20clock")


@pytest.fixture
def keeper(rig):
    """What the clock's worker calls."""
    return clock._Keeper(rig.store)


@pytest.fixture
def app(rig, keeper):
    """The clock of the bench's store; it is connected to nothing."""
    return clock_app(ADDRESS, chores(rig.hub(), rig.store, Policy()), keeper.run)


def test_each_chore_is_a_task_without_arguments_and_a_beat_that_expires(app):
    """Its message names the chore, and the exchange by which one right is enough."""
    names = {"clock.sweep": 1.0, "clock.tidy": 60.0, "clock.retain": 300.0}

    assert names.keys() <= app.tasks.keys()
    assert names == {name: beat["schedule"] for name, beat in app.conf.beat_schedule.items()}
    for name, every in names.items():
        beat = app.conf.beat_schedule[name]
        assert {"task", "schedule", "options"} == beat.keys()
        assert {"queue": QUEUE, "exchange": QUEUE, "routing_key": QUEUE, "expiration": every} == beat[
            "options"
        ]


def test_each_task_does_its_chore_and_says_when(app, rig):
    """The store has it, for workers and for people."""
    before = datetime.now(UTC)
    rig.drop(b"not JSON at all")
    rig.settle()
    for name in ("sweep", "tidy", "retain"):
        assert app.tasks[f"clock.{name}"]() is None
        done = last_run(rig.store, name)
        assert done is not None
        assert before <= done <= datetime.now(UTC)


def test_what_the_store_cannot_take_is_done_in_the_next_period(app, rig, monkeypatch):
    """The task ends well, and does not say that it was done."""

    def busy(_):
        raise StoreError("busy")

    monkeypatch.setattr(rig.store, "tidy", busy, raising=False)
    with structlog.testing.capture_logs() as lines:
        app.tasks["clock.tidy"]()

    assert [("chore_failed", "tidy", "busy")] == [(one["event"], one["name"], one["error"]) for one in lines]
    assert last_run(rig.store, "tidy") is None


def test_a_long_chore_is_gone_on_with_in_its_next_period(keeper, rig, monkeypatch):
    """One task does not hold the others up for longer than its budget."""
    steps = []

    def endless(now):
        while True:
            steps.append(now)
            yield 1

    monkeypatch.setattr(clock, "_BUDGET", -1.0)
    keeper.run(Chore("endless", 60.0, endless))

    assert 1 == len(steps)
    assert timedelta(0) <= datetime.now(UTC) - last_run(rig.store, "endless") < timedelta(minutes=1)


def test_nothing_but_json_one_quorum_queue_and_no_way_in(app):
    """What docs/decisions/clock.md says of its settings."""
    conf = app.conf

    assert (["json"], "json", "json") == (conf.accept_content, conf.task_serializer, conf.result_serializer)
    assert not conf.worker_enable_remote_control
    assert not conf.worker_send_task_events
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert (True, QUEUE) == detect_quorum_queues(app, "amqp")
    assert "amqp://tick:p%2Fw@127.0.0.1:1/a%20clock" == conf.broker_url
    assert {"confirm_publish", "confirm_timeout", "client_properties"} == conf.broker_transport_options.keys()


@pytest.mark.parametrize("name", ["CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"])
def test_a_variable_of_celerys_own_does_not_lead_it_elsewhere(name, monkeypatch):
    """To the virtual host of the orders, for instance."""
    monkeypatch.setenv(name, "amqp://127.0.0.1/orders")
    with pytest.raises(SettingsError, match=rf"\${name}: is set, and would lead the clock to another broker"):
        clock_app(ADDRESS, (), lambda _: None)
