"""
Systems that stop and ask: the question in the channel's own format, its answer, and what the system is told.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.stories.test_partners import PO, message, order
from tests.stories.test_people import web_change

SOAP_OF = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns="http://siebel.com/OrderManagement/Order/Data"><s:Body><a:{operation}_Input><ListOfSWIOrderIO>'
    "<SWIOrder>{inside}</SWIOrder></ListOfSWIOrderIO></a:{operation}_Input></s:Body></s:Envelope>"
)
SLOWER = {"downloadMbps": "100"}


def web_order(quantity=1):
    """An order of a line into the house, of the web's."""
    item = {
        "@type": "ProductOrderItem",
        "id": "1",
        "action": "add",
        "quantity": quantity,
        "productOffering": {"id": "INTERNET-500"},
        "product": {"productCharacteristic": [{"name": "downloadMbps", "value": "500"}]},
    }
    said = {"@type": "ProductOrder", "externalId": [{"id": "W-1"}], "productOrderItem": [item]}
    return json.dumps(said).encode()


def web_answer(question, *, yes=True, text=""):
    """The customer's word, from the web."""
    said = {"@type": "ProductOrderAnswer", "orderId": "W-1", "question": question}
    return json.dumps({**said, "accepted": yes, **({"text": text} if text else {})}).encode()


def asked(stage):
    """The id of the question that somebody was asked last, wherever it stands in his format."""
    marks = rb'(?:"question":"|N9\*PR\*)(AM[0-9A-Z]{12}-1)\b'
    found = [one for _, body in stage.letters for one in re.findall(marks, body)]
    return found[-1].decode()


@pytest.fixture
def offered(stage):
    """Internet provisioning can do 100 of the 500 Mbit/s that the web has ordered."""
    stage.will("oss.internet", "counter_offer", offer=SLOWER)
    stage.drop("web", web_order())
    stage.answers("crm")
    stage.news()
    stage.answers("oss.internet")
    return stage


SERVICE = "1=INTERNET-500 x1 downloadMbps"


def order_id(stage):
    """The hub's id of the order, as everybody is told it."""
    return next(one.decode() for _, body in stage.letters for one in re.findall(rb"OL[0-9A-Z]{16}", body))


def soap(operation, inside):
    """A message of the call centre's."""
    return SOAP_OF.format(operation=operation, inside=inside).encode()


class TestCounterOffer:
    def test_yes(self, offered):
        """The web says yes: provisioning is told by a PATCH, and goes on; the version is the next."""
        waits = "InformationRequired pending v1 1/3 | 1 pending INTERNET-500"
        ends = "| change 1 awaitingCustomer E_COUNTER_OFFER"
        assert offered.news() == {"web": [f"{waits} | - awaitingCustomer {ends}"]}

        offered.drop("web", web_answer(asked(offered)))
        assert offered.news()["oss.internet"] == [f"PATCH OL1-2.1 {SERVICE}=100"]
        offered.answers("oss.internet", most=1)
        assert offered.news() == {
            "web": [
                (
                    "AttributeValueChange inProgress v2 1/3 | 1 inProgress INTERNET-500"
                    " | - applied | change 1 applied"
                )
            ]
        }
        offered.answers("oss.internet")
        assert offered.news() == {"billing": ["D OL1-3 1=INTERNET-500 x1"]}
        offered.answers("billing")
        assert offered.news() == {"web": ["StateChange completed v2 3/3 | 1 completed INTERNET-500"]}
        assert offered.has()["oss.internet OL1-2"] == {"1": "INTERNET-500 x1 downloadMbps=100"}

    def test_no(self, offered):
        """No: the service order is cancelled, and the customer's record is taken back."""
        offered.news()
        offered.drop("web", web_answer(asked(offered), yes=False))
        assert offered.news()["oss.internet"] == ["cancel OL1-2.1 1"]
        offered.answers("oss.internet")
        offered.answers("crm")

        assert offered.news()["web"][-1] == "StateChange cancelled v1 0/0 | 1 cancelled INTERNET-500"
        assert offered.has() == {}

    def test_twice(self, offered):
        """Yes, and then no: the second is refused, and names what it contradicts."""
        offered.news()
        question = asked(offered)
        offered.drop("web", web_answer(question))
        offered.news()
        offered.drop("web", web_answer(question, yes=False))

        assert offered.news() == {"web": ["Error E_DUPLICATE_ORDER"]}

    def test_silence(self, offered):
        """Nobody answers for two days: held for a person, who has everybody asked again."""
        offered.news()
        first = asked(offered)
        offered.later(hours=48)
        [lapsed, held] = offered.news()["web"]
        assert lapsed.endswith("| - lapsed | change 1 lapsed E_UNANSWERED")
        assert held.startswith("JeopardyAlert held")
        offered.act("retry", "W-1")
        assert first != asked(offered)
        offered.drop("web", web_answer(asked(offered)))
        assert f"PATCH OL1-2.1 {SERVICE}=100" in offered.news()["oss.internet"]

    def test_changed(self, offered):
        """The customer wants another line instead: that is what provisioning is told, and the answer."""
        offered.news()
        change = web_change("1", "INTERNET-100")
        offered.drop("web", change)
        offered.news()
        offered.answers("oss.internet", most=1)

        now = "AttributeValueChange inProgress v2 1/3 | 1 inProgress INTERNET-100"
        assert offered.news()["web"] == [
            f"{now} | - withdrawn | change 1 withdrawn E_COUNTER_OFFER",
            f"{now} | P-1 applied | change 1 applied",
        ]


def test_another_channel(stage):
    """The customer calls: the call centre sees the order by his token, is asked too, and says yes for him."""
    stage.will("oss.internet", "counter_offer", offer=SLOWER)
    stage.drop("web", web_order())
    told = b"".join(body for who, body in stage.letters if who == "web")
    token = re.search(rb'conversationToken":"([^"]*)"', told)[1].decode()
    number = f"<OrderNumber>{token}</OrderNumber>"
    stage.drop("callcenter", soap("SWIConversationQuery", number))
    stage.answers("crm")
    stage.news()
    stage.answers("oss.internet")
    asks = "UpdateLineItems OL1 Awaiting Customer information-required 1/3 | 1 Awaiting Customer"
    assert [one.split(" | change")[0] for one in stage.news()["callcenter"]] == [asks]
    told = [body for who, body in stage.letters if who == "callcenter"][-1]
    question = re.search(rb"Question>(AM[^<]*)<", told)[1].decode()

    said = (
        f"<OrderNumber>{order_id(stage)}</OrderNumber><Question>{question}</Question><Accepted>Y</Accepted>"
    )
    stage.drop("callcenter", soap("SWIOrderAnswer", said))
    news = stage.news()
    assert news["oss.internet"] == [f"PATCH OL1-2.1 {SERVICE}=100"]
    assert news["callcenter"][0].startswith("Answer")
    stage.drop("web", web_answer(question, yes=False))
    assert stage.news() == {"web": ["Error E_STATE"]}
    stage.answers("oss.internet", most=1)
    assert sorted(stage.news()) == ["callcenter", "web"]


def test_information(stage):
    """Provisioning needs to know something: the customer's words are in the note of the PATCH."""
    stage.will("oss.internet", "needs_customer")
    stage.drop("web", web_order())
    stage.answers("crm")
    stage.answers("oss.internet")
    assert stage.news()["web"][-1].endswith("| - awaitingCustomer | change 1 awaitingCustomer E_INFORMATION")
    stage.drop("web", web_answer(asked(stage), text="ring at the back door"))
    patch = json.loads([body for who, body in stage.letters if who == "oss.internet"][-1])

    assert [one["text"] for one in patch["note"][1:]] == ["ring at the back door"]
    stage.answers("oss.internet")
    stage.answers("billing")
    assert stage.news()["web"][-1].startswith("StateChange completed")


def test_event_of_its_own(stage):
    """TMF641 has an event for it, that names the service order and what it could be."""
    stage.will("oss.internet", "silent")
    stage.drop("web", web_order())
    stage.answers("crm")
    key = next(json.loads(body)["externalId"] for who, body in stage.letters if who == "oss.internet")
    values = [{"name": "downloadMbps", "value": "250"}]
    said = {
        "id": "SO-1",
        "externalId": key,
        "serviceOrderItem": [{"id": "1", "service": {"serviceCharacteristic": values}}],
    }
    kind = "ServiceOrderInformationRequiredEvent"
    stage.news()
    event = {"eventId": "E-1", "eventType": kind, "event": {"serviceOrder": said}}
    stage.says("oss.internet", json.dumps(event).encode())
    stage.drop("web", web_answer(asked(stage)))

    assert stage.news()["oss.internet"] == [f"PATCH OL1-2.1 {SERVICE}=250"]


def test_partner(stage):
    """A trading partner is asked by an 865 on hold, and says yes by an 860."""
    stage.will("oss.internet", "counter_offer", offer={"quantity": "1"})
    line = "49.00**VP*NET-500"
    stage.drop("partner", order(line, quantity=2))
    stage.answers("crm")
    stage.news()
    stage.answers("oss.internet")
    question = asked(stage)
    [told] = stage.news()["partner.acme"]
    assert told.startswith(f"865 AH {PO} | 1 CA x1 IH {question} until 2026")
    assert b"offers quantity 1 instead of quantity 2" in stage.letters[-1][1]

    head = f"BCH*06*SA*{PO}***20260301"
    stage.drop("partner", message("860", head, f"N9*PR*{question}", control=79))
    stage.answers("oss.internet", most=1)
    assert f"865 AD {PO} | 1 CA x1 IQ" in stage.news()["partner.acme"]
