"""
What adapters outside of the hub put on ``orders.in`` and ``replies.in``, read strictly.

What the hub's own adapter processes write is known by its bytes: read and written again, it is the
same.  Anything else is another program's JSON, and must be strict: no property twice, no deep nesting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from adapters.formats.json_strict import read_json
from broker.port import Delivery, HeaderValue, Properties
from canonical.codec import decode, encode
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected, shown
from canonical.references import References
from canonical.replies import Receipt, Reply
from canonical.translated import MOST_DOCUMENTS, NativeMessage, Translation
from orderloom.hub_topology import ORDERS_IN, REPLIES_IN, channel_in

from .inflate import plain_body
from .messages import text_headers

__all__ = [
    "ADAPTERS_FAULT",
    "AS_IT_IS",
    "LARGEST",
    "TRANSLATED",
    "Forwarded",
    "native_message",
    "read_forwarded",
    "read_said",
    "unwrapped",
    "wrapped",
]

TRANSLATED = "translation.v1"
"""Message type of a translation."""

AS_IT_IS = "native.v1"
"""Message type of native bytes that would be too large in JSON: the worker translates them."""

LARGEST = 15 * 1024 * 1024
"""Most bytes of a message on these queues: RabbitMQ 4 refuses more than 16 MiB."""

ADAPTERS_FAULT = frozenset({"E_INTERNAL", "E_POISON"})
"""Faults that are not the sender's: the message is parked, and nobody is answered."""

# Bytes of a translation whose documents are counted before they are read: fewer cannot hold too many, for
# none is shorter than 50 bytes.
_COUNTED = 50 * MOST_DOCUMENTS

# Headers of ours that tell a message which had been parked.
_BACK = ("x-parked-id", "x-attempt")

# Of bytes that go as they are; a sender's own `type` property moves aside for AS_IT_IS.
_CHANNEL, _REDELIVERED, _TYPE = "x-channel", "x-redelivered", "x-type"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """
    A native message and what was made of it.

    Args:
        native: As the channel's queue held it, with the claim of whatever carried it.
        fault: Why it could not be read; then there are no documents.
    """

    channel: str
    native: Delivery
    documents: tuple[Command | RejectedDocument, ...] = ()
    fault: Fault | None = None


def native_message(delivery: Delivery) -> NativeMessage:
    """A delivery of a channel's queue, as a translation carries it."""
    given = delivery.properties
    return NativeMessage(
        body=delivery.body,
        content_type=given.content_type or "",
        content_encoding=given.content_encoding or "",
        message_id=given.message_id or "",
        correlation_id=given.correlation_id or "",
        type=given.type or "",
        timestamp=given.timestamp,
        headers=_headers(given.headers),
        redelivered=delivery.redelivered,
    )


def wrapped(delivery: Delivery, channel: str) -> Properties:
    """Properties under which native bytes go to ``orders.in`` as they are."""
    given = delivery.properties
    ours: dict[str, HeaderValue] = {_CHANNEL: channel, _REDELIVERED: delivery.redelivered}
    if given.type:
        ours[_TYPE] = given.type
    return replace(
        given,
        type=AS_IT_IS,
        reply_to=None,
        user_id=None,  # the broker takes only the connection's own
        delivery_mode=2,
        headers={**_headers(given.headers), **ours},
    )


def unwrapped(delivery: Delivery, channels: Collection[str]) -> tuple[Delivery, str]:
    """
    The native message that :func:`wrapped` sent, and its channel.

    Raises:
        Rejected: ``E_VALUE``: no channel of this hub.
    """
    headers = delivery.properties.headers
    channel = _known(str(headers.get(_CHANNEL, "")), channels, f"header {_CHANNEL}")
    own = headers.get(_TYPE)
    given = replace(
        delivery.properties, type=own if isinstance(own, str) else None, headers=_headers(headers)
    )
    again = delivery.redelivered or headers.get(_REDELIVERED) is True
    return replace(delivery, queue=channel_in(channel), properties=given, redelivered=again), channel


def read_forwarded(delivery: Delivery, channels: Collection[str], references: References) -> Forwarded:
    """
    A translation, or one bare command, which is a native message of its own.

    Raises:
        Rejected: It is neither, holds too many documents or those of several senders or envelopes, or speaks
            for a channel or endpoint that it may not.
    """
    body = plain_body(delivery, LARGEST)
    _refuse_crowd(body)
    found: Translation | Command = _read(body, Translation | Command, ORDERS_IN)
    if not isinstance(found, Translation):
        channel = _known(found.origin.channel, channels, "origin.channel")
        _speaks_for(found, channel, references, "origin")
        return Forwarded(channel, delivery, (found,))
    channel = _known(found.channel, channels, "channel")
    if found.fault is not None and found.documents:
        raise Rejected("E_VALUE", "a fault, and documents too", "fault", "one of the two")
    for place, document in enumerate(found.documents):
        where = f"documents[{place}].origin"
        _speaks_for(document, channel, references, where)
        _of_one(document.origin, found.documents[0].origin, where)
    return Forwarded(channel, _native(delivery, found), found.documents, found.fault)


def read_said(delivery: Delivery, systems: Collection[str], limit: int) -> Reply | Receipt:
    """
    One reply or receipt.

    Raises:
        Rejected: It is none, or of a system that this hub does not have.
    """
    said: Reply | Receipt = _read(plain_body(delivery, limit), Reply | Receipt, REPLIES_IN)
    if said.system not in systems:
        what = f"unknown system {shown(said.system)}"
        raise Rejected("E_VALUE", what, "system", f"of {', '.join(systems)}")
    return said


def _native(delivery: Delivery, found: Translation) -> Delivery:
    native = found.native
    given = Properties(
        message_id=native.message_id or None,
        correlation_id=native.correlation_id or None,
        type=native.type or None,
        content_type=native.content_type or None,
        content_encoding=native.content_encoding or None,
        timestamp=native.timestamp,
        headers=_headers(native.headers),
    )
    again = delivery.redelivered or native.redelivered
    return Delivery(delivery.handle, channel_in(found.channel), native.body, given, again)


def _headers(headers: Mapping[str, HeaderValue]) -> dict[str, HeaderValue]:
    """The sender's, and those by which a parked message is known again."""
    return {**text_headers(headers), **{name: headers[name] for name in _BACK if name in headers}}


def _known(channel: str, channels: Collection[str], where: str) -> str:
    if channel in channels:
        return channel
    raise Rejected("E_VALUE", f"unknown channel {shown(channel)}", where, f"of {', '.join(channels)}")


def _speaks_for(
    document: Command | RejectedDocument, channel: str, references: References, where: str
) -> None:
    origin = document.origin
    if origin.channel != channel:
        what = f"speaks for channel {shown(origin.channel)}"
        raise Rejected("E_VALUE", what, f"{where}.channel", f"{channel}, as the message says")
    if not origin.endpoint and isinstance(document, RejectedDocument):
        return  # of bytes that do not tell who sent them: nobody can be answered
    endpoint = references.endpoints.get(origin.endpoint)
    if endpoint is None or endpoint.channel != channel:
        what = f"no endpoint {shown(origin.endpoint)} on channel {channel}"
        raise Rejected("E_IDENTITY", what, f"{where}.endpoint", "an endpoint of the rules")


def _of_one(origin: Origin, first: Origin, where: str) -> None:
    """One intake has one acknowledgement, which goes to one sender about one envelope."""
    for name, own, others in (
        ("endpoint", origin.endpoint, first.endpoint),
        ("envelope", origin.envelope, first.envelope),
    ):
        if own != others:
            allowed = f"{shown(others)}, as the first document says"
            raise Rejected("E_VALUE", f"another {name}, {shown(own)}", f"{where}.{name}", allowed)


class _Crowd(msgspec.Struct):
    """A translation whose documents are not read, only counted: a twentieth of the time."""

    documents: list[msgspec.Raw] = []


def _refuse_crowd(body: bytes) -> None:
    if len(body) < _COUNTED:
        return
    try:
        count = len(msgspec.json.decode(body, type=_Crowd).documents)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return  # what is wrong with it is told by whoever reads it
    if count > MOST_DOCUMENTS:
        raise Rejected("E_RECORDS", f"{count} documents", "documents", f"at most {MOST_DOCUMENTS}")


def _read(body: bytes, kind: Any, where: str) -> Any:
    fault: Rejected | None = None
    try:
        found = decode(body, kind)
        if encode(found) == body:
            return found
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        fault = Rejected(
            "E_TYPE", f"not what {where} takes: {_words(error)}", "message", "see its JSON Schema"
        )
    read_json(body, limit=LARGEST)
    if fault is not None:
        raise fault
    return found


def _words(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:300]
