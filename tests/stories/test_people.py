"""
Customers who change their minds: on the web, at the call centre, in the store.
"""

from __future__ import annotations

import json
import re

import pytest

SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns="http://siebel.com/OrderManagement/Order/Data"><s:Body><a:{operation}_Input><ListOfSWIOrderIO>'
    "<SWIOrder><OrderNumber>1-7</OrderNumber>{inside}</SWIOrder></ListOfSWIOrderIO></a:{operation}_Input>"
    "</s:Body></s:Envelope>"
)
LINE = (
    "<SWIOrderItem><Id>1-L{place}</Id><LineNumber>{place}</LineNumber><ActionCode>Add</ActionCode>"
    "<Product>{product}</Product>{more}</SWIOrderItem>"
)
AT_EIGHT = (
    "<ListOfSWIOrderItemXa><SWIOrderItemXa><Name>appointment</Name><Value>2026-03-02T20:00:00Z</Value>"
    "</SWIOrderItemXa></ListOfSWIOrderItemXa>"
)
COMPLAINT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns="http://siebel.com/OrderManagement/Order/Data"><s:Body><a:SWIInteraction_Input><ListOfSWIOrderIO>'
    "<SWIInteraction><Id>I-1</Id><Type>Complaint</Type><AccountId>C-7</AccountId>"
    "</SWIInteraction></ListOfSWIOrderIO></a:SWIInteraction_Input></s:Body></s:Envelope>"
)
TILL = (
    '<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/"><Transaction><RetailStoreID>0117</RetailStoreID>'
    "<WorkstationID>4</WorkstationID><SequenceNumber>{number}</SequenceNumber><BusinessDayDate>2026-03-02"
    "</BusinessDayDate><RetailTransaction><Customer><CustomerID>C-7</CustomerID></Customer><LineItem>"
    "<SequenceNumber>1</SequenceNumber>{line}</LineItem></RetailTransaction></Transaction></POSLog>"
)
HANDSET, PLAN, ROUTER = ("Handset A black", ""), ("Mobile 20 GB", ""), ("Router AX", "")


def web_order(*offerings):
    items = [
        {
            "@type": "ProductOrderItem",
            "id": str(place),
            "action": "add",
            "productOffering": {"id": one},
        }
        for place, one in enumerate(offerings, 1)
    ]
    said = {"@type": "ProductOrder", "externalId": [{"id": "W-1"}], "productOrderItem": items}
    return json.dumps(said).encode()


def web_change(item, offering):
    change = {
        "@type": "ProductOrder",
        "productOrderItem": [{"id": item, "productOffering": {"id": offering}}],
    }
    said = {
        "@type": "ProductOrderPatchRequest", "requestId": "P-1", "orderId": "W-1", "productOrder": change,
    }  # fmt: skip
    return json.dumps(said).encode()


def upsert(*products, revision=1, status="Open", more=""):
    """What the call centre sends of its order 1-7."""
    lines = "".join(
        LINE.format(place=place, product=product, more=extra)
        for place, (product, extra) in enumerate(products, 1)
    )
    items = f"<ListOfSWIOrderItem>{lines}</ListOfSWIOrderItem>" if lines else ""
    inside = f"<Id>1-R1</Id><Revision>{revision}</Revision><Status>{status}</Status>{more}{items}"
    return SOAP.format(operation="SWIOrderUpsert", inside=inside).encode()


def yes(question):
    inside = f"<Question>{question}</Question><Accepted>Y</Accepted>"
    return SOAP.format(operation="SWIOrderAnswer", inside=inside).encode()


def test_plan(stage):
    """plan 20→50 GB while the 940 is open."""
    stage.drop("web", web_order("HANDSET-A", "MOBILE-20"))
    for system in ("crm", "oss.mobile", "billing"):
        stage.answers(system)
    assert stage.news() == {
        "crm": ["do OL1-1 1=HANDSET-A x1, 2=MOBILE-20 x1"],
        "warehouse": ["940 N OL1-4 1=HANDSET-A x1"],
        "oss.mobile": ["ADD SUB OL1-2 1=MOBILE-20 x1"],
        "billing": ["D OL1-3 1=MOBILE-20 x1"],
        "web": [
            "Order inProgress v1 0/6 | 1 inProgress HANDSET-A | 2 inProgress MOBILE-20",
            "StateChange inProgress v1 0/6 | 1 inProgress HANDSET-A | 2 inProgress MOBILE-20",
        ],
    }

    stage.drop("web", web_change("2", "MOBILE-50"))
    assert stage.news() == {
        "oss.mobile": ["MOD SUB OL1-2.1 1=MOBILE-50 x1 changes"],
        "web": ["Order inProgress v1 2/6 | 1 inProgress HANDSET-A | 2 inProgress MOBILE-20"],
    }
    stage.answers("oss.mobile")
    assert stage.news() == {"billing": ["R OL1-3.1 1=MOBILE-20 x1"]}
    stage.answers("billing")
    assert stage.news() == {
        "billing": ["D OL1-3.2 1=MOBILE-50 x1"],
        "web": [
            (
                "AttributeValueChange inProgress v2 3/6 | 1 inProgress HANDSET-A | 2 inProgress MOBILE-50"
                " | P-1 applied | change 2 applied"
            )
        ],
    }
    stage.answers("billing")
    assert stage.news() == {}

    stage.answers("warehouse")
    assert stage.news() == {
        "billing": ["D OL1-5 1=HANDSET-A x1"],
        "web": ["Milestone inProgress v2 5/6 | 1 inProgress HANDSET-A | 2 completed MOBILE-50"],
    }
    stage.answers("billing")
    assert stage.news() == {
        "web": ["StateChange completed v2 6/6 | 1 completed HANDSET-A | 2 completed MOBILE-50"]
    }
    assert stage.has() == {
        "crm OL1-1": {"1": "HANDSET-A x1", "2": "MOBILE-20 x1"},
        "oss.mobile OL1-2": {"1": "MOBILE-50 x1"},
        "billing OL1-3": {"1": "MOBILE-50 x1"},
        "warehouse OL1-4": {"1": "HANDSET-A x1"},
        "billing OL1-5": {"1": "HANDSET-A x1"},
    }
    stage.written("plan")


def test_cancel(stage):
    """cancel with a part past hard PONR."""
    stage.drop("callcenter", upsert(HANDSET, PLAN))
    for system in ("crm", "warehouse", "oss.mobile"):
        stage.answers(system)
    assert stage.news() == {
        "crm": ["do OL1-1 1=HANDSET-A x1, 2=MOBILE-20 x1"],
        "warehouse": ["940 N OL1-4 1=HANDSET-A x1"],
        "oss.mobile": ["ADD SUB OL1-2 1=MOBILE-20 x1"],
        "billing": ["D OL1-5 1=HANDSET-A x1", "D OL1-3 1=MOBILE-20 x1"],
        "callcenter": [
            "Upsert 1-7 In Progress",
            "UpdateLineItems 1-7 In Progress accepted 0/6 | 1 In Progress | 2 In Progress",
            "UpdateLineItems 1-7 In Progress shipped 3/6 | 1 In Progress | 2 In Progress",
        ],
    }

    stage.drop("callcenter", upsert(revision=2, status="Cancelled"))
    assert stage.news() == {
        "callcenter": [
            "Upsert 1-7 In Progress",
            (
                "UpdateLineItems 1-7 In Progress changed 4/6 | 1 In Progress | 2 In Progress"
                " | cancel 1-7/2 Refused warehouse E_TOO_LATE"
            ),
        ]
    }

    possible = "<CancelScope>WhatIsPossible</CancelScope>"
    stage.drop("callcenter", upsert(revision=3, status="Cancelled", more=possible))
    assert stage.news() == {
        "billing": ["R OL1-3.1 1=MOBILE-20 x1"],
        "callcenter": ["Upsert 1-7 Pending Cancel"],
    }
    stage.answers("billing")
    assert stage.news() == {"oss.mobile": ["RMV SUB OL1-2.1 1=MOBILE-20 x1 undoes"]}
    stage.answers("oss.mobile")
    assert stage.news() == {"crm": ["undo OL1-1.1 2=MOBILE-20 x1"]}
    stage.answers("crm")
    assert stage.news() == {
        "callcenter": [
            (
                "UpdateLineItems 1-7 Complete changed 3/3 | 1 Complete | 2 Cancelled"
                " | cancel 1-7/3 Complete warehouse"
            ),
            "UpdateLineItems 1-7 Complete ended 3/3 | 1 Complete | 2 Cancelled",
        ]
    }
    assert stage.has() == {
        "crm OL1-1": {"1": "HANDSET-A x1"},
        "warehouse OL1-4": {"1": "HANDSET-A x1"},
        "billing OL1-5": {"1": "HANDSET-A x1"},
    }


class TestQuote:
    @pytest.fixture
    def quoted(self, begin):
        """A line with an appointment this evening, its router at the warehouse, and a faster line wanted."""
        stage = begin(patient=("oss.internet",))
        stage.drop("callcenter", upsert(("Home Internet 100", AT_EIGHT), ROUTER))
        stage.answers("crm")
        assert stage.news()["oss.internet"] == [
            "POST OL1-2 1=INTERNET-100 x1 appointment=2026-03-02T20:00:00Z"
        ]
        stage.drop("callcenter", upsert(("Home Internet 500", AT_EIGHT), ROUTER, revision=2))
        return stage

    @staticmethod
    def question(stage):
        """The number of the quote."""
        return re.search(r"Question>([^<]+)<", stage.letters[-1][1].decode())[1]

    def test_unanswered(self, quoted):
        """unanswered quote lapses while work goes on."""
        question = self.question(quoted)
        assert quoted.news() == {
            "callcenter": [
                "Upsert 1-7 In Progress",
                (
                    "UpdateLineItems 1-7 In Progress information-required 2/6 | 1 In Progress | 2 In Progress"
                    " | change 1-7/2 Awaiting Customer"
                    " | 1 Update Awaiting Customer 1 30.00 03/04/2026 03:00:30 E_CHARGE"
                ),
            ]
        }
        quoted.answers("warehouse")
        assert quoted.news() == {
            "billing": ["D OL1-4 1=ROUTER-AX x1"],
            "callcenter": ["UpdateLineItems 1-7 In Progress shipped 3/6 | 1 In Progress | 2 In Progress"],
        }
        quoted.answers("billing")
        quoted.later(hours=47, minutes=59)
        assert quoted.news() == {}

        quoted.later(minutes=2)
        assert quoted.news() == {
            "callcenter": [
                (
                    "UpdateLineItems 1-7 In Progress changed 4/6 | 1 In Progress | 2 Complete"
                    " | change 1-7/2 Lapsed | 1 Update Lapsed 1 30.00 E_CHARGE"
                )
            ]
        }
        quoted.drop("callcenter", yes(question))
        assert quoted.news() == {"callcenter": ["Fault 1-7 E_STATE"]}
        quoted.answers("oss.internet")
        assert quoted.news() == {"billing": ["D OL1-5 1=INTERNET-100 x1"]}
        quoted.answers("billing")
        assert quoted.news() == {
            "callcenter": ["UpdateLineItems 1-7 Complete ended 6/6 | 1 Complete | 2 Complete"]
        }

    def test_asked_again(self, quoted):
        """And one that somebody has lost sight of: whoever asks how the order stands is asked again."""
        question = self.question(quoted)
        quoted.news()
        query = SOAP.format(operation="SWIOrderQuery", inside="").encode()
        quoted.drop("callcenter", query)
        told = quoted.news()["callcenter"]

        assert ["1-7 In Progress 2/6 | 1 In Progress | 2 In Progress"] == told[:1]
        asked = (
            "UpdateLineItems 1-7 In Progress information-required 2/6 | 1 In Progress | 2 In Progress"
            " | change 1-7/2 Awaiting Customer"
            " | 1 Update Awaiting Customer 1 30.00 03/04/2026 03:00:30 E_CHARGE"
        )
        assert [asked] == told[1:]
        assert question == self.question(quoted)

        quoted.drop("callcenter", yes(question))
        quoted.news()
        quoted.drop("callcenter", query)
        assert 1 == len(quoted.news()["callcenter"])

    def test_answered(self, quoted):
        """And one that the customer agrees to: only then is anybody told."""
        question = self.question(quoted)
        quoted.news()
        quoted.drop("callcenter", yes(question))

        assert quoted.news() == {
            "oss.internet": ["PATCH OL1-2.1 1=INTERNET-500 x1 appointment=2026-03-02T20:00:00Z"],
            "callcenter": ["Answer 1-7 In Progress"],
        }


def test_crossing(stage):
    """modify crossing the 945."""
    stage.drop("web", web_order("HANDSET-A", "MOBILE-20"))
    for system in ("crm", "oss.mobile", "billing"):
        stage.answers(system)
    stage.news()

    stage.will("warehouse", "crossing", verb="modify")
    stage.drop("web", web_change("1", "HANDSET-B"))
    assert stage.news() == {
        "warehouse": ["940 R OL1-4.1 1=HANDSET-B x1"],
        "web": ["Order inProgress v1 4/6 | 1 inProgress HANDSET-A | 2 completed MOBILE-20"],
    }
    stage.answers("warehouse", most=1)
    assert stage.news() == {
        "web": ["Milestone inProgress v1 4/6 | 1 inProgress HANDSET-A | 2 completed MOBILE-20"]
    }
    stage.answers("warehouse")
    assert stage.news() == {
        "billing": ["D OL1-5 1=HANDSET-A x1"],
        "web": [
            (
                "AttributeValueChange inProgress v1 5/6 | 1 inProgress HANDSET-A | 2 completed MOBILE-20"
                " | P-1 refused | change 1 refused E_TOO_LATE follow-on"
            )
        ],
    }
    stage.answers("billing")
    assert stage.news() == {
        "web": ["StateChange completed v1 6/6 | 1 completed HANDSET-A | 2 completed MOBILE-20"]
    }
    assert stage.has()["warehouse OL1-4"] == {"1": "HANDSET-A x1"}


class TestLeaving:
    """A complaint at the call centre, then a disconnect at the store."""

    @pytest.fixture
    def asked(self, stage):
        """The till is told to offer a month free; until the answer, no system hears of anything."""
        stage.drop("callcenter", COMPLAINT.encode())
        assert stage.news() == {"callcenter": ["Interaction"]}
        gone = "<ItemID>INTERNET-500</ItemID><Action>Delete</Action>"
        line = f"<CustomerOrderForPickup>{gone}</CustomerOrderForPickup>"
        stage.drop("store", TILL.format(number=1, line=line).encode())
        assert stage.news() == {
            "store.0117": ["1 Accepted Draft", "1 information-required Draft 0/0 | 1 1"],
        }
        return stage

    @staticmethod
    def answer(stage, word):
        """What the customer says at the till."""
        question = re.search(r"Question>([^<]+)<", stage.letters[-1][1].decode())[1]
        said = f"<OrderID>0117.4.20260302.1</OrderID><Action>{word}</Action><Question>{question}</Question>"
        line = f"<PreviousCustomerOrder>{said}</PreviousCustomerOrder>"
        stage.drop("store", TILL.format(number=2, line=line).encode())

    def test_stays(self, asked):
        """disconnect after complaint."""
        self.answer(asked, "Accept")
        assert asked.news() == {
            "billing": ["D OL1-1 1=MONTH-FREE x1"],
            "store.0117": [
                "2 Accepted InProcess",
                "1 ended Canceled 0/0 | 1 Canceled",
                "2 accepted InProcess 0/1 | 1 InProcess",
            ],
        }
        asked.answers("billing")
        assert asked.news() == {"store.0117": ["2 ended Completed 1/1 | 1 Completed"]}

    def test_leaves(self, asked):
        """And one whose customer says no."""
        self.answer(asked, "Decline")
        assert asked.news() == {
            "crm": ["do OL1-1 1=INTERNET-500 x1"],
            "store.0117": ["2 Accepted InProcess", "1 accepted InProcess 0/3 | 1 InProcess"],
        }
        asked.answers("crm")
        assert asked.news() == {"oss.internet": ["POST OL1-2 delete 1=INTERNET-500 x1 at 0117"]}
