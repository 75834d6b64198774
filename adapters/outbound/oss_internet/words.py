"""
What internet provisioning can do, and what its words mean.

Source: TMF641 v4.1.0, ``ServiceOrderStateType`` and ``TaskStateType``; three words are our own.
"""

from __future__ import annotations

from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["CHANGED", "PENDING", "PROFILE", "REFUSED", "TOO_LATE", "UNDER_WAY"]

# Not states of TMF641: our words for what stands in no state.
CHANGED = "changed"
"""A service order was changed: the answer to the call, or the event that attributes have other values."""
REFUSED = "refused"
"""An HTTP answer that is an error, or an event that says why a service order was not changed."""
TOO_LATE = "tooLate"
"""A refusal whose code is ``PONR``."""

PENDING = "pending"
"""The state of a service order, or of an item, that waits for the customer."""

UNDER_WAY = frozenset({"accepted", "acknowledged", "inProgress"})
"""States that a service order or a cancel goes through while nothing needs to be told."""

_CHANGES = (Verb.MODIFY, Verb.UNDO)
_ALL = (Verb.DO, *_CHANGES)
_TAKEN = (Verb.DO, Verb.UNDO)

PROFILE = SystemProfile(
    name="oss.internet",
    attachment=Attachment.CALL,
    words={
        "acknowledged": Meaning(state=State.IN_PROGRESS, answers=_TAKEN),
        "inProgress": Meaning(state=State.IN_PROGRESS, answers=_TAKEN),
        "assessingCancellation": Meaning(state=State.IN_PROGRESS),
        "pendingCancellation": Meaning(state=State.IN_PROGRESS),
        PENDING: Meaning(state=State.PENDING),
        "held": Meaning(state=State.HELD, code="E_SYSTEM_HELD"),
        "completed": Meaning(state=State.COMPLETED),
        "rejected": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED"),
        # Nobody of ours asked for these ends: a person decides what comes next.
        "failed": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
        "partial": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
        "cancelled": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
        # States of a cancel, which is a task of its own.
        "accepted": Meaning(state=State.IN_PROGRESS, answers=(Verb.UNDO,)),
        "done": Meaning(state=State.COMPLETED, answers=(Verb.UNDO,)),
        "terminatedWithError": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=(Verb.UNDO,)),
        CHANGED: Meaning(state=State.COMPLETED, answers=(Verb.MODIFY,)),
        REFUSED: Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=_ALL),
        TOO_LATE: Meaning(state=State.HELD, code="E_TOO_LATE", answers=_CHANGES, past=True),
    },
    reference_type="reference",
    verbs=_ALL,
)
