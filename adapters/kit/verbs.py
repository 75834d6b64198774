"""
What an instruction may ask of a system, and what one that changes an earlier one must name.
"""

from __future__ import annotations

from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.systems import SystemProfile, Verb

__all__ = ["earlier"]


def earlier(instruction: Instruction, profile: SystemProfile) -> str:
    """
    Key of the instruction that this one changes or takes back; empty for ``do``.

    Raises:
        Rejected: ``E_UNCHANGEABLE`` for a verb that the system does not have; ``E_KEY_MISSING`` when nothing
            is named.
    """
    verb = instruction.verb
    if verb not in profile.verbs:
        allowed = ", ".join(one.value for one in profile.verbs)
        raise Rejected("E_UNCHANGEABLE", f"{profile.name} cannot {verb.value}", "verb", allowed)
    if verb is Verb.DO:
        return ""
    if not instruction.undoes:
        what = f"nothing says what to {verb.value}"
        raise Rejected("E_KEY_MISSING", what, "undoes", "the key of an earlier instruction")
    return instruction.undoes
