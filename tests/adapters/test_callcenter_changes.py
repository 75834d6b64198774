"""
What the call centre asks of a running order, and what it is told of it.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from msgspec.structs import replace

from adapters.formats.soap import read_envelope, read_fault
from adapters.inbound.callcenter import CallCenterAdapter
from adapters.inbound.callcenter.changes import AMENDMENT_WORDS, TASK_WORDS
from adapters.kit.contract import Stamp
from adapters.kit.specimens import AT, notices, order_of
from canonical.amendments import (
    AmendmentState,
    CancelScope,
    CancelTask,
    ChangeKind,
    Piece,
    PieceState,
    Scope,
    TaskState,
)
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef, RejectedDocument
from canonical.errors import Fault
from canonical.notices import Intake, NoticeKind, Outcome, Verdict
from canonical.order import every_item
from canonical.states import State
from tests.adapters.amendments import amendment_of, applied, change_of, notices_of_changes, quote, refused
from tests.adapters.callcenters import DESK, ENVELOPE, SAMPLES, fields, line, message, order, read

DATA = "http://siebel.com/OrderManagement/Order/Data"
STAMP = Stamp(at=AT, endpoint=DESK)
[BUNDLE] = read(SAMPLES["home-bundle"])
ORDER = order_of(BUNDLE.order, BUNDLE.origin, State.IN_PROGRESS)
NOTICES = notices(BUNDLE.order, BUNDLE.origin)
FIRST, SECOND, THIRD = every_item(BUNDLE.order.product_order_item)
MORE = change_of(ChangeKind.CHANGE, replace(FIRST, quantity=3), fields=("quantity",))
LESS = change_of(ChangeKind.REMOVE, THIRD)
REVISION = read(SAMPLES["revision"])[0]


def answer(**said):
    """An answer to a quote."""
    facts = {"OrderNumber": "1-7", "Question": "Q-1", "Accepted": "Y"} | said
    body = ENVELOPE.format(header="", orders=f"<d:SWIOrder>{fields(**facts)}</d:SWIOrder>")
    return body.replace("SWIOrderUpsert_Input", "SWIOrderAnswer_Input").encode()


def texts(node):
    """Name and text of each leaf."""
    return {each.local: each.text(4_000, lines=True) for each in node.children if not each.children}


def told(kind=NoticeKind.CHANGED, **said):
    """The order in the message for a notice."""
    native = CallCenterAdapter().render(replace(NOTICES[kind.value], **said), STAMP)
    return read_envelope(native.body).body.child("ListOfSWIOrderIO", DATA).child("SWIOrder")


def lines(found):
    """The lines of a change."""
    return [texts(one) for one in found.child("SWIOrderChange").child("ListOfSWIOrderItemChange").children]


class TestAsked:
    def test_a_revision_may_overtake_its_order(self):
        """It names the order as the document that brings it: by number and type."""
        assert OrderRef(value="1-70030", type="SWIOrder") == REVISION.about

    def test_a_line_that_is_cancelled(self):
        """It is left out of the order as it is wanted, with what it holds; nothing else is a wish."""
        [found] = read(SAMPLES["line-cancelled"])

        assert isinstance(found, AmendOrder)
        assert (Scope.WHOLE, True) == (found.scope, found.atomic)
        assert ["1", "1.1"] == [one.id for one in every_item(found.order.product_order_item)]

    def test_a_bundle_that_is_cancelled(self):
        """What it holds goes with it."""
        body = SAMPLES["line-cancelled"].replace(
            b"<data:Status>Open</data:Status><data:Product>",
            b"<data:Status>Cancelled</data:Status><data:Product>",
        )
        [found] = read(body)

        assert ("E_NO_ORDER", True) == (found.fault.code, "ListOfSWIOrderItem[1]" in found.fault.where)

    def test_lines_of_a_new_order(self):
        """A line that was cancelled before the order was sent is not ordered."""
        [found] = read(message(order(line("1"), line("2", Status="Cancelled"))))

        assert ["1"] == [one.id for one in found.order.product_order_item]

    @pytest.mark.parametrize(
        ("said", "scope", "document"),
        [
            ({}, CancelScope.ALL, "1-7"),
            ({"CancelScope": "All"}, CancelScope.ALL, "1-7"),
            ({"Revision": "3", "CancelScope": "WhatIsPossible"}, CancelScope.WHAT_IS_POSSIBLE, "1-7/3"),
        ],
    )
    def test_a_cancel(self, said, scope, document):
        """All, or as much as is possible; under a higher revision it may be asked again."""
        [found] = read(message(order(Status="Cancelled", **said)))

        assert isinstance(found, CancelOrder)
        assert (scope, document, "SWIOrder") == (found.scope, found.origin.document, found.about.type)

    def test_answers(self):
        """Several in one envelope; each quote is the number of its answer."""
        found = read(SAMPLES["answer"])

        assert all(isinstance(one, Answer) for one in found)
        assert [("Q-1", True, ""), ("Q-2", False, "too dear")] == [
            (one.question, one.accepted, one.text) for one in found
        ]
        assert [("SWIOrderAnswer", "Q-1"), ("SWIOrderAnswer", "Q-2")] == [
            (one.origin.document_type, one.origin.document) for one in found
        ]
        assert {OrderRef(value="1-70021")} == {one.about for one in found}

    @pytest.mark.parametrize(
        ("body", "code", "where"),
        [
            pytest.param(answer(Question=None), "E_MISSING", "SWIOrder[1]", id="no quote"),
            pytest.param(answer(OrderNumber=None), "E_MISSING", "SWIOrder[1]", id="no order"),
            pytest.param(answer(Accepted="yes"), "E_VALUE", "Accepted[1]", id="yes in words"),
            pytest.param(answer(Revision="2"), "E_UNKNOWN", "Revision[1]", id="unknown element"),
            pytest.param(
                message(order(Status="Cancelled", CancelScope="Some")),
                "E_VALUE",
                "CancelScope[1]",
                id="scope",
            ),
            pytest.param(
                message(order(Revision="2", AtomicFlag="yes")), "E_VALUE", "AtomicFlag[1]", id="atomic"
            ),
        ],
    )
    def test_what_is_wrong_with_one(self, body, code, where):
        """Code and place."""
        [found] = read(body)

        assert isinstance(found, RejectedDocument)
        assert code == found.fault.code
        assert where in found.fault.where

    def test_an_unknown_operation(self):
        """Five are known."""
        [found] = read(answer().replace(b"SWIOrderAnswer_Input", b"SWIOrderSwap_Input"))

        known = ("Order Upsert", "Order Query", "Order Answer", "Conversation Query", "Interaction")
        assert ", ".join(f"SWI{one}_Input".replace(" ", "") for one in known) == found.fault.allowed


class TestTaken:
    def acknowledged(self, *documents, **said):
        verdicts = tuple(Verdict(origin=one.origin, outcome=Outcome.ACCEPTED, **said) for one in documents)
        intake = Intake(endpoint=DESK.id, channel="callcenter", envelope="e", verdicts=verdicts)
        return read_envelope(CallCenterAdapter().acknowledge(intake, STAMP).body).body

    def test_a_revision_whose_order_has_not_come_yet(self):
        """It is told that it was taken; what becomes of it comes later."""
        found = self.acknowledged(REVISION)

        assert "SWIOrderUpsert_Output" == found.local
        assert {"Id": "1-4KS9", "OrderNumber": "1-70030"} == texts(
            found.child("ListOfSWIOrderIO", DATA).child("SWIOrder")
        )

    def test_a_revision_of_a_known_order(self):
        """With the order's state as it is."""
        found = self.acknowledged(REVISION, order=ORDER)
        said = texts(found.child("ListOfSWIOrderIO", DATA).child("SWIOrder"))

        assert (ORDER.id, "In Progress") == (said["IntegrationId"], said["Status"])

    def test_answers(self):
        """By the operation's own name."""
        found = self.acknowledged(*read(SAMPLES["answer"]))

        assert ("SWIOrderAnswer_Output", 2) == (
            found.local,
            len(found.child("ListOfSWIOrderIO", DATA).children),
        )


class TestTold:
    def test_a_settled_change(self):
        """Line by line, under the call centre's own numbers; what was refused says why."""
        amendment = amendment_of(
            "callcenter.desk", applied(MORE), refused(LESS, number=2), document="1-70021/2"
        )
        found = told(amendment=amendment)

        assert {"Document": "1-70021/2", "Status": "Partially Applied"} == texts(
            found.child("SWIOrderChange")
        )
        assert [
            {
                "Id": "1-L21",
                "LineNumber": "1",
                "Group": "1",
                "ChangeCode": "Update",
                "Status": "Applied",
                "Qty": "3",
            },
            {
                "Id": "1-L23",
                "LineNumber": "1.2",
                "Group": "2",
                "ChangeCode": "Cancel",
                "Status": "Refused",
                "ErrorCode": "E_TOO_LATE",
                "ErrorText": "warehouse has shipped it",
            },
        ] == lines(found)

    def test_what_stands_or_falls_together(self):
        """Lines of one group."""
        assert ["1", "1"] == [
            one["Group"] for one in lines(told(amendment=amendment_of("x", applied(MORE, LESS))))
        ]

    def test_a_quote(self):
        """What it costs, until when, and the number to be given back; dates are in the profile's zone."""
        found = told(NoticeKind.INFORMATION_REQUIRED, amendment=amendment_of("callcenter.desk", quote(MORE)))
        [said] = lines(found)

        assert "Awaiting Customer" == texts(found.child("SWIOrderChange"))["Status"]
        assert ("Q-1", "30.00", "USD", "09/03/2026 07:30:15", "E_CHARGE") == (
            said["Question"],
            said["Charge"],
            said["CurrencyCode"],
            said["AnswerBy"],
            said["ErrorCode"],
        )

    def test_a_quote_that_lapsed_asks_nothing(self):
        """Its number is of no use any more."""
        [said] = lines(told(amendment=amendment_of("x", replace(quote(MORE), state=PieceState.LAPSED))))

        assert ("Lapsed", False) == (said["Status"], "Question" in said)

    def test_the_order_as_a_whole_and_a_draft(self):
        """A change of its own fields has no line; what came too late may have become a draft."""
        whole = refused(change_of(ChangeKind.ORDER, fields=("requestedCompletionDate",)), follow_on="OL7")
        [said] = lines(told(amendment=amendment_of("x", whole)))

        assert ("Order", "OL7", False) == (said["ChangeCode"], said["FollowOn"], "LineNumber" in said)

    def test_refused_before_there_were_lines(self):
        """Why, and no lines."""
        amendment = replace(
            amendment_of("x"), fault=Fault(code="E_STATE", what="it has ended", where="order")
        )
        found = told(amendment=amendment).child("SWIOrderChange")

        assert ("Refused", "E_STATE", "order: it has ended") == tuple(
            texts(found)[name] for name in ("Status", "ErrorCode", "ErrorText")
        )
        assert found.get("ListOfSWIOrderItemChange") is None

    @pytest.mark.parametrize(
        ("state", "word"), [(TaskState.DONE, "Complete"), (TaskState.TERMINATED_WITH_ERROR, "Refused")]
    )
    def test_a_cancel(self, state, word):
        """Done or refused, and by which parts."""
        task = CancelTask(
            id="C-1",
            endpoint="x",
            at=AT,
            state=state,
            document="1-70021",
            past=("warehouse", "crm"),
            items=("1.2",),
            fault=Fault(code="E_TOO_LATE", what="it was shipped"),
        )
        found = told(cancel=task).child("SWIOrderCancel")

        assert {
            "Document": "1-70021",
            "Status": word,
            "Past": "warehouse, crm",
            "ErrorCode": "E_TOO_LATE",
            "ErrorText": "it was shipped",
        } == texts(found)
        assert ["1.2"] == [one.text() for one in found.child("ListOfLineNumber").all("LineNumber")]

    def test_the_items_of_the_order_are_not_mixed_with_those_of_the_change(self):
        """A program that looks for SWIOrderItem finds the order's alone."""
        found = told(amendment=amendment_of("x", applied(MORE)))

        assert 3 == sum(each.local == "SWIOrderItem" for each in found.walk())

    def test_what_was_taken_and_is_refused_later(self):
        """A revision whose order never came: a fault that nobody asked for."""
        fault = Fault(code="E_NOT_FOUND", what="no order has come by '1-70030'")
        notice = replace(
            NOTICES["rejected"],
            origin=REVISION.origin,
            fault=fault,
            amendment=amendment_of("callcenter.desk"),
        )
        found = read_fault(read_envelope(CallCenterAdapter().render(notice, STAMP).body, faults=True))

        assert ("1-70030", "E_NOT_FOUND") == (
            texts(found.detail[0])["OrderNumber"],
            texts(found.detail[0])["ErrorCode"],
        )


def test_every_state_has_a_word():
    """Of a change, of its pieces, of a cancel."""
    assert {*AmendmentState, *PieceState} <= set(AMENDMENT_WORDS)
    assert set(TaskState) == set(TASK_WORDS)


class TestWhateverAChangeSays:
    @given(notices_of_changes(BUNDLE.order, BUNDLE.origin, (REVISION.origin, BUNDLE.origin, None)))
    def test_it_is_told(self, notice):
        """As an envelope that can be read, with the order in it."""
        native = CallCenterAdapter().render(notice, STAMP)
        found = read_envelope(native.body).body.child("ListOfSWIOrderIO", DATA).child("SWIOrder")

        assert native.summary.isprintable()
        assert notice.order.id == found.child("IntegrationId").text()
        assert (notice.amendment is None) == (found.get("SWIOrderChange") is None)
        assert (notice.cancel is None) == (found.get("SWIOrderCancel") is None)


def test_a_piece_without_a_change_of_a_known_line():
    """An item that the order has not any more is told by its number alone."""
    gone = replace(LESS, item="9", line_ref="")
    [said] = lines(
        told(amendment=amendment_of("x", Piece(number=1, changes=(gone,), state=PieceState.APPLIED)))
    )

    assert {"LineNumber": "9", "Group": "1", "ChangeCode": "Cancel", "Status": "Applied"} == said
