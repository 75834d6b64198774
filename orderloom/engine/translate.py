"""
One native message of a channel into its documents: the same in the worker and in an adapter on its own.
"""

from __future__ import annotations

from itertools import islice

from adapters.kit.contract import InboundAdapter, Native
from broker.port import Delivery
from canonical.commands import Command, RejectedDocument
from canonical.errors import Rejected
from canonical.references import References

from .inflate import plain_body

__all__ = ["translated"]

# As many as an X12 interchange may have segments; adapters have limits of their own, which are lower.
_MOST = 100_000


def translated(
    adapter: InboundAdapter, references: References, delivery: Delivery, limit: int
) -> tuple[Command | RejectedDocument, ...]:
    """
    The documents of a native message, in order.

    Args:
        limit: Largest native message, as sent and inflated, in bytes.

    Raises:
        Rejected: The message as a whole cannot be read; ``E_RECORDS``: its adapter finds no end of
            documents in it.
    """
    native = Native(plain_body(delivery, limit), delivery.properties.content_type or "")
    found = tuple(islice(adapter.translate(native, references), _MOST + 1))
    if len(found) > _MOST:
        raise Rejected(
            "E_RECORDS", f"more than {_MOST} documents in one message", "message", f"at most {_MOST}"
        )
    return found
