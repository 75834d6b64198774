"""
A broker that is not as it should be: the worker refuses, and names what is wrong.
"""

from __future__ import annotations

import pytest

from broker.topology import PolicySpec
from tests.support.hub import RunningHub

pytestmark = pytest.mark.rabbitmq

QUEUE = "system.crm.replies"


def refusal(hub: RunningHub) -> str:
    """What a worker says that does not start."""
    refused = hub.start("worker", "-m", "orderloom", "worker")
    assert 2 == refused.wait()
    return refused.said()


def as_classic(rabbit):
    """Declare the queue anew, of another type."""
    rabbit.management.delete_queue(rabbit.vhost, QUEUE)
    rabbit.management._ask(
        "PUT", f"/queues/{rabbit.vhost}/{QUEUE}", {"durable": True, "arguments": {"x-queue-type": "classic"}}
    )


def with_another_policy(rabbit):
    """A policy that somebody made by hand, and that drops orders."""
    rabbit.management.put_policy(
        rabbit.vhost,
        PolicySpec(
            name="by hand",
            pattern="^system\\.crm\\.replies$",
            apply_to="queues",
            definition={"max-length": 5},
            priority=100,
        ),
    )


def missing(rabbit):
    rabbit.management.delete_queue(rabbit.vhost, QUEUE)


def unbound(rabbit):
    rabbit.management.unbind(rabbit.vhost, "reply.crm", QUEUE, "~")


@pytest.fixture
def hub(shared_hub):
    """A hub whose broker is as it should be, whatever the test before has done to it."""
    management, vhost = shared_hub.rabbit.management, shared_hub.rabbit.vhost
    if any(one["name"] == "by hand" for one in management.policies(vhost)):
        management.delete_policy(vhost, "by hand")
    if (queue := management.queue(vhost, QUEUE)) is not None and queue["type"] != "quorum":
        management.delete_queue(vhost, QUEUE)
    shared_hub.declare()
    return shared_hub


@pytest.mark.parametrize("drift", [missing, as_classic, with_another_policy, unbound])
def test_a_worker_refuses_a_broker_that_has_drifted_and_names_what_is_wrong(hub, drift):
    """Exit status 2 and one sentence for each thing, with what it should be."""
    drift(hub.rabbit)
    said = refusal(hub)

    assert QUEUE in said
    assert "[E_TOPOLOGY]" in said
    assert "Traceback" not in said
    assert hub.cli("topology", "check").status == 1


def test_all_differences_are_named_at_once(hub):
    """Nobody starts a worker as often as there are faults."""
    for name in ("channel.web.in", "unrouted", "channel.partner.acme.out"):
        hub.rabbit.management.delete_queue(hub.rabbit.vhost, name)
    said = refusal(hub)

    assert all(
        f"queue '{name}'" in said for name in ("channel.web.in", "unrouted", "channel.partner.acme.out")
    )


def test_what_can_be_mended_is_mended_by_applying_the_topology(hub):
    """A missing queue and a lost binding; then the worker starts."""
    missing(hub.rabbit)
    hub.rabbit.management.unbind(hub.rabbit.vhost, "drop.web", "channel.web.in", "~")
    assert 0 == hub.cli("topology", "apply").status

    assert 0 == hub.worker().stop()


def test_what_cannot_be_mended_is_named_too(hub):
    """A queue's type cannot be changed: somebody must empty and delete it, and applying says so."""
    as_classic(hub.rabbit)
    applied = hub.cli("topology", "apply")

    assert 1 == applied.status
    assert QUEUE in applied.err
