"""
What the portal is told of its changes and cancels, and that no change can keep us from telling.
"""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given

from adapters.inbound.web import WebAdapter
from adapters.kit import Stamp
from adapters.kit.specimens import AT, notices
from canonical.amendments import CancelTask, ChangeKind, Piece, PieceState, TaskState
from canonical.errors import Fault
from canonical.notices import NoticeKind
from tests.adapters.amendments import amendment_of, applied, change_of, notices_of_changes, quote, refused
from tests.adapters.catalogue import WEB_PORTAL
from tests.adapters.tmf import TMF622_V5, Specification
from tests.adapters.web_orders import FIXTURES, read

STAMP = Stamp(at=AT, endpoint=WEB_PORTAL)
ORDER = read((FIXTURES / "handset.json").read_bytes())
HANDSET, CASE = ORDER.order.product_order_item
NOTICES = notices(ORDER.order, ORDER.origin)
MORE = change_of(ChangeKind.CHANGE, msgspec.structs.replace(HANDSET, quantity=3), fields=("quantity",))
LESS = change_of(ChangeKind.REMOVE, CASE)


def told(kind, **said):
    """The JSON that the portal gets for a notice about the handset order."""
    notice = msgspec.structs.replace(NOTICES[kind.value], origin=None, **said)
    return json.loads(WebAdapter().render(notice, STAMP).body)


class TestTold:
    def test_a_settled_change(self):
        """The order as it is now, and what became of each piece of the change."""
        amendment = amendment_of("web.portal", applied(MORE), refused(LESS, number=2), document="P-1", base=2)
        event = told(NoticeKind.CHANGED, amendment=amendment)
        found = event["event"]["amendment"]

        assert "ProductOrderAttributeValueChangeEvent" == event["@type"] == event["eventType"]
        assert ("partlyApplied", "P-1", 2, "web") == (
            found["state"],
            found["requestId"],
            found["version"],
            found["channel"]["id"],
        )
        assert [("applied", None), ("refused", "E_TOO_LATE")] == [
            (one["state"], one.get("error", {}).get("code")) for one in found["piece"]
        ]
        first, second = (one["change"][0] for one in found["piece"])
        assert ("change", ["quantity"], "1", 3) == (
            first["kind"],
            first["field"],
            first["item"]["productOrderItemId"],
            first["productOrderItem"]["quantity"],
        )
        assert ("remove", "2", False) == (
            second["kind"],
            second["item"]["productOrderItemId"],
            "productOrderItem" in second,
        )
        assert event["correlationId"] == event["event"]["productOrder"]["id"]

    def test_a_change_by_somebody_else(self):
        """Their channel is told, not who sat there."""
        found = told(NoticeKind.CHANGED, amendment=amendment_of("callcenter.desk", applied(MORE)))

        assert {"@type": "ChannelRef", "id": "callcenter"} == found["event"]["amendment"]["channel"]

    def test_a_quote(self):
        """What it costs, until when it stands, why, and the number to be given back."""
        event = told(NoticeKind.INFORMATION_REQUIRED, amendment=amendment_of("web.portal", quote(MORE)))
        [piece] = event["event"]["amendment"]["piece"]

        assert "ProductOrderInformationRequiredEvent" == event["eventType"]
        assert ("Q-1", {"unit": "USD", "value": 30.0}, "2026-09-03T12:30:15Z", "E_CHARGE") == (
            piece["question"],
            piece["charge"],
            piece["answerBy"],
            piece["error"]["code"],
        )
        assert (
            b'"value":30.00}'
            in WebAdapter()
            .render(
                msgspec.structs.replace(
                    NOTICES["information-required"], amendment=amendment_of("web.portal", quote(MORE))
                ),
                STAMP,
            )
            .body
        )

    def test_a_question_that_is_settled_is_not_asked_again(self):
        """Its number is of no use any more."""
        late = msgspec.structs.replace(quote(MORE), state=PieceState.LAPSED)
        [piece] = told(NoticeKind.CHANGED, amendment=amendment_of("web.portal", late))["event"]["amendment"][
            "piece"
        ]

        assert ("lapsed", False) == (piece["state"], "question" in piece)

    def test_a_draft_was_made_of_what_came_too_late(self):
        """It is related to the order as its follow-on."""
        amendment = amendment_of("web.portal", refused(MORE, follow_on="OL7"))
        [piece] = told(NoticeKind.CHANGED, amendment=amendment)["event"]["amendment"]["piece"]

        assert [{"@type": "OrderRelationship", "id": "OL7", "relationshipType": "followOn"}] == (
            piece["orderRelationship"]
        )

    def test_the_order_as_a_whole(self):
        """A change of its own fields names no item."""
        whole = applied(change_of(ChangeKind.ORDER, fields=("requestedCompletionDate",)))
        [piece] = told(NoticeKind.CHANGED, amendment=amendment_of("web.portal", whole))["event"]["amendment"][
            "piece"
        ]

        assert [
            {"@type": "ProductOrderAmendmentChange", "kind": "order", "field": ["requestedCompletionDate"]}
        ] == piece["change"]

    @pytest.mark.parametrize(
        ("state", "effective"), [(TaskState.DONE, True), (TaskState.TERMINATED_WITH_ERROR, False)]
    )
    def test_a_cancel(self, state, effective):
        """The task with its state; refused, with the parts that are past their point of no return."""
        task = CancelTask(
            id="X-1",
            endpoint="web.portal",
            at=AT,
            state=state,
            reason="cheaper",
            items=("2",),
            past=("warehouse",),
            fault=Fault(code="E_TOO_LATE", what="it was shipped"),
        )
        event = told(NoticeKind.CHANGED, cancel=task)
        found = event["event"]["cancelProductOrder"]

        assert "CancelProductOrderStateChangeEvent" == event["eventType"]
        assert (state.value, effective, "cheaper", ["warehouse"], "E_TOO_LATE", "all") == (
            found["state"],
            "effectiveCancellationDate" in found,
            found["cancellationReason"],
            found["past"],
            found["error"]["code"],
            found["scope"],
        )
        assert event["event"]["productOrder"]["id"] == found["productOrder"]["id"]
        assert ["2"] == [one["productOrderItemId"] for one in found["productOrderItem"]]

    def test_two_changes_at_one_moment_are_two_events(self):
        """Order, version, kind and instant are the same; the changes are not."""
        first, second = (
            told(
                NoticeKind.CHANGED,
                amendment=msgspec.structs.replace(amendment_of("web.portal", applied(MORE)), id=id_),
            )
            for id_ in ("A-1", "A-2")
        )

        assert first["eventId"] != second["eventId"]

    def test_what_was_taken_and_is_refused_later(self):
        """A change whose order never came: the acknowledgement could not say it."""
        fault = Fault(code="E_NOT_FOUND", what="no order has come by 'C-2291-07'")
        amendment = msgspec.structs.replace(amendment_of("web.portal"), document="P-2")
        notice = msgspec.structs.replace(NOTICES["rejected"], origin=None, fault=fault, amendment=amendment)
        error = json.loads(WebAdapter().render(notice, STAMP).body)

        assert ("E_NOT_FOUND", "404") == (error["code"], error["status"])
        assert error["message"].startswith("'P-2' refused: no order has come")


CHANGE, CANCEL = (read((FIXTURES / f"{name}.json").read_bytes()) for name in ("change", "cancel"))
ORIGINS = (CHANGE.origin, CANCEL.origin, None)


class TestWhateverAChangeSays:
    @given(notices_of_changes(ORDER.order, ORDER.origin, ORIGINS))
    def test_it_is_told(self, notice):
        """As one JSON document, with the order in it."""
        native = WebAdapter().render(notice, STAMP)
        event = json.loads(native.body)

        assert native.summary.isprintable()
        assert notice.order.id == event["event"]["productOrder"]["id"]
        assert (notice.amendment is None or notice.cancel is not None) or "amendment" in event["event"]


if TMF622_V5.exists():
    V5 = Specification(TMF622_V5)
    # What v5 has no place for; it calls its own place for a cancel canccelProductOrder.
    OURS = {
        "ProductOrder.place",
        "ProductOrder.version",
        "ProductOrder.progress",
        "GeographicAddress.name",
        "ProductOrderAttributeValueChangePayload.amendment",
        "CancelProductOrderStateChangeEventPayload.cancelProductOrder",
        "CancelProductOrderStateChangeEventPayload.productOrder",
    }

    class TestTmf622:
        def test_a_patch_is_one_of_an_order(self):
            """What is said of the order is what TMF622 lets a PATCH say; null no schema knows."""
            assert [] == V5.faults(
                "ProductOrder_MVO", json.loads((FIXTURES / "change.json").read_bytes())["productOrder"]
            )

        @pytest.mark.parametrize("name", ["cancel"])
        def test_a_cancel_is_the_task(self, name):
            """As it is created."""
            document = json.loads((FIXTURES / f"{name}.json").read_bytes())

            assert [] == V5.faults("CancelProductOrder_FVO", document)
            assert set() == V5.strays("CancelProductOrder_FVO", document)

        def test_events(self):
            """What stands beside the order is no fault of it."""
            task = CancelTask(id="X-1", endpoint="web.portal", at=AT, state=TaskState.DONE)
            piece = Piece(number=1, changes=(MORE,), state=PieceState.APPLIED)
            for event in (
                told(NoticeKind.CHANGED, amendment=amendment_of("web.portal", piece)),
                told(NoticeKind.CHANGED, cancel=task),
                told(NoticeKind.INFORMATION_REQUIRED, amendment=amendment_of("web.portal", quote(MORE))),
            ):
                assert [] == V5.faults(event["eventType"], event)
            changed_, cancelled = (
                told(NoticeKind.CHANGED, amendment=amendment_of("web.portal", piece)),
                told(NoticeKind.CHANGED, cancel=task),
            )
            assert V5.strays(changed_["eventType"], changed_) <= OURS
            assert V5.strays(cancelled["eventType"], cancelled) <= OURS
            found = cancelled["event"]["cancelProductOrder"]
            assert [] == V5.faults("CancelProductOrder", found)
            assert {"CancelProductOrder.scope"} == V5.strays("CancelProductOrder", found)
