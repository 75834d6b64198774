"""
How lines look while something is done to them: what is in force runs on beneath.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from canonical.states import State
from canonical.systems import Verb

from .record import Line, Step, StepState
from .waits import Lines

__all__ = ["shown_lines", "shown_state"]


def shown_lines(lines: Lines, steps: Iterable[Step]) -> Lines:
    """The lines with the states that steps give them; the very same mapping when there are none."""
    by_line: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        if step.line in lines:
            by_line.setdefault(step.line, []).append(step)
    if not by_line:
        return lines
    changed = {key: _shown(lines[key], found) for key, found in by_line.items()}
    return {**lines, **changed}


def shown_state(line: Line, steps: Iterable[Step]) -> State:
    """The state of one line as it is told."""
    own: Mapping[tuple[str, str], Line] = {line.key: line}
    return shown_lines(own, steps)[line.key].state


def _shown(line: Line, steps: Iterable[Step]) -> Line:
    states = {_state(line, step) for step in steps}
    for state in (State.HELD, State.PENDING_CANCELLATION, State.IN_PROGRESS):
        if state in states:
            return msgspec.structs.replace(line, state=state)
    return line


def _state(line: Line, step: Step) -> State | None:
    """The state that one step gives a line; None when it leaves it as it is."""
    if step.state is StepState.HELD:
        return State.HELD
    if line.state.terminal and line.state is not State.COMPLETED:
        return None
    if step.removes:
        return State.PENDING_CANCELLATION
    if step.verb is Verb.UNDO or (step.verb is Verb.MODIFY and line.state is State.COMPLETED):
        return State.IN_PROGRESS
    return None
