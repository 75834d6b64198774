"""The memory broker: the contract, and what only it has: faults by name, and a seed instead of time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.memory import MemoryBroker, Stepping
from broker.port import Broker, BrokerUnavailable, Properties, Result
from broker.shapes import QueueSpec, Topology
from tests.broker.contract import TOPOLOGY, BrokerContract, gather, numbered, publish


class MemoryWorld:
    """The contract's world in memory."""

    def __init__(self) -> None:
        self.server = MemoryBroker(TOPOLOGY)

    def client(self, name: str = "hub") -> Broker:
        return self.server.connect(name)

    def drop(self, queue: str, *bodies: bytes) -> None:
        for body in bodies:
            assert self.server.publish("", queue, body) is Result.TAKEN

    def depth(self, queue: str) -> int:
        return self.server.depth(queue)

    def held(self, queue: str) -> int:
        return self.server.unsettled(queue)

    def bodies(self, queue: str) -> list[bytes]:
        return [delivery.body for delivery in self.server.peek(queue, 100)]

    def break_connections(self, name: str = "hub") -> None:
        self.server.drop(name)

    def block(self) -> None:
        self.server.block()

    def unblock(self) -> None:
        self.server.unblock()

    def delete_queue(self, queue: str) -> None:
        self.server.delete_queue(queue)

    def declare_again(self) -> None:
        self.server.apply(TOPOLOGY)


class TestMemoryContract(BrokerContract):
    @pytest.fixture
    def world(self) -> MemoryWorld:
        return MemoryWorld()


PLAIN = Topology(
    owner="tests",
    queues=(
        QueueSpec(name="a"),
        QueueSpec(name="a.parked"),
        QueueSpec(name="b", limits={"dead-letter-exchange": "", "dead-letter-routing-key": "a.parked"}),
    ),
)


@pytest.fixture
def server() -> Iterator[MemoryBroker]:
    return MemoryBroker(PLAIN)


def test_a_lost_confirm_is_unknown_whichever_way_it_went(server: MemoryBroker):
    """
    The message landed once and did not the other time; the sender cannot tell.
    """
    port = server.connect("hub")
    port.start({})
    server.lose_confirm(landed=True)
    server.lose_confirm(landed=False)
    port.send([publish(1, "a", b"landed"), publish(2, "a", b"did not"), publish(3, "a", b"fine")])

    assert gather(port, outcomes=3).fates == {1: Result.UNKNOWN, 2: Result.UNKNOWN, 3: Result.TAKEN}
    assert [delivery.body for delivery in server.peek("a")] == [b"landed", b"fine"]


def test_refusals_can_be_ordered(server: MemoryBroker):
    """
    The next two are refused, the third is not.
    """
    port = server.connect("hub")
    port.start({})
    server.refuse("a", 2)
    port.send([publish(token, "a") for token in range(3)])

    assert gather(port, outcomes=3).fates == {0: Result.REFUSED, 1: Result.REFUSED, 2: Result.TAKEN}


def test_a_client_can_be_kept_away(server: MemoryBroker):
    """
    Down until restored: not connected, sends unknown, nothing delivered.
    """
    port = server.connect("hub")
    port.start({"a": 10})
    server.drop("hub", down=True)
    server.publish("", "a", b"waits")
    port.send([publish(1, "a")])

    batch = port.collect(10, 0.0)
    assert not port.connected
    assert [outcome.result for outcome in batch.outcomes] == [Result.UNKNOWN]
    assert list(batch.deliveries) == []
    server.restore("hub")
    assert gather(port, deliveries=1).bodies == [b"waits"]
    assert port.connected


def test_simulators_take_acknowledge_and_give_back(server: MemoryBroker):
    """
    What is taken is hidden; given back it is in front again and marked; acknowledged it is gone.
    """
    server.publish("", "a", b"1")
    server.publish("", "a", b"2", Properties(type="t"))
    first = server.get("a")
    assert first is not None
    assert (server.depth("a"), server.unsettled("a")) == (1, 1)

    server.put_back(first)
    again = server.get("a")
    assert again is not None
    assert (again.body, again.redelivered) == (b"1", True)
    server.ack(again)
    server.ack(again)

    assert [delivery.body for delivery in server.peek("a")] == [b"2"]
    assert server.get("a.parked", wait=0.01) is None
    with pytest.raises(BrokerUnavailable, match="no queue 'nowhere'"):
        server.get("nowhere")


def test_a_rejected_message_goes_where_the_policy_says(server: MemoryBroker):
    """
    And moving it back is what the console's "Move messages" does.
    """
    server.publish("", "b", b"bad")
    taken = server.get("b")
    assert taken is not None
    server.reject(taken)

    assert (server.depth("b"), server.depth("a.parked")) == (0, 1)
    assert server.move("a.parked", "b") == 1
    assert (server.depth("b"), server.depth("a.parked")) == (1, 0)


def test_two_clients_cannot_have_one_name(server: MemoryBroker):
    """
    Faults are addressed by name.
    """
    port = server.connect("hub")
    with pytest.raises(BrokerUnavailable, match="'hub' is connected"):
        server.connect("hub")
    port.close()

    assert server.connect("hub").name == "hub"


class Steps:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


def story(seed: int) -> list[tuple[float, list[bytes], list[int]]]:
    """What a port sees at each step of one clock, under one seed."""
    clock = Steps()
    server = MemoryBroker(PLAIN, stepping=Stepping(clock.now, seed))
    port = server.connect("hub")
    port.start({"a": 5})
    port.send([publish(token, "a", body) for token, body in enumerate(numbered(20))])
    seen = []
    for step in range(200):
        clock.seconds = step / 100
        batch = port.collect(3, 10.0)
        port.settle([delivery.handle for delivery in batch.deliveries])
        seen.append(
            (
                clock.seconds,
                [one.body for one in batch.deliveries],
                [one.token for one in batch.outcomes],
            )
        )
    return seen


def test_under_a_seed_everything_repeats_and_nothing_waits():
    """
    The same seed tells the same story; another tells another; order within the queue is kept.
    """
    first = story(1)

    assert first == story(1)
    assert first != story(2)
    assert numbered(20) == [body for _, bodies, _ in first for body in bodies]
    tokens = [token for _, _, tokens in first for token in tokens]
    assert sorted(tokens) == list(range(20))
    assert tokens != sorted(tokens)
