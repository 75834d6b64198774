"""The topology as data: one policy a queue, and no key that a server version refuses."""

from __future__ import annotations

import re

import pytest

from broker.topology import BindingSpec, ExchangeSpec, QueueSpec, Topology


def test_a_policy_takes_its_own_queue_and_no_other():
    """
    The pattern of a policy is anchored and escaped.
    """
    policy = QueueSpec(name="a.b", limits={"max-length": 1}).policy("hub", (3, 10))

    assert policy is not None
    assert re.search(policy.pattern, "a.b")
    assert not any(re.search(policy.pattern, name) for name in ("axb", "a.b.parked", "x.a.b"))


def test_a_queue_has_no_delivery_limit_on_any_version():
    """
    3.10 has none by default and refuses -1, so the key is absent; 4.x has 20 unless told -1.
    """
    queue = QueueSpec(name="q")

    assert queue.definition((3, 10)) == {}
    assert queue.definition((4, 0)) == {"delivery-limit": -1}
    assert queue.policy("hub", (3, 10)) is None


def test_a_wanted_delivery_limit_is_kept():
    """
    A limit that was asked for is the same on every version.
    """
    queue = QueueSpec(name="q", limits={"delivery-limit": 5})

    assert {"delivery-limit": 5} == queue.definition((3, 10)) == queue.definition((4, 2))


def test_every_mistake_of_a_topology_is_told_at_once():
    """
    Names twice, reserved names, and references to what is not declared.
    """
    with pytest.raises(ValueError, match="topology") as raised:
        Topology(
            owner="hub",
            exchanges=(ExchangeSpec(name="d", type="fanout", alternate="nowhere"),),
            queues=(QueueSpec(name="q"), QueueSpec(name="q"), QueueSpec(name="amq.q")),
            bindings=(BindingSpec(exchange="e", queue="p"),),
        )

    for told in (
        "queue 'q' is there twice",
        "queue 'amq.q' is no name",
        "alternate 'nowhere'",
        "exchange 'e'",
        "queue 'p'",
    ):
        assert told in str(raised.value)
