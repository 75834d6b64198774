"""
By which ids systems know what they are told: key and reference of an instruction, each an alias of the order;
and what the hub calls the time that they have to answer.
"""

from __future__ import annotations

from canonical.keys import instruction_key, instruction_reference
from canonical.plan import PartPlan
from canonical.systems import SystemProfile, Verb

from .record import Alias

__all__ = ["answer_timer", "first_names", "names"]


def names(part: PartPlan, profile: SystemProfile, key: str, reference: str) -> tuple[Alias, Alias]:
    """The aliases of an instruction to a part's system."""
    return (
        Alias(owner=part.system, type="key", value=key, part=part.name),
        Alias(owner=part.system, type=profile.reference_type, value=reference, part=part.name),
    )


def first_names(order_id: str, part: PartPlan, profile: SystemProfile) -> tuple[Alias, Alias]:
    """Those of the first instruction of a part: known before it is sent, for an answer may come earlier."""
    key = instruction_key(order_id, part.name, Verb.DO, 0)
    return names(part, profile, key, instruction_reference(order_id, part.number, 0))


def answer_timer(key: str) -> str:
    """Name of the timer that waits for the answer to an instruction."""
    return f"answer-by|{key}"
