"""
One named connection that is kept: opened, lost, opened again after a growing, jittered pause.

Everything here runs in the loop's thread.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any

import pika
from pika import exceptions

from .address import Address
from .pika_link import Link
from .rabbit_loop import Loop

__all__ = ["Lane", "connection_parameters", "explain"]

_LOG = logging.getLogger("broker.rabbit")

# Seconds: two missed beats and a half are noticed well before anybody asks.
_HEARTBEAT = 10
# Seconds for one TCP connection, and for TCP, TLS and AMQP together.
_SOCKET = 5.0
_STACK = 10.0
# Seconds between attempts: quick after a blip, no stampede after an outage.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


def connection_parameters(address: Address, name: str) -> pika.ConnectionParameters:
    """What pika wants to know for a connection that the console shows as ``name``."""
    tls = pika.SSLOptions(address.tls_context(), address.host) if address.tls else None
    return pika.ConnectionParameters(
        host=address.host,
        port=address.port,
        virtual_host=address.vhost,
        credentials=pika.PlainCredentials(address.user, address.password),
        ssl_options=tls,
        heartbeat=_HEARTBEAT,
        socket_timeout=_SOCKET,
        stack_timeout=_STACK,
        connection_attempts=1,
        client_properties={"connection_name": name},
    )


class Lane:
    """
    Keeps one connection; what it is for is said by the subclass.

    Args:
        changed: Called whenever :attr:`ready` or :attr:`fault` may have changed.
    """

    def __init__(
        self, parameters: pika.ConnectionParameters, loop: Loop, changed: Callable[[], None]
    ) -> None:
        self.ready = False
        self.fault = ""
        """Why it is not ready, for people; empty while all is well."""
        self.link: Link | None = None
        self._parameters = parameters
        self._loop = loop
        self._changed = changed
        self._pause = _FIRST_PAUSE
        self._closing = False

    def open(self) -> None:
        """Begin to connect."""
        if self._closing:
            return
        self.link = Link(
            self._parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_lost,
            on_close_callback=self._on_lost,
            custom_ioloop=self._loop.ioloop,
        )

    def close(self) -> None:
        """Close for good."""
        self._closing = True
        self.fail("closed")
        if self.link is not None and self.link.is_open:
            self.link.close()

    def abort(self) -> None:
        """Close at once, when closing in good order takes too long."""
        if self.link is not None and not self.link.is_closed:
            self.link.abort()

    def opened(self, link: Link) -> None:
        """Open channels: the connection is there.  A subclass says which."""
        raise NotImplementedError

    def lost(self, why: str) -> None:
        """Take stock: the connection or its channel is gone.  A subclass says of what."""
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        """Whether it was closed for good and nothing is left open."""
        return self._closing and (self.link is None or self.link.is_closed)

    def fail(self, why: str) -> None:
        """Say that all is not well."""
        self.ready = False
        self.fault = why
        self._changed()

    def be_ready(self) -> None:
        """Say that all is well."""
        self.ready = True
        self.fault = ""
        self._pause = _FIRST_PAUSE
        self._changed()

    def next_pause(self) -> float:
        """Seconds until the next attempt; grows with each until all is well."""
        pause = self._pause * random.uniform(0.5, 1.5)  # noqa: S311 -- spreads clients, guards nothing
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return pause

    def _on_open(self, link: Any) -> None:
        if self._closing:
            link.close()
        else:
            self.opened(link)

    def _on_lost(self, _link: Any, error: BaseException | str) -> None:
        why = explain(error)
        if not self._closing:
            name = (self._parameters.client_properties or {}).get("connection_name")
            _LOG.warning("connection %r lost: %s", name, why)
            self._loop.later(self.next_pause(), self.open)
        self.lost(why)
        self.fail(why)


def explain(error: BaseException | str) -> str:
    """The innermost reason of pika's nested errors, in words."""
    if isinstance(error, str):
        return error
    inner: BaseException = error
    while True:
        nested = [one for one in (*_causes(inner), *inner.args) if isinstance(one, BaseException)]
        if not nested:
            break
        inner = nested[0]
    if isinstance(inner, (exceptions.ConnectionClosed, exceptions.ChannelClosed)):
        return f"{inner.reply_code} {inner.reply_text}"
    return f"{type(inner).__name__}: {inner}" if str(inner) else type(inner).__name__


def _causes(error: BaseException) -> tuple[object, ...]:
    """What pika's workflow errors carry: the last of several failures, or one."""
    return (*reversed(getattr(error, "exceptions", None) or ()), getattr(error, "exception", None))
