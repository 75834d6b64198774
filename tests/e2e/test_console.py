"""
RabbitMQ's console tells the truth, to somebody who knows the words: asked through its HTTP API.
"""

from __future__ import annotations

import re

import pytest

from tests.e2e.documents import purchase_order, web_order
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq

# Every name that there may be, from the design's list of queues.
SYSTEMS, CHANNELS = (
    "(crm|warehouse|oss\\.internet|oss\\.mobile|billing)",
    "(web|partner|directmail|callcenter|store|kiosk)",
)
NAMES = (
    rf"channel\.{CHANNELS}\.in",
    r"channel\.(web|callcenter)\.out",
    r"channel\.store\.0117\.out",
    r"channel\.partner\.(acme|globex)\.out",
    r"channel\.directmail\.printco\.out",
    r"channel\.kiosk\.mall-1\.out",
    r"system\.(crm|warehouse|oss\.mobile|billing)\.in",
    r"system\.oss\.internet\.work",
    rf"system\.{SYSTEMS}\.replies",
    r"(orders|replies)\.in",
    r"orders\.recent",
    r"status\.recent",
    r"unrouted",
    r"hub\.identity",
)

PROPERTIES = ("message_id", "type", "content_type", "app_id", "timestamp")


@pytest.fixture(scope="module")
def busy(shared_hub):
    """A hub that has carried an order of each channel, with nobody at the systems' queues but the CRM."""
    hub = shared_hub
    hub.simulators("calm", "crm")
    hub.worker()
    hub.drop(
        ("web", web_order("W-1", "HANDSET-A")),
        ("partner", purchase_order("partner.acme", 1, ("PO-1", "HANDSET-A"))),
        ("partner", purchase_order("partner.globex", 1, ("PO-2", "INTERNET-500"))),
        ("web", web_order("W-2", "GADGET-Z")),
        ("web", b"{"),
    )
    until("all that can be done", lambda: hub.depths()["system.warehouse.in"] == 2)
    until("the parked one", lambda: hub.depths()["channel.web.in.parked"] == 1)
    return hub


def messages(hub, queue):
    return hub.rabbit.management.get_messages(hub.rabbit.vhost, queue, 100)


def test_every_queue_has_a_name_that_the_design_lists(busy):
    """And nothing else is declared."""
    known = re.compile(rf"(?:{'|'.join(NAMES)})(?:\.parked)?")
    names = {queue["name"] for queue in busy.rabbit.management.queues(busy.rabbit.vhost)}

    assert set() == {name for name in names if not known.fullmatch(name)}
    assert {"channel.web.in", "system.oss.internet.work", "channel.partner.acme.out.parked"} <= names
    types = {queue["type"] for queue in busy.rabbit.management.queues(busy.rabbit.vhost)}
    assert {"quorum"} == types


def test_connections_and_consumers_say_whose_they_are_and_what_for(busy):
    """A person sees which worker reads and which publishes, and which consumer belongs to which queue."""

    def connections():
        found = busy.rabbit.management.connections()
        here = (one for one in found if one.get("vhost") == busy.rabbit.vhost)
        return {str(one.get("client_properties", {}).get("connection_name", "")) for one in here}

    def hubs():
        return {name for name in connections() if name.startswith("orderloom ")}

    until("the worker's connections", lambda: len(hubs()) >= 2)
    assert {"orderloom worker hub consume", "orderloom worker hub publish"} <= hubs(), hubs()
    assert all(name.startswith(("orderloom ", "simulator ")) for name in connections()), connections()

    consumers = busy.rabbit.management.consumers(busy.rabbit.vhost)
    tags = {
        one["queue"]["name"]: one["consumer_tag"]
        for one in consumers
        if one["consumer_tag"].startswith("orderloom")
    }
    assert {"channel.web.in", "channel.partner.in", "system.crm.replies"} <= tags.keys()
    assert all(queue in tag and "hub" in tag for queue, tag in tags.items()), tags


@pytest.mark.parametrize(
    ("queue", "kinds"),
    [
        ("orders.recent", {"order.submitted.v1"}),
        ("status.recent", {"status.changed.v1"}),
        ("system.warehouse.in", {"instruction.do.v1"}),
        ("channel.web.out", {"acknowledgement.v1", "notice.accepted.v1"}),
        ("channel.partner.acme.out", {"acknowledgement.v1", "notice.accepted.v1"}),
    ],
)
def test_every_message_of_ours_can_be_read_in_the_console(busy, queue, kinds):
    """Who wrote it, what it is, which order it is about, and when: without opening its body."""
    found = messages(busy, queue)
    ids = {busy.order(number).id for number in ("W-1", "PO-1", "PO-2")}

    assert kinds == {one["properties"]["type"] for one in found}
    for one in found:
        properties, headers = one["properties"], one["properties"]["headers"]
        assert all(properties.get(name) for name in PROPERTIES), properties
        assert 2 == properties["delivery_mode"]
        assert properties["app_id"].startswith("orderloom/")
        assert headers["channel"] in {"web", "partner"}
        if properties["type"] != "acknowledgement.v1":
            assert properties["correlation_id"] in ids
            assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", headers["traceparent"])
            assert 1 == headers["order_version"]
        if queue.startswith("system."):
            assert ("warehouse", "2/3 warehouse") == (headers["system"], headers["part"])
        if queue.startswith("channel."):
            assert headers["summary"]


def test_a_parked_handle_says_what_is_wrong_and_where_over_the_unchanged_body(busy):
    """Somebody who has only the console knows what to mend, and moves it back."""
    [handle] = messages(busy, "channel.web.in.parked")
    [row] = busy.store.parked()
    headers = handle["properties"]["headers"]

    assert web_order("W-2", "GADGET-Z") == handle["body"]
    assert ("E_ITEM_NOT_ROUTED", "item 1", row.id, 1) == (
        headers["x-error-code"],
        headers["x-error-where"],
        headers["x-parked-id"],
        headers["x-attempt"],
    )
    assert "item 1: no part of the plan serves 'GADGET-Z' (add) [E_ITEM_NOT_ROUTED]" == headers["x-error"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", headers["x-parked-at"])
