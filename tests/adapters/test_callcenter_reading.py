from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from canonical.commands import AmendOrder, AskStatus, CancelOrder, SaveDraft, Scope, SubmitOrder
from canonical.order import Address, Characteristic, PartyRef
from canonical.states import Action
from tests.adapters.callcenters import ONE, SAMPLES, TWO, line, message, order, read


def one(body, references=ONE):
    [found] = read(body, references)
    return found


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        ("said", "kind", "type_", "document"),
        [
            pytest.param({"Status": "Pending"}, SubmitOrder, "SWIOrder", "1-7", id="a new order"),
            pytest.param(
                {"Status": "Open", "Revision": "1"}, SubmitOrder, "SWIOrder", "1-7", id="first revision"
            ),
            pytest.param({"Revision": "2"}, AmendOrder, "SWIOrderRevision", "1-7/2", id="a higher one"),
            pytest.param({"Status": "Cancelled"}, CancelOrder, "SWIOrderCancel", "1-7", id="a cancel"),
            pytest.param({"HoldFlag": "Y"}, SaveDraft, "SWIOrder", "1-7", id="held back by the agent"),
            pytest.param({"HoldFlag": "N"}, SubmitOrder, "SWIOrder", "1-7", id="not held back"),
        ],
    )
    def test_status_revision_and_flag_decide(self, said, kind, type_, document):
        """
        Each kind of wish has a key of its own, so that none is taken for a repetition of another.
        """
        found = one(message(order(**said)))

        assert (kind, type_, document) == (type(found), found.origin.document_type, found.origin.document)

    def test_a_revision_is_the_whole_order_once_more(self):
        """
        It names the order by the call centre's own number.
        """
        found = one(SAMPLES["revision"])

        assert (Scope.WHOLE, "1-70030", "SWIOrder") == (found.scope, found.about.value, found.about.type)
        assert [3] == [item.quantity for item in found.order.product_order_item]

    def test_a_cancel_needs_no_items(self):
        """
        It has the agent's reason.
        """
        found = one(SAMPLES["cancel"])

        assert ("1-70031", "customer moved away") == (found.about.value, found.reason)

    def test_a_question(self):
        """
        By any number that the order is known by.
        """
        found = one(SAMPLES["question"])

        assert (AskStatus, "1-70021", "") == (type(found), found.about.value, found.about.type)

    def test_several_orders_are_several_documents(self):
        """
        In one envelope, numbered from 1, in SOAP 1.2 as in 1.1.
        """
        found = read(SAMPLES["two-orders"])

        assert [(1, "1-70030"), (2, "1-70031")] == [(o.origin.position, o.origin.document) for o in found]
        assert {"1.2"} == {o.origin.details["soap"] for o in found}
        assert 1 == len({o.origin.envelope for o in found})

    def test_the_sender_stands_in_the_header_when_there_are_several(self):
        """
        A From of WS-Addressing; it may have to be understood, and is.
        """
        header = (
            '<s:Header><w:From xmlns:w="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1">'
            "<w:Address>urn:other</w:Address></w:From></s:Header>"
        )

        assert "callcenter.other" == one(message(header=header), TWO).origin.endpoint
        assert "callcenter.desk" == one(message()).origin.endpoint

    def test_where_to_answer_is_not_the_senders_to_say(self):
        """
        V-10: a ReplyTo changes nothing, and one that must be understood is not understood.
        """
        header = (
            '<s:Header><w:ReplyTo xmlns:w="http://www.w3.org/2005/08/addressing"{must}>'
            "<w:Address>http://127.0.0.1:9/told</w:Address></w:ReplyTo></s:Header>"
        )
        told, plain = one(message(header=header.format(must=""))), one(message())
        must = one(message(header=header.format(must=' s:mustUnderstand="1"')))

        assert plain.order == told.order
        assert plain.origin.details == told.origin.details
        assert ("E_SOAP", "/s:Envelope/s:Header[1]/w:ReplyTo[1]") == (
            must.fault.code,
            must.fault.where.partition(" ")[0],
        )


class TestContent:
    def test_the_order_as_a_whole(self):
        """
        Customer, address, date in the endpoint's zone, priority, note, both its numbers.
        """
        found = one(SAMPLES["home-bundle"]).order

        assert datetime(2026, 9, 14, 22, 30, tzinfo=UTC) == found.requested_completion_date
        assert PartyRef(id="1-A88", name="Zoë King") == found.party("customer")
        assert [
            ("deliveryAddress", Address(street="4 Mill Lane", city="Austin", state_or_province="TX",
                                        postcode="78701", country="US"))
        ] == [(place.role, place.place) for place in found.place]  # fmt: skip
        assert ("1", "Calls back on Monday.\nDog in the yard.") == (found.priority, found.note[0].text)
        assert [("orderNumber", "1-70021"), ("rowId", "1-4KQ7")] == [
            (one.external_identifier_type, one.id) for one in found.external_id
        ]

    def test_a_bundle_holds_whoever_names_it_as_parent(self):
        """
        Line numbers are the items' ids, row ids are the endpoint's own.
        """
        [bundle] = one(SAMPLES["home-bundle"]).order.product_order_item

        assert ("1", "1-L21", "BUNDLE-HOME", "bundle") == (
            bundle.id, bundle.line_ref, bundle.product_offering.id, bundle.category,
        )  # fmt: skip
        assert [("1.1", "INTERNET-500"), ("1.2", "ROUTER-AX")] == [
            (item.id, item.product_offering.id) for item in bundle.product_order_item
        ]

    def test_attributes_are_characteristics(self):
        """
        With their type; one that is taken away is not there any more.
        """
        [bundle] = one(SAMPLES["home-bundle"]).order.product_order_item
        product = bundle.product_order_item[0].product

        assert (Characteristic(name="Download Speed", value="500", value_type="integer"),) == (
            product.product_characteristic
        )
        assert [("installationAddress", "4 Mill Lane")] == [(p.role, p.place.street) for p in product.place]

    def test_prices(self):
        """
        In the order's currency, else the endpoint's.
        """
        [bundle] = one(SAMPLES["home-bundle"]).order.product_order_item
        [price] = bundle.product_order_item[0].item_price
        [euro] = one(message(order(line(NetPrice="-5.00"), CurrencyCode="EUR"))).order.product_order_item

        assert ("recurring", Decimal("39.90"), "USD") == (
            price.price_type,
            price.price.value,
            price.price.unit,
        )
        assert ("oneTime", "EUR") == (euro.item_price[0].price_type, euro.item_price[0].price.unit)

    @pytest.mark.parametrize(
        ("word", "action"),
        [
            ("Add", Action.ADD), ("Update", Action.MODIFY), ("Modify", Action.MODIFY),
            ("Delete", Action.DELETE), ("Existing", Action.NO_CHANGE), ("-", Action.NO_CHANGE),
        ],
    )  # fmt: skip
    def test_actions(self, word, action):
        """
        The words of ActionCode.
        """
        [item] = one(message(order(line(ActionCode=word)))).order.product_order_item

        assert action == item.action

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("01/05/2026 09:00:00", datetime(2026, 1, 5, 15, tzinfo=UTC)),
            ("07/05/2026 09:00:00", datetime(2026, 7, 5, 14, tzinfo=UTC)),
            ("11/01/2026 01:30:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ],
        ids=["winter", "summer", "the first of two half past ones"],
    )
    def test_dates_are_in_the_endpoints_zone(self, written, expected):
        """
        Whatever zone the hub's machine is in.
        """
        assert expected == one(message(order(DueDate=written))).order.requested_completion_date

    def test_order_of_items_does_not_matter_for_parents(self):
        """
        A child may stand before its bundle.
        """
        child = line("1.1", ParentOrderItemId="1-L1")
        [bundle] = one(message(order(child, line("1", Product="Home Bundle")))).order.product_order_item

        assert ["1.1"] == [item.id for item in bundle.product_order_item]

    def test_the_same_content_is_the_same_order(self):
        """
        Prefixes, blanks and what is passed over change nothing.
        """
        plain = message(order())
        other = (
            plain.replace(b"<d:", b"<x:").replace(b"</d:", b"</x:").replace(b"xmlns:d", b"xmlns:x")
            .replace(b"<x:Id>", b"<x:OrderDate>01/01/2026</x:OrderDate>\n  <x:Id> ", 1)
        )  # fmt: skip

        assert one(plain).order == one(other).order
        assert one(plain).origin.envelope != one(other).origin.envelope
