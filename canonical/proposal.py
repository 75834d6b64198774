"""
What planning makes of an amendment, before anybody has looked at how far the order has come.
"""

from __future__ import annotations

from dataclasses import dataclass

from .amendments import ItemChange, OrderPatch
from .errors import Fault
from .plan import Plan

__all__ = ["Proposal", "ProposedPiece"]


@dataclass(frozen=True, slots=True)
class ProposedPiece:
    """Changes that stand or fall together; ``fault`` when they cannot be, whatever has been done so far."""

    changes: tuple[ItemChange, ...]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    The pieces of an amendment, none when it changes nothing.

    Args:
        plan: Of the order with all pieces that have no fault; it numbers parts on its own, not as the order's
            plan in force does.
        fields: The order's own fields as they are wanted, if any of them change.
    """

    pieces: tuple[ProposedPiece, ...]
    plan: Plan
    fields: OrderPatch | None = None
