"""
What command-line tools do with a broker: drop a message, look through a queue, tell its depth.

Over kombu's connection, with confirms and returns on; bytes only, never a decoded payload (kombu's
``.payload`` decompresses and unpickles on the sender's say-so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from amqp.exceptions import MessageNacked, NotFound
from kombu import Connection, Queue

from .kombu_link import LINK_ERRORS, kombu_connection
from .port import BrokerUnavailable, Delivery, Handle, HeaderValue, Properties

__all__ = ["DropFailed", "Dropper", "Swept", "depth", "sweep"]

# One look holds this many messages at most, all of them in this process until it ends.
_MOST_SWEPT = 10_000
_TEXTS = (
    "message_id",
    "correlation_id",
    "type",
    "content_type",
    "content_encoding",
    "app_id",
    "reply_to",
    "user_id",
)


class DropFailed(BrokerUnavailable):
    """The broker did not take the message: nobody is bound for it, or a queue refused."""


class Dropper:
    """
    Drops messages one by one, each confirmed; use it as a context manager.

    Args:
        name: What the console shows as the connection's name.
    """

    def __init__(self, url: str, *, name: str = "drop", allow_plain: bool = False) -> None:
        self._url = url
        self._name = name
        self._allow_plain = allow_plain
        self._stack = ExitStack()
        self._channel: Any = None
        self._returned: list[str] = []

    def __enter__(self) -> Self:
        link = kombu_connection(self._url, self._name, allow_plain=self._allow_plain)
        connection = self._stack.enter_context(link)
        try:
            self._channel = connection.channel()
        except LINK_ERRORS as broken:
            raise BrokerUnavailable(f"the connection broke at once: {broken}") from broken
        self._channel.events["basic_return"].add(self._on_return)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel = None
        self._stack.__exit__(kind, error, trace)

    def drop(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        *,
        content_type: str | None = None,
        headers: Mapping[str, HeaderValue] | None = None,
        **properties: str,
    ) -> None:
        """
        Publish one persistent message and wait until it is safe.

        Args:
            properties: Further AMQP properties, such as ``message_id`` or ``correlation_id``.

        Raises:
            DropFailed: Unroutable, refused, or the exchange is missing; it is in no queue
                that refused, and a corrected one may be dropped.
            BrokerUnavailable: The link broke; it may have been taken.
        """
        self._returned.clear()
        message = self._channel.prepare_message(
            body,
            content_type=content_type,
            headers=dict(headers or {}),
            properties={"delivery_mode": 2, **properties},
        )
        where = f"exchange {exchange!r} key {routing_key!r}" if exchange else f"queue {routing_key!r}"
        try:
            self._channel.basic_publish(message, exchange, routing_key, mandatory=True)
        except NotFound as missing:
            raise DropFailed(f"{where}: no such exchange (is the topology applied?)") from missing
        except MessageNacked as refused:
            raise DropFailed(f"{where}: refused (the queue is full)") from refused
        except LINK_ERRORS as broken:
            # Said here too: whoever drops for long holds the connection open, and is not within its context.
            raise BrokerUnavailable(f"{where}: not confirmed: {broken}") from broken
        if self._returned:
            raise DropFailed(f"{where}: no queue takes it: {self._returned[0]} (is the topology applied?)")

    def _on_return(self, error: Exception, *_: object) -> None:
        self._returned.append(str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """
    What a look through a queue did.

    Args:
        stopped: Why it ended early, for people; empty when it saw everything.
    """

    seen: int
    removed: int
    stopped: str = ""


def sweep(
    url: str,
    queue: str,
    keep: Callable[[Delivery], bool],
    *,
    name: str = "sweep",
    allow_plain: bool = False,
) -> Swept:
    """
    Look once at each message that is there now; acknowledge those not kept, put the others back.

    The others go back by closing the channel, in their order and marked redelivered, never one by
    one: nothing goes round in circles.  At most 10,000 are looked at.

    Raises:
        BrokerUnavailable: No such queue, or the link broke (the kept are back, the removed may be).
    """
    with kombu_connection(url, name, allow_plain=allow_plain) as connection:
        count = min(_ready(connection, queue), _MOST_SWEPT)
        channel: Any = connection.channel()
        channel.auto_decode = False
        seen = removed = 0
        stopped = ""
        try:
            for delivery in _taken(channel, queue, count):
                seen += 1
                if not keep(delivery):
                    channel.basic_ack(delivery.handle.tag)
                    removed += 1
        except (ValueError, OverflowError) as error:
            stopped = f"message {seen + 1}: headers cannot be read: {error}"
        channel.close()
    return Swept(seen=seen, removed=removed, stopped=stopped)


def depth(url: str, queue: str, *, name: str = "depth", allow_plain: bool = False) -> int:
    """
    How many messages are ready in a queue, exactly and now.

    For some moments after its broker was started a quorum queue without a leader says 0.

    Raises:
        BrokerUnavailable: No such queue, or the broker cannot be reached.
    """
    with kombu_connection(url, name, allow_plain=allow_plain) as connection:
        return _ready(connection, queue)


def _ready(connection: Connection, queue: str) -> int:
    try:
        with connection.channel() as channel:
            name_ready_consumers: Any = Queue(queue)(channel).queue_declare(passive=True)
            return int(name_ready_consumers[1])
    except NotFound as missing:
        raise BrokerUnavailable(f"no queue {queue!r} (is the topology applied?)") from missing


def _taken(channel: Any, queue: str, count: int) -> Iterator[Delivery]:
    for _ in range(count):
        message = channel.basic_get(queue, no_ack=False)
        if message is None:
            return
        info = message.delivery_info
        handle = Handle(0, queue, int(info["delivery_tag"]))
        yield Delivery(handle, queue, _bytes(message.body), _properties(message), bool(info["redelivered"]))


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


def _properties(message: Any) -> Properties:
    raw = message.properties
    headers = {
        str(key): value
        for key, value in (raw.get("application_headers") or {}).items()
        if value is None or isinstance(value, (str, int))
    }
    moment = raw.get("timestamp")
    return Properties(
        timestamp=moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else None,
        delivery_mode=int(raw.get("delivery_mode") or 1),
        headers=headers,
        **{name: str(raw[name]) for name in _TEXTS if raw.get(name) is not None},
    )
