"""
What an adapter outside of the hub made of one native message; and every command that may come alone.

Queue ``orders.in`` takes one JSON object a message: a :class:`Translation`, or one bare command, which
is a native message of its own.  The property ``command`` tells which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from .base import Canonical, Id, Instant, Text
from .commands import Command, RejectedDocument
from .errors import Fault

__all__ = ["MOST_DOCUMENTS", "NativeMessage", "Translation"]

MOST_DOCUMENTS = 1_100
"""Most documents of a translation: one transaction takes them, and one X12 interchange may hold as many."""


class NativeMessage(Canonical, frozen=True):
    """
    A native message as its channel's queue held it.

    Args:
        body: The bytes as received, compressed if they were (Base64 in JSON).
        content_encoding: ``gzip`` or ``deflate`` when ``body`` is compressed.
        message_id, correlation_id, type, timestamp: The sender's own, if it gave any.
        headers: Short texts, numbers and flags of the sender's; and ``x-parked-id`` with ``x-attempt``
            of a message that had been parked, so that the hub knows it again.
        redelivered: It may have been forwarded before: if it was, the hub stays silent, as it
            would not for a sender who sends again.
    """

    body: bytes
    content_type: Text = ""
    content_encoding: Text = ""
    message_id: Text = ""
    correlation_id: Text = ""
    type: Text = ""
    timestamp: Instant | None = None
    headers: Mapping[str, str | int | bool | None] = {}
    redelivered: bool = False


class Translation(Canonical, frozen=True, tag_field="command", tag=True):
    """
    One native message with its documents: one intake, which gets one acknowledgement.

    Args:
        channel: Of the adapter; every document says the same.
        documents: Commands and documents that could not become one, in order; all of one endpoint and one
            envelope.
        fault: Why the bytes as a whole could not be read; then there are no documents.
    """

    channel: Id
    native: NativeMessage
    documents: Annotated[tuple[Command | RejectedDocument, ...], msgspec.Meta(max_length=MOST_DOCUMENTS)] = ()
    fault: Fault | None = None
