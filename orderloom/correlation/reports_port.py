"""
The part of the store port that people's questions are answered from: no lock, each its own snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["HeldLine", "Reports"]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """
    A line that waits for a person, or whose change does.

    Args:
        number: The order's number at the endpoint that captured it; empty when it gave none.
        verb: What is held: ``modify`` or ``undo`` of the line; empty when it is the line itself.
        since: When the line came into its state.
    """

    order_id: str
    number: str
    endpoint: str
    part: str
    system: str
    item: str
    verb: str
    code: str
    reason: str
    since: datetime


class Reports(Protocol):
    """What is read for people over all orders."""

    def held_lines(
        self, *, code: str = "", system: str = "", held_by: datetime | None = None, limit: int | None = None
    ) -> Sequence[HeldLine]:
        """
        Held lines, the longest held first.

        Args:
            code, system: Only these; empty means all.
            held_by: Only those held since then or longer.
        """
        ...
