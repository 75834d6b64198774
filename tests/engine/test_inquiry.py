"""
What goes out to a system that must be asked, and what its answers bring about, over a queue and by calls.
"""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from adapters.kit.contract import INQUIRY, CallSpec, Native
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.errors import Fault
from canonical.keys import content_hash
from canonical.states import State
from canonical.systems import Meaning, Repeat
from orderloom.calls import CallKind
from orderloom.correlation.port import Changes, Claim
from tests.engine.element import mml
from tests.engine.rig import (
    MOBILE_IN,
    MOBILE_REPLIES,
    MOBILE_WITHIN,
    OSS_WORK,
    Rig,
    WorkerRig,
    order,
    oss_answer,
)

NONE = "none"


@pytest.fixture
def mobile(tmp_path):
    """A bench with an order that mobile provisioning was told of."""
    rig = WorkerRig(tmp_path)
    rig.drop(order(offering="SIM"))
    rig.settle()
    yield rig
    rig.crash()


def told(rig):
    """What mobile provisioning was told, taken from its queue: verbs, ids and bodies."""
    found = rig.taken(MOBILE_IN)
    return [(one.body[:3].decode(), one.properties.message_id, one.body) for one in found]


def silence(rig, within=MOBILE_WITHIN):
    """Time passes in which nobody says anything, in steps that no lease outlives."""
    ends = rig.now + timedelta(seconds=within + 1)
    while rig.now < ends:
        rig.settle()
        rig.step(5)
    rig.settle()


def said(rig, code="3002", *, serial=0, more=""):
    """An answer to an inquiry, as the element prints it."""
    return mml("LST", rig.key("mobile"), more=more, code=code, serial=serial)


def test_an_inquiry_is_a_message_of_its_own(mobile):
    """A person in the console sees what it is: its id is the instruction's, and which inquiry it is."""
    [first] = mobile.taken(MOBILE_IN)
    silence(mobile)
    [asked] = mobile.taken(MOBILE_IN)
    key = mobile.key("mobile")

    assert (f"{key}-1", "instruction.do.v1") == (first.properties.message_id, first.properties.type)
    assert (f"{key}-inquiry-1", "inquiry.v1") == (asked.properties.message_id, asked.properties.type)
    assert (1, 1) == (asked.properties.headers["inquiry"], asked.properties.headers["attempt"])
    assert b",ASK=1;" in asked.body
    assert "inquired" in mobile.events()


def test_what_was_never_applied_goes_out_again_byte_for_byte(mobile):
    """Under the same key, with the next attempt in its message id."""
    [(_, first, body)] = told(mobile)
    silence(mobile)
    told(mobile)
    mobile.drop(said(mobile, more=",ASK=1", serial=1), MOBILE_REPLIES)
    mobile.settle()
    [again] = told(mobile)

    assert (f"{mobile.key('mobile')}-2", body) == again[1:]
    assert f"{mobile.key('mobile')}-1" == first
    assert "not_applied" in mobile.events()


def lost_twice(rig, answer):
    """The element has lost the command twice, and both times gives the very same answer when it is asked."""
    verbs = []
    for _ in range(2):
        verbs += [verb for verb, _, _ in told(rig)]
        silence(rig)
        verbs += [verb for verb, _, _ in told(rig)]
        rig.drop(answer, MOBILE_REPLIES)
        rig.settle()
    return verbs + [verb for verb, _, _ in told(rig)]


def test_the_same_bytes_answer_another_inquiry(mobile):
    """An element that numbers nothing answers alike each time; each inquiry has its answer."""
    answer = said(mobile)

    assert ["ADD", "LST", "ADD", "LST", "ADD"] == lost_twice(mobile, answer)
    assert 3 == mobile.record().instructions[0].attempt


def test_the_same_bytes_twice_answer_one_inquiry(mobile):
    """The second tells nothing again."""
    told(mobile)
    silence(mobile)
    told(mobile)
    for _ in range(2):
        mobile.drop(said(mobile), MOBILE_REPLIES)
    mobile.settle()

    assert ["ADD"] == [verb for verb, _, _ in told(mobile)]


def test_an_answer_that_is_delivered_again_answers_nothing(mobile):
    """Its worker died between commit and acknowledgement, and came back when another inquiry was out."""
    told(mobile)
    silence(mobile)
    told(mobile)
    fuse = mobile.fuse
    mobile.drop(said(mobile), MOBILE_REPLIES)
    settle, mobile.client.settle = mobile.client.settle, lambda handles: None
    mobile.settle()
    assert ["ADD"] == [verb for verb, _, _ in told(mobile)]
    assert 1 == mobile.broker.unsettled(MOBILE_REPLIES)

    mobile.client.settle = settle
    mobile.now += timedelta(seconds=MOBILE_WITHIN + 1)
    mobile.restart()
    mobile.settle()
    assert fuse.at == 0
    assert ["LST"] == [verb for verb, _, _ in told(mobile)]
    assert 2 == mobile.record().instructions[0].attempt
    assert mobile.record().instructions[0].inquiring


def test_after_a_lost_broker_the_element_is_asked(mobile):
    """And told again once it has said that it never applied it."""
    mobile.lost_broker()
    mobile.settle()
    assert ["LST"] == [verb for verb, _, _ in told(mobile)]

    mobile.drop(said(mobile, more=",ASK=1", serial=9), MOBILE_REPLIES)
    mobile.settle()
    assert ["ADD"] == [verb for verb, _, _ in told(mobile)]
    key, reference = mobile.key("mobile"), mobile.record().instructions[0].reference
    mobile.drop(mml("ADD", key, reference, ",LINE=1", code="0", serial=10), MOBILE_REPLIES)
    mobile.settle()
    assert "completed" == mobile.states()["order"]


def test_after_a_lost_broker_a_system_that_cannot_be_asked_is_held(tmp_path):
    """Nothing is sent to it again, whatever time passes."""
    rig = WorkerRig(tmp_path)
    rig.mobile.profile = msgspec.structs.replace(rig.mobile.profile, repeat=Repeat.NEVER)
    rig.restart()
    rig.drop(order(offering="SIM"))
    rig.settle()
    told(rig)
    rig.lost_broker()
    silence(rig, 1000)

    assert [] == told(rig)
    assert ("held", "E_CALL_FAILED") == (rig.states()["mobile"], rig.record().lines[0].code)
    rig.crash()


# By calls.


class AskedOss(OssInternetAdapter):
    """Internet provisioning that does what it is told as often as it is told, and can be asked."""

    profile = msgspec.structs.replace(
        OssInternetAdapter.profile,
        repeat=Repeat.INQUIRE,
        not_applied=NONE,
        words={**OssInternetAdapter.profile.words, NONE: Meaning(state=State.HELD, code="E_SYSTEM_REFUSED")},
    )

    def inquire(self, instruction, stamp):
        path = f"/serviceOrder?externalId={instruction.key}&n={stamp.numbers[INQUIRY]}"
        return Native(b"?" + instruction.key.encode(), "text/plain", "asked", CallSpec("GET", path))


class AskedRig(Rig):
    """A bench with it."""

    def start(self):
        self.oss = AskedOss()
        super().start()


def unheard_of(key):
    """It knows no such order."""
    document = json.loads(oss_answer(key))
    return json.dumps({**document, "state": NONE}).encode()


@pytest.fixture
def called(tmp_path):
    """Internet provisioning is being called."""
    rig = AskedRig(tmp_path)
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.settle()
    yield rig
    rig.crash()


def unknown(rig):
    rig.answer_call(CallKind.UNKNOWN, error=Fault(code="E_CALL_FAILED", what="no answer"))


def later(rig, seconds=12):
    rig.settle()
    rig.step(seconds)
    rig.settle()


def calls(rig):
    """What is being called for: attempt and inquiry."""
    return [(one.attempt, one.inquiry) for one in rig.calls.made]


def test_a_call_of_unknown_outcome_is_asked_about(called):
    """By a call of its own, once the first cannot be read any more; then it is made again."""
    [first] = called.calls.made
    unknown(called)
    called.settle()
    assert [] == calls(called)
    later(called)
    [asked] = called.calls.made
    assert (1, 1, f"{first.key}-inquiry-1") == (asked.attempt, asked.inquiry, asked.id)
    assert "GET" == asked.native.call.method

    called.answer_call(CallKind.REFUSED, unheard_of(first.key))
    called.settle()
    [again] = called.calls.made
    assert (2, 0, first.key) == (again.attempt, again.inquiry, again.id)
    assert content_hash(first.native.body) == content_hash(again.native.body)
    called.answer_call()
    called.settle()
    called.tell_oss()
    called.settle()
    assert "completed" == called.states()["order"]
    assert 0 == called.broker.unsettled(OSS_WORK)


def test_the_outcome_is_in_the_answer(called):
    """It was carried out: nothing is called again."""
    unknown(called)
    later(called)
    key = called.key("internet")
    called.answer_call(CallKind.ANSWERED, oss_answer(key, "completed"))
    later(called)

    assert ([], "completed") == (calls(called), called.states()["order"])
    assert 0 == called.broker.unsettled(OSS_WORK)


def test_while_it_cannot_be_reached_it_is_asked_once_a_minute_and_never_told(called):
    """The outage holds the line, and its end lets it go: the answer says what became of the instruction."""
    unknown(called)
    made = []
    for _ in range(60):
        later(called, 30)
        made += calls(called)
        while called.calls.made:
            called.answer_call(CallKind.TRANSIENT, error=Fault(code="E_CALL_FAILED", what="no connection"))
    [line] = called.record().lines_of("internet")
    assert {1} == {attempt for attempt, _ in made}
    assert [inquiry for _, inquiry in made] == list(range(1, len(made) + 1))
    assert 25 <= len(made) <= 40
    assert ("held", "E_SYSTEM_DOWN") == (line.state.value, line.code)

    later(called, 120)
    called.answer_call(CallKind.ANSWERED, oss_answer(called.key("internet"), "completed"))
    later(called)
    assert "completed" == called.states()["order"]


def test_after_a_crash_during_a_call_it_is_asked_about(called):
    """Whether the first one came through nobody knows."""
    called.restart()
    later(called)

    assert [(1, 1)] == calls(called)
    assert "call_failed" in called.events()


def test_a_call_that_never_began_is_simply_made_again(called):
    """Surely it was not carried out."""
    called.answer_call(CallKind.TRANSIENT, error=Fault(code="E_CALL_FAILED", what="no connection"))
    later(called)

    assert [(2, 0)] == calls(called)


def test_nobody_is_asked_while_a_call_is_under_way(called):
    """It could be applied right after the answer that it is not."""
    [first] = called.calls.made
    within = called.oss.profile.answer_within
    claim = Claim(first.key, called.record().id, 1, "another", called.now + timedelta(seconds=within + 60))
    with called.store.begin() as tx:
        tx.apply(Changes(claims=[claim]))
    called.step(within + 5)
    called.settle()
    assert ["inquired", [(1, 0)]] == [called.events()[-1], calls(called)]

    later(called, 70)
    assert [(1, 0), (1, 1)] == calls(called)
