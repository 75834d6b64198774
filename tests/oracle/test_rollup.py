"""
The hub's roll-up table against the oracle's, over every set of states with causes.
"""

from __future__ import annotations

from itertools import combinations, product

import pytest

from canonical.rollup import Child, Rolled, roll_up
from canonical.states import CancelStage, Cause, State
from tests.oracle.rollup import ENDS, VALUES, Parent, rolled

EVERY_SET = range(1, 1 << len(VALUES))
CANCEL = {"": None, "assessing": CancelStage.ASSESSING, "accepted": CancelStage.ACCEPTED}
WAITS = ("", "pending", "held")


def child(state: str, cause: str = "", waits_on: str = "") -> Child:
    """A child in the hub's own types."""
    return Child(State(state), Cause(cause) if cause else None, State(waits_on) if waits_on else None)


def plain(parent: Rolled) -> Parent:
    """The hub's answer in the oracle's words."""
    return (parent.state.value, parent.cause.value if parent.cause else "")


CHILDREN = tuple(child(*value) for value in VALUES)


def members(mask: int) -> list[int]:
    """Which of the values a set holds."""
    return [place for place in range(len(VALUES)) if mask >> place & 1]


def hub(mask: int) -> Rolled:
    """The hub's answer for one set."""
    return roll_up(CHILDREN[place] for place in members(mask))


@pytest.fixture(scope="module")
def answers() -> dict[int, Rolled]:
    """The hub's answer for each of the 4,095 sets."""
    return {mask: hub(mask) for mask in EVERY_SET}


def test_every_set_of_states_rolls_up_as_the_oracle_says(answers):
    """All 4,095 non-empty sets of the twelve states with causes have the state that the oracle computes."""
    expected = {mask: rolled((*VALUES[place], "") for place in members(mask)) for mask in EVERY_SET}

    assert expected == {mask: plain(answer) for mask, answer in answers.items()}
    assert 4095 == len(answers)


def test_no_children_is_a_draft():
    """An order that has no children yet was not submitted."""
    assert rolled([]) == plain(roll_up([]))
    assert "draft" == roll_up([]).state


@pytest.mark.parametrize("value", VALUES, ids=lambda value: "/".join(filter(None, value)))
def test_a_single_child_is_its_parent(value):
    """A parent with one child is in the child's state, for the child's cause."""
    assert value == plain(roll_up([child(*value)]))


def test_a_parent_has_ended_exactly_when_every_child_has(answers):
    """Terminal exactly when all children are."""
    for mask, answer in answers.items():
        ended = all(VALUES[place][0] in ENDS for place in members(mask))

        assert ended == answer.state.terminal, members(mask)


def test_the_number_of_equal_children_does_not_matter(answers):
    """A set is all that counts: each child twice, in the other order, changes nothing."""
    for mask, answer in answers.items():
        twice = [CHILDREN[place] for place in reversed(members(mask))] * 2

        assert answer == roll_up(twice)


def test_nesting_in_two_groups_never_changes_the_answer(answers):
    """However a set is split in two, rolling up the two and then the results is rolling up all at once."""
    of_two = {
        (one, two): roll_up([Child(one.state, one.cause), Child(two.state, two.cause)])
        for one, two in product(set(answers.values()), repeat=2)
    }
    for mask, answer in answers.items():
        part = (mask - 1) & mask
        while part > mask - part:  # each split once
            assert answer == of_two[answers[part], answers[mask - part]], (
                members(part),
                members(mask - part),
            )
            part = (part - 1) & mask


def test_nesting_with_shared_states_never_changes_the_answer(answers):
    """
    A group beside one more child is the set with that child, also when the group has its like.

    With the associativity of the next test this proves every nesting, of any depth and any overlap.
    """
    for mask, answer in answers.items():
        for place, single in enumerate(CHILDREN):
            nested = roll_up([Child(answer.state, answer.cause), single])

            assert answers[mask | 1 << place] == nested, (members(mask), place)


def test_three_children_may_be_grouped_either_way():
    """The first two and then the third, or the last two and then the first: the same."""
    for one, two, three in product(CHILDREN, repeat=3):
        left = roll_up([one, two])
        right = roll_up([two, three])

        assert roll_up([Child(left.state, left.cause), three]) == roll_up(
            [one, Child(right.state, right.cause)]
        ), (one, two, three)


@pytest.mark.parametrize("cancel", ["assessing", "accepted"])
def test_a_cancel_of_the_level_shows_while_anything_is_open(cancel):
    """A running cancel decides the state of every set that has not ended, and of no other."""
    for mask in EVERY_SET:
        places = members(mask)
        expected = rolled(((*VALUES[place], "") for place in places), cancel)

        assert expected == plain(roll_up((CHILDREN[place] for place in places), CANCEL[cancel])), places


def test_an_unsent_child_that_waits_counts_as_what_it_waits_on():
    """Every set of up to three children, each waiting on nobody, on the customer or on us."""
    waiting = [(*value, on) for value in VALUES for on in WAITS]
    for first, second, third in product(waiting, repeat=3):
        children = (first, second, third)

        assert rolled(children) == plain(roll_up(child(*one) for one in children)), children


def test_waiting_is_seen_at_every_level():
    """What waits on a held line is held, and stays so beside the line it waits on, one level up too."""
    waits = child("acknowledged", waits_on="held")
    held = child("held")

    assert "held" == roll_up([waits, held]).state
    assert "held" == roll_up([child(roll_up([waits]).state), child(roll_up([held]).state)]).state
    assert "pending" == roll_up([waits, child("pending")]).state


def test_nesting_holds_with_waiting_children_too_when_what_they_wait_on_is_among_them():
    """
    Every set of up to five, with unsent children that wait on a held or pending one of the same set.

    Without the one they wait on it does not hold, and need not: ``{waits on held, acknowledged}`` is
    acknowledged, yet in two groups ``{held}`` and ``{acknowledged}`` are in progress.  An order holds
    every line that its lines wait on.
    """
    values = [(*value, "") for value in VALUES] + [("acknowledged", "", on) for on in WAITS[1:]]
    for size in range(2, 6):
        for chosen in combinations(values, size):
            if {on for _, _, on in chosen if on} <= {state for state, _, _ in chosen}:
                check_every_split([child(*one) for one in chosen])


def check_every_split(children: list[Child]) -> None:
    """Rolling up two groups, then the results, is rolling up all."""
    whole = roll_up(children)
    for mask in range(1, (1 << len(children)) - 1):
        groups = (
            [one for place, one in enumerate(children) if (mask >> place & 1) == side] for side in (0, 1)
        )
        nested = roll_up(Child(rolled.state, rolled.cause) for rolled in map(roll_up, groups))

        assert whole == nested, (children, mask)


def test_a_sent_child_waits_on_nobody():
    """Waiting is a matter of unsent lines: once at work, a line is in progress."""
    assert "inProgress" == roll_up([child("inProgress", waits_on="held"), child("held")]).state
