"""
An adapter on its own, at its ports: what it sends, what it acknowledges, and what it does with what kills it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.memory import MemoryBroker
from broker.memory_queue import Message
from broker.port import Properties
from canonical.codec import decode
from canonical.translated import Translation
from orderloom.adapter_runner import AdapterRunner
from orderloom.adapter_suspects import Suspects
from tests.engine.deadly import DEADLY, ENDLESS, deadly
from tests.engine.rig import SPLIT, START, order, topology
from tests.support.rabbit import until

IN = "channel.web.in"
ORDERS = "orders.in"


class Bench:
    """A runner on the memory broker."""

    def __init__(self, limit: float = 30.0) -> None:
        self.broker = MemoryBroker(topology(SPLIT))
        self.now = START
        self.limit = limit
        self.start()

    def start(self) -> None:
        self.client = self.broker.connect("adapter")
        self.runner = AdapterRunner(deadly(), self.client, Suspects(deadly, self.limit), lambda: self.now)
        self.runner.start()

    def dies(self) -> None:
        """The process is gone, and another one there."""
        self.client.close()
        self.start()

    def drop(self, body: bytes, **more: object) -> None:
        self.broker.publish("", IN, body, Properties(content_type="application/json", **more))

    def step(self, seconds: float = 0.0) -> None:
        self.now += timedelta(seconds=seconds)
        self.runner.step(self.client.collect(100, 0.0))

    def sent(self) -> list[Translation]:
        """Everything on ``orders.in``; it stays there."""
        return [decode(one.body, Translation) for one in self.broker.peek(ORDERS, 100)]

    @property
    def held(self) -> int:
        """What is not acknowledged."""
        return self.broker.unsettled(IN) + self.broker.depth(IN)


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.runner.suspects.close()
    made.client.close()


def test_a_message_is_acknowledged_once_it_was_confirmed(bench):
    """Not before."""
    bench.broker.block()
    bench.drop(order())
    bench.step()
    assert (1, []) == (bench.held, bench.sent())

    bench.broker.unblock()
    bench.step()
    assert (0, 1) == (bench.held, len(bench.sent()))


def test_what_is_sent_can_be_understood_in_the_console(bench):
    """Channel, sender, how many documents; the same message has the same id whenever it is sent."""
    bench.drop(order(), message_id="m-1")
    bench.step()
    bench.drop(order(), message_id="m-1")
    bench.step()

    first, second = (one.properties for one in bench.broker.peek(ORDERS, 2))
    assert {"channel": "web", "documents": 1, "endpoint": "web.portal"} == first.headers
    assert ("translation.v1", "application/json", START) == (first.type, first.content_type, first.timestamp)
    assert first.message_id == second.message_id


def test_a_queue_that_refuses_is_asked_again_after_a_second(bench):
    """And nothing is acknowledged meanwhile."""
    bench.broker.refuse(ORDERS, 2)
    bench.drop(order())
    for _ in range(5):
        bench.step()
    assert (1, []) == (bench.held, bench.sent())

    for _ in range(5):
        bench.step(1)
    assert [False] == [one.native.redelivered for one in bench.sent()]
    assert 0 == bench.held


@pytest.mark.parametrize("landed", [True, False])
def test_a_lost_confirm_is_sent_again_and_says_so(bench, landed):
    """So that the hub stays silent if the first has landed."""
    bench.broker.lose_confirm(landed=landed)
    bench.drop(order())
    for _ in range(3):
        bench.step()

    assert ([False] if landed else []) + [True] == [one.native.redelivered for one in bench.sent()]
    assert 0 == bench.held


def test_a_lost_connection_costs_nothing(bench):
    """What comes again is sent again, and says so."""
    bench.broker.block()
    bench.drop(order())
    bench.step()
    bench.broker.drop("adapter")
    bench.broker.unblock()
    for _ in range(3):
        bench.step()

    assert {True} == {one.native.redelivered for one in bench.sent()[1:]}
    assert {order()} == {one.native.body for one in bench.sent()}
    assert 0 == bench.held


def test_bytes_that_no_broker_takes_stay_where_they_are(bench):
    """More than 16 MiB: RabbitMQ 3.10 takes them from a sender, 4 takes them from nobody."""
    large = Message("", IN, b"x" * (16 * 1024 * 1024 + 1), Properties())
    with bench.broker.changed:  # it takes no such message itself, as RabbitMQ 4 does not
        bench.broker.queue(IN).accept(large)
        bench.broker.dispatch(IN)
    bench.drop(order())
    for _ in range(3):
        bench.step()

    assert [order()] == [one.native.body for one in bench.sent()]
    assert 1 == bench.held


def test_what_may_have_killed_the_adapter_is_looked_at_in_a_child(bench):
    """From its third delivery on; an innocent message is translated there as well as anywhere."""
    bench.drop(order("W-1"))
    bench.drop(DEADLY)
    for _ in range(2):
        bench.client.collect(100, 0.0)
        bench.dies()
    bench.drop(order("W-2"))
    bench.step()
    assert [order("W-2")] == [one.native.body for one in bench.sent()]  # nobody waits for a suspect

    def all_forwarded() -> bool:
        bench.step()
        return len(bench.sent()) == 3 and not bench.held

    until("both suspects forwarded", all_forwarded, 60)
    faults = {one.native.body: one.fault for one in bench.sent()}
    assert "E_POISON" == faults.pop(DEADLY).code
    assert {order("W-1"): None, order("W-2"): None} == faults
    assert bench.runner.idle


def test_a_message_that_never_ends_is_given_up():
    """Its child is killed when its time is over."""
    bench = Bench(limit=8.0)
    bench.drop(ENDLESS)
    for _ in range(2):
        bench.client.collect(100, 0.0)
        bench.dies()

    def forwarded() -> bool:
        bench.step()
        return bool(bench.sent()) and not bench.held

    until("given up", forwarded, 60)
    [one] = bench.sent()
    assert (ENDLESS, "E_POISON") == (one.native.body, one.fault.code)
    bench.runner.suspects.close()
    bench.client.close()
