"""
What a store asks of an earlier order, and what it is told of it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from msgspec.structs import replace

from adapters.formats.xml_read import read_xml
from adapters.inbound.store import StoreAdapter
from adapters.kit.contract import Stamp
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
from canonical.commands import (
    AmendOrder,
    Answer,
    AskStatus,
    CancelOrder,
    OrderRef,
    RejectedDocument,
    SubmitOrder,
)
from canonical.errors import Fault
from canonical.notices import Intake, NoticeKind, Outcome, Verdict
from canonical.order import Address, OfferingRef, Place, every_item
from tests.adapters.amendments import amendment_of, applied, change_of, notices_of_changes, quote, refused
from tests.adapters.stores import SAMPLES, STORE, line, message, previous, read, transaction

STAMP = Stamp(at=AT, endpoint=STORE)
OURS = "urn:orderloom:store:1"
[ORDER] = read(SAMPLES["pickup-and-delivery"])
NOTICES = notices(ORDER.order, ORDER.origin)
HANDSET, INTERNET = ORDER.order.product_order_item
CHANGE, CANCEL, CANCEL_LINE, ACCEPT = read(SAMPLES["changes"])
MORE = change_of(ChangeKind.CHANGE, replace(HANDSET, quantity=3), fields=("quantity",))
LESS = change_of(ChangeKind.REMOVE, INTERNET)


def wish(action, more="", number="5", order="0117.4.20260902.2208"):
    """A line that asks something of an earlier order."""
    said = f"<OrderID>{order}</OrderID><Action>{action}</Action>{more}"
    return line(number, said, "PreviousCustomerOrder")


def earlier(inside, number="1", kind="CustomerOrderForPickup"):
    """A line that changes line 2 of an earlier order."""
    return line(number, f"<PreviousLineNumber>2</PreviousLineNumber>{inside}", kind)


def changed(*lines, more=""):
    """The one document of a transaction that changes an order."""
    [found] = read(message(transaction(wish("Change", more), *lines)))
    return found


def told(kind=NoticeKind.CHANGED, **said):
    """What is said of the order in the message for a notice."""
    native = StoreAdapter().render(replace(NOTICES[kind.value], **said), STAMP)
    return read_xml(native.body).child("Transaction").child("CustomerOrderTransaction")


class TestChange:
    def test_what_it_is(self):
        """A delta of the order that it names, under the number of its transaction."""
        assert isinstance(CHANGE, AmendOrder)
        assert (Scope.DELTA, None, True) == (CHANGE.scope, CHANGE.order, CHANGE.atomic)
        assert ("CustomerOrderChange", "0117.4.20260903.2311") == (
            CHANGE.origin.document_type,
            CHANGE.origin.document,
        )

    def test_a_line_that_names_an_earlier_one_changes_it(self):
        """What it does not say stays; a line that goes is named only."""
        assert (ItemPatch(item="2", quantity=2),) == CHANGE.change
        assert ("3",) == CHANGE.remove
        assert OrderPatch(requested_completion_date=datetime(2026, 9, 7, 15, tzinfo=UTC)) == CHANGE.fields

    def test_other_lines_are_added(self):
        """Under a number that no line of the order can have; links among them hold."""
        numbers = [(one.id, one.line_ref) for one in every_item(CHANGE.add)]

        assert [(one, one) for one in ("0117.4.20260903.2311.3", "0117.4.20260903.2311.4")] == numbers
        assert 1 == len(CHANGE.add)

    @pytest.mark.parametrize(
        ("inside", "kind", "patch"),
        [
            (
                "<ItemID>CASE-01</ItemID>",
                "CustomerOrderForPickup",
                ItemPatch(item="2", product_offering=OfferingRef(id="CASE-01", name="Case, clear")),
            ),
            (
                "<PickupLocation><RetailStoreID>0042</RetailStoreID></PickupLocation>",
                "CustomerOrderForPickup",
                ItemPatch(
                    item="2",
                    place=(Place(role="deliveryAddress", place=Address(id="0042", name="Store 0042")),),
                ),
            ),
            (
                "<Delivery><Address><AddressLine>1 Mill Lane</AddressLine></Address></Delivery>",
                "CustomerOrderForDelivery",
                ItemPatch(
                    item="2", place=(Place(role="deliveryAddress", place=Address(street="1 Mill Lane")),)
                ),
            ),
            ("<Quantity>2</Quantity>", "CustomerOrderForDelivery", ItemPatch(item="2", quantity=2)),
        ],
    )
    def test_one_thing_of_a_line(self, inside, kind, patch):
        """Product, place, quantity; where nothing is said of the place, it stays."""
        assert (patch,) == changed(earlier(inside, kind=kind)).change

    def test_a_date_alone(self):
        """It is the order's, as in an order."""
        found = changed(earlier("<PickupDateTime>2026-09-07T10:00:00</PickupDateTime>"))

        assert ((), OrderPatch(requested_completion_date=datetime(2026, 9, 7, 15, tzinfo=UTC))) == (
            found.change,
            found.fields,
        )

    @pytest.mark.parametrize(
        ("order", "type_"),
        [
            ("0117.4.20260902.2208", "CustomerOrder"),
            ("0042.4.20260902.2208", ""),
            ("OL3C8XW5QZ0N6TJ2YK", ""),
        ],
    )
    def test_the_stores_own_number_can_be_waited_for(self, order, type_):
        """A change may come before its order; others know theirs already."""
        [found] = read(message(transaction(wish("Change", "<LineNumber>1</LineNumber>", order=order))))

        assert OrderRef(value=order, type=type_) == found.about


class TestOtherWishes:
    def test_a_cancel(self):
        """Of the whole order, with its reason; of lines, as far as it is possible."""
        assert isinstance(CANCEL, CancelOrder)
        assert isinstance(CANCEL_LINE, CancelOrder)
        assert [
            ("0117.4.20260903.2312.1", (), CancelScope.ALL, "changed their mind"),
            ("0117.4.20260903.2312.2", ("2",), CancelScope.WHAT_IS_POSSIBLE, ""),
        ] == [(one.origin.document, one.items, one.scope, one.reason) for one in (CANCEL, CANCEL_LINE)]

    @pytest.mark.parametrize(("action", "accepted"), [("Accept", True), ("Decline", False)])
    def test_an_answer(self, action, accepted):
        """To a quote, by its number."""
        [found] = read(message(transaction(wish(action, "<Question>Q-1</Question>"))))

        assert isinstance(found, Answer)
        assert ("Q-1", accepted, "CustomerOrderAnswer") == (
            found.question,
            found.accepted,
            found.origin.document_type,
        )

    def test_beside_a_new_order(self):
        """An exchange: one order is cancelled, another one taken; only a question makes a note."""
        found = read(message(transaction(line("1"), wish("Cancel"), previous("OL1", "6"))))

        assert [SubmitOrder, CancelOrder, AskStatus] == [type(one) for one in found]
        assert ["customer has order OL1 already"] == [one.text for one in found[0].order.note]

    def test_beside_a_change(self):
        """Each is a document of its own."""
        found = read(
            message(transaction(wish("Change", "<LineNumber>1</LineNumber>"), wish("Cancel", number="6")))
        )

        assert [AmendOrder, CancelOrder] == [type(one) for one in found]


class TestBadInput:
    @pytest.mark.parametrize(
        ("lines", "code", "where"),
        [
            pytest.param((wish("Swap"),), "E_ACTION", "PreviousCustomerOrder[1]/Action[1]", id="action"),
            pytest.param(
                (wish("Change"), wish("Change", number="6")),
                "E_VALUE",
                "LineItem[2]/PreviousCustomerOrder[1]",
                id="two orders changed",
            ),
            pytest.param((wish("Change"),), "E_NO_ORDER", "PreviousCustomerOrder[1]", id="nothing changed"),
            pytest.param(
                (wish("Change"), earlier("")),
                "E_NO_ORDER",
                "CustomerOrderForPickup[1]",
                id="nothing of a line",
            ),
            pytest.param(
                (wish("Change"), earlier("<Quantity>1</Quantity>"), earlier("<Quantity>2</Quantity>", "2")),
                "E_DUPLICATE_LINE",
                "LineItem[3]/CustomerOrderForPickup[1]/PreviousLineNumber[1]",
                id="a line twice",
            ),
            pytest.param(
                (wish("Change"), earlier("<Quantity>0</Quantity>")),
                "E_RANGE",
                "Quantity[1]",
                id="down to nothing",
            ),
            pytest.param(
                (wish("Change"), earlier("<SerialNumber>1</SerialNumber>")),
                "E_UNKNOWN",
                "SerialNumber[1]",
                id="would be lost",
            ),
            pytest.param(
                (wish("Change"), earlier("<ItemID>X</ItemID>")), "E_OFFERING", "ItemID[1]", id="offering"
            ),
            pytest.param(
                (earlier("<Quantity>2</Quantity>"),),
                "E_UNKNOWN",
                "PreviousLineNumber[1]",
                id="of which order",
            ),
            pytest.param(
                (wish("Change", "<Atomic>maybe</Atomic><LineNumber>1</LineNumber>"),),
                "E_VALUE",
                "Atomic[1]",
                id="atomic",
            ),
            pytest.param((wish("Cancel", "<Scope>Some</Scope>"),), "E_VALUE", "Scope[1]", id="scope"),
            pytest.param(
                (wish("Cancel", "<LineNumber>a/b</LineNumber>"),), "E_KEY_FORMAT", "LineNumber[1]", id="line"
            ),
            pytest.param(
                (wish("Cancel", "<Question>Q</Question>"),), "E_UNKNOWN", "Question[1]", id="a quote"
            ),
            pytest.param((wish("Accept"),), "E_MISSING", "PreviousCustomerOrder[1]", id="yes to nothing"),
        ],
    )
    def test_refused(self, lines, code, where):
        """The transaction is refused whole: code and place."""
        [found] = read(message(transaction(*lines)))

        assert isinstance(found, RejectedDocument)
        assert code == found.fault.code
        assert where in found.fault.where


class TestTaken:
    def test_each_document_has_its_outcome(self):
        """A change may have come before its order, and then knows no number of the hub's."""
        verdicts = [Verdict(origin=one.origin, outcome=Outcome.ACCEPTED) for one in (CHANGE, CANCEL, ACCEPT)]
        intake = Intake(endpoint=STORE.id, channel="store", envelope="e", verdicts=tuple(verdicts))
        native = StoreAdapter().acknowledge(intake, STAMP)
        found = read_xml(native.body).all("Transaction")

        assert [("2311", "Accepted"), ("2312", "Accepted"), ("2312", "Accepted")] == [
            (
                one.child("SequenceNumber").text(),
                one.child("CustomerOrderTransaction").child("Outcome", OURS).text(),
            )
            for one in found
        ]
        assert "POSLog: 3 accepted" == native.summary


class TestTold:
    def test_a_settled_change(self):
        """Line by line, under the store's own numbers; what was refused says why."""
        amendment = amendment_of(
            "store.0117",
            applied(MORE),
            refused(LESS, number=2, follow_on="OL7"),
            document="0117.4.20260903.2311",
        )
        found = told(amendment=amendment).child("Change", OURS)
        first, second = found.all("ChangedLine")

        assert ("PartlyApplied", "0117.4.20260903.2311") == (
            found.attribute("Status"),
            found.attribute("Transaction"),
        )
        assert [("1", "Change", "Applied"), ("2", "Remove", "Refused")] == [
            tuple(one.attribute(name) for name in ("Group", "Kind", "Status")) for one in (first, second)
        ]
        assert ("2", "3") == tuple(one.text() for one in first.children)
        assert ["3", "OL7", "warehouse has shipped it"] == [one.text() for one in second.children]
        assert "E_TOO_LATE" == second.child("Error").attribute("Code")

    def test_a_quote(self):
        """What it costs, until when on the store's clocks, and the number to be given back."""
        found = told(NoticeKind.INFORMATION_REQUIRED, amendment=amendment_of("store.0117", quote(MORE)))
        [said] = found.child("Change", OURS).all("ChangedLine")

        assert ("Q-1", "30.00", "2026-09-03T07:30:15-05:00") == tuple(
            said.child(name).text() for name in ("Question", "Charge", "AnswerBy")
        )
        assert "USD" == said.child("Charge").attribute("CurrencyCode")

    def test_a_quote_that_lapsed_asks_nothing(self):
        """Its number is of no use any more."""
        lapsed = replace(quote(MORE), state=PieceState.LAPSED)
        [said] = told(amendment=amendment_of("x", lapsed)).child("Change", OURS).all("ChangedLine")

        assert ("Lapsed", None) == (said.attribute("Status"), said.get("Question"))

    def test_the_order_as_a_whole(self):
        """A change of its own fields has no line."""
        whole = applied(change_of(ChangeKind.ORDER, fields=("requestedCompletionDate",)))
        [said] = told(amendment=amendment_of("x", whole)).child("Change", OURS).all("ChangedLine")

        assert ("Order", []) == (said.attribute("Kind"), list(said.children))

    def test_a_cancel(self):
        """Done or refused, by which parts, and which lines."""
        task = CancelTask(
            id="C-1",
            endpoint="x",
            at=AT,
            state=TaskState.TERMINATED_WITH_ERROR,
            document="0117.4.20260903.2312.1",
            past=("warehouse", "crm"),
            items=("3",),
            fault=Fault(code="E_TOO_LATE", what="it was shipped"),
        )
        found = told(cancel=task).child("Cancel", OURS)

        assert ("TerminatedWithError", "0117.4.20260903.2312.1") == (
            found.attribute("Status"),
            found.attribute("Transaction"),
        )
        assert ["3", "it was shipped", "warehouse", "crm"] == [one.text() for one in found.children]

    def test_what_was_taken_and_is_refused_later(self):
        """A change whose order never came: the outcome of its transaction once more."""
        fault = Fault(code="E_NOT_FOUND", what="no order has come by '0117.4.20260902.2208'")
        notice = replace(
            NOTICES["rejected"], origin=CHANGE.origin, fault=fault, amendment=amendment_of("store.0117")
        )
        found = read_xml(StoreAdapter().render(notice, STAMP).body).child("Transaction")
        said = found.child("CustomerOrderTransaction")

        assert "2311" == found.child("SequenceNumber").text()
        assert ("Rejected", "E_NOT_FOUND") == (
            said.child("Outcome", OURS).text(),
            said.child("Error", OURS).attribute("Code"),
        )


class TestWhateverAChangeSays:
    @given(notices_of_changes(ORDER.order, ORDER.origin, (CHANGE.origin, CANCEL.origin, None)))
    def test_it_is_told(self, notice):
        """As a POSLog that can be read, with the order in it."""
        native = StoreAdapter().render(notice, STAMP)
        found = read_xml(native.body).child("Transaction").child("CustomerOrderTransaction")

        assert native.summary.isprintable()
        assert notice.order.id == found.child("OrderID").text()
        assert (notice.amendment is None) == (found.get("Change", OURS) is None)
        assert (notice.cancel is None) == (found.get("Cancel", OURS) is None)
