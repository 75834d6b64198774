from __future__ import annotations

import pytest
from msgspec.structs import replace

from adapters.formats.xml_names import local_name
from adapters.formats.xml_read import read_xml
from adapters.inbound.store import StoreAdapter
from adapters.kit.contract import Stamp
from adapters.kit.specimens import AT, notices, order_of
from canonical.commands import SubmitOrder
from canonical.errors import Fault
from canonical.notices import Intake, Outcome, Verdict
from canonical.states import State
from tests.adapters.stores import SALE, SAMPLES, STORE, line, message, read, transaction

STAMP = Stamp(at=AT, endpoint=STORE)
OURS = "urn:orderloom:store:1"
[ORDER] = read(SAMPLES["pickup-and-delivery"])
NUMBERS = {
    "RetailStoreID": "0117", "WorkstationID": "4", "BusinessDayDate": "2026-09-02", "SequenceNumber": "2208",
}  # fmt: skip


def verdict(document):
    if isinstance(document, SubmitOrder):
        taken = order_of(document.order, document.origin, State.ACKNOWLEDGED)
        return Verdict(origin=document.origin, outcome=Outcome.ACCEPTED, order=taken)
    return Verdict(origin=document.origin, outcome=Outcome.REJECTED, fault=document.fault)


def acknowledged(*verdicts):
    intake = Intake(endpoint=STORE.id, channel="store", envelope="e", verdicts=verdicts)
    native = StoreAdapter().acknowledge(intake, STAMP)
    return native and (native, read_xml(native.body).all("Transaction"))


def told(kind, **changes):
    notice = replace(notices(ORDER.order, ORDER.origin)[kind], **changes)
    native = StoreAdapter().render(notice, STAMP)
    return native and read_xml(native.body).child("Transaction")


def texts(node):
    """Name and text of each leaf."""
    return {
        local_name(each.name): each.text(4_000, blank=True) for each in node.children if not each.children
    }


class TestAcknowledging:
    def test_an_outcome_for_each_transaction(self):
        """
        Under the till's own numbers: taken, refused and ignored.
        """
        bad = transaction(line(inside="<ItemID>X</ItemID>"), SequenceNumber="8")
        documents = read(message(transaction(), bad, transaction(SALE, SequenceNumber="9")))
        native, found = acknowledged(*map(verdict, documents))
        said = [texts(one.child("CustomerOrderTransaction")) for one in found]

        assert ["7", "8", "9"] == [one.child("SequenceNumber").text() for one in found]
        assert ["Accepted", "Rejected", "Ignored"] == [one["Outcome"] for one in said]
        assert ("Accepted", 18) == (said[0]["OrderStatus"], len(said[0]["OrderID"]))
        assert "POSLog: 1 accepted, 1 rejected, 1 ignored" == native.summary

    def test_a_refusal_says_what_where_and_what_is_allowed(self):
        """
        The code as an attribute, beside them.
        """
        [document] = read(message(transaction(line(inside="<ItemID>X</ItemID>"))))
        _, [found] = acknowledged(verdict(document))
        error = found.child("CustomerOrderTransaction").child("Error", OURS)

        assert ("unknown ITEM-ID code 'X'", "E_OFFERING") == (error.text(), error.attribute("Code"))
        assert error.attribute("Where", max_len=1_000).startswith(
            "/POSLog/Transaction[1]/RetailTransaction[1]/"
        )
        assert "a code of the catalogue for store.0117" == error.attribute("Allowed")

    def test_a_message_that_could_not_be_read(self):
        """
        It has no numbers to answer under, and is answered.
        """
        [document] = read(b"<POSLog>")
        _, [found] = acknowledged(verdict(document))

        assert ["CustomerOrderTransaction"] == [one.local for one in found.children]

    def test_what_is_parked_or_asked_is_answered_later(self):
        """
        By nothing now.
        """
        [_, question, _] = read(SAMPLES["order-and-question"])
        parked = Verdict(
            origin=ORDER.origin, outcome=Outcome.PARKED, fault=Fault(code="E_NO_ROUTE", what="x")
        )

        assert acknowledged(parked) is None
        assert acknowledged(Verdict(origin=question.origin, outcome=Outcome.ACCEPTED)) is None
        assert acknowledged() is None


class TestTelling:
    def test_the_status_of_order_and_lines(self):
        """
        Under the till's numbers, with dates as the store's clocks show them.
        """
        found = told("delayed")
        order = found.child("CustomerOrderTransaction")
        lines = order.all("LineItem")

        assert NUMBERS == texts(found)
        assert {
            "Notice": "delayed", "OrderStatus": "Delayed", "Progress": "0/2",
            "Reason": "the reason, in words", "ExpectedDateTime": "2026-09-04T07:30:15-05:00",
        }.items() <= texts(order).items()  # fmt: skip
        assert [("2", "Delayed", "no answer from crm"), ("3", "Delayed", "no answer from crm")] == [
            tuple(texts(one).values()) for one in lines
        ]
        assert {"E_NO_ANSWER"} == {one.child("Error", OURS).attribute("Code") for one in lines}

    @pytest.mark.parametrize(
        ("state", "word"),
        [
            ("completed", "Completed"), ("partial", "PartlyCompleted"), ("failed", "Failed"),
            ("rejected", "Rejected"), ("cancelled", "Canceled"),
        ],
    )  # fmt: skip
    def test_how_it_ended(self, state, word):
        """
        With the date.
        """
        said = texts(told(f"ended {state}").child("CustomerOrderTransaction"))

        assert (word, "2026-09-01T07:30:15-05:00") == (said["OrderStatus"], said["CompletedDateTime"])

    def test_a_question_is_answered_under_the_number_of_the_transaction_that_asked(self):
        """
        Whoever's order it is.
        """
        [_, question, _] = read(SAMPLES["order-and-question"])
        found = told("status", origin=question.origin)

        assert ("2", "77") == (texts(found)["WorkstationID"], texts(found)["SequenceNumber"])
        assert "InProcess" == texts(found.child("CustomerOrderTransaction"))["OrderStatus"]

    def test_an_order_that_the_asker_has_not(self):
        """
        The same whether it exists or not.
        """
        said = told("status unknown").child("CustomerOrderTransaction")

        assert ("X-1", "E_NOT_FOUND") == (texts(said)["OrderID"], said.child("Error", OURS).attribute("Code"))

    def test_rejected_is_told_by_the_acknowledgement(self):
        """
        And by nothing else.
        """
        assert told("rejected") is None

    def test_what_another_system_wrote_cannot_break_a_notice(self):
        """
        Characters that XML cannot hold become question marks.
        """
        said = texts(told("changed", reason="\x00<&>\ud800").child("CustomerOrderTransaction"))

        assert "?<&>?" == said["Reason"]
