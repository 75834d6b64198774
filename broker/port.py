"""
The broker port: what the engine may ask of any broker, and what it is told back.

It moves bytes, properties and headers; it has never heard of an order.  Two drivers
stand behind it (:mod:`broker.rabbit` and :mod:`broker.memory`) and one contract suite
(``tests/broker/contract.py``) runs on both: what one does differently is a failure.

The port is driven by one thread.  Drivers may own threads; they hand over by queues.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, runtime_checkable

__all__ = [
    "Batch",
    "Broker",
    "BrokerUnavailable",
    "Delivery",
    "Handle",
    "HeaderValue",
    "Outcome",
    "Properties",
    "Publish",
    "Result",
]

HeaderValue = str | int | bool | None


class BrokerUnavailable(Exception):
    """The broker cannot be reached, or refused us; the text says which and what mends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """AMQP 0-9-1 basic properties that people read in the console; all optional on receipt."""

    message_id: str | None = None
    correlation_id: str | None = None
    type: str | None = None
    content_type: str | None = None
    content_encoding: str | None = None
    app_id: str | None = None
    reply_to: str | None = None
    user_id: str | None = None
    timestamp: datetime | None = None
    delivery_mode: int = 2
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Handle:
    """
    An opaque claim on one delivery.

    ``epoch`` grows with every (re)connection: a handle of an older epoch settles nothing.
    """

    epoch: int
    queue: str
    tag: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One message taken from ``queue``, ours until its handle is settled.

    Args:
        came_back: How often it was handed over before and came back unsettled, as far as the broker has
            counted; servers count differently, so it is a hint and at least no rumour.
    """

    handle: Handle
    queue: str
    body: bytes
    properties: Properties
    redelivered: bool = False
    came_back: int = 0


@dataclass(frozen=True, slots=True)
class Publish:
    """
    One message to send.

    Args:
        token: The caller's name for it; the :class:`Outcome` carries it back.  Unique among those in flight.
        exchange: ``""`` is the default exchange, whose routing key is a queue's name.
        mandatory: Ask for the message back when no queue takes it.
    """

    token: int
    exchange: str
    routing_key: str
    body: bytes
    properties: Properties
    mandatory: bool = True


class Result(Enum):
    """What became of a publish.  Only ``TAKEN`` is good news; ``UNKNOWN`` may have landed."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNROUTABLE = "unroutable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of the publish with this ``token``; ``reason`` is for people."""

    token: int
    result: Result
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What has happened since the last call: deliveries in queue order, and outcomes in any order."""

    deliveries: Sequence[Delivery] = ()
    outcomes: Sequence[Outcome] = ()


@runtime_checkable
class Broker(Protocol):
    """A broker as the engine sees it."""

    durable: bool
    """Whether a taken message survives the broker process; the memory broker says no."""

    def start(self, consume: Mapping[str, int]) -> None:
        """
        Connect and consume.

        Args:
            consume: Prefetch (most unsettled deliveries) by queue name; one channel each.

        Raises:
            BrokerUnavailable: With what mends it; also when a queue does not exist.
        """
        ...

    def collect(self, limit: int, wait: float, weights: Mapping[str, int] | None = None) -> Batch:
        """
        Take up to ``limit`` deliveries, and every outcome that is there.

        Deliveries are taken round robin over the queues, ``weights`` (default 1) messages of
        a queue each turn; redelivered ones are not reordered here.  Waits up to ``wait``
        seconds for the first event, then at most 2 ms more to fill the batch.
        Every call is also the port's tick: without one for 5 s a driver with threads ends
        the process.

        Raises:
            BrokerUnavailable: The driver itself has ended, and everything it owed was told.
        """
        ...

    def tick(self) -> None:
        """
        Say that the engine is at work, in the midst of a long piece of it: it has not hung.

        It takes nothing and tells nothing; only :meth:`collect` does.
        """
        ...

    def settle(self, handles: Sequence[Handle]) -> None:
        """
        Acknowledge, in any order; stale handles are dropped silently.

        A driver may acknowledge a finished prefix of one channel with one frame; it never
        passes an open tag.
        """
        ...

    def send(self, publishes: Sequence[Publish]) -> None:
        """
        Send, in this order, each with a confirm.

        Never blocks, never raises for a broker fault: every token gets exactly one
        :class:`Outcome`, later, from :meth:`collect`.  What AMQP cannot carry is ``REFUSED``.
        """
        ...

    def pause(self, queues: Sequence[str]) -> None:
        """
        Stop taking from these queues (cancel the consumers).

        What the broker had handed over before, at most the prefetch, still comes and stays ours:
        giving it back would change the order of the queue.  Before :meth:`start` it means not to
        begin with them.
        """
        ...

    def resume(self, queues: Sequence[str]) -> None:
        """Take from these queues again."""
        ...

    @property
    def connected(self) -> bool:
        """Whether both connections are up and all consumers are subscribed."""
        ...

    @property
    def blocked(self) -> bool:
        """Whether the broker has told publishers to stop (memory or disk alarm)."""
        ...

    def close(self) -> None:
        """
        Stop consuming and disconnect; unsettled deliveries go back.

        Unconfirmed publishes become unknown: :meth:`collect` still says so afterwards.
        """
        ...
