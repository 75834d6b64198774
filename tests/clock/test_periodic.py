"""
What is done because time has passed, each function told the time.
"""

from __future__ import annotations

import json
from datetime import timedelta

from orderloom import periodic
from orderloom.calls import CallKind
from orderloom.engine import due as due_module
from orderloom.periodic import sweep
from tests.engine.rig import CRM_REPLIES, crm_result, order


def swept(rig) -> list[int]:
    """The clock sweeps the bench's store, now."""
    return list(sweep(rig.hub(), rig.store, rig.now))


def adopted(rig) -> None:
    """The worker takes over what the clock has written, and sends it."""
    rig.engine.adopt(rig.now)
    rig.step()
    rig.step()


def asked(rig) -> list[dict]:
    """What the CRM was asked since the last time."""
    return [json.loads(one.body) for one in rig.taken("system.crm.in")]


def unanswered(rig) -> dict:
    """An order whose CRM is silent; returns what the CRM was asked."""
    rig.drop(order())
    rig.step()
    rig.step()
    [request] = asked(rig)
    return request


def test_nothing_is_due_before_its_time(rig):
    """The answering time of the CRM, to the microsecond."""
    unanswered(rig)
    due = min(rig.timers().values())
    rig.now = due - timedelta(microseconds=1)

    assert [0] == swept(rig)

    rig.now = due

    assert [1] == swept(rig)


def test_who_has_not_answered_in_time_is_asked_again_under_the_same_key(rig):
    """The clock writes, the worker sends: nothing of it was the clock's to publish."""
    first = unanswered(rig)
    rig.now = min(rig.timers().values())
    swept(rig)

    assert [] == asked(rig)

    adopted(rig)
    [again] = asked(rig)

    assert first == again


def test_two_clocks_at_once_do_what_one_would_have_done(rig):
    """Both have read what is due before either carries it out."""
    unanswered(rig)
    rig.now = min(rig.timers().values())
    one, other = (sweep(rig.hub(), rig.store, rig.now) for _ in range(2))

    assert (1, 0) == (next(one), next(other))

    adopted(rig)

    assert 1 == len(asked(rig))
    assert 1 == rig.events().count("asked_again")


def test_what_two_have_read_as_due_is_carried_out_once(rig):
    """The second reads it, and is then overtaken by the first."""
    unanswered(rig)
    rig.now = min(rig.timers().values())
    rules = rig.hub().rules()
    with rig.store.begin() as tx:
        due = tx.due(rig.now, 10)
    for _ in range(2):
        periodic._carry_out(rig.hub(), rules, rig.store, due, rig.now)
    adopted(rig)

    assert 1 == len(asked(rig))
    assert 1 == rig.events().count("asked_again")


def test_a_call_that_failed_is_made_again_when_the_clock_says_so(rig):
    """Its retry is a row like any other."""
    rig.drop(order())
    rig.step()
    rig.step()
    rig.answer_crm()
    rig.settle()
    rig.answer_call(CallKind.TRANSIENT)
    rig.step()
    rig.now = min(rig.timers().values())
    swept(rig)
    adopted(rig)
    rig.step()

    [again] = rig.calls.made

    assert 2 == again.attempt


def test_a_reply_whose_order_never_comes_is_parked(rig):
    """Its waiting ends by a timer, fifteen minutes later."""
    rig.drop(crm_result("nobodys-key"), CRM_REPLIES)
    rig.step()

    assert [] == list(rig.store.parked())

    rig.now = min(rig.timers().values())
    swept(rig)
    [row] = rig.store.parked()

    assert ("E_UNMATCHED", CRM_REPLIES) == (row.code, row.queue)
    assert {} == rig.timers()


def test_one_timer_at_fault_is_put_off_and_the_others_are_carried_out(rig, monkeypatch):
    """Somebody's adapter fails on one of three orders."""
    for number in ("W-1", "W-2", "W-3"):
        rig.drop(order(number))
    rig.step()
    rig.step()
    asked(rig)
    rig.now = max(rig.timers().values())
    culprit = rig.record("W-2").id
    fold = due_module.fold_timer

    def failing(record, timer, world, now):
        if record.id == culprit:
            raise ZeroDivisionError("a fault of ours")
        return fold(record, timer, world, now)

    monkeypatch.setattr(due_module, "fold_timer", failing)
    swept(rig)
    due = {key: at for key, at in rig.timers().items() if culprit in key or rig.key("crm", "W-2") in key}

    assert [1, 0, 1] == [rig.events(one).count("asked_again") for one in ("W-1", "W-2", "W-3")]
    assert all(at > rig.now for at in due.values())
    assert due


def test_after_an_outage_more_is_carried_out_than_fits_one_transaction(rig, monkeypatch):
    """One run goes on while there is more, in transactions of a size that hold nobody up."""
    monkeypatch.setattr(periodic, "DUE_AT_ONCE", 2)
    numbers = [f"W-{at}" for at in range(5)]
    for number in numbers:
        rig.drop(order(number))
    rig.step()
    rig.step()
    rig.now = max(rig.timers().values())

    assert [2, 2, 1] == swept(rig)
    assert [1] * 5 == [rig.events(one).count("asked_again") for one in numbers]
