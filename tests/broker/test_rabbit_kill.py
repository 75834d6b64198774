"""RabbitMQ killed with SIGKILL: what it confirmed is there when it is back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.port import Result
from broker.private_node import PrivateNode
from broker.rabbit import RabbitBroker
from broker.shapes import QueueSpec, Topology
from broker.tools import Dropper
from broker.topology import apply
from tests.broker.contract import TOPOLOGY, gather, nothing_more, numbered, publish, until_connected

pytestmark = pytest.mark.rabbitmq


@pytest.fixture(scope="module")
def node() -> Iterator[PrivateNode]:
    with PrivateNode(label="tests-kill") as node:
        yield node


def test_a_queue_that_was_just_declared_survives_the_kill_of_its_broker(node: PrivateNode):
    """
    Apply returns only when a new queue is old enough to be safe (a fresh one forgets what was confirmed).
    """
    apply(node.url, node.management_url, Topology(owner="fresh", queues=(QueueSpec(name="fresh"),)))
    with Dropper(node.url) as dropper:
        dropper.drop("", "fresh", b"kept")
    node.kill()
    node.restart()

    [message] = node.management.get_messages("/", "fresh")
    assert message["body"] == b"kept"


def test_a_killed_broker_loses_nothing_it_confirmed(node: PrivateNode):
    """
    In the middle of sending: what was taken is there, what was settled before is not, everything else
    is unknown, and the port is up again by itself.
    """
    apply(node.url, node.management_url, TOPOLOGY)
    port = RabbitBroker(node.url, name="hub", watchdog=None)
    port.start({"in": 100})
    port.send([publish(token, "in", body) for token, body in enumerate(numbered(50))])
    first = gather(port, deliveries=50, outcomes=50)
    port.settle([delivery.handle for delivery in first.deliveries])
    nothing_more(port, 1.0)

    port.send([publish(token, "out", body) for token, body in enumerate(numbered(3000))])
    found = gather(port, outcomes=200)
    node.kill()
    found.outcomes += gather(port, outcomes=3000 - len(found.outcomes)).outcomes
    assert not port.connected
    node.restart()
    until_connected(port)

    assert set(range(3000)) == set(found.fates)
    assert Result.TAKEN in found.fates.values()
    assert set(found.fates.values()) <= {Result.TAKEN, Result.UNKNOWN}
    port.close()
    reader = RabbitBroker(node.url, name="reader", watchdog=None)
    reader.start({"in": 10, "out": 5000})
    taken = {b"%d" % token for token, fate in found.fates.items() if fate is Result.TAKEN}
    after = gather(reader, deliveries=len(taken))
    assert {delivery.queue for delivery in after.deliveries} == {"out"}
    assert taken <= set(after.bodies)
    reader.close()
