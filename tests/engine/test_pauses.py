"""
What people have paused: nothing is taken from a channel, nothing sent to a system, and nobody else waits.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from broker.memory import MemoryBroker
from orderloom.pauses import Kind, Pause, obeyed_by, pause, read_pauses, resume
from tests.engine.rig import MOBILE_IN, OSS_WORK, WorkerRig, order, topology

IN = "channel.web.in"


@pytest.fixture
def rig(tmp_path):
    made = WorkerRig(tmp_path)
    yield made
    made.crash()


def paused(rig, kind, name):
    """Somebody pauses it, and the worker looks."""
    pause(rig.store, kind, name, Pause(at=rig.now, by="cli:ann", why="release"))
    rig.step(0.6)
    rig.step(0.1)


def resumed(rig, kind, name):
    """Somebody resumes it, and the worker looks."""
    found = read_pauses(rig.store).get(kind, name)
    resume(rig.store, kind, name, found, at=rig.now, by="cli:bob", why="done")
    rig.step(0.6)
    rig.settle()


def wait(rig, seconds):
    """Time passes, in steps that no lease outlives."""
    ends = rig.now + timedelta(seconds=seconds)
    while rig.now < ends:
        rig.step(5)
    rig.step(0.5)


def test_nothing_is_taken_from_a_paused_channel(rig):
    """It waits in its queue, and is taken once the channel is resumed."""
    paused(rig, Kind.CHANNEL, "web")
    rig.drop(order())
    wait(rig, 20)
    assert 1 == rig.broker.depth(IN)

    resumed(rig, Kind.CHANNEL, "web")
    assert 0 == rig.broker.depth(IN)
    assert "inProgress" == rig.states()["order"]


def test_a_worker_that_starts_takes_nothing_from_a_paused_channel(rig):
    """Not even what it could have in hand before it looks."""
    paused(rig, Kind.CHANNEL, "web")
    rig.drop(order())
    rig.restart()
    wait(rig, 5)

    assert (1, 0) == (rig.broker.depth(IN), rig.broker.unsettled(IN))
    assert {} == dict(rig.store.counts())


def test_answers_already_owed_go_out(rig):
    """A paused channel is told how its orders end."""
    rig.drop(order())
    rig.settle()
    paused(rig, Kind.CHANNEL, "web")
    rig.told()
    rig.answer_crm()
    rig.settle()
    rig.answer_call()
    rig.settle()
    rig.tell_oss()
    rig.settle()

    assert "notice.ended.v1" == rig.told()[-1]


def test_nothing_is_sent_to_a_paused_system_and_others_do_not_wait(rig):
    """Its instruction waits in the store; the other system's leaves, and the worker may end at once."""
    paused(rig, Kind.SYSTEM, "crm")
    rig.drop(order("W-1"))
    rig.drop(order("W-2", offering="SIM"))
    rig.settle()
    assert (0, 1) == (rig.broker.depth("system.crm.in"), rig.broker.depth(MOBILE_IN))
    assert ["system.crm.in"] == [one.destination for one in rig.store.unsent()]
    assert rig.engine.idle

    resumed(rig, Kind.SYSTEM, "crm")
    assert 1 == rig.broker.depth("system.crm.in")
    assert () == rig.store.unsent()


def test_the_next_worker_holds_them_too(rig):
    """A pause is no property of a process."""
    paused(rig, Kind.SYSTEM, "crm")
    rig.drop(order())
    rig.settle()
    rig.restart()
    wait(rig, 15)
    assert 0 == rig.broker.depth("system.crm.in")

    resumed(rig, Kind.SYSTEM, "crm")
    assert 1 == rig.broker.depth("system.crm.in")


def test_what_a_paused_system_says_is_taken(rig):
    """It may go on with what it has."""
    rig.drop(order())
    rig.settle()
    paused(rig, Kind.SYSTEM, "crm")
    rig.answer_crm()
    rig.settle()

    assert "completed" == rig.states()["crm"]


def test_a_paused_system_is_not_called(rig):
    """What a worker has in hand already waits too, and is called for later."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    # As if it had been handed over before the pause: the queue is left alone only from then on.
    pause(rig.store, Kind.SYSTEM, "oss.internet", Pause(at=rig.now, by="cli:ann", why="release"))
    rig.engine.pauses = read_pauses(rig.store)
    wait(rig, 20)
    assert [] == rig.calls.made

    resumed(rig, Kind.SYSTEM, "oss.internet")
    wait(rig, 2)
    assert 1 == len(rig.calls.made)
    assert 1 == rig.broker.unsettled(OSS_WORK)


def test_an_own_pause_is_not_the_systems_silence(rig):
    """However long it was: the system has all its time from the end of the pause on."""
    rig.crm.profile = msgspec.structs.replace(rig.crm.profile, answer_within=60)
    rig.restart()
    paused(rig, Kind.SYSTEM, "crm")
    rig.drop(order())
    wait(rig, 300)
    assert ("inProgress", 1) == (rig.states()["crm"], rig.record().instructions[0].attempt)

    resumed(rig, Kind.SYSTEM, "crm")
    wait(rig, 40)
    assert [1] == [one.properties.headers["attempt"] for one in rig.taken("system.crm.in")]
    wait(rig, 40)
    assert [2] == [one.properties.headers["attempt"] for one in rig.taken("system.crm.in")]


def test_a_worker_says_that_it_obeys(rig):
    """By the token of exactly these pauses; and of which channels it has messages in hand."""
    paused(rig, Kind.CHANNEL, "web")
    wait(rig, 3)
    token = read_pauses(rig.store).token
    assert {rig.name: (token, ())} == {
        name: (one.token, one.busy) for name, one in obeyed_by(rig.store, rig.now).items()
    }

    resumed(rig, Kind.CHANNEL, "web")
    assert [read_pauses(rig.store).token] == [one.token for one in obeyed_by(rig.store, rig.now).values()]
    assert token != read_pauses(rig.store).token


def test_messages_that_come_late_make_it_busy(rig):
    """For a second nobody knows what is still on its way."""
    rig.drop(order())
    pause(rig.store, Kind.CHANNEL, "web", Pause(at=rig.now, by="cli:ann", why="release"))
    rig.step(0.6)

    assert [("web",)] == [one.busy for one in obeyed_by(rig.store, rig.now).values()]
    wait(rig, 3)
    assert [()] == [one.busy for one in obeyed_by(rig.store, rig.now).values()]


def test_what_dead_workers_said_is_forgotten(rig):
    """It would be kept for ever."""
    paused(rig, Kind.SYSTEM, "crm")
    first = rig.name
    rig.restart()
    wait(rig, 20)

    assert f"obeyed|{first}" not in rig.store.settings("obeyed|")
    assert f"obeyed|{rig.name}" in rig.store.settings("obeyed|")


def test_who_and_why_is_written_down(rig):
    """In the journal of what belongs to no order."""
    paused(rig, Kind.SYSTEM, "crm")
    resumed(rig, Kind.SYSTEM, "crm")

    assert [("system_paused", "cli:ann", "crm: release"), ("system_resumed", "cli:bob", "crm: done")] == [
        (one.event, one.actor, one.text) for one in rig.store.journal("")
    ]


def test_a_pause_outlives_a_lost_broker(rig):
    """What is to be settled then waits as well."""
    rig.drop(order())
    rig.settle()
    paused(rig, Kind.SYSTEM, "crm")
    rig.crash()
    rig.broker = MemoryBroker(topology())
    rig.start()
    wait(rig, 10)
    assert 0 == rig.broker.depth("system.crm.in")

    resumed(rig, Kind.SYSTEM, "crm")
    assert [2] == [one.properties.headers["attempt"] for one in rig.taken("system.crm.in")]
