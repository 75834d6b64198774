"""
One order on an idle hub: every message that it causes, then silence; and every way to ask for it.
"""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.e2e.documents import purchase_order, web_order
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq


def messages(hub, queue):
    """Types of what lies in a queue, oldest first."""
    found = hub.rabbit.management.get_messages(hub.rabbit.vhost, queue, 100)
    return [one["properties"].get("type") for one in found]


def published(hub):
    """How many messages ever came into each queue; queues that never saw one are left out."""
    queues = hub.rabbit.management.queues(hub.rabbit.vhost)
    counts = {queue["name"]: queue.get("message_stats", {}).get("publish", 0) for queue in queues}
    return {name: count for name, count in counts.items() if count}


def leases(hub):
    """How far the worker's lease reaches: it moves every two seconds of a working worker."""
    with sqlite3.connect(f"file:{hub.settings.store}?mode=ro", uri=True) as db:
        return db.execute("select lease from worker").fetchone()


def until_the_worker_has_looked_around(hub, times=3):
    """Wait for so many renewals of the lease: between two of them lie eight sweeps."""
    for _ in range(times):
        before = leases(hub)
        until("the lease is renewed", lambda before=before: leases(hub) != before)


@pytest.mark.parametrize("hub", ["joined", "split"], indirect=True)
def test_one_order_causes_exactly_the_planned_messages_and_then_silence(hub):
    """
    A handset from the web: three systems get one instruction each, the portal four messages.  With an
    adapter on its own there is one more message, the translation.
    """
    hub.simulators()
    hub.worker()
    hub.drop(("web", web_order("W-1", "HANDSET-A")))
    planned = {
        "channel.web.in": 1,
        "channel.web.out": 4,
        "orders.recent": 1,
        "status.recent": 2,
        "system.crm.in": 1,
        "system.crm.replies": 1,
        "system.warehouse.in": 1,
        "system.warehouse.replies": 2,
        "system.billing.in": 1,
        "system.billing.replies": 1,
        "hub.identity": 1,
    } | ({"orders.in": 1} if hub.split else {})
    until("all planned messages", lambda: published(hub) == planned)
    until_the_worker_has_looked_around(hub)

    assert planned == published(hub)
    assert {"channel.web.out": 4, "orders.recent": 1, "status.recent": 2, "hub.identity": 1} == {
        name: count for name, count in hub.depths().items() if count
    }
    assert ["acknowledgement.v1", "notice.accepted.v1", "notice.shipped.v1", "notice.ended.v1"] == messages(
        hub, "channel.web.out"
    )
    assert ["order.submitted.v1"] == messages(hub, "orders.recent")
    assert ["status.changed.v1", "status.changed.v1"] == messages(hub, "status.recent")
    assert ["crm", "warehouse", "billing"] == [entry["system"] for entry in hub.entries()]


@pytest.fixture(scope="module")
def two(shared_hub):
    """A hub that has carried an order of each channel, and waits for the CRM with a third."""
    shared_hub.answer_within = 2
    shared_hub.configure()
    rules = {"rules": [{"order": "W-2", "system": "crm", "behaviour": "silent"}]}
    (shared_hub.folder / "script.json").write_text(json.dumps(rules), "utf-8")
    shared_hub.simulators(shared_hub.folder / "script.json")
    shared_hub.worker()
    shared_hub.drop(
        ("partner", purchase_order("partner.acme", 1, ("PO-1", "HANDSET-A"))),
        ("web", web_order("W-1", "INTERNET-500")),
        ("web", web_order("W-2", "INTERNET-500")),
    )
    until("two completed, one held", lambda: shared_hub.states() == {"completed": 2, "held": 1}, 30)
    return shared_hub


def test_an_order_is_found_under_every_id_that_anybody_has_for_it(two):
    """The partner's number, the hub's, the warehouse's two, and internet provisioning's."""
    hub = two
    phone, line = hub.order("PO-1"), hub.order("W-1")
    aliases = {alias.type: alias.value for record in (phone, line) for alias in record.aliases}
    shipping = next(entry for entry in hub.entries() if entry["system"] == "warehouse")
    known = {
        "PO-1": phone,
        phone.id: phone,
        shipping["reference"]: phone,
        aliases["shipment"]: phone,
        aliases["serviceOrder"]: line,
    }

    for key, record in known.items():
        told = hub.cli("status", key)
        assert 0 == told.status, told.err
        assert told.out.startswith(f"{record.id}  completed  3/3 lines done"), key
    asked = hub.cli("status", aliases["shipment"], "--json")
    assert (phone.id, "completed") == (
        json.loads(asked.out)["order"]["id"],
        json.loads(asked.out)["order"]["state"],
    )


def test_the_journal_tells_an_orders_story_from_its_first_byte_to_its_end(two):
    """Messages, decisions and notices, each with who and when."""
    lines = two.cli("journal", "W-1", "--json").out.splitlines()
    events = [json.loads(line)["event"] for line in lines]
    shown = two.cli("journal", two.order("W-1").id).out.splitlines()

    assert ("order_accepted", "notice_sent") == (events[0], events[-1])
    assert {"part_planned", "instruction_sent", "reply_folded", "native_kept", "status_changed"} <= {*events}
    assert len(events) == len(shown) - 1


def test_now_says_on_one_screen_who_is_waited_for(two):
    """The silent CRM's order, the oldest, and how many answers are owed."""
    screen = two.cli("now").out.splitlines()
    waiting = next(line for line in screen if two.order("W-2").id in line)

    assert "3 orders" in screen[0]
    assert "crm held [E_NO_ANSWER]" in waiting
    assert any(line.split()[:3] == ["crm", "1", "instruction"] for line in screen)
    assert {"parked, by code: none", "unsent: none"} <= {*screen}
    assert len(screen) <= 40
