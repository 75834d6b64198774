"""
What this hub needs on its broker, and what of it a worker consumes.

Names: ``drop.<channel>`` → ``channel.<channel>.in``, out queues by endpoint,
``reply.<system>`` → ``system.<system>.replies``, ``system.<system>.in`` or ``.work``, exchange and queue
``orders.in`` and ``replies.in`` for adapters outside of the hub, and ``<queue>.parked`` beside every queue
that somebody works on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from broker.topology import BindingSpec, ExchangeSpec, PolicyValue, QueueSpec, Topology
from canonical.references import Endpoint
from canonical.systems import Attachment, SystemProfile

from .settings import Settings

__all__ = [
    "EXCHANGE_NAMES",
    "IDENTITY_QUEUE",
    "ORDERS_EXCHANGE",
    "ORDERS_IN",
    "OWNER",
    "QUEUE_NAMES",
    "REPLIES_IN",
    "STATUS_EXCHANGE",
    "UNROUTED",
    "Lane",
    "LaneKind",
    "adapter_topology",
    "channel_in",
    "consumed",
    "drop_exchange",
    "hub_topology",
    "lanes",
    "parked_queue",
    "reply_exchange",
    "system_in",
    "system_replies",
    "system_work",
]

OWNER = "orderloom"
ORDERS_EXCHANGE = "orders"
STATUS_EXCHANGE = "status"

# Each is an exchange and the queue behind it: whoever may write to the exchange reaches no other queue.
ORDERS_IN = "orders.in"
REPLIES_IN = "replies.in"

UNROUTED = "unrouted"
IDENTITY_QUEUE = "hub.identity"

# How names begin that nobody but the hub gives; others bind queues to `orders` and `status` as they like.
QUEUE_NAMES = ("channel.", "system.", "hub.")
EXCHANGE_NAMES = ("drop.", "reply.")

# Enough for a person to look at; older ones are dropped, the store has them all.
_RECENT: Mapping[str, PolicyValue] = {
    "max-length": 500,
    "max-length-bytes": 64 * 1024 * 1024,
    "overflow": "drop-head",
}


class LaneKind(StrEnum):
    """What the messages of a consumed queue are."""

    CHANNEL = "channel"
    """Native messages of a channel."""

    REPLIES = "replies"
    """Native replies of a system."""

    WORK = "work"
    """Canonical instructions for a call-attached system."""

    COMMANDS = "commands"
    """Canonical commands of adapters outside of the hub."""

    SAID = "said"
    """Canonical replies of such adapters."""


@dataclass(frozen=True, slots=True)
class Lane:
    """
    A queue that a worker consumes.

    Args:
        name: Of the channel or system; empty for the queues that serve all.
        prefetch: Most unsettled messages.
        weight: Messages taken each turn; replies twice the share of intake, so that work ends before
            more is begun.
    """

    queue: str
    kind: LaneKind
    name: str
    prefetch: int
    weight: int = 1


def drop_exchange(channel: str) -> str:
    """Where a channel's senders drop native messages."""
    return f"drop.{channel}"


def channel_in(channel: str) -> str:
    """The queue behind :func:`drop_exchange`."""
    return f"channel.{channel}.in"


def reply_exchange(system: str) -> str:
    """Where a system drops its native replies."""
    return f"reply.{system}"


def system_replies(system: str) -> str:
    """The queue behind :func:`reply_exchange`."""
    return f"system.{system}.replies"


def system_in(system: str) -> str:
    """The queue from which a queue-attached system takes native instructions."""
    return f"system.{system}.in"


def system_work(system: str) -> str:
    """The queue of canonical instructions for a call-attached system."""
    return f"system.{system}.work"


def parked_queue(queue: str) -> str:
    """Where the console handles of messages parked from ``queue`` are."""
    return f"{queue}.parked"


def lanes(
    settings: Settings,
    profiles: Mapping[str, SystemProfile],
    *,
    channels: Collection[str] | None = None,
    systems: Collection[str] | None = None,
) -> tuple[Lane, ...]:
    """
    The queues that a worker consumes; those of adapters outside of the hub always.

    Args:
        channels, systems: Only these; None means all of the settings.
    """
    # Twice the batch, so that the next one is there while this one commits.
    ahead = 2 * settings.worker.batch
    found = [
        Lane(channel_in(name), LaneKind.CHANNEL, name, ahead)
        for name in settings.channels
        if channels is None or name in channels
    ]
    found.append(Lane(ORDERS_IN, LaneKind.COMMANDS, "", ahead))
    found.append(Lane(REPLIES_IN, LaneKind.SAID, "", ahead, weight=2))
    for name, system in settings.systems.items():
        if systems is not None and name not in systems:
            continue
        found.append(Lane(system_replies(name), LaneKind.REPLIES, name, ahead, weight=2))
        if profiles[name].attachment is Attachment.CALL:
            # What waits here waits for a free slot; more would only be held from other workers.
            found.append(Lane(system_work(name), LaneKind.WORK, name, 2 * system.pool))
    return tuple(found)


def consumed(settings: Settings, profiles: Mapping[str, SystemProfile]) -> Mapping[str, int]:
    """Prefetch by queue name, for :meth:`broker.port.Broker.start`."""
    return {lane.queue: lane.prefetch for lane in lanes(settings, profiles)}


def hub_topology(
    settings: Settings, endpoints: Iterable[Endpoint], profiles: Mapping[str, SystemProfile]
) -> Topology:
    """
    Everything that must exist on the broker.

    Args:
        endpoints: Of the rules; their out queues, as far as their channel is in the settings.

    Raises:
        ValueError: Two things have one name, or a name is no queue name.
    """
    queues = [
        QueueSpec(name=queue, limits=limits) for queue, limits in _queues(settings, endpoints, profiles)
    ]
    return Topology(
        owner=OWNER,
        exchanges=tuple(_exchanges(settings)),
        queues=tuple(queues),
        bindings=tuple(_bindings(settings)),
    )


def adapter_topology(channel: str) -> Topology:
    """What an adapter that runs on its own needs: the queue it takes from, and where it puts."""
    return Topology(
        owner=OWNER,
        exchanges=(
            ExchangeSpec(name=ORDERS_IN, type="fanout", alternate=UNROUTED),
            ExchangeSpec(name=UNROUTED, type="fanout"),
        ),
        queues=(QueueSpec(name=channel_in(channel)), QueueSpec(name=ORDERS_IN)),
        bindings=(BindingSpec(exchange=ORDERS_IN, queue=ORDERS_IN),),
    )


def _queues(
    settings: Settings, endpoints: Iterable[Endpoint], profiles: Mapping[str, SystemProfile]
) -> Iterator[tuple[str, Mapping[str, PolicyValue]]]:
    for lane in lanes(settings, profiles):
        yield lane.queue, {}
        yield parked_queue(lane.queue), {}
    bound: dict[str, PolicyValue] = {"max-length-bytes": settings.worker.out_queue_bytes}
    for queue in dict.fromkeys(one.out_queue for one in endpoints if one.channel in settings.channels):
        yield queue, {**bound, **_rejects_go_to(parked_queue(queue))}
        yield parked_queue(queue), {}
    for name in settings.systems:
        if profiles[name].attachment is Attachment.QUEUE:
            queue = system_in(name)
            yield queue, _rejects_go_to(parked_queue(queue))
            yield parked_queue(queue), {}
    for exchange in (ORDERS_EXCHANGE, STATUS_EXCHANGE):
        yield f"{exchange}.recent", _RECENT
    yield UNROUTED, {}
    yield IDENTITY_QUEUE, {}


def _rejects_go_to(queue: str) -> dict[str, PolicyValue]:
    """
    For queues that others consume: what they reject is kept.

    At-least-once dead-lettering wants ``reject-publish`` (RabbitMQ guide "Quorum Queues", "Activating
    at-least-once dead-lettering").
    """
    return {
        "overflow": "reject-publish",
        "dead-letter-strategy": "at-least-once",
        "dead-letter-exchange": "",
        "dead-letter-routing-key": queue,
    }


def _exchanges(settings: Settings) -> Iterator[ExchangeSpec]:
    for channel in settings.channels:
        yield ExchangeSpec(name=drop_exchange(channel), type="fanout", alternate=UNROUTED)
    for system in settings.systems:
        yield ExchangeSpec(name=reply_exchange(system), type="fanout", alternate=UNROUTED)
    for name in (ORDERS_IN, REPLIES_IN):
        yield ExchangeSpec(name=name, type="fanout", alternate=UNROUTED)
    # Announcements that nobody wants are no alarm, so these two have no alternate.
    yield ExchangeSpec(name=ORDERS_EXCHANGE, type="topic")
    yield ExchangeSpec(name=STATUS_EXCHANGE, type="topic")
    yield ExchangeSpec(name=UNROUTED, type="fanout")


def _bindings(settings: Settings) -> Iterator[BindingSpec]:
    for channel in settings.channels:
        yield BindingSpec(exchange=drop_exchange(channel), queue=channel_in(channel))
    for system in settings.systems:
        yield BindingSpec(exchange=reply_exchange(system), queue=system_replies(system))
    for name in (ORDERS_IN, REPLIES_IN):
        yield BindingSpec(exchange=name, queue=name)
    for exchange in (ORDERS_EXCHANGE, STATUS_EXCHANGE):
        yield BindingSpec(exchange=exchange, queue=f"{exchange}.recent", routing_key="#")
    yield BindingSpec(exchange=UNROUTED, queue=UNROUTED)
