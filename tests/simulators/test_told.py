"""
What senders understand of what they are told, and the readers that keep it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderloom.simulators import x12
from orderloom.simulators.channels import OUT_QUEUES, Readers, drop
from orderloom.simulators.told import ToldOfOrder, understand
from orderloom.simulators.transport import InProcessTransport
from tests.simulators.support import DictBroker

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ACME = "channel.partner.acme.out"
WEB = "channel.web.out"
CARDS = "channel.directmail.printco.out"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "directmail" / "out"


def to_acme(code, kind, *segments, receiver=("ZZ", "ACME")):
    """An interchange of one set from the hub."""
    group = x12.Group(code, "31", (x12.Set(kind, "0031", tuple(segments)),))
    return x12.write(x12.Interchange(("ZZ", "ORDERLOOM"), receiver, "000000031", (group,)), AT)


CONTROL = ("000000031", "31", "0031")


def test_a_997_speaks_of_sets_by_their_control_numbers():
    """One record for each set, with the group it is about."""
    body = to_acme(
        "FA",
        "997",
        ("AK1", "PO", "70001"),
        ("AK2", "850", "0001"),
        ("AK5", "A"),
        ("AK2", "850", "0002"),
        ("AK3", "SE", "9", "", "8"),
        ("AK5", "R", "4"),
        ("AK9", "P", "2", "2", "1"),
    )

    assert [
        ToldOfOrder("partner.acme", "0001", "997", "A", control=CONTROL, about="70001"),
        ToldOfOrder("partner.acme", "0002", "997", "R", control=CONTROL, about="70001", text="4"),
    ] == understand(ACME, body)


def test_a_997_without_sets_speaks_of_the_group():
    """AK9 alone."""
    body = to_acme("FA", "997", ("AK1", "PO", "70001"), ("AK9", "R", "1", "1", "0", "5"))

    assert [("", "R", "70001")] == [(one.document, one.status, one.about) for one in understand(ACME, body)]


def test_a_ta1_speaks_of_the_interchange():
    """Before any group is looked at."""
    body = x12.write(
        x12.Interchange(
            ("ZZ", "ORDERLOOM"),
            ("12", "5551230000"),
            "000000032",
            (),
            loose=(("TA1", "000000009", "261102", "0830", "R", "022"),),
            separators=x12.Separators("|", ">", "~\n"),
        ),
        AT,
    )
    [told] = understand("channel.partner.globex.out", body)

    assert ("partner.globex", "TA1", "000000009", "R", "022") == (
        told.endpoint,
        told.kind,
        told.document,
        told.status,
        told.text,
    )


def test_an_855_speaks_of_the_order_and_its_lines():
    """Rejections say why."""
    body = to_acme(
        "PR",
        "855",
        ("BAK", "00", "AD", "PO-1", "20261102", "", "", "", "OL1"),
        ("PO1", "10", "2", "EA", "", "", "VP", "HX-A-BLK"),
        ("ACK", "IA", "2", "EA"),
        ("PO1", "20", "1", "EA", "", "", "VP", "CS-01"),
        ("ACK", "IR", "1", "EA"),
    )
    refused = to_acme(
        "PR", "855", ("BAK", "00", "RD", "PO-2"), ("N9", "ZZ", "E_OFFERING"), ("MSG", "unknown")
    )

    assert [
        ToldOfOrder("partner.acme", "PO-1", "855", "AD", (("10", "IA"), ("20", "IR")), CONTROL, about="OL1")
    ] == understand(ACME, body)
    assert [("PO-2", "RD", "E_OFFERING unknown")] == [
        (one.document, one.status, one.text) for one in understand(ACME, refused)
    ]


def test_an_870_speaks_of_the_order_and_its_lines():
    """The first status is the order's."""
    body = to_acme(
        "RS",
        "870",
        ("BSR", "1", "PP", "7", "20261102"),
        ("HL", "1", "", "O"),
        ("PRF", "PO-1"),
        ("ISR", "CC"),
        ("PO1", "10", "2", "EA"),
        ("ISR", "CC"),
        ("PO1", "20", "1", "EA"),
        ("ISR", "IC"),
    )
    [told] = understand(ACME, body)

    assert ("PO-1", "870", "CC", (("10", "CC"), ("20", "IC"))) == (
        told.document,
        told.kind,
        told.status,
        told.lines,
    )


def test_a_file_of_verdicts_speaks_of_each_record():
    """As the hub's own adapter wrote it: accepted, and refused with its reason."""
    accepted, refused = understand(CARDS, (FIXTURES / "acknowledgement.bin").read_bytes())
    first = ToldOfOrder("directmail.printco", "B2026-0901-0000001", "VER", "A", control=("000000007",))

    assert first == accepted
    assert ("B2026-0901-0000002", "R", "") == (refused.document, refused.status, refused.about)
    assert refused.text.startswith("E_FW_PACKED 004A99000C is not")


def test_a_status_file_speaks_of_one_order():
    """Its state, how many lines are done, and what the occasion is."""
    [told] = understand(CARDS, (FIXTURES / "ended.bin").read_bytes())

    assert ("B2026-0901-0000017", "STS", "completed", "ended 1/1 the reason, in words") == (
        told.document,
        told.kind,
        told.status,
        told.text,
    )
    assert (("000000007",), "OLTMGR6KJRHDHSBN8J") == (told.control, told.about)


@pytest.mark.parametrize("size", [0, 200, 400, 401])
def test_a_file_that_is_cut_off_is_refused(size):
    """The trailer counts, and is missed."""
    with pytest.raises(ValueError):
        understand(CARDS, (FIXTURES / "acknowledgement.bin").read_bytes()[:size])


def product_order(state, number="W-1"):
    return {
        "@type": "ProductOrder",
        "id": "OL1",
        "state": state,
        "externalId": [{"owner": "crm", "id": "X"}, {"owner": "web.portal", "id": number}],
        "productOrderItem": [
            {"id": "1", "state": state, "productOrderItem": [{"id": "1.1", "state": state}]}
        ],
    }


def test_the_web_is_told_in_orders_events_and_errors():
    """The number is the web's own, whatever other ids there are."""
    event = {
        "@type": "ProductOrderStateChangeEvent",
        "eventId": "E1",
        "title": "ended",
        "event": {"productOrder": product_order("completed")},
    }
    error = {"@type": "Error", "code": "E_OFFERING", "message": "order W-2: unknown offering"}
    messages = (product_order("acknowledged"), event, error)
    order, ended, refused = (one for m in messages for one in understand(WEB, json.dumps(m).encode()))

    assert ("W-1", "ProductOrder", "acknowledged", "OL1") == (
        order.document, order.kind, order.status, order.about,
    )  # fmt: skip
    assert (("1", "completed"), ("1.1", "completed")) == ended.lines
    assert ("ProductOrderStateChangeEvent", "completed", ("E1",)) == (ended.kind, ended.status, ended.control)
    assert ("Error", "E_OFFERING") == (refused.kind, refused.status)


@pytest.mark.parametrize("body", [b"", b"ISA", b"{}", to_acme("PO", "850", ("BEG", "00"))])
def test_what_is_no_message_of_the_hubs_is_refused(body):
    """Readers notice what they cannot read."""
    with pytest.raises(ValueError):
        understand(ACME, body)


def test_readers_keep_every_message_and_know_the_last_word():
    """What cannot be understood is kept too, with the reason."""
    broker = DictBroker()
    transport = InProcessTransport(broker)
    readers = Readers(transport)
    readers.start()
    for state in ("acknowledged", "completed"):
        broker.publish("", WEB, json.dumps(product_order(state)).encode(), "", {})
    broker.publish("", ACME, b"nonsense", "", {})
    kept_all = readers.wait(lambda: len(readers.kept) == 3, 5)
    transport.stop()

    assert kept_all
    assert {("web.portal", "W-1"): "completed"} == {key: told.status for key, told in readers.last().items()}
    assert [True] == [bool(one.fault) for one in readers.kept if one.queue == ACME]
    assert {} == broker.unsettled
    assert set(OUT_QUEUES) <= set(broker.queues)


def test_senders_drop_each_message_on_the_exchange_of_its_channel():
    """As bytes, with a content type and nothing else."""
    broker = DictBroker()
    transport = InProcessTransport(broker)

    assert 2 == drop(transport, [("web", b"{}"), ("partner", b"ISA")])
    assert [(b"{}", "application/json", {})] == list(broker.queues["channel.web.in"])
    assert [(b"ISA", "application/edi-x12", {})] == list(broker.queues["channel.partner.in"])


@pytest.mark.parametrize("queue", ["channel.callcenter.out", "channel.store.0117.out"])
@pytest.mark.parametrize(
    "body",
    [b"", b"<a>", b"<a/>", b'<!DOCTYPE a><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>'],
    ids=["nothing", "half a document", "another one", "an empty envelope"],
)
def test_what_is_no_soap_and_no_poslog(queue, body):
    """Kept by the readers as not understood."""
    with pytest.raises(ValueError, match=r"."):
        understand(queue, body)


KIOSK = "channel.kiosk.mall-1.out"


def to_kiosk(**said):
    """An answer to the one kiosk there is."""
    return json.dumps({"kioskId": "MALL-1", "txn": "K-1"} | said).encode()


def test_a_kiosks_answer_speaks_of_one_order():
    """In its own words, with the states of its lines."""
    taken = to_kiosk(
        answer="taken", order="OL1", state="acknowledged", lines=[{"line": "1", "state": "held"}]
    )
    [told] = understand(KIOSK, taken)

    assert ("kiosk.mall-1", "K-1", "taken", "acknowledged", (("1", "held"),), "OL1") == (
        told.endpoint, told.document, told.kind, told.status, told.lines, told.about
    )  # fmt: skip


def test_a_kiosks_refusal_speaks_of_a_code():
    """The code is the status, and begins the text."""
    [told] = understand(KIOSK, to_kiosk(answer="refused", error={"code": "E_OFFERING", "what": "unknown"}))

    assert ("refused", "E_OFFERING", "E_OFFERING unknown") == (told.kind, told.status, told.text)


def test_an_answer_for_another_kiosk_is_not_understood():
    """It lies in the wrong queue."""
    with pytest.raises(ValueError, match="MALL-2"):
        understand(KIOSK, to_kiosk(kioskId="MALL-2", answer="taken", state="held"))
