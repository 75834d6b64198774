"""
What is wrong with a system's profile, in words.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import CODES
from canonical.states import State
from canonical.systems import Meaning, SystemProfile, Verb

__all__ = ["unsound"]

_REFUSED = frozenset({State.HELD, State.REJECTED})
# Of a change a word says that it was made, that it will be, or that it was refused.
_OF_A_CHANGE = frozenset({State.COMPLETED, State.IN_PROGRESS, *_REFUSED})
_CHANGES = frozenset({Verb.MODIFY, Verb.UNDO})


def unsound(profile: SystemProfile) -> tuple[str, ...]:
    """
    Each fault: a verb that no word can say is done, a refusal without a code, a milestone or a code that is
    none, a word for what the system is never told, or one that says of a change what cannot be said of it.
    """
    words = profile.words
    done = {verb for one in words.values() if one.state is State.COMPLETED for verb in one.answers}
    undone = (f"no word says that {verb.value} is done" for verb in profile.verbs if verb not in done)
    return (*undone, *(f"{name}: {what}" for name, one in words.items() for what in _faults(one, profile)))


def _faults(word: Meaning, profile: SystemProfile) -> Iterator[str]:
    refuses, of_a_change = word.state in _REFUSED, bool(_CHANGES.intersection(word.answers))
    if word.code and word.code not in CODES:
        yield f"there is no code {word.code}"
    if refuses and not word.code:
        yield "it refuses, and has no code"
    if word.milestone and word.milestone not in profile.milestones:
        yield f"{word.milestone} is no milestone of the profile"
    if not set(word.answers) <= set(profile.verbs):
        yield "it answers what the system is never told"
    if of_a_change and word.state not in _OF_A_CHANGE:
        yield f"no change becomes {word.state.value}"
    if word.past and not (refuses and of_a_change):
        yield "only a change that is refused can come too late"
