"""
What billing can do, and what its results mean.
"""

from __future__ import annotations

from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["PROFILE"]

_REFUSED = "E_SYSTEM_REFUSED"
_BOTH = (Verb.DO, Verb.UNDO)

PROFILE = SystemProfile(
    name="billing",
    attachment=Attachment.QUEUE,
    words={
        "00": Meaning(state=State.COMPLETED, answers=_BOTH),
        "05": Meaning(state=State.IN_PROGRESS, answers=_BOTH),  # taken, booked with the next bill run
        "10": Meaning(state=State.PENDING),  # the customer has to give payment details
        # Somebody can unlock or open an account; what billing calls invalid it will never take.
        "20": Meaning(state=State.HELD, code=_REFUSED, answers=_BOTH),  # the account is locked
        "21": Meaning(state=State.HELD, code=_REFUSED, answers=_BOTH),  # no such account
        "30": Meaning(state=State.REJECTED, code=_REFUSED),  # no such tariff
        "31": Meaning(state=State.REJECTED, code=_REFUSED),  # the price is not allowed
        # The bill is out: whoever is owed something gets a credit, which is another order.
        "40": Meaning(state=State.HELD, code="E_TOO_LATE", answers=(Verb.UNDO,), past=True),
        "90": Meaning(state=State.HELD, code="E_SYSTEM_HELD", answers=_BOTH),  # trouble of its own
    },
    reference_type="reference",
    # A ledger is not changed: what was charged is reversed, and charged anew.
    verbs=_BOTH,
    # Booked by batch programs through the night.
    answer_within=12 * 3600,
)
