"""
A second reading of how a line is shown while something is done to it.

Standard library only, plain strings: a step is ``(verb, state, ends)``; ``verb`` is ``""`` when nobody is
told.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["shown"]

Step = tuple[str, str, bool]


def shown(line: str, steps: Iterable[Step]) -> str:
    """
    The state of a line as it is told, from its own and from what is done to it.

    Who waits for a person is held; what is to end is on its way out; what was completed, and is changed, is
    in progress again.  What has ended badly is left as it is.
    """
    every = list(steps)
    bad_end = line in ("failed", "rejected", "cancelled")
    if any(state == "held" for _, state, _ in every):
        return "held"
    if bad_end or not every:
        return line
    if any(ends for _, _, ends in every):
        return "pendingCancellation"
    if any(verb == "undo" for verb, _, _ in every):
        return "inProgress"
    if line == "completed" and any(verb == "modify" for verb, _, _ in every):
        return "inProgress"
    return line
