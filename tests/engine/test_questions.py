"""
How does an order stand?  Asked on every channel in its own format, and answered in it, in the shipped hub.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from broker.port import Properties
from tests.adapters.batches import BATCH
from tests.adapters.partners import group, interchange, order, transaction_set
from tests.engine.shipped import START, Shipped

SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns="http://siebel.com/OrderManagement/Order/Data"><s:Body><a:{operation}><ListOfSWIOrderIO><SWIOrder>'
    "{inside}</SWIOrder></ListOfSWIOrderIO></a:{operation}></s:Body></s:Envelope>"
)
LOG = (
    '<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/"><Transaction><RetailStoreID>0117</RetailStoreID>'
    "<WorkstationID>4</WorkstationID><SequenceNumber>{number}</SequenceNumber>"
    "<BusinessDayDate>2026-11-02</BusinessDayDate><RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber>"
    "{inside}</LineItem></RetailTransaction></Transaction></POSLog>"
)
DESK_ORDER = (
    "<Id>1-R1</Id><OrderNumber>{number}</OrderNumber><Revision>1</Revision><Status>Open</Status>"
    "<ListOfSWIOrderItem><SWIOrderItem><Id>1-L1</Id><LineNumber>1</LineNumber><ActionCode>Add</ActionCode>"
    "<Product>Phone Case</Product><Qty>1</Qty></SWIOrderItem></ListOfSWIOrderItem>"
)


def web(number):
    item = {"id": "1", "action": "add", "productOffering": {"id": "CASE-01"}}
    known = {"owner": "web", "externalIdentifierType": "orderId", "id": number}
    return json.dumps({"@type": "ProductOrder", "externalId": [known], "productOrderItem": [item]}).encode()


def web_asks(number):
    return json.dumps({"@type": "ProductOrderStatusRequest", "orderId": number}).encode()


def desk(number):
    inside = DESK_ORDER.format(number=number)
    return SOAP.format(operation="SWIOrderUpsert_Input", inside=inside).encode()


def desk_asks(number):
    inside = f"<OrderNumber>{number}</OrderNumber>"
    return SOAP.format(operation="SWIOrderQuery_Input", inside=inside).encode()


def till(number):
    inside = "<CustomerOrderForPickup><ItemID>CASE-01</ItemID><Quantity>1</Quantity></CustomerOrderForPickup>"
    return LOG.format(number=number.rpartition(".")[2], inside=inside).encode()


def till_asks(number):
    inside = f"<PreviousCustomerOrder><OrderID>{number}</OrderID></PreviousCustomerOrder>"
    return LOG.format(number=1000 + int(number[-1]), inside=inside).encode()


def kiosk(number):
    cart = [{"line": 1, "sku": "CASE", "action": "ADD"}]
    return json.dumps({"kioskId": "MALL-1", "txn": number, "cart": cart}).encode()


def kiosk_asks(number):
    return json.dumps({"kioskId": "MALL-1", "txn": f"Q-{number}", "statusOf": number}).encode()


def cards(number):
    batch, _, sequence = number.rpartition("-")
    return BATCH.file([BATCH.detail(int(sequence), code="CASE01")], header=BATCH.header(batch=batch))


def cards_ask(number):
    return BATCH.file([BATCH.inquiry(1, number)], header=BATCH.header(batch=f"Q{number[-1]}"))


def partner(number):
    return interchange(
        group(order("PO1*1*1*EA*19.5**VP*CS-01", number=number)), control="000000001", trailer="000000001"
    )


def partner_asks(number):
    question = transaction_set("869", f"BSI*Q{number}*20261122*PA", "HL*1**O", f"PRF*{number}")
    control = f"00000100{number[-1]}"
    return interchange(group(question, kind="RS"), control=control, trailer=control)


DIALECTS = {
    "web": ("channel.web.out", web, web_asks, "W-1", "W-2", b"E_NOT_FOUND"),
    "callcenter": ("channel.callcenter.out", desk, desk_asks, "1-7", "1-8", b"E_NOT_FOUND"),
    "store": (
        "channel.store.0117.out",
        till,
        till_asks,
        "0117.4.20261102.1",
        "0117.4.20261102.2",
        b"E_NOT_FOUND",
    ),
    "kiosk": ("channel.kiosk.mall-1.out", kiosk, kiosk_asks, "T-1", "T-2", b"E_NOT_FOUND"),
    "directmail": (
        "channel.directmail.printco.out",
        cards,
        cards_ask,
        "B2026-0901-0000001",
        "B2026-0901-0000002",
        "E_NOT_FOUND".encode("cp037"),
    ),
    "partner": ("channel.partner.acme.out", partner, partner_asks, "PO-1", "PO-2", b"ISR*ZZ**EBA"),
}


@pytest.fixture
def hub(tmp_path):
    """The shipped hub."""
    made = Shipped(tmp_path, split=False)
    yield made
    made.close()


def answers(hub, channel, queue, body, minute):
    """What came of a message: the status notices on its sender's queue."""
    hub.take((channel, body, Properties()), START + timedelta(minutes=minute))
    found = []
    while (one := hub.broker.get(queue)) is not None:
        hub.broker.ack(one)
        found += [one] if one.properties.type == "notice.status.v1" else []
    return found


@pytest.mark.parametrize("channel", DIALECTS)
def test_each_channel_asks_and_is_answered_in_its_own_format(hub, channel):
    """By its own number of the order; of an order that is not there it learns that."""
    queue, orders, asks, number, nobodys, nothing = DIALECTS[channel]
    assert [] == answers(hub, channel, queue, orders(number), 0)
    [found] = {one for _, one in hub.store.find(number)}
    [told] = answers(hub, channel, queue, asks(number), 2)
    [none] = answers(hub, channel, queue, asks(nobodys), 4)

    assert found == told.properties.correlation_id
    assert nothing not in told.body
    assert nothing in none.body


def test_every_channel_of_the_hub_is_among_them(hub):
    """One that comes later must not be forgotten here."""
    assert {*DIALECTS} == {*hub.worker.hub.channels}
