"""The tools on a real RabbitMQ: a drop is safe or it is an error; a look changes nothing it keeps."""

from __future__ import annotations

from typing import Any

import pytest

from broker.port import BrokerUnavailable, Delivery
from broker.shapes import QueueSpec, Topology
from broker.tools import DropFailed, Dropper, Swept, depth, sweep
from tests.support.rabbit import Rabbit, until

pytestmark = pytest.mark.rabbitmq

QUEUES = Topology(
    owner="tests",
    queues=(
        QueueSpec(name="in"),
        QueueSpec(name="full", limits={"max-length": 1, "overflow": "reject-publish"}),
    ),
)


@pytest.fixture
def broker(rabbit: Rabbit) -> Rabbit:
    rabbit.apply(QUEUES)
    return rabbit


def test_a_dropped_message_is_there_as_it_was_given(broker: Rabbit):
    """
    The bytes, what was said about them, and nothing else.
    """
    with Dropper(broker.url) as dropper:
        dropper.drop("", "in", b"ISA*00*\xff", headers={"channel": "partner"}, message_id="m-1")
        dropper.drop("", "in", b"{}", content_type="application/json")

    first, second = looked_at(broker)
    assert first["body"] == b"ISA*00*\xff"
    assert first["properties"] == {
        "headers": {"channel": "partner"},
        "message_id": "m-1",
        "delivery_mode": 2,
    }
    assert second["properties"]["content_type"] == "application/json"
    # Looked at and given back: a queue needs a moment for that.
    until("both are there again", lambda: depth(broker.url, "in") == 2)


def test_a_drop_on_a_broken_link_says_so_and_another_dropper_goes_on(broker: Rabbit):
    """
    Whoever keeps one open for long is told of the break by the next drop, in the port's own terms.
    """
    with Dropper(broker.url, name="for long") as dropper:
        until("it is seen", lambda: broker.close_connections("for long"))
        with pytest.raises(BrokerUnavailable, match="queue 'in': not confirmed"):
            dropper.drop("", "in", b"lost or not")
    with Dropper(broker.url) as another:
        another.drop("", "in", b"taken")
    assert b"taken" in [one["body"] for one in looked_at(broker)]


def test_a_drop_that_nobody_takes_is_an_error_and_the_next_one_passes(broker: Rabbit):
    """
    No queue of that name.
    """
    with Dropper(broker.url) as dropper:
        with pytest.raises(DropFailed, match="queue 'out': no queue takes it"):
            dropper.drop("", "out", b"x")
        dropper.drop("", "in", b"y")

    assert depth(broker.url, "in") == 1


def test_a_missing_exchange_is_named(broker: Rabbit):
    """
    It is in the topology or it is a mistake.
    """
    with Dropper(broker.url) as dropper, pytest.raises(DropFailed, match=r"exchange 'drop\.web'"):
        dropper.drop("drop.web", "", b"x")


def test_a_full_queue_is_an_error(broker: Rabbit):
    """
    Refused, not dropped quietly.
    """

    def fill(dropper: Dropper) -> None:
        for _ in range(20):
            dropper.drop("", "full", b"x")

    with Dropper(broker.url) as dropper, pytest.raises(DropFailed, match=r"queue 'full': refused"):
        fill(dropper)


def test_a_look_removes_what_is_not_kept_and_leaves_the_rest_in_order(broker: Rabbit):
    """
    What is put back is there again, once, and counted by a second look.
    """
    with Dropper(broker.url) as dropper:
        for number in range(10):
            dropper.drop("", "in", b"%d" % number, headers={"n": number})
    seen: list[Delivery] = []

    def even(delivery: Delivery) -> bool:
        seen.append(delivery)
        return int(str(delivery.properties.headers["n"])) % 2 == 0

    assert sweep(broker.url, "in", even) == Swept(seen=10, removed=5)
    assert [one.body for one in seen] == [b"%d" % number for number in range(10)]
    assert [one["body"] for one in broker.management.get_messages(broker.vhost, "in", 20)] == [
        b"0",
        b"2",
        b"4",
        b"6",
        b"8",
    ]
    assert sweep(broker.url, "in", lambda _: True) == Swept(seen=5, removed=0)


def test_a_queue_that_is_missing_is_named(broker: Rabbit):
    """
    By both looks.
    """
    with pytest.raises(BrokerUnavailable, match="no queue 'nowhere'"):
        depth(broker.url, "nowhere")
    with pytest.raises(BrokerUnavailable, match="no queue 'nowhere'"):
        sweep(broker.url, "nowhere", lambda _: True)


def test_moving_messages_as_the_console_does(broker: Rabbit):
    """
    What was there is moved, headers and all, and the shovel is gone afterwards.
    """
    broker.apply(Topology(owner="tests", queues=(QueueSpec(name="in.parked"),)))
    with Dropper(broker.url) as dropper:
        for number in range(3):
            dropper.drop("", "in.parked", b"%d" % number, headers={"x-parked-id": f"p{number}"})

    shovel = broker.management.move_messages(broker.vhost, "in.parked", "in")
    until("moved", lambda: depth(broker.url, "in") == 3)
    until("shovel gone", lambda: not broker.management.moving(broker.vhost, shovel))

    moved = looked_at(broker)
    assert [(one["body"], one["properties"]["headers"]) for one in moved] == [
        (b"0", {"x-parked-id": "p0"}),
        (b"1", {"x-parked-id": "p1"}),
        (b"2", {"x-parked-id": "p2"}),
    ]
    assert depth(broker.url, "in.parked") == 0


def looked_at(broker: Rabbit) -> list[dict[str, Any]]:
    """What "Get messages" shows, without the counter that some versions write into headers."""
    found = broker.management.get_messages(broker.vhost, "in")
    for message in found:
        message["properties"].get("headers", {}).pop("x-delivery-count", None)
    return found
