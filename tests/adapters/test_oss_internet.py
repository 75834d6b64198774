from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.kit import CallSpec, Native, Stamp
from adapters.kit.conformance import OutboundConformance
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.errors import Rejected
from canonical.keys import content_hash
from canonical.replies import LineReply, Receipt, Reference, Reply
from canonical.states import State
from tests.adapters.instructions import (
    DOOR,
    KEY,
    ORDER,
    PURCHASE_ORDER,
    fibre_at_home,
    instruction,
    line,
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
INSTRUCTIONS = {"full": FULL, "smallest": instruction("oss.internet", "internet")}
SERVICE_ORDER = {"id": "SO-1", "externalId": KEY, "state": "acknowledged"}
NUMBER = Reference(type="serviceOrder", value="SO-1")


class TestConformance(OutboundConformance):
    adapter = OssInternetAdapter()
    instructions = INSTRUCTIONS
    replies = REPLIES


def native(document):
    return Native(body=json.dumps(document).encode(), content_type="application/json")


def read(document):
    return list(OssInternetAdapter().read_reply(native(document)))


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
