"""
Call centre and store through the whole hub, in one process: taken, repeated, refused, asked.
"""

from __future__ import annotations

import pytest

from broker.port import Properties
from orderloom.running import Embedded
from orderloom.settings import load
from orderloom.simulators.told import understand

UPSERT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns="http://siebel.com/OrderManagement/Order/Data"><s:Body><a:{operation}><ListOfSWIOrderIO><SWIOrder>'
    "{inside}</SWIOrder></ListOfSWIOrderIO></a:{operation}></s:Body></s:Envelope>"
)
ITEM = (
    "<ListOfSWIOrderItem><SWIOrderItem><Id>1-L1</Id><LineNumber>1</LineNumber><ActionCode>Add</ActionCode>"
    "<Product>Phone Case</Product><Qty>{quantity}</Qty></SWIOrderItem></ListOfSWIOrderItem>"
)
LOG = (
    '<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/"><Transaction><RetailStoreID>0117</RetailStoreID>'
    "<WorkstationID>4</WorkstationID><SequenceNumber>{number}</SequenceNumber>"
    "<BusinessDayDate>2026-11-02</BusinessDayDate><RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber>"
    "{inside}</LineItem></RetailTransaction></Transaction></POSLog>"
)
DESK, TILL = ("callcenter", "channel.callcenter.out"), ("store", "channel.store.0117.out")


def upsert(quantity=1, status="Open", revision=1, blank=""):
    head = f"<Id>1-R1</Id>{blank}<OrderNumber>1-7</OrderNumber><Revision>{revision}</Revision>"
    inside = f"{head}<Status>{status}</Status>{ITEM.format(quantity=quantity)}"
    return UPSERT.format(operation="SWIOrderUpsert_Input", inside=inside)


def query(number):
    inside = f"<OrderNumber>{number}</OrderNumber>"
    return UPSERT.format(operation="SWIOrderQuery_Input", inside=inside)


def log(number=1, quantity=1, kind="CustomerOrderForPickup", blank=""):
    inside = f"<{kind}>{blank}<ItemID>CASE-01</ItemID><Quantity>{quantity}</Quantity></{kind}>"
    return LOG.format(number=number, inside=inside)


def question(order, number):
    inside = f"<PreviousCustomerOrder><OrderID>{order}</OrderID></PreviousCustomerOrder>"
    return LOG.format(number=number, inside=inside)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """A way to send a document and read the next answer: what is told of orders unasked is passed over."""
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERLOOM_STORE", str(tmp_path / "orderloom.db"))
    with Embedded(load()) as hub:

        def send(where, body):
            channel, queue = where
            hub.broker.publish(f"drop.{channel}", "", body.encode(), Properties(content_type="text/xml"))
            while (answer := hub.broker.get(queue, 15.0)) is not None:
                [told] = understand(queue, answer.body)
                if told.kind not in {"UpdateLineItems_Input", "accepted"}:
                    return told
            raise AssertionError(f"no answer to {body}")

        yield send


class TestCallCentre:
    def test_a_number_is_one_order(self, ask):
        """The same content in other bytes has the same answer; other content under the number is refused."""
        first = ask(DESK, upsert())
        again = ask(DESK, upsert(blank=" "))
        other = ask(DESK, upsert(quantity=3))

        assert ("SWIOrderUpsert_Output", "1-7", "In Progress") == (first.kind, first.document, first.status)
        assert first == again
        assert ("Fault", "1-7", "E_DUPLICATE_ORDER") == (other.kind, other.document, other.status)

    def test_a_question_is_answered_by_each_of_its_numbers_and_by_nobody_elses(self, ask):
        """Order number, row id, the hub's; the store's order is none of the call centre's."""
        taken = ask(DESK, upsert())
        ask(TILL, log())
        found = [ask(DESK, query(one)) for one in ("1-7", "1-R1", taken.about)]
        others = ask(DESK, query("0117.4.20261102.1"))

        assert {taken.about} == {one.about for one in found}
        assert ("Fault", "E_NOT_FOUND") == (others.kind, others.status)


class TestStore:
    def test_a_transaction_is_one_order(self, ask):
        """As with the call centre."""
        first, again, other = (ask(TILL, one) for one in (log(), log(blank=" "), log(quantity=3)))

        assert ["Accepted", "Repeated", "Rejected"] == [one.status for one in (first, again, other)]
        assert {"0117.4.20261102.1"} == {one.document for one in (first, again, other)}
        assert first.about == again.about
        assert other.text.startswith("E_DUPLICATE_ORDER ")

    def test_a_sale_is_ignored_in_words(self, ask):
        """Each time that it is sent."""
        found = [ask(TILL, log(kind="Sale", blank=blank)) for blank in ("", " ")]

        assert ["Ignored", "Ignored"] == [one.status for one in found]
        assert {"E_NO_ORDER no line orders anything"} == {one.text for one in found}

    def test_the_customer_asks_at_another_till(self, ask):
        """Under the number of the receipt, or the hub's."""
        taken = ask(TILL, log())
        found = [
            ask(TILL, question(one, number))
            for number, one in enumerate(("0117.4.20261102.1", taken.about, "X"), 2)
        ]

        assert ["status", "status", "Error"] == [one.kind for one in found]
        assert ["0117.4.20261102.2", "0117.4.20261102.3", "0117.4.20261102.4"] == [
            one.document for one in found
        ]
        assert [taken.about, taken.about, "X"] == [one.about for one in found]

    def test_a_complaint_at_the_counter_is_recorded_once(self, ask):
        """With the customer of the transaction; sent again it is a repetition."""
        told = '<ol:Interaction xmlns:ol="urn:orderloom:store:1" Kind="complaint">too slow</ol:Interaction>'
        body = LOG.format(number=9, inside=told).replace(
            "<RetailTransaction>", "<RetailTransaction><Customer><CustomerID>C-7</CustomerID></Customer>"
        )
        found = [ask(TILL, body), ask(TILL, body.replace("</POSLog>", " </POSLog>"))]

        assert ["Accepted", "Repeated"] == [one.status for one in found]
        assert {"0117.4.20261102.9"} == {one.document for one in found}
