from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.inbound.directmail import DirectMailAdapter
from canonical.commands import AskStatus, RejectedDocument, SubmitOrder
from canonical.order import Address, Money
from canonical.states import Action
from tests.adapters.batches import (
    BATCH,
    BRIEFE,
    FIXTURES,
    LETTERS,
    PLAIN,
    PRINTCO,
    Batch,
    put,
    read,
    references,
)

FORMATS = {
    PRINTCO.id: Batch(),
    LETTERS.id: Batch("cp500", "VB"),
    BRIEFE.id: Batch("cp273", "VB+BDW"),
    PLAIN.id: Batch("ascii", "FB", 256),
}
EVERYBODY = (PRINTCO, LETTERS, BRIEFE, PLAIN)


def one(**said):
    """The order in a batch of one detail."""
    [found] = read(BATCH.file([BATCH.detail(17, **said)]))
    assert isinstance(found, SubmitOrder), found
    return found


class TestOrders:
    def test_a_detail_is_an_order(self):
        """Account, address, offering, quantity and price are where an order has them."""
        found = one(quantity=2)
        [item] = found.order.product_order_item

        assert ("HANDSET-A", Action.ADD, 2) == (item.product_offering.id, item.action, item.quantity)
        assert Money(value=Decimal("499.00"), unit="USD") == item.item_price[0].price
        assert ("C-88100", "Ada King") == (
            found.order.party("customer").id,
            found.order.party("customer").name,
        )
        expected = Address(
            name="Ada King",
            street="12 Harbour Street",
            city="Springfield",
            state_or_province="OR",
            postcode="97477",
            country="US",
        )
        assert expected == found.order.place[0].place

    def test_batch_and_sequence_are_its_number(self):
        """They name the order for the sender, and make it the same order when the file comes again."""
        found = one()

        assert ("DTL", "B2026-0901-0000017") == (found.origin.document_type, found.origin.document)
        assert "PRINTCO/B2026-0901" == found.origin.envelope
        assert "B2026-0901-0000017" == found.order.external_id[0].id

    def test_a_file_written_again_is_the_same_orders(self):
        """Its date, and records that are left out before a detail, change nothing of its order."""
        first = read(BATCH.file([BATCH.detail(1), BATCH.detail(17)]))[1]
        again = read(BATCH.file([BATCH.detail(17)], header=BATCH.header(written="20260902")))[0]

        assert first.order == again.order
        assert first.origin.document == again.origin.document

    def test_more_items(self):
        """The table's items follow, at the catalogue's price."""
        found = one(items=[("CASE01", 3), ("NET500", 1)]).order.product_order_item

        assert [("1", "HANDSET-A", 1), ("2", "CASE-01", 3), ("3", "INTERNET-500", 1)] == [
            (item.id, item.product_offering.id, item.quantity) for item in found
        ]
        assert [1, 0, 0] == [len(item.item_price) for item in found]

    def test_the_campaign_is_a_property_of_each_product(self):
        """So routes may match it; a blank campaign is none."""
        [item] = one().order.product_order_item
        blank = BATCH.file([BATCH.detail()], header=BATCH.header(campaign=""))

        assert "AUTUMN26" == item.product.value("campaign")
        assert read(blank)[0].order.product_order_item[0].product.value("campaign") is None

    def test_a_telephone_card(self):
        """What no field of an order has becomes a note."""
        assert ("call 15551230001 from 09:00",) == tuple(
            note.text for note in one(card="P", said="15551230001    09").order.note
        )
        assert ("call 15551230001",) == tuple(
            note.text for note in one(card="P", said="15551230001").order.note
        )

    def test_a_date_card(self):
        """The day is when the goods are wanted."""
        found = one(card="D", said="20260915")

        assert datetime(2026, 9, 15, tzinfo=UTC) == found.order.requested_completion_date

    def test_a_gift_card(self):
        """The greeting becomes a note."""
        assert ("greeting: MANY HAPPY RETURNS",) == tuple(
            note.text for note in one(card="G", said="MANY HAPPY RETURNS").order.note
        )

    def test_without_an_address_there_is_no_place(self):
        """Services need none."""
        bare = one(street="", city="", state="", postcode="", country="")

        assert () == bare.order.place


class TestFormats:
    @pytest.mark.parametrize("to", EVERYBODY, ids=lambda one: one.id)
    def test_each_sender_writes_as_agreed(self, to):
        """Code page, record format and length are found by the name in the header."""
        form = FORMATS[to.id]
        header = form.header(sender=to.identifiers[0].value, currency="")
        found = read(
            form.file([form.detail(1, items=[("CASE01", 2)]), form.detail(2)], header=header), *EVERYBODY
        )

        assert [to.id, to.id] == [command.origin.endpoint for command in found]
        assert [2, 1] == [len(command.order.product_order_item) for command in found]
        expected = to.format.get("currency", "USD")
        assert expected == found[0].order.product_order_item[0].item_price[0].price.unit

    @pytest.mark.parametrize("to", EVERYBODY, ids=lambda one: one.id)
    def test_the_form_makes_no_difference(self, to):
        """The same cards are the same orders, whatever the bytes."""
        form = FORMATS[to.id]
        header = form.header(sender=to.identifiers[0].value)
        details = [form.detail(1, card="P", said="15551230001"), form.detail(2, items=[("CASE01", 2)])]
        ours = BATCH.file(
            [BATCH.detail(1, card="P", said="15551230001"), BATCH.detail(2, items=[("CASE01", 2)])]
        )

        def bare(order):
            return msgspec.structs.replace(order, external_id=(), note=())

        there = [bare(command.order) for command in read(form.file(details, header=header), *EVERYBODY)]
        assert [bare(command.order) for command in read(ours)] == there

    def test_the_only_sender_may_leave_the_canary_blank(self):
        """It is a help, and no duty."""
        assert 1 == len(read(BATCH.file([BATCH.detail()], header=BATCH.header(canary=""))))

    def test_one_bad_record_among_many(self):
        """Record 17 is refused with its columns, and the others are taken, each under its own number."""
        details = [BATCH.detail(n) for n in range(1, 501)]
        details[15] = put(details[15], 29, b"\x00\x4a\x99\x00\x0c")
        found = read(BATCH.file(details))
        [refused] = [one for one in found if isinstance(one, RejectedDocument)]

        assert 500 == len(found)
        assert ("E_FW_PACKED", "record 17 cols 29-33 PRICE") == (refused.fault.code, refused.fault.where)
        assert "B2026-0901-0000016" == refused.origin.document
        assert 500 == len({one.origin.document for one in found})

    @settings(max_examples=60)
    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "quantity": st.integers(1, 100),
                    "cents": st.integers(0, 10**9 - 1),
                    "name": st.text(st.sampled_from("ABCxyz '-."), max_size=30).map(str.rstrip),
                    "code": st.sampled_from(["HANDSETA", "CASE01"]),
                    "items": st.lists(st.tuples(st.just("CASE01"), st.integers(1, 100)), max_size=5),
                }
            ),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from(EVERYBODY),
    )
    def test_what_is_sent_is_understood(self, cards, to):
        """Whatever a card says comes out of every format."""
        form = FORMATS[to.id]
        details = [form.detail(number, **card) for number, card in enumerate(cards, 1)]
        found = read(form.file(details, header=form.header(sender=to.identifiers[0].value)), *EVERYBODY)

        for command, card in zip(found, cards, strict=True):
            first, *more = command.order.product_order_item
            assert card["quantity"] == first.quantity
            assert Decimal(card["cents"]).scaleb(-2) == first.item_price[0].price.value
            assert card["name"] == command.order.party("customer").name
            assert [number for _, number in card["items"]] == [item.quantity for item in more]


class TestTwoPasses:
    def test_the_first_pass_says_what_is_there(self):
        """Envelope, count, total, size and hash: enough to take the file's keys and refuse it."""
        body = BATCH.file([BATCH.detail(1, cents=1), BATCH.detail(2, cents=49900)])
        summary = DirectMailAdapter().check(body, PRINTCO)

        assert ("PRINTCO/B2026-0901", "B2026-0901") == (summary.origin.envelope, summary.origin.document)
        assert (2, Decimal("499.01"), 0, 800) == (
            summary.records,
            summary.total,
            summary.unsure,
            summary.size,
        )
        assert (None, date(2026, 9, 1)) == (summary.fault, summary.head.written)

    def test_the_second_pass_begins_where_it_broke_off(self):
        """After a checkpoint the same records come, with the same numbers."""
        body = BATCH.file([BATCH.detail(n) for n in range(1, 10)])
        adapter = DirectMailAdapter()
        whole = list(adapter.records(body, PRINTCO, references()))

        assert list(range(2, 11)) == [number for number, _ in whole]
        assert whole[5:] == list(adapter.records(body, PRINTCO, references(), start=6))
        assert [command for _, command in whole] == read(body)

    def test_both_read_streams(self):
        """A file need not be in memory."""
        adapter = DirectMailAdapter()
        path = FIXTURES / "in" / "vb-cp500.bin"
        with path.open("rb") as file:
            by_stream = adapter.check(file, LETTERS)
        with path.open("rb") as file:
            records = list(adapter.records(file, LETTERS, references(LETTERS)))

        assert adapter.check(path.read_bytes(), LETTERS) == by_stream
        assert list(adapter.records(path.read_bytes(), LETTERS, references(LETTERS))) == records
        assert by_stream.records == len(records)


class TestInquiries:
    @pytest.mark.parametrize("asker", EVERYBODY, ids=lambda one: one.id)
    @pytest.mark.parametrize("number", ["B2026-0801-0000017", "OL1JW9TD2TPYTEFGN"])
    def test_a_record_asks_how_an_order_stands(self, asker, number):
        """By the sender's number or by ours, among details: both have one count, and it adds nothing up."""
        batch = FORMATS[asker.id]
        sender = asker.identifiers[0].value
        body = batch.file(
            [batch.detail(1), batch.inquiry(2, number), batch.detail(3)],
            header=batch.header(sender=sender),
        )
        first, asked, last = read(body, asker)

        assert isinstance(asked, AskStatus), asked
        assert (number, "") == (asked.about.value, asked.about.type)
        assert ("INQ", "B2026-0901-0000002", 2) == (
            asked.origin.document_type,
            asked.origin.document,
            asked.origin.position,
        )
        assert {SubmitOrder} == {type(first), type(last)}

    def test_one_that_names_no_order_is_refused(self):
        """Alone: the others are taken."""
        first, wrong = read(BATCH.file([BATCH.detail(1), BATCH.inquiry(2, "")]))

        assert isinstance(first, SubmitOrder)
        assert ("E_KEY_MISSING", "record 3 cols 6-27 ORDER") == (wrong.fault.code, wrong.fault.where)

    def test_it_counts_and_stands_in_its_place(self):
        """As a detail does."""
        [short] = read(BATCH.file([BATCH.detail(1), BATCH.inquiry(2)], count=1))
        [twice] = read(BATCH.file([BATCH.detail(1), BATCH.inquiry(1)]))

        assert ("E_FW_COUNT", "E_FW_SEQUENCE") == (short.fault.code, twice.fault.code)
