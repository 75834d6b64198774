"""
What billing can do, and what its results mean.
"""

from __future__ import annotations

from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile

__all__ = ["PROFILE"]

_REFUSED = "E_SYSTEM_REFUSED"

PROFILE = SystemProfile(
    name="billing",
    attachment=Attachment.QUEUE,
    words={
        "00": Meaning(state=State.COMPLETED),
        "05": Meaning(state=State.IN_PROGRESS),  # taken, booked with the next bill run
        "10": Meaning(state=State.PENDING),  # the customer has to give payment details
        # Somebody can unlock or open an account; what billing calls invalid it will never take.
        "20": Meaning(state=State.HELD, code=_REFUSED),  # the account is locked
        "21": Meaning(state=State.HELD, code=_REFUSED),  # no such account
        "30": Meaning(state=State.REJECTED, code=_REFUSED),  # no such tariff
        "31": Meaning(state=State.REJECTED, code=_REFUSED),  # the price is not allowed
        "90": Meaning(state=State.HELD, code="E_SYSTEM_HELD"),  # trouble of its own
    },
    reference_type="reference",
    # Booked by batch programs through the night.
    answer_within=12 * 3600,
)
