"""
What the warehouse can do, and what its words mean.

Source: X12 release 004010, code lists 368 (W1201), 110 (OTI01) and 647 (TED01); ``NS`` is the warehouse's own
use.
"""

from __future__ import annotations

from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["PROFILE", "TOO_LATE"]

TOO_LATE = "TR/814"
"""OTI01 and TED01 of a refusal that speaks of the time: the goods have left, or are being loaded."""

_SHIPPED = "shipped"

_DONE = Meaning(state=State.COMPLETED, milestone=_SHIPPED)
# A shortage is ours to mend: the rest ships later, or somebody decides.
_SHORT = Meaning(state=State.HELD, code="E_SYSTEM_HELD")
_NEVER = Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED")
_CHANGES = (Verb.MODIFY, Verb.UNDO)

PROFILE = SystemProfile(
    name="warehouse",
    attachment=Attachment.QUEUE,
    words={
        "CC": _DONE,  # shipment complete
        "CM": _DONE,  # complete with additional quantity
        "CL": _DONE,  # complete
        "BP": _SHORT,  # partial, the rest to follow
        "BK": _SHORT,  # back ordered
        "BO": _SHORT,
        "CP": _SHORT,  # partial, and nothing to follow
        "DS": _SHORT,  # out of stock
        "IN": Meaning(state=State.IN_PROGRESS),  # in process
        "NS": _NEVER,  # not shipped: no longer in the assortment
        "DI": _NEVER,  # discontinued
        # W0601, for an advice without lines: full, partial.
        "F": _DONE,
        "P": _SHORT,
        # OTI01 of an 824: a 940 was taken, or was not.  That a new one was taken is not yet a shipment.
        "TA": Meaning(state=State.COMPLETED, answers=_CHANGES),
        "TR": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=(Verb.DO, *_CHANGES)),
        TOO_LATE: Meaning(state=State.HELD, code="E_TOO_LATE", answers=_CHANGES, past=True),
    },
    verbs=(Verb.DO, *_CHANGES),
    reference_type="depositorOrder",
    # Goods leave once a day; nobody asks before.
    answer_within=24 * 3600,
    milestones=(_SHIPPED,),
    # AK102 of a 997 is our GS06.
    receipt_counter="group",
)
