"""
What the shipped adapters cannot write, because an adapter of somebody else has put it on ``orders.in``.

The message is parked with the code and place of what could not be written.
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from adapters.kit.contract import Native
from broker.port import Delivery, Properties
from canonical.codec import decode
from canonical.errors import Fault
from orderloom.correlation.port import ParkedState
from orderloom.engine.forwarded import AS_IT_IS
from orderloom.hub_topology import ORDERS_IN, channel_in
from tests.engine.shipped import START, Shipped

ACME = {"channel": "partner", "endpoint": "partner.acme", "envelope": "ACME/000000009", "documentType": "850"}
INTERCHANGE = {"ISA09": "260302", "ISA10": "0900", "ISA13": "000000009", "ISA14": "1"}
MAIL = {"channel": "directmail", "endpoint": "directmail.printco", "envelope": "B/1", "documentType": "batch"}
SAMPLES = Path(__file__).parents[1] / "fixtures" / "partner" / "in"
ITEM = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "HANDSET-A"}}


@pytest.fixture
def hub(tmp_path):
    """The shipped hub, each adapter on its own."""
    made = Shipped(tmp_path, split=True)
    yield made
    made.close()


def translation(document: dict[str, object]) -> bytes:
    channel = document["origin"]["channel"]
    native = {"body": b64encode(b"native").decode()}
    content = {"command": "Translation", "channel": channel, "native": native, "documents": [document]}
    return json.dumps(content).encode()


def submit(origin: dict[str, object]) -> dict[str, object]:
    return {"command": "SubmitOrder", "origin": origin, "order": {"productOrderItem": [ITEM]}}


def refused(origin: dict[str, object]) -> dict[str, object]:
    fault = {"code": "E_VALUE", "what": "no such colour", "where": "item"}
    return {"command": "Rejected", "origin": origin, "fault": fault}


FORGED = {
    "a control number with a set in it": (
        refused(ACME | {"details": INTERCHANGE | {"ISA13": "9~SE*1*0001~"}}),
        "E_VALUE",
        "acknowledgement to partner.acme",
    ),
    "a header that lacks an element": (
        refused(ACME | {"details": {"ISA13": "000000009", "ISA14": "1"}}),
        "E_MISSING",
        "acknowledgement to partner.acme",
    ),
    "a batch of 40 characters": (
        refused(MAIL | {"details": {"batch": "B" * 40}}),
        "E_FIELD_SIZE",
        "acknowledgement to directmail.printco, ",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_cannot_be_written_is_parked_with_its_place(hub, what):
    """Nobody is answered with it, and nothing of it is committed."""
    document, code, where = FORGED[what]
    hub.take_command(translation(document), START)

    [row] = hub.store.parked(ParkedState.OPEN)
    fault = decode(row.fault, Fault)
    assert (ORDERS_IN, code, code) == (row.queue, row.code, fault.code)
    assert fault.where.startswith(where)
    assert {} == hub.store.counts()
    assert 0 == hub.broker.depth("channel.partner.acme.out")


def test_an_order_number_with_a_set_in_it_is_told_without_its_separators(hub):
    """An order may have a number that X12 cannot carry: its own set is one set all the same."""
    hub.take_command(
        translation(submit(ACME | {"document": "PO-3~ST*855*1~", "details": INTERCHANGE})), START
    )

    _, told = (one.body for one in hub.broker.peek("channel.partner.acme.out", 10))
    assert 1 == told.count(b"~ST*")
    assert b"BAK*00*AD*PO-3 ST 855 1*" in told


def test_more_receipts_than_a_translation_holds_go_as_they_came(hub):
    """An interchange of 1,101 TA1: the worker translates it, as in the joined shape."""
    head = (SAMPLES / "inquiry-by-our-number.edi").read_text().partition("\n")[0]
    notes = (f"TA1*{number:09}*261121*0930*A*000~" for number in range(1, 1102))
    body = "".join((head, *notes, "IEA*0*000000079~")).encode()
    [forwarder] = [one.forwarder for one in hub.runners if one.forwarder.channel == "partner"]
    made = forwarder(Delivery(1, channel_in("partner"), body, Properties()))

    assert (AS_IT_IS, body) == (made.properties.type, made.body)
    assert 1101 == len(tuple(forwarder.adapter.translate(Native(body, ""), forwarder.references())))
