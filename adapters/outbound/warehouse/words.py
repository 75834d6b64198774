"""
What the warehouse can do, and what its words mean.

Source: X12 release 004010, code list 368 (W1201); ``NS`` is the warehouse's own use.
"""

from __future__ import annotations

from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile

__all__ = ["PROFILE"]

_SHIPPED = "shipped"

_DONE = Meaning(state=State.COMPLETED, milestone=_SHIPPED)
# A shortage is ours to mend: the rest ships later, or somebody decides.
_SHORT = Meaning(state=State.HELD, code="E_SYSTEM_HELD")
_NEVER = Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED")

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
    },
    reference_type="depositorOrder",
    # Goods leave once a day; nobody asks before.
    answer_within=24 * 3600,
    milestones=(_SHIPPED,),
    # AK102 of a 997 is our GS06.
    receipt_counter="group",
)
