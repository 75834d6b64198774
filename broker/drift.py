"""
What differs between a topology and a broker: each difference named, nothing changed.

Read from the management API; without it, by passive declares over AMQP, which show only whether
an exchange or queue exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound
from kombu import Connection, Exchange, Queue

from .address import Address
from .effective import Effective, Policies
from .kombu_link import kombu_connection
from .management import Management, ManagementUnavailable
from .shapes import ExchangeSpec, PolicySpec, QueueSpec, Topology

__all__ = ["Difference", "check"]

_Listing = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    One thing that is not as it should be; its text is one sentence.

    Args:
        name: The exchange, queue or binding, as the console shows it.
        warning: Nothing is known to be wrong, but it could not be checked.
    """

    name: str
    found: str
    wanted: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.found} (should be {self.wanted})"


def check(
    url: str, management_url: str, topology: Topology, *, allow_plain: bool = False
) -> tuple[Difference, ...]:
    """
    Compare; empty means everything is as it should be.

    When the management API cannot be reached, what AMQP alone shows is compared, and one
    difference with ``warning`` says what was not.

    Raises:
        BrokerUnavailable: The broker cannot be reached, or the management API refused.
    """
    vhost = Address.parse(url, allow_plain=allow_plain).vhost
    try:
        return tuple(_compare(Management(management_url), vhost, topology))
    except ManagementUnavailable as unreachable:
        with kombu_connection(url, f"{topology.owner} topology check", allow_plain=allow_plain) as link:
            missing = tuple(_missing(link, topology))
        unchecked = Difference(
            name="types, arguments, bindings and policies",
            found=f"not checked: {unreachable}",
            wanted="checked through the management API",
            warning=True,
        )
        return (*missing, unchecked)


def _compare(management: Management, vhost: str, topology: Topology) -> Iterator[Difference]:
    version = management.version()
    policies = Policies(management.policies(vhost), management.operator_policies(vhost))
    exchanges = {exchange["name"]: exchange for exchange in management.exchanges(vhost)}
    queues = {queue["name"]: queue for queue in management.queues(vhost)}
    for exchange in topology.exchanges:
        yield from _exchange_faults(exchange, exchanges, policies, exchange.policy(topology.owner))
    for queue in topology.queues:
        wanted = queue.policy(topology.owner, version)
        yield from _queue_faults(queue, queues, policies, wanted)
    yield from _binding_faults(topology, management.bindings(vhost), exchanges, queues)


def _exchange_faults(
    spec: ExchangeSpec, exchanges: _Listing, policies: Policies, wanted: PolicySpec | None
) -> Iterator[Difference]:
    name = f"exchange {spec.name!r}"
    there = exchanges.get(spec.name)
    if there is None:
        yield Difference(name=name, found="is missing", wanted=f"a durable {spec.type} exchange")
        return
    if there["type"] != spec.type:
        yield Difference(name=name, found=f"is of type {there['type']}", wanted=spec.type)
    yield from _durability(name, there)
    if there["arguments"]:
        yield Difference(name=name, found=f"has arguments {_shown(there['arguments'])}", wanted="without any")
    yield from _policy_fault(name, policies.of("exchange", spec.name), wanted)


def _queue_faults(
    spec: QueueSpec, queues: _Listing, policies: Policies, wanted: PolicySpec | None
) -> Iterator[Difference]:
    name = f"queue {spec.name!r}"
    there = queues.get(spec.name)
    if there is None:
        yield Difference(name=name, found="is missing", wanted=f"a durable {spec.type} queue")
        return
    if there["type"] != spec.type:
        yield Difference(name=name, found=f"is of type {there['type']}", wanted=spec.type)
    yield from _durability(name, there)
    arguments = {key: value for key, value in there["arguments"].items() if key != "x-queue-type"}
    if arguments:
        yield Difference(
            name=name, found=f"has arguments {_shown(arguments)}", wanted="with x-queue-type alone"
        )
    yield from _policy_fault(name, policies.of(spec.type, spec.name), wanted)


def _durability(name: str, there: Mapping[str, Any]) -> Iterator[Difference]:
    if not there["durable"]:
        yield Difference(name=name, found="is transient", wanted="durable")
    if there["auto_delete"]:
        yield Difference(name=name, found="deletes itself when unused", wanted="permanent")


def _policy_fault(name: str, effective: Effective, wanted: PolicySpec | None) -> Iterator[Difference]:
    definition = dict(wanted.definition) if wanted is not None else {}
    if effective.definition == definition:
        return
    applied = " and ".join(map(repr, effective.names))
    found = f"policy {applied} gives {_shown(effective.definition)}" if applied else "has no policy"
    should = f"{_shown(definition)} by policy {wanted.name!r}" if wanted is not None else "without a policy"
    yield Difference(name=name, found=found, wanted=should)


def _binding_faults(
    topology: Topology, bindings: list[dict[str, Any]], exchanges: _Listing, queues: _Listing
) -> Iterator[Difference]:
    there = {
        (binding["source"], binding["destination"], binding["routing_key"])
        for binding in bindings
        if binding["destination_type"] == "queue"
    }
    for binding in topology.bindings:
        if binding.exchange not in exchanges or binding.queue not in queues:
            continue  # said already, of the exchange or queue
        if (binding.exchange, binding.queue, binding.routing_key) not in there:
            yield Difference(
                name=f"binding of queue {binding.queue!r} to exchange {binding.exchange!r}",
                found="is missing",
                wanted=f"there with routing key {binding.routing_key!r}",
            )


def _missing(link: Connection, topology: Topology) -> Iterator[Difference]:
    for exchange in topology.exchanges:
        try:
            with link.channel() as channel:
                Exchange(exchange.name, exchange.type)(channel).declare(passive=True)
        except NotFound:
            wanted = f"a durable {exchange.type} exchange"
            yield Difference(name=f"exchange {exchange.name!r}", found="is missing", wanted=wanted)
    for queue in topology.queues:
        try:
            with link.channel() as channel:
                Queue(queue.name)(channel).queue_declare(passive=True)
        except NotFound:
            wanted = f"a durable {queue.type} queue"
            yield Difference(name=f"queue {queue.name!r}", found="is missing", wanted=wanted)


def _shown(keys: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={keys[key]!r}" for key in sorted(keys)) or "nothing"
