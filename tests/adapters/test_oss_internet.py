from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from adapters.kit import CallSpec, Native, Stamp
from adapters.kit.conformance import OutboundConformance
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.errors import Rejected
from canonical.keys import content_hash
from canonical.order import Characteristic, Note, OfferingRef
from canonical.replies import LineReply, Offer, Receipt, Reference, Reply
from canonical.states import State
from canonical.systems import Verb
from tests.adapters.instructions import (
    CHANGE_KEY,
    DOOR,
    KEY,
    ORDER,
    PURCHASE_ORDER,
    changing,
    fibre_at_home,
    instruction,
    line,
    turned,
    undoing,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "oss_internet"
REPLIES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))}
WHEN = datetime(2026, 9, 12, 16, tzinfo=UTC)
FULL = instruction(
    "oss.internet",
    "internet",
    lines=(fibre_at_home(), line(2, "INTERNET-100", quantity=3)),
    place=(DOOR,),
    external_id=(PURCHASE_ORDER,),
    requested_completion_date=WHEN,
)
FASTER = changing(FULL, turned(FULL.lines[0], product_offering=OfferingRef(id="INTERNET-1000")))
NO_SECOND = undoing(FULL, FULL.lines[1])
INSTRUCTIONS = {
    "full": FULL,
    "smallest": instruction("oss.internet", "internet"),
    "change": FASTER,
    "cancel": NO_SECOND,
}
SERVICE_ORDER = {"id": "SO-1", "externalId": KEY, "state": "acknowledged"}
NUMBER = Reference(type="serviceOrder", value="SO-1")
CHANGE = Reference(type="key", value=CHANGE_KEY)
PATCH = CallSpec(method="PATCH", path=f"/serviceOrder/{KEY}")


class TestConformance(OutboundConformance):
    adapter = OssInternetAdapter()
    instructions = INSTRUCTIONS
    replies = REPLIES


def native(document, call=None):
    return Native(body=json.dumps(document).encode(), content_type="application/json", call=call)


def read(document, call=None):
    return list(OssInternetAdapter().read_reply(native(document, call)))


def sample(name):
    """The reply in a sample that is one."""
    [reply] = read(json.loads(REPLIES[name]))
    return reply


def event(**changes):
    """The reply in an event about a completed service order, changed."""
    order = SERVICE_ORDER | {"state": "completed"} | changes
    document = {
        "eventId": "EV-1",
        "eventType": "ServiceOrderStateChangeEvent",
        "event": {"serviceOrder": order},
    }
    [reply] = read(document)
    return reply


class TestInstruct:
    def test_a_service_order(self):
        """One item a line, with the properties of its product and where it is installed."""
        expected = {
            "externalId": KEY,
            "category": "internet",
            "description": f"Order {ORDER}, part 1/3 internet",
            "requestedCompletionDate": "2026-09-12T16:00:00Z",
            "externalReference": [
                {"id": "4500000042", "name": "4500000042", "externalReferenceType": "purchaseOrder"},
                {"id": f"{ORDER}-1", "name": f"{ORDER}-1", "externalReferenceType": "hubReference"},
            ],
            "serviceOrderItem": [
                {
                    "id": "1",
                    "action": "add",
                    "quantity": 1,
                    "service": {
                        "name": "INTERNET-500",
                        "serviceCharacteristic": [
                            {"name": "downloadMbps", "value": "500", "valueType": "integer"},
                            {"name": "note", "value": 'tab\tquote"', "valueType": "string"},
                        ],
                        "place": [
                            {
                                "@type": "GeographicAddress",
                                "role": "installationAddress",
                                "id": "SITE-77120",
                                "streetName": "12 Harbour Street",
                                "city": "Springfield",
                                "stateOrProvince": "OR",
                                "postcode": "97477",
                                "country": "US",
                            }
                        ],
                    },
                },
                {
                    "id": "2",
                    "action": "add",
                    "quantity": 3,
                    "service": {
                        "name": "INTERNET-100",
                        "place": [
                            {
                                "@type": "GeographicAddress",
                                "role": "deliveryAddress",
                                "name": "Ada King",
                                "streetName": "1 Mill Lane",
                                "city": "Salem",
                            }
                        ],
                    },
                },
            ],
            "@type": "ServiceOrder",
        }

        assert expected == json.loads(OssInternetAdapter().instruct(FULL, Stamp(at=WHEN)).body)

    def test_it_is_posted(self):
        """The call goes to /serviceOrder; the hub adds host and Idempotency-Key."""
        assert CallSpec(path="/serviceOrder") == OssInternetAdapter().instruct(FULL, Stamp(at=WHEN)).call


class TestInstructChanges:
    def test_a_change_is_a_patch(self):
        """Of the service order that was posted under the earlier key, with the items that change."""
        native = OssInternetAdapter().instruct(FASTER, Stamp(at=WHEN))
        said = json.loads(native.body)
        [item] = said["serviceOrderItem"]

        assert PATCH == native.call
        assert ("1", "INTERNET-1000", 1) == (item["id"], item["service"]["name"], item["quantity"])
        assert [{"id": f"{ORDER}-1.1", "text": f"Change {ORDER}-1.1"}] == said["note"]
        assert not {"externalId", "externalReference", "category", "state"} & set(said)

    def test_says_what_the_customer_has_said(self):
        """The notes of an item that it did not have when it was ordered."""
        told = FULL.lines[0].item
        new = turned(FULL.lines[0], note=(*told.note, Note(text="ring at the back door", author="customer")))
        said = json.loads(OssInternetAdapter().instruct(changing(FULL, new), Stamp(at=WHEN)).body)

        assert ["ring at the back door"] == [one["text"] for one in said["note"][1:]]

    def test_a_cancel_is_a_task(self):
        """Of its own, with a key of its own, for the items that are taken back."""
        native = OssInternetAdapter().instruct(NO_SECOND, Stamp(at=WHEN))

        assert CallSpec(path="/cancelServiceOrder") == native.call
        assert {
            "externalId": CHANGE_KEY,
            "cancellationReason": f"Order {ORDER}, part 1/3 internet: {ORDER}-1.1",
            "serviceOrder": {"id": KEY},
            "serviceOrderItem": [{"id": "2"}],
            "@type": "CancelServiceOrder",
        } == json.loads(native.body)
        assert f"CancelServiceOrder {ORDER}-1.1, 1 item" == native.summary

    def test_a_key_that_no_path_can_hold(self):
        """It is escaped, byte by byte."""
        native = OssInternetAdapter().instruct(
            msgspec.structs.replace(FASTER, undoes="a/b?c=\u00fc"), Stamp(at=WHEN)
        )

        assert "/serviceOrder/a%2Fb%3Fc%3D%C3%BC" == native.call.path

    @pytest.mark.parametrize("one", [FASTER, NO_SECOND], ids=["change", "cancel"])
    def test_a_change_of_nothing(self, one):
        """Nobody could find the service order."""
        with pytest.raises(Rejected) as caught:
            OssInternetAdapter().instruct(msgspec.structs.replace(one, undoes=""), Stamp(at=WHEN))

        assert ("E_KEY_MISSING", "undoes") == (caught.value.code, caught.value.where)


class TestAnswersToChanges:
    @pytest.mark.parametrize("state", ["inProgress", "held", "completed"])
    def test_a_change_made_at_once(self, state):
        """The service order that a patch gets back is a changed one, in whatever state it is."""
        receipt, reply = read(SERVICE_ORDER | {"state": state}, PATCH)

        assert isinstance(receipt, Receipt)
        assert ("changed", Verb.MODIFY, ()) == (reply.word, reply.verb, reply.lines)
        assert (NUMBER,) == reply.about

    def test_the_same_answer_to_a_new_order(self):
        """Says what it always said."""
        [receipt] = read(SERVICE_ORDER, CallSpec(path="/serviceOrder"))

        assert isinstance(receipt, Receipt)

    def test_a_change_made_later(self):
        """The event says by its correlationId which change it is; the service order's own key is another."""
        reply = sample("changed-event")

        assert ("changed", Verb.MODIFY, "EV-9012") == (reply.word, reply.verb, reply.key)
        assert (CHANGE, Reference(type="serviceOrder", value="SO-550071")) == reply.about
        assert datetime(2026, 9, 3, 9, 2, tzinfo=UTC) == reply.happened

    def test_a_change_event_that_names_no_change(self):
        """It names the service order, and never what the service order was posted with."""
        document = json.loads(REPLIES["changed-event"])
        del document["correlationId"]
        [reply] = read(document)

        assert (Reference(type="serviceOrder", value="SO-550071"),) == reply.about

    @pytest.mark.parametrize(("code", "word"), [("PONR", "tooLate"), ("22", "refused"), (22, "refused")])
    def test_a_change_refused_later(self, code, word):
        """An error in the event says so; its code, whether it came too late."""
        document = json.loads(REPLIES["change-too-late-event"])
        document["event"]["serviceOrder"]["errorMessage"][0]["code"] = code
        [reply] = read(document)

        assert (word, Verb.MODIFY) == (reply.word, reply.verb)
        assert "the line card is already programmed" == reply.reason
        assert "$.event.serviceOrder.errorMessage[0]" == reply.where

    @pytest.mark.parametrize(("code", "word"), [("PONR", "tooLate"), ("22", "refused")])
    def test_a_call_refused(self, code, word):
        """The hub knows which call got the error."""
        [reply] = read({"code": code, "reason": "no"}, PATCH)

        assert word == reply.word

    def test_a_cancel_taken(self):
        """A receipt; its number becomes known."""
        receipt = sample("cancel-accepted")

        assert isinstance(receipt, Receipt)
        assert (Reference(type="cancelServiceOrder", value="CSO-118"),) == receipt.gives

    def test_a_cancel_done_later(self):
        """By an event about the cancel, which names its key."""
        reply = sample("cancelled-event")

        assert ("done", Verb.UNDO, "EV-9020") == (reply.word, reply.verb, reply.key)
        assert (CHANGE, Reference(type="cancelServiceOrder", value="CSO-118")) == reply.about

    def test_a_cancel_event_with_a_correlation_id(self):
        """It goes before what the cancel says itself."""
        document = json.loads(REPLIES["cancelled-event"]) | {"correlationId": "another"}
        [reply] = read(document)

        assert (Reference(type="key", value="another"),) == reply.about

    def test_a_cancel_that_comes_too_late(self):
        """The answer to the call may say so at once."""
        receipt, reply = read(json.loads(REPLIES["cancel-too-late"]))

        assert isinstance(receipt, Receipt)
        assert ("tooLate", Verb.UNDO) == (reply.word, reply.verb)
        assert "past the point of no return; the service is live" == reply.reason

    @pytest.mark.parametrize("errors", [None, {"code": "7"}, [{"code": "7"}], [{"code": "7"}, {"code": "8"}]])
    def test_a_cancel_that_is_refused(self, errors):
        """For whatever other reason, in however many errors."""
        document = json.loads(REPLIES["cancel-too-late"]) | {"errorMessage": errors}
        _, reply = read(document)

        assert "terminatedWithError" == reply.word

    @pytest.mark.parametrize(
        ("word", "verbs"),
        [
            ("completed", {"do"}),
            ("cancelled", {"do"}),
            ("acknowledged", {"do", "undo"}),
            ("inProgress", {"do", "undo"}),
            ("accepted", {"undo"}),
            ("done", {"undo"}),
            ("terminatedWithError", {"undo"}),
            ("changed", {"modify"}),
            ("refused", {"do", "modify", "undo"}),
            ("tooLate", {"modify", "undo"}),
        ],
    )
    def test_what_a_word_can_answer(self, word, verbs):
        """The state of a service order is none of a cancel, and says nothing of a change."""
        meaning = OssInternetAdapter.profile.words[word]

        assert verbs == {verb.value for verb in meaning.answers}
        assert (word == "tooLate") == meaning.past

    @pytest.mark.parametrize(
        ("document", "where"),
        [
            ({"event": {}}, "$.event.cancelServiceOrder"),
            ({"event": {"cancelServiceOrder": {"id": "1"}}}, "$.event.cancelServiceOrder.state"),
            ({"event": {"cancelServiceOrder": {"state": "done"}}}, "$.event.cancelServiceOrder.id"),
        ],
    )
    def test_bad_cancel_events(self, document, where):
        """A cancel has a number and a state."""
        with pytest.raises(Rejected) as caught:
            read(document | {"eventType": "CancelServiceOrderStateChangeEvent"})

        assert ("E_MISSING", where) == (caught.value.code, caught.value.where)


class TestAnswer:
    def test_too_many_items(self):
        """None of them is read: the worker would do nothing else meanwhile."""
        with pytest.raises(Rejected) as caught:
            read(SERVICE_ORDER | {"serviceOrderItem": [{"id": "1", "state": "held"}] * 10_001})

        assert ("E_RECORDS", "$.serviceOrderItem") == (caught.value.code, caught.value.where)

    def test_an_accepted_order_is_a_receipt(self):
        """The answer to the call says only that the order is there, and under which number."""
        [receipt] = read(SERVICE_ORDER)

        assert isinstance(receipt, Receipt)
        assert (Reference(type="key", value=KEY), NUMBER) == receipt.about
        assert (NUMBER,) == receipt.gives

    def test_an_answer_need_not_name_the_instruction(self):
        """The hub knows which call is answered, when the system does not say."""
        [receipt] = read({"id": "SO-1"})

        assert (NUMBER,) == receipt.about

    @pytest.mark.parametrize(
        "state", ["completed", "failed", "rejected", "cancelled", "partial", "held", "pending"]
    )
    def test_an_order_decided_at_once_is_a_reply_too(self, state):
        """No event may follow an answer that has it all, so it counts as one; the two keys differ."""
        receipt, reply = read(SERVICE_ORDER | {"state": state})

        assert isinstance(receipt, Receipt)
        assert isinstance(reply, Reply)
        assert state == reply.word
        assert receipt.key != reply.key

    def test_an_error_is_a_refusal(self):
        """An error names nothing but its reason; the hub knows which call got it."""
        error = {"code": "22", "reason": "unknown service", "message": "INTERNET-900 is not known"}
        [reply] = read(error)

        expected = Reply(
            system="oss.internet",
            key=content_hash(native(error).body),
            about=(),
            word="refused",
            reason="unknown service; INTERNET-900 is not known",
            where="$.code",
        )
        assert expected == reply


class TestEvent:
    @pytest.mark.parametrize(
        ("word", "state", "code"),
        [
            ("acknowledged", State.IN_PROGRESS, ""),
            ("inProgress", State.IN_PROGRESS, ""),
            ("pending", State.PENDING, ""),
            ("held", State.HELD, "E_SYSTEM_HELD"),
            ("completed", State.COMPLETED, ""),
            ("rejected", State.REJECTED, "E_SYSTEM_REFUSED"),
            ("failed", State.HELD, "E_SYSTEM_REFUSED"),
            ("partial", State.HELD, "E_SYSTEM_REFUSED"),
            ("cancelled", State.HELD, "E_SYSTEM_REFUSED"),
        ],
    )
    def test_words(self, word, state, code):
        """Each state of a service order has one meaning."""
        meaning = OssInternetAdapter.profile.words[event(state=word).word]

        assert (state, code) == (meaning.state, meaning.code)

    def test_the_event_id_is_the_replys_key(self):
        """Sent twice, an event is one reply."""
        assert "EV-1" == event().key

    def test_our_reference_is_read_too(self):
        """A system that drops externalId may still give the hub's reference back."""
        reference = {"id": f"{ORDER}-3", "name": "x", "externalReferenceType": "hubReference"}
        reply = event(externalId=None, externalReference=[reference])

        assert (Reference(type="reference", value=f"{ORDER}-3"), NUMBER) == reply.about

    def test_items_are_lines(self):
        """An item's state is said of the line with its number."""
        reply = event(
            serviceOrderItem=[{"id": "2", "state": "failed", "errorMessage": [{"reason": "no port"}]}]
        )

        expected = (
            LineReply(
                line=2,
                word="failed",
                reason="no port",
                where="$.event.serviceOrder.serviceOrderItem[0].state",
            ),
        )
        assert expected == reply.lines

    def test_an_offer(self):
        """An item that waits says what it could be: how many, of which offering, with which values."""
        [reply] = OssInternetAdapter().read_reply(native(json.loads(REPLIES["offer-event"])))
        value = Characteristic(name="downloadMbps", value="100", value_type="integer")

        assert ("pending", "the line is too long for more") == (reply.word, reply.reason)
        assert [Offer(quantity=1, offering="INTERNET-100", product_characteristic=(value,))] == [
            one.offer for one in reply.lines
        ]

    def test_a_question_says_so_by_its_event(self):
        """Items in it that name no state wait too; what goes on is no offer."""
        services = [
            {"id": "1", "service": {"name": "INTERNET-100"}},
            {"id": "2"},
            {"id": "3", "state": "completed", "service": {"name": "INTERNET-100"}},
        ]
        order = {"id": "SO-1", "externalId": KEY, "serviceOrderItem": services}
        document = {"eventType": "ServiceOrderInformationRequiredEvent", "event": {"serviceOrder": order}}
        [reply] = OssInternetAdapter().read_reply(native(document))

        assert ["pending", "pending", "completed"] == [one.word for one in reply.lines]
        assert [Offer(offering="INTERNET-100"), None, None] == [one.offer for one in reply.lines]

    def test_when_it_happened(self):
        """The event's time is kept, in UTC."""
        [reply] = OssInternetAdapter().read_reply(native(json.loads(REPLIES["completed-event"])))

        assert datetime(2026, 9, 3, 7, 15, tzinfo=UTC) == reply.happened
        assert "port 3/17 patched" == reply.reason

    @pytest.mark.parametrize(
        ("document", "code", "where"),
        [
            pytest.param(
                {"eventType": "ServiceOrderCreateEvent"}, "E_VALUE", "$.eventType", id="another event"
            ),
            pytest.param(
                {"eventType": "ServiceOrderStateChangeEvent", "event": {}},
                "E_MISSING",
                "$.event.serviceOrder",
                id="no order",
            ),
            pytest.param(
                {"eventType": "ServiceOrderStateChangeEvent", "event": {"serviceOrder": {"id": "SO-1"}}},
                "E_MISSING",
                "$.event.serviceOrder.state",
                id="no state",
            ),
            pytest.param({}, "E_MISSING", "$.id", id="none of the three"),
        ],
    )
    def test_bad_bodies(self, document, code, where):
        """A body that is none of the three, or only half of one, is refused with its place."""
        with pytest.raises(Rejected) as caught:
            read(document)

        assert (code, where) == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize("number", ["x", "0", "²", "99999999"])
    def test_items_nobody_ordered(self, number):
        """An item's id is the number of a line."""
        with pytest.raises(Rejected) as caught:
            event(serviceOrderItem=[{"id": number, "state": "completed"}])

        assert "E_VALUE" == caught.value.code
