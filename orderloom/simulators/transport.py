"""
The one small door through which simulators send and receive, with two drivers behind it.

:class:`~orderloom.simulators.rabbit.RabbitTransport` speaks to a real broker; :class:`InProcessTransport`
to any object with ``publish``, ``get`` and ``ack``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import Protocol

__all__ = ["Broker", "InProcessTransport", "Message", "Stopped", "Transport"]

# Seconds that one look into an in-process queue may wait: how long stopping takes at most.
_LOOK = 0.05


class Stopped(Exception):
    """The transport was stopped while it tried to publish."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came; ``ack`` may be called once, from any thread."""

    queue: str
    body: bytes
    content_type: str
    headers: Mapping[str, str]
    ack: Callable[[], None]


class Transport(Protocol):
    """Send with a confirm, receive with an acknowledgement."""

    def publish(
        self, exchange: str, routing_key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        """
        Return when the broker has taken the message; try for ever.

        Raises:
            Stopped: :meth:`stop` was called meanwhile.
        """
        ...

    def consume(self, queue: str, callback: Callable[[Message], None]) -> None:
        """Call back for every message of ``queue``, one at a time, from a thread of the transport's."""
        ...

    def stop(self) -> None:
        """Stop consuming, give up publishing, and wait for the threads."""
        ...


class Broker(Protocol):
    """What an in-process broker must offer; every method is called from several threads."""

    def publish(
        self, exchange: str, routing_key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        """Take a message; it must be in its queues when this returns."""
        ...

    def get(self, queue: str, wait: float) -> tuple[object, bytes, str, Mapping[str, str]] | None:
        """
        The next message, or None after ``wait`` seconds without one.

        Returns:
            A token for :meth:`ack`, the body, its content type and its headers.
        """
        ...

    def ack(self, token: object) -> None:
        """The message with this token is done with."""
        ...


class InProcessTransport:
    """A transport on a :class:`Broker` of the same process; one thread for each queue."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._stop = Event()
        self._threads: list[Thread] = []

    def publish(
        self, exchange: str, routing_key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        """See :class:`Transport`."""
        if self._stop.is_set():
            raise Stopped
        self._broker.publish(exchange, routing_key, body, content_type, headers)

    def consume(self, queue: str, callback: Callable[[Message], None]) -> None:
        """See :class:`Transport`."""
        thread = Thread(target=self._work, args=(queue, callback), name=f"simulator {queue}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, queue: str, callback: Callable[[Message], None]) -> None:
        while not self._stop.is_set():
            found = self._broker.get(queue, _LOOK)
            if found is None:
                continue
            token, body, content_type, headers = found
            try:
                callback(Message(queue, body, content_type, headers, partial(self._broker.ack, token)))
            except Stopped:
                return

    def stop(self) -> None:
        """See :class:`Transport`."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
