"""
Changes of running orders at the simulated systems.
"""

from __future__ import annotations

import msgspec
import pytest

from adapters.kit.contract import INQUIRY, Stamp
from canonical.states import Action, State
from canonical.systems import Verb
from orderloom.simulators.calls import read_log
from orderloom.simulators.standing import standing
from tests.adapters.instructions import CHANGE_KEY, KEY, fibre_at_home, instruction, line, turned, undoing
from tests.simulators.changes import (
    ADAPTERS,
    AFTER,
    BEFORE,
    EVERY_CHANGE,
    EVERY_UNDO,
    LATER,
    LINES,
    NOW,
    PART,
    RECEIPTS,
    about,
    answers,
    change,
    first,
    has,
    heard,
    meaning,
    of,
    only,
    per_instruction,
    tell,
)
from tests.simulators.support import DictBroker, neighbourhood


@pytest.fixture
def broker():
    return DictBroker()


@EVERY_CHANGE
def test_a_change_is_made(broker, system, verb):
    """The answer names the change; the system has what is wanted now, and all of it is in its log."""
    with neighbourhood(broker) as systems:
        tell(broker, systems, first(system))
        done = per_instruction(system, 2)
        answers(broker, system, told=1, replies=done)
        assert BEFORE == has(systems, system)
        tell(broker, systems, change(system, verb), 2)
        *_, reply = answers(broker, system, told=2, replies=done + 1)

        assert CHANGE_KEY == about(reply)
        assert reply.verb in {verb, None}
        assert State.COMPLETED is meaning(reply).state
        assert verb in meaning(reply).answers
        assert AFTER[verb] == has(systems, system)
        entry = next(one for one in systems.log.entries if one.get("key") == CHANGE_KEY)
        assert (verb.value, KEY, True, True) == (
            entry["verb"], entry["earlier"], entry["applied"], entry["made"],
        )  # fmt: skip


@EVERY_CHANGE
@pytest.mark.parametrize(
    ("behaviour", "past"),
    [({"behaviour": "refused"}, False), ({"behaviour": "too_late"}, True), ({"behaviour": "crossing"}, True)],
    ids=lambda one: one["behaviour"] if isinstance(one, dict) else "",
)
def test_a_change_is_not_made(broker, system, verb, behaviour, past):
    """The system has what it had; the word says whether it came too late."""
    with neighbourhood(broker, [behaviour | {"verb": ["modify", "undo"]}]) as systems:
        tell(broker, systems, first(system))
        done = per_instruction(system, 2)
        answers(broker, system, told=1, replies=done)
        tell(broker, systems, change(system, verb), 2)
        again = done + RECEIPTS.get(system, 0) if behaviour["behaviour"] == "crossing" else 0
        *_, reply = answers(broker, system, told=2, replies=done + again + 1)

        assert CHANGE_KEY == about(reply)
        assert (State.HELD, past) == (meaning(reply).state, meaning(reply).past)
        assert BEFORE == has(systems, system)


@EVERY_CHANGE
def test_what_there_is_not_cannot_be_changed(broker, system, verb):
    """A key that the system never applied: refused, and nothing is had."""
    with neighbourhood(broker) as systems:
        tell(broker, systems, change(system, verb))
        [reply] = answers(broker, system, told=1, replies=1)

        assert State.HELD is meaning(reply).state
        assert {} == has(systems, system)


@EVERY_CHANGE
def test_a_change_is_made_once(broker, system, verb):
    """Told again it gets the same answer, byte for byte, and changes nothing."""
    with neighbourhood(broker) as systems:
        tell(broker, systems, first(system))
        done = per_instruction(system, 2) + RECEIPTS.get(system, 0)
        broker.replies(system, done)
        for _ in range(2):
            tell(broker, systems, change(system, verb), 2)
        own = 1 + RECEIPTS.get(system, 0)
        bodies = broker.replies(system, done + 2 * own)[done:]

        assert bodies[:own] == bodies[own:]
        assert ["applied", "applied", "repeat"] == [
            one["outcome"] for one in systems.log.entries if "outcome" in one
        ]
        assert AFTER[verb] == has(systems, system)


@EVERY_CHANGE
def test_a_silent_change(broker, system, verb):
    """It is made, and nobody says so; what it leaves of the first answers comes all the same."""
    rules = [{"verb": verb.value, "behaviour": "silent"}, {"behaviour": "slow", "delay": 0.2}]
    with neighbourhood(broker, rules) as systems:
        tell(broker, systems, first(system))
        tell(broker, systems, change(system, verb), 2)
        left = len(AFTER[verb])
        replies = answers(broker, system, told=1, replies=per_instruction(system, left))

        assert AFTER[verb] == has(systems, system)
        assert {KEY} == {about(one) for one in replies}
        assert broker.settled()


@EVERY_CHANGE
@pytest.mark.parametrize(
    ("behaviour", "count"),
    [({"behaviour": "slow", "delay": 0.05}, 1), ({"behaviour": "duplicate", "repeat": "both"}, 3)],
    ids=["slow", "duplicate"],
)
def test_a_change_is_answered_late_or_often(broker, system, verb, behaviour, count):
    """In the same words."""
    with neighbourhood(broker, only(verb, **behaviour)) as systems:
        tell(broker, systems, first(system))
        done = per_instruction(system, 2)
        answers(broker, system, told=1, replies=done)
        tell(broker, systems, change(system, verb), 2)
        replies = answers(broker, system, told=2, replies=done + count)[-count:]

        assert [(CHANGE_KEY, State.COMPLETED)] * count == [
            (about(one), meaning(one).state) for one in replies
        ]
        assert count == 1 or 2 == len({one.key for one in replies})


@EVERY_CHANGE
def test_the_work_is_done_before_the_change_arrives(broker, system, verb):
    """What was owed comes first, whenever it was due; then that the change is too late."""
    rules = [*only(verb, "crossing"), {"behaviour": "slow", "delay": 60}]
    with neighbourhood(broker, rules) as systems:
        tell(broker, systems, first(system))
        tell(broker, systems, change(system, verb), 2)
        own = per_instruction(system, 2)
        receipts = RECEIPTS.get(system, 0)
        *done, late = answers(broker, system, told=2, replies=own + receipts + 1)

        assert [KEY] * own == [about(one) for one in done]
        assert (CHANGE_KEY, True) == (about(late), meaning(late).past)
        assert BEFORE == has(systems, system)


@EVERY_CHANGE
def test_later_answers_speak_of_what_is_left(broker, system, verb, tmp_path):
    """A line that was taken back is not named any more, and nobody is told an old quantity."""
    rules, log = [{"behaviour": "slow", "delay": 60}], tmp_path / "calls.jsonl"
    with neighbourhood(broker, rules, log, now=lambda: NOW) as systems:
        tell(broker, systems, first(system))
        tell(broker, systems, change(system, verb), 2)
        answers(broker, system, told=2, replies=1)
    broker.seen.clear()
    left = AFTER[verb]
    with neighbourhood(broker, rules, log, now=lambda: LATER):
        assert broker.settled()
        replies = heard(broker, system, per_instruction(system, len(left)))
    named = {str(one.line): one.quantity for reply in replies if about(reply) == KEY for one in reply.lines}

    # Who speaks of the whole when all is well names no line.
    whole = verb is Verb.MODIFY and system in {"crm", "billing"}
    assert set(named) == (set() if whole else set(left))
    assert system != "warehouse" or {line: quantity for line, (_, quantity) in left.items()} == named


@EVERY_UNDO
def test_when_nothing_is_left_nothing_is_said(broker, system):
    """All lines are taken back before the first answer."""
    with neighbourhood(broker, [{"behaviour": "slow", "delay": 1}]) as systems:
        tell(broker, systems, first(system))
        tell(broker, systems, undoing(first(system), *LINES), 2)
        replies = answers(broker, system, told=2, replies=per_instruction(system, 2))
        assert broker.settled()

        assert {CHANGE_KEY} == {about(one) for one in replies}
        assert {} == has(systems, system)


@EVERY_CHANGE
def test_what_is_had_outlives_the_process(broker, system, verb, tmp_path):
    """The log is the memory, of what there is and of what is still to be said."""
    log = tmp_path / "calls.jsonl"
    rules = [{"verb": verb.value, "behaviour": "ok"}, {"behaviour": "slow", "delay": 60}]
    with neighbourhood(broker, rules, log, now=lambda: NOW) as systems:
        tell(broker, systems, first(system))
        tell(broker, systems, change(system, verb), 2)
        answers(broker, system, told=2, replies=1)
    with neighbourhood(broker, rules, log, now=lambda: LATER) as systems:
        assert AFTER[verb] == has(systems, system)
        left = per_instruction(system, len(AFTER[verb]))
        replies = answers(broker, system, told=2, replies=1 + left)
        assert broker.settled()

        assert AFTER[verb] == {
            number: (one["offering"], one["quantity"])
            for number, one in standing(read_log(log))[system, PART].items()
        }
        assert {KEY, CHANGE_KEY} == {about(one) for one in replies}


@EVERY_CHANGE
def test_a_line_that_is_added(broker, system, verb):
    """It comes by an instruction of its own, and is had beside the others."""
    added = msgspec.structs.replace(
        first(system), key="K-3", reference=f"{PART}.2", lines=(line(3, "CASE-01", quantity=5),)
    )
    with neighbourhood(broker) as systems:
        for number, one in enumerate((first(system), change(system, verb), added), 1):
            tell(broker, systems, one, number)
        answers(broker, system, told=3, replies=per_instruction(system, 2) + 2)

        assert AFTER[verb] | {"3": ("CASE-01", 5)} == has(systems, system)


@of("oss.internet")
@pytest.mark.parametrize("kind", ["ok", "refused", "too_late"])
def test_internet_decides_at_once(broker, system, verb, kind):
    """The answer to the call has it all, and no event follows."""
    with neighbourhood(broker, only(verb, kind, at_once=True)) as systems:
        tell(broker, systems, first(system))
        broker.replies(system, 1)
        *_, reply = tell(broker, systems, change(system, verb))
        entry = systems.log.entries[-1]

        assert [] == entry["answers"]
        assert {"ok": State.COMPLETED}.get(kind, State.HELD) is meaning(reply).state
        assert (kind == "too_late") == meaning(reply).past
        assert (AFTER[verb] if kind == "ok" else BEFORE) == has(systems, system)


def test_mobile_repeats_the_command_of_each_line(broker):
    """Added, changed, removed: each answer shows which command it is to."""
    system = "oss.mobile"
    mixed = instruction(
        system, "part", reference=PART, lines=(
            line(1, "MOBILE-20"),
            line(2, "MOBILE-50", action=Action.MODIFY),
            line(3, "MOBILE-20", action=Action.DELETE),
        ),
    )  # fmt: skip
    with neighbourhood(broker) as systems:
        tell(broker, systems, mixed)
        replies = heard(broker, system, 3)
        tell(broker, systems, undoing(mixed, *mixed.lines))
        undone = heard(broker, system, 6)[3:]

    actions = [Action.ADD, Action.MODIFY, Action.DELETE]
    assert [(Verb.DO, action) for action in actions] == [(one.verb, one.action) for one in replies]
    assert [(Verb.UNDO, action) for action in actions] == [(one.verb, one.action) for one in undone]


@of("oss.mobile")
@pytest.mark.parametrize(("behaviour", "word"), [("lose_answer", "0"), ("lose_command", "3002")])
def test_mobile_is_asked_about_a_change(broker, system, verb, behaviour, word):
    """It says what became of it, or that it never got it."""
    asked = ADAPTERS[system].inquire(change(system, verb), Stamp(at=NOW, numbers={INQUIRY: 1}))
    with neighbourhood(broker, only(verb, behaviour)) as systems:
        tell(broker, systems, first(system))
        heard(broker, system, 2)
        tell(broker, systems, change(system, verb))
        broker.tell(system, asked.body)
        *_, reply = heard(broker, system, 3)

        assert (CHANGE_KEY, 1, word) == (
            about(reply), reply.inquiry, reply.word or reply.lines[0].word,
        )  # fmt: skip
        assert (BEFORE if word == "3002" else AFTER[verb]) == has(systems, system)


@pytest.mark.parametrize("system", ["crm", "oss.internet", "oss.mobile"])
def test_properties_are_had_too(broker, system):
    """Where the format tells them."""
    fibre = fibre_at_home()
    plain = msgspec.structs.replace(fibre.item.product, product_characteristic=(
        msgspec.structs.replace(fibre.item.product.product_characteristic[0], value="1000"),
    ))  # fmt: skip
    one = instruction(system, "part", reference=PART, lines=(turned(fibre, product=plain),))
    with neighbourhood(broker) as systems:
        tell(broker, systems, one)
        heard(broker, system, 1)
        [content] = standing(systems.log.entries)[system, PART].values()

    assert ["1000"] == list(content["properties"].values())
