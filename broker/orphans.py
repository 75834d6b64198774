"""
What is on a broker under names of ours and no longer wanted: named, never deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .address import Address
from .drift import Difference
from .management import Management
from .shapes import Topology

__all__ = ["orphans"]

_UNWANTED = "not there: nothing of the hub's uses it any more"


def orphans(
    url: str,
    management_url: str,
    topology: Topology,
    *,
    queues: Sequence[str],
    exchanges: Sequence[str],
    allow_plain: bool = False,
) -> tuple[Difference, ...]:
    """
    Queues, exchanges, policies and bindings that look like the owner's and are not in ``topology``.

    Args:
        queues, exchanges: How the names of the owner's begin.

    Raises:
        BrokerUnavailable: The management API cannot be reached, or refused.
    """
    vhost = Address.parse(url, allow_plain=allow_plain).vhost
    management = Management(management_url)
    return (
        *_queues(management, vhost, topology, tuple(queues)),
        *_exchanges(management, vhost, topology, tuple(exchanges)),
        *_bindings(management, vhost, topology, tuple(exchanges)),
        *_policies(management, vhost, topology),
    )


def _queues(
    management: Management, vhost: str, topology: Topology, begins: tuple[str, ...]
) -> Iterator[Difference]:
    wanted = {one.name for one in topology.queues}
    for queue in management.queues(vhost):
        if queue["name"].startswith(begins) and queue["name"] not in wanted:
            count = int(queue.get("messages", 0))
            held = f"is there with {count} message{'' if count == 1 else 's'}"
            yield Difference(name=f"queue {queue['name']!r}", found=held, wanted=_UNWANTED)


def _exchanges(
    management: Management, vhost: str, topology: Topology, begins: tuple[str, ...]
) -> Iterator[Difference]:
    wanted = {one.name for one in topology.exchanges}
    for exchange in management.exchanges(vhost):
        if exchange["name"].startswith(begins) and exchange["name"] not in wanted:
            yield Difference(name=f"exchange {exchange['name']!r}", found="is there", wanted=_UNWANTED)


def _bindings(
    management: Management, vhost: str, topology: Topology, begins: tuple[str, ...]
) -> Iterator[Difference]:
    """A second binding of a drop exchange would make two messages of one."""
    wanted = {(one.exchange, one.queue) for one in topology.bindings}
    for binding in management.bindings(vhost):
        source, target = binding["source"], binding["destination"]
        if source.startswith(begins) and (source, target) not in wanted:
            yield Difference(
                name=f"binding of {binding['destination_type']} {target!r} to exchange {source!r}",
                found="is there",
                wanted="not there: it copies what the hub alone takes",
            )


def _policies(management: Management, vhost: str, topology: Topology) -> Iterator[Difference]:
    wanted = {one.name for one in topology.policies(management.version())}
    for policy in management.policies(vhost):
        name = str(policy["name"])
        if name.startswith(f"{topology.owner}:") and name not in wanted:
            yield Difference(name=f"policy {name!r}", found="is there", wanted=_UNWANTED)
