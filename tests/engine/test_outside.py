"""
What adapters in other languages put on ``orders.in`` and ``replies.in``: taken when it is right, parked with
a clear error when it is not.
"""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from broker.port import Delivery, Properties
from canonical.codec import decode
from canonical.errors import Fault, Rejected
from orderloom.correlation.port import ParkedState
from orderloom.engine.forwarded import read_forwarded
from orderloom.hub_topology import ORDERS_IN, REPLIES_IN
from tests.engine.rig import CRM_REPLIES, but_for_tokens
from tests.engine.split_rig import SplitRig

OUT = "channel.web.out"


@pytest.fixture
def rig(tmp_path):
    """A bench in split shape."""
    made = SplitRig(tmp_path)
    yield made
    made.crash()


def origin(number: str = "W-1", **more):
    return {
        "channel": "web",
        "endpoint": "web.portal",
        "documentType": "ProductOrder",
        "document": number,
    } | more


def submit(number: str = "W-1", **more):
    """A bare command."""
    item = {"id": "1", "action": "add", "productOffering": {"id": "NET"}}
    return {"command": "SubmitOrder", "origin": origin(number), "order": {"productOrderItem": [item]}} | more


def ask(position: int):
    """A question for an order that nobody knows."""
    return {"command": "AskStatus", "origin": origin(position=position), "about": {"value": "nobody"}}


def translation(*documents, native: bytes = b"native", **more):
    """A whole native message."""
    kept = {"body": b64encode(native).decode(), "contentType": "text/plain"}
    return {"command": "Translation", "channel": "web", "native": kept, "documents": list(documents)} | more


def put(rig: SplitRig, content: object, queue: str = ORDERS_IN) -> None:
    rig.drop(content if isinstance(content, bytes) else json.dumps(content).encode(), queue)
    rig.settle()


def later(rig: SplitRig, seconds: float) -> None:
    """Let time pass that the worker's lease would not outlive in one turn."""
    for _ in range(int(seconds / 5) + 1):
        rig.step(5)


def delivered(body: bytes) -> Delivery:
    return Delivery(1, ORDERS_IN, body, Properties())


def parked(rig: SplitRig) -> tuple[str, str, str]:
    """Queue, code and sentence of the one parked message."""
    [row] = rig.store.parked(ParkedState.OPEN)
    assert 1 == rig.broker.depth(f"{row.queue}.parked")
    return row.queue, row.code, str(decode(row.fault, Fault))


def test_a_bare_command_is_a_native_message_of_its_own(rig):
    """It is carried out, acknowledged, and kept as it came."""
    put(rig, submit())

    assert ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()
    [entry] = [one for one in rig.store.journal(rig.record().id) if one.event == "native_kept"]
    assert submit() == json.loads(rig.store.native(entry.data["native"]).body)


def test_the_same_command_again_is_answered_again_and_no_second_order(rig):
    """As any sender's resend: at most once a minute."""
    put(rig, submit())
    first = [but_for_tokens(one.body) for one in rig.taken(OUT)]
    later(rig, 61)
    put(rig, submit())

    assert first == [but_for_tokens(one.body) for one in rig.taken(OUT)]
    assert {"inProgress": 1} == rig.store.counts()


def test_a_copy_that_says_so_is_silent(rig):
    """An adapter that died between sending and acknowledging sends once more; nobody hears of it."""
    put(rig, translation(submit()))
    rig.taken(OUT)
    later(rig, 61)
    again = translation(submit())
    again["native"]["redelivered"] = True
    put(rig, again)

    assert [] == rig.told()
    assert 1 == rig.broker.depth("system.crm.in")


def test_many_documents_are_one_intake_with_one_acknowledgement(rig):
    """Two orders and one that could not become one."""
    fault = {"code": "E_VALUE", "what": "no such colour", "where": "item"}
    put(
        rig,
        translation(
            submit("W-1"), submit("W-2"), {"command": "Rejected", "origin": origin("W-3"), "fault": fault}
        ),
    )

    assert ["acknowledgement.v1", "notice.accepted.v1", "notice.accepted.v1"] == rig.told()
    assert {"inProgress": 2} == rig.store.counts()


def test_bytes_that_the_adapter_could_not_read_are_answered_as_ever(rig):
    """The channel has one endpoint only, so the sender is known."""
    fault = {"code": "E_JSON_SYNTAX", "what": "not JSON", "where": "byte 0"}
    put(rig, translation(fault=fault))

    assert ["E_JSON_SYNTAX"] == [one["code"] for one in rig.bodies(OUT)][:1]
    assert () == rig.store.parked(ParkedState.OPEN)


@pytest.mark.parametrize("code", ["E_POISON", "E_INTERNAL"])
def test_bytes_that_the_adapter_failed_on_are_parked_as_the_channels(rig, code):
    """Nobody is answered; a replay goes to the channel's queue, where the adapter takes it again."""
    put(rig, translation(fault={"code": code, "what": "its adapter died"}))

    assert ("channel.web.in", code, f"its adapter died [{code}]") == parked(rig)
    assert [] == rig.told()
    [handle] = rig.taken("channel.web.in.parked")
    assert b"native" == handle.body


FAULT = {"code": "E_VALUE", "what": "no such colour", "where": "item"}
DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000
WRONG = {
    "another format": (b"ISA*00*", "E_FORMAT_SNIFF"),
    "not JSON": (b'{"command": SubmitOrder}', "E_JSON_SYNTAX"),
    "empty": (b"", "E_EMPTY"),
    "not UTF-8": (b'{"command": "\xff"}', "E_ENCODING"),
    "an array": ([submit()], "E_TYPE"),
    "no command": ({"origin": origin()}, "E_TYPE"),
    "an unknown command": (submit(command="DropTables"), "E_TYPE"),
    "an unknown property": (submit(urgent=True), "E_TYPE"),
    "a property twice": (
        json.dumps(submit()).replace('"command"', '"command": "SubmitOrder", "command"', 1).encode(),
        "E_JSON_DUPKEY",
    ),
    "deep nesting": (DEEP, "E_DEPTH"),
    "deep nesting before the command": (DEEP[:-1] + b',"command":"SubmitOrder"}', "E_DEPTH"),
    "something behind it": (json.dumps(submit()).encode() + b"{}", "E_JSON_SYNTAX"),
    "no Base64": (translation(native=b"") | {"native": {"body": "?"}}, "E_TYPE"),
    "another channel": (submit(origin=origin(channel="partner")), "E_VALUE"),
    "another channel within": (translation(submit(origin=origin(channel="partner"))), "E_VALUE"),
    "an unknown endpoint": (submit(origin=origin(endpoint="web.nobody")), "E_IDENTITY"),
    "no endpoint": (submit(origin=origin(endpoint="")), "E_IDENTITY"),
    "another endpoint than the first's": (
        translation(submit("W-1"), {"command": "Rejected", "origin": {"channel": "web"}, "fault": FAULT}),
        "E_VALUE",
    ),
    "another envelope than the first's": (
        translation(submit("W-1"), submit("W-2", origin=origin("W-2", envelope="2"))),
        "E_VALUE",
    ),
    "too many documents": (translation(*map(ask, range(1101))), "E_RECORDS"),
    "a fault and documents": (translation(submit(), fault={"code": "E_X", "what": "x"}), "E_VALUE"),
    "too large": (b'{"command": "' + b"x" * (15 * 1024 * 1024) + b'"}', "E_TOO_LARGE"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_translation_is_parked_and_harms_nobody(rig, what):
    """In ``orders.in.parked``, with what is wrong; the next one is taken."""
    content, code = WRONG[what]
    put(rig, content)
    put(rig, submit("W-9"))

    assert (ORDERS_IN, code) == parked(rig)[:2]
    assert {"inProgress": 1} == rig.store.counts()


def test_an_error_says_what_and_where(rig):
    """In words for whoever wrote that adapter."""
    put(rig, submit(origin=origin(endpoint="web.nobody")))

    sentence = (
        "origin.endpoint: no endpoint 'web.nobody' on channel web (an endpoint of the rules) [E_IDENTITY]"
    )
    assert sentence == parked(rig)[2]


def test_one_translation_is_of_one_sender_and_one_envelope(rig):
    """Its acknowledgement goes to one."""
    put(rig, translation(submit("W-1"), submit("W-2", origin=origin("W-2", envelope="2"))))

    where = "documents[1].origin.envelope"
    sentence = f"{where}: another envelope, '2' ('', as the first document says) [E_VALUE]"
    assert sentence == parked(rig)[2]
    assert [] == rig.told()


def test_eighty_thousand_documents_are_refused_unread(rig):
    """They would keep the worker longer than its watchdog waits; as ours write, and otherwise."""
    many = translation(*[ask(1)] * 80_000)
    sentence = "documents: 80000 documents (at most 1100) [E_RECORDS]"
    for body in (json.dumps(many, separators=(",", ":")).encode(), json.dumps(many, indent=0).encode()):
        with pytest.raises(Rejected) as refused:
            read_forwarded(delivered(body), ["web"], rig.engine.hub.rules().references)
        assert sentence == str(refused.value)


def test_as_many_documents_as_an_interchange_may_hold_are_taken(rig):
    """Each is answered."""
    put(rig, translation(*map(ask, range(1100))))

    assert 1100 == rig.told().count("notice.status.v1")
    assert () == rig.store.parked(ParkedState.OPEN)


def test_a_parked_command_may_be_moved_back(rig):
    """By the console's "Move messages": judged anew, and parked once more, as the second time."""
    put(rig, submit(origin=origin(endpoint="web.nobody")))
    rig.broker.move("orders.in.parked", ORDERS_IN)
    rig.settle()

    [row] = rig.store.parked(ParkedState.OPEN)
    assert (ORDERS_IN, 2) == (row.queue, row.times)


# Replies.


def reply(rig: SplitRig, **more):
    about = [{"type": "key", "value": rig.key("crm")}]
    return {"reply": "Reply", "system": "crm", "key": "R-1", "about": about, "word": "OK"} | more


def test_a_canonical_reply_is_folded_like_a_native_one(rig):
    """The CRM's line is done, and the next one goes out."""
    put(rig, submit())
    put(rig, reply(rig), REPLIES_IN)

    assert "completed" == rig.states()["crm"]
    assert 1 == len(rig.calls.made)


def test_a_reply_counts_once(rig):
    """Its key is taken."""
    put(rig, submit())
    put(rig, reply(rig), REPLIES_IN)
    before = rig.record()
    put(rig, reply(rig), REPLIES_IN)

    assert before == rig.record()
    assert () == rig.store.parked(ParkedState.OPEN)


def test_a_reply_before_its_order_waits_for_it(rig):
    """As replies of the hub's own adapters do."""
    put(rig, reply(rig), REPLIES_IN)
    put(rig, submit())

    assert "completed" == rig.states()["crm"]


def test_a_reply_whose_order_never_comes_is_parked_where_it_can_be_replayed(rig):
    """Beside the queue that it came from: the system's own adapter could not read it."""
    put(rig, reply(rig), REPLIES_IN)
    later(rig, 901)
    rig.engine.sweep(rig.now)
    rig.settle()

    assert (REPLIES_IN, "E_UNMATCHED") == parked(rig)[:2]
    assert 0 == rig.broker.depth(f"{CRM_REPLIES}.parked")


UNREAL = {
    "not JSON": (b"OK", "E_JSON_SYNTAX"),
    "no kind": ({"system": "crm", "key": "R", "about": []}, "E_TYPE"),
    "an unknown system": ({"reply": "Reply", "system": "erp", "key": "R", "about": []}, "E_VALUE"),
    "a list": ([], "E_TYPE"),
    "an unknown word": (None, "E_REPLY_WORD"),
    "a NUL character": ({"reply": "Receipt", "system": "crm", "key": "\x00", "about": []}, "E_CONTROL_CHAR"),
}


@pytest.mark.parametrize("what", UNREAL)
def test_what_is_no_reply_is_parked(rig, what):
    """In ``replies.in.parked``; the next one is folded."""
    put(rig, submit())
    content, code = UNREAL[what]
    put(rig, content if content is not None else reply(rig, word="MAYBE", key="R-0"), REPLIES_IN)
    put(rig, reply(rig), REPLIES_IN)

    assert (REPLIES_IN, code) == parked(rig)[:2]
    assert "completed" == rig.states()["crm"]
