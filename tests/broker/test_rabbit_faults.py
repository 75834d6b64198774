"""The RabbitMQ driver where only a real broker can tell: kills, names in the console, strangers, limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pika
import pika.exceptions
import pytest

from broker.address import AddressRefused
from broker.foreign import DROPPED
from broker.port import BrokerUnavailable, Properties, Result
from broker.rabbit import RabbitBroker
from tests.broker.contract import TOPOLOGY, gather, nothing_more, numbered, publish, until_connected
from tests.support.rabbit import Rabbit, until

pytestmark = pytest.mark.rabbitmq

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(rabbit: Rabbit) -> Iterator[Callable[..., RabbitBroker]]:
    rabbit.apply(TOPOLOGY)
    clients: list[RabbitBroker] = []

    def make(name: str = "orderloom worker w1", **options: int) -> RabbitBroker:
        clients.append(RabbitBroker(rabbit.url, name=name, watchdog=None, **options))
        return clients[-1]

    yield make
    for one in clients:
        one.close()


def test_everything_is_legible_in_the_console(rabbit: Rabbit, client: Callable[..., RabbitBroker]):
    """
    Two connections with names, a channel a queue, tags that say who reads what, no global prefetch.
    """
    port = client()
    port.start({"in": 7, "other": 9})
    management = rabbit.management
    until("consumers listed", lambda: len(management.consumers(rabbit.vhost)) == 2)

    names = {
        connection["client_properties"]["connection_name"]
        for connection in management.connections()
        if connection.get("vhost") == rabbit.vhost
    }
    consumers = management.consumers(rabbit.vhost)
    assert names == {"orderloom worker w1 publish", "orderloom worker w1 consume"}
    assert {(one["consumer_tag"], one["queue"]["name"], one["prefetch_count"]) for one in consumers} == {
        ("orderloom worker w1.in", "in", 7),
        ("orderloom worker w1.other", "other", 9),
    }
    assert len({one["channel_details"]["number"] for one in consumers}) == 2


def test_losing_one_connection_leaves_the_other_alone(rabbit: Rabbit, client: Callable[..., RabbitBroker]):
    """
    The publishing connection breaks: deliveries of before can still be settled.
    """
    port = client()
    port.start({"in": 10})
    port.send([publish(1, "in", b"mine")])
    [mine] = gather(port, deliveries=1, outcomes=1).deliveries
    until("broken", lambda: rabbit.close_connections("w1 publish"))
    until("noticed", lambda: port.collect(1, 0.01) is not None and not port.connected)
    until_connected(port)
    port.settle([mine.handle])
    nothing_more(port)
    port.close()

    after = client("after")
    after.start({"in": 10})
    nothing_more(after)


def test_a_stranger_cannot_break_the_connection(rabbit: Rabbit, client: Callable[..., RabbitBroker]):
    """
    G-10, G-11: nested headers, an infinite float, a moment beyond the calendar: read, the odd ones named.
    """
    port = client()
    port.start({"in": 10})
    with pika.BlockingConnection(pika.URLParameters(rabbit.url)) as connection:
        odd = pika.BasicProperties(
            headers={"nested": {"a": {"b": 1}}, "list": [1, 2], "plain": "ü", "bytes": b"\xff"},
            timestamp=2**62,
            priority=3,
            expiration="600000",
        )
        connection.channel().basic_publish("", "in", b"odd", odd)
        connection.channel().basic_publish("", "in", b"plain")

    odd_one, plain = gather(port, deliveries=2).deliveries
    assert odd_one.properties.headers == {
        "plain": "ü",
        "bytes": "\ufffd",
        DROPPED: "list, nested, timestamp",
    }
    assert (odd_one.properties.timestamp, odd_one.properties.delivery_mode) == (None, 1)
    assert (plain.body, plain.properties.headers) == (b"plain", {})
    assert port.connected


def test_headers_as_a_body_are_cut_down(rabbit: Rabbit, client: Callable[..., RabbitBroker]):
    """
    G-10: 10,000 of them, and tables 200 deep: a hundred are read, and the next message passes.
    """
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"t": deep}
    port = client()
    port.start({"in": 10})
    with pika.BlockingConnection(pika.URLParameters(rabbit.url)) as connection:
        channel = connection.channel()
        crowd: dict[str, object] = {f"h{number}": number for number in range(10_000)}
        for headers in (crowd, {"deep": deep, "after": 1}):
            channel.basic_publish("", "in", b"odd", pika.BasicProperties(headers=headers))
        channel.basic_publish("", "in", b"plain")

    crowded, nested, plain = gather(port, deliveries=3).deliveries
    assert 101 == len(crowded.properties.headers)
    assert str(crowded.properties.headers[DROPPED]).startswith("h")
    assert {"after": 1, DROPPED: "deep"} == nested.properties.headers
    assert (b"plain", {}) == (plain.body, plain.properties.headers)


@pytest.mark.parametrize("name", ["CC", "BCC"])
def test_a_sender_reaches_no_other_queue_by_a_header(
    rabbit: Rabbit, client: Callable[..., RabbitBroker], name: str
):
    """
    G-14: more routing keys are keys of the exchange that was written to, and a fanout knows none.  What came
    with such a header is sent on without it.
    """
    port = client()
    port.start({"in": 10, "other": 10})
    with pika.BlockingConnection(pika.URLParameters(rabbit.url)) as connection:
        copied = pika.BasicProperties(headers={name: ["other", "out"], "mine": 1})
        connection.channel().basic_publish("drop", "", b"copied", copied)
    [found] = gather(port, deliveries=1).deliveries
    port.send([publish(1, "out", found.body, properties=Properties(headers=found.properties.headers))])

    assert {1: Result.TAKEN} == gather(port, outcomes=1).fates
    assert ("in", 1) == (found.queue, found.properties.headers["mine"])
    assert name not in found.properties.headers
    nothing_more(port)


def test_counters_that_a_sender_writes_are_not_the_brokers(
    rabbit: Rabbit, client: Callable[..., RabbitBroker]
):
    """
    G-15: a message that comes for the first time has come back from nowhere.
    """
    port = client()
    port.start({"in": 10})
    with pika.BlockingConnection(pika.URLParameters(rabbit.url)) as connection:
        forged = {"x-delivery-count": 99, "x-acquired-count": 99, "x-death": [{"count": 99}], "mine": 1}
        connection.channel().basic_publish("drop", "", b"forged", pika.BasicProperties(headers=forged))
    [found] = gather(port, deliveries=1).deliveries

    assert (0, False) == (found.came_back, found.redelivered)
    assert {"mine": 1, DROPPED: "x-death"} == found.properties.headers


def test_a_forged_user_is_the_senders_own_trouble(rabbit: Rabbit, client: Callable[..., RabbitBroker]):
    """
    G-13: the broker closes the sender's channel; who names no user is taken, and we go on.
    """
    port = client()
    port.start({"in": 10})
    with pika.BlockingConnection(pika.URLParameters(rabbit.url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="user_id"):
            channel.basic_publish("drop", "", b"forged", pika.BasicProperties(user_id="somebody"))
        connection.channel().basic_publish("drop", "", b"honest")
    [found] = gather(port, deliveries=1).deliveries

    assert (b"honest", None) == (found.body, found.properties.user_id)
    nothing_more(port)


def test_a_window_of_one_still_sends_everything(client: Callable[..., RabbitBroker]):
    """
    The bound is kept by waiting, not by losing.
    """
    port = client(window=1)
    port.start({"in": 100})
    port.send([publish(token, "in", body) for token, body in enumerate(numbered(40))])
    found = gather(port, deliveries=40, outcomes=40)

    assert found.fates == dict.fromkeys(range(40), Result.TAKEN)
    assert numbered(40) == found.bodies


def test_a_foreign_user_id_is_refused_before_the_broker_closes_the_channel(
    client: Callable[..., RabbitBroker],
):
    """
    RabbitMQ checks it against the connection's user, and would take all others down with it.
    """
    port = client()
    port.start({})
    port.send([publish(1, "in", properties=Properties(user_id="somebody")), publish(2, "in")])

    assert gather(port, outcomes=2).fates == {1: Result.REFUSED, 2: Result.TAKEN}


def test_a_port_that_nobody_collects_from_ends_the_process(rabbit: Rabbit):
    """
    A hanging engine must not keep its messages: the process ends, with status and a sentence.
    """
    program = (
        "import sys, threading\n"
        "from broker.rabbit import RabbitBroker\n"
        "port = RabbitBroker(sys.argv[1], name='w9', watchdog=0.5)\n"
        "port.start({})\n"
        "threading.Event().wait(30)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, rabbit.url], cwd=ROOT, capture_output=True, timeout=25, check=False
    )

    assert done.returncode == 70
    assert b"w9: no collect for" in done.stderr


def test_a_broker_that_is_not_there_is_told_quickly():
    """
    Nothing listens: one error, no password in it.
    """
    port = RabbitBroker("amqp://user:secret@127.0.0.1:1/vh", name="hub", watchdog=None)
    began = monotonic()
    with pytest.raises(BrokerUnavailable, match=r"amqp://127\.0\.0\.1:1/vh: .*refused") as raised:
        port.start({})

    assert monotonic() - began < 10
    assert "secret" not in str(raised.value)


def test_a_wrong_password_is_told(rabbit: Rabbit):
    """
    By the broker's own words.
    """
    wrong = rabbit.url.replace(rabbit.node.plan.password, "wrong")
    with pytest.raises(BrokerUnavailable, match=r"ACCESS_REFUSED|Authentication"):
        RabbitBroker(wrong, name="hub", watchdog=None).start({})


def test_plain_text_to_another_machine_is_refused():
    """
    Unless it was explicitly allowed; loopback is fine.
    """
    with pytest.raises(AddressRefused, match=r"plain amqp:// to 'broker\.example'") as raised:
        RabbitBroker("amqp://user:secret@broker.example/vh", name="hub")

    assert "secret" not in str(raised.value)
    RabbitBroker("amqp://user:secret@broker.example/vh", name="hub", allow_plain=True)
    RabbitBroker("amqp://user:secret@localhost/vh", name="hub")


def test_a_policy_of_the_topology_is_kept_by_name(rabbit: Rabbit):
    """
    Each queue that needs one has its own, named after it.
    """
    rabbit.apply(TOPOLOGY)
    names = {policy["name"] for policy in rabbit.management.policies(rabbit.vhost)}
    limited = {"tests:queue:full", "tests:queue:recent"}
    # From 4.0 on every quorum queue needs to be told that it has no delivery limit.
    everyone = {f"tests:queue:{queue.name}" for queue in TOPOLOGY.queues}
    queues = limited if rabbit.management.version() < (4, 0) else everyone

    assert queues | {"tests:exchange:drop", "tests:exchange:empty"} == names
