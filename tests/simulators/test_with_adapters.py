"""
The hub's adapters and the simulators, which share no code, understand each other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

import pytest

from adapters.inbound.callcenter import CallCenterAdapter
from adapters.inbound.directmail import DirectMailAdapter
from adapters.inbound.kiosk import KioskAdapter
from adapters.inbound.store import StoreAdapter
from adapters.inbound.web import WebAdapter
from adapters.kit.contract import Native, Stamp
from adapters.kit.specimens import intakes, notices
from adapters.outbound.billing import BillingAdapter
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from adapters.outbound.oss_mobile import OssMobileAdapter
from canonical.commands import RejectedDocument, SubmitOrder
from canonical.order import every_item
from canonical.replies import Reply
from orderloom.rules import default_folder, load
from orderloom.simulators.calls import CallLog
from orderloom.simulators.crm import Crm
from orderloom.simulators.internet import Internet
from orderloom.simulators.orders import Mix, generate
from orderloom.simulators.script import Script
from orderloom.simulators.told import understand
from tests.adapters.instructions import PURCHASE_ORDER, instruction, line
from tests.oracle.oracle import CATEGORY, MEANING, MOST, MOST_OF_OTHERS, every
from tests.routes.builders import PROFILES

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SHIPPED = load(default_folder(), PROFILES).references
TWO_LINES = (line(1, "INTERNET-100"), line(2, "INTERNET-500"))


def simulated(system, rules=()):
    return system(Script.of({"rules": list(rules)}), CallLog(), lambda: NOW)


def native(body):
    return Native(body=body, content_type="application/json")


def test_the_oracles_catalogue_is_the_one_that_is_shipped():
    """Offerings, categories and limits, written down twice."""
    assert CATEGORY == {name: one.category for name, one in SHIPPED.offerings.items()}
    assert {name: one.max_quantity for name, one in SHIPPED.offerings.items()} == {
        name: MOST.get(name, MOST_OF_OTHERS) for name in CATEGORY
    }


@pytest.mark.parametrize("adapter", [CrmAdapter, OssInternetAdapter, OssMobileAdapter, BillingAdapter])
def test_the_oracles_words_mean_what_the_profiles_say(adapter):
    """For every word that a simulator can say."""
    words = MEANING[adapter.profile.name]

    assert words == {word: adapter.profile.words[word].state.value for word in words}


def test_generated_product_orders_get_the_verdict_and_code_they_were_made_for():
    """Those that repeat a number are good in themselves."""
    for order in [one for one in generate(7, 1000) if one.channel == "web"]:
        [command] = WebAdapter().translate(native(order.native), SHIPPED)
        good = order.verdict != "rejected" or order.fault == "other"
        found = command.fault.code if isinstance(command, RejectedDocument) else ""

        assert ("" if good else order.code) == found, order.native
        assert order.number == command.origin.document


def test_generated_batches_get_the_verdicts_and_codes_they_were_made_for():
    """Each record its own; the same record has the same content in the file that mends its neighbour."""
    contents = {}
    cards = [one for one in generate(7, 1000, Mix(cards=0.5)) if one.channel == "directmail"]
    for message, records in groupby(cards, key=lambda one: one.message):
        expected = list(records)
        found = list(DirectMailAdapter().translate(native(expected[0].native), SHIPPED))

        assert [one.number for one in expected] == [one.origin.document for one in found], message
        assert [one.code for one in expected] == [
            one.fault.code if isinstance(one, RejectedDocument) else "" for one in found
        ]
        assert [[line.offering for line in one.lines] for one in expected if not one.code] == [
            [item.product_offering.id for item in one.order.product_order_item]
            for one in found
            if isinstance(one, SubmitOrder)
        ]
        for one in found:
            if isinstance(one, SubmitOrder):
                assert contents.setdefault(one.origin.document, one.order) == one.order
    assert {"", "offering", "quantity", "same", "mended"} == {one.fault for one in cards}


@pytest.mark.parametrize(
    ("channel", "adapter"), [("callcenter", CallCenterAdapter()), ("store", StoreAdapter())]
)
def test_generated_calls_and_tills_get_the_verdict_and_code_they_were_made_for(channel, adapter):
    """Bundles are lists whose lines name their parents; those that repeat a number are good in themselves."""
    mix = Mix(calls=0.25, tills=0.25, web=0.2, gadgets=0.1, faulty=0.3, repeat_after=50)
    sent = [one for one in generate(7, 600, mix) if one.channel == channel]
    for order in sent:
        [command] = adapter.translate(native(order.native), SHIPPED)
        good = order.verdict != "rejected" or order.fault == "other"
        found = command.fault.code if isinstance(command, RejectedDocument) else ""

        assert ("" if good else order.code) == found, order.native
        assert order.number == command.origin.document
        if isinstance(command, SubmitOrder):
            items = every_item(command.order.product_order_item)
            lines = every(order.as_data()["lines"])
            assert [(line["id"], line["offering"], line["quantity"]) for line in lines] == [
                (item.id, item.product_offering.id, item.quantity) for item in items
            ]
    assert {"", "offering", "line", "quantity", "same", "other"} == {one.fault for one in sent}
    assert any(one.lines[0].lines for one in sent)


def test_a_call_centre_understands_what_it_is_answered():
    """Taken, refused, and how it goes on: number, status, lines."""
    desk = SHIPPED.endpoints["callcenter.desk"]
    stamp, adapter = Stamp(at=NOW, endpoint=desk), CallCenterAdapter()
    order = generate(7, 1, Mix(calls=1, web=0, cards=0, faulty=0))[0]
    [command] = adapter.translate(native(order.native), SHIPPED)
    taken, *_ = intakes(command.order, [command.origin]).values()
    refused = intakes(command.order, [command.origin])["rejected"]
    ended = notices(command.order, command.origin)["ended completed"]
    queue = desk.out_queue

    [first] = understand(queue, adapter.acknowledge(taken, stamp).body)
    [no] = understand(queue, adapter.acknowledge(refused, stamp).body)
    [last] = understand(queue, adapter.render(ended, stamp).body)

    assert ("callcenter.desk", order.number, "SWIOrderUpsert_Output", "Open") == (
        first.endpoint, first.document, first.kind, first.status,
    )  # fmt: skip
    assert (order.number, "Fault", "E_OFFERING") == (no.document, no.kind, no.status)
    assert (order.number, "Complete", ended.order.id) == (last.document, last.status, last.about)
    assert {"Complete"} == {word for _, word in last.lines}


def test_a_store_understands_what_it_is_answered():
    """Taken, refused, and how it goes on: number, status, lines."""
    store = SHIPPED.endpoints["store.0117"]
    stamp, adapter = Stamp(at=NOW, endpoint=store), StoreAdapter()
    order = generate(7, 1, Mix(tills=1, web=0, cards=0, faulty=0))[0]
    [command] = adapter.translate(native(order.native), SHIPPED)
    taken, *_ = intakes(command.order, [command.origin]).values()
    refused = intakes(command.order, [command.origin])["rejected"]
    ended = notices(command.order, command.origin)["ended completed"]
    queue = store.out_queue

    [first] = understand(queue, adapter.acknowledge(taken, stamp).body)
    [no] = understand(queue, adapter.acknowledge(refused, stamp).body)
    [last] = understand(queue, adapter.render(ended, stamp).body)

    assert ("store.0117", order.number, "Outcome", "Accepted") == (
        first.endpoint, first.document, first.kind, first.status,
    )  # fmt: skip
    assert (order.number, "Rejected", True) == (no.document, no.status, no.text.startswith("E_OFFERING "))
    assert (order.number, "ended", "Completed", ended.order.id) == (
        last.document, last.kind, last.status, last.about,
    )  # fmt: skip
    assert {"Completed"} == {word for _, word in last.lines}


def test_the_partners_codes_are_those_of_the_shipped_catalogue():
    """Each code that an 850 uses means the offering that the generator meant."""
    orders = [one for one in generate(7, 1000, Mix(gadgets=0.2)) if one.channel == "partner"]
    used = {
        (one.endpoint, code, line.offering) for one in orders for line in one.lines for code in line.codes
    }
    known = {
        (endpoint, (kind, code), SHIPPED.offering_by_code(SHIPPED.endpoints[endpoint], kind, code, "").id)
        for endpoint, (kind, code), offering in used
        if offering
    }

    assert {one for one in used if one[2]} == known
    assert {"HANDSET-A", "INTERNET-500", "GADGET-Z"} <= {offering for _, _, offering in known}


def test_the_crm_reads_what_the_hub_writes_and_the_hub_what_the_crm_answers():
    """Key, number and lines there; key, words and account back."""
    crm = simulated(Crm, [{"behaviour": "lines", "words": {"2": "INVALID"}}])
    wanted = instruction("crm", "crm", lines=TWO_LINES, external_id=(PURCHASE_ORDER,))
    sent = CrmAdapter().instruct(wanted, Stamp(at=NOW))
    [told] = crm.read(sent.body)
    [answer] = crm.take(told, sent.body).replies
    [reply] = CrmAdapter().read_reply(native(answer.body.encode()))

    assert (wanted.key, wanted.reference, PURCHASE_ORDER.id) == (told.key, told.reference, told.order_number)
    assert ("INTERNET-100", "INTERNET-500") == told.offerings
    assert (answer.id, wanted.key) == (reply.key, reply.about[0].value)
    assert [(1, "OK"), (2, "INVALID")] == [(one.line, one.word) for one in reply.lines]
    assert "accountId" in reply.outputs


def test_internet_reads_what_the_hub_writes_and_the_hub_what_internet_answers():
    """The call's answer gives the service order's id, the event the states."""
    internet = simulated(Internet, [{"behaviour": "lines", "words": {"2": "rejected"}}])
    wanted = instruction("oss.internet", "internet", lines=TWO_LINES, external_id=(PURCHASE_ORDER,))
    sent = OssInternetAdapter().instruct(wanted, Stamp(at=NOW))
    answer = internet.call(wanted.key, sent.body)
    [receipt] = OssInternetAdapter().read_reply(native(answer.body))
    [event] = answer.events
    [reply] = OssInternetAdapter().read_reply(native(event.body.encode()))

    assert isinstance(reply, Reply)
    assert (202, wanted.key) == (answer.status, receipt.about[0].value)
    assert receipt.gives == reply.gives
    assert (event.id, wanted.key) == (reply.key, reply.about[0].value)
    assert [(1, "completed"), (2, "rejected")] == [(one.line, one.word) for one in reply.lines]


def test_a_call_that_internet_refuses_is_a_refusal_to_the_hub():
    """Its error body has a reason."""
    internet = simulated(Internet, [{"behaviour": "http_refuse"}])
    sent = OssInternetAdapter().instruct(instruction("oss.internet", "internet"), Stamp(at=NOW))
    answer = internet.call("K1", sent.body)
    [reply] = OssInternetAdapter().read_reply(native(answer.body))

    assert ("refused", True) == (reply.word, bool(reply.reason))


def test_generated_carts_get_the_verdict_and_code_they_were_made_for():
    """Offerings, lines and quantities as the generator meant them."""
    carts = [one for one in generate(7, 1000, Mix(kiosk=0.3)) if one.channel == "kiosk"]
    for order in carts:
        [command] = KioskAdapter().translate(native(order.native), SHIPPED)
        good = order.verdict != "rejected" or order.fault == "other"

        assert ("" if good else order.code) == getattr(getattr(command, "fault", None), "code", "")
        assert (order.endpoint, order.number) == (command.origin.endpoint, command.origin.document)
        if good:
            assert [(line.id, line.offering, line.quantity) for line in order.lines] == [
                (item.line_ref, item.product_offering.id, item.quantity)
                for item in command.order.product_order_item
            ]
    assert {"", "offering", "line", "quantity", "same", "other"} == {one.fault for one in carts}
