"""
Whose a held line is, and what is to be done: by its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = ["Advice", "advice"]

_HUB: Final = "hub"


class Advice(NamedTuple):
    """
    Args:
        owner: The system whose owner is to be asked, or ``hub``: whoever looks after rules and adapters.
    """

    owner: str
    do: str


_OF_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "E_NO_ANSWER": "ask whether it has the work; retry, or complete",
        "E_AMBIGUOUS_REPLY": "ask which instruction its parked reply answers; retry, or complete",
        "E_SYSTEM_DOWN": "see that it is up; it goes on by itself then",
        "E_CALL_FAILED": "see that it is up; retry",
        "E_SYSTEM_REFUSED": "mend what it refuses, here (edit) or there; retry",
        "E_SYSTEM_HELD": "it goes on by itself; if not, complete or cancel",
        "E_CONTRADICTION": "ask which of its words is true; complete or cancel",
        "E_BY_HAND": "have it taken back there; complete",
        "E_NOT_UNDONE": "taken out there by hand: cancel; the customer keeps it: complete",
        "E_SKIPPED": "nothing",
    }
)


def advice(code: str, system: str) -> Advice:
    """Whose it is and what to do; a code that no system brings about is the hub's."""
    if code in _OF_SYSTEMS:
        return Advice(system, _OF_SYSTEMS[code])
    if code == "E_REDIRECT":
        return Advice(_HUB, f"set the final url of {system}; retry")
    return Advice(_HUB, "edit the item, or mend rules or adapter; retry")
