"""
Numbers that a system uses again: a repeat is what says the same, and what says something else counts.
"""

from __future__ import annotations

from tests.engine.element import mml
from tests.engine.rig import (
    CRM_REPLIES,
    MOBILE_REPLIES,
    OSS_REPLIES,
    crm_result,
    order,
    oss_event,
)

NUMBERS = ("W-1", "W-2")


def two_orders(rig, offering="NET"):
    """Both were told to their first system."""
    for number in NUMBERS:
        rig.drop(order(number, offering=offering))
    rig.settle()


def crm(rig, number, result="OK", **more):
    """The CRM says something of an order, always under the same number."""
    return crm_result(rig.key("crm", number), result, "R-1", **more)


def say(rig, body, queue=CRM_REPLIES):
    rig.drop(body, queue)
    rig.settle()


def states(rig, part):
    return [rig.states(number)[part] for number in NUMBERS]


def test_a_counter_that_has_begun_again_loses_no_answer(rig):
    """The answer of the second order is its own, and its journal says that the number was used before."""
    two_orders(rig)
    say(rig, crm(rig, "W-1"))
    say(rig, crm(rig, "W-2"))

    assert ["completed", "completed"] == states(rig, "crm")
    assert ([0, 1]) == [rig.events(number).count("number_reused") for number in NUMBERS]
    assert () == rig.store.parked()


def test_in_one_batch_too(rig):
    """What is asked of the store for the whole batch is not all that has been taken in it."""
    two_orders(rig)
    for number in (*NUMBERS, *NUMBERS):
        rig.drop(crm(rig, number), CRM_REPLIES)
    rig.settle()

    assert ["completed", "completed"] == states(rig, "crm")
    assert [1, 1] == [rig.events(number).count("reply_folded") for number in NUMBERS]


def test_what_was_said_under_a_used_number_is_itself_said_once(rig):
    """Whichever of the two comes again, and however often: neither turns back what was said since."""
    two_orders(rig)
    for result in ("NEEDS-CUSTOMER", "BACKLOG"):
        for number in NUMBERS:
            say(rig, crm(rig, number, result))
    assert ["inProgress", "inProgress"] == states(rig, "crm")
    before = [rig.record(number) for number in NUMBERS], [rig.events(number) for number in NUMBERS]
    for _ in range(2):
        for number in NUMBERS:
            say(rig, crm(rig, number, "NEEDS-CUSTOMER"))

    assert before == ([rig.record(number) for number in NUMBERS], [rig.events(number) for number in NUMBERS])


def test_a_crash_before_the_acknowledgement_brings_nothing_twice(rig):
    """The second answer's own key is in the store."""
    two_orders(rig)
    say(rig, crm(rig, "W-1"))
    settle, rig.client.settle = rig.client.settle, lambda handles: None
    say(rig, crm(rig, "W-2", "NEEDS-CUSTOMER"))
    assert 1 == rig.broker.unsettled(CRM_REPLIES)
    rig.client.settle = settle
    rig.restart()
    rig.settle()

    assert ["completed", "pending"] == states(rig, "crm")
    assert [1, 1] == [rig.events(number).count("reply_folded") for number in NUMBERS]


def test_the_same_answer_elsewhere_in_a_message_is_the_same(rig):
    """Where it stands is no part of what it says."""
    two_orders(rig, "SIM")
    one, other = (
        mml("ADD", rig.key("mobile", number), more=",LINE=1", code="2001", serial=7) for number in NUMBERS
    )
    say(rig, one, MOBILE_REPLIES)
    say(rig, other + one, MOBILE_REPLIES)

    assert ["pending", "pending"] == states(rig, "mobile")
    assert [1, 1] == [rig.events(number).count("reply_folded") for number in NUMBERS]


def test_early_answers_under_one_number_wait_each_for_their_order(rig):
    """Also when the order of the second comes first, in a transaction that knows nothing of the first."""
    for number in (*NUMBERS, *NUMBERS):
        say(rig, crm(rig, number))
    for number in reversed(NUMBERS):
        rig.drop(order(number))
        rig.settle()

    assert ["completed", "completed"] == states(rig, "crm")
    say(rig, crm(rig, "W-1"))
    say(rig, crm(rig, "W-2"))
    assert [1, 1] == [rig.events(number).count("reply_folded") for number in NUMBERS]
    assert not [name for name in rig.timers() if name.startswith("early")]


def test_an_early_answer_leaves_the_key_to_whoever_has_taken_the_number(rig):
    """Or a repeat of the first would count again."""
    rig.drop(order("W-1"))
    rig.settle()
    say(rig, crm(rig, "W-1", "NEEDS-CUSTOMER"))
    say(rig, crm(rig, "W-2"))
    rig.drop(order("W-2"))
    rig.settle()
    say(rig, crm(rig, "W-1", "BACKLOG"))
    say(rig, crm(rig, "W-1", "NEEDS-CUSTOMER"))

    assert ["inProgress", "completed"] == states(rig, "crm")


def test_events_under_one_number_of_two_orders_both_count(rig):
    """What is posted to the listener is no different."""
    two_orders(rig)
    rig.answer_crm()
    rig.settle()
    for _ in NUMBERS:
        rig.answer_call()
    rig.settle()
    for number in NUMBERS:
        say(rig, oss_event(rig.key("internet", number), event="EV-1"), OSS_REPLIES)

    assert ["completed", "completed"] == states(rig, "order")


def test_an_answer_to_an_inquiry_under_a_used_number_answers_it(worker_rig):
    """An element whose counter begins again when it starts is heard when it is asked."""
    rig = worker_rig
    two_orders(rig, "SIM")
    say(rig, mml("ADD", rig.key("mobile", "W-1"), more=",LINE=1", code="0", serial=1), MOBILE_REPLIES)
    rig.lost_broker()
    rig.settle()
    assert rig.record("W-2").instructions[0].inquiring
    say(rig, mml("LST", rig.key("mobile", "W-2"), more=",ASK=1", code="3002", serial=1), MOBILE_REPLIES)

    assert 2 == rig.record("W-2").instructions[0].attempt
    assert ["completed", "inProgress"] == states(rig, "mobile")
