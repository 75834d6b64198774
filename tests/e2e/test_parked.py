"""
From parked to completed: an order that no route takes, and then the route that was missing.
"""

from __future__ import annotations

import shutil

import pytest

from orderloom.rules import default_folder
from tests.e2e.documents import web_order
from tests.support.hub import running_hub
from tests.support.rabbit import until, virtual_host
from tests.support.rules import copy_rules

pytestmark = pytest.mark.rabbitmq

PARKED_QUEUE = "channel.web.in.parked"

GADGETS = """
[[route]]
name = "gadgets"
why = "Gadgets are booked by customer care, who send them by post"
when = { item = { category = "gadget" } }

  [[route.part]]
  name = "gadget"
  system = "crm"
  items = { category = "gadget" }

  [[route.test]]
  order = "samples/gadget.json"
  channel = "web"
  expect = ["gadget"]
"""


@pytest.fixture(scope="module")
def standing(rabbit_node, tmp_path_factory):
    """A hub with rules of its own, which may be changed, and its systems."""
    folder = tmp_path_factory.mktemp("hub")
    rules = folder / "rules"
    copy_rules(rules)
    with virtual_host(rabbit_node) as rabbit, running_hub(rabbit, folder, rules=rules) as made:
        made.simulators()
        yield made


@pytest.fixture
def worker(standing):
    """A worker that knows no route for gadgets."""
    (standing.rules / "routes" / "gadgets.toml").unlink(missing_ok=True)
    shutil.copy(default_folder() / "routes" / "customer.toml", standing.rules / "routes")
    yield standing.worker()
    for process in standing.processes[1:]:
        if process.running:
            process.stop()


def parked_gadget(hub, number):
    """Drop an order that no route takes, and wait until it lies in the console; returns its row's id."""
    before = {row.id for row in hub.store.parked(None)}
    handles = hub.depths()[PARKED_QUEUE]
    hub.drop(("web", web_order(number, "GADGET-Z")))
    until("it is parked", lambda: {row.id for row in hub.store.parked(None)} - before)
    [new] = {row.id for row in hub.store.parked(None)} - before
    until("its handle is in the console", lambda: hub.depths()[PARKED_QUEUE] == handles + 1)
    return new


def add_the_route(hub, worker):
    """The missing route, and a worker that has read it."""
    customer = hub.rules / "routes" / "customer.toml"
    # Its tests say that gadgets are parked; that is so no more.
    kept = [
        one for one in customer.read_text("utf-8").split("  [[route.test]]") if "E_ITEM_NOT_ROUTED" not in one
    ]
    customer.write_text("  [[route.test]]".join(kept), "utf-8")
    (hub.rules / "routes" / "gadgets.toml").write_text(GADGETS, "utf-8")
    assert 0 == worker.stop()
    hub.worker()


def completed(hub, number):
    """Whether the order of this number has completed."""
    record = hub.order(number)
    return record is not None and record.order.state == "completed"


def test_a_parked_order_is_shown_replayed_and_completed(standing, worker):
    """park, list, show, add the route, replay: completed, its row closed and its handle gone."""
    hub = standing
    id_ = parked_gadget(hub, "W-1")
    listed = hub.cli("parked", "list")
    assert id_ in listed.out
    assert "no part of the plan serves 'GADGET-Z' (add) [E_ITEM_NOT_ROUTED]" in listed.out
    shown = hub.cli("parked", "show", id_)
    assert "E_ITEM_NOT_ROUTED" in shown.out
    assert "GADGET-Z" in shown.out
    assert web_order("W-1", "GADGET-Z") == hub.cli("parked", "show", id_, "--raw").out.encode()
    add_the_route(hub, worker)
    replayed = hub.cli("parked", "replay", id_, "--why", "customer care takes gadgets now")
    assert (0, f"{id_}  goes back to channel.web.in with the next turn of a worker\n") == (
        replayed.status,
        replayed.out,
    )
    until("completed", lambda: completed(hub, "W-1"))

    assert "0 messages\n" == hub.cli("parked", "list").out
    [closed] = [
        line for line in hub.cli("parked", "list", "--state", "closed").out.splitlines() if id_ in line
    ]
    assert "E_ITEM_NOT_ROUTED" in closed
    assert hub.cli("status", "W-1").out.splitlines()[0].split()[1] == "completed"
    until("its handle is gone", lambda: hub.depths()[PARKED_QUEUE] == 0)


def test_what_was_replayed_or_discarded_is_not_replayed_again(standing, worker):
    """Each act once: status 1 and a sentence that says who did what before."""
    hub = standing
    first, second = parked_gadget(hub, "W-2"), parked_gadget(hub, "W-3")
    add_the_route(hub, worker)
    assert 0 == hub.cli("parked", "discard", first, "--why", "a test order").status
    assert 0 == hub.cli("parked", "replay", second, "--why", "routed now").status
    until("the second is completed", lambda: completed(hub, "W-3"))
    after_discard = hub.cli("parked", "replay", first, "--why", "after all")
    after_replay = hub.cli("parked", "replay", second, "--why", "once more")

    assert (1, 1) == (after_discard.status, after_replay.status)
    assert "already discarded by cli:" in after_discard.err
    assert "already replayed" in after_replay.err
    assert after_replay.err.endswith("[E_STATE]\n")
    assert hub.order("W-2") is None
    assert 1 == sum(entry["order_number"] == "W-3" for entry in hub.entries() if "key" in entry)


def test_moving_the_message_back_in_the_console_closes_its_row(standing, worker):
    """The console's button "Move messages": the message goes the way of any other, and the row is closed."""
    hub = standing
    id_ = parked_gadget(hub, "W-4")
    add_the_route(hub, worker)
    moved = hub.rabbit.management.move_messages(hub.rabbit.vhost, PARKED_QUEUE, "channel.web.in")
    until("completed", lambda: completed(hub, "W-4"), 30)
    until("nothing is moved any more", lambda: not hub.rabbit.management.moving(hub.rabbit.vhost, moved))

    shown = hub.cli("parked", "show", id_)
    assert "closed" in shown.out
    until("the queue is empty", lambda: hub.depths()[PARKED_QUEUE] == 0)
