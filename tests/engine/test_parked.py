"""
What nobody could understand: set aside with its reason, and closed by whoever brings it back understood.
"""

from __future__ import annotations

import gzip
import itertools
import json
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from adapters.kit.contract import Native
from broker.port import Delivery
from canonical.codec import decode
from canonical.errors import Fault
from orderloom.cli.parked_acts import Act, discard, replay
from orderloom.correlation.port import ParkedRow, ParkedState
from tests.engine.faults import Crashed
from tests.engine.rig import CRM_REPLIES, GADGETS, OSS_WORK, Rig, WorkerRig, crm_result, order

IN = "channel.web.in"
PARKED = f"{IN}.parked"

GADGET = order("W-1", offering="GADGET")


@pytest.fixture
def parked(rig):
    """A bench with one parked order."""
    rig.drop(GADGET, mood="grim")
    rig.settle()
    return rig


def row(rig: Rig) -> ParkedRow:
    """The one parked row."""
    [found] = rig.store.parked(None)
    return found


def handles(rig: Rig, queue: str = PARKED) -> tuple[Delivery, ...]:
    """What waits in the console."""
    return rig.broker.peek(queue)


def mend(rig: Rig) -> None:
    """Give the rules the missing route."""
    rig.rules = dict(GADGETS)


def operator(rig: Rig) -> Act:
    """Somebody at the command line."""
    return Act(actor="cli:mary", why="route added", at=rig.now)


def test_an_order_that_no_route_takes_is_parked_with_its_reason(parked):
    """The row is the truth; the handle in the console has the bytes as they came and says why."""
    found = row(parked)
    [handle] = handles(parked)

    assert (IN, "E_NO_ROUTE", 1, ParkedState.OPEN) == (found.queue, found.code, found.times, found.state)
    assert "E_NO_ROUTE" == decode(found.fault, Fault).code
    native = parked.store.native(found.native)
    assert native is not None
    assert GADGET == handle.body == native.body
    headers = dict(handle.properties.headers)
    assert "grim" == headers["mood"]
    assert (found.id, "E_NO_ROUTE", 1) == (
        headers["x-parked-id"],
        headers["x-error-code"],
        headers["x-attempt"],
    )
    assert "E_NO_ROUTE" in str(headers["x-error"])
    assert {"x-error-where", "x-parked-at"} <= headers.keys()
    assert [] == parked.told()


def test_its_number_is_still_free(parked):
    """A corrected order under the same number is taken: only acceptance takes a key."""
    parked.drop(order("W-1"))
    parked.settle()

    assert "inProgress" == parked.states("W-1")["order"]


def test_a_resend_of_what_is_parked_parks_nothing_more(parked):
    """It lies there already, and its sender is not answered."""
    for _ in range(3):
        parked.step(61)
        parked.drop(GADGET)
        parked.settle()

    assert (1, 1, []) == (len(parked.store.parked(None)), len(handles(parked)), parked.told())


def test_replayed_when_the_rules_were_mended_it_is_accepted_and_its_row_closed(parked):
    """The operator's name stays on the row; the message is back under its parked id."""
    mend(parked)
    replay(parked.store, row(parked).id, operator(parked))
    assert ParkedState.REPLAYING == row(parked).state
    parked.engine.adopt(parked.now)
    parked.settle()

    assert (ParkedState.CLOSED, "cli:mary") == (row(parked).state, row(parked).actor)
    assert "inProgress" == parked.states("W-1")["order"]
    assert ["acknowledgement.v1", "notice.accepted.v1"] == parked.told()


def test_moved_back_in_the_console_it_closes_its_row(parked):
    """By the name of the console, which has no other."""
    mend(parked)
    parked.broker.move(PARKED, IN)
    parked.settle()

    assert (ParkedState.CLOSED, "console") == (row(parked).state, row(parked).actor)
    assert "inProgress" == parked.states("W-1")["order"]
    assert () == handles(parked)


@pytest.mark.parametrize("how", ["console", "command line"])
def test_brought_back_while_it_is_still_wrong_it_is_parked_again(parked, how):
    """The same row, a second time, with one handle that says so."""
    if how == "console":
        parked.broker.move(PARKED, IN)
    else:
        parked.taken(PARKED)
        replay(parked.store, row(parked).id, operator(parked))
        parked.engine.adopt(parked.now)
    parked.settle()

    assert (ParkedState.OPEN, 2, "") == (row(parked).state, row(parked).times, row(parked).actor)
    assert [2] == [one.properties.headers["x-attempt"] for one in handles(parked)]


@pytest.mark.parametrize("how", ["console", "command line"])
def test_a_crash_before_its_return_is_settled_makes_no_second_handle(parked, how):
    """The redelivered copy says how often it had been parked, and that was before."""
    if how == "console":
        parked.broker.move(PARKED, IN)
    else:
        parked.taken(PARKED)
        replay(parked.store, row(parked).id, operator(parked))
        parked.engine.adopt(parked.now)
        parked.engine.outbox.pump(parked.now)
    parked.fuse.at = parked.fuse.count + 4
    with pytest.raises(Crashed, match="before settle"):
        parked.step()
    parked.restart()
    parked.settle()

    assert (ParkedState.OPEN, 2) == (row(parked).state, row(parked).times)
    assert [2] == [one.properties.headers["x-attempt"] for one in handles(parked)]


def test_a_strangers_claim_to_be_a_parked_message_closes_nothing(parked):
    """Anybody can set a header: other bytes, or another queue, are another message."""
    mend(parked)
    mine = row(parked).id
    parked.drop(order("W-2"), x_parked_id=mine, x_attempt=1)
    parked.drop(crm_result(parked.key("crm", "W-2")), CRM_REPLIES, x_parked_id=mine, x_attempt=1)
    parked.settle()

    assert ParkedState.OPEN == row(parked).state
    assert 1 == len(handles(parked))
    assert "inProgress" == parked.states("W-2")["order"]


def test_sent_again_when_the_rules_were_mended_it_is_taken_and_its_row_closed(parked):
    """By the name of the sender who brought it."""
    mend(parked)
    parked.drop(GADGET)
    parked.settle()

    assert (ParkedState.CLOSED, "web.portal") == (row(parked).state, row(parked).actor)
    assert ["acknowledgement.v1", "notice.accepted.v1"] == parked.told()


def test_sent_again_after_it_was_discarded_it_is_looked_at_anew(parked):
    """Discarding is about a message, not about a customer's wish."""
    discard(parked.store, row(parked).id, operator(parked))
    parked.drop(GADGET)
    parked.settle()
    assert (ParkedState.OPEN, 2) == (row(parked).state, row(parked).times)

    discard(parked.store, row(parked).id, operator(parked))
    mend(parked)
    parked.drop(GADGET)
    parked.settle()
    assert "inProgress" == parked.states("W-1")["order"]


def test_a_compressed_message_is_replayed_compressed(rig):
    """Its coding is kept with it; without it the bytes would mean nothing."""
    rig.drop(gzip.compress(GADGET, mtime=0), coding="gzip")
    rig.settle()
    mend(rig)
    replay(rig.store, row(rig).id, operator(rig))
    rig.engine.adopt(rig.now)
    rig.settle()

    assert "gzip" == handles(rig)[0].properties.content_encoding
    assert "inProgress" == rig.states("W-1")["order"]


def test_two_documents_of_one_message_park_it_once(rig, monkeypatch):
    """One message is one row, one count and one handle, however many of its documents are at fault."""
    both = [order("W-1", offering="GADGET"), order("W-2", offering="GADGET")]
    parse = rig.web.translate

    def translate(native, references):
        if native.body == b"both":
            for body in both:
                yield from parse(type(native)(body, native.content_type), references)
        else:
            yield from parse(native, references)

    monkeypatch.setattr(rig.web, "translate", translate)
    rig.drop(b"both")
    rig.settle()
    assert (1, 1) == (row(rig).times, len(handles(rig)))

    rig.broker.move(PARKED, IN)
    rig.settle()
    assert (2, 1) == (row(rig).times, len(handles(rig)))


def test_a_reply_with_a_word_that_nobody_knows_is_parked_and_its_order_keeps_waiting(rig):
    """Moved back when it can be read, it is folded."""
    rig.drop(order())
    rig.settle()
    [request] = rig.bodies("system.crm.in")
    rig.drop(crm_result(request["requestId"], "MAYBE"), CRM_REPLIES)
    rig.settle()
    found = row(rig)
    assert ("E_REPLY_WORD", rig.record().id) == (found.code, found.order_id)
    assert "inProgress" == rig.states()["crm"]

    rig.drop(crm_result(request["requestId"]), CRM_REPLIES)
    rig.settle()
    assert "completed" == rig.states()["crm"]


ODD = {"not JSON at all": b"%%%", "a result that names no order": b'{"messageType": "customerOrderResult"}'}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_a_reply_that_cannot_be_read_is_parked(rig, body):
    """With its bytes; the next reply is folded."""
    rig.drop(order())
    rig.settle()
    rig.drop(body, CRM_REPLIES)
    rig.answer_crm()
    rig.settle()

    assert body == handles(rig, f"{CRM_REPLIES}.parked")[0].body
    assert "completed" == rig.states()["crm"]


def test_the_same_rubbish_twice_is_one_row_and_one_handle(rig):
    """The row counts; the console stays readable."""
    for _ in range(4):
        rig.drop(b"%%%", CRM_REPLIES)
    rig.settle()

    assert (4, 1) == (row(rig).times, len(handles(rig, f"{CRM_REPLIES}.parked")))


def boom(rig: Rig, monkeypatch: pytest.MonkeyPatch, marker: bytes, error: BaseException) -> None:
    """Let the web adapter fail on messages that hold ``marker``."""
    parse = rig.web.translate

    def translate(native, references):
        if marker in native.body:
            raise error
        return parse(native, references)

    monkeypatch.setattr(rig.web, "translate", translate)


def test_an_adapter_that_fails_on_one_message_of_ten_costs_the_nine_others_nothing(rig, monkeypatch):
    """The culprit alone is parked, by a code of ours."""
    boom(rig, monkeypatch, b"W-5", ZeroDivisionError("never thought of"))
    for number in range(10):
        rig.drop(order(f"W-{number}"))
    rig.settle()

    assert {"inProgress": 9} == rig.store.counts()
    assert "E_INTERNAL" == row(rig).code
    assert order("W-5") == handles(rig)[0].body


def test_an_adapter_that_fails_while_answering_parks_what_it_could_not_answer(rig, monkeypatch):
    """Nothing of that order was committed; after mending it is moved back and accepted."""
    acknowledge = rig.web.acknowledge

    def failing(intake, stamp):
        if "W-1" in intake.verdicts[0].origin.document:
            raise RuntimeError("no")
        return acknowledge(intake, stamp)

    monkeypatch.setattr(rig.web, "acknowledge", failing)
    rig.drop(order("W-1"))
    rig.drop(order("W-2"))
    rig.settle()
    assert {"inProgress": 1} == rig.store.counts()
    assert "E_INTERNAL" == row(rig).code

    monkeypatch.undo()
    rig.broker.move(PARKED, IN)
    rig.settle()
    assert {"inProgress": 2} == rig.store.counts()
    assert ParkedState.CLOSED == row(rig).state


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [(b"x", "x" * 300, "content_type: 300 bytes"), (bytes(17 * 1024 * 1024), "text/plain", "body: 17825792")],
    ids=["a content type without end", "more than a message may have"],
)
def test_an_answer_that_no_broker_carries_stands_in_nobodys_way(rig, monkeypatch, body, content_type, told):
    """Its message is parked with the reason; what others are told on the same queue leaves."""
    with monkeypatch.context() as broken:
        answer = Native(body=body, content_type=content_type)
        broken.setattr(rig.web, "acknowledge", lambda intake, stamp: answer)
        rig.drop(order("W-1"))
        rig.settle()
    rig.drop(order("W-2"))
    rig.settle()
    fault = decode(row(rig).fault, Fault)

    assert ("E_VALUE", "acknowledgement to web.portal") == (fault.code, fault.where)
    assert fault.what.startswith(f"no broker carries it: {told}")
    assert "acknowledgement.v1" in rig.told()


def test_a_message_in_which_its_adapter_finds_no_end_is_refused(rig, monkeypatch):
    """At the first document that no message can hold: the memory that is left is for others."""
    translate = rig.web.translate

    def crowd(native, references):
        [found] = translate(native, references)
        return itertools.repeat(found, 100_001)

    with monkeypatch.context() as broken:
        broken.setattr(rig.web, "translate", crowd)
        rig.drop(order("W-1"))
        rig.settle()
    [told] = rig.bodies("channel.web.out")

    assert ("E_RECORDS", "message: more than 100000 documents in one message") == (
        told["code"],
        told["reason"],
    )
    assert not rig.store.find("W-1")


def test_a_message_that_kills_the_process_is_parked_at_the_third_start(tmp_path, monkeypatch):
    """None of the nine that were in the same hands is lost, parked or done twice."""
    rig = WorkerRig(tmp_path)
    boom(rig, monkeypatch, b"W-5", Crashed("segfault"))
    for number in range(10):
        rig.drop(order(f"W-{number}"))
    deaths = 0
    for _ in range(60):
        try:
            rig.step(0.1)
        except Crashed:
            deaths += 1
            rig.restart()
    rig.settle()

    # Once as it came, once among others that had come back, once alone.
    assert 3 == deaths
    assert {"inProgress": 9} == rig.store.counts()
    assert ("E_POISON", order("W-5")) == (row(rig).code, handles(rig)[0].body)
    # What was sent and not yet marked goes again after a death, under its id.
    requests = {one.properties.message_id for one in rig.taken("system.crm.in")}
    assert {f"{rig.key('crm', f'W-{number}')}-1" for number in range(10) if number != 5} == requests
    with rig.store.begin() as tx:
        assert {} == tx.attempts([f"{IN}|{row(rig).native}"])
    rig.crash()


def test_new_messages_get_two_turns_for_each_of_those_that_came_back(rig):
    """What came back may be what kills: it must not keep the others waiting."""
    for number in range(60):
        rig.drop(order(f"OLD-{number}"))
    rig.client.collect(200, 0.0)
    rig.restart()
    old = []
    for turn in range(12):
        rig.drop(order(f"NEW-{turn}"))
        rig.step(0.1)
        old.append(sum(1 for one in rig.store.oldest_open(999) if "OLD" in one.order.external_id[0].id))
        assert rig.record(f"NEW-{turn}")

    steps = [later - now for now, later in pairwise([0, *old])]
    assert {0, 20} == set(steps)
    assert 60 == sum(steps)
    assert not any(now and later for now, later in pairwise(steps))


def test_rows_keep_the_story_readable(parked):
    """What a document was, and why it was set aside, is JSON that people can be shown."""
    fault = json.loads(row(parked).fault)
    assert {"code", "what"} <= fault.keys()


def test_an_instruction_that_was_parked_is_called_for_when_it_is_moved_back(rig, monkeypatch):
    """And its row is closed: a failing adapter of a called system parks work, too."""

    def failing(*_):
        raise ZeroDivisionError

    instruct = rig.oss.instruct
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    monkeypatch.setattr(rig.oss, "instruct", failing)
    rig.settle()
    assert ("E_INTERNAL", OSS_WORK, []) == (row(rig).code, row(rig).queue, rig.calls.made)

    monkeypatch.setattr(rig.oss, "instruct", instruct)
    rig.broker.move(f"{OSS_WORK}.parked", OSS_WORK)
    rig.settle()
    assert [rig.key("internet")] == [call.key for call in rig.calls.made]
    assert (ParkedState.CLOSED, "console") == (row(rig).state, row(rig).actor)


def test_a_replay_that_a_broker_lost_on_its_way_is_open_again(worker_rig):
    """Or nobody could bring it back any more."""
    rig = worker_rig
    rig.drop(GADGET)
    rig.settle()
    mend(rig)
    replay(rig.store, row(rig).id, operator(rig))
    rig.engine.adopt(rig.now)
    rig.engine.outbox.pump(rig.now)
    rig.engine.outbox.landed(rig.client.collect(0, 0.0).outcomes, rig.now)
    rig.engine._mark(rig.now + timedelta(seconds=1))
    assert () == rig.store.unsent()
    rig.lost_broker()
    rig.settle()
    assert (ParkedState.OPEN, "") == (row(rig).state, row(rig).actor)

    replay(rig.store, row(rig).id, operator(rig))
    rig.engine.adopt(rig.now)
    rig.settle()
    assert (ParkedState.CLOSED, "cli:mary") == (row(rig).state, row(rig).actor)
    assert "inProgress" == rig.states()["order"]


@pytest.mark.parametrize("claim", ["\0", "x" * 36, "' or 1=1 --", 7, True, None])
def test_no_header_of_a_stranger_stops_the_hub(rig, claim):
    """A parked id that none can be is not looked for: a database may refuse to."""
    rig.drop(order("W-1"), x_parked_id=claim, x_attempt=claim)
    rig.drop(b"%%%", CRM_REPLIES, x_parked_id=claim)
    rig.settle()

    assert "inProgress" == rig.states("W-1")["order"]
    assert ["E_JSON_SYNTAX"] == [one.code for one in rig.store.parked(None)]


def test_an_adapter_that_lets_nul_characters_pass_costs_one_message(rig, monkeypatch):
    """No store could take such a key: it is refused before there is one."""
    parse = rig.web.translate

    def careless(native, references):
        for one in parse(native, references):
            number = one.origin.document + ("\0" if one.origin.document == "W-1" else "")
            yield msgspec.structs.replace(one, origin=msgspec.structs.replace(one.origin, document=number))

    monkeypatch.setattr(rig.web, "translate", careless)
    rig.drop(order("W-1"))
    rig.drop(order("W-2"))
    rig.settle()

    assert "E_CONTROL_CHAR" == rig.bodies("channel.web.out")[0]["code"]
    assert {"inProgress": 1} == rig.store.counts()


def test_a_reply_that_waits_again_keeps_its_open_row(rig):
    """Sent again by its system while there is still no order, it is not understood, only patient."""
    for _ in range(2):
        rig.drop(crm_result(rig.key("crm")), CRM_REPLIES)
        rig.settle()
        rig.step(901)
        rig.engine.sweep(rig.now)
        rig.settle()

    assert (ParkedState.OPEN, 2) == (row(rig).state, row(rig).times)
    assert 1 == len(handles(rig, f"{CRM_REPLIES}.parked"))
