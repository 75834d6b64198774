"""
What every driver of the broker port does: one suite, inherited for each driver.

A driver's test class gives the fixture ``world``: a server with :data:`TOPOLOGY` on it, clients of
the driver under test, a foreign sender, and the faults that both servers can have.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol

import pytest

from broker.port import (
    Broker,
    BrokerUnavailable,
    Delivery,
    HeaderValue,
    Outcome,
    Properties,
    Publish,
    Result,
)
from broker.shapes import BindingSpec, ExchangeSpec, QueueSpec, Topology
from tests.support.rabbit import until

TOPOLOGY = Topology(
    owner="tests",
    exchanges=(
        ExchangeSpec(name="drop", type="fanout", alternate="unrouted"),
        ExchangeSpec(name="empty", type="fanout", alternate="unrouted"),
        ExchangeSpec(name="news", type="topic"),
        ExchangeSpec(name="line", type="direct"),
        ExchangeSpec(name="unrouted", type="fanout"),
    ),
    queues=(
        QueueSpec(name="in"),
        QueueSpec(name="other"),
        QueueSpec(name="out"),
        QueueSpec(name="unrouted"),
        QueueSpec(name="full", limits={"max-length": 3, "overflow": "reject-publish"}),
        QueueSpec(name="recent", limits={"max-length": 3, "overflow": "drop-head"}),
    ),
    bindings=(
        BindingSpec(exchange="drop", queue="in"),
        BindingSpec(exchange="news", queue="in", routing_key="order.*.web"),
        BindingSpec(exchange="news", queue="other", routing_key="order.#"),
        BindingSpec(exchange="news", queue="out", routing_key="status.#.done"),
        BindingSpec(exchange="line", queue="in", routing_key="a.*"),
        BindingSpec(exchange="unrouted", queue="unrouted"),
    ),
)

_LIMIT = 20.0
_EIGHT_MIB = 8 * 1024 * 1024


class World(Protocol):
    """A server of the kind that the driver under test talks to."""

    def client(self, name: str = "hub") -> Broker: ...

    def drop(self, queue: str, *bodies: bytes) -> None: ...

    def depth(self, queue: str) -> int: ...

    def held(self, queue: str) -> int: ...

    def bodies(self, queue: str) -> list[bytes]: ...

    def break_connections(self, name: str = "hub") -> None: ...

    def block(self) -> None: ...

    def unblock(self) -> None: ...

    def delete_queue(self, queue: str) -> None: ...

    def declare_again(self) -> None: ...


def publish(
    token: int,
    queue: str,
    body: bytes = b"",
    *,
    exchange: str = "",
    mandatory: bool = True,
    properties: Properties | None = None,
) -> Publish:
    return Publish(token, exchange, queue, body, properties or Properties(), mandatory)


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


class Gathered:
    """What came out of a port so far."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.outcomes: list[Outcome] = []

    @property
    def bodies(self) -> list[bytes]:
        return [delivery.body for delivery in self.deliveries]

    @property
    def fates(self) -> dict[int, Result]:
        return {outcome.token: outcome.result for outcome in self.outcomes}


def gather(port: Broker, deliveries: int = 0, outcomes: int = 0, limit: float = _LIMIT) -> Gathered:
    """Collect until so much came; more than asked for is kept, less is a failure."""
    found = Gathered()
    ends = monotonic() + limit
    while len(found.deliveries) < deliveries or len(found.outcomes) < outcomes:
        assert monotonic() < ends, (
            f"within {limit} s only {len(found.deliveries)} of {deliveries} deliveries "
            f"and {len(found.outcomes)} of {outcomes} outcomes"
        )
        batch = port.collect(200, 0.2)
        found.deliveries += batch.deliveries
        found.outcomes += batch.outcomes
    return found


def nothing_more(port: Broker, seconds: float = 0.3) -> None:
    """Nothing comes within that time."""
    ends = monotonic() + seconds
    while (left := ends - monotonic()) > 0:
        batch = port.collect(200, left)
        assert ([], []) == (list(batch.deliveries), list(batch.outcomes))


def until_connected(port: Broker) -> Gathered:
    """Keep ticking until the port is connected again; what came meanwhile is returned."""
    found = Gathered()
    ends = monotonic() + _LIMIT
    while not port.connected:
        assert monotonic() < ends, "not connected again"
        batch = port.collect(200, 0.02)
        found.deliveries += batch.deliveries
        found.outcomes += batch.outcomes
    return found


class BrokerContract:
    """Inherit, and give the fixture ``world``."""

    # -- publishing

    def test_a_message_arrives_as_it_was_sent(self, world: World):
        """
        Body, properties and headers; a timestamp keeps its whole seconds.
        """
        headers: dict[str, HeaderValue] = {
            "channel": "web",
            "part": "2/4 internet",
            "größe": "ß€",
            "yes": True,
            "count": -(2**40),
            "none": None,
        }
        sent = Properties(
            message_id="m-1",
            correlation_id="o-1",
            type="order.submitted.v1",
            content_type="application/json",
            content_encoding="utf-8",
            app_id="hub/1",
            reply_to="out",
            timestamp=datetime(2026, 11, 2, 8, 30, 5, 999, tzinfo=UTC),
            headers=headers,
        )
        port = world.client()
        port.start({"in": 10})

        port.send([publish(7, "in", b"\x00\xff body", properties=sent)])
        found = gather(port, deliveries=1, outcomes=1)

        [delivery] = found.deliveries
        assert found.outcomes == [Outcome(7, Result.TAKEN)]
        assert (delivery.queue, delivery.body, delivery.redelivered) == ("in", b"\x00\xff body", False)
        assert delivery.properties.headers == headers
        assert delivery.properties.timestamp == datetime(2026, 11, 2, 8, 30, 5, tzinfo=UTC)
        for name in ("message_id", "correlation_id", "type", "content_type", "content_encoding", "app_id"):
            assert getattr(sent, name) == getattr(delivery.properties, name)
        assert (delivery.properties.reply_to, delivery.properties.delivery_mode) == ("out", 2)

    def test_messages_of_one_queue_keep_their_order(self, world: World):
        """
        Sent in pieces, taken in batches, settled as they come.
        """
        port = world.client()
        port.start({"in": 50})
        for first in (0, 100, 200):
            port.send([publish(first + i, "in", body) for i, body in enumerate(numbered(100, first))])

        bodies: list[bytes] = []
        while len(bodies) < 300:
            batch = gather(port, deliveries=1)
            port.settle([delivery.handle for delivery in batch.deliveries])
            bodies += batch.bodies

        assert numbered(300) == bodies

    def test_a_publish_that_no_queue_takes_comes_back(self, world: World):
        """
        Mandatory: unroutable.  Not mandatory: taken, and nobody has it.
        """
        port = world.client()
        port.start({})
        port.send(
            [
                publish(1, "nowhere"),
                publish(2, "nowhere", mandatory=False),
                publish(3, "out"),
                publish(4, "no"),
            ]
        )

        fates = gather(port, outcomes=4).fates

        assert fates == {1: Result.UNROUTABLE, 2: Result.TAKEN, 3: Result.TAKEN, 4: Result.UNROUTABLE}

    def test_an_exchange_that_is_missing_leaves_the_publish_unknown_and_the_port_working(self, world: World):
        """
        The broker answers by closing the channel: what was on it is unknown, what comes after is not.
        """
        port = world.client()
        port.start({})
        port.send([publish(1, "key", exchange="no such exchange")])
        [outcome] = gather(port, outcomes=1).outcomes

        assert outcome.result is Result.UNKNOWN
        assert "404" in outcome.reason
        assert "no such exchange" in outcome.reason
        until_connected(port)
        port.send([publish(2, "out")])
        assert gather(port, outcomes=1).fates == {2: Result.TAKEN}

    def test_a_full_queue_refuses_and_takes_again_when_it_was_emptied(self, world: World):
        """
        ``reject-publish``: the publish is refused, not dropped; what was taken is there.
        """
        port = world.client()
        port.start({})
        fates: list[Result] = []
        while Result.REFUSED not in fates:
            assert len(fates) < 20, "never full"
            port.send([publish(len(fates), "full", b"%d" % len(fates))])
            fates += gather(port, outcomes=1).fates.values()
        taken = fates.count(Result.TAKEN)

        reader = world.client("reader")
        reader.start({"full": 100})
        kept = gather(reader, deliveries=taken)
        assert numbered(taken) == kept.bodies
        reader.settle([delivery.handle for delivery in kept.deliveries])

        fates = [Result.REFUSED]
        while fates[-1] is Result.REFUSED:
            assert len(fates) < 100, "never taken again"
            port.send([publish(1000 + len(fates), "full", b"again")])
            fates += gather(port, outcomes=1).fates.values()
        assert gather(reader, deliveries=1).bodies == [b"again"]

    def test_a_limited_queue_keeps_the_newest(self, world: World):
        """
        ``drop-head``: everything is taken, the oldest make room.
        """
        port = world.client()
        port.start({})
        port.send([publish(number, "recent", body) for number, body in enumerate(numbered(8))])

        assert set(gather(port, outcomes=8).fates.values()) == {Result.TAKEN}
        assert world.bodies("recent") == [b"5", b"6", b"7"]

    def test_a_body_of_eight_mebibytes_passes(self, world: World):
        """
        The largest message that the hub takes.
        """
        body = bytes(range(256)) * (_EIGHT_MIB // 256)
        port = world.client()
        port.start({"in": 10})

        port.send([publish(1, "in", body), publish(2, "in", b"")])
        found = gather(port, deliveries=2, outcomes=2)

        assert [body, b""] == found.bodies
        assert set(found.fates.values()) == {Result.TAKEN}

    @pytest.mark.parametrize(
        "broken",
        [
            pytest.param(Properties(message_id="x" * 256), id="a message id of 256 bytes"),
            pytest.param(Properties(type="é" * 128), id="a type of 128 two-byte letters"),
            pytest.param(Properties(headers={"n": 2**63}), id="an integer of 64 bits and a sign"),
            pytest.param(Properties(headers={"k" * 256: 1}), id="a header name of 256 bytes"),
            pytest.param(Properties(correlation_id="\ud800"), id="half a surrogate pair"),
            pytest.param(Properties(headers={"CC": "other"}), id="G-14 a copy to somebody"),
            pytest.param(Properties(headers={"BCC": None}), id="G-14 a copy that nobody sees"),
        ],
    )
    def test_what_amqp_cannot_carry_is_refused_and_harms_nobody(self, world: World, broken: Properties):
        """
        Refused with a reason; those before and after it pass.
        """
        port = world.client()
        port.start({"in": 10})

        port.send([publish(1, "in", b"1"), publish(2, "in", b"2", properties=broken), publish(3, "in", b"3")])
        found = gather(port, deliveries=2, outcomes=3)

        assert found.fates == {1: Result.TAKEN, 2: Result.REFUSED, 3: Result.TAKEN}
        assert found.bodies == [b"1", b"3"]
        [reason] = [outcome.reason for outcome in found.outcomes if outcome.token == 2]
        assert reason

    # -- exchanges

    def test_a_fanout_does_not_look_at_the_routing_key(self, world: World):
        """
        A sender's routing key does not matter to a drop exchange.
        """
        port = world.client()
        port.start({})
        port.send([publish(1, "any.key", b"a", exchange="drop"), publish(2, "", b"b", exchange="drop")])

        assert set(gather(port, outcomes=2).fates.values()) == {Result.TAKEN}
        assert world.bodies("in") == [b"a", b"b"]

    def test_a_topic_goes_to_everybody_whose_pattern_fits(self, world: World):
        """
        ``*`` is one word, ``#`` any number of them; a message comes once to each queue.
        """
        keys = ["order.new.web", "order.new", "order", "order.a.b", "status.done", "status.a.b.done", "else"]
        port = world.client()
        port.start({})
        port.send(
            [publish(n, key, key.encode(), exchange="news", mandatory=False) for n, key in enumerate(keys)]
        )
        gather(port, outcomes=len(keys))

        assert world.bodies("in") == [b"order.new.web"]
        assert world.bodies("other") == [b"order.new.web", b"order.new", b"order", b"order.a.b"]
        assert world.bodies("out") == [b"status.done", b"status.a.b.done"]

    def test_a_direct_exchange_takes_the_key_literally(self, world: World):
        """
        A star is a star there.
        """
        port = world.client()
        port.start({})
        port.send([publish(1, "a.b", exchange="line"), publish(2, "a.*", b"star", exchange="line")])

        assert gather(port, outcomes=2).fates == {1: Result.UNROUTABLE, 2: Result.TAKEN}
        assert world.bodies("in") == [b"star"]

    def test_what_nobody_is_bound_for_goes_to_the_alternate(self, world: World):
        """
        And counts as taken, also when mandatory.
        """
        port = world.client()
        port.start({})
        port.send([publish(1, "key", b"lost", exchange="empty")])

        assert gather(port, outcomes=1).fates == {1: Result.TAKEN}
        assert world.bodies("unrouted") == [b"lost"]

    # -- consuming and settling

    def test_no_more_than_the_prefetch_is_ours_at_once(self, world: World):
        """
        Each settled delivery makes room for one more.
        """
        world.drop("in", *numbered(10))
        port = world.client()
        port.start({"in": 3})

        first = gather(port, deliveries=3)
        assert numbered(3) == first.bodies
        nothing_more(port)
        port.settle([first.deliveries[1].handle])
        assert gather(port, deliveries=1).bodies == [b"3"]
        nothing_more(port)

    @pytest.mark.parametrize(
        "settled",
        [
            pytest.param([[0, 1, 2]], id="a prefix"),
            pytest.param([[9, 4], [5]], id="from the middle"),
            pytest.param([[1], [0], [3, 2, 1]], id="a gap that is filled later, one twice"),
            pytest.param([[2, 1, 0, 7], [8, 9]], id="a prefix and the end"),
            pytest.param([[5], [0, 1, 2, 3, 4], [6]], id="a prefix that ends before one settled alone"),
        ],
    )
    def test_exactly_the_unsettled_come_back(self, world: World, settled: Sequence[Sequence[int]]):
        """
        In any order of settling: what is left comes again, marked redelivered, in its old order.
        """
        world.drop("in", *numbered(10))
        port = world.client()
        port.start({"in": 20})
        mine = gather(port, deliveries=10).deliveries
        for some in settled:
            port.settle([mine[index].handle for index in some])
        port.close()

        left = [index for index in range(10) if not any(index in some for some in settled)]
        after = world.client("after")
        after.start({"in": 20})
        found = gather(after, deliveries=len(left))
        nothing_more(after)

        assert [b"%d" % index for index in left] == found.bodies
        assert all(delivery.redelivered for delivery in found.deliveries)

    def test_how_often_a_message_came_back_is_counted(self, world: World):
        """
        Each loss counts for what was handed over; a message that was not is as new as ever.
        """
        world.drop("in", *numbered(2))
        counts = []
        for place in range(3):
            port = world.client(f"life {place}")
            port.start({"in": 1})
            [delivery] = gather(port, deliveries=1).deliveries
            counts.append((delivery.body, delivery.came_back))
            port.close()
        last = world.client("last")
        last.start({"in": 20})
        found = gather(last, deliveries=2)

        assert [(b"0", 0), (b"0", 1), (b"0", 2)] == counts
        assert {b"0": 3, b"1": 0} == {one.body: one.came_back for one in found.deliveries}

    def test_what_was_handed_over_and_never_collected_comes_back_too(self, world: World):
        """
        A client that ends before it looked.
        """
        world.drop("in", *numbered(5))
        port = world.client()
        port.start({"in": 3})
        until("three handed over", lambda: world.held("in") == 3)
        port.close()

        after = world.client("after")
        after.start({"in": 20})
        found = gather(after, deliveries=5)

        assert numbered(5) == sorted(found.bodies)
        assert [True] * 3 + [False] * 2 == [one.redelivered for one in sorted(found.deliveries, key=_body)]

    def test_handles_of_before_a_break_settle_nothing(self, world: World):
        """
        The numbers begin anew after a reconnect, so an old handle must not hit a new delivery.
        """
        world.drop("in", *numbered(3))
        port = world.client()
        port.start({"in": 10})
        old = gather(port, deliveries=3).deliveries
        world.break_connections()
        again = gather(port, deliveries=3).deliveries

        port.settle([delivery.handle for delivery in old])
        port.settle([again[0].handle])
        port.settle([again[0].handle, again[0].handle])
        port.close()

        after = world.client("after")
        after.start({"in": 10})
        assert gather(after, deliveries=2).bodies == [b"1", b"2"]
        nothing_more(after)
        assert {delivery.handle.epoch for delivery in old}.isdisjoint(one.handle.epoch for one in again)

    def test_queues_take_turns_by_their_weights(self, world: World):
        """
        A full queue does not keep the other waiting; a weight of two gives two a turn.
        """
        world.drop("in", *[b"i"] * 20)
        world.drop("other", *[b"o"] * 20)
        port = world.client()
        port.start({"in": 20, "other": 20})
        until("both handed over", lambda: world.held("in") == world.held("other") == 20)

        batch = [delivery.body for delivery in port.collect(12, 1.0, {"other": 2}).deliveries]
        rest = [delivery.body for delivery in port.collect(200, 1.0).deliveries]

        assert (batch.count(b"i"), batch.count(b"o")) == (4, 8)
        assert (rest.count(b"i"), rest.count(b"o")) == (16, 12)

    def test_a_paused_queue_is_left_alone_until_it_is_resumed(self, world: World):
        """
        What was ours stays ours and can be settled; the other queue goes on; a break does not resume it.
        """
        world.drop("in", b"before")
        port = world.client()
        port.start({"in": 10, "other": 10})
        [mine] = gather(port, deliveries=1).deliveries

        port.pause(["in"])
        port.settle([mine.handle])
        until("settled", lambda: world.held("in") == 0)
        world.drop("in", b"during")
        world.drop("other", b"other")
        assert gather(port, deliveries=1).bodies == [b"other"]
        nothing_more(port)

        world.break_connections()
        seen = until_connected(port).bodies
        while b"other" not in seen:
            seen += gather(port, deliveries=1).bodies
        nothing_more(port)
        assert set(seen) == {b"other"}
        port.resume(["in"])
        assert gather(port, deliveries=1).bodies == [b"during"]

    def test_an_idle_port_waits_and_answers_at_once(self, world: World):
        """
        Nothing for as long as asked; a message ends the wait.
        """
        port = world.client()
        port.start({"in": 10})
        began = monotonic()
        batch = port.collect(10, 0.2)
        assert (list(batch.deliveries), list(batch.outcomes)) == ([], [])
        assert 0.15 <= monotonic() - began < 2.0

        sender = threading.Timer(0.1, world.drop, ("in", b"now"))
        sender.start()
        began = monotonic()
        [delivery] = port.collect(10, 15.0).deliveries
        sender.join()

        assert delivery.body == b"now"
        assert monotonic() - began < 5.0

    # -- faults

    def test_a_queue_that_does_not_exist_is_named_at_start(self, world: World):
        """
        Before anything is consumed.
        """
        with pytest.raises(BrokerUnavailable, match="no queue 'missing'"):
            world.client().start({"in": 1, "missing": 1})

    def test_what_is_under_way_when_the_connection_breaks_is_unknown(self, world: World):
        """
        Every token gets one outcome; afterwards the port works again.
        """
        port = world.client()
        port.start({"in": 10})
        world.block()
        try:
            port.send([publish(token, "out", b"x") for token in range(5)])
            world.break_connections()
            found = gather(port, outcomes=5)
        finally:
            world.unblock()

        assert found.fates == dict.fromkeys(range(5), Result.UNKNOWN)
        assert all(outcome.reason for outcome in found.outcomes)
        until_connected(port)
        until("alarm over", lambda: not port.blocked)
        port.send([publish(9, "out", b"y")])
        assert gather(port, outcomes=1).fates == {9: Result.TAKEN}
        nothing_more(port)

    def test_a_blocked_broker_is_told_and_its_publishes_wait(self, world: World):
        """
        Consuming goes on meanwhile, on its own connection.
        """
        port = world.client()
        port.start({"in": 10})
        world.drop("in", b"before the alarm")
        world.block()
        try:
            port.send([publish(1, "out", b"held")])
            found = gather(port, deliveries=1)
            port.settle([delivery.handle for delivery in found.deliveries])
            until("told to stop", lambda: port.blocked)
            assert found.fates == {}
            assert port.connected
        finally:
            world.unblock()

        assert gather(port, outcomes=1).fates == {1: Result.TAKEN}
        until("told to go on", lambda: not port.blocked)
        assert world.bodies("out") == [b"held"]

    def test_closing_under_an_alarm_does_not_wait_for_its_end(self, world: World):
        """
        What was held is unknown.
        """
        port = world.client()
        port.start({"in": 10})
        world.block()
        try:
            port.send([publish(1, "out", b"held")])
            until("told to stop", lambda: port.blocked)
            began = monotonic()
            port.close()
            took = monotonic() - began
        finally:
            world.unblock()

        assert gather(port, outcomes=1).fates == {1: Result.UNKNOWN}
        assert took < 3

    def test_a_deleted_queue_is_noticed_and_taken_up_again(self, world: World):
        """
        Not connected while it is missing; other queues go on; consumed again when it is back.
        """
        port = world.client()
        port.start({"in": 10, "other": 10})
        world.delete_queue("in")
        ends = monotonic() + _LIMIT
        while port.connected:
            assert monotonic() < ends, "the loss was not noticed"
            port.collect(1, 0.02)
        world.drop("other", b"still")
        assert gather(port, deliveries=1).bodies == [b"still"]

        world.declare_again()
        until_connected(port)
        world.drop("in", b"new")
        assert gather(port, deliveries=1).bodies == [b"new"]

    def test_senders_on_clients_of_their_own_do_not_mix(self, world: World):
        """
        Four at once: all is taken, and each one's messages are in their order.
        """
        per_sender = 150
        faults: list[str] = []

        def work(name: str) -> None:
            port = world.client(name)
            port.start({})
            port.send(
                [publish(n, "in", f"{name}:{n:03}".encode()) for n in range(per_sender)],
            )
            fates = gather(port, outcomes=per_sender).fates
            if fates != dict.fromkeys(range(per_sender), Result.TAKEN):
                faults.append(name)
            port.close()

        threads = [threading.Thread(target=work, args=(f"s{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reader = world.client("reader")
        reader.start({"in": 1000})
        bodies = gather(reader, deliveries=4 * per_sender).bodies

        assert faults == []
        for number in range(4):
            own = [body for body in bodies if body.startswith(b"s%d:" % number)]
            assert [b"s%d:%03d" % (number, n) for n in range(per_sender)] == own

    def test_closing_leaves_no_token_without_an_outcome(self, world: World):
        """
        Everything sent is accounted for, also after the end; a second close changes nothing.
        """
        port = world.client()
        port.start({})
        port.send([publish(token, "out") for token in range(50)])
        port.close()
        port.send([publish(99, "out")])
        port.close()

        fates = gather(port, outcomes=51).fates
        assert set(range(50)) | {99} == set(fates)
        assert set(fates.values()) <= {Result.TAKEN, Result.UNKNOWN}
        assert fates[99] is Result.UNKNOWN
        assert not port.connected


def _body(delivery: Delivery) -> bytes:
    return delivery.body
