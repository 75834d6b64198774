"""
The states of orders, items, parts and lines: TMF622 v5's words and no others.

Source: TMF622 Product Ordering v5.0.0, ``ProductOrderStateType`` (the ``inProgress.accepted``
refinement is not used: an accepted order is ``acknowledged`` until its first line is sent).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["TERMINAL", "WAITING", "Action", "CancelStage", "Cause", "State"]


class State(StrEnum):
    """A TMF622 state.  A line is never ``draft`` nor ``partial``."""

    DRAFT = "draft"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "inProgress"
    PENDING = "pending"
    HELD = "held"
    ASSESSING_CANCELLATION = "assessingCancellation"
    PENDING_CANCELLATION = "pendingCancellation"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen at this level."""
        return self in TERMINAL


class Cause(StrEnum):
    """Why something was cancelled: the customer wished it, or other work of the order was lost."""

    CUSTOMER = "customer"
    FALLOUT = "fallout"


class CancelStage(StrEnum):
    """How far a cancel of one level has come."""

    ASSESSING = "assessing"
    ACCEPTED = "accepted"


class Action(StrEnum):
    """What an item asks for (TMF622 ``OrderItemActionType``)."""

    ADD = "add"
    MODIFY = "modify"
    DELETE = "delete"
    NO_CHANGE = "noChange"


TERMINAL = frozenset({State.COMPLETED, State.PARTIAL, State.FAILED, State.REJECTED, State.CANCELLED})

# Waits for the customer, waits for the provider.
WAITING = frozenset({State.PENDING, State.HELD})
