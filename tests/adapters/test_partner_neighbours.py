"""
A second implementation of X12, written apart from ours, at the other end: what it writes we read, and back.
"""

from __future__ import annotations

from itertools import groupby

import pytest

from adapters.inbound.partner import PartnerAdapter
from adapters.kit import Native
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.commands import RejectedDocument, SubmitOrder
from canonical.notices import Notice, NoticeKind
from canonical.replies import Receipt, Reply
from canonical.states import State
from orderloom.rules import default_folder, load
from orderloom.simulators.calls import CallLog
from orderloom.simulators.orders import Mix, generate
from orderloom.simulators.script import Behaviour, Script
from orderloom.simulators.told import understand
from orderloom.simulators.warehouse import Warehouse
from tests.adapters.partners import AT, intake_of, stamp
from tests.adapters.shipping import FULL, REFERENCE, told
from tests.adapters.test_partner_answers import order_in
from tests.routes.builders import PROFILES

REFERENCES = load(default_folder(), PROFILES).references
ORDERS = generate(7, 400, Mix(web=0.0, cards=0.0, faulty=0.3))
GOOD = next(one for one in ORDERS if not one.fault)
MESSAGES = [list(documents) for _, documents in groupby(ORDERS, key=lambda one: one.message)]


def read(message):
    """What the adapter makes of a message, with the catalogue and the endpoints that ship."""
    return list(PartnerAdapter().translate(Native(body=message, content_type=""), REFERENCES))


def understood(native, endpoint):
    """What the far side reads in a message of ours."""
    return understand(REFERENCES.endpoints[endpoint].out_queue, native.body)


def test_every_generated_order_is_read_as_it_was_meant():
    """Good ones are orders with the same lines, bad ones are refused with the code they were made for."""
    for documents in MESSAGES:
        for meant, found in zip(documents, read(documents[0].native), strict=True):
            # A number used again is for the hub to find.
            code = meant.code if meant.code != "E_DUPLICATE_ORDER" else ""
            assert (code, meant.endpoint) == (
                found.fault.code if isinstance(found, RejectedDocument) else "",
                found.origin.endpoint,
            )
            if isinstance(found, SubmitOrder):
                assert meant.number == found.origin.document
                assert [(line.id, line.offering, line.quantity) for line in meant.lines] == [
                    (item.line_ref, item.product_offering.id, item.quantity)
                    for item in found.order.product_order_item
                ]


def test_the_far_side_reads_our_acknowledgements():
    """The 997 speaks of every set by its number, and refuses those with a broken count only."""
    for documents in MESSAGES:
        endpoint = documents[0].endpoint
        native = PartnerAdapter().acknowledge(
            intake_of(read(documents[0].native)), stamp(REFERENCES.endpoints[endpoint])
        )
        assert [
            ("997", one.control[2], "R" if one.fault == "count" else "A", one.control[1]) for one in documents
        ] == [(one.kind, one.document, one.status, one.about) for one in understood(native, endpoint)]


@pytest.mark.parametrize("endpoint", ["partner.acme", "partner.globex"])
@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        (NoticeKind.ACCEPTED, State.IN_PROGRESS, ("855", "AD", "IA")),
        (NoticeKind.ACCEPTED, State.REJECTED, ("855", "RD", "IR")),
        (NoticeKind.ENDED, State.COMPLETED, ("870", "CL", "CL")),
        (NoticeKind.ENDED, State.FAILED, ("870", "UN", "UN")),
    ],
)
def test_the_far_side_reads_our_answers(endpoint, kind, state, expected):
    """Order number, verdict and the word for each line arrive."""
    profile = REFERENCES.endpoints[endpoint]
    command = read(GOOD.native)[GOOD.position - 1]
    assert isinstance(command, SubmitOrder)
    order = order_in(state, command=command)
    notice = Notice(kind=kind, endpoint=endpoint, at=AT, order=order, document=GOOD.number)
    [found] = understood(PartnerAdapter().render(notice, stamp(profile)), endpoint)

    word, verdict, line = expected
    assert (endpoint, GOOD.number, word, verdict) == (
        found.endpoint,
        found.document,
        found.kind,
        found.status,
    )
    assert [(one.id, line) for one in GOOD.lines] == list(found.lines)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour("ok"), ["CC", "CC"]),
        (Behaviour("backorder"), ["BK", "BK"]),
        (Behaviour("rejected"), ["NS", "NS"]),
        (Behaviour("header_only"), ["F"]),
        (Behaviour("lines", words={1: "BP"}), ["BP", "CC"]),
        (Behaviour("refused"), []),
    ],
)
def test_the_simulated_warehouse_and_we_understand_each_other(behaviour, words):
    """It finds the key, the reference and the lines of our 940; we find its words in what it answers."""
    warehouse = Warehouse(Script(), CallLog(), lambda: AT)
    [order] = warehouse.read("".join(told(FULL)).encode())
    assert (FULL.key, REFERENCE, "4500000042", "do") == (
        order.key,
        order.reference,
        order.order_number,
        order.verb,
    )

    bodies = [one.body.encode() for one in warehouse.render(order, behaviour, AT, {})]
    found = [
        one for body in bodies for one in WarehouseAdapter().read_reply(Native(body=body, content_type=""))
    ]
    receipts = [one for one in found if isinstance(one, Receipt)]
    replies = [one for one in found if isinstance(one, Reply)]

    assert [("group", "7")] == [(one.type, one.value) for receipt in receipts for one in receipt.about]
    assert (behaviour.kind == "refused") == (receipts[0].fault is not None)
    first = replies[:1]
    assert words == [line.word for reply in first for line in reply.lines] or words == [
        reply.word for reply in first
    ]
    assert set(words) <= set(WarehouseAdapter().profile.words)
