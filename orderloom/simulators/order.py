"""
Generated orders as data: what is in them, what is wrong with them, and what an intake should say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

__all__ = ["GeneratedLine", "GeneratedOrder"]


@dataclass(frozen=True, slots=True)
class GeneratedLine:
    """
    One line.

    Args:
        id: The sender's number of the line.
        offering: Id in the catalogue, as the sender's code means it; empty for a code that nobody knows.
        codes: Qualifier and code pairs as an 850 has them; empty on the web, which uses the ids.
        quantity: As it is written.
        lines: What a bundle holds.
    """

    id: str
    offering: str
    quantity: int = 1
    action: str = "add"
    codes: tuple[tuple[str, str], ...] = ()
    lines: tuple[GeneratedLine, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "id": self.id,
            "offering": self.offering,
            "quantity": self.quantity,
            "action": self.action,
            "codes": [list(pair) for pair in self.codes],
            "lines": [line.as_data() for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class GeneratedOrder:
    """
    One document of one native message.

    Args:
        number: The sender's number of the document (purchase order number, or the portal's order id).
        message: Which message it is in, counted from 0 in the order of dropping; ``position`` in it from 1.
        native: The whole message: documents of one interchange have the same bytes.
        fault: What was done to it, empty for a good one.
        verdict: ``accepted``, ``repeated`` or ``rejected``.
        code: The error code of a rejected one.
        control: ST02 of an 850's set, with ISA13 and GS06 of its envelope: what a 997 speaks of.
    """

    number: str
    endpoint: str
    lines: tuple[GeneratedLine, ...]
    customer: str
    fault: str = ""
    verdict: str = "accepted"
    code: str = ""
    message: int = 0
    position: int = 1
    native: bytes = b""
    control: tuple[str, str, str] = ("", "", "")

    @property
    def channel(self) -> str:
        """The channel that it comes over."""
        return self.endpoint.partition(".")[0]

    def placed(
        self, message: int, position: int, native: bytes, control: tuple[str, str, str]
    ) -> GeneratedOrder:
        """The same order, in its message."""
        return replace(self, message=message, position=position, native=native, control=control)

    def as_data(self) -> dict[str, Any]:
        """
        As plain data, without any expectation.

        ``countsRight`` is false when the set's trailer counts wrongly; it is all that is not in the lines.
        """
        return {
            "number": self.number,
            "endpoint": self.endpoint,
            "message": self.message,
            "position": self.position,
            "customer": self.customer,
            "countsRight": self.fault != "count",
            "lines": [line.as_data() for line in self.lines],
        }
