from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Native
from canonical.commands import AskStatus, OrderRef, RejectedDocument, SaveDraft, SubmitOrder
from canonical.keys import content_hash
from canonical.order import (
    Address,
    Characteristic,
    ExternalId,
    ItemPrice,
    ItemRelationship,
    Money,
    Note,
    OfferingRef,
    PartyRef,
    Place,
    RelatedParty,
)
from canonical.references import Endpoint, References
from canonical.states import Action
from tests.adapters.catalogue import OFFERINGS, WEB_PORTAL
from tests.adapters.web_orders import FIXTURES, HANDSET, changed, read


def first_item(document):
    return read(document).order.product_order_item[0]


class TestOrigin:
    def test_the_only_endpoint_of_the_channel(self):
        """The bytes name no sender: it is the one endpoint that the channel has."""
        assert "web.portal" == read(HANDSET).origin.endpoint

    def test_the_envelope_is_the_hash_of_the_bytes(self):
        """The same bytes again are the same envelope."""
        body = json.dumps(HANDSET).encode()

        assert content_hash(body) == read(body).origin.envelope

    def test_the_business_key_is_the_first_external_id(self):
        """Document type and number are what the portal calls them."""
        origin = read(HANDSET).origin

        assert ("ProductOrder", "C-2291-07") == (origin.document_type, origin.document)

    def test_a_refused_order_is_named_all_the_same(self):
        """The answer can say which order it was."""
        rejected = read(changed("productOrderItem.0.quantity", -1))

        assert isinstance(rejected, RejectedDocument)
        assert ("web.portal", "C-2291-07") == (rejected.origin.endpoint, rejected.origin.document)

    def test_bytes_that_are_nothing_still_come_from_the_portal(self):
        """Whoever sends rubbish is told so."""
        rejected = read(b"\x00\x01")

        assert isinstance(rejected, RejectedDocument)
        assert "web.portal" == rejected.origin.endpoint

    def test_two_endpoints_cannot_be_told_apart(self):
        """With a second endpoint on the channel nobody can say who sent it."""
        second = Endpoint(id="web.other", channel="web", out_queue="channel.web.other.out")
        references = References.of("test", OFFERINGS, (WEB_PORTAL, second))
        native = Native(body=json.dumps(HANDSET).encode(), content_type="")
        [rejected] = WebAdapter().translate(native, references)

        assert isinstance(rejected, RejectedDocument)
        assert ("", "E_IDENTITY") == (rejected.origin.endpoint, rejected.fault.code)


class TestOrder:
    def test_ids(self):
        """Ids keep their owner and their kind."""
        expected = (
            ExternalId(owner="web", external_identifier_type="cartId", id="C-2291-07"),
            ExternalId(owner="store.0117", external_identifier_type="posTxn", id="0117/3/1844"),
        )

        assert expected == read(HANDSET).order.external_id

    def test_an_id_is_the_webs_unless_it_says_otherwise(self):
        """Owner and kind of the first id may be left out."""
        [first] = read((FIXTURES / "smallest.json").read_bytes()).order.external_id

        assert ExternalId(owner="web", external_identifier_type="orderId", id="0" * 29 + "1") == first

    def test_instants_are_utc(self):
        """Zones are honoured and left behind."""
        order = read(HANDSET).order

        assert datetime(2026, 9, 1, 6, tzinfo=UTC) == order.requested_start_date
        assert datetime(2026, 9, 4, 18, tzinfo=UTC) == order.requested_completion_date

    def test_customer(self):
        """The customer is a party in v5's shape."""
        expected = (
            RelatedParty(role="customer", party_or_party_role=PartyRef(id="CUST-8810", name="Ada King")),
        )

        assert expected == read(HANDSET).order.related_party

    def test_an_address(self):
        """The parts of the street become one line."""
        expected = Place(
            role="deliveryAddress",
            place=Address(
                name="Ada King",
                street="12 Harbour Street",
                city="Springfield",
                state_or_province="OR",
                postcode="97477",
                country="US",
            ),
        )

        assert (expected,) == read(HANDSET).order.place

    def test_a_place_by_reference(self):
        """A known place needs its id only; it stays with its item."""
        [bundle] = read((FIXTURES / "home-bundle.json").read_bytes()).order.product_order_item
        internet, _ = bundle.product_order_item

        assert (Place(role="installationAddress", place=Address(id="SITE-77120")),) == internet.product.place

    def test_bundles_nest(self):
        """Items inside a bundle stay inside it, each with the category of its own offering."""
        [bundle] = read((FIXTURES / "home-bundle.json").read_bytes()).order.product_order_item

        assert "bundle" == bundle.category
        assert [("10.1", "internet"), ("10.2", "device")] == [
            (item.id, item.category) for item in bundle.product_order_item
        ]

    def test_name_and_category_are_the_catalogues(self):
        """What the portal calls an offering does not matter."""
        item = first_item(HANDSET)

        assert OfferingRef(id="HANDSET-A", name="Handset A, black") == item.product_offering
        assert "device" == item.category

    def test_quantity_is_one_unless_said(self):
        """An item without a quantity is one."""
        assert 1 == first_item((FIXTURES / "smallest.json").read_bytes()).quantity

    @pytest.mark.parametrize("action", ["add", "modify", "delete", "noChange"])
    def test_actions(self, action):
        """TMF622's four actions are the hub's."""
        assert Action(action) == first_item(changed("productOrderItem.0.action", action)).action

    def test_relationships(self):
        """An item may rely on another of the same order, before or after it."""
        case = read(HANDSET).order.product_order_item[1]

        assert (ItemRelationship(id="1", relationship_type="reliesOn"),) == (
            case.product_order_item_relationship
        )

    def test_prices_keep_their_digits(self):
        """The amount without duty is kept to the digit; 499.90 is not 499.9."""
        expected = (
            ItemPrice(price_type="oneTime", price=Money(value=Decimal("499.90"), unit="USD"), name="Handset"),
            ItemPrice(
                price_type="recurring",
                price=Money(value=Decimal(4), unit="USD"),
                name="Insurance",
                recurring_charge_period="month",
            ),
        )
        prices = first_item((FIXTURES / "handset.json").read_bytes()).item_price

        assert expected == prices
        assert "499.90" == str(prices[0].price.value)

    def test_notes_have_lines(self):
        """A note may be longer than a line."""
        expected = (Note(author="Ada King", text="Please ring twice.\nThe bell is old."),)

        assert expected == first_item(HANDSET).note

    @pytest.mark.parametrize(
        ("given", "text", "kind"),
        [
            pytest.param({"@type": "StringCharacteristic", "value": "black"}, "black", "string", id="string"),
            pytest.param({"@type": "BooleanCharacteristic", "value": True}, "true", "boolean", id="boolean"),
            pytest.param({"@type": "IntegerCharacteristic", "value": 256}, "256", "integer", id="integer"),
            pytest.param({"@type": "NumberCharacteristic", "value": 2}, "2", "number", id="whole number"),
            pytest.param({"@type": "FloatCharacteristic", "value": 0.5}, "0.5", "float", id="float"),
            pytest.param(
                {"@type": "IntegerArrayCharacteristic", "value": [1, 2]},
                "[1,2]",
                "integerArray",
                id="integers",
            ),
            pytest.param(
                {"@type": "StringArrayCharacteristic", "value": []}, "[]", "stringArray", id="empty array"
            ),
            pytest.param(
                {"@type": "ObjectCharacteristic", "value": {"a": [1]}}, '{"a":[1]}', "object", id="object"
            ),
            pytest.param({"value": "x"}, "x", "string", id="untyped string"),
            pytest.param({"value": False}, "false", "boolean", id="untyped boolean"),
            pytest.param({"value": ["x"]}, '["x"]', "stringArray", id="untyped array"),
            pytest.param({"value": "1", "valueType": "xs:int"}, "1", "xs:int", id="type by name"),
            pytest.param({"@type": "ShopCharacteristic", "value": 7}, "7", "integer", id="type of their own"),
        ],
    )
    def test_characteristics_are_text(self, given, text, kind):
        """Every kind of value becomes text, with its kind beside it."""
        document = changed("productOrderItem.0.product.productCharacteristic", [{"name": "n"} | given])

        expected = (Characteristic(name="n", value=text, value_type=kind),)
        assert expected == first_item(document).product.product_characteristic

    def test_numbers_in_characteristics_keep_their_digits(self):
        """Weights and prices in characteristics do not pass through binary fractions."""
        product = first_item((FIXTURES / "handset.json").read_bytes()).product

        assert "0.170" == product.value("weightKg")
        assert '{"text":"Für A. K.","size":1.50}' == product.value("engraving")

    @pytest.mark.parametrize(
        "name",
        [
            "state",
            "href",
            "creationDate",
            "orderDate",
            "expectedCompletionDate",
            "channel",
            "@baseType",
            "@note",
        ],
    )
    def test_what_portals_send_along_is_passed_over(self, name):
        """What the hub says itself, and what begins with @, changes nothing."""
        assert read(HANDSET).order == read(HANDSET | {name: "whatever"}).order

    def test_null_is_as_good_as_absent(self):
        """Portals write null for what they do not know."""
        assert "" == read(changed("description", None)).order.description

    def test_a_draft_is_kept_and_the_standard_s_default_may_be_said(self):
        """By ``requestedInitialState``."""
        assert isinstance(read(HANDSET | {"requestedInitialState": "draft"}), SaveDraft)
        assert isinstance(read(HANDSET | {"requestedInitialState": "acknowledged"}), SubmitOrder)


class TestQuestion:
    def test_by_any_id(self):
        """A question names the order by whichever id the portal has."""
        asked = read({"@type": "ProductOrderStatusRequest", "orderId": "C-2291-07"})

        assert isinstance(asked, AskStatus)
        assert OrderRef(value="C-2291-07") == asked.about
        assert "ProductOrderStatusRequest" == asked.origin.document_type

    def test_questions_have_numbers(self):
        """A number sets a question apart from the same question before."""
        asked = read({"@type": "ProductOrderStatusRequest", "orderId": "C-2291-07", "requestId": "Q-7"})

        assert "Q-7" == asked.origin.document

    @pytest.mark.parametrize(
        ("changes", "code", "where"),
        [
            ({}, "E_MISSING", "$.orderId"),
            ({"orderId": ""}, "E_MISSING", "$.orderId"),
            ({"orderId": 7}, "E_TYPE", "$.orderId"),
            ({"orderId": "\u202eX"}, "E_KEY_FORMAT", "$.orderId"),
            ({"orderId": "X", "fields": "state"}, "E_UNKNOWN", "$.fields"),
        ],
    )
    def test_bad_questions(self, changes, code, where):
        """A question is as strict as an order."""
        refused = read({"@type": "ProductOrderStatusRequest"} | changes)

        assert (code, where) == (refused.fault.code, refused.fault.where)
