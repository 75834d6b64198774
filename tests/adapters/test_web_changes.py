"""
What the portal asks of a running order, and what may be wrong with it.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Stamp
from adapters.kit.specimens import AT
from canonical.amendments import CancelScope, ItemPatch, OrderPatch, Scope
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef, RejectedDocument
from canonical.notices import Intake, Outcome, Verdict
from canonical.order import (
    Address,
    Characteristic,
    ItemPrice,
    ItemRelationship,
    Money,
    Note,
    OfferingRef,
    Place,
)
from tests.adapters.catalogue import WEB_PORTAL
from tests.adapters.web_orders import FIXTURES, GONE, changed, read

CHANGE = json.loads((FIXTURES / "change.json").read_bytes())
CANCEL = json.loads((FIXTURES / "cancel.json").read_bytes())
ANSWER = json.loads((FIXTURES / "answer.json").read_bytes())
STAMP = Stamp(at=AT, endpoint=WEB_PORTAL)
ITEM = "productOrder.productOrderItem.0"
PLACE = "$.productOrder.productOrderItem[0]"


def sample(name):
    """The command of a sample."""
    return read((FIXTURES / f"{name}.json").read_bytes())


def patched(**said):
    """The command of a change whose one item says this."""
    document = copy.deepcopy(CHANGE)
    document["productOrder"] = {"productOrderItem": [{"id": "1"} | said]}
    return read(document)


class TestChange:
    def test_what_it_is(self):
        """A merge patch of an order, under a number of its own, made from the version that was last seen."""
        found = sample("change")

        assert isinstance(found, AmendOrder)
        assert (Scope.DELTA, None, OrderRef(value="C-2291-08"), 1, False) == (
            found.scope,
            found.order,
            found.about,
            found.base,
            found.atomic,
        )
        assert ("ProductOrderPatchRequest", "P-1") == (found.origin.document_type, found.origin.document)

    def test_items_are_known_by_their_ids(self):
        """One that is there changes, a new one comes; those that are not named stay."""
        found = sample("change")

        assert (ItemPatch(item="1", quantity=3),) == found.change
        assert [("2", "ROUTER-AX", "device")] == [
            (one.id, one.product_offering.id, one.category) for one in found.add
        ]
        assert OrderPatch(requested_completion_date=datetime(2026, 9, 11, 18, tzinfo=UTC)) == found.fields

    def test_everything_that_can_be_said(self):
        """What the hub says itself is passed over; null takes away; an item that goes is named only."""
        found = sample("change-all-kinds")
        price = ItemPrice(price_type="oneTime", price=Money(value=Decimal("499.90"), unit="USD"))
        mill = Address(street="1 Mill Lane", city="Salem", country="US")

        assert (2, True) == (found.base, found.atomic)
        assert (
            ItemPatch(
                item="1",
                product_offering=OfferingRef(id="HANDSET-A", name="Handset A, black"),
                product_characteristic=(Characteristic(name="colour", value="red"),),
                removed_characteristic=("engraving",),
                item_price=(price,),
            ),
        ) == found.change
        assert ("2", "3") == found.remove
        assert [("5", 2, (ItemRelationship(id="1", relationship_type="reliesOn"),))] == [
            (one.id, one.quantity, one.product_order_item_relationship) for one in found.add
        ]
        assert (
            OrderPatch(
                priority="1",
                note=(Note(text="ring twice"),),
                place=(Place(role="deliveryAddress", place=mill),),
            )
            == found.fields
        )

    def test_a_change_that_may_come_before_its_order(self):
        """Named by the number that the order itself has at the portal, it can be waited for."""
        assert OrderRef(value="C-2291-07", type="ProductOrder") == sample("change-all-kinds").about

    @pytest.mark.parametrize(
        ("said", "patch"),
        [
            ({"itemPrice": None}, ItemPatch(item="1", item_price=())),
            ({"product": {"place": None}}, ItemPatch(item="1", place=())),
            ({"note": [{"text": "gift"}]}, ItemPatch(item="1", note=(Note(text="gift"),))),
            ({"action": "modify", "quantity": 2, "state": "held"}, ItemPatch(item="1", quantity=2)),
        ],
    )
    def test_one_thing_of_an_item(self, said, patch):
        """What is not said stays; null empties a list."""
        assert (patch,) == patched(**said).change

    @pytest.mark.parametrize(
        ("said", "fields"),
        [
            ({"place": None}, OrderPatch(place=())),
            ({"relatedParty": None}, OrderPatch(related_party=())),
            ({"priority": None}, OrderPatch(priority="")),
        ],
    )
    def test_what_can_be_taken_away_of_an_order(self, said, fields):
        """null, as RFC 7396 has it."""
        assert fields == read(CHANGE | {"productOrder": said}).fields


class TestCancel:
    def test_the_whole_order(self):
        """TMF622's task; without a number of its own, the order is its number."""
        found = sample("cancel")

        assert isinstance(found, CancelOrder)
        assert (OrderRef(value="C-2291-08"), (), CancelScope.ALL, "found it cheaper") == (
            found.about,
            found.items,
            found.scope,
            found.reason,
        )
        assert ("CancelProductOrder", "C-2291-08") == (found.origin.document_type, found.origin.document)

    def test_items_as_far_as_possible(self):
        """What TMF622's task does not have."""
        found = sample("cancel-item")

        assert (("2",), CancelScope.WHAT_IS_POSSIBLE, "X-2") == (
            found.items,
            found.scope,
            found.origin.document,
        )


class TestAnswer:
    @pytest.mark.parametrize("accepted", [True, False])
    def test_yes_or_no(self, accepted):
        """The quote is the number of its answer: the same twice is one."""
        found = read(ANSWER | {"accepted": accepted, "text": "as you say"})

        assert isinstance(found, Answer)
        assert (OrderRef(value="C-2291-08"), "Q-1", accepted, "as you say", "Q-1") == (
            found.about,
            found.question,
            found.accepted,
            found.text,
            found.origin.document,
        )


class TestBadInput:
    @pytest.mark.parametrize(
        ("path", "value", "code", "where"),
        [
            pytest.param("requestId", GONE, "E_MISSING", "$.requestId", id="no number"),
            pytest.param("requestId", "a b", "E_KEY_FORMAT", "$.requestId", id="number with a blank"),
            pytest.param("orderId", GONE, "E_MISSING", "$.orderId", id="no order"),
            pytest.param("externalId", [{"id": "C-1"}], "E_VALUE", "$.externalId", id="two names for it"),
            pytest.param("version", 0, "E_RANGE", "$.version", id="version"),
            pytest.param("version", "1", "E_TYPE", "$.version", id="version as text"),
            pytest.param("atomic", "yes", "E_TYPE", "$.atomic", id="atomic"),
            pytest.param("items", [], "E_UNKNOWN", "$.items", id="unknown property"),
            pytest.param("productOrder", GONE, "E_MISSING", "$.productOrder", id="no patch"),
            pytest.param("productOrder", {}, "E_NO_ORDER", "$.productOrder", id="empty patch"),
            pytest.param("productOrder", [], "E_TYPE", "$.productOrder", id="a JSON patch"),
            pytest.param(
                "productOrder.requestedCompletionDate",
                None,
                "E_VALUE",
                "$.productOrder.requestedCompletionDate",
                id="no date any more",
            ),
            pytest.param(
                "productOrder.externalId", [], "E_UNKNOWN", "$.productOrder.externalId", id="another number"
            ),
            pytest.param(
                "productOrder.description", "x", "E_UNKNOWN", "$.productOrder.description", id="would be lost"
            ),
            pytest.param(
                "productOrder.productOrderItem",
                [],
                "E_MISSING",
                "$.productOrder.productOrderItem",
                id="no items",
            ),
            pytest.param(
                "productOrder.productOrderItem",
                None,
                "E_VALUE",
                "$.productOrder.productOrderItem",
                id="all items away",
            ),
            pytest.param(f"{ITEM}.id", GONE, "E_MISSING", f"{PLACE}.id", id="an item without an id"),
            pytest.param(f"{ITEM}.quantity", None, "E_VALUE", f"{PLACE}.quantity", id="no quantity any more"),
            pytest.param(f"{ITEM}.quantity", 0, "E_RANGE", f"{PLACE}.quantity", id="down to nothing"),
            pytest.param(f"{ITEM}.quantity", GONE, "E_NO_ORDER", PLACE, id="nothing of an item"),
            pytest.param(f"{ITEM}.action", "swap", "E_ACTION", f"{PLACE}.action", id="action"),
            pytest.param(
                f"{ITEM}.action", "delete", "E_ACTION", f"{PLACE}.quantity", id="what goes says more"
            ),
            pytest.param(f"{ITEM}.action", "add", "E_MISSING", f"{PLACE}.productOffering", id="what comes"),
            pytest.param(
                f"{ITEM}.productOffering",
                {"id": "X"},
                "E_OFFERING",
                f"{PLACE}.productOffering.id",
                id="offering",
            ),
            pytest.param(
                f"{ITEM}.productOrderItemRelationship",
                [],
                "E_UNKNOWN",
                f"{PLACE}.productOrderItemRelationship",
                id="a relationship of an item that is there",
            ),
            pytest.param(
                f"{ITEM}.product", {"id": "P-1"}, "E_UNKNOWN", f"{PLACE}.product.id", id="another product"
            ),
            pytest.param(
                f"{ITEM}.product",
                {"productCharacteristic": [{"name": "colour"}]},
                "E_MISSING",
                f"{PLACE}.product.productCharacteristic[0].value",
                id="a property without a value",
            ),
            pytest.param(
                "productOrder.productOrderItem.1.id",
                "1",
                "E_DUPLICATE_LINE",
                "$.productOrder.productOrderItem[1].id",
                id="an item twice",
            ),
        ],
    )
    def test_changes(self, path, value, code, where):
        """One fault, with the path to it; the answer names the request."""
        found = read(changed(path, value, CHANGE))

        assert isinstance(found, RejectedDocument)
        assert (code, where) == (found.fault.code, found.fault.where)
        assert "ProductOrderPatchRequest" == found.origin.document_type

    def test_more_than_may_be_ordered(self):
        """The limit is that of the offering, when the change names one."""
        found = patched(quantity=101, productOffering={"id": "CASE-01"})

        assert ("E_RANGE", f"{PLACE}.quantity") == (found.fault.code, found.fault.where)
        assert 101 == patched(quantity=101).change[0].quantity

    @pytest.mark.parametrize(
        ("path", "value", "code", "where"),
        [
            pytest.param("productOrder", GONE, "E_MISSING", "$.productOrder", id="no order"),
            pytest.param("productOrder.id", GONE, "E_MISSING", "$.productOrder.id", id="no id of it"),
            pytest.param("scope", "some", "E_VALUE", "$.scope", id="scope"),
            pytest.param("reason", "x", "E_UNKNOWN", "$.reason", id="unknown property"),
            pytest.param(
                "requestedCancellationDate",
                "2026-12-01T00:00:00Z",
                "E_ACTION",
                "$.requestedCancellationDate",
                id="on a later day",
            ),
            pytest.param(
                "productOrderItem",
                [{"id": "1"}],
                "E_UNKNOWN",
                "$.productOrderItem[0].id",
                id="an item that is no reference",
            ),
        ],
    )
    def test_cancels(self, path, value, code, where):
        """One fault, with the path to it."""
        found = read(changed(path, value, CANCEL))

        assert (code, where) == (found.fault.code, found.fault.where)

    @pytest.mark.parametrize(
        ("path", "value", "code", "where"),
        [
            pytest.param("question", GONE, "E_MISSING", "$.question", id="no quote"),
            pytest.param("orderId", GONE, "E_MISSING", "$.orderId", id="no order"),
            pytest.param("accepted", GONE, "E_MISSING", "$.accepted", id="neither yes nor no"),
            pytest.param("accepted", "yes", "E_TYPE", "$.accepted", id="yes in words"),
        ],
    )
    def test_answers(self, path, value, code, where):
        """One fault, with the path to it."""
        found = read(changed(path, value, ANSWER))

        assert (code, where) == (found.fault.code, found.fault.where)

    def test_the_error_names_the_request(self):
        """By its number, though something else is wrong with it."""
        found = read(changed("version", 0, CHANGE))
        verdict = Verdict(origin=found.origin, outcome=Outcome.REJECTED, fault=found.fault)
        intake = Intake(endpoint="web.portal", channel="web", envelope="e", verdicts=(verdict,))
        error = json.loads(WebAdapter().acknowledge(intake, STAMP).body)

        assert error["message"].startswith("ProductOrderPatchRequest P-1 refused: $.version: ")
