from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from canonical.commands import AskStatus, RejectedDocument, SubmitOrder
from canonical.errors import Rejected
from canonical.order import Address
from tests.adapters.stores import ONE, SALE, SAMPLES, TWO, line, message, previous, read, transaction

LOG = "/POSLog/Transaction[1]"
ITEM = f"{LOG}/RetailTransaction[1]/LineItem[1]"
CASE = "<ItemID>CASE-01</ItemID>"
DOOR = "<Address><AddressLine>1 A Street</AddressLine></Address>"
SOON = f"{CASE}<Delivery>{DOOR}<DeliveryDateTime>soon</DeliveryDateTime></Delivery>"
TWO_PRODUCTS = f"<POSIdentity><POSItemID>00076123400003</POSItemID></POSIdentity>{CASE}"


def order(body, references=ONE):
    [found] = read(body, references)
    assert isinstance(found, SubmitOrder), found
    return found


class TestOrders:
    def test_a_transaction_with_order_lines_is_an_order(self):
        """
        Known by store, till, day and number; sold over the counter, voided and extensions are left out.
        """
        found = order(SAMPLES["pickup-and-delivery"])

        assert ("store.0117", "CustomerOrder", "0117.4.20260902.2208") == (
            found.origin.endpoint, found.origin.document_type, found.origin.document,
        )  # fmt: skip
        assert [("2", "HANDSET-A", 1), ("3", "INTERNET-500", 1)] == [
            (item.id, item.product_offering.id, item.quantity) for item in found.order.product_order_item
        ]
        assert [("receipt", "0117.4.20260902.2208")] == [
            (one.external_identifier_type, one.id) for one in found.order.external_id
        ]

    def test_who_and_when(self):
        """
        Customer and clerk; the last of the wanted dates, in the store's zone.
        """
        found = order(SAMPLES["pickup-and-delivery"]).order

        assert ("CUST-5521", "Léa Brook") == (found.party("customer").id, found.party("customer").name)
        assert ("31", "Ines P.") == (found.party("salesAgent").id, found.party("salesAgent").name)
        assert datetime(2026, 9, 8, 14, tzinfo=UTC) == found.requested_completion_date

    def test_where_it_is_handed_over(self):
        """
        At the store that sold it, at another one, or at the customer's door.
        """
        pickup, delivery = order(SAMPLES["pickup-and-delivery"]).order.product_order_item
        *_, other = read(SAMPLES["order-and-question"])

        assert Address(id="0117", name="Store 0117") == pickup.product.place[0].place
        assert (
            Address(
                street="9 Station Square, Flat 2",
                city="Austin",
                state_or_province="TX",
                postcode="78701",
                country="US",
            )
            == delivery.product.place[0].place
        )
        assert "0042" == other.order.product_order_item[0].product.place[0].place.id

    def test_what_was_paid_is_the_price(self):
        """
        The actual price before the regular one.
        """
        pickup, delivery = order(SAMPLES["pickup-and-delivery"]).order.product_order_item

        assert [(Decimal("549.00"), "USD")] == [(p.price.value, p.price.unit) for p in pickup.item_price]
        assert () == delivery.item_price

    def test_a_line_may_belong_to_an_earlier_one(self):
        """
        A bundle holds what is linked to it.
        """
        [bundle] = read(SAMPLES["order-and-question"])[0].order.product_order_item

        assert ("1", ["2"]) == (bundle.id, [item.id for item in bundle.product_order_item])

    def test_a_quantity_may_say_that_it_is_of_pieces(self):
        """
        As the standard's own example has it, and tills write it.
        """
        inside = f'{CASE}<Quantity Units="3" UnitOfMeasureCode="Ea" EntryMethod="Keyed">3</Quantity>'
        price = '<ActualSalesUnitPrice Currency="USD" Quantity="1">9</ActualSalesUnitPrice>'
        [item] = order(message(transaction(line(inside=inside + price)))).order.product_order_item

        assert (3, Decimal(9)) == (item.quantity, item.item_price[0].price.value)

    def test_an_earlier_order_is_asked_about(self):
        """
        A question of its own; the new order of the transaction says that there is an earlier one.
        """
        first, question, second = read(SAMPLES["order-and-question"])

        assert ["0117.2.20260903.77", "0117.2.20260903.77.3", "0117.2.20260903.78"] == [
            one.origin.document for one in (first, question, second)
        ]
        assert (AskStatus, "0117.4.20260902.2208") == (type(question), question.about.value)
        assert ["customer has order 0117.4.20260902.2208 already"] == [one.text for one in first.order.note]
        assert [1, 2, 3] == [one.origin.position for one in (first, question, second)]

    def test_a_transaction_may_only_ask(self):
        """
        Then it is no order.
        """
        [found] = read(message(transaction(previous("OL1"))))

        assert (AskStatus, "OL1") == (type(found), found.about.value)

    def test_each_store_is_its_own_endpoint(self):
        """
        By its number, letter by letter.
        """
        assert "store.0042" == order(message(transaction(RetailStoreID="0042")), TWO).origin.endpoint

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("2026-09-08T09:00:00Z", datetime(2026, 9, 8, 9, tzinfo=UTC)),
            ("2026-09-08T09:00:00.250", datetime(2026, 9, 8, 14, 0, 0, 250000, tzinfo=UTC)),
            ("2026-11-01T01:30:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ],
        ids=["with its zone", "in the store's", "the first of two half past ones"],
    )
    def test_dates(self, written, expected):
        """
        With a zone or without.
        """
        inside = f"{CASE}<PickupDateTime>{written}</PickupDateTime>"

        assert expected == order(message(transaction(line(inside=inside)))).order.requested_completion_date


class TestNoOrders:
    @pytest.mark.parametrize(
        ("said", "why", "path"),
        [
            pytest.param(
                transaction(SALE), "no line orders anything", f"{LOG}/RetailTransaction[1]", id="a sale"
            ),
            pytest.param(
                transaction(line(flags=' VoidFlag="true"')),
                "no line orders anything",
                f"{LOG}/RetailTransaction[1]",
                id="voided lines",
            ),
            pytest.param(
                transaction(flags=' CancelFlag="true"'), "the transaction was cancelled", LOG, id="cancelled"
            ),
            pytest.param(
                transaction(flags=' TrainingModeFlag="1"'), "the till is in training mode", LOG, id="training"
            ),
            pytest.param(
                transaction(retail=False, more="<ControlTransaction/>"),
                "it is no retail transaction",
                LOG,
                id="control",
            ),
        ],
    )
    def test_what_orders_nothing_says_so(self, said, why, path):
        """
        With the reason, and known by its number: nobody has to wonder what became of it.
        """
        [found] = read(message(said))

        assert ("E_NO_ORDER", why, path) == (
            found.fault.code, found.fault.what, found.fault.where.partition(" ")[0],
        )  # fmt: skip
        assert "0117.4.20260902.7" == found.origin.document

    def test_it_harms_no_order(self):
        """
        A day's log is mostly sales.
        """
        found = read(
            message(transaction(SALE), transaction(SequenceNumber="8"), transaction(SALE, SequenceNumber="9"))
        )

        assert [RejectedDocument, SubmitOrder, RejectedDocument] == [type(one) for one in found]


class TestBadInput:
    @pytest.mark.parametrize(
        ("bad", "code", "path"),
        [
            pytest.param(transaction(BusinessDayDate=None), "E_MISSING", LOG, id="no business day"),
            pytest.param(
                transaction(BusinessDayDate="2026-02-30"),
                "E_DATE",
                f"{LOG}/BusinessDayDate[1]",
                id="no such day",
            ),
            pytest.param(
                transaction(BusinessDayDate="02.09.2026"),
                "E_DATE",
                f"{LOG}/BusinessDayDate[1]",
                id="another form",
            ),
            pytest.param(
                transaction(SequenceNumber="7.1"), "E_KEY_FORMAT", f"{LOG}/SequenceNumber[1]", id="a dot"
            ),
            pytest.param(transaction(CurrencyCode="$"), "E_VALUE", f"{LOG}/CurrencyCode[1]", id="a currency"),
            pytest.param(
                transaction(line("")),
                "E_KEY_MISSING",
                f"{ITEM}/SequenceNumber[1]",
                id="a line without number",
            ),
            pytest.param(
                transaction(line(), line()),
                "E_DUPLICATE_LINE",
                f"{LOG}/RetailTransaction[1]/LineItem[2]/SequenceNumber[1]",
                id="a line twice",
            ),
            pytest.param(
                transaction(line(inside="")),
                "E_MISSING",
                f"{ITEM}/CustomerOrderForPickup[1]",
                id="no product",
            ),
            pytest.param(
                transaction(line(inside="<ItemID>X</ItemID>")),
                "E_OFFERING",
                f"{ITEM}/CustomerOrderForPickup[1]/ItemID[1]",
                id="an unknown product",
            ),
            pytest.param(
                transaction(line(inside=TWO_PRODUCTS)),
                "E_OFFERING",
                f"{ITEM}/CustomerOrderForPickup[1]/ItemID[1]",
                id="two products",
            ),
            pytest.param(
                transaction(line(inside=f"{CASE}<Quantity>0</Quantity>")),
                "E_RANGE",
                f"{ITEM}/CustomerOrderForPickup[1]/Quantity[1]",
                id="nothing of it",
            ),
            pytest.param(
                transaction(line(inside=f'{CASE}<Quantity Units="12" UnitOfMeasureCode="DZ">1</Quantity>')),
                "E_VALUE",
                f"{ITEM}/CustomerOrderForPickup[1]/Quantity[1]",
                id="a dozen",
            ),
            pytest.param(
                transaction(line(inside=f'{CASE}<Quantity Pack="6">1</Quantity>')),
                "E_UNKNOWN",
                f"{ITEM}/CustomerOrderForPickup[1]/Quantity[1]/@Pack",
                id="a pack of six",
            ),
            pytest.param(
                transaction(
                    line(inside=f'{CASE}<ActualSalesUnitPrice Currency="EUR">9</ActualSalesUnitPrice>')
                ),
                "E_VALUE",
                f"{ITEM}/CustomerOrderForPickup[1]/ActualSalesUnitPrice[1]",
                id="another currency",
            ),
            pytest.param(
                transaction(
                    line(inside=f'{CASE}<ActualSalesUnitPrice Quantity="3">9</ActualSalesUnitPrice>')
                ),
                "E_VALUE",
                f"{ITEM}/CustomerOrderForPickup[1]/ActualSalesUnitPrice[1]",
                id="the price of three",
            ),
            pytest.param(
                transaction(line(inside=f"{CASE}<Quantity>1.5</Quantity>")),
                "E_RANGE",
                f"{ITEM}/CustomerOrderForPickup[1]/Quantity[1]",
                id="one and a half",
            ),
            pytest.param(
                transaction(line(inside=f"{CASE}<Engraving>L</Engraving>")),
                "E_UNKNOWN",
                f"{ITEM}/CustomerOrderForPickup[1]/Engraving[1]",
                id="what would be lost",
            ),
            pytest.param(
                transaction(line(inside=f'{CASE}<x:Quantity xmlns:x="urn:x">2</x:Quantity>')),
                "E_XML_NAMESPACE",
                f"{ITEM}/CustomerOrderForPickup[1]/x:Quantity[1]",
                id="X-15 another namespace",
            ),
            pytest.param(
                transaction(line(inside=f"{CASE}<ItemLink>9</ItemLink>")),
                "E_VALUE",
                f"{ITEM}/CustomerOrderForPickup[1]/ItemLink[1]",
                id="a link to nothing",
            ),
            pytest.param(
                transaction(line(inside=f"{CASE}<ItemLink>1</ItemLink>")),
                "E_VALUE",
                f"{ITEM}/CustomerOrderForPickup[1]/ItemLink[1]",
                id="a link to itself",
            ),
            pytest.param(
                transaction(
                    *(
                        line(str(n), f"{CASE}<ItemLink>{n - 1}</ItemLink>" if n > 1 else CASE)
                        for n in range(1, 19)
                    )
                ),
                "E_DEPTH",
                f"{LOG}/RetailTransaction[1]/LineItem[17]/CustomerOrderForPickup[1]/ItemLink[1]",
                id="a chain of lines",
            ),
            pytest.param(
                transaction(flags=' CancelFlag="TRUE"'),
                "E_VALUE",
                f"{LOG}/@CancelFlag",
                id="cancelled, perhaps",
            ),
            pytest.param(
                transaction(flags=' TrainingModeFlag="yes"'),
                "E_VALUE",
                f"{LOG}/@TrainingModeFlag",
                id="in training, perhaps",
            ),
            pytest.param(
                transaction(line(flags=' VoidFlag="True"')),
                "E_VALUE",
                f"{ITEM}/@VoidFlag",
                id="void, perhaps",
            ),
            pytest.param(
                transaction(line(kind="CustomerOrderForDelivery")),
                "E_MISSING",
                f"{ITEM}/CustomerOrderForDelivery[1]",
                id="delivered nowhere",
            ),
            pytest.param(
                transaction(line(inside=SOON, kind="CustomerOrderForDelivery")),
                "E_DATE",
                f"{ITEM}/CustomerOrderForDelivery[1]/Delivery[1]/DeliveryDateTime[1]",
                id="delivered some time",
            ),
            pytest.param(
                transaction(line(inside=f"{CASE}<PickupDateTime>2026-03-08T02:30:00</PickupDateTime>")),
                "E_DATE",
                f"{ITEM}/CustomerOrderForPickup[1]/PickupDateTime[1]",
                id="an hour that is not",
            ),
            pytest.param(
                transaction(line(kind="", inside="<CustomerOrderForPickup/><PreviousCustomerOrder/>")),
                "E_XML_REPEAT",
                f"{ITEM}/PreviousCustomerOrder[1]",
                id="a line that is two things",
            ),
            pytest.param(
                transaction(previous("")),
                "E_MISSING",
                f"{ITEM}/PreviousCustomerOrder[1]/OrderID[1]",
                id="which order",
            ),
            pytest.param(
                transaction(more="<Customer><Name>N</Name></Customer>"),
                "E_MISSING",
                f"{LOG}/RetailTransaction[1]/Customer[1]",
                id="a customer without id",
            ),
        ],
    )
    def test_the_element_is_named(self, bad, code, path):
        """
        Code and path; nothing of the transaction is taken.
        """
        [found] = read(message(bad))

        assert (code, path) == (found.fault.code, found.fault.where.partition(" ")[0])
        assert "store.0117" == found.origin.endpoint

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            pytest.param(b"", "E_EMPTY", id="nothing"),
            pytest.param(b"<POSLog/>", "E_XML_NAMESPACE", id="no namespace"),
            pytest.param(b"<Order/>", "E_UNKNOWN", id="another document"),
            pytest.param(message(" "), "E_MISSING", id="no transaction"),
            pytest.param(b"<!DOCTYPE POSLog>" + message(), "E_XML_DTD", id="a document type"),
            pytest.param(message()[:-9], "E_XML_SYNTAX", id="cut off"),
            pytest.param(message(*[transaction()] * 1_001), "E_RECORDS", id="too many transactions"),
            pytest.param(message(transaction(RetailStoreID="0099")), "E_IDENTITY", id="another store"),
        ],
    )
    def test_the_message_as_a_whole(self, body, code):
        """
        One rejected document.
        """
        [found] = read(body)

        assert code == found.fault.code

    def test_too_many_questions(self):
        """
        Documents are counted too.
        """
        lines = [previous(f"OL{n}", str(n)) for n in range(1, 1_002)]
        [found] = read(message(transaction(*lines)))

        assert "E_RECORDS" == found.fault.code

    def test_an_unknown_store_among_several(self):
        """
        Nobody can be answered.
        """
        [found] = read(message(transaction(RetailStoreID="0099")), TWO)

        assert ("E_IDENTITY", "") == (found.fault.code, found.origin.endpoint)

    def test_two_stores_in_one_message(self):
        """
        The second one's transactions are refused, not answered to the first.
        """
        first, second = read(message(transaction(), transaction(RetailStoreID="0042")), TWO)

        assert isinstance(first, SubmitOrder)
        assert ("E_IDENTITY", "store.0117") == (second.fault.code, second.origin.endpoint)

    def test_a_code_of_the_catalogue_is_never_guessed(self):
        """
        Each by its own type.
        """
        with pytest.raises(Rejected):
            ONE.offering_by_code(ONE.endpoints["store.0117"], "ITEM-ID", "00076123400003", "")
