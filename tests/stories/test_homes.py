"""
Orders of several systems and sites: whole homes, and a business with two of them.
"""

from __future__ import annotations

import json

import pytest

from tests.stories.plain import BILLS, ONE_BILL, Television, Voice

TRIPLE = ("INTERNET-500", "VOICE", "TV-BASIC")
EVENT = "ServiceOrderStateChangeEvent"


def item(number, offering, **product):
    return {
        "@type": "ProductOrderItem",
        "id": str(number),
        "action": "add",
        "productOffering": {"id": offering},
        **({"product": product} if product else {}),
    }


def order(*items, **more):
    said = {"@type": "ProductOrder", "externalId": [{"id": "W-1"}], "productOrderItem": items, **more}
    return json.dumps(said).encode()


def services(*offerings):
    return order(*(item(place, one) for place, one in enumerate(offerings, 1)))


def address(street, role="installationAddress"):
    return [{"role": role, "place": {"@type": "GeographicAddress", "streetName": street, "city": "Salem"}}]


def faster(line):
    change = {"productOrderItem": [{"id": str(line), "productOffering": {"id": "INTERNET-500"}}]}
    said = {"@type": "ProductOrderPatchRequest", "requestId": "P-1", "orderId": "W-1"}
    return json.dumps({**said, "productOrder": {"@type": "ProductOrder", **change}}).encode()


def up(key, line):
    """An event of internet provisioning's: one line of a service order is up."""
    items = [{"id": str(line), "state": "completed"}]
    said = {"id": "SO-1", "externalId": key, "state": "inProgress", "serviceOrderItem": items}
    return json.dumps({"eventId": f"EV-{line}", "eventType": EVENT, "event": {"serviceOrder": said}}).encode()


@pytest.fixture
def at_home(begin):
    """Sets the stage with voice and TV beside the shipped systems, and these rules."""
    return lambda rules: begin(rules, alone=True, more=(Voice, Television))


def told(kind, state, progress, *states, version=1, offerings=TRIPLE, more=""):
    """What the web is told of an order of these."""
    items = "".join(
        f" | {place} {one} {offering}"
        for place, (one, offering) in enumerate(zip(states, offerings, strict=True), 1)
    )
    return f"{kind} {state} v{version} {progress}{items}{more}"


class TestTvRefused:
    @pytest.fixture
    def ordered(self, at_home):
        """Internet, voice and TV, of which the last will be refused: there is a line into the house."""

        def order_of(rules, word):
            stage = at_home(rules)
            stage.will("oss.tv", word)
            stage.drop("web", services(*TRIPLE))
            taken = ("inProgress", "0/9", "inProgress", "inProgress", "inProgress")
            assert stage.news() == {
                "crm": ["do OL1-1 1=INTERNET-500 x1, 2=VOICE x1, 3=TV-BASIC x1"],
                "web": [told("Order", *taken), told("StateChange", *taken)],
            }
            stage.answers("crm")
            assert stage.news() == {"oss.internet": ["POST OL1-2 1=INTERNET-500 x1"]}
            stage.answers("oss.internet")
            return stage

        return order_of

    def test_held(self, ordered):
        """TV refused with internet and voice billed."""
        stage = ordered(BILLS, "refused")
        assert stage.news() == {
            "oss.tv": ["do OL1-4 1=TV-BASIC x1"],
            "oss.voice": ["do OL1-6 1=VOICE x1"],
            "billing": ["D OL1-3 1=INTERNET-500 x1"],
        }
        stage.answers("oss.tv")
        assert stage.news() == {}
        stage.answers("oss.voice")
        assert stage.news() == {"billing": ["D OL1-7 1=VOICE x1"]}
        stage.answers("billing")
        assert stage.news() == {
            "web": [told("JeopardyAlert", "held", "7/9", "completed", "completed", "held")],
        }

        stage.act("fail", "W-1", part="tv")
        assert stage.news() == {
            "web": [told("StateChange", "partial", "7/8", "completed", "completed", "partial")],
        }
        assert stage.has() == {
            "crm OL1-1": {"1": "INTERNET-500 x1", "2": "VOICE x1", "3": "TV-BASIC x1"},
            "oss.internet OL1-2": {"1": "INTERNET-500 x1"},
            "billing OL1-3": {"1": "INTERNET-500 x1"},
            "oss.voice OL1-6": {"1": "VOICE x1"},
            "billing OL1-7": {"1": "VOICE x1"},
        }

    def test_final(self, ordered):
        """And by a word that is final: the one bill for all is written without it."""
        stage = ordered(ONE_BILL, "rejected")
        assert stage.news() == {
            "oss.tv": ["do OL1-3 1=TV-BASIC x1"],
            "oss.voice": ["do OL1-4 1=VOICE x1"],
        }
        stage.answers("oss.voice")
        assert stage.news() == {}
        stage.answers("oss.tv")
        assert stage.news() == {"billing": ["D OL1-5 1=INTERNET-500 x1, 2=VOICE x1"]}
        stage.answers("billing")
        assert stage.news() == {
            "web": [told("StateChange", "partial", "7/8", "completed", "completed", "partial")],
        }


def test_quad_play(at_home):
    """one quad play."""
    stage = at_home(ONE_BILL)
    four = (*TRIPLE, "MOBILE-20")
    stage.drop("web", services(*four))
    taken = ("inProgress", "0/12", *["inProgress"] * 4)
    assert stage.news() == {
        "crm": ["do OL1-1 1=INTERNET-500 x1, 2=VOICE x1, 3=TV-BASIC x1, 4=MOBILE-20 x1"],
        "web": [told(kind, *taken, offerings=four) for kind in ("Order", "StateChange")],
    }
    stage.answers("crm")
    assert stage.news() == {
        "oss.internet": ["POST OL1-2 1=INTERNET-500 x1"],
        "oss.mobile": ["ADD SUB OL1-3 1=MOBILE-20 x1"],
    }
    stage.answers("oss.mobile")
    assert stage.news() == {}
    stage.answers("oss.internet")
    assert stage.news() == {
        "oss.tv": ["do OL1-4 1=TV-BASIC x1"],
        "oss.voice": ["do OL1-5 1=VOICE x1"],
    }
    stage.answers("oss.tv")
    assert stage.news() == {}
    stage.answers("oss.voice")
    assert stage.news() == {
        "billing": ["D OL1-6 1=INTERNET-500 x1, 2=VOICE x1, 3=TV-BASIC x1, 4=MOBILE-20 x1"],
    }
    stage.answers("billing")
    assert stage.news() == {
        "web": [told("StateChange", "completed", "12/12", *["completed"] * 4, offerings=four)],
    }


def test_two_sites(stage):
    """one business order with two sites."""
    north = item(1, "INTERNET-100", place=address("1 North Street"))
    south = item(2, "INTERNET-100", place=address("2 South Street"))
    router = item(3, "ROUTER-AX", place=address("1 North Street", "deliveryAddress"))
    mill = {"@type": "PartyRef", "id": "B-77", "name": "Mill Ltd"}
    customer = [{"role": "customer", "partyOrPartyRole": mill}]
    stage.drop("web", order(north, south, router, category="business", relatedParty=customer))
    stage.answers("crm")
    before = ("INTERNET-100", "INTERNET-100", "ROUTER-AX")
    taken = ("inProgress", "0/9", *["inProgress"] * 3)
    lines = "1=INTERNET-100 x1 at 1 North Street, 2=INTERNET-100 x1 at 2 South Street"
    assert stage.news() == {
        "crm": ["do OL1-1 1=INTERNET-100 x1, 2=INTERNET-100 x1, 3=ROUTER-AX x1"],
        "oss.internet": [f"POST OL1-2 {lines}"],
        "warehouse": ["940 N OL1-3 1=ROUTER-AX x1"],
        "web": [told(kind, *taken, offerings=before) for kind in ("Order", "StateChange")],
    }
    key = next(json.loads(body)["externalId"] for who, body in stage.letters if who == "oss.internet")

    stage.says("oss.internet", up(key, 1))
    assert stage.news() == {}
    stage.drop("web", faster(2))
    assert stage.news() == {
        "oss.internet": ["PATCH OL1-2.1 2=INTERNET-500 x1 at 2 South Street"],
        "billing": ["D OL1-5 1=INTERNET-100 x1"],
        "web": [told("Order", "inProgress", "4/9", *["inProgress"] * 3, offerings=before)],
    }
    stage.answers("billing")
    stage.answers("warehouse")
    stage.answers("billing")
    assert stage.news() == {
        "billing": ["D OL1-4 1=ROUTER-AX x1"],
        "web": [
            told("Milestone", "inProgress", "6/9", "completed", "inProgress", "inProgress", offerings=before)
        ],
    }

    stage.answers("oss.internet", most=1)
    now = {"version": 2, "offerings": ("INTERNET-100", "INTERNET-500", "ROUTER-AX")}
    half = ("inProgress", "7/9", "completed", "inProgress", "completed")
    changed = " | P-1 applied | change 2 applied"
    assert stage.news() == {"web": [told("AttributeValueChange", *half, **now, more=changed)]}
    stage.says("oss.internet", up(key, 2))
    assert stage.news() == {"billing": ["D OL1-5.1 2=INTERNET-500 x1"]}
    stage.answers("billing")
    assert stage.news() == {"web": [told("StateChange", "completed", "9/9", *["completed"] * 3, **now)]}
