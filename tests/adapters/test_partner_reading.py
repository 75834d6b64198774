"""
What the hub makes of good messages of trading partners.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from canonical.commands import AskStatus, CommandReceipt, OrderRef, SubmitOrder
from canonical.order import Address, ExternalId, Money, Note, PartyRef, Place
from canonical.states import Action
from tests.adapters.partners import (
    CASE,
    FIXTURES,
    HANDSET,
    group,
    interchange,
    order,
    read,
    taken,
    transaction_set,
)


@pytest.fixture(scope="module")
def first():
    """The first order of the sample."""
    return taken((FIXTURES / "in" / "orders.edi").read_bytes())[0]


class TestOrigin:
    def test_who_sent_it_and_under_which_numbers(self, first):
        """The sender is found by ISA05 and 06, the envelope is its id and ISA13, the document is BEG03."""
        origin = first.origin

        assert ("partner", "partner.acme", "ACME/000000077", "850", "4500000042", 1) == (
            origin.channel,
            origin.endpoint,
            origin.envelope,
            origin.document_type,
            origin.document,
            origin.position,
        )

    def test_what_the_acknowledgement_needs(self, first):
        """The numbers of interchange, group and set come along."""
        assert {
            "ISA09": "261121",
            "ISA10": "0930",
            "ISA13": "000000077",
            "GS01": "PO",
            "GS06": "77",
            "GE01": "2",
            "ST01": "850",
            "ST02": "0001",
            "BEG05": "20261120",
        } == dict(first.origin.details)

    def test_several_groups_are_one_message(self):
        """Documents are numbered through, whatever group they are in."""
        found = read((FIXTURES / "in" / "several-groups.edi").read_bytes())

        assert [(1, "850", "PO"), (2, "869", "RS")] == [
            (one.origin.position, one.origin.document_type, one.origin.details["GS01"]) for one in found
        ]

    def test_another_partner_with_other_separators(self):
        """A guideline's name behind the release (GS08) and other separators change nothing."""
        [found] = taken((FIXTURES / "in" / "globex-one-line.edi").read_bytes())

        assert ("partner.globex", "G-100") == (found.origin.endpoint, found.origin.document)
        assert [("A1", "HANDSET-A", 3)] == [
            (one.line_ref, one.product_offering.id, one.quantity) for one in found.order.product_order_item
        ]


class TestOrder:
    def test_its_number_is_an_id_of_the_partner(self, first):
        """The purchase order number is how the partner finds the order again."""
        assert (
            ExternalId(owner="partner.acme", external_identifier_type="purchaseOrder", id="4500000042"),
        ) == first.order.external_id

    def test_the_buyer_is_the_customer_and_the_ship_to_the_address(self, first):
        """N1*BY says who, N1*ST with N3 and N4 says where."""
        assert PartyRef(id="ACME-HQ", name="Acme Wireless Retail") == first.order.party("customer")
        place = Address(
            id="0042",
            name="Acme Store 0042",
            street="1 Main Street, Unit 4",
            city="Austin",
            state_or_province="TX",
            postcode="78701",
            country="US",
        )
        assert (Place(role="deliveryAddress", place=place),) == first.order.place

    def test_without_a_buyer_the_ship_to_is_the_customer(self):
        """Somebody must be charged; a name without an id is its own id."""
        second = taken((FIXTURES / "in" / "orders.edi").read_bytes())[1]

        assert PartyRef(id="Ada King", name="Ada King") == second.order.party("customer")

    def test_the_delivery_requested(self, first):
        """DTM*002 is a day, and a day begins at midnight UTC."""
        assert datetime(2026, 12, 4, tzinfo=UTC) == first.order.requested_completion_date

    def test_the_date_of_the_order_is_remembered(self, first):
        """BEG05 must be repeated in every 855 and 870."""
        assert (Note(text="purchase order of 2026-11-20", author="partner.acme"),) == first.order.note

    @pytest.mark.parametrize("number", ["PO 17/3-B", "a", "X" * 22, "#1+(2)"])
    def test_numbers_as_partners_write_them(self, number):
        """A purchase order number is up to 22 printable characters, blanks and slashes too."""
        [found] = taken(interchange(group(order(number=number))))

        assert number == found.origin.document

    def test_the_same_order_in_another_interchange_is_the_same_content(self):
        """Nothing of the envelope gets into the content, by which a repetition is known."""
        [once] = taken(interchange(group(order())))
        [again] = taken(interchange(group(order(control="0044"), control="78"), control="000000078"))

        assert once.order == again.order
        assert once.origin.envelope != again.origin.envelope


class TestLines:
    def test_a_line(self, first):
        """The offering is found by its codes; quantity, price and the partner's own line number are kept."""
        line = first.order.product_order_item[0]

        assert ("1", Action.ADD, "HANDSET-A", 2, "device") == (
            line.line_ref,
            line.action,
            line.product_offering.id,
            line.quantity,
            line.category,
        )
        assert Money(value=Decimal("599.00"), unit="USD") == line.item_price[0].price

    def test_the_codes_that_the_catalogue_knows_are_remembered(self, first):
        """They are what the partner wants to read in an answer; its own part number is none of ours."""
        assert [
            ["VP HX-A-BLK names HANDSET-A", "UP 076123400003 names HANDSET-A"],
            ["VP CS-01 names CASE-01"],
        ] == [[note.text for note in item.note] for item in first.order.product_order_item]

    @pytest.mark.parametrize(
        ("pairs", "offering"),
        [
            pytest.param("VP*HX-A-BLK", "HANDSET-A", id="own code"),
            pytest.param("UP*076123400010", "CASE-01", id="code of all partners"),
            pytest.param("BP*77-1*VP*NO-SUCH*UP*076123400003", "HANDSET-A", id="the third of three"),
        ],
    )
    def test_any_code_will_do(self, pairs, offering):
        """All pairs are tried, one that is known is enough."""
        [found] = taken(interchange(group(order(f"PO1*1*1*EA***{pairs}"))))

        assert offering == found.order.product_order_item[0].product_offering.id

    def test_a_line_may_go_elsewhere(self):
        """N1*ST inside a PO1 loop is the address of that line only."""
        second = taken((FIXTURES / "in" / "orders.edi").read_bytes())[1]
        [line] = second.order.product_order_item

        assert "1 Mill Lane" == line.product.place[0].place.street
        assert "12 Harbour Street" == second.order.place[0].place.street

    @pytest.mark.parametrize("quantity", ["1", "500", "2.0", "03"])
    def test_quantities(self, quantity):
        """Type R: a whole number, with or without a point."""
        [found] = taken(interchange(group(order(f"PO1*1*{quantity}*EA***VP*CS-01"))))

        assert int(float(quantity)) == found.order.product_order_item[0].quantity

    def test_a_line_without_a_price_and_a_total(self):
        """PO104 and CTT may be left out."""
        [found] = taken(interchange(group(order("PO1*1*1*EA***VP*CS-01"))))

        assert () == found.order.product_order_item[0].item_price

    def test_segments_that_are_not_read(self):
        """All of the standard's segments may come at their places, and are passed over."""
        body = (
            "REF*DP*038",
            "PER*BD*Ada King*TE*5551234",
            "SAC*C*D240***1500",
            "ITD*14*3*2**45**46",
            "TD5*A*92*P3**SEE GUIDE",
            "N9*L1*SPECIAL",
            "MSG*leave at the back door",
            "N1*BT*Acme Accounts*92*A-1",
            HANDSET,
            "PID*F****HANDSET",
            "PO4*4*4*EA",
            "SLN*1**I*1*EA",
            CASE,
            "AMT*TT*1217.5",
            "CTT*2*3",
        )

        assert 1 == len(taken(interchange(group(order(*body)))))


class TestQuestion:
    def test_by_the_partners_number(self):
        """PRF01 is a purchase order number."""
        [asked] = read((FIXTURES / "in" / "inquiry.edi").read_bytes())

        assert isinstance(asked, AskStatus)
        assert (OrderRef(value="4500000042", type="850"), "869", "Q-2211", "20261122") == (
            asked.about,
            asked.origin.document_type,
            asked.origin.document,
            asked.origin.details["BSI02"],
        )

    @pytest.mark.parametrize(
        ("ref", "about"),
        [
            ("REF*VN*OL2T5Q8V9WXY3Z4A7B", OrderRef(value="OL2T5Q8V9WXY3Z4A7B")),
            ("REF*PO*4500000042", OrderRef(value="4500000042", type="850")),
        ],
    )
    def test_by_reference(self, ref, about):
        """REF*VN is our number, which the 855 told; REF*PO the partner's."""
        question = transaction_set("869", "BSI*Q-1*20261122*PA", "HL*1**O", "REF*DP*1", ref)
        [asked] = read(interchange(group(question, kind="RS")))

        assert about == asked.about


class TestReceipts:
    def test_each_set_that_a_997_names(self):
        """A receipt says what arrived, and why it could not be read when it could not."""
        found = read((FIXTURES / "in" / "receipt.edi").read_bytes())

        assert all(isinstance(one, CommandReceipt) for one in found)
        assert ["855/0001 of group PR 7", "870/0001 of group RS 8", "group PR 9"] == [
            one.about for one in found
        ]
        assert [
            None,
            "870/0001 segment 4 PRF element 1: set 870/0001 was refused (AK5 R, notes 5) [E_SYSTEM_REFUSED]",
            None,
        ] == [one.fault and str(one.fault) for one in found]

    def test_an_interchange_acknowledged(self):
        """TA1 segments are receipts too."""
        notes = "TA1*000000007*261121*1405*A*000~TA1*000000008*261121*1406*R*001~"
        found = read(interchange(notes, count=0))

        assert ["interchange 000000007", "interchange 000000008"] == [one.about for one in found]
        assert [None, "E_SYSTEM_REFUSED"] == [one.fault and one.fault.code for one in found]

    def test_receipts_and_orders_in_one_interchange(self):
        """A group of receipts takes nothing away from a group of orders."""
        receipt = transaction_set("997", "AK1*PR*7", "AK9*A*1*1*1")
        found = read(interchange(group(receipt, kind="FA", control="1"), group(order())))

        assert [CommandReceipt, SubmitOrder] == [type(one) for one in found]
