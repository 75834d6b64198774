"""
The transport on a real RabbitMQ, by py-amqp: another client than the hub's, so that both must speak AMQP.

One connection for publishing, one for each queue that is consumed; each has a name for the console.
Whatever breaks is connected again, for ever.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Lock, Thread
from urllib.parse import unquote, urlsplit

import amqp
from amqp.exceptions import AMQPError, MessageNacked

from .transport import Message, Stopped

__all__ = ["RabbitTransport"]

# What one consumer may hold unacknowledged: slow and silent orders must not keep the others waiting.
_PREFETCH = 2000

# Seconds: how long acknowledgements given by other threads, and stopping, may wait for the reading thread.
_LOOK = 0.05

_HEARTBEAT = 10
_RECONNECT = 0.5
_CONFIRM_LIMIT = 10

# A nack is among them: a queue that is being deleted refuses, and takes the same message when it is back.
_BROKEN = (AMQPError, MessageNacked, OSError)


class RabbitTransport:
    """
    See :class:`~orderloom.simulators.transport.Transport`.

    Args:
        url: ``amqp://user:password@host:port/vhost``.
        name: How it calls itself in the console, ``simulator <name>``.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._stop = Event()
        self._publishing = Lock()
        self._publisher: amqp.Connection | None = None
        self._threads: list[Thread] = []

    def publish(
        self, exchange: str, routing_key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        """Publish persistently, again and again until the broker confirms."""
        with self._publishing:
            while not self._stop.is_set():
                try:
                    self._publish_once(exchange, routing_key, body, content_type, headers)
                except _BROKEN:
                    self._drop_publisher()
                    self._stop.wait(_RECONNECT)
                else:
                    return
        raise Stopped

    def consume(self, queue: str, callback: Callable[[Message], None]) -> None:
        """Consume in a thread of its own; returns when the first subscription stands, or on :meth:`stop`."""
        reader = _Reader(self._url, f"{self._name}, reading {queue}", queue, callback, self._stop)
        thread = Thread(target=reader.work, name=f"simulator {queue}", daemon=True)
        self._threads.append(thread)
        thread.start()
        while not (reader.subscribed.wait(_LOOK) or self._stop.is_set()):
            pass

    def stop(self) -> None:
        """Disconnect; what was not acknowledged goes back to its queue."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        with self._publishing:
            self._drop_publisher()

    def _publish_once(
        self, exchange: str, routing_key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        if self._publisher is None:
            self._publisher = _connect(self._url, f"{self._name}, sending", heartbeat=0)
        message = amqp.Message(
            body,
            content_type=content_type,
            delivery_mode=2,
            app_id=f"simulator {self._name}",
            application_headers=dict(headers),
        )
        channel = self._publisher.channel(1)
        channel.basic_publish_confirm(
            message, exchange=exchange, routing_key=routing_key, confirm_timeout=_CONFIRM_LIMIT
        )

    def _drop_publisher(self) -> None:
        broken, self._publisher = self._publisher, None
        _close(broken)


class _Reader:
    """One queue's connection, made again whenever it breaks."""

    def __init__(
        self,
        url: str,
        name: str,
        queue: str,
        callback: Callable[[Message], None],
        stop: Event,
    ) -> None:
        self._url = url
        self._name = name
        self._queue = queue
        self._callback = callback
        self._stop = stop
        self.subscribed = Event()
        self._epoch = 0
        self._done: deque[tuple[int, int]] = deque()

    def work(self) -> None:
        """Consume until stopped."""
        while not self._stop.is_set():
            connection: amqp.Connection | None = None
            try:
                connection = _connect(self._url, self._name, heartbeat=_HEARTBEAT)
                self._consume(connection)
            except _BROKEN:
                self._stop.wait(_RECONNECT)
            except Stopped:
                return
            finally:
                _close(connection)

    def _consume(self, connection: amqp.Connection) -> None:
        self._epoch += 1
        channel = connection.channel()
        channel.auto_decode = False
        channel.basic_qos(0, _PREFETCH, a_global=False)
        channel.basic_consume(self._queue, consumer_tag=_tag(self._name), callback=self._receive)
        self.subscribed.set()
        while not self._stop.is_set():
            self._settle(channel)
            connection.heartbeat_tick()
            with suppress(TimeoutError):
                connection.drain_events(timeout=_LOOK)
        self._settle(channel)

    def _receive(self, message: amqp.Message) -> None:
        tag, epoch = message.delivery_tag or 0, self._epoch
        headers = message.properties.get("application_headers") or {}
        body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
        self._callback(
            Message(
                queue=self._queue,
                body=body,
                content_type=message.properties.get("content_type", ""),
                headers={name: str(value) for name, value in headers.items()},
                ack=lambda: self._done.append((epoch, tag)),
            )
        )

    def _settle(self, channel: amqp.Channel) -> None:
        while self._done:
            epoch, tag = self._done.popleft()
            if epoch == self._epoch:
                channel.basic_ack(tag)


def _connect(url: str, name: str, heartbeat: int) -> amqp.Connection:
    parts = urlsplit(url)
    connection = amqp.Connection(
        host=f"{parts.hostname}:{parts.port or 5672}",
        userid=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        virtual_host=unquote(parts.path[1:]) or "/",
        heartbeat=heartbeat,
        confirm_publish=True,
        connect_timeout=5,
        client_properties={"connection_name": f"simulator {name}"},
    )
    connection.connect()
    return connection


def _close(connection: amqp.Connection | None) -> None:
    if connection is None:
        return
    try:
        connection.close()
    except _BROKEN:
        connection.collect()


def _tag(name: str) -> str:
    return "simulator." + re.sub(r"[^a-z0-9.]+", "-", name)
