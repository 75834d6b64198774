"""
A wanted change of a submitted order, and a wanted end: what is asked, and how far it has come.

TMF622 has no life cycle for amendments; the states are the hub's own.  A cancel has the states of TMF622's
``CancelProductOrder`` task (``TaskStateType`` of TMF622 v5.0.0).
"""

from __future__ import annotations

from enum import StrEnum

from .base import Canonical, Count, Id, Instant, Text
from .errors import Fault
from .order import Characteristic, ItemPrice, Money, Note, OfferingRef, OrderItem, Place, RelatedParty

__all__ = [
    "SETTLED",
    "Amendment",
    "AmendmentState",
    "CancelScope",
    "CancelTask",
    "ChangeKind",
    "ItemChange",
    "ItemPatch",
    "OrderPatch",
    "Piece",
    "PieceState",
    "Scope",
    "TaskState",
]


class Scope(StrEnum):
    """Whether an amendment says everything again or only what changes."""

    DELTA = "delta"
    WHOLE = "whole"


class CancelScope(StrEnum):
    """All or nothing, or as much as can still be stopped."""

    ALL = "all"
    WHAT_IS_POSSIBLE = "whatIsPossible"


class ItemPatch(Canonical, frozen=True):
    """
    What is to change of one item; what is not given stays.

    Args:
        item: Id of the item, or the sender's own line id of it.
        quantity: The whole new quantity, not the difference.
        product_characteristic: Set to these values; others stay.
        removed_characteristic: Names of characteristics that are taken away.
    """

    item: Id
    product_offering: OfferingRef | None = None
    quantity: Count | None = None
    product_characteristic: tuple[Characteristic, ...] = ()
    removed_characteristic: tuple[Id, ...] = ()
    place: tuple[Place, ...] | None = None
    item_price: tuple[ItemPrice, ...] | None = None
    note: tuple[Note, ...] = ()


class OrderPatch(Canonical, frozen=True):
    """What is to change of the order as a whole; what is not given stays, notes are added."""

    requested_start_date: Instant | None = None
    requested_completion_date: Instant | None = None
    place: tuple[Place, ...] | None = None
    related_party: tuple[RelatedParty, ...] | None = None
    priority: Text | None = None
    note: tuple[Note, ...] = ()


class AmendmentState(StrEnum):
    """How far an amendment has come; the last five are its end."""

    ASSESSING = "assessing"
    AWAITING_CUSTOMER = "awaitingCustomer"
    APPLYING = "applying"
    APPLIED = "applied"
    PARTLY_APPLIED = "partlyApplied"
    REFUSED = "refused"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class PieceState(StrEnum):
    """
    How far one piece of an amendment has come.

    ``UNDOING``: a system refused, and what others had agreed to is changed back.
    """

    ASSESSING = "assessing"
    AWAITING_CUSTOMER = "awaitingCustomer"
    APPLYING = "applying"
    UNDOING = "undoing"
    APPLIED = "applied"
    REFUSED = "refused"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


SETTLED = frozenset({PieceState.APPLIED, PieceState.REFUSED, PieceState.LAPSED, PieceState.WITHDRAWN})
"""States in which nothing more happens to a piece."""


class ChangeKind(StrEnum):
    """What an amendment wants of an item, or (``ORDER``) of the fields of the order as a whole."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    ORDER = "order"


class ItemChange(Canonical, frozen=True):
    """
    What is wanted of one item.

    Args:
        item: Its id; empty for the order as a whole.
        fields: Field paths that change: ``quantity``, ``productOffering``, ``productCharacteristic.color``,
            ``place``…; empty for an item that is added or removed.
        wanted: The item as it is wanted; None for one that is removed, and for the order as a whole.
        line_ref: The capturing endpoint's own line id.
        parent: Id of the bundle that an added item belongs to.
    """

    kind: ChangeKind
    item: Text = ""
    fields: tuple[Id, ...] = ()
    wanted: OrderItem | None = None
    line_ref: Text = ""
    parent: Text = ""


class Piece(Canonical, frozen=True):
    """
    What of an amendment stands or falls together: one item's changes, or those of items tied to each other.

    Args:
        number: 1-based within the amendment; ``question`` names it for whoever has to answer.
        fault: Why it was refused, or what it waits for.
        charge: What the change costs, when something was past its soft point of no return.
        answer_by: Until when a quote stands.
        version: Of the order, in which it is in force.
        follow_on: Id of the draft that was made of what came too late.
    """

    number: int
    changes: tuple[ItemChange, ...]
    state: PieceState
    question: Text = ""
    fault: Fault | None = None
    charge: Money | None = None
    answer_by: Instant | None = None
    version: int | None = None
    follow_on: Text = ""


class Amendment(Canonical, frozen=True):
    """
    One amendment: who wants what, and what has become of each piece.

    Args:
        document: The sender's number of the document that asked for it.
        base: The version of the order that the sender had last seen; None when it did not say.
        fields: The order's own fields as they are wanted, for a piece of kind ``ORDER``.
        waits_for: Ids of earlier amendments that change the same, and come first.
    """

    id: Id
    endpoint: Id
    at: Instant
    state: AmendmentState
    scope: Scope = Scope.DELTA
    document: Text = ""
    base: int | None = None
    atomic: bool = False
    pieces: tuple[Piece, ...] = ()
    fields: OrderPatch | None = None
    fault: Fault | None = None
    waits_for: tuple[Id, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in _ENDED


_ENDED = frozenset(
    {
        AmendmentState.APPLIED,
        AmendmentState.PARTLY_APPLIED,
        AmendmentState.REFUSED,
        AmendmentState.LAPSED,
        AmendmentState.WITHDRAWN,
    }
)


class TaskState(StrEnum):
    """TMF622 v5.0.0 ``TaskStateType``."""

    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "inProgress"
    DONE = "done"
    TERMINATED_WITH_ERROR = "terminatedWithError"


class CancelTask(Canonical, frozen=True):
    """
    A wanted cancel, of the order or of items.

    Args:
        items: Ids of the items; none for the order as a whole.
        fault: Why it was refused, or what of it could not be undone.
        past: Names of the parts that were past their hard point of no return.
        version: Of the order, that it made; None when nothing was cancelled, or the order has ended with it.
    """

    id: Id
    endpoint: Id
    at: Instant
    state: TaskState
    scope: CancelScope = CancelScope.ALL
    items: tuple[Id, ...] = ()
    document: Text = ""
    reason: Text = ""
    fault: Fault | None = None
    past: tuple[Id, ...] = ()
    version: int | None = None
