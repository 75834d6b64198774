"""
A native message of a channel, from its queue to the answers: once, however often it is delivered.
"""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import timedelta

import msgspec
import pytest

from canonical.states import State
from orderloom.correlation.port import Changes
from orderloom.engine.hub import Limits
from tests.engine.faults import Crashed
from tests.engine.rig import RULES, START, Rig, but_for_tokens, order

OUT = "channel.web.out"


def spaced(number: str) -> bytes:
    """The same order in other bytes: another message."""
    return order(number).replace(b",", b" ,")


def errors(rig: Rig) -> list[str]:
    """The codes of the errors on the web shop's queue."""
    return [one["code"] for one in rig.bodies(OUT)]


def test_an_order_is_acknowledged_before_its_sender_hears_anything_else(rig):
    """The acknowledgement comes first, then the notice, and both name the order."""
    rig.drop(order("W-1"))
    rig.settle()

    ack, notice = rig.taken(OUT)
    assert ("acknowledgement.v1", "notice.accepted.v1") == (ack.properties.type, notice.properties.type)
    assert "W-1" == json.loads(ack.body)["externalId"][0]["id"]
    assert {rig.record("W-1").id} == {ack.properties.correlation_id, notice.properties.correlation_id}


def test_an_acknowledgement_stands_among_the_notices_of_its_order(tmp_path):
    """It shows a state: left behind by a dead worker, it would be told after the last, and take it back."""
    rig = Rig(tmp_path)
    rig.broker.refuse(OUT, 1_000)
    rig.drop(order("W-1"))
    rig.step()
    rig.drop(spaced("W-1"))
    rig.step()

    with rig.store._connections.read() as db:
        lanes = db.execute("select order_id from outbox where destination = ?", (OUT,)).fetchall()
    assert [(rig.record("W-1").id,)] * 3 == lanes
    rig.crash()


def test_every_message_can_be_understood_in_the_console(rig):
    """Ids, type, sender, time and headers say what it is; it survives a restart of the broker."""
    rig.drop(order("W-1"))
    rig.settle()

    [told] = rig.taken("system.crm.in")
    properties = told.properties
    record = rig.record("W-1")
    assert f"{rig.key('crm')}-1" == properties.message_id
    assert record.id == properties.correlation_id
    assert "instruction.do.v1" == properties.type
    assert "application/json" == properties.content_type
    assert (properties.app_id or "").startswith("orderloom/")
    assert (2, rig.now) >= (properties.delivery_mode, properties.timestamp)
    headers = properties.headers
    assert ("web", "crm", "1/2 crm", 1, 1) == tuple(
        headers[name] for name in ("channel", "system", "part", "order_version", "attempt")
    )
    assert str(headers["traceparent"]).startswith("00-")


def test_a_redelivery_after_a_crash_before_settling_is_silent_and_changes_nothing(tmp_path):
    """The store has everything; the second delivery is settled and does nothing else."""
    rig = Rig(tmp_path)
    rig.drop(order("W-1"))
    rig.fuse.at = rig.fuse.count + 4  # collect, begin, commit, then the settling
    with pytest.raises(Crashed, match="before settle"):
        rig.step()
    before = rig.record("W-1")
    rig.restart()
    rig.settle()

    assert before == rig.record("W-1")
    assert ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()
    assert 1 == rig.broker.depth("system.crm.in")
    assert (0, 0) == (rig.broker.depth("channel.web.in"), rig.broker.unsettled("channel.web.in"))
    rig.crash()


def test_a_resend_of_the_same_bytes_is_answered_with_the_same_bytes(rig):
    """
    Answer and last notice come once more under their own ids, and there is still one order.

    Only the customer's token is another: tokens are not kept.
    """
    rig.drop(order("W-1"))
    rig.settle()
    first = [(one.properties.message_id, but_for_tokens(one.body)) for one in rig.taken(OUT)]
    rig.step(61)
    rig.drop(order("W-1"))
    rig.settle()

    assert first == [(one.properties.message_id, but_for_tokens(one.body)) for one in rig.taken(OUT)]
    assert 1 == rig.broker.depth("system.crm.in")
    assert {"inProgress": 1} == rig.store.counts()


def test_resends_are_answered_at_most_once_a_minute(rig):
    """A sender in a loop is not joined in it."""
    rig.drop(order("W-1"))
    rig.settle()
    rig.taken(OUT)
    for _ in range(5):
        rig.drop(order("W-1"))
        rig.step(10)
        rig.settle()
    assert [] == rig.told()

    rig.step(10)
    for _ in range(5):
        rig.drop(order("W-1"))
    rig.settle()
    assert ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()


def test_the_last_notice_is_repeated_and_not_the_first(rig):
    """Whoever asks again by sending again wants to know how it ended."""
    rig.completed("W-1")
    last = rig.taken(OUT)[-1]
    assert "notice.ended.v1" == last.properties.type
    rig.step(61)
    rig.drop(order("W-1"))
    rig.settle()

    again = rig.taken(OUT)[-1]
    assert (last.properties.message_id, last.body) == (again.properties.message_id, again.body)


def test_whoever_is_told_an_old_acknowledgement_is_told_the_last_notice_too(rig):
    """However lately he was told it, for an answer in other bytes."""
    rig.completed("W-1")
    last = rig.taken(OUT)[-1]
    rig.step(61)
    rig.drop(spaced("W-1"))
    rig.settle()
    rig.drop(order("W-1"))
    rig.settle()

    again = rig.taken(OUT)[-1]
    assert (last.properties.message_id, last.body) == (again.properties.message_id, again.body)


def test_of_two_notices_of_one_instant_the_later_is_repeated(tmp_path):
    """An order that is decided and ended in one step was accepted first."""
    rules = RULES | {"routes/all.toml": RULES["routes/all.toml"].split('[[route]]\nname = "internet"')[0]}
    rules["routes/all.toml"] = rules["routes/all.toml"].replace('["crm", "internet"]', '["crm"]')
    rig = Rig(tmp_path, rules=rules)
    key = rig.key("crm", "W-9")
    rig.drop(
        json.dumps({"messageType": "customerOrderResult", "requestId": key, "result": "OK"}).encode(),
        "system.crm.replies",
    )
    rig.settle()
    rig.drop(order("W-9"))
    rig.settle()
    assert "notice.ended.v1" == rig.told()[-1]
    rig.step(61)
    rig.drop(order("W-9"))
    rig.settle()

    assert ["acknowledgement.v1", "notice.ended.v1"] == rig.told()
    rig.crash()


def test_the_same_number_with_the_same_content_in_other_bytes_is_the_same_order(rig):
    """White space makes another message, not another order."""
    rig.drop(order("W-1"))
    rig.settle()
    rig.told()
    before = rig.record("W-1")
    rig.drop(spaced("W-1"))
    rig.settle()

    [ack] = rig.taken(OUT)
    assert before.id == json.loads(ack.body)["id"]
    assert before == rig.record("W-1")
    assert 1 == rig.broker.depth("system.crm.in")


def test_the_same_number_with_other_content_is_refused_by_the_name_of_the_first(rig):
    """The first order is untouched: only a document that says so is an amendment."""
    rig.drop(order("W-1"))
    rig.settle()
    rig.told()
    before = rig.record("W-1")
    rig.drop(order("W-1", quantity=2))
    rig.settle()

    [refusal] = rig.bodies(OUT)
    assert "E_DUPLICATE_ORDER" == refusal["code"]
    assert before.id in json.dumps(refusal)
    assert before == rig.record("W-1")
    assert 1 == rig.broker.depth("system.crm.in")


def test_two_orders_under_one_number_in_one_batch_are_told_apart(rig):
    """The second finds the first, though nothing was committed between them."""
    rig.drop(order("W-1"))
    rig.drop(order("W-1", quantity=2))
    rig.drop(order("W-1"))
    rig.step()
    rig.settle()

    told = [one["@type"] for one in rig.bodies(OUT)]
    assert ["Error", "ProductOrder", "ProductOrderStateChangeEvent"] == sorted(told)
    assert {"inProgress": 1} == rig.store.counts()


ZIPPED = gzip.compress(order("W-1"))

BAD = {
    "an offering that the catalogue does not know": ("E_OFFERING", order(offering="NOPE"), None),
    "nothing at all": ("E_EMPTY", b"", None),
    "bytes that are not UTF-8": ("E_ENCODING", b'{"@type": "\xff"}', None),
    "a document cut short": ("E_JSON_SYNTAX", order()[:-5], None),
    "deep nesting": ("E_DEPTH", b"[" * 5000 + b"]" * 5000, None),
    "a property twice": ("E_JSON_DUPKEY", b'{"@type": "ProductOrder", "@type": "ProductOrder"}', None),
    "more than 8 MiB": ("E_TOO_LARGE", b" " * (8 * 1024 * 1024 + 1), None),
    "more than 8 MiB when inflated": ("E_TOO_LARGE", gzip.compress(b" " * (8 * 1024 * 1024 + 1)), "gzip"),
    "gzip with a wrong checksum": ("E_COMPRESSION", ZIPPED[:-8] + b"????????", "gzip"),
    "gzip cut short": ("E_COMPRESSION", ZIPPED[:-3], "gzip"),
    "gzip that is none": ("E_COMPRESSION", order(), "gzip"),
    "an encoding that nobody knows": ("E_CHARSET", order(), "rot13-evil"),
    "an unknown action": ("E_ACTION", order().replace(b'"add"', b'"frobnicate"'), None),
    "a quantity beyond reason": ("E_RANGE", order(quantity=10**30), None),
    "a negative quantity": ("E_RANGE", order(quantity=-1), None),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_taken_is_answered_with_one_error_and_stops_nothing(rig, what):
    """The error goes back on the channel, the next message passes, nothing is parked."""
    code, body, coding = BAD[what]
    rig.drop(body, coding=coding)
    rig.drop(order("W-2"))
    rig.settle()

    answers = rig.bodies(OUT)
    assert ["Error", "ProductOrder", "ProductOrderStateChangeEvent"] == [one["@type"] for one in answers]
    assert code == answers[0]["code"]
    assert State.IN_PROGRESS == rig.record("W-2").order.state
    assert () == rig.store.parked(None)
    assert {"channel.web.in": 0, "channel.web.in.parked": 0} == rig.depths(
        ["channel.web.in", "channel.web.in.parked"]
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("' OR 1=1; drop table orders; --", id="V-07 SQL"),
        pytest.param("{{7*7}} ${7*7} {0.__class__} %n %(x)s", id="V-07 templates"),
        pytest.param("<script>alert(1)</script> &amp; =1+1", id="V-07 markup"),
        pytest.param("http://127.0.0.1:9/told", id="V-10 a URL"),
    ],
)
def test_a_text_that_would_be_something_elsewhere_is_a_text(rig, text):
    """Through store and systems it stays what it was, and nothing comes of it."""
    document = json.loads(order("W-1")) | {"description": text, "note": [{"text": text}]}
    document["relatedParty"] = [
        {"role": "customer", "partyOrPartyRole": {"@type": "PartyRef", "id": "C-1", "name": text}}
    ]
    rig.drop(json.dumps(document).encode())
    rig.drop(order("W-2"))
    rig.settle()

    [told, _] = rig.bodies("system.crm.in")
    assert text == told["customer"]["name"]
    kept = rig.record("W-1").order
    assert (text, [text]) == (kept.description, [one.text for one in kept.note])
    assert {"inProgress": 2} == rig.store.counts()


def test_the_journal_does_not_quote_what_was_refused(rig):
    """It is kept longer than the message, and what somebody wrote into a field may be a name."""
    rig.drop(order("W-1").replace(b'"add"', b'"Ada Lovelace"'))
    rig.settle()
    [told] = rig.taken(OUT)
    [entry] = rig.store.journal("")

    assert b"'Ada Lovelace'" in told.body
    assert ("document_rejected", "E_ACTION") == (entry.event, entry.data["code"])
    assert entry.text.startswith("$.productOrderItem[0].action: ")
    assert "Lovelace" not in repr(entry)


def test_an_order_may_come_compressed(rig):
    """Inflated for reading, kept as it came."""
    rig.drop(ZIPPED, coding="gzip")
    rig.settle()

    assert "W-1" == rig.bodies(OUT)[0]["externalId"][0]["id"]
    assert "inProgress" == rig.states()["order"]


def test_a_bomb_is_refused_with_flat_memory(rig):
    """200 MiB of blanks in 200 KiB: no more of them come into being than a message may have."""
    bomb = gzip.compress(b" " * (200 * 1024 * 1024))
    rig.drop(bomb, coding="gzip")
    tracemalloc.start()
    rig.settle()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ["E_TOO_LARGE"] == errors(rig)
    assert 40 * 1024 * 1024 > peak


def test_what_was_refused_before_is_taken_when_the_catalogue_has_it(rig):
    """Only acceptance takes a key: the same bytes, sent again after the rules were mended, are an order."""
    rig.drop(order("W-1", offering="NEW"))
    rig.settle()
    assert ["E_OFFERING"] == errors(rig)
    rig.rules["routes/catalogue/all.toml"] = (
        RULES["routes/catalogue/all.toml"]
        .replace('id = "GADGET"', 'id = "NEW"')
        .replace('category = "gadget"', 'category = "internet"')
    )
    rig.drop(order("W-1", offering="NEW"))
    rig.settle()

    assert ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()
    assert "inProgress" == rig.states()["order"]


def test_an_acknowledgement_with_other_bytes_has_another_id(rig):
    """Whoever drops repeated ids must not drop the better answer."""
    rig.drop(order("W-1", offering="NEW"))
    rig.settle()
    [first] = rig.taken(OUT)
    rig.rules["routes/catalogue/all.toml"] = (
        RULES["routes/catalogue/all.toml"]
        .replace('id = "GADGET"', 'id = "NEW"')
        .replace('category = "gadget"', 'category = "internet"')
    )
    rig.drop(order("W-1", offering="NEW"))
    rig.settle()

    assert first.properties.message_id != rig.taken(OUT)[0].properties.message_id


def ask(number: str, request: str = "") -> bytes:
    """A question for the status of an order."""
    more = {"requestId": request} if request else {}
    return json.dumps({"@type": "ProductOrderStatusRequest", "orderId": number, **more}).encode()


@pytest.mark.parametrize("known_as", ["number", "hub id"])
def test_a_sender_learns_the_status_of_its_own_order(rig, known_as):
    """By its own number and by the hub's."""
    rig.completed("W-1")
    rig.told()
    rig.drop(ask("W-1" if known_as == "number" else rig.record("W-1").id))
    rig.settle()

    [answer] = rig.bodies(OUT)
    assert (rig.record("W-1").id, "completed") == (answer["id"], answer["state"])


def test_the_same_question_is_answered_anew(rig):
    """
    In the same bytes it is asked about another moment, and the answer has an id of its own; what the order
    asks by then follows it.
    """
    rig.drop(order("W-1"))
    rig.drop(ask("W-1"))
    rig.settle()
    first = rig.taken(OUT)[-1]
    rig.answer_crm("NEEDS-CUSTOMER")
    rig.settle()
    rig.told()
    rig.drop(ask("W-1"))
    rig.settle()

    second, question = rig.taken(OUT)
    assert b"ProductOrderInformationRequiredEvent" in question.body
    assert ("inProgress", "pending") == (json.loads(first.body)["state"], json.loads(second.body)["state"])
    assert first.properties.message_id != second.properties.message_id


def test_of_a_strangers_order_nothing_is_learnt(rig):
    """The answer is that of an order that does not exist, but for the number that was asked for."""
    rig.drop(order("W-1"))
    rig.settle()
    rig.told()
    channel = rig.record("W-1").order.channel
    with rig.store.begin() as tx:
        [record] = tx.orders([rig.record("W-1").id]).values()
        other = tuple(msgspec.structs.replace(one, endpoint="web.other") for one in channel)
        hidden = msgspec.structs.replace(record, order=msgspec.structs.replace(record.order, channel=other))
        tx.apply(Changes(records=[(record, hidden)]))
    rig.drop(ask("W-1"))
    rig.drop(ask("W-2"))
    rig.settle()

    hers, nobodys = rig.taken(OUT)
    assert hers.body == nobodys.body.replace(b"W-2", b"W-1")
    assert "E_NOT_FOUND" == json.loads(hers.body)["code"]


def test_intake_is_shut_while_too_much_is_unsent(tmp_path):
    """And opened again when it has left."""
    rig = Rig(tmp_path, Limits(unsent_bytes=1000))
    rig.broker.block()
    rig.drop(order("W-1"))
    rig.step()
    assert not rig.engine.intake_open

    rig.broker.unblock()
    rig.settle()
    assert rig.engine.intake_open
    rig.crash()


def test_replies_of_a_minute_ago_do_not_count_as_answers_to_resends(rig):
    """The minute is counted from the last answer, not from the first sending."""
    rig.drop(order("W-1"))
    rig.settle()
    rig.told()
    for seconds in (61, 30, 31):
        rig.step(seconds)
        rig.drop(order("W-1"))
        rig.settle()

    assert 2 * ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()
    assert START + timedelta(seconds=122) <= rig.now
