"""
What is written and read, checked against TM Forum's own schemas where they are at hand.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Native, Stamp
from adapters.kit.specimens import AT, intakes, notices
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.order import every_item
from canonical.references import Offering, References
from tests.adapters.catalogue import WEB_PORTAL
from tests.adapters.instructions import (
    DOOR,
    PURCHASE_ORDER,
    changing,
    fibre_at_home,
    instruction,
    line,
    turned,
    undoing,
)
from tests.adapters.tmf import QUAD_PLAY, TMF622_V5, TMF641_V4, Specification
from tests.adapters.web_orders import FIXTURES, read

ORDERS = ("handset", "home-bundle", "smallest")
STAMP = Stamp(at=AT, endpoint=WEB_PORTAL)

# What we say beyond TMF622: documented in docs/channels/web.md.
OURS = {"ProductOrder.place", "ProductOrder.version", "ProductOrder.progress", "GeographicAddress.name"}


def command(sample):
    return read((FIXTURES / f"{sample}.json").read_bytes())


def told(sample, kind):
    """The JSON that the portal gets for a notice about a sample's order."""
    asked = command(sample)
    return json.loads(WebAdapter().render(notices(asked.order, asked.origin)[kind], STAMP).body)


def acknowledged(sample, outcome):
    asked = command(sample)
    return json.loads(WebAdapter().acknowledge(intakes(asked.order, [asked.origin])[outcome], STAMP).body)


if TMF622_V5.exists():
    V5 = Specification(TMF622_V5)

    class TestTmf622:
        @pytest.mark.parametrize("sample", ORDERS)
        def test_our_samples_are_orders(self, sample):
            """What the documentation tells portals to send is a TMF622 v5 create, but for the short cuts."""
            document = json.loads((FIXTURES / f"{sample}.json").read_bytes())
            faults = V5.faults("ProductOrder_FVO", document) if sample != "smallest" else []

            assert [] == faults

        @pytest.mark.parametrize("sample", ORDERS)
        @pytest.mark.parametrize("outcome", ["accepted", "repeated"])
        def test_an_acknowledged_order(self, sample, outcome):
            """The order as it was taken is a TMF622 v5 ProductOrder."""
            document = acknowledged(sample, outcome)

            assert [] == V5.faults("ProductOrder", document)
            assert V5.strays("ProductOrder", document) <= OURS

        def test_an_error(self):
            """A refusal is a TMF622 v5 Error."""
            document = acknowledged("handset", "rejected")

            assert [] == V5.faults("Error", document)
            assert set() == V5.strays("Error", document)

        @pytest.mark.parametrize("sample", ORDERS)
        @pytest.mark.parametrize(
            "kind",
            [
                "accepted",
                "changed",
                "delayed",
                "shipped",
                "ended completed",
                "ended partial",
                "ended cancelled",
            ],
        )
        def test_events(self, sample, kind):
            """An event is what its type says, with an order inside."""
            document = told(sample, kind)

            assert [] == V5.faults(document["eventType"], document)
            assert V5.strays(document["eventType"], document) <= OURS

        def test_information_required(self):
            """The standard wants a mere reference here; the whole order is one, and says more."""
            document = told("handset", "information-required")

            assert [] == V5.faults("ProductOrderInformationRequiredEvent", document)
            assert [] == V5.faults("ProductOrder", document["event"]["productOrder"])

        def test_the_check_finds_something(self):
            """A wrong type and a misspelt property do not pass."""
            document = told("handset", "accepted")
            order = document["event"]["productOrder"]

            assert V5.faults("ProductOrder", order | {"state": "nearly"})
            assert {"ProductOrderStateChangeEvent.timeOcurred"} == V5.strays(
                "ProductOrderStateChangeEvent", {"@type": "ProductOrderStateChangeEvent", "timeOcurred": "x"}
            )


if QUAD_PLAY.exists():

    class TestQuadPlay:
        def test_a_foreign_order_translates(self):
            """An order that others wrote is taken when it is no draft, and comes back as an order."""
            document = json.loads(QUAD_PLAY.read_bytes())
            del document["requestedInitialState"]
            ids = {item["productOffering"]["id"] for item in document["productOrderItem"]}
            offerings = [Offering(id=one, name=one, category="any") for one in sorted(ids)]
            native = Native(body=json.dumps(document).encode(), content_type="application/json")
            [found] = WebAdapter().translate(native, References.of("test", offerings, [WEB_PORTAL]))
            taken = intakes(found.order, [found.origin])["accepted"]
            answer = json.loads(WebAdapter().acknowledge(taken, STAMP).body)

            assert "C-7F3K-22" == found.origin.document
            assert 6 == len(list(every_item(found.order.product_order_item)))
            assert [] == Specification(TMF622_V5).faults("ProductOrder", answer)
            assert [item["product"] for item in document["productOrderItem"] if len(item["product"]) > 2] == [
                {"isBundle": False} | _without_value_types(item["product"])
                for item in answer["productOrderItem"]
                if "product" in item
            ]


def _without_value_types(product):
    features = [
        {name: value for name, value in one.items() if name != "valueType"}
        for one in product["productCharacteristic"]
    ]
    return product | {"productCharacteristic": features}


if TMF641_V4.exists():
    V4 = Specification(TMF641_V4)
    ADDRESS = {
        f"RelatedPlaceRefOrValue.{name}"
        for name in ("streetName", "city", "stateOrProvince", "postcode", "country")
    }
    # A cancel of TMF641 is of a whole service order, and has no name at its sender.
    CANCEL = {"CancelServiceOrder_Create.externalId", "CancelServiceOrder_Create.serviceOrderItem"}
    TASK = {"CancelServiceOrder.externalId"}

    class TestTmf641:
        @pytest.mark.parametrize("lines", [(line(),), (fibre_at_home(), line(2))])
        def test_a_service_order(self, lines):
            """What provisioning is sent is a TMF641 v4.1 create."""
            full = instruction(
                "oss.internet",
                "internet",
                lines=lines,
                place=(DOOR,),
                external_id=(PURCHASE_ORDER,),
                requested_completion_date=datetime(2026, 9, 12, tzinfo=UTC),
            )
            document = json.loads(OssInternetAdapter().instruct(full, STAMP).body)

            assert [] == V4.faults("ServiceOrder_Create", document)
            assert V4.strays("ServiceOrder_Create", document) <= ADDRESS

        def test_a_change(self):
            """What a patch says is a TMF641 v4.1 update."""
            first = instruction("oss.internet", "internet", lines=(fibre_at_home(),))
            change = changing(first, turned(fibre_at_home(), quantity=2))
            document = json.loads(OssInternetAdapter().instruct(change, STAMP).body)

            assert [] == V4.faults("ServiceOrder_Update", document)
            assert V4.strays("ServiceOrder_Update", document) <= ADDRESS

        def test_a_cancel(self):
            """What is posted is a TMF641 v4.1 cancel, and says of which items."""
            first = instruction("oss.internet", "internet")
            document = json.loads(OssInternetAdapter().instruct(undoing(first, line()), STAMP).body)

            assert [] == V4.faults("CancelServiceOrder_Create", document)
            assert V4.strays("CancelServiceOrder_Create", document) == CANCEL

        @pytest.mark.parametrize(
            ("sample", "schema"),
            [
                ("acknowledged", "ServiceOrder"),
                ("rejected-at-once", "ServiceOrder"),
                ("error", "Error"),
                ("completed-event", "ServiceOrderStateChangeEvent"),
                ("failed-event", "ServiceOrderStateChangeEvent"),
                ("offer-event", "ServiceOrderInformationRequiredEvent"),
                ("changed-event", "ServiceOrderAttributeValueChangeEvent"),
                ("change-too-late-event", "ServiceOrderAttributeValueChangeEvent"),
                ("past-error", "Error"),
                ("cancel-accepted", "CancelServiceOrder"),
                ("cancel-too-late", "CancelServiceOrder"),
                ("cancelled-event", "CancelServiceOrderStateChangeEvent"),
            ],
        )
        def test_our_sample_replies(self, sample, schema):
            """The replies that the tests read are what TMF641 says that they are."""
            document = json.loads((FIXTURES.parent / "oss_internet" / f"{sample}.json").read_bytes())

            assert [] == V4.faults(schema, document)
            assert V4.strays(schema, document) <= TASK
