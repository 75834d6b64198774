"""
One thing told to one system about one part of one order, under a deterministic key.
"""

from __future__ import annotations

from collections.abc import Mapping

from .base import Canonical, Id, Instant, Text
from .order import ExternalId, OrderItem, Place, RelatedParty
from .systems import Verb

__all__ = ["Instruction", "InstructionLine"]


class InstructionLine(Canonical, frozen=True):
    """
    One line of the part.

    Args:
        number: 1-based, stable over revisions.
        item: As it is wanted; for ``undo`` as the system has it.
        was: For ``modify``, the item as the system has it.
    """

    number: int
    item: OrderItem
    was: OrderItem | None = None


class Instruction(Canonical, frozen=True):
    """
    What a system is to do.

    Args:
        key: Same order, part, verb and revision: same key, for ever.  The Idempotency-Key of calls.
        reference: Short id for formats with narrow fields (at most 22 characters), unique at the system.
        part: Name of the part; ``position`` is ``"2/4"`` for people.
        lines: What to do, for which items.
        inputs: Values that earlier parts answered (``crm.accountId``).
        external_id: The ids the channels know the order by, such as the purchase order number.
        undoes: Key of the instruction that an ``undo`` takes back or a ``modify`` changes.
    """

    key: Id
    reference: Id
    order_id: Id
    order_version: int
    system: Id
    part: Id
    position: Id
    verb: Verb
    revision: int
    lines: tuple[InstructionLine, ...]
    created: Instant
    related_party: tuple[RelatedParty, ...] = ()
    place: tuple[Place, ...] = ()
    external_id: tuple[ExternalId, ...] = ()
    requested_completion_date: Instant | None = None
    priority: Text = ""
    inputs: Mapping[str, str] = {}
    undoes: Text = ""
