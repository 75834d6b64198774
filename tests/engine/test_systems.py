"""
Systems told and heard: replies folded once whenever they come, calls claimed, repeated and given up.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import msgspec
import pytest

from adapters.kit.contract import Native
from canonical.codec import decode
from canonical.errors import Fault, Rejected
from canonical.systems import Repeat
from orderloom.calls import CallKind
from orderloom.correlation.port import Changes, Claim, CommitUnknown, ParkedState
from tests.engine.faults import Crashed
from tests.engine.rig import CRM_REPLIES, OSS_REPLIES, OSS_WORK, Rig, crm_result, order, oss_answer, oss_event


@pytest.fixture
def called(rig):
    """A bench whose one order is being called for."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.settle()
    rig.told()
    return rig


def crm(rig: Rig, result: str = "OK", **more) -> None:
    """The CRM says something of the order."""
    rig.drop(crm_result(rig.key("crm"), result, **more), CRM_REPLIES)
    rig.settle()


def test_a_reply_moves_its_order_on(rig):
    """The part that waited for it is sent, and the status is announced."""
    rig.drop(order())
    rig.settle()
    crm(rig, "NEEDS-CUSTOMER")
    crm(rig)

    assert {"crm": "completed", "internet": "inProgress", "order": "inProgress"} == rig.states()
    assert ["inProgress", "pending", "inProgress"] == [one["state"] for one in rig.bodies("status.recent")]
    assert [rig.key("internet")] == [call.key for call in rig.calls.made]


def test_a_repeated_reply_changes_nothing(called):
    """Neither in its own bytes nor under its own number in others."""
    before = called.record()
    crm(called)
    crm(called, reason="said before")

    assert before == called.record()
    assert 1 == called.events().count("reply_folded")


def test_a_repeat_of_an_older_word_turns_nothing_back(rig):
    """What was said before what was said last stays before it."""
    rig.drop(order())
    rig.settle()
    crm(rig, "NEEDS-CUSTOMER")
    crm(rig, "BACKLOG")
    assert "inProgress" == rig.states()["crm"]
    crm(rig, "NEEDS-CUSTOMER")

    assert "inProgress" == rig.states()["crm"]


def test_the_key_of_one_order_and_the_reference_of_another_hold_both(rig):
    """The reply is parked: of which of the two it speaks nobody can say. Each goes on with its own answer."""
    for number in ("W-1", "W-2"):
        rig.drop(order(number))
    rig.settle()
    other = next(one.value for one in rig.record("W-2").aliases if one.type == "reference")
    crm(rig, reference=other)

    assert ["held", "held"] == [rig.states(number)["crm"] for number in ("W-1", "W-2")]
    assert {"E_AMBIGUOUS_REPLY"} == {rig.record(number).lines[0].code for number in ("W-1", "W-2")}
    [parked] = rig.store.parked()
    assert ("E_AMBIGUOUS_REPLY", CRM_REPLIES) == (parked.code, parked.queue)
    crm(rig)
    assert ["completed", "held"] == [rig.states(number)["crm"] for number in ("W-1", "W-2")]
    rig.drop(crm_result(rig.key("crm", "W-2")), CRM_REPLIES)
    rig.settle()
    assert "completed" == rig.states("W-2")["crm"]
    assert 2 == len([one for one in rig.bodies("system.crm.in") if one["requestId"]])


def test_a_reply_that_comes_before_its_order_waits_for_it(rig):
    """It is folded in the transaction that accepts the order."""
    crm(rig)
    assert {} == rig.store.counts()
    rig.drop(order())
    rig.settle()

    assert {"crm": "completed", "internet": "inProgress", "order": "inProgress"} == rig.states()
    assert not [name for name in rig.timers() if name.startswith("early")]


def test_a_reply_just_before_its_order_in_the_same_batch_is_folded_too(rig):
    """What waits is not only what was written before."""
    rig.drop(crm_result(rig.key("crm")), CRM_REPLIES)
    rig.drop(order())
    batch = rig.client.collect(200, 0.0)
    replies_first = sorted(batch.deliveries, key=lambda one: one.queue != CRM_REPLIES)
    rig.engine.step(type(batch)(replies_first, batch.outcomes), rig.now)

    assert "completed" == rig.states()["crm"]
    rig.settle()
    assert not [name for name in rig.timers() if name.startswith("early")]


def test_a_reply_said_twice_before_its_order_is_folded_once(rig):
    """Also when the second copy comes in the order's own batch."""
    crm(rig)
    rig.drop(crm_result(rig.key("crm")), CRM_REPLIES)
    rig.drop(order())
    batch = rig.client.collect(200, 0.0)
    replies_first = sorted(batch.deliveries, key=lambda one: one.queue != CRM_REPLIES)
    rig.engine.step(type(batch)(replies_first, batch.outcomes), rig.now)
    rig.settle()

    assert 1 == rig.events().count("reply_folded")


def test_a_reply_whose_order_never_comes_is_parked_when_patience_ends(rig):
    """With its own bytes; moved back after the order has come, it is folded."""
    body = crm_result(rig.key("crm"))
    rig.drop(body, CRM_REPLIES)
    rig.settle()
    rig.step(899)
    rig.engine.sweep(rig.now)
    assert () == rig.store.parked()
    rig.step(2)
    rig.engine.sweep(rig.now)
    rig.settle()
    [parked] = rig.store.parked()
    assert "E_UNMATCHED" == parked.code
    assert body == rig.broker.peek(f"{CRM_REPLIES}.parked")[0].body

    rig.drop(order())
    rig.settle()
    rig.broker.move(f"{CRM_REPLIES}.parked", CRM_REPLIES)
    rig.settle()
    assert "completed" == rig.states()["crm"]
    assert [ParkedState.CLOSED] == [one.state for one in rig.store.parked(None)]


def test_parked_for_want_of_an_order_twice_it_counts_twice(rig):
    """Moved back while there is still no order it waits again, and is parked again, with one handle."""
    crm(rig)
    for _ in range(2):
        rig.broker.move(f"{CRM_REPLIES}.parked", CRM_REPLIES)
        rig.settle()
        rig.step(901)
        rig.engine.sweep(rig.now)
        rig.settle()

    [parked] = rig.store.parked()
    assert (2, 1) == (parked.times, rig.broker.depth(f"{CRM_REPLIES}.parked"))


def test_an_early_reply_that_fits_nothing_is_parked_when_its_order_comes(rig):
    """It was settled long ago: the handle is made of what was kept."""
    crm(rig, "MAYBE")
    rig.drop(order())
    rig.settle()

    [parked] = rig.store.parked()
    assert ("E_REPLY_WORD", rig.record().id) == (parked.code, parked.order_id)
    assert crm_result(rig.key("crm"), "MAYBE") == rig.broker.peek(f"{CRM_REPLIES}.parked")[0].body
    assert "inProgress" == rig.states()["crm"]


def test_an_event_that_names_the_systems_own_id_waits_until_the_hub_learns_it(called):
    """The answer to the call tells the id; the event that overtook it is folded with it."""
    named_by_its_own_id = json.loads(oss_event(called.key("internet")))
    del named_by_its_own_id["event"]["serviceOrder"]["externalId"]
    called.drop(json.dumps(named_by_its_own_id).encode(), OSS_REPLIES)
    called.settle()
    assert "inProgress" == called.states()["internet"]
    called.answer_call()
    called.settle()

    assert "completed" == called.states()["order"]


def test_a_reply_for_a_part_that_was_not_sent_yet_is_taken_at_its_word(rig):
    """What is done need not be asked for; the order ends when the rest is done."""
    rig.drop(order())
    rig.settle()
    rig.tell_oss()
    rig.settle()
    assert {"crm": "inProgress", "internet": "completed", "order": "inProgress"} == rig.states()
    crm(rig)

    assert "completed" == rig.states()["order"]
    assert [] == rig.calls.made


def test_a_late_answer_completes(rig):
    """Time alone makes lines held, never failed."""
    rig.drop(order())
    rig.settle()
    for _ in range(2):
        rig.step(3601)
        rig.engine.sweep(rig.now)
        rig.settle()
    assert {"crm": "held", "internet": "acknowledged", "order": "held"} == rig.states()
    crm(rig)

    assert {"crm": "completed", "internet": "inProgress", "order": "inProgress"} == rig.states()
    assert "reply_late" in rig.events()


def test_a_silent_system_is_asked_again_in_the_same_bytes_and_then_is_overdue(rig, monkeypatch):
    """The second asking is the next attempt under the same key; after it the line is held."""
    rig.drop(order())
    rig.settle()
    monkeypatch.setattr(rig.crm, "instruct", lambda *_: Native(b"what would be said now", "text/plain"))
    rig.step(3601)
    rig.engine.sweep(rig.now)
    rig.settle()
    first, second = rig.taken("system.crm.in")
    key = rig.key("crm")
    assert first.body == second.body
    assert [f"{key}-1", f"{key}-2"] == [first.properties.message_id, second.properties.message_id]
    assert [1, 2] == [one.properties.headers["attempt"] for one in (first, second)]

    rig.step(3601)
    rig.engine.sweep(rig.now)
    rig.settle()
    assert [] == rig.taken("system.crm.in")
    assert "held" == rig.states()["order"]
    assert "notice.delayed.v1" == rig.told()[-1]


def claimed(rig: Rig) -> Claim:
    """The claim on the order's call."""
    with rig.store.begin() as tx:
        return tx.claims([rig.key("internet")])[rig.key("internet")]


def until(rig: Rig, when: datetime) -> None:
    """Let time pass."""
    rig.step((when - rig.now).total_seconds())


def test_a_call_is_claimed_before_it_is_made(called):
    """Whoever looks into the store while the call is under way sees who is at it, and until when."""
    claim = claimed(called)

    assert (called.name, 1) == (claim.worker, claim.attempt)
    assert timedelta(seconds=40) < claim.lease - called.now <= timedelta(seconds=50)


def test_its_delivery_stays_open_until_its_end_is_recorded(called):
    """A crash brings it back; its prefetch bounds how many calls are under way."""
    assert 1 == called.broker.unsettled(OSS_WORK)
    called.answer_call()
    called.settle()

    assert (0, 0) == (called.broker.unsettled(OSS_WORK), called.broker.depth(OSS_WORK))
    with called.store.begin() as tx:
        assert {} == tx.claims([called.key("internet")])


def test_an_answer_is_a_receipt_and_the_event_the_reply(called):
    """The system has it; what becomes of it is told later."""
    called.answer_call()
    called.settle()
    assert (True, None) == (
        called.record().instructions[1].received,
        called.record().instructions[1].answered_at,
    )
    assert "inProgress" == called.states()["internet"]
    called.tell_oss()
    called.settle()

    assert "completed" == called.states()["order"]
    assert "notice.ended.v1" == called.told()[-1]


def test_a_refusal_is_held_with_the_systems_own_reason(called):
    """Asking again cannot help; a person can."""
    called.answer_call(CallKind.REFUSED, b'{"code": "22", "reason": "unknown service"}')
    called.settle()

    [line] = called.record().lines_of("internet")
    assert ("held", "E_SYSTEM_REFUSED") == (line.state.value, line.code)
    assert "unknown service" in line.reason
    assert "retry" not in str(called.timers())


def retried(rig: Rig, seconds: float) -> None:
    """Let so much time pass, and look at what is due."""
    rig.step(seconds)
    rig.engine.sweep(rig.now)
    rig.settle()


def test_a_call_that_failed_is_made_again_by_timers_under_the_same_key_in_the_same_bytes(called):
    """With a longer pause each time; until so many have failed that its system is left alone."""
    first = called.calls.made[0]
    for attempt, pause in enumerate((1, 5, 15, 60), 1):
        assert attempt == called.answer_call(CallKind.TRANSIENT).attempt
        called.settle()
        due = called.timers()[f"retry|{first.key}"]
        assert pause - 1 <= (due - called.now).total_seconds() <= pause
        retried(called, pause - 1)
        assert [] == called.calls.made or pause == 1
        retried(called, 1)
        [again] = called.calls.made
        assert (first.key, attempt + 1, first.native) == (again.key, again.attempt, again.native)

    assert {"crm": "completed", "internet": "inProgress", "order": "inProgress"} == called.states()


def test_a_repeat_has_the_bytes_of_the_first_call_whatever_has_been_learnt_since(called, monkeypatch):
    """One key is always sent with one body, or a system that applies keys once is left to guess."""
    first = called.answer_call(CallKind.UNKNOWN)
    called.settle()
    instruct = called.oss.instruct
    monkeypatch.setattr(
        called.oss,
        "instruct",
        lambda *args: Native(b"{}", "text/plain", call=instruct(*args).call),
    )
    retried(called, 2)

    [again] = called.calls.made
    assert (first.native.body, first.native.content_type) == (again.native.body, again.native.content_type)


ODD_ANSWERS = {
    "cut short": b'{"id": "SO-',
    "of another kind": b"<html>gateway</html>",
    "naming nothing": b'{"state": "acknowledged"}',
    "a word nobody knows": oss_answer("00000000", "frobnicated"),
}


@pytest.mark.parametrize("body", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_answer_that_cannot_be_read_is_an_unknown_outcome(called, body):
    """The call is made again under its key."""
    called.answer_call(CallKind.ANSWERED, body)
    called.settle()
    retried(called, 2)

    assert [2] == [call.attempt for call in called.calls.made]
    assert "inProgress" == called.states()["internet"]


def test_an_adapter_that_fails_on_an_answer_makes_it_an_unknown_outcome(called, monkeypatch):
    """The worker lives, other answers are read, the call is made again."""

    def failing(native):
        raise ZeroDivisionError

    monkeypatch.setattr(called.oss, "read_reply", failing)
    called.answer_call()
    called.settle()
    monkeypatch.undo()
    retried(called, 2)

    assert [2] == [call.attempt for call in called.calls.made]
    called.answer_call()
    called.settle()
    assert called.record().instructions[1].received


def never_twice(rig):
    """Internet provisioning does what it is told as often as it is told, and cannot be asked."""
    rig.oss.profile = msgspec.structs.replace(rig.oss.profile, repeat=Repeat.NEVER)
    rig.restart()
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.settle()
    return rig


@pytest.mark.parametrize("crash", [False, True], ids=["no answer", "the caller dies"])
def test_a_system_that_would_do_it_twice_is_not_told_twice(rig, crash):
    """After an unknown outcome a person decides."""
    called = never_twice(rig)
    if crash:
        called.restart()
    else:
        called.answer_call(CallKind.UNKNOWN, error=Fault(code="E_CALL_FAILED", what="no answer"))
    called.settle()

    assert "held" == called.states()["internet"]
    retried(called, 400)
    assert [] == called.calls.made


def test_after_a_crash_during_a_call_it_is_made_again_under_the_same_key(called):
    """Whether the first one came through nobody knows: the system applies one key once."""
    first = called.calls.made[0]
    called.restart()
    called.settle()

    assert [(first.key, first.native)] == [(call.key, call.native) for call in called.calls.made]
    called.answer_call()
    called.settle()
    called.tell_oss()
    called.settle()
    assert "completed" == called.states()["order"]


def test_another_workers_claim_is_respected_until_it_ends(rig):
    """Its call may be under way: the delivery stays open here, and is looked at now and then."""
    key = rig.key("internet")
    rig.drop(order())
    rig.settle()
    claim = Claim(key, rig.record().id, 1, "another", rig.now + timedelta(seconds=50))
    with rig.store.begin() as tx:
        tx.apply(Changes(claims=[claim]))
    rig.answer_crm()
    rig.settle()
    assert ([], 1) == (rig.calls.made, rig.broker.unsettled(OSS_WORK))
    until(rig, claim.lease - timedelta(seconds=2))
    assert [] == rig.calls.made
    until(rig, claim.lease)

    assert [key] == [call.key for call in rig.calls.made]
    assert rig.name == claimed(rig).worker


def test_silence_before_the_first_call_does_not_count(rig):
    """
    The instruction waited for its turn until its line was held: once the call is made, the system has its
    time, and is asked again when that has passed.
    """
    rig.drop(order())
    rig.settle()
    claim = Claim(rig.key("internet"), rig.record().id, 1, "another", rig.now + timedelta(hours=3))
    with rig.store.begin() as tx:
        tx.apply(Changes(claims=[claim]))
    rig.answer_crm()
    rig.settle()
    for _ in range(2):
        rig.step(3601)
        rig.engine.sweep(rig.now)
        rig.settle()
    assert ([], "held") == (rig.calls.made, rig.states()["internet"])
    until(rig, claim.lease)
    rig.answer_call()
    rig.settle()
    rig.step(3601)
    rig.engine.sweep(rig.now)
    rig.settle()

    assert [rig.key("internet")] == [call.key for call in rig.calls.made]
    rig.answer_call()
    rig.settle()
    rig.step(3601)
    rig.engine.sweep(rig.now)
    rig.settle()
    assert ([], "held") == (rig.calls.made, rig.states()["internet"])


def test_a_claimed_call_is_not_looked_at_all_the_time(rig):
    """A transaction a second is enough to wait with."""
    rig.drop(order())
    rig.settle()
    claim = Claim(rig.key("internet"), rig.record().id, 1, "another", rig.now + timedelta(seconds=50))
    with rig.store.begin() as tx:
        tx.apply(Changes(claims=[claim]))
    rig.answer_crm()
    rig.step(0.1)
    rig.step(0.1)
    rig.step(0.1)
    before = rig.fuse.commits
    for _ in range(99):
        rig.step(0.1)

    assert 9 <= rig.fuse.commits - before <= 10


def test_a_claim_whose_worker_never_came_to_call_is_not_waited_for_by_itself(rig):
    """Its commit failed and was durable all the same: the same process knows that it has not called."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.step()
    assert 1 == rig.broker.unsettled(OSS_WORK)
    rig.fuse.commit_errors.append((True, CommitUnknown("input/output error")))
    rig.step()
    assert rig.engine.lost_commit
    rig.engine.rename("worker-1b", rig.now)
    rig.step(2)

    assert [rig.key("internet")] == [call.key for call in rig.calls.made]
    assert 1 == rig.broker.unsettled(OSS_WORK)


def test_two_copies_of_one_instruction_are_one_call(called):
    """The second delivery joins the call that is under way, and is settled with it."""
    held = called.broker._queues[OSS_WORK].consumers[0].unsettled
    copy = next(iter(held.values()))
    called.broker.publish("", OSS_WORK, copy.body, copy.properties)
    called.settle()
    assert (1, 2) == (len(called.calls.made), called.broker.unsettled(OSS_WORK))
    called.answer_call()
    called.settle()

    assert 0 == called.broker.unsettled(OSS_WORK)
    assert [] == called.calls.made


def test_an_instruction_that_was_answered_meanwhile_is_not_called_for(called):
    """The event came while the worker was dead: nothing is left to ask."""
    called.client.close()
    called.tell_oss()
    called.restart()
    called.settle()

    assert [] == called.calls.made
    assert (0, "completed") == (called.broker.unsettled(OSS_WORK), called.states()["order"])


def test_what_a_format_cannot_say_is_held_and_said_to_nobody(rig, monkeypatch):
    """The fault names the adapter's reason; the channel hears of the delay."""

    def cannot(*_):
        raise Rejected("E_VALUE", "crm has no word for it", "lines[0].quantity", "1 to 9")

    monkeypatch.setattr(rig.crm, "instruct", cannot)
    rig.drop(order())
    rig.settle()

    [line] = rig.record().lines_of("crm")
    assert ("held", "E_VALUE") == (line.state.value, line.code)
    assert 0 == rig.broker.depth("system.crm.in")
    assert "notice.delayed.v1" == rig.told()[-1]


def test_work_that_is_no_instruction_is_parked(rig):
    """Only the hub writes to that queue, but anybody might."""
    rig.drop(b"[]", OSS_WORK)
    rig.settle()

    [parked] = rig.store.parked()
    assert ("E_TYPE", OSS_WORK) == (decode(parked.fault, Fault).code, parked.queue)


def test_a_crash_between_claim_and_call_is_a_crash_during_the_call(rig):
    """Nobody can tell them apart: it is made by the next process, under the same key."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.step()
    rig.fuse.at = rig.fuse.count + 5  # collect, begin, commit, settle, then the call
    with pytest.raises(Crashed, match="before submit"):
        rig.step()
    rig.restart()
    rig.settle()

    assert [rig.key("internet")] == [call.key for call in rig.calls.made]
