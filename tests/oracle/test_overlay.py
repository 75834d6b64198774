"""
How lines are shown while they change, against the oracle; and what orders roll up to from that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations_with_replacement, product

from canonical.states import State
from canonical.systems import Verb
from orderloom.correlation.overlay import shown_lines, shown_state
from orderloom.correlation.record import Line, Step, StepState
from tests.oracle.overlay import shown

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OF_LINES = [one for one in State if one not in (State.DRAFT, State.PARTIAL, State.ASSESSING_CANCELLATION)]
STEPS = list(product(("", "modify", "undo"), [one.value for one in StepState], (False, True)))


def line(state: State) -> Line:
    """A line that was sent."""
    return Line(part="crm", item="1", number=1, state=state, since=NOON, sent=True)


def step(verb: str, state: str, *, ends: bool, number: int = 1) -> Step:
    """A step on it."""
    return Step(
        cause="AM1",
        piece=number,
        part="crm",
        item="1",
        state=StepState(state),
        verb=Verb(verb) if verb else None,
        removes=ends,
    )


def test_every_state_under_up_to_two_steps_is_shown_as_the_oracle_says():
    """Nine states, twenty-four kinds of step, none, one or two of them."""
    for state in OF_LINES:
        for count in (0, 1, 2):
            for chosen in combinations_with_replacement(STEPS, count):
                steps = [step(*one[:2], ends=one[2], number=place) for place, one in enumerate(chosen)]

                assert shown(state.value, chosen) == shown_state(line(state), steps).value, (state, chosen)


def test_lines_without_steps_are_the_very_same():
    """An order that nobody changes pays nothing."""
    lines = {("crm", "1"): line(State.IN_PROGRESS)}

    assert lines is shown_lines(lines, ())
