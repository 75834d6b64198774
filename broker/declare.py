"""
Declaring a topology on a RabbitMQ: policies first, then exchanges, queues and bindings.

The only place that declares.  Repeating changes nothing; nothing is ever deleted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from amqp.exceptions import NotFound, PreconditionFailed
from kombu import Connection, Exchange, Queue

from .address import Address
from .drift import check
from .kombu_link import kombu_connection
from .management import Management
from .port import BrokerUnavailable
from .shapes import QueueSpec, Topology

__all__ = ["TopologyConflict", "apply"]

# A quorum queue declared less than about a second before its broker is killed forgets what was
# confirmed into it (measured on 3.10.8: the file that maps its name is written twice a second).
_SAFE_AGE = 2.0


class TopologyConflict(BrokerUnavailable):
    """What exists cannot be turned into what should be without deleting it; that is for a person."""


def apply(
    url: str,
    management_url: str,
    topology: Topology,
    *,
    safe_age: float = _SAFE_AGE,
    allow_plain: bool = False,
) -> None:
    """
    Make everything exist, and return when it is as it should be and safe to publish into.

    Args:
        url: AMQP URL; its virtual host is the one meant.
        safe_age: Seconds to wait after a queue was newly declared; 0 only where the broker is not killed.

    Raises:
        TopologyConflict: Something exists with another type or other arguments.
        BrokerUnavailable: The broker or its management API cannot be reached, or refused.
    """
    vhost = Address.parse(url, allow_plain=allow_plain).vhost
    _put_policies(Management(management_url), vhost, topology)
    with kombu_connection(url, f"{topology.owner} topology apply", allow_plain=allow_plain) as connection:
        new = [queue for queue in topology.queues if not _exists(connection, queue)]
        conflicts = [*_declare_exchanges(connection, topology), *_declare_queues(connection, topology)]
        if conflicts:
            raise TopologyConflict("; ".join(conflicts))
        _bind(connection, topology)
    if new:
        time.sleep(safe_age)
    differences = check(url, management_url, topology, allow_plain=allow_plain)
    if differences:
        raise TopologyConflict("; ".join(map(str, differences)))


def _put_policies(management: Management, vhost: str, topology: Topology) -> None:
    existing = {policy["name"]: policy for policy in management.policies(vhost)}
    for policy in topology.policies(management.version()):
        there = existing.get(policy.name, {})
        same = (
            there.get("pattern") == policy.pattern
            and there.get("priority") == policy.priority
            and there.get("apply-to") == policy.apply_to
            and there.get("definition") == dict(policy.definition)
        )
        if not same:
            management.put_policy(vhost, policy)


def _exists(connection: Connection, spec: QueueSpec) -> bool:
    try:
        with connection.channel() as channel:
            Queue(spec.name)(channel).queue_declare(passive=True)
    except NotFound:
        return False
    return True


def _declare_exchanges(connection: Connection, topology: Topology) -> Iterator[str]:
    for spec in topology.exchanges:
        try:
            with connection.channel() as channel:
                Exchange(spec.name, spec.type, durable=True)(channel).declare()
        except PreconditionFailed as refused:
            yield f"exchange {spec.name!r}: {refused}"


def _declare_queues(connection: Connection, topology: Topology) -> Iterator[str]:
    for spec in topology.queues:
        try:
            with connection.channel() as channel:
                queue = Queue(spec.name, durable=True, queue_arguments={"x-queue-type": spec.type})
                queue(channel).queue_declare()
        except PreconditionFailed as refused:
            yield f"queue {spec.name!r}: {refused}"


def _bind(connection: Connection, topology: Topology) -> None:
    with connection.channel() as channel:
        for binding in topology.bindings:
            Queue(binding.queue)(channel).bind_to(binding.exchange, binding.routing_key)
