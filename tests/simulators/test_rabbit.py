"""
The simulators as processes of their own, on a real RabbitMQ.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from broker.topology import BindingSpec, ExchangeSpec, QueueSpec, Topology
from orderloom.simulators.__main__ import main
from orderloom.simulators.calls import read_log
from orderloom.simulators.channels import OUT_QUEUES, drop
from orderloom.simulators.orders import generate, messages
from orderloom.simulators.rabbit import RabbitTransport
from orderloom.simulators.transport import Stopped
from tests.simulators.support import crm_order, shipping_order
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq

FANOUTS = {
    "reply.crm": "system.crm.replies",
    "reply.warehouse": "system.warehouse.replies",
    "drop.web": "channel.web.in",
    "drop.partner": "channel.partner.in",
    "drop.directmail": "channel.directmail.in",
    "drop.callcenter": "channel.callcenter.in",
    "drop.store": "channel.store.in",
    "drop.kiosk": "channel.kiosk.in",
}
QUEUES = ("system.crm.in", "system.warehouse.in", *OUT_QUEUES, *FANOUTS.values())


@pytest.fixture
def hub(rabbit):
    """What stands around the simulators, and a transport to play the hub with."""
    rabbit.apply(
        Topology(
            owner="test",
            queues=tuple(QueueSpec(name=name) for name in QUEUES),
            exchanges=tuple(ExchangeSpec(name=name, type="fanout") for name in FANOUTS),
            bindings=tuple(
                BindingSpec(exchange=exchange, queue=queue) for exchange, queue in FANOUTS.items()
            ),
        )
    )
    transport = RabbitTransport(rabbit.url, "test")
    yield transport
    transport.stop()


@contextmanager
def process(rabbit, *arguments) -> Iterator[subprocess.Popen]:
    """A simulator process that has said that it is ready."""
    command = [sys.executable, "-m", "orderloom.simulators", *arguments, "--broker-url", rabbit.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout.readline().startswith("ready")
            yield running
        finally:
            running.terminate()
            running.wait(10)


def listen(transport, queue):
    """Messages of a queue as they come."""
    heard = []

    def keep(message):
        heard.append(message)
        message.ack()

    transport.consume(queue, keep)
    return heard


def tell(transport, queue, body):
    transport.publish("", queue, body, "application/octet-stream", {})


def test_a_process_serves_its_systems_and_ends_when_told(rabbit, hub, tmp_path):
    """Replies come to the reply exchange as bytes with a content type; SIGTERM is enough."""
    replies, advices = listen(hub, "system.crm.replies"), listen(hub, "system.warehouse.replies")
    log = tmp_path / "calls.jsonl"
    with process(rabbit, "crm", "warehouse", "oss.internet", "--log", str(log)) as running:
        tell(hub, "system.crm.in", crm_order("K1"))
        tell(hub, "system.warehouse.in", shipping_order("K2"))
        until("all replies", lambda: len(replies) == 1 and len(advices) == 2)
        running.terminate()

        assert 0 == running.wait(10)
    assert "OK" == json.loads(replies[0].body)["result"]
    assert "application/json" == replies[0].content_type
    assert {"application/edi-x12"} == {one.content_type for one in advices}
    assert ["applied", "applied"] == [entry["outcome"] for entry in read_log(log)]


def test_a_killed_process_knows_after_its_restart_what_it_applied(rabbit, hub, tmp_path):
    """SIGKILL between applying and answering: the instruction comes again, and is only answered."""
    replies = listen(hub, "system.crm.replies")
    log, script = tmp_path / "calls.jsonl", tmp_path / "script.json"
    script.write_text(json.dumps({"rules": [{"behaviour": "slow", "delay": 3}]}))
    arguments = ("crm", "--log", str(log), "--script", str(script))
    with process(rabbit, *arguments) as running:
        tell(hub, "system.crm.in", crm_order("K1"))
        until("the order was applied", lambda: read_log(log))
        running.kill()
    assert [] == replies
    with process(rabbit, *arguments):
        until("the answer", lambda: replies)

    assert ["applied", "repeat"] == [entry["outcome"] for entry in read_log(log)]


def test_a_broken_connection_is_made_again(rabbit, hub):
    """Both of them: what is told afterwards is answered."""
    replies = listen(hub, "system.crm.replies")
    with process(rabbit, "crm"):
        tell(hub, "system.crm.in", crm_order("K1"))
        until("the first answer", lambda: replies)
        until("two connections are seen", lambda: rabbit.close_connections("simulator crm") == 2)
        tell(hub, "system.crm.in", crm_order("K2"))
        until("the second answer", lambda: any(b"K2" in one.body for one in replies))


def test_connections_say_what_they_are(rabbit, hub):
    """In the console each is named for its system, queue and direction."""
    listen(hub, "system.crm.replies")
    with process(rabbit, "crm"):
        tell(hub, "system.crm.in", crm_order("K1"))

        def names():
            found = (one.get("client_properties", {}) for one in rabbit.management.connections())
            return {properties.get("connection_name", "") for properties in found}

        expected = {"simulator crm, reading system.crm.in", "simulator crm, sending"}
        until("both are seen", lambda: expected <= names())


def test_what_is_dropped_comes_to_the_channels_queue_as_it_was_written(rabbit, hub):
    """Bytes, in their order."""
    orders = generate(3, 20)
    channels = ("web", "partner", "directmail", "kiosk")
    heard = {channel: listen(hub, f"channel.{channel}.in") for channel in channels}
    count = drop(hub, messages(orders))
    until("all messages", lambda: sum(map(len, heard.values())) == count)

    for channel, found in heard.items():
        expected = [body for name, body in messages(orders) if name == channel]
        assert expected == [one.body for one in found]


def test_the_command_line_drops_orders_and_tells_an_oracle_what_they_were(rabbit, hub, tmp_path, capsys):
    """One line for each order."""
    heard = [listen(hub, f"channel.{channel}.in") for channel in ("web", "partner", "directmail", "kiosk")]
    dropped = tmp_path / "dropped.jsonl"
    arguments = ["--drop", "20", "--seed", "3", "--dropped", str(dropped), "--broker-url", rabbit.url]

    assert 0 == main(arguments)
    until("all messages", lambda: sum(map(len, heard)) == len(list(messages(generate(3, 20)))))
    numbers = [json.loads(line)["number"] for line in dropped.read_text("utf-8").splitlines()]
    assert [order.number for order in generate(3, 20)] == numbers
    assert "dropped 20 orders" in capsys.readouterr().out


def test_readers_keep_in_a_file_what_the_channels_are_told(rabbit, hub, tmp_path):
    """With the record that was understood."""
    told = tmp_path / "told.jsonl"
    error = json.dumps({"@type": "Error", "code": "E_OFFERING", "message": "no"}).encode()
    with process(rabbit, "channels", "--told", str(told)):
        tell(hub, "channel.web.out", error)
        until("it was read", lambda: told.exists() and told.read_text().endswith("\n"))
    kept = json.loads(told.read_text())

    assert ("channel.web.out", "E_OFFERING") == (kept["queue"], kept["records"][0]["status"])


def test_publishing_to_nowhere_is_tried_until_it_is_stopped(rabbit, hub):
    """A missing exchange is waited for; stopping ends the wait."""
    stopped = []

    def publish():
        with pytest.raises(Stopped):
            hub.publish("no.such.exchange", "", b"", "", {})
        stopped.append(True)

    thread = Thread(target=publish)
    thread.start()
    hub.stop()
    thread.join(5)

    assert [True] == stopped


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--script", "no-such"], "no script 'no-such'"), (["erp"], "unknown system 'erp'")],
)
def test_what_the_command_line_cannot_do_it_says(arguments, says, capsys):
    """Exit code 2 and a sentence."""
    try:
        code = main([*arguments, "--broker-url", "amqp://127.0.0.1:1/"])
    except SystemExit as left:
        code = left.code

    assert 2 == code
    assert says in capsys.readouterr().err
