"""A topology on a real RabbitMQ: declared whole, checked without touching, and drift told by name."""

from __future__ import annotations

import pytest
from kombu import Connection, Queue

from broker.shapes import PolicySpec
from broker.topology import BindingSpec, ExchangeSpec, QueueSpec, Topology, TopologyConflict, check
from tests.support.rabbit import Rabbit

pytestmark = pytest.mark.rabbitmq

HUB = Topology(
    owner="hub",
    exchanges=(
        ExchangeSpec(name="drop.web", type="fanout", alternate="unrouted"),
        ExchangeSpec(name="news", type="topic"),
        ExchangeSpec(name="unrouted", type="fanout"),
    ),
    queues=(
        QueueSpec(name="web.in"),
        QueueSpec(name="web.out", limits={"max-length": 100, "overflow": "reject-publish"}),
        QueueSpec(name="unrouted"),
    ),
    bindings=(
        BindingSpec(exchange="drop.web", queue="web.in"),
        BindingSpec(exchange="news", queue="web.out", routing_key="a.#"),
        BindingSpec(exchange="unrouted", queue="unrouted"),
    ),
)


def drift(rabbit: Rabbit) -> list[str]:
    return [str(difference) for difference in check(rabbit.url, rabbit.management_url, HUB)]


def wanted(rabbit: Rabbit, queue: str) -> str:
    """The policy of a queue in words; 4.0 needs to be told that there is no delivery limit."""
    [spec] = [one for one in HUB.queues if one.name == queue]
    unlimited = "delivery-limit=-1, " if rabbit.management.version() >= (4, 0) else ""
    limits = "max-length=100, overflow='reject-publish'" if spec.limits else ""
    keys = f"{unlimited}{limits}".removesuffix(", ")
    return f"{keys} by policy 'hub:queue:{queue}'" if keys else "without a policy"


def test_what_was_applied_shows_no_difference(rabbit: Rabbit):
    """
    Applying twice is as good as once, and the check is silent.
    """
    rabbit.apply(HUB)
    rabbit.apply(HUB)

    assert drift(rabbit) == []


def test_on_an_empty_broker_everything_is_missing_by_name(rabbit: Rabbit):
    """
    Exchanges and queues are named; their bindings go without saying.  The check declares nothing.
    """
    told = drift(rabbit)

    assert "queue 'web.in': is missing (should be a durable quorum queue)" in told
    assert "exchange 'drop.web': is missing (should be a durable fanout exchange)" in told
    assert len(HUB.queues) + len(HUB.exchanges) == len(told)
    assert rabbit.management.queues(rabbit.vhost) == []


def test_a_lost_binding_is_named(rabbit: Rabbit):
    """
    Somebody unbinds a queue in the console.
    """
    rabbit.apply(HUB)
    rabbit.management.unbind(rabbit.vhost, "drop.web", "web.in", "~")

    assert drift(rabbit) == [
        "binding of queue 'web.in' to exchange 'drop.web': is missing (should be there with routing key '')"
    ]


def test_a_policy_of_somebody_else_that_hides_ours_is_named(rabbit: Rabbit):
    """
    The highest priority wins whole: ours is hidden, and the queue would drop messages quietly.
    """
    rabbit.apply(HUB)
    foreign = PolicySpec(
        name="quick-fix",
        pattern="^web",
        apply_to="queues",
        definition={"max-length": 1, "overflow": "drop-head"},
        priority=99,
    )
    rabbit.management.put_policy(rabbit.vhost, foreign)

    found = "policy 'quick-fix' gives max-length=1, overflow='drop-head'"
    assert drift(rabbit) == [
        f"queue 'web.in': {found} (should be {wanted(rabbit, 'web.in')})",
        f"queue 'web.out': {found} (should be {wanted(rabbit, 'web.out')})",
    ]


def test_a_lost_policy_is_named(rabbit: Rabbit):
    """
    An exchange without its alternate, a queue without its limit.
    """
    rabbit.apply(HUB)
    rabbit.management.delete_policy(rabbit.vhost, "hub:exchange:drop.web")
    rabbit.management.delete_policy(rabbit.vhost, "hub:queue:web.out")

    alternate = "alternate-exchange='unrouted' by policy 'hub:exchange:drop.web'"
    assert drift(rabbit) == [
        f"exchange 'drop.web': has no policy (should be {alternate})",
        f"queue 'web.out': has no policy (should be {wanted(rabbit, 'web.out')})",
    ]


def test_a_queue_of_another_type_is_named_and_never_deleted(rabbit: Rabbit):
    """
    A classic queue in our place: apply refuses by name and leaves its messages alone.
    """
    with Connection(rabbit.url) as connection:
        queue = Queue("web.in", durable=True, queue_arguments={"x-max-length": 7})(connection.channel())
        queue.queue_declare()

        with pytest.raises(TopologyConflict, match=r"queue 'web\.in'"):
            rabbit.apply(HUB)

    told = drift(rabbit)
    assert "queue 'web.in': is of type classic (should be quorum)" in told
    assert "queue 'web.in': has arguments x-max-length=7 (should be with x-queue-type alone)" in told


def test_without_the_management_api_what_is_missing_is_still_found(rabbit: Rabbit):
    """
    AMQP alone shows existence; one warning says what could not be checked.
    """
    rabbit.apply(HUB)
    rabbit.management.delete_queue(rabbit.vhost, "web.out")

    missing, warning = check(rabbit.url, "http://127.0.0.1:1", HUB)

    assert str(missing) == "queue 'web.out': is missing (should be a durable quorum queue)"
    assert not missing.warning
    assert warning.warning
    assert "bindings and policies: not checked" in str(warning)
