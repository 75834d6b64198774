"""
One native message of a channel into its documents: the same in the worker and in an adapter on its own.
"""

from __future__ import annotations

from adapters.kit.contract import InboundAdapter, Native
from broker.port import Delivery
from canonical.commands import Command, RejectedDocument
from canonical.references import References

from .inflate import plain_body

__all__ = ["translated"]


def translated(
    adapter: InboundAdapter, references: References, delivery: Delivery, limit: int
) -> tuple[Command | RejectedDocument, ...]:
    """
    The documents of a native message, in order.

    Args:
        limit: Largest native message, as sent and inflated, in bytes.

    Raises:
        Rejected: The message as a whole cannot be read.
    """
    native = Native(plain_body(delivery, limit), delivery.properties.content_type or "")
    return tuple(adapter.translate(native, references))
