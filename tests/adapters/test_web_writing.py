from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Stamp
from adapters.kit.specimens import AT, intakes, notices
from canonical.commands import Origin
from canonical.errors import Fault
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from tests.adapters.catalogue import WEB_PORTAL
from tests.adapters.web_orders import FIXTURES, changed, read

LATER = AT + timedelta(minutes=5)
STAMP = Stamp(at=LATER, endpoint=WEB_PORTAL)
ASKED = read((FIXTURES / "handset.json").read_bytes())
NOTICES = notices(ASKED.order, ASKED.origin)


def acknowledge(outcome, **changes):
    """What the portal gets for an intake with this outcome."""
    intake = msgspec.structs.replace(intakes(ASKED.order, [ASKED.origin])[outcome], **changes)
    return WebAdapter().acknowledge(intake, STAMP)


def refusal(document):
    """The error that the portal gets for a bad document."""
    rejected = read(document)
    verdict = Verdict(origin=rejected.origin, outcome=Outcome.REJECTED, fault=rejected.fault)
    intake = Intake(endpoint="web.portal", channel="web", envelope="e", verdicts=(verdict,))
    return json.loads(WebAdapter().acknowledge(intake, STAMP).body)


def told(kind, **changes):
    return json.loads(WebAdapter().render(msgspec.structs.replace(NOTICES[kind], **changes), STAMP).body)


class TestAcknowledgement:
    def test_an_accepted_order_comes_back(self):
        """With the hub's id, its address, its state, and the state of each item."""
        order = json.loads(acknowledge("accepted").body)

        assert "acknowledged" == order["state"]
        assert f"/productOrdering/v5/productOrder/{order['id']}" == order["href"]
        assert ["acknowledged", "acknowledged"] == [item["state"] for item in order["productOrderItem"]]
        assert [
            {"@type": "RelatedChannel", "role": "capture", "channel": {"@type": "ChannelRef", "id": "web"}}
        ] == (order["channel"])

    def test_a_repeated_order_gets_the_same_answer(self):
        """A resend is answered as the first time."""
        assert acknowledge("accepted").body == acknowledge("repeated").body

    def test_what_was_sent_comes_back_as_it_was(self):
        """Ids, parties, properties, prices and notes are the sender's, in v5's shapes and types."""
        sent = json.loads((FIXTURES / "handset.json").read_bytes())
        order = json.loads(acknowledge("accepted").body)
        features = order["productOrderItem"][0]["product"]["productCharacteristic"]

        assert sent["externalId"] == order["externalId"]
        assert sent["relatedParty"] == order["relatedParty"]
        assert [
            (one["@type"], one["value"])
            for one in sent["productOrderItem"][0]["product"]["productCharacteristic"]
        ] == [(one["@type"], one["value"]) for one in features]
        assert sent["productOrderItem"][0]["note"] == order["productOrderItem"][0]["note"]

    def test_money_is_a_number_to_the_digit(self):
        """TMF622 wants a number; 499.90 stays 499.90."""
        assert b'"dutyFreeAmount":{"unit":"USD","value":499.90}' in acknowledge("accepted").body

    def test_a_parked_document_is_not_answered_yet(self):
        """It is answered when somebody has looked at it."""
        assert acknowledge("parked") is None

    def test_nothing_new_is_nothing_said(self):
        """A replay whose documents were all answered before says nothing."""
        assert acknowledge("nothing") is None

    def test_a_question_is_answered_by_a_notice(self):
        """Its acceptance alone says nothing."""
        verdict = Verdict(origin=Origin(channel="web"), outcome=Outcome.ACCEPTED)

        assert acknowledge("accepted", verdicts=(verdict,)) is None


class TestError:
    def test_a_wrong_order(self):
        """Code, place, what is wrong and what is allowed; and which order it was."""
        expected = {
            "@type": "Error",
            "code": "E_OFFERING",
            "reason": "$.productOrderItem[0].productOffering.id: unknown offering 'HANDSET-Z'",
            "message": (
                "ProductOrder C-2291-07 refused: $.productOrderItem[0].productOffering.id: unknown offering "
                "'HANDSET-Z' (an id of the catalogue) [E_OFFERING]"
            ),
            "status": "422",
            "referenceError": "docs/errors.md#E_OFFERING",
        }

        assert expected == refusal(changed("productOrderItem.0.productOffering.id", "HANDSET-Z"))

    @pytest.mark.parametrize(
        ("body", "status", "message"),
        [
            pytest.param(b"", "400", "document refused: the message holds nothing", id="empty"),
            pytest.param(b"{", "400", "document refused: line 1", id="no JSON"),
            pytest.param(
                b'{"@type":"X"}', "422", "document refused: $.@type: unknown value 'X'", id="readable"
            ),
        ],
    )
    def test_unreadable_is_400_and_wrong_is_422(self, body, status, message):
        """As the same faults would be answered over HTTP."""
        error = refusal(body)

        assert status == error["status"]
        assert error["message"].startswith(message)

    def test_hostile_text_comes_back_escaped(self):
        """What is quoted of the sender's is printable and short."""
        error = refusal(changed("productOrderItem.0.action", "\u202e\u0007<script>" + "x" * 500))

        assert error["message"].isprintable()
        assert len(error["message"]) < 300


class TestEvent:
    @pytest.mark.parametrize(
        ("notice", "kind"),
        [
            ("accepted", "ProductOrderStateChangeEvent"),
            ("changed", "ProductOrderStateChangeEvent"),
            ("ended", "ProductOrderStateChangeEvent"),
            ("delayed", "ProductOrderJeopardyAlertEvent"),
            ("shipped", "ProductOrderMilestoneEvent"),
            ("information-required", "ProductOrderInformationRequiredEvent"),
        ],
    )
    def test_kinds(self, notice, kind):
        """Each kind of notice is one type of event."""
        event = told(notice)

        assert (kind, kind) == (event["@type"], event["eventType"])

    def test_the_whole_order_is_in_it(self):
        """Nobody has to ask for more."""
        event = told("delayed")
        order = event["event"]["productOrder"]

        assert order["id"] == event["correlationId"]
        assert "held" == order["state"]
        assert "stock" == order["productOrderJeopardyAlert"][0]["message"]
        assert {
            "@type": "ProductOrderItemRef",
            "productOrderId": order["id"],
            "productOrderItemId": "1",
        } == order["productOrderJeopardyAlert"][0]["productOrderItem"][0]

    def test_times(self):
        """When it happened and when it is told are two times; v5 spells timeOccurred with two r."""
        event = told("ended")

        assert ("2026-09-01T12:30:15Z", "2026-09-01T12:35:15Z") == (event["timeOccurred"], event["eventTime"])

    def test_the_same_event_has_the_same_id(self):
        """The id comes from order, version, kind and instant, so a second copy is known for one."""
        ids = {kind: told(kind)["eventId"] for kind in ("accepted", "changed", "ended")}
        later = msgspec.structs.replace(NOTICES["ended"].order, version=3)

        assert 3 == len(set(ids.values()))
        assert ids["ended"] == told("ended", reason="other words")["eventId"]
        assert ids["ended"] != told("ended", order=later)["eventId"]
        assert ids["ended"] != told("ended", at=NOTICES["ended"].at + timedelta(seconds=1))["eventId"]

    def test_a_cancelled_order_says_why(self):
        """The cause is TMF622's cancellationReason."""
        order = told("ended cancelled")["event"]["productOrder"]

        assert ("cancelled", "fallout") == (order["state"], order["cancellationReason"])

    def test_rejected_is_not_told_twice(self):
        """The acknowledgement has said it."""
        assert WebAdapter().render(NOTICES["rejected"], STAMP) is None


class TestStatus:
    def test_the_order_as_it_is(self):
        """A question is answered with the order, not with an event."""
        order = told("status")

        assert ("ProductOrder", "inProgress") == (order["@type"], order["state"])
        assert {"done": 0, "total": 2} == order["progress"]

    def test_an_order_that_the_asker_may_not_see(self):
        """It is unknown, whether it exists or not."""
        notice = Notice(kind=NoticeKind.STATUS, endpoint="web.portal", at=AT, asked="PO-77")
        error = json.loads(WebAdapter().render(notice, STAMP).body)

        assert ("E_NOT_FOUND", "404") == (error["code"], error["status"])
        assert "'PO-77'" in error["message"]

    def test_a_fault_is_told_as_it_is(self):
        """The hub's own words go out."""
        fault = Fault(code="E_NOT_FOUND", what="no order is known by 'X'", where="$.orderId")
        error = told("status unknown", fault=fault)

        assert "$.orderId: no order is known by 'X'" == error["reason"]


def test_a_summary_is_for_people():
    """One line, seen in lists and logs."""
    assert "Error E_OFFERING: ProductOrder C-2291-07 refused" == acknowledge("rejected").summary
    assert WebAdapter().render(NOTICES["ended"], STAMP).summary.startswith("ProductOrderStateChangeEvent OL")
