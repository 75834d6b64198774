"""
Who may use this hub's broker: one user for each reader of an out queue, each system with queues, and the hub.

A sender may write to its channel's drop exchange and read its own out queue; nothing else, and never
the default exchange, which reaches every queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from broker.access import DEFAULT_EXCHANGE, UserSpec
from broker.topology import Topology
from canonical.references import Endpoint
from canonical.systems import Attachment, SystemProfile

from .hub_topology import (
    IDENTITY_QUEUE,
    ORDERS_IN,
    OWNER,
    channel_in,
    drop_exchange,
    lanes,
    parked_queue,
    reply_exchange,
    system_in,
)
from .settings import Settings

__all__ = ["DEPLOY_USER", "hub_users"]

DEPLOY_USER = f"{OWNER}.deploy"


def hub_users(
    settings: Settings,
    endpoints: Iterable[Endpoint],
    profiles: Mapping[str, SystemProfile],
    topology: Topology,
) -> tuple[UserSpec, ...]:
    """
    Every user, each with the least that it needs.

    Args:
        topology: What :func:`~orderloom.hub_topology.hub_topology` made of the same.
    """
    return (
        _worker(settings, profiles, topology),
        _deploy(topology),
        _adapters(settings),
        *_senders(settings, endpoints),
        *_systems(settings, profiles),
    )


def _worker(settings: Settings, profiles: Mapping[str, SystemProfile], topology: Topology) -> UserSpec:
    """Workers and the command line: everything but declaring; they see the management API."""
    consumed = [lane.queue for lane in lanes(settings, profiles)]
    return UserSpec(
        name=OWNER,
        write=(DEFAULT_EXCHANGE, *(one.name for one in topology.exchanges)),
        read=(*consumed, *map(parked_queue, consumed), IDENTITY_QUEUE),
        tags=("monitoring",),
    )


def _deploy(topology: Topology) -> UserSpec:
    """``orderloom topology apply``: binding writes to the queue and reads from the exchange."""
    exchanges = tuple(one.name for one in topology.exchanges)
    queues = tuple(one.name for one in topology.queues)
    return UserSpec(
        name=DEPLOY_USER,
        configure=(*exchanges, *queues),
        write=queues,
        read=exchanges,
        tags=("monitoring", "policymaker"),
    )


def _adapters(settings: Settings) -> UserSpec:
    """``orderloom adapter run``: from the channels' queues to the hub's; its start looks at the topology."""
    return UserSpec(
        name=f"{OWNER}.adapter",
        write=(ORDERS_IN,),
        read=tuple(map(channel_in, settings.channels)),
        tags=("monitoring",),
    )


def _senders(settings: Settings, endpoints: Iterable[Endpoint]) -> Iterator[UserSpec]:
    """Named like the out queue; endpoints that share one are one user."""
    queues: dict[str, str] = {}
    for endpoint in endpoints:
        queues.setdefault(endpoint.out_queue, endpoint.channel)
    for queue, channel in queues.items():
        if channel in settings.channels:
            yield UserSpec(name=queue.removesuffix(".out"), write=(drop_exchange(channel),), read=(queue,))
    for channel in settings.channels:
        if channel not in queues.values():
            yield UserSpec(name=f"channel.{channel}", write=(drop_exchange(channel),))


def _systems(settings: Settings, profiles: Mapping[str, SystemProfile]) -> Iterator[UserSpec]:
    """A called system never meets the broker."""
    for name in settings.systems:
        if profiles[name].attachment is Attachment.QUEUE:
            yield UserSpec(name=f"system.{name}", write=(reply_exchange(name),), read=(system_in(name),))
