"""
The properties of what the hub publishes: legible to a person who reads "Get messages" in the console.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

import msgspec

from broker.limits import SHORT_STRING, header_fault
from broker.port import HeaderValue, Properties
from canonical.codec import decode, encode
from canonical.order import Order

__all__ = [
    "APP_ID",
    "CANONICAL",
    "Props",
    "order_headers",
    "short",
    "text_headers",
    "to_properties",
    "trace_of",
]

CANONICAL = "application/json"
# Bytes of UTF-8.
_LONGEST_CHARACTER = 4

APP_ID = f"orderloom/{version('orderloom')}"


class Props(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Message properties as the outbox keeps them; what never varies is added on sending."""

    message_id: str
    type: str
    content_type: str
    at: datetime
    content_encoding: str = ""
    correlation_id: str = ""
    headers: dict[str, Any] = {}

    def encoded(self) -> bytes:
        """JSON, for the outbox row."""
        return encode(self)


def to_properties(encoded: bytes) -> Properties:
    """Broker properties from an outbox row's JSON."""
    props = decode(encoded, Props)
    return Properties(
        message_id=props.message_id,
        correlation_id=props.correlation_id or None,
        type=props.type or None,
        content_type=props.content_type or None,
        content_encoding=props.content_encoding or None,
        app_id=APP_ID,
        timestamp=props.at,
        headers=props.headers,
    )


def order_headers(order: Order, message_id: str) -> dict[str, HeaderValue]:
    """What every message about an order carries: its channel, version and trace."""
    channel = order.channel[0].channel.id if order.channel else ""
    return {"channel": channel, "order_version": order.version, "traceparent": trace_of(order.id, message_id)}


def trace_of(order_id: str, message_id: str) -> str:
    """
    A W3C ``traceparent``: one trace an order, one span a message.

    Derived from the ids, so that the same message has the same trace however often it is built.
    """
    trace = hashlib.sha256(order_id.encode()).hexdigest()[:32]
    span = hashlib.sha256(message_id.encode()).hexdigest()[:16]
    return f"00-{trace}-{span}-01"


def short(text: str | None) -> str:
    """
    A property of a stranger as it can be kept and sent on: what AMQP carries in one, without NUL characters,
    which PostgreSQL refuses.
    """
    plain = (text or "").replace("\0", "")
    if len(plain) * _LONGEST_CHARACTER <= SHORT_STRING:
        return plain
    return plain.encode("utf-8", "replace")[:SHORT_STRING].decode("utf-8", "ignore")


def text_headers(headers: Mapping[str, HeaderValue]) -> dict[str, HeaderValue]:
    """
    Headers of a foreign message that are kept: short texts, numbers and flags, none of the hub's own and
    none that would send what carries them elsewhere.
    """
    return {
        name: value
        for name, value in headers.items()
        if not name.startswith("x-")
        and len(name) <= 64
        and not (isinstance(value, str) and len(value) > 300)
        and header_fault(name, value) is None
    }
