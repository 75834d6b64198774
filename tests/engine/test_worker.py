"""
The worker around the engine: its lease, its name, its connection, its end; and a broker that lost everything.
"""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest

from broker.port import BrokerUnavailable
from canonical.notices import NoticeKind
from orderloom.correlation.port import StoreBusy, StoreError
from orderloom.correlation.sqlite import SqliteStore
from orderloom.engine.hub import Limits
from orderloom.identity import IDENTITY_QUEUE, OtherHub, recall, same_broker
from orderloom.worker import LeaseLost
from tests.engine.rig import CRM_REPLIES, OSS_WORK, WorkerRig, crm_result, order

IN = "channel.web.in"
OUT = "channel.web.out"


def completed(rig: WorkerRig, number: str = "W-1") -> None:
    """An order run to its end, and what was told of it read."""
    rig.completed(number)
    rig.told()


def test_a_worker_renews_its_lease_while_it_works(worker_rig):
    """Far beyond the ten seconds of one."""
    for _ in range(60):
        worker_rig.step(1)

    assert worker_rig.store.renew(worker_rig.worker.name, worker_rig.now, 10)


def test_a_busy_store_does_not_cost_a_worker_its_lease(worker_rig, monkeypatch):
    """It is asked again at the next turn."""
    renew = worker_rig.store.renew
    answers = [StoreBusy("locked")] * 5

    def sometimes(*args):
        if answers:
            raise answers.pop()
        return renew(*args)

    monkeypatch.setattr(worker_rig.store, "renew", sometimes, raising=False)
    for _ in range(60):
        worker_rig.step(0.5)

    assert [] == answers
    assert renew(worker_rig.worker.name, worker_rig.now, 10)


def test_a_turn_longer_than_the_lease_does_not_end_the_only_worker(worker_rig):
    """Nobody can have taken over from it: what it committed leaves with the next turn."""
    worker_rig.broker.block()
    worker_rig.drop(order())
    worker_rig.settle()
    worker_rig.broker.unblock()
    worker_rig.step(worker_rig.limits.lease + 1)
    worker_rig.settle()

    assert [] == list(worker_rig.store.unsent())
    assert worker_rig.store.renew(worker_rig.worker.name, worker_rig.now, 10)


def test_a_worker_that_cannot_renew_stops_before_its_lease_ends(worker_rig, monkeypatch):
    """Another one may own its rows after that."""

    def never(*_):
        raise StoreError("away")

    worker_rig.fuse.away = StoreError("away")  # or there would soon be nothing left to do
    worker_rig.drop(order())
    start = worker_rig.now
    monkeypatch.setattr(worker_rig.store, "renew", never, raising=False)
    with pytest.raises(LeaseLost, match="could not be renewed: away"):
        worker_rig.settle(0.5)

    assert timedelta(seconds=7) <= worker_rig.now - start < timedelta(seconds=10)


def test_a_worker_whose_lease_was_taken_stops_at_once(worker_rig):
    """It slept too long, or somebody struck it off."""
    worker_rig.store._inner.retire(worker_rig.worker.name)
    with pytest.raises(LeaseLost, match="may be another"):
        worker_rig.step(3)


def test_told_to_stop_it_ends_what_it_has_begun_and_takes_nothing_new(tmp_path):
    """What is committed leaves; what was not taken stays in its queue for the next worker."""
    rig = WorkerRig(tmp_path)
    rig.drop(order("W-1"))
    rig.step()
    stop = threading.Event()
    stop.set()

    def ticking():
        rig.now += timedelta(seconds=0.02)
        return rig.now

    rig.worker.clock = ticking
    rig.worker.run(stop)
    rig.drop(order("W-2"))

    assert ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()
    assert 1 == rig.broker.depth("system.crm.in")
    assert () == rig.store.unsent()
    assert (1, 0) == (rig.broker.depth(IN), rig.broker.unsettled(IN))
    rig.store.close()


def test_intake_is_shut_at_the_broker_while_too_much_is_unsent(tmp_path):
    """Channels wait in their queues; replies go on, because they end work."""
    rig = WorkerRig(tmp_path, Limits(unsent_bytes=1000))
    rig.drop(order("W-1"))
    rig.broker.block()
    rig.step()
    rig.drop(order("W-2"))
    rig.drop(crm_result(rig.key("crm", "W-1")), CRM_REPLIES)
    rig.step(0.1)
    rig.step(0.1)
    assert "completed" == rig.states("W-1")["crm"]
    assert 1 == rig.broker.depth(IN)

    rig.broker.unblock()
    rig.settle()
    assert "inProgress" == rig.states("W-2")["order"]
    rig.crash()


@pytest.mark.parametrize(("seconds", "taken"), [(0.0, [20, 40, 80, 60]), (2.0, [20] * 10)])
def test_a_worker_takes_as_many_messages_at_once_as_it_can_work_on_soon(
    worker_rig, monkeypatch, seconds, taken
):
    """A turn that takes too long takes fewer the next time: who is away from the broker too long is ended."""
    clock = itertools.count(0, seconds)
    monkeypatch.setattr("orderloom.worker.monotonic", lambda: next(clock))
    for number in range(200):
        worker_rig.drop(order(f"W-{number}"))
    orders = [0]
    while orders[-1] < 200:
        worker_rig.step(0.01)
        orders.append(sum(worker_rig.store.counts().values()))

    assert taken == [after - before for before, after in itertools.pairwise(orders)]


def test_a_broken_connection_is_a_pause(worker_rig):
    """What was not settled comes again, what was not confirmed goes again."""
    worker_rig.broker.drop(worker_rig.name, down=True)
    worker_rig.drop(order())
    for _ in range(10):
        worker_rig.step(0.5)
    worker_rig.broker.restore(worker_rig.name)
    worker_rig.settle(0.5)

    assert ["acknowledgement.v1", "notice.accepted.v1"] == worker_rig.told()


def test_an_identity_that_cannot_be_read_is_read_later(worker_rig, monkeypatch):
    """The connection came back, but not yet for everybody; the worker lives on."""
    read = worker_rig.worker.identity.read
    answers = [BrokerUnavailable("not yet")] * 3

    def sometimes():
        if answers:
            raise answers.pop()
        return read()

    worker_rig.worker.identity.read = sometimes
    worker_rig.broker.drop(worker_rig.name, down=True)
    worker_rig.step(0.1)
    worker_rig.broker.restore(worker_rig.name)
    for _ in range(10):
        worker_rig.step(0.1)

    assert [] == answers
    assert worker_rig.worker._connected


def test_a_broker_that_is_the_one_it_was_is_sent_nothing_again(worker_rig):
    """Its identity message is there, and the store knows it."""
    worker_rig.drop(order())
    worker_rig.settle()
    worker_rig.taken("system.crm.in")
    worker_rig.told()
    for _ in range(3):
        worker_rig.restart()
        worker_rig.settle()

    assert ([], []) == (worker_rig.taken("system.crm.in"), worker_rig.told())
    assert 1 == worker_rig.broker.depth(IDENTITY_QUEUE)


def test_a_second_store_on_the_same_broker_is_refused(worker_rig, tmp_path):
    """Each would have some of the orders; only when the first is gone for good may another follow it."""
    identity, other = worker_rig.worker.identity, SqliteStore(tmp_path / "other.db")
    with pytest.raises(OtherHub, match=r"purge the queue hub\.identity"):
        same_broker(identity, other, worker_rig.now)
    assert recall(other) is None

    worker_rig.taken(IDENTITY_QUEUE)
    assert 0 == same_broker(identity, other, worker_rig.now)
    assert recall(other).encode() == identity.read()
    other.close()


def test_what_a_lost_broker_held_is_sent_again(worker_rig):
    """Unanswered instructions one attempt on under their keys, in the same bytes."""
    worker_rig.drop(order())
    worker_rig.settle()
    [first] = worker_rig.taken("system.crm.in")
    worker_rig.lost_broker()
    worker_rig.settle()

    [second] = worker_rig.taken("system.crm.in")
    assert first.body == second.body
    key = worker_rig.key("crm")
    assert (f"{key}-1", f"{key}-2") == (first.properties.message_id, second.properties.message_id)
    worker_rig.drop(crm_result(key), CRM_REPLIES)
    worker_rig.settle()
    assert "completed" == worker_rig.states()["crm"]


def test_a_call_whose_instruction_was_lost_with_the_broker_is_made(worker_rig):
    """By the same key."""
    worker_rig.drop(order())
    worker_rig.settle()
    worker_rig.answer_crm()
    worker_rig.settle(turns=3)
    [first] = worker_rig.calls.made
    worker_rig.lost_broker()
    worker_rig.settle()

    [again] = worker_rig.calls.made
    assert (first.key, 2, first.native) == (again.key, again.attempt, again.native)
    assert 1 == worker_rig.broker.unsettled(OSS_WORK)


def test_after_a_lost_broker_everybody_is_told_the_last_status_once_more(worker_rig):
    """Of what is open, and of what ended within a day: the same bytes under the same id."""
    completed(worker_rig, "OLD")
    ended = worker_rig.now
    while worker_rig.now < ended + timedelta(days=1, seconds=5):
        worker_rig.now += timedelta(hours=6)
        worker_rig.restart()
    worker_rig.completed("LATE")
    late = worker_rig.taken(OUT)[-1]
    worker_rig.drop(order("OPEN"))
    worker_rig.settle()
    open_ = worker_rig.taken(OUT)[-1]
    assert ["notice.ended.v1", "notice.accepted.v1"] == [late.properties.type, open_.properties.type]
    worker_rig.lost_broker()
    worker_rig.settle()

    again = {(one.properties.message_id, one.body) for one in worker_rig.taken(OUT)}
    assert {(one.properties.message_id, one.body) for one in (late, open_)} == again
    worker_rig.restart()
    worker_rig.settle()
    assert [] == worker_rig.told()


def test_who_was_told_nothing_yet_is_told_nothing_again(tmp_path):
    """There is no last status to repeat."""
    rig = WorkerRig(tmp_path)
    quiet = f'notices = ["{NoticeKind.ENDED}"]'
    rig.rules["endpoints/web.toml"] += quiet
    rig.drop(order())
    rig.settle()
    assert ["acknowledgement.v1"] == rig.told()
    rig.lost_broker()
    rig.settle()

    assert [] == rig.told()
    rig.crash()


def test_a_message_that_the_hub_had_not_settled_is_its_senders_to_repeat(worker_rig):
    """It is nowhere else; when it is repeated, it is an order like any other."""
    worker_rig.broker.publish("", IN, order())
    worker_rig.lost_broker()
    worker_rig.settle()
    assert {} == worker_rig.store.counts()
    worker_rig.drop(order())
    worker_rig.settle()

    assert {"inProgress": 1} == worker_rig.store.counts()


def test_a_crash_while_the_loss_is_noticed_is_noticed_again(tmp_path):
    """The new identity is written last: until then the broker counts as lost."""
    rig = WorkerRig(tmp_path)
    rig.drop(order())
    rig.settle()
    rig.taken("system.crm.in")

    def gone(_):
        raise BrokerUnavailable("gone")

    write, rig._write_identity = rig._write_identity, gone
    with pytest.raises(BrokerUnavailable):
        rig.lost_broker()
    rig._write_identity = write
    rig.restart()
    rig.settle()

    assert 1 <= len(rig.taken("system.crm.in"))
    rig.restart()
    rig.settle()
    assert [] == rig.taken("system.crm.in")
    rig.crash()


def test_one_order_and_then_silence(worker_rig):
    """Exactly the planned messages on every queue of the bench, and nothing more in three hours."""
    seen: dict[str, list[str]] = {}

    def look() -> None:
        for queue in ("channel.web.out", "system.crm.in", "orders.recent", "status.recent"):
            seen.setdefault(queue, []).extend(one.properties.type or "" for one in worker_rig.taken(queue))

    worker_rig.drop(order())
    worker_rig.settle()
    worker_rig.drop(crm_result(worker_rig.key("crm")), CRM_REPLIES)
    look()
    worker_rig.settle()
    call = worker_rig.answer_call()
    worker_rig.settle()
    worker_rig.tell_oss()
    worker_rig.settle()
    look()
    for _ in range(3 * 500):
        worker_rig.step(7.2)
    look()

    assert {
        "channel.web.out": ["acknowledgement.v1", "notice.accepted.v1", "notice.ended.v1"],
        "system.crm.in": ["instruction.do.v1"],
        "orders.recent": ["order.submitted.v1"],
        "status.recent": ["status.changed.v1", "status.changed.v1"],
    } == seen
    assert (worker_rig.key("internet"), []) == (call.key, worker_rig.calls.made)
    rest = [queue for queue in worker_rig.broker.queues() if queue != IDENTITY_QUEUE]
    assert dict.fromkeys(rest, 0) == worker_rig.depths(rest)
    assert {} == worker_rig.timers()
