"""
What a kiosk asks of a running order, and what it is told of it.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from msgspec.structs import replace

from adapters.inbound.kiosk import KioskAdapter
from adapters.kit import Stamp
from adapters.kit.specimens import AT, notices
from canonical.amendments import (
    CancelScope,
    CancelTask,
    ChangeKind,
    ItemPatch,
    OrderPatch,
    PieceState,
    Scope,
    TaskState,
)
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef, RejectedDocument
from canonical.errors import Fault
from canonical.notices import Intake, NoticeKind, Outcome, Verdict
from canonical.order import Address, Characteristic, OfferingRef, Place
from tests.adapters.amendments import amendment_of, applied, change_of, notices_of_changes, quote, refused
from tests.adapters.kiosks import GONE, MALL, SAMPLES, changed, read

STAMP = Stamp(at=AT, endpoint=MALL)
FIRST = read(SAMPLES["a-order"])
NOTICES = notices(FIRST.order, FIRST.origin)
PLAN, PHONE = FIRST.order.product_order_item
CHANGE, CANCEL, ANSWER = (json.loads(SAMPLES[name]) for name in ("change", "cancel", "answer"))
ASKED = read(CHANGE)
FEWER = change_of(ChangeKind.CHANGE, replace(PHONE, quantity=1), fields=("quantity",))
LESS = change_of(ChangeKind.REMOVE, PLAN)


def told(kind=NoticeKind.CHANGED, **said):
    """The answer for a notice."""
    return json.loads(KioskAdapter().render(replace(NOTICES[kind.value], **said), STAMP).body)


class TestAsked:
    def test_a_change(self):
        """Some lines change, some go, some come; what is not named stays."""
        assert isinstance(ASKED, AmendOrder)
        assert (Scope.DELTA, None, False, None) == (ASKED.scope, ASKED.order, ASKED.atomic, ASKED.fields)
        assert (
            ItemPatch(
                item="2",
                quantity=1,
                product_characteristic=(Characteristic(name="color", value="red"),),
                removed_characteristic=("storage",),
            ),
        ) == ASKED.change
        assert ("1",) == ASKED.remove
        assert [("3", "CASE-01")] == [(one.line_ref, one.product_offering.id) for one in ASKED.add]
        assert ("kioskChange", "20261102-0011") == (ASKED.origin.document_type, ASKED.origin.document)

    def test_another_product_and_another_address(self):
        """All of it or nothing, if the kiosk says so."""
        document = changed("change", [{"line": 2, "sku": "CASE"}], CHANGE)
        found = read(document | {"deliverTo": {"street": "1 Mill Lane"}, "atomic": True})

        assert (OfferingRef(id="CASE-01", name="CASE-01 by name"), True) == (
            found.change[0].product_offering,
            found.atomic,
        )
        place = Place(role="deliveryAddress", place=Address(street="1 Mill Lane"))
        assert OrderPatch(place=(place,)) == found.fields

    @pytest.mark.parametrize(
        ("order", "type_"), [("20261102-0007", "kioskOrder"), ("OLFKCFSHR26W8AJ9AR", "")]
    )
    def test_the_kiosks_own_transaction_can_be_waited_for(self, order, type_):
        """A change may come before its order; the hub's number is known already."""
        assert OrderRef(value=order, type=type_) == read(changed("changeOf", order, CHANGE)).about

    def test_a_cancel(self):
        """Of the whole order."""
        found = read(CANCEL)

        assert isinstance(found, CancelOrder)
        assert ((), CancelScope.ALL, "changed their mind", "kioskCancel") == (
            found.items,
            found.scope,
            found.reason,
            found.origin.document_type,
        )

    def test_a_cancel_of_lines(self):
        """By their numbers, or by the ids that they have from elsewhere; null is as good as absent."""
        found = read(SAMPLES["cancel-lines"])

        assert (("2", "1.1"), CancelScope.WHAT_IS_POSSIBLE) == (found.items, found.scope)

    @pytest.mark.parametrize("accepted", [True, False])
    def test_an_answer(self, accepted):
        """Yes or no to a quote."""
        found = read(changed("accept", accepted, ANSWER))

        assert isinstance(found, Answer)
        assert ("Q-1", accepted, "20261102-0007") == (found.question, found.accepted, found.about.value)


class TestBadInput:
    @pytest.mark.parametrize(
        ("document", "path", "value", "code", "where"),
        [
            pytest.param(CHANGE, "changeOf", "a b", "E_KEY_FORMAT", "$.changeOf", id="order"),
            pytest.param(CHANGE, "cart", [], "E_UNKNOWN", "$.cart", id="a cart beside"),
            pytest.param(CHANGE, "statusOf", "1", "E_UNKNOWN", "$.statusOf", id="a question beside"),
            pytest.param(CHANGE, "change.0.line", GONE, "E_MISSING", "$.change[0].line", id="no line"),
            pytest.param(CHANGE, "change.0.line", 0, "E_RANGE", "$.change[0].line", id="line 0"),
            pytest.param(
                CHANGE, "change.0.line", 1, "E_DUPLICATE_LINE", "$.remove[0]", id="changed and gone"
            ),
            pytest.param(CHANGE, "add.0.line", 2, "E_DUPLICATE_LINE", "$.add[0].line", id="changed and new"),
            pytest.param(
                CHANGE, "change.0", {"line": 2}, "E_NO_ORDER", "$.change[0]", id="nothing of a line"
            ),
            pytest.param(CHANGE, "change.0.qty", 0, "E_RANGE", "$.change[0].qty", id="down to nothing"),
            pytest.param(CHANGE, "change.0.sku", "X", "E_OFFERING", "$.change[0].sku", id="offering"),
            pytest.param(CHANGE, "change.0.action", "ADD", "E_UNKNOWN", "$.change[0].action", id="action"),
            pytest.param(CHANGE, "atomic", 1, "E_TYPE", "$.atomic", id="atomic"),
            pytest.param(
                CHANGE,
                "add.0.options",
                {"color": None},
                "E_TYPE",
                "$.add[0].options.color",
                id="nothing chosen for a new line",
            ),
            pytest.param(CANCEL, "lines", ["a/b"], "E_KEY_FORMAT", "$.lines[0]", id="line"),
            pytest.param(CANCEL, "scope", "SOME", "E_VALUE", "$.scope", id="scope"),
            pytest.param(ANSWER, "order", GONE, "E_MISSING", "$.order", id="no order"),
            pytest.param(ANSWER, "accept", "yes", "E_TYPE", "$.accept", id="yes in words"),
            pytest.param(ANSWER, "answerTo", " Q", "E_KEY_FORMAT", "$.answerTo", id="quote"),
        ],
    )
    def test_refused(self, document, path, value, code, where):
        """Code and path."""
        found = read(changed(path, value, document))

        assert isinstance(found, RejectedDocument)
        assert (code, where) == (found.fault.code, found.fault.where)

    def test_a_change_of_nothing(self):
        """It is none."""
        found = read({"kioskId": "MALL-1", "txn": "1", "changeOf": "2"})

        assert ("E_NO_ORDER", "$", "kioskChange") == (
            found.fault.code,
            found.fault.where,
            found.origin.document_type,
        )


class TestTold:
    def test_that_it_was_taken(self):
        """With the order as it stands, or, before it has come, without."""
        said = {"origin": ASKED.origin, "outcome": Outcome.ACCEPTED}
        known, unknown = Verdict(order=NOTICES["changed"].order, **said), Verdict(**said)
        answers = []
        for verdict in (known, unknown):
            intake = Intake(endpoint="kiosk.mall-1", channel="kiosk", envelope="1", verdicts=(verdict,))
            answers.append(json.loads(KioskAdapter().acknowledge(intake, STAMP).body))

        assert ("20261102-0011", "taken", "inProgress") == tuple(
            answers[0][name] for name in ("txn", "answer", "state")
        )
        assert {"kioskId": "MALL-1", "txn": "20261102-0011", "answer": "taken"} == answers[1]

    def test_a_settled_change(self):
        """The order as it is now, and each line of the change."""
        amendment = amendment_of(
            "kiosk.mall-1", applied(FEWER), refused(LESS, number=2, follow_on="OL7"), document="20261102-0011"
        )
        found = told(amendment=amendment)

        assert ("changed", "inProgress", "20261102-0007") == (found["answer"], found["state"], found["txn"])
        assert {
            "txn": "20261102-0011",
            "state": "partlyApplied",
            "lines": [
                {"line": "2", "group": 1, "change": "change", "state": "applied"},
                {
                    "line": "1",
                    "group": 2,
                    "change": "remove",
                    "state": "refused",
                    "error": {"code": "E_TOO_LATE", "what": "warehouse has shipped it"},
                    "followOn": "OL7",
                },
            ],
        } == found["change"]

    def test_a_quote(self):
        """What it costs, until when, and the number to be given back."""
        found = told(NoticeKind.INFORMATION_REQUIRED, amendment=amendment_of("kiosk.mall-1", quote(FEWER)))
        [said] = found["change"]["lines"]

        assert ("Q-1", {"value": "30.00", "unit": "USD"}, "2026-09-03T12:30:15Z") == (
            said["question"],
            said["charge"],
            said["answerBy"],
        )

    def test_a_quote_that_lapsed_asks_nothing(self):
        """Its number is of no use any more."""
        lapsed = replace(quote(FEWER), state=PieceState.LAPSED)
        [said] = told(amendment=amendment_of("x", lapsed))["change"]["lines"]

        assert ("lapsed", False, False) == (said["state"], "question" in said, "answerBy" in said)

    def test_the_order_as_a_whole(self):
        """A change of its own fields has no line."""
        whole = applied(change_of(ChangeKind.ORDER, fields=("place",)))

        assert [{"group": 1, "change": "order", "state": "applied"}] == (
            told(amendment=amendment_of("x", whole))["change"]["lines"]
        )

    def test_a_cancel(self):
        """Done or refused, and by which parts."""
        task = CancelTask(
            id="C-1",
            endpoint="x",
            at=AT,
            state=TaskState.TERMINATED_WITH_ERROR,
            document="20261102-0012",
            past=("warehouse",),
            items=("2",),
            fault=Fault(code="E_TOO_LATE", what="it was shipped"),
        )

        assert {
            "txn": "20261102-0012",
            "state": "terminatedWithError",
            "lines": ["2"],
            "error": {"code": "E_TOO_LATE", "what": "it was shipped"},
            "past": ["warehouse"],
        } == told(cancel=task)["cancel"]

    def test_what_was_taken_and_is_refused_later(self):
        """A change whose order never came."""
        fault = Fault(code="E_NOT_FOUND", what="no order has come by '20261102-0007'")
        notice = replace(
            NOTICES["rejected"], origin=ASKED.origin, fault=fault, amendment=amendment_of("kiosk.mall-1")
        )
        found = json.loads(KioskAdapter().render(notice, STAMP).body)

        assert ("20261102-0011", "refused", "E_NOT_FOUND") == (
            found["txn"],
            found["answer"],
            found["error"]["code"],
        )


class TestWhateverAChangeSays:
    @given(notices_of_changes(FIRST.order, FIRST.origin, (ASKED.origin, read(CANCEL).origin, None)))
    def test_it_is_told(self, notice):
        """As one JSON object, with the order in it."""
        native = KioskAdapter().render(notice, STAMP)
        found = json.loads(native.body)

        assert native.summary.isprintable()
        assert notice.order.id == found["order"]
        assert (notice.amendment is None) == ("change" not in found)
        assert (notice.cancel is None) == ("cancel" not in found)
