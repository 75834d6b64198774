"""
What AMQP 0-9-1 cannot carry, said before it is sent: both drivers refuse the same messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .port import HeaderValue, Properties, Publish

__all__ = ["LARGEST_BODY", "ROUTING_HEADERS", "SHORT_STRING", "as_carried", "header_fault", "unsendable"]

# RabbitMQ 4.0 closes the channel for more (``max_message_size``); 3.10 would take eight times that.
LARGEST_BODY = 16 * 1024 * 1024
SHORT_STRING = 255
"""Most bytes of a property that is text: it has one length byte (AMQP 0-9-1 section 4.2.5.3)."""

ROUTING_HEADERS = frozenset({"CC", "BCC"})
"""
Sender-selected distribution: RabbitMQ sends a copy to each routing key in the list, and closes the channel
when it is no list.  Our headers are none, and nothing of ours is to go where a header says.
"""
# Header integers travel as signed 64 bits.
_INT_BITS = 63
_SHORT_PROPERTIES = (
    "message_id",
    "correlation_id",
    "type",
    "content_type",
    "content_encoding",
    "app_id",
    "reply_to",
    "user_id",
)


def unsendable(publish: Publish) -> str | None:
    """Why AMQP cannot carry this message, or None."""
    return next(_faults(publish), None)


def header_fault(name: str, value: HeaderValue) -> str | None:
    """Why AMQP cannot carry this header, or None."""
    return next(_header_faults(name, value), None)


def as_carried(properties: Properties) -> Properties:
    """The properties as they arrive: a timestamp keeps whole seconds only."""
    if properties.timestamp is None or not properties.timestamp.microsecond:
        return properties
    return replace(properties, timestamp=properties.timestamp.replace(microsecond=0))


def _faults(publish: Publish) -> Iterator[str]:
    if len(publish.body) > LARGEST_BODY:
        yield f"body: {len(publish.body)} bytes, too large ({LARGEST_BODY} bytes)"
    yield from _text_faults("exchange", publish.exchange, SHORT_STRING)
    yield from _text_faults("routing_key", publish.routing_key, SHORT_STRING)
    for name in _SHORT_PROPERTIES:
        yield from _text_faults(name, getattr(publish.properties, name), SHORT_STRING)
    for header, content in publish.properties.headers.items():
        yield from _header_faults(header, content)


def _header_faults(header: str, content: HeaderValue) -> Iterator[str]:
    if header in ROUTING_HEADERS:
        yield f"headers.{header}: no list of routing keys"
    yield from _text_faults(f"headers: name {header[:20]!r}", header, SHORT_STRING)
    if isinstance(content, str):
        yield from _text_faults(f"headers.{header}", content, LARGEST_BODY)
    elif isinstance(content, int) and content.bit_length() > _INT_BITS:
        yield f"headers.{header}: integer too large (64 bits)"


def _text_faults(where: str, text: str | None, longest: int) -> Iterator[str]:
    if text is None or (text.isascii() and len(text) <= longest):
        return
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        yield f"{where}: half a surrogate pair (UTF-8 text)"
        return
    if size > longest:
        yield f"{where}: {size} bytes, too long ({longest} bytes)"
