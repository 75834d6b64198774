"""
What holds for every order, plan and sequence of replies and timers, looked for by hypothesis.

The states are computed a second time from the lines alone, by the oracle's roll-up and a reading of
the plan of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from canonical.notices import NoticeKind
from canonical.order import OrderItem, every_item
from canonical.plan import PartPlan
from canonical.states import Action, State
from orderloom.correlation.fold import fold_timer
from orderloom.correlation.record import Record
from tests.correlation.build import ENDPOINT, WORDS, Story, item, order_of, part
from tests.oracle.rollup import rolled

SYSTEMS = ("crm", "net", "tv", "store", "bill")
FINAL = ("done", "no")
MANY = 5


@st.composite
def items_of(draw) -> tuple[OrderItem, ...]:
    """One to four items; some are bundles, some are kept as they are."""
    made = []
    for name in range(1, draw(st.integers(1, 4)) + 1):
        nested = [item(f"{name}.{one}") for one in range(1, draw(st.integers(0, 2)) + 1)]
        kept = not nested and name > 1 and draw(st.booleans())
        made.append(item(str(name), *nested, action=Action.NO_CHANGE if kept else Action.ADD))
    return tuple(made)


@st.composite
def parts_of(draw, items: tuple[OrderItem, ...], *, optional: bool = True) -> tuple[PartPlan, ...]:
    """Up to five parts, each after some of those before it, that together serve all work of the order."""
    work = [
        one.id
        for one in every_item(items)
        if not one.product_order_item and one.action is not Action.NO_CHANGE
    ]
    made: list[PartPlan] = []
    for name in SYSTEMS[: draw(st.integers(1, MANY))]:
        served = draw(st.lists(st.sampled_from(work), min_size=1, unique=True)) if made else work
        after = draw(st.lists(st.sampled_from([one.name for one in made]), unique=True)) if made else []
        may = optional and bool(made) and draw(st.booleans())
        made.append(part(name, sorted(served), *after, optional=may))
    return tuple(made)


@st.composite
def stories(draw) -> Story:
    """An accepted order and up to twenty acts: replies by part or by line, timers; in time or not."""
    items = draw(items_of())
    story = Story(order_of(*items), *draw(parts_of(items)))
    for act in draw(st.lists(ACTS, max_size=20)):
        act(story)
    return story


def about_a_part(place: int, word: str) -> Callable[[Story], None]:
    """A word about a whole part."""
    return lambda story: story.says(planned(story.record, place).name, word) and None


def about_a_line(place: int, line: int, word: str) -> Callable[[Story], None]:
    """A word about one line."""

    def act(story: Story) -> None:
        said = planned(story.record, place)
        story.says(said.name, **{f"line_{line % len(said.items) + 1}": word})

    return act


def fire(place: int) -> Callable[[Story], None]:
    """One of the timers that were ever set comes due, old ones too."""

    def act(story: Story) -> None:
        timers = [timer for one in story.acts for timer in one.timers]
        if timers:
            timer = timers[place % len(timers)]
            story.now = max(story.now + timedelta(minutes=1), timer.due)
            story.took(fold_timer(story.record, timer, story.world, story.now))

    return act


WORD = st.sampled_from(sorted(WORDS))
ACTS = st.one_of(
    st.builds(about_a_part, st.integers(0, 4), WORD),
    st.builds(about_a_line, st.integers(0, 4), st.integers(0, 3), WORD),
    st.builds(fire, st.integers(0, 40)),
)


def planned(record: Record, place: int) -> PartPlan:
    """One of the parts."""
    return record.plan.parts[place % len(record.plan.parts)]


# The second computation: from lines and plan to the state of the order.


def recomputed(record: Record) -> tuple[str, dict[str, str]]:
    """The states that order and items must have, from lines, plan and what the items ask for alone."""
    found: dict[str, str] = {}
    children = [
        known
        for one in record.order.product_order_item
        if (known := recomputed_item(one, record, found)) is not None
    ]
    state, _ = (
        rolled([(*one, "") if len(one) == 2 else one for one in children]) if children else ("completed", "")
    )
    return state, found


def recomputed_item(one: OrderItem, record: Record, found: dict[str, str]) -> tuple[str, str] | None:
    """State and cause of one item; None when nothing of it counts."""
    nested = [recomputed_item(inner, record, found) for inner in one.product_order_item]
    children = [child_of(line, record) for line in record.lines if line.item == one.id]
    children += [(*inner, "") for inner in nested if inner is not None]
    if not children:
        return None
    found[one.id], cause = rolled(children)
    return found[one.id], cause


def child_of(line, record: Record) -> tuple[str, str, str]:
    """A line as the roll-up table sees it: state, cause, and what it waits on."""
    state = line.state.value
    if record.part(line.part).optional and state in ("failed", "rejected", "cancelled"):
        return ("completed", "", "")
    waits_on = waits(line.part, record) if state == "acknowledged" else set()
    worst = "pending" if "pending" in waits_on else ("held" if "held" in waits_on else "")
    return (state, line.cause.value if line.cause else "", worst)


def waits(name: str, record: Record) -> set[str]:
    """Every state that an unsent part waits on, through as many parts as there are between."""
    states = {line.state.value for line in before(name, record)}
    for line in before(name, record):
        if line.state.value == "acknowledged":
            states |= waits(line.part, record)
    return states


def before(name: str, record: Record) -> Iterator:
    """The lines that an unsent part must see done: of its own items, or all of a part without any of them."""
    own = [line.item for line in record.lines_of(name) if line.state is State.ACKNOWLEDGED]
    for earlier in record.part(name).after:
        theirs = record.part(earlier).items
        apart = not set(theirs) & set(record.part(name).items)
        yield from (line for line in record.lines_of(earlier) if apart or line.item in own)


@given(stories())
def test_the_order_is_the_roll_up_of_its_lines(story):
    """After every act: order and items, bundles too, have the state that their lines give them."""
    for act in story.acts:
        state, items = recomputed(act.record)
        shown = {
            one.id: one.state.value for one in every_item(act.record.order.product_order_item) if one.state
        }

        assert state == act.record.order.state
        assert items == {name: shown[name] for name in items}


@given(stories())
def test_an_order_that_has_ended_does_not_move(story):
    """The first act that ends the order is the last that changes its document or its lines."""
    for earlier, later in pairwise(story.acts):
        if earlier.record.order.state.terminal:
            assert earlier.record.order == later.record.order
            assert earlier.record.lines == later.record.lines
            assert ((), (), ()) == (later.dispatches, later.notices, later.announcements)


@given(stories())
def test_a_line_that_has_ended_does_not_move(story):
    """Nor does any of its lines, while the rest goes on."""
    for earlier, later in pairwise(story.acts):
        ended = {line for line in earlier.record.lines if line.state.terminal}

        assert ended <= set(later.record.lines)


@given(stories())
def test_each_part_is_sent_once_and_asked_again_at_most_once(story):
    """One first attempt for each part, one second, each under the one key of the part."""
    sent = [(one.instruction.part, one.attempt) for act in story.acts for one in act.dispatches]
    keys = {(one.instruction.part, one.instruction.key) for act in story.acts for one in act.dispatches}

    assert len(set(sent)) == len(sent)
    assert {1, 2} >= {attempt for _, attempt in sent}
    assert len({name for name, _ in keys}) == len(keys)


@given(stories())
def test_nothing_is_sent_before_what_it_waits_for_is_good(story):
    """Every line of an instruction has each of its predecessors completed, or ended and optional."""
    for act in story.acts:
        for dispatch in act.dispatches:
            told = {line.item.id for line in dispatch.instruction.lines}
            for earlier in act.record.part(dispatch.instruction.part).after:
                theirs = act.record.part(earlier)
                apart = not set(theirs.items) & set(act.record.part(dispatch.instruction.part).items)
                awaited = [one for one in act.record.lines_of(earlier) if apart or one.item in told]

                assert all(
                    one.state is State.COMPLETED or (theirs.optional and one.state.terminal)
                    for one in awaited
                )


@given(stories())
def test_nothing_waits_in_vain(story):
    """A line that is unsent and open has nothing lost before it, and is not ready to be sent."""
    for act in story.acts:
        for line in act.record.lines:
            if line.sent or line.state.terminal:
                continue
            awaited = list(before(line.part, act.record))

            assert not any(
                one.state.terminal
                and one.state is not State.COMPLETED
                and not act.record.part(one.part).optional
                for one in awaited
                if one.item == line.item
            )


@given(stories())
def test_a_kind_of_notice_is_told_again_only_when_it_is_news(story):
    """
    One notice of each kind for a version, and for a question and its end; another of being held or pending
    when told otherwise since.
    """
    told = [(one.endpoint, one.kind, one.version, one.state, one.about) for one in story.record.told]
    of_state = {NoticeKind.DELAYED, NoticeKind.INFORMATION_REQUIRED}
    others = [one for one in told if one[1] not in of_state]

    assert len(set(others)) == len(others)
    assert all(earlier != later for earlier, later in pairwise(told))
    assert len(story.told()) == len(told)


@given(stories())
def test_the_last_notice_shows_how_the_order_ended(story):
    """Whoever reads only the last notice knows the end."""
    if story.state.terminal:
        assert ("ended", story.state) == story.told()[-1]
        assert (ENDPOINT, story.state) == (story.record.told[-1].endpoint, story.record.told[-1].state)


@given(stories())
def test_whoever_is_waited_for_was_told_so(story):
    """An order that is held or pending has told it, and nothing else since."""
    if story.state in {State.HELD, State.PENDING}:
        assert story.state is story.record.told[-1].state


@given(stories())
def test_every_status_announcement_says_something_new(story):
    """Each differs from the one before it, in the state of the order or of an item."""
    said = [
        (one.order.state, [(inner.id, inner.state) for inner in every_item(one.order.product_order_item)])
        for act in story.acts
        for one in act.announcements
        if one.exchange == "status"
    ]

    assert all(earlier != later for earlier, later in pairwise(said))


@given(stories())
def test_the_last_announcement_shows_the_order_as_it_is(story):
    """Whoever follows `status` has the states of the store."""
    last = [one.order for act in story.acts for one in act.announcements][-1]

    assert (story.state, [(one.id, one.state) for one in every_item(story.order.product_order_item)]) == (
        last.state,
        [(one.id, one.state) for one in every_item(last.product_order_item)],
    )


@given(stories())
def test_progress_counts_what_is_done(story):
    """Lines that are done, or were optional and ended badly, of all lines that are not cancelled."""
    current = [line for line in story.record.lines if line.state is not State.CANCELLED]
    done = [
        line
        for line in current
        if line.state is State.COMPLETED or (line.state.terminal and story.record.part(line.part).optional)
    ]

    assert (len(done), len(current)) == (story.order.progress.done, story.order.progress.total)


@given(stories())
def test_timers_set_and_cleared_in_one_step_are_different_ones(story):
    """So that it does not matter which of the two is written first."""
    for act in story.acts:
        assert set() == {timer.key for timer in act.timers} & set(act.cleared)


@given(stories())
def test_whoever_works_is_waited_for(story):
    """Every sent line in progress has a timer that is still set: silence is always noticed."""
    due: set[str] = set()
    for act in story.acts:
        due |= {timer.key for timer in act.timers}
        due -= set(act.cleared)
        keys = {one.part: one.key for one in act.record.instructions}

        assert {f"answer-by|{keys[line.part]}" for line in working(act.record)} <= due


def working(record: Record) -> list:
    """The lines that were sent and are in progress."""
    return [line for line in record.lines if line.sent and line.state is State.IN_PROGRESS]


@st.composite
def outcomes(draw) -> tuple[Story, list[tuple[str, dict[str, str]]]]:
    """
    An order and the final replies that its systems give, none of which contradicts another.

    A system answers for the lines it is sent, when all before it have answered; for the rest it has no word.
    """
    items = draw(items_of())
    parts = draw(parts_of(items, optional=False))
    story = Story(order_of(*items), *parts)
    replies: list[tuple[str, dict[str, str]]] = []
    while open_lines := working(story.record):
        name = open_lines[0].part
        words = {
            f"line_{line.number}": draw(st.sampled_from(FINAL)) for line in open_lines if line.part == name
        }
        grouped = draw(st.booleans())
        replies += [(name, words)] if grouped else [(name, {line: word}) for line, word in words.items()]
        story.says(name, **words)
    return story, replies


@given(outcomes(), st.data())
def test_final_replies_may_come_in_any_order_and_any_number_of_times(outcome, data):
    """Early, late or twice: lines, items and the order end as they would have in order."""
    expected, replies = outcome
    shuffled = data.draw(st.permutations(replies + data.draw(st.lists(st.sampled_from(replies)))))
    story = Story(expected.acts[0].record.order, *expected.record.plan.parts)
    for name, words in shuffled:
        story.says(name, **words)

    assert expected.lines() == story.lines()
    assert expected.items() == story.items()
    assert (expected.state, expected.order.cause) == (story.state, story.order.cause)
    assert [line.cause for line in expected.record.lines] == [line.cause for line in story.record.lines]
    assert ("ended", expected.state) == story.told()[-1]


@given(outcomes())
def test_an_order_whose_systems_have_all_answered_has_ended(outcome):
    """Nothing hangs: when nobody works any more, the order is done one way or the other."""
    story, _ = outcome

    assert story.state.terminal
    assert all(line.state.terminal for line in story.record.lines)
