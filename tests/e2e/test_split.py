"""
Adapters as processes of their own, as they are operated: with the least rights, with the store's rules,
stopped, and found by the names they give themselves.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.e2e.documents import web_order
from tests.support.hub import running_hub
from tests.support.rabbit import until
from tests.support.rules import copy_rules

pytestmark = pytest.mark.rabbitmq


@pytest.fixture
def hub(rabbit, tmp_path):
    """A hub in split shape, nothing running yet."""
    with running_hub(rabbit, tmp_path, split=True) as made:
        yield made


def start(hub, *arguments, said="adapter_started"):
    """The web's adapter alone."""
    started = hub.start("adapter-web", "-m", "orderloom", "adapter", "run", "web", *arguments)
    started.until_said(said)
    return started


def connections(hub):
    """Names that the console shows."""
    found = hub.rabbit.management.connections()
    return {str(one["client_properties"].get("connection_name")) for one in found if one["client_properties"]}


def test_an_adapter_needs_few_rights_and_no_store_and_says_who_it_is(hub, tmp_path):
    """
    As the user that `orderloom topology users` makes; what it has forwarded waits for a worker, legible; told
    to stop it stops.
    """
    file = tmp_path / "passwords.txt"
    assert 0 == hub.cli("topology", "users", "--apply", str(file)).status
    passwords = dict(line.split(" ", 1) for line in file.read_text().splitlines())
    own = hub.environment["ORDERLOOM_BROKER_URL"]
    there = urlsplit(own)
    user = f"orderloom.adapter:{passwords['orderloom.adapter']}@{there.hostname}:{there.port}"
    try:
        hub.environment["ORDERLOOM_BROKER_URL"] = f"amqp://{user}{there.path}"
        hub.environment["ORDERLOOM_MANAGEMENT_PASSWORD"] = passwords["orderloom.adapter"]
        adapter = start(hub, "--name", "w7")
        hub.drop(("web", web_order("W-1", "HANDSET-A")))
        until("forwarded", lambda: "message_forwarded" in adapter.said())
        names = {"orderloom adapter web w7 publish", "orderloom adapter web w7 consume"}
        until("its connections", lambda: names <= connections(hub), 30)
        stopped = adapter.stop()
    finally:
        hub.environment["ORDERLOOM_BROKER_URL"] = own
        del hub.environment["ORDERLOOM_MANAGEMENT_PASSWORD"]
        for name in passwords:
            hub.rabbit.management.delete_user(name)

    [message] = hub.messages("orders.in")
    properties = message["properties"]
    assert (0, "translation.v1") == (stopped, properties["type"])
    assert ("web", 1, "web.portal") == tuple(
        properties["headers"][name] for name in ("channel", "documents", "endpoint")
    )
    assert not hub.settings.store.exists()
    hub.worker()
    until("the order", lambda: hub.order("W-1"))


def test_an_adapter_may_follow_the_stores_rules(hub, tmp_path):
    """What was loaded after its start is known to it a second later."""
    rules = tmp_path / "rules"
    copy_rules(rules)
    hub.rules = rules
    hub.configure()
    hub.worker()
    hub.adapters.pop("web").stop()
    start(hub, "--rules", "store")
    text = '[[offering]]\nid = "NEW-1"\nname = "New"\ncategory = "device"\n'
    (rules / "routes/catalogue/new.toml").write_text(text, "utf-8")
    assert 0 == hub.cli("routes", "load").status
    readers = hub.readers()

    def known():
        heard = len(readers.kept)
        hub.drop(("web", web_order(f"W-{heard}", "NEW-1")))
        until("an answer", lambda: len(readers.kept) > heard)
        return b"E_OFFERING" not in readers.kept[heard].body

    until("the new offering is known", known, 30, 0.5)


def test_an_adapter_refuses_to_start_without_its_queues(hub):
    """It names them, and takes nothing."""
    hub.rabbit.management.delete_queue(hub.rabbit.vhost, "orders.in")
    told = hub.cli("adapter", "run", "web")

    assert 2 == told.status
    assert "queue 'orders.in': is missing" in told.err


def test_what_an_adapter_could_not_read_is_replayed_to_it(hub):
    """Parked under the channel's queue; once the rules know the sender, the row closes."""
    hub.worker()
    hub.drop(("partner", b"nothing that anybody can read"))
    until("parked", hub.store.parked)
    [row] = hub.store.parked()
    assert ("channel.partner.in", "E_EDI_ISA") == (row.queue, json.loads(row.fault)["code"])
    assert 0 == hub.cli("parked", "replay", row.id, "--why", "once more").status

    until("parked again", lambda: [2] == [one.times for one in hub.store.parked()])
    until("one handle", lambda: hub.depths()["channel.partner.in.parked"] == 1)
