"""The worker as a process, on a real broker, looked after with nothing but the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from broker.tools import Dropper
from tests.cli.hub import Place
from tests.support.rabbit import Rabbit
from tests.support.rabbit import until as _until

pytestmark = pytest.mark.rabbitmq

# A process has to start, on a machine that may be busy.
until = partial(_until, limit=60.0)

ROUTE = """
[[route]]
name = "books"
why = "A hub with one system"
when = {{ item = {{ category = "{category}" }} }}
  [[route.part]]
  name = "crm"
  system = "crm"
  items = {{ category = "{category}" }}
  [[route.test]]
  order = "samples/one.json"
  channel = "web"
  {expected}
"""
RULES = {
    "routes/catalogue/one.toml": '[[offering]]\nid = "GADGET"\nname = "Gadget"\ncategory = "gadget"\n',
    "routes/samples/one.json": (
        '{"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "GADGET"}}]}'
    ),
    "endpoints/web.portal.toml": (
        'id = "web.portal"\nchannel = "web"\nname = "Portal"\nout_queue = "channel.web.out"\n'
    ),
}
ORDER = {
    "@type": "ProductOrder",
    "externalId": [{"id": "cart-77", "owner": "web", "externalIdentifierType": "cartId"}],
    "productOrderItem": [
        {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "GADGET", "name": "Gadget"}}
    ],
}


def write_rules(folder: Path, *, gadgets_are_routed: bool) -> None:
    """Rules with or without a route for the one thing that is sold."""
    route = (
        ROUTE.format(category="gadget", expected='expect = ["crm"]')
        if gadgets_are_routed
        else ROUTE.format(category="book", expected='expect_error = "E_NO_ROUTE"')
    )
    books = '[[offering]]\nid = "BOOK"\nname = "Book"\ncategory = "book"\n'
    for name, text in {**RULES, "routes/all.toml": route, "routes/catalogue/books.toml": books}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def hub(place, rabbit: Rabbit) -> Place:
    """Channel web and system crm on a virtual host of their own; its topology is applied."""
    (place.folder / "hub.toml").write_text(
        "[channels.web]\n[systems.crm]\n[rules]\nfolder = '.'\n[listener]\nport = 0\n"
    )
    write_rules(place.folder, gadgets_are_routed=False)
    place.environment.update(
        ORDERLOOM_CONFIG=str(place.folder / "hub.toml"),
        ORDERLOOM_BROKER_URL=rabbit.url,
        ORDERLOOM_MANAGEMENT_URL=rabbit.management_url,
    )
    assert 0 == place.run("topology", "apply").exit_code
    return place


def command(place: Place, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "ORDERLOOM_STORE": str(place.path)}
    environment.update({key: value for key, value in place.environment.items() if value is not None})
    with (place.folder / "worker.log").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "orderloom", *arguments],
            env=environment,
            cwd=place.folder,
            stderr=errors,
        )


@contextmanager
def worker(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A running worker, ended as an operator ends it."""
    process = command(place, "worker", "--name", "w1")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert 0 == process.wait(20), log(place)
        finally:
            process.kill()


def log(place: Place) -> str:
    return (place.folder / "worker.log").read_text("utf-8", "replace")


def states(place: Place) -> list[str]:
    """States of all parked messages, as the list shows them."""
    rows = place.run("parked", "list", "--state", "all").stdout.splitlines()[1:-1]
    return [row.split()[4] for row in rows]


def test_a_parked_order_is_shown_replayed_and_completed(hub: Place, rabbit: Rabbit):
    """
    Nobody had a route for gadgets; the operator reads why, adds one, and sends the order back.
    """
    (hub.folder / "order.json").write_text(json.dumps(ORDER))
    with worker(hub):
        assert 0 == hub.run("drop", "web", "order.json").exit_code
        until(f"it is parked: {log(hub)}", lambda: states(hub) == ["open"])
        until("its handle is in the console", lambda: rabbit.depth("channel.web.in.parked") == 1)
    row = hub.run("parked", "list").stdout.splitlines()[1]
    shown = hub.run("parked", "show", row.split()[0][:8]).stdout

    assert "E_NO_ROUTE" in shown
    assert '"GADGET"' in shown

    write_rules(hub.folder, gadgets_are_routed=True)
    with worker(hub):
        replayed = hub.run("parked", "replay", row.split()[0][:8], "--why", "gadgets have a route now")
        assert (0, "") == (replayed.exit_code, replayed.stderr)
        until(f"the crm is told: {log(hub)}", lambda: rabbit.depth("system.crm.in") == 1)
        [told] = rabbit.management.get_messages(rabbit.vhost, "system.crm.in")
        answer = {
            "messageType": "customerOrderResult",
            "resultId": "r-1",
            "requestId": json.loads(told["body"])["requestId"],
            "result": "OK",
        }
        with Dropper(rabbit.url) as dropper:
            dropper.drop("reply.crm", "", json.dumps(answer).encode(), content_type="application/json")
        until("it is completed", lambda: "completed  1/1 lines done" in hub.run("status", "cart-77").stdout)

    assert ["closed"] == states(hub)
    assert 0 == rabbit.depth("channel.web.in.parked")


def test_a_drifted_queue_makes_the_worker_refuse_by_name(hub: Place, rabbit: Rabbit):
    """
    Somebody deleted a queue in the console; nothing is consumed, and the sentence names it.
    """
    rabbit.management.delete_queue(rabbit.vhost, "system.crm.replies")
    refused = command(hub, "worker")

    assert 2 == refused.wait(30)
    [named, mends] = log(hub).splitlines()[-2:]
    assert "queue 'system.crm.replies': is missing" in named
    assert named.endswith("[E_TOPOLOGY]")
    assert mends.startswith("`orderloom topology apply` mends what is missing")
    assert "Traceback" not in log(hub)


def test_the_log_is_json_lines_without_names_of_people(hub: Place):
    """
    Standard error is no terminal here.
    """
    with worker(hub):
        until("it has started", lambda: "worker_started" in log(hub))
    events = [json.loads(line)["event"] for line in log(hub).splitlines()]

    assert "worker_started" == next(one for one in events if one.startswith("worker"))
    assert "worker_stopped" == events[-1]
