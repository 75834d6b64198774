"""
Systems that must be asked before they are told again.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from canonical.errors import Fault
from canonical.replies import Reply
from canonical.states import State
from canonical.systems import Repeat
from orderloom.correlation.fold import call_failed, fold_timer
from orderloom.correlation.folded import World
from orderloom.correlation.inquiry import MOST
from orderloom.correlation.port import Timer
from tests.correlation.build import ANSWER_WITHIN, Story, order_of, part, reply, world

NEVER = "never applied"


def asking() -> World:
    """A world whose systems are asked, and say ``never applied`` when nothing was carried out."""
    found = world(Repeat.INQUIRE)
    word = msgspec.structs.replace(found.profiles["crm"].words["backorder"])
    profiles = {
        name: msgspec.structs.replace(one, not_applied=NEVER, words={**one.words, NEVER: word})
        for name, one in found.profiles.items()
    }
    return World(profiles, found.endpoints)


def chain(*items: str) -> Story:
    """Items done by the crm and then by the net."""
    wanted = items or ("1",)
    return Story(order_of(*wanted), part("crm", wanted), part("net", wanted, "crm"), among=asking())


def asked(story: Story) -> list[int]:
    """The numbers of the questions that were asked."""
    return [one.inquiry for act in story.acts for one in act.dispatches if one.inquiry]


def tellings(story: Story) -> list[int]:
    """The attempts at which the crm was told."""
    sent = [one for act in story.acts for one in act.dispatches if not one.inquiry]
    return [one.attempt for one in sent if one.instruction.part == "crm"]


def answers(story: Story, word: str = "", *, number: int = 0, **lines: str) -> None:
    """The crm answers the question with this number; 0 does not say which."""
    said: Reply = reply(story.record, "crm", word, **lines)
    story.hears(msgspec.structs.replace(said, inquiry=number))


def lost_broker(story: Story) -> None:
    """The broker's data are gone; what was sent to the crm is to be settled."""
    [sent] = [one for one in story.record.instructions if one.part == "crm"]
    data = {"key": sent.key, "lost": "broker"}
    timer = Timer(f"retry|{sent.key}", story.now, "retry", story.record.id, data)
    story.took(fold_timer(story.record, timer, story.world, story.now))


def failed(story: Story, *, unknown: bool) -> None:
    """A call to the crm has failed, and is to be looked at in five seconds."""
    [sent] = [one for one in story.record.instructions if one.part == "crm"]
    fault = Fault(code="E_CALL_FAILED", what="HTTP 503")
    story.took(
        call_failed(story.record, sent.key, fault, story.world, story.now, retry_in=5, unknown=unknown)
    )
    story.due("retry", "crm")


def test_a_silent_system_is_asked_and_not_told_again():
    """The question has as long as the instruction had, and moves no state."""
    story = chain()
    story.due("answer-by", "crm")

    assert ([1], [1]) == (asked(story), tellings(story))
    assert State.IN_PROGRESS is story.line("crm").state
    assert story.now + timedelta(seconds=ANSWER_WITHIN) == story.timers("answer-by", "crm")[-1].due
    assert "inquired" == story.journal()[-1]


def test_the_outcome_in_answer_to_the_question_counts_like_any_reply():
    """The order goes on, and nothing is told twice."""
    story = chain()
    story.due("answer-by", "crm")
    answers(story, line_1="done", number=1)

    assert "completed" == story.line("crm").state
    assert ["crm", "net"] == [one for one in story.sent() if one in ("crm", "net")][-2:]
    assert [1] == tellings(story)
    assert not story.record.instructions[0].inquiring


@pytest.mark.parametrize("number", [0, 1])
def test_what_was_never_applied_is_told_again_under_its_key(number):
    """As the next attempt, with all its time to answer."""
    story = chain()
    [first] = story.last.dispatches
    story.due("answer-by", "crm")
    answers(story, NEVER, number=number)
    [second] = story.last.dispatches

    assert (first.instruction, 2, 0) == (second.instruction, second.attempt, second.inquiry)
    assert "not_applied" == story.journal()[-1]
    assert story.now + timedelta(seconds=ANSWER_WITHIN) == story.timers("answer-by", "crm")[-1].due
    assert (0, False) == (story.record.instructions[0].asked, story.record.instructions[0].inquiring)


def test_the_story_ends_well_after_two_losses():
    """Asked, told again, asked again: each question has a number of its own."""
    story = chain()
    for number in (1, 2):
        story.due("answer-by", "crm")
        answers(story, NEVER, number=number)
    story.says("crm", "done")

    assert ([1, 2], [1, 2, 3]) == (asked(story), tellings(story))
    assert "reply_folded" in [entry.event for entry in story.last.journal]


@pytest.mark.parametrize("number", [0, 1])
def test_an_answer_that_comes_twice_tells_once(number):
    """The second answers no question."""
    story = chain()
    story.due("answer-by", "crm")
    answers(story, NEVER, number=number)
    answers(story, NEVER, number=number)

    assert [1, 2] == tellings(story)
    assert "inquiry_outdated" == story.journal()[-1]


def test_an_answer_to_an_earlier_question_tells_nothing():
    """It was true when it was given: since then the instruction was told again."""
    story = chain()
    story.due("answer-by", "crm")
    answers(story, NEVER, number=1)
    story.due("answer-by", "crm")
    answers(story, NEVER, number=1)
    assert ([1, 2], [1, 2]) == (asked(story), tellings(story))

    answers(story, line_1="done", number=2)
    assert "completed" == story.line("crm").state


def test_an_answer_that_nobody_asked_for_tells_nothing():
    """A system that says so of itself may be speaking of anything."""
    story = chain()
    answers(story, NEVER)

    assert [1] == tellings(story)
    assert State.IN_PROGRESS is story.line("crm").state


def test_the_reply_itself_overtakes_the_answer():
    """Whichever comes first counts, and the other changes nothing."""
    story = chain()
    story.due("answer-by", "crm")
    story.says("crm", "done")
    before = story.record
    answers(story, line_1="done", number=1)
    assert before.lines == story.record.lines

    answers(story, NEVER, number=1)
    assert (before.lines, [1]) == (story.record.lines, tellings(story))


def test_never_applied_after_a_word_is_a_contradiction():
    """It had begun, and says that it never did: telling it again might do it twice."""
    story = chain()
    story.says("crm", "working")
    story.due("answer-by", "crm")
    answers(story, NEVER, number=1)

    assert [1] == tellings(story)
    assert ("held", "E_CONTRADICTION") == (story.line("crm").state, story.line("crm").code)


def test_a_line_that_the_answer_leaves_out_is_held():
    """Its instruction cannot be told again: the other line would be done twice."""
    story = chain("1", "2")
    story.due("answer-by", "crm")
    answers(story, line_1="done", number=1)

    assert {"crm/1": "completed", "crm/2": "held"} == {
        name: state for name, state in story.lines().items() if name.startswith("crm")
    }
    assert ("E_NO_ANSWER", [1]) == (story.line("crm", "2").code, tellings(story))


def test_an_unanswered_question_is_for_a_person():
    """Held, and the reason says both; a later answer still counts."""
    story = chain()
    story.due("answer-by", "crm")
    story.due("answer-by", "crm")
    assert ("held", "E_NO_ANSWER") == (story.line("crm").state, story.line("crm").code)
    assert "nor when it was asked" in story.line("crm").reason

    answers(story, NEVER, number=1)
    assert ([1], [1, 2]) == (asked(story), tellings(story))
    assert ("inProgress", "") == (story.line("crm").state, story.line("crm").code)


def test_telling_ends():
    """A system that never applies what it is told is a person's to look at."""
    story = chain()
    for number in range(1, MOST + 1):
        story.due("answer-by", "crm")
        answers(story, NEVER, number=number)

    assert list(range(1, MOST + 1)) == tellings(story)
    assert ("held", "E_NO_ANSWER") == (story.line("crm").state, story.line("crm").code)


def test_asking_ends():
    """One that says for ever that it is at it is a person's too."""
    story = chain()
    for number in range(1, MOST + 1):
        story.due("answer-by", "crm")
        answers(story, line_1="working", number=number)
    story.due("answer-by", "crm")

    assert list(range(1, MOST + 1)) == asked(story)
    assert "held" == story.line("crm").state


def test_after_a_lost_broker_it_is_asked():
    """The instruction may have been read, or not."""
    story = chain()
    lost_broker(story)

    assert ([1], [1]) == (asked(story), tellings(story))
    assert "the broker was lost" in [entry.text for entry in story.last.journal][-1]


def test_a_question_that_a_lost_broker_held_is_asked_again():
    """Under another number: an answer to the first no longer counts as one to the second."""
    story = chain()
    story.due("answer-by", "crm")
    lost_broker(story)
    answers(story, NEVER, number=1)
    assert ([1, 2], [1]) == (asked(story), tellings(story))

    answers(story, NEVER, number=2)
    assert [1, 2] == tellings(story)


@pytest.mark.parametrize(("unknown", "expected"), [(True, ([1], [1])), (False, ([], [1, 2]))])
def test_a_call_of_unknown_outcome_is_asked_about(unknown, expected):
    """One that surely was not carried out is made again."""
    story = chain()
    failed(story, unknown=unknown)

    assert expected == (asked(story), tellings(story))


@pytest.mark.parametrize("what", ["call", "broker"])
def test_a_system_that_cannot_be_asked_is_held(what):
    """Nothing goes out to it again: a person decides."""
    story = Story(order_of("1"), part("crm", ["1"]), among=world(Repeat.NEVER))
    if what == "call":
        failed(story, unknown=True)
    else:
        lost_broker(story)

    assert ([], [1]) == (asked(story), tellings(story))
    assert ("held", "E_CALL_FAILED") == (story.line("crm").state, story.line("crm").code)
