"""
What an endpoint is told: verdicts on what it sent, and notices of what became of its orders.
"""

from __future__ import annotations

from enum import StrEnum

from .amendments import Amendment, CancelTask
from .base import Canonical, Id, Instant, Text
from .commands import Origin
from .conversation import ConversationView, Recommendation
from .errors import Fault
from .order import Order

__all__ = ["Intake", "Notice", "NoticeKind", "Outcome", "Verdict"]


class NoticeKind(StrEnum):
    """The seven kinds a profile chooses from; ``STATUS`` answers AskStatus and is never sent unasked."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    INFORMATION_REQUIRED = "information-required"
    DELAYED = "delayed"
    SHIPPED = "shipped"
    CHANGED = "changed"
    ENDED = "ended"
    STATUS = "status"


class Notice(Canonical, frozen=True):
    """
    One thing told to one endpoint.

    Args:
        kind: At most one of each kind for one order version.
        endpoint: Who is told.
        order: The order as it is now.  None when a document was refused before it became an order,
            and when an asker may not know whether the order exists.
        origin: The document that is answered, for ``rejected`` and ``status``.
        fault: Why, for ``rejected``, and for a ``status`` that cannot be given.
        asked: The id under which the asker named the order, for ``status``.
        document: The number under which this endpoint knows the order (its purchase order number).
        amendment: The amendment that is answered (``changed``: it is settled, piece by piece), or that waits
            for an answer (``information-required``: the pieces with a ``question``); what a system asks or
            offers is told as one, whose ``part`` says so.
        cancel: The cancel that is answered, with ``changed``.
        conversation: The answer to Resume, with ``status``; ``order`` is then its draft, or its newest order.
        recommendation: What is to be proposed to the customer before the order goes on, which is kept as a
            draft meanwhile; with ``information-required``, to be answered by its id.
    """

    kind: NoticeKind
    endpoint: Id
    at: Instant
    order: Order | None = None
    origin: Origin | None = None
    fault: Fault | None = None
    asked: Text = ""
    document: Text = ""
    reason: Text = ""
    amendment: Amendment | None = None
    cancel: CancelTask | None = None
    conversation: ConversationView | None = None
    recommendation: Recommendation | None = None


class Outcome(StrEnum):
    """What became of one document."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REJECTED = "rejected"
    PARKED = "parked"


class Verdict(Canonical, frozen=True):
    """
    What became of one document of an intake.

    ``order_id`` is there for accepted and repeated submissions, and so is ``order`` unless there are too many
    of them to be held at once (a large file); ``fault`` for rejected and parked ones.  ``token`` resumes the
    conversation of a draft or an order, once, wherever the customer shows it; it is never kept.
    """

    origin: Origin
    outcome: Outcome
    order: Order | None = None
    fault: Fault | None = None
    order_id: Text = ""
    token: Text = ""


class Intake(Canonical, frozen=True):
    """
    One native message taken in, with the verdicts on all its documents, to be acknowledged once.

    Args:
        replayed: It was parked before and has come again; only verdicts that are new are listed.
    """

    endpoint: Id
    channel: Id
    envelope: Text
    verdicts: tuple[Verdict, ...]
    message_id: Text = ""
    replayed: bool = False
