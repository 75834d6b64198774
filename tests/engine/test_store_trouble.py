"""
A store that is busy, full, or unsure: nothing is settled that it does not have, nothing is done twice.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from orderloom.correlation.port import Changes, CommitUnknown, StoreBusy, StoreError, Timer
from orderloom.engine import due
from tests.engine.rig import CRM_REPLIES, Rig, WorkerRig, crm_result, order

IN = "channel.web.in"
OUT = "channel.web.out"


def held(rig: Rig) -> int:
    """Messages that the worker has and has not settled."""
    return rig.broker.unsettled(IN)


def drop(rig: Rig, count: int) -> None:
    """So many orders."""
    for number in range(count):
        rig.drop(order(f"W-{number}"))


def test_what_was_taken_is_marked_though_the_transaction_that_was_to_mark_it_failed(rig):
    """Or it would be sent again by whoever adopts it."""
    drop(rig, 1)
    rig.step()
    rig.drop(order("W-9"))
    rig.fuse.away = StoreError("away")
    rig.step()
    rig.fuse.away = None
    rig.settle(0.5)

    assert () == rig.store.unsent()
    assert [] == rig.engine.outbox.taken


def test_a_busy_store_is_asked_again_at_once(rig):
    """Twice, with the same batch; nothing had been written."""
    drop(rig, 8)
    rig.fuse.begin_errors += [StoreBusy("locked"), StoreBusy("locked")]
    rig.step()

    assert {"inProgress": 8} == rig.store.counts()
    assert 0 == held(rig)


def test_a_store_that_stays_busy_gets_half_of_the_batch_and_then_a_quarter(rig):
    """Until what collides is alone; the others pass."""
    drop(rig, 8)
    rig.fuse.begin_errors += [StoreBusy("locked")] * 6
    before = rig.fuse.commits
    rig.step()

    # Three tries of eight, three of the first four; then two and two of those, and the other four.
    assert 3 == rig.fuse.commits - before
    assert {"inProgress": 8} == rig.store.counts()
    assert 0 == held(rig)


def test_a_store_that_stays_busy_for_good_shuts_the_intake_and_keeps_the_order_of_the_queue(rig):
    """All are carried, none is settled, and a second later they are worked on as they came."""
    drop(rig, 5)
    rig.fuse.begin_errors += [StoreBusy("locked")] * 9
    rig.step()
    assert ({}, 5, False) == (rig.store.counts(), held(rig), rig.engine.intake_open)
    rig.fuse.begin_errors.clear()
    rig.step(0.5)
    assert {} == rig.store.counts()
    rig.step(0.5)

    assert ({"inProgress": 5}, 0, True) == (rig.store.counts(), held(rig), rig.engine.intake_open)
    rig.settle()
    assert [f"W-{number}" for number in range(5)] == [
        one["purchaseOrder"] for one in rig.bodies("system.crm.in")
    ]


def test_a_full_disk_carries_the_batch_until_there_is_room(rig):
    """Nothing is settled, replies wait as well, and all goes on from where it was."""
    drop(rig, 2)
    rig.fuse.away = StoreError("the disk is full")
    rig.step()
    rig.drop(crm_result(rig.key("crm", "W-0")), CRM_REPLIES)
    rig.step(1)
    rig.step(1)
    rig.step(1)
    assert ({}, 2, 1) == (rig.store.counts(), held(rig), rig.broker.unsettled(CRM_REPLIES))
    rig.fuse.away = None
    rig.step(1)
    rig.settle()

    assert {"inProgress": 2} == rig.store.counts()
    assert "completed" == rig.states("W-0")["crm"]
    assert (0, 0) == (held(rig), rig.broker.unsettled(CRM_REPLIES))


def test_a_lost_connection_takes_carried_messages_away_and_nothing_else(rig):
    """They come again by themselves; a call's end would not."""
    rig.drop(order("W-0"))
    rig.settle()
    rig.answer_crm()
    rig.settle()
    rig.answer_call()
    rig.drop(order("W-1"))
    rig.fuse.away = StoreError("away")
    rig.step()
    rig.fuse.away = None
    rig.broker.drop(rig.name)
    rig.engine.connection_lost()
    rig.settle(0.3)

    assert rig.record("W-0").instructions[1].received
    assert {"inProgress": 2} == rig.store.counts()
    assert ["W-0", "W-1"] == [
        one["event"]["productOrder"]["externalId"][0]["id"]
        for one in rig.bodies(OUT)
        if one["@type"] == "ProductOrderStateChangeEvent"
    ]


@pytest.mark.parametrize("durable", [True, False])
def test_a_commit_of_unknown_fate_is_settled_by_key(tmp_path, durable):
    """Lost or durable, every order is there once, told once, and sent once; the worker has a new name."""
    rig = WorkerRig(tmp_path)
    drop(rig, 3)
    rig.fuse.commit_errors.append((durable, CommitUnknown("input/output error")))
    rig.step()
    assert rig.name != rig.worker.name
    rig.settle(0.3)

    assert {"inProgress": 3} == rig.store.counts()
    assert 3 * ["acknowledgement.v1"] + 3 * ["notice.accepted.v1"] == sorted(rig.told())
    assert 3 == rig.broker.depth("system.crm.in")
    assert (0, ()) == (held(rig), rig.store.unsent())
    rig.crash()


def test_rows_of_a_lost_commit_leave_before_younger_ones_of_their_lane(tmp_path):
    """Nothing is worked on before they are adopted: the last notice is the last status."""
    rig = WorkerRig(tmp_path)
    rig.drop(order())
    rig.settle()
    rig.answer_crm("NEEDS-CUSTOMER")
    rig.fuse.commit_errors.append((True, CommitUnknown("input/output error")))
    rig.fuse.begin_errors += [StoreBusy("locked")] * 4
    rig.step()
    rig.drop(crm_result(rig.key("crm"), "REFUSED"), CRM_REPLIES)
    for _ in range(40):
        rig.step(0.1)

    assert ["accepted", "information-required", "changed", "delayed"] == [
        one.split(".")[1].replace("informationRequired", "information-required")
        for one in rig.told()
        if one.startswith("notice")
    ]
    rig.crash()


def test_while_a_commit_is_unresolved_nothing_is_worked_on(rig):
    """However long it takes the worker to take a new name."""
    rig.drop(order("W-0"))
    rig.fuse.commit_errors.append((True, CommitUnknown("input/output error")))
    rig.step()
    rig.drop(order("W-1"))
    for _ in range(5):
        rig.step(10)
        rig.engine.sweep(rig.now)
    assert {"inProgress": 1} == rig.store.counts()
    assert [] == rig.told()

    rig.store.retire(rig.name)
    rig.store.register("again", "bench", 1, rig.now, 10.0)
    rig.engine.rename("again", rig.now)
    rig.settle()
    assert {"inProgress": 2} == rig.store.counts()


def test_a_timer_whose_commit_was_of_unknown_fate_is_carried_out_once(tmp_path):
    """It is a row: when it is gone it was carried out, else the sweep finds it again."""
    for durable in (True, False):
        (tmp_path / str(durable)).mkdir()
        rig = WorkerRig(tmp_path / str(durable))
        rig.drop(order())
        rig.settle()
        rig.taken("system.crm.in")
        rig.now = rig.timers()[f"answer-by|{rig.key('crm')}"]
        rig.restart()  # its lease has run out
        rig.fuse.trouble[rig.fuse.commits + 2] = (durable, CommitUnknown("input/output error"))
        for _ in range(40):
            rig.step(0.1)

        assert not rig.fuse.trouble
        assert [2] == [one.properties.headers["attempt"] for one in rig.taken("system.crm.in")]
        assert "inProgress" == rig.states()["crm"]
        rig.crash()


def test_a_timer_that_another_worker_has_carried_out_is_left_alone(rig, monkeypatch):
    """What was due when it was looked up may be done when it is worked on."""
    rig.drop(order())
    rig.settle()
    rig.taken("system.crm.in")
    [timer] = [name for name in rig.timers() if name.startswith("answer-by")]
    rig.now = rig.timers()[timer]
    run = rig.engine._run

    def somebody_was_quicker(work, now):
        with rig.store.begin() as tx:
            tx.apply(Changes(timers_cleared={timer}))
        run(work, now)

    monkeypatch.setattr(rig.engine, "_run", somebody_was_quicker)
    rig.engine.sweep(rig.now)
    monkeypatch.undo()
    rig.settle()

    assert [] == rig.taken("system.crm.in")


def test_a_timer_that_cannot_be_carried_out_is_put_off_and_the_others_are_not(rig, monkeypatch):
    """Five minutes later somebody may have mended it."""
    drop(rig, 2)
    rig.settle()
    rig.taken("system.crm.in")
    first = rig.record("W-0").id
    rig.now = max(at for name, at in rig.timers().items() if name.startswith("answer-by"))
    fold = due.fold_timer

    def failing(record, *args):
        if record.id == first:
            raise ZeroDivisionError
        return fold(record, *args)

    monkeypatch.setattr(due, "fold_timer", failing)
    rig.engine.sweep(rig.now)
    rig.settle()

    assert ["W-1"] == [one["purchaseOrder"] for one in rig.bodies("system.crm.in")]
    put_off = rig.timers()[f"answer-by|{rig.key('crm', 'W-0')}"]
    assert 290 < (put_off - rig.now).total_seconds() <= 300


def test_two_timers_of_one_order_do_not_act_twice(rig):
    """What the first has cleared or moved is not due any more."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.settle()
    key = rig.key("internet")
    rig.answer_call()
    rig.settle()
    [answer_by] = [one for name, one in rig.timers().items() if name == f"answer-by|{key}"]
    rig.now = answer_by
    twin = Timer(f"retry|{key}", answer_by, "retry", rig.record().id, {"key": key})
    with rig.store.begin() as tx:
        tx.apply(Changes(timers={twin.key: twin}))
    rig.tell_oss()
    rig.engine.step(rig.client.collect(200, 0.0), rig.now)
    rig.engine.sweep(rig.now)
    rig.settle()

    assert "completed" == rig.states()["order"]
    assert ({}, []) == (rig.timers(), rig.calls.made)


def test_a_sweep_that_finds_the_store_away_says_nothing_was_done(rig):
    """The next one is a quarter of a second away."""
    rig.fuse.begin_errors.append(StoreError("away"))
    assert 0 == rig.engine.sweep(rig.now)
    assert rig.engine.intake_open


def test_a_store_that_refuses_once_is_asked_again_at_once(rig):
    """It takes something else, so it is not away; and the second time it takes this."""
    drop(rig, 3)
    rig.fuse.commit_errors.append((False, StoreError("constraint failed")))
    rig.step()

    assert ({"inProgress": 3}, 0) == (rig.store.counts(), held(rig))


def test_what_the_store_takes_anything_but_is_parked_alone(rig, monkeypatch):
    """One message that a database will not have must not stop all others for ever."""
    real = rig.store._inner.begin

    @contextmanager
    def picky():
        with real() as tx:
            apply = tx.apply

            def checked(changes):
                if any("W-2" in row.key for row in changes.inbox):
                    raise StoreError("constraint failed")
                return apply(changes)

            monkeypatch.setattr(tx, "apply", checked, raising=False)
            yield tx

    monkeypatch.setattr(rig.store._inner, "begin", picky)
    drop(rig, 5)
    rig.settle()

    assert {"inProgress": 4} == rig.store.counts()
    assert ["E_INTERNAL"] == [one.code for one in rig.store.parked()]
    assert (0, True) == (held(rig), rig.engine.intake_open)
