from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from adapters.formats.soap import read_envelope, read_fault
from adapters.inbound.callcenter import CallCenterAdapter
from adapters.kit.contract import Stamp
from adapters.kit.specimens import AT, notices, order_of
from canonical.errors import Fault
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import Progress
from canonical.states import State
from tests.adapters.callcenters import DESK, SAMPLES, line, message, order, read

STAMP = Stamp(at=AT, endpoint=DESK)
[BUNDLE] = read(SAMPLES["home-bundle"])
ACCEPTED = order_of(BUNDLE.order, BUNDLE.origin, State.ACKNOWLEDGED)


def taken(command):
    return Verdict(
        origin=command.origin,
        outcome=Outcome.ACCEPTED,
        order=order_of(command.order, command.origin, State.ACKNOWLEDGED),
    )


def refused(document):
    return Verdict(origin=document.origin, outcome=Outcome.REJECTED, fault=document.fault)


def acknowledged(*verdicts):
    intake = Intake(endpoint=DESK.id, channel="callcenter", envelope="e", verdicts=verdicts)
    return CallCenterAdapter().acknowledge(intake, STAMP)


def texts(node):
    """Name and text of each leaf."""
    return {each.local: each.text(4_000, lines=True) for each in node.children if not each.children}


def told(kind, **changes):
    notice = notices(BUNDLE.order, BUNDLE.origin)[kind]
    found = CallCenterAdapter().render(replace(notice, **changes), STAMP)
    return found and read_envelope(found.body, faults=True)


class TestAcknowledging:
    def test_a_taken_order_has_the_hubs_number(self):
        """
        With the call centre's own two.
        """
        body = read_envelope(acknowledged(taken(BUNDLE)).body).body
        [said] = body.child("ListOfSWIOrderIO", DATA).children

        assert "SWIOrderUpsert_Output" == body.local
        assert {
            "Id": "1-4KQ7", "OrderNumber": "1-70021", "IntegrationId": ACCEPTED.id, "Status": "Open",
        } == texts(said)  # fmt: skip

    def test_each_order_of_several_has_its_own_outcome(self):
        """
        In the order they were sent in, and in the SOAP they were sent in.
        """
        good, bad = read(SAMPLES["two-orders"].replace(b"Case clear", b"Nothing"))
        native = acknowledged(taken(good), refused(bad))
        found = read_envelope(native.body)
        said = [texts(one) for one in found.body.child("ListOfSWIOrderIO", DATA).children]

        assert "application/soap+xml; charset=utf-8" == native.content_type
        assert [("1-70030", "Open"), ("1-70031", "Rejected")] == [
            (one["OrderNumber"], one["Status"]) for one in said
        ]
        assert ("E_OFFERING", True) == (
            said[1]["ErrorCode"],
            "SWIOrderItem[1]/Product[1]" in said[1]["ErrorPlace"],
        )

    def test_a_message_of_which_nothing_is_taken_is_answered_by_a_fault(self):
        """
        Whose fault it is, what, where, and about which order.
        """
        [bad] = read(message(order(line(Qty="0"))))
        native = acknowledged(refused(bad))
        found = read_fault(read_envelope(native.body, faults=True))
        [detail] = found.detail

        assert ("Client", "text/xml; charset=utf-8") == (found.code, native.content_type)
        assert found.text.startswith("order 1-7: /s:Envelope/s:Body[1]/")
        assert ("1-7", "E_RANGE") == (texts(detail)["OrderNumber"], texts(detail)["ErrorCode"])
        assert "Fault E_RANGE: 1-7" == native.summary

    def test_a_fault_of_a_message_that_could_not_be_read(self):
        """
        Control characters of a sender cannot break the answer.
        """
        [bad] = read(b"<a>\x01")
        bad = replace(bad, fault=Fault(code="E_XML_SYNTAX", what="\x00]]>&", where="/a"))

        found = read_fault(read_envelope(acknowledged(refused(bad)).body, faults=True))

        assert "/a: ?]]>& [E_XML_SYNTAX]" == found.text

    def test_what_is_parked_or_asked_is_not_acknowledged(self):
        """
        The answer comes when there is one.
        """
        [question] = read(SAMPLES["question"])
        parked = Verdict(
            origin=BUNDLE.origin, outcome=Outcome.PARKED, fault=Fault(code="E_NO_ROUTE", what="x")
        )

        assert acknowledged(parked) is None
        assert acknowledged(Verdict(origin=question.origin, outcome=Outcome.ACCEPTED)) is None
        assert acknowledged() is None


DATA = "http://siebel.com/OrderManagement/Order/Data"


class TestTelling:
    def test_the_status_of_order_and_items(self):
        """
        Under their own numbers, dates in their zone, bundles before what they hold.
        """
        found = told("delayed").body
        [said] = found.child("ListOfSWIOrderIO", DATA).children
        items = said.child("ListOfSWIOrderItem").children

        assert "UpdateLineItems_Input" == found.local
        assert {
            "Id": "1-4KQ7", "OrderNumber": "1-70021", "IntegrationId": ACCEPTED.id, "Revision": "2",
            "Status": "On Hold", "StatusReason": "the reason, in words", "Notice": "delayed",
            "Progress": "0/3", "ExpectedDate": "09/04/2026 07:30:15",
        } == texts(said)  # fmt: skip
        assert [("1-L21", "1"), ("1-L22", "1.1"), ("1-L23", "1.2")] == [
            (texts(item)["Id"], texts(item)["LineNumber"]) for item in items
        ]
        assert {("E_NO_ANSWER", "no answer from crm")} == {
            (texts(item)["ErrorCode"], texts(item)["ErrorText"]) for item in items
        }

    @pytest.mark.parametrize(
        ("state", "word"),
        [
            ("completed", "Complete"), ("partial", "Partially Complete"), ("failed", "Failed"),
            ("rejected", "Rejected"), ("cancelled", "Cancelled"),
        ],
    )  # fmt: skip
    def test_how_it_ended(self, state, word):
        """
        In the call centre's words, with the date.
        """
        [said] = told(f"ended {state}").body.child("ListOfSWIOrderIO", DATA).children

        assert (word, "09/01/2026 07:30:15") == (texts(said)["Status"], texts(said)["CompletedDate"])

    def test_a_question_is_answered(self):
        """
        With the order as it is.
        """
        found = told("status").body

        assert "SWIOrderQuery_Output" == found.local
        assert "In Progress" == texts(found.child("ListOfSWIOrderIO", DATA).children[0])["Status"]

    def test_an_order_that_the_asker_has_not(self):
        """
        A fault, and the same whether the order exists or not.
        """
        found = read_fault(told("status unknown"))

        assert ("Client", "E_NOT_FOUND") == (found.code, texts(found.detail[0])["ErrorCode"])

    def test_rejected_is_told_by_the_answer_to_the_request(self):
        """
        And by nothing else.
        """
        assert told("rejected") is None

    def test_what_another_system_wrote_cannot_break_a_notice(self):
        """
        Characters that XML cannot hold become question marks.
        """
        notice = Notice(
            kind=NoticeKind.CHANGED,
            endpoint=DESK.id,
            at=datetime(2026, 9, 1, tzinfo=UTC),
            order=replace(ACCEPTED, progress=Progress(done=1, total=3)),
            reason="\x00<&>\ud800",
        )

        found = read_envelope(CallCenterAdapter().render(notice, STAMP).body).body

        assert "?<&>?" == texts(found.child("ListOfSWIOrderIO", DATA).children[0])["StatusReason"]
