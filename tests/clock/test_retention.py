"""
Retention over real orders: what goes when, what stays while somebody needs it, and what a late resend gets.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from canonical.keys import content_hash
from orderloom.correlation.aging import Kind
from orderloom.periodic import chores
from orderloom.retention import Policy, retain
from tests.engine.rig import but_for_tokens, order, oss_event

POLICY = Policy(native=90, journal=400, keys=800)


def gone(rig, policy=POLICY, *, dry=False) -> dict[Kind, int]:
    """What one run lets go, by kind."""
    rows: Counter[Kind] = Counter()
    for one in retain(rig.store, policy, rig.now, dry=dry):
        rows[one.kind] += one.rows
    return dict(+rows)


def ended(rig, number="W-1"):
    """An order that ends now; what it was told is read."""
    rig.completed(number)
    rig.told()


def after(rig, **span) -> None:
    """So long after the last line's end."""
    rig.now = max(line.since for line in rig.record().lines) + timedelta(**span)


def has(rig, native: str) -> bool:
    return rig.store.native(native) is not None


def test_bytes_go_first_then_the_journal_then_keys_and_answers(rig):
    """
    Each at its very instant; the order itself, its lines and its hashes stay.
    """
    ended(rig)
    before = rig.record()
    tick = timedelta(microseconds=1)
    seen = []
    for days in (90, 400, 800):
        after(rig, days=days)
        rig.now -= tick
        early = gone(rig)
        early.pop(Kind.NATIVE, None)  # of the copies for the work queue, which the order does not name
        named = before.instructions if days == POLICY.native else before.told
        seen.append((early, all(has(rig, one.native) for one in named)))
        rig.now += timedelta(seconds=10)  # what was told of its end was told a moment later
        seen.append((set(gone(rig)), all(has(rig, one.native) for one in before.told)))

    # Without the journal nothing ties an envelope to its order: its key counts from when it came.
    envelope = {Kind.KEY: 1, Kind.INTAKE: 1, Kind.ANSWER: 1}

    assert [
        ({}, True),
        ({Kind.NATIVE}, True),
        ({}, True),
        ({Kind.JOURNAL}, True),
        (envelope, True),
        ({Kind.KEY, Kind.ANSWER}, False),
    ] == seen
    assert before == rig.record()
    assert () == tuple(rig.store.journal(before.id))
    assert not any(has(rig, one.native) for one in (*before.instructions, *before.told))


def test_a_resend_after_the_bytes_have_gone_gets_the_stored_answer(rig):
    """
    Its key is known, and so are the bytes of its answer, however often it asks; only tokens are not kept.
    """
    rig.drop(order())
    rig.settle()
    first = [but_for_tokens(one.body) for one in rig.taken("channel.web.out")]
    rig.answer_crm()
    rig.settle()
    rig.answer_call()
    rig.settle()
    rig.tell_oss()
    rig.settle()
    last = [but_for_tokens(one.body) for one in rig.taken("channel.web.out")][-1]
    after(rig, days=400, seconds=10)

    assert {Kind.NATIVE, Kind.JOURNAL} == set(gone(rig))

    rig.drop(order())
    rig.settle()
    again = [but_for_tokens(one.body) for one in rig.taken("channel.web.out")]

    assert last == again[-1]
    assert set(again) <= {*first, last}
    assert 1 == sum(rig.store.counts().values())


def test_a_resend_after_the_keys_have_gone_is_no_second_order(rig):
    """
    The business key stays with its order: the verdict is repeated, in an acknowledgement made anew.
    """
    ended(rig)
    after(rig, days=800, seconds=10)
    gone(rig)
    known = rig.record()
    rig.drop(order())
    rig.settle()
    [told] = rig.bodies("channel.web.out")

    assert (known.id, "completed") == (told["id"], told["state"])
    assert {"completed": 1} == rig.store.counts()
    assert known == rig.record()
    assert [] == list(rig.store.parked())
    assert [] == rig.taken("system.crm.in")


def test_another_order_under_an_old_number_is_refused_for_ever(rig):
    """
    The first order is named, as it would have been on the first day.
    """
    ended(rig)
    after(rig, days=5000)
    gone(rig)
    rig.drop(order(quantity=2))
    rig.settle()
    [refusal] = rig.bodies("channel.web.out")

    assert "E_DUPLICATE_ORDER" in str(refusal)
    assert rig.record().id in str(refusal)
    assert {"completed": 1} == rig.store.counts()


def test_a_late_reply_to_an_order_of_which_nothing_is_left_is_shown_on_it(rig):
    """
    Nothing moves, nothing is parked for want of bytes.
    """
    ended(rig)
    after(rig, days=900)
    gone(rig)
    rig.drop(oss_event(rig.key("internet"), "failed", "EV-late"), "system.oss.internet.replies")
    rig.settle()

    assert "completed" == rig.states()["order"]
    assert [] == list(rig.store.parked())
    assert rig.events()


def test_an_order_that_has_not_ended_keeps_all_it_may_need(rig):
    """
    For years: it is asked again with the same bytes, and its sender gets the stored answer.
    """
    rig.drop(order())
    rig.step()
    rig.step()
    [first] = [one.body for one in rig.taken("system.crm.in")]
    due = min(rig.timers().values())
    rig.now += timedelta(days=3000)

    assert {} == gone(rig)

    rig.now = max(rig.now, due)
    rig.engine.sweep(rig.now)
    rig.settle()
    [again] = [one.body for one in rig.taken("system.crm.in")]

    assert first == again


def test_zero_keeps_for_ever(rig):
    """
    Each by itself.
    """
    ended(rig)
    after(rig, days=30_000)

    assert {} == gone(rig, Policy(native=0, journal=0, keys=0))
    assert {Kind.NATIVE} == set(gone(rig, Policy(native=1, journal=0, keys=0)))


def test_looking_counts_what_would_go_and_takes_nothing(rig):
    """
    Twice the same, and then as much goes.
    """
    ended(rig)
    after(rig, days=801)
    looked = gone(rig, dry=True)

    assert looked == gone(rig, dry=True)
    assert {Kind.NATIVE, Kind.JOURNAL, Kind.KEY, Kind.INTAKE, Kind.ANSWER} == set(looked)
    assert looked == gone(rig)
    assert {} == gone(rig)


def test_refused_bytes_age_too(rig):
    """
    There is no order to wait for; bytes of an open parked row stay until somebody has decided on it.
    """
    rig.drop(b"not JSON at all")
    rig.drop(order("W-2", offering="GADGET"))
    rig.settle()
    [parked] = rig.store.parked()
    refused = content_hash(b"not JSON at all")

    assert has(rig, refused)
    assert has(rig, parked.native)

    rig.now += timedelta(days=89)
    gone(rig)

    assert has(rig, refused)

    rig.now += timedelta(days=1000)
    gone(rig)

    assert not has(rig, refused)
    assert has(rig, parked.native)


@pytest.mark.parametrize("broken_off", [0, 1, 2, 3])
def test_a_run_that_is_broken_off_is_gone_on_with_by_the_next(rig, broken_off):
    """
    After any of its transactions.
    """
    ended(rig)
    after(rig, days=801)
    every = gone(rig, dry=True)
    first: Counter[Kind] = Counter()
    run = retain(rig.store, POLICY, rig.now)
    for _ in range(broken_off):
        one = next(run)
        first[one.kind] += one.rows
    run.close()

    assert Counter(every) == first + Counter(gone(rig))


def test_the_clock_and_a_worker_let_go_by_the_same_chore(rig):
    """
    Step by step, each a transaction; and tidy up.
    """
    ended(rig)
    after(rig, days=801)
    named = {one.name: one for one in chores(rig.hub(), rig.store, POLICY)}
    rows = list(named["retain"].steps(rig.now))

    assert ["sweep", "tidy", "retain"] == list(named)
    assert sum(rows) > 0
    assert {} == gone(rig)
    assert 1 == sum(1 for _ in named["tidy"].steps(rig.now))
