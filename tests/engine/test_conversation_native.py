"""
One conversation in the formats of the channels, through the whole shipped hub: what each sends and is told.
"""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from broker.port import Properties
from tests.engine.shipped import START, Shipped

FIXTURES = Path(__file__).parents[1] / "fixtures" / "conversation"
DESK, TILL, WEB, KIOSK = (
    "channel.callcenter.out",
    "channel.store.0117.out",
    "channel.web.out",
    "channel.kiosk.mall-1.out",
)
SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns="http://siebel.com/OrderManagement/Order/Data"><s:Body><a:{operation}_Input><ListOfSWIOrderIO>{inside}'
    "</ListOfSWIOrderIO></a:{operation}_Input></s:Body></s:Envelope>"
)
LOG = (
    '<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/"><Transaction><RetailStoreID>0117</RetailStoreID>'
    "<WorkstationID>4</WorkstationID><SequenceNumber>{number}</SequenceNumber>"
    "<BusinessDayDate>2026-03-02</BusinessDayDate><RetailTransaction>"
    "<Customer><CustomerID>C-7</CustomerID></Customer>{lines}</RetailTransaction></Transaction></POSLog>"
)


def previous(inside, number=9):
    return (
        f"<LineItem><SequenceNumber>{number}</SequenceNumber>"
        f"<PreviousCustomerOrder>{inside}</PreviousCustomerOrder></LineItem>"
    )


def ordered(item, number=1, more=""):
    return (
        f"<LineItem><SequenceNumber>{number}</SequenceNumber><CustomerOrderForPickup>"
        f"<ItemID>{item}</ItemID>{more}</CustomerOrderForPickup></LineItem>"
    )


class Hub:
    """The shipped hub; a minute passes before each message, and what everybody is told is written down."""

    def __init__(self, folder):
        self.shipped = Shipped(folder, split=False)
        self.now = START
        self.said: list[str] = []

    def send(self, channel, body, kind="text/xml"):
        """Drop a message, let the hub work, and take what every channel was told."""
        self.wait(timedelta(seconds=61))
        self.said.append(f">> {channel}")
        self.shipped.take((channel, body.encode(), Properties(content_type=kind, message_id="m-1")), self.now)
        return self.told()

    def wait(self, time):
        """Let time pass, and what is due be done."""
        self.now += time
        self.shipped.now = self.now
        for _ in range(3):
            self.shipped.worker.engine.sweep(self.now)
            self.shipped.work()

    def told(self):
        """What every channel was told since, by queue."""
        found = {queue: [plain(one) for one in self._taken(queue)] for queue in (WEB, DESK, TILL, KIOSK)}
        self.said += [f"<< {queue}\n{text}" for queue, texts in found.items() for text in texts]
        return found

    def _taken(self, queue):
        while (one := self.shipped.broker.get(queue)) is not None:
            self.shipped.broker.ack(one)
            yield one.body

    def waiting(self):
        """How many instructions each system was sent and has not taken."""
        names = ("crm", "warehouse", "billing", "oss.mobile")
        return {name: depth for name in names if (depth := self.shipped.broker.depth(f"system.{name}.in"))}

    def transcript(self):
        return "\n".join(self.said) + "\n"


def plain(body):
    """A message as people read it: XML without its declaration, JSON with a line for each property."""
    text = body.decode()
    if text.startswith("{"):
        return json.dumps(json.loads(text), indent=1)
    return re.sub(r"^<\?xml[^>]*\?>\n?", "", text).strip()


def expected(name, said):
    """What is written in the fixture; with ``ORDERLOOM_WRITE`` set it is written there."""
    file = FIXTURES / f"{name}.txt"
    if os.environ.get("ORDERLOOM_WRITE"):
        file.write_text(said, encoding="utf-8")
    return file.read_text(encoding="utf-8")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The shipped hub on the memory broker, tokens counted."""
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    made = Hub(tmp_path)
    yield made
    made.shipped.close()


def complain(hub):
    """The customer complains at the call centre."""
    inside = (
        "<SWIInteraction><Id>I-1</Id><Type>Complaint</Type><AccountId>C-7</AccountId>"
        "<Comments>too slow</Comments></SWIInteraction>"
    )
    hub.send("callcenter", SOAP.format(operation="SWIInteraction", inside=inside))


def disconnect(hub):
    """And wants to leave, in the store; the question that the till is told to put."""
    gone = ordered("INTERNET-500", more="<Action>Delete</Action>")
    told = hub.send("store", LOG.format(number=1, lines=gone))[TILL]
    return re.search("Question>(rec[^<]*)<", told[-1])[1]


def reply(hub, question, action):
    """What the customer says to it."""
    order = "<OrderID>0117.4.20260302.1</OrderID>"
    said = previous(f"{order}<Action>{action}</Action><Question>{question}</Question>")
    hub.send("store", LOG.format(number=2, lines=said))


class TestDisconnectAfterComplaint:
    """A complaint made at the call centre meets a disconnect at the store: a month free is offered."""

    def test_disconnect_after_complaint(self, hub):
        """It is taken: every message that the call centre and the store are told, to the letter."""
        complain(hub)
        reply(hub, disconnect(hub), "Accept")

        assert expected("disconnect-after-complaint", hub.transcript()) == hub.transcript()
        assert {"billing": 1} == hub.waiting()

    def test_it_is_declined(self, hub):
        """The disconnect goes on: the customer's record is told first."""
        complain(hub)
        question = disconnect(hub)
        assert {} == hub.waiting()
        reply(hub, question, "Decline")

        assert {"crm": 1} == hub.waiting()

    def test_nobody_answers(self, hub):
        """A day later it goes on by itself."""
        complain(hub)
        disconnect(hub)
        hub.wait(timedelta(hours=23))
        assert {} == hub.waiting()
        hub.wait(timedelta(hours=2))

        assert {"crm": 1} == hub.waiting()

    def test_who_has_not_complained_is_not_asked(self, hub):
        """The order is carried out at once."""
        gone = ordered("INTERNET-500", more="<Action>Delete</Action>")
        hub.send("store", LOG.format(number=1, lines=gone))

        assert {"crm": 1} == hub.waiting()


def phones(*offerings, **more):
    """The web's draft: telephones of which one is to be chosen."""
    return json.dumps(
        {
            "@type": "ProductOrder",
            "requestedInitialState": "draft",
            "externalId": [{"owner": "web", "externalIdentifierType": "orderId", "id": "W-1"}],
            "productOrderItem": [
                {
                    "@type": "ProductOrderItem",
                    "id": str(number),
                    "action": "add",
                    "choiceGroup": "phone",
                    "productOffering": {"id": offering},
                }
                for number, offering in enumerate(offerings, 1)
            ],
            **more,
        }
    )


def token_in(texts, mark):
    """The token of the last message that has one."""
    found = [
        one for text in texts for one in re.findall(rf"{mark}[^R]{{1,4}}(R(?:-[0-9A-Z]{{4}}){{6}})", text)
    ]
    return found[-1]


class TestOneConversation:
    """The web begins, the call centre narrows down, the kiosk looks, the store completes."""

    def test_one_conversation_across_four_channels(self, hub):
        """Nothing is repeated, one order comes of it, and every message is as it is written down."""
        json_ = "application/json"
        told = hub.send("web", phones("HANDSET-A", "HANDSET-B", "CASE-01"), json_)
        token = token_in(told[WEB], "conversationToken")
        ask = f"<SWIOrder><OrderNumber>{token}</OrderNumber></SWIOrder>"
        told = hub.send("callcenter", SOAP.format(operation="SWIConversationQuery", inside=ask))
        conversation = re.search("ConversationId>(CV[^<]*)<", told[DESK][0])[1]
        kept = (
            "<SWIOrder><Id>1-R1</Id><OrderNumber>1-7</OrderNumber><Status>Open</Status><HoldFlag>Y</HoldFlag>"
            f"<AccountId>C-7</AccountId><ConversationId>{conversation}</ConversationId>"
            "<ListOfSWIOrderItem><SWIOrderItem><Id>1-L1</Id><LineNumber>2</LineNumber><ActionCode>Add</ActionCode>"
            "<Product>Handset B black</Product><ChoiceGroup>phone</ChoiceGroup></SWIOrderItem>"
            "</ListOfSWIOrderItem></SWIOrder>"
        )
        told = hub.send("callcenter", SOAP.format(operation="SWIOrderUpsert", inside=kept))
        token = token_in(told[DESK], "ConversationToken")
        told = hub.send("kiosk", json.dumps({"kioskId": "MALL-1", "txn": "7", "resumeToken": token}), json_)
        token = token_in(told[KIOSK], "resumeToken")
        lines = ordered("CASE-01", 3) + previous(f"<OrderID>{token}</OrderID><Action>Complete</Action>")
        hub.send("store", LOG.format(number=1, lines=lines))
        late = phones("HANDSET-B", requestedInitialState="acknowledged", conversationId=conversation)
        hub.send("web", late.replace('"id": "W-1"', '"id": "W-2"').replace('"id": "1"', '"id": "2"'), json_)

        assert expected("one-conversation", hub.transcript()) == hub.transcript()
        assert {"crm": 1} == hub.waiting()
