from __future__ import annotations

import dataclasses
from datetime import timedelta

import msgspec
import pytest

from canonical.errors import Fault
from canonical.notices import NoticeKind
from canonical.order import ChannelRef
from canonical.states import State
from canonical.systems import Repeat
from orderloom.correlation.fold import call_failed, fold_timer
from tests.correlation.build import ANSWER_WITHIN, NOON, RESPOND_BY, Story, endpoint, order_of, part, world


def chain(repeat: Repeat = Repeat.KEY) -> Story:
    """One item, done by the crm and then by the net."""
    return Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"), among=world(repeat))


def test_a_silent_system_is_asked_again_once():
    """Under the same key, as the second attempt, and with as long again to answer."""
    story = chain()
    [first] = story.last.dispatches
    [second] = story.due("answer-by", "crm").dispatches

    assert (first.instruction.key, 2) == (second.instruction.key, second.attempt)
    assert "asked_again" in story.journal()
    assert story.now + timedelta(seconds=ANSWER_WITHIN) == story.timers("answer-by", "crm")[-1].due
    assert State.IN_PROGRESS is story.state


def test_a_repeat_asks_for_all_that_was_asked_for():
    """A line that was answered meanwhile is in it again: under one key there is one instruction."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]))
    [first] = story.last.dispatches
    story.says("crm", line_1="done")
    [second] = story.due("answer-by", "crm").dispatches

    assert first.instruction == second.instruction


def test_a_timer_that_is_set_again_is_not_cleared():
    """Whoever applies the two in either order keeps the timer."""
    story = chain()
    folded = story.due("answer-by", "crm")

    assert set() == {timer.key for timer in folded.timers} & set(folded.cleared)


def test_a_system_that_stays_silent_is_held():
    """The second time nobody is asked again: its lines are held with the code, and the sender hears of it."""
    story = chain()
    story.due("answer-by", "crm")
    story.due("answer-by", "crm")

    assert ["crm", "crm#2"] == story.sent()
    assert ("held", "E_NO_ANSWER") == (story.line("crm").state, story.line("crm").code)
    assert ["E_NO_ANSWER"] == [error.code for error in story.errors()]
    assert ("delayed", "held") == story.told()[-1]
    assert [] == list(story.last.timers)


@pytest.mark.parametrize("repeat", [Repeat.KEY, Repeat.NEVER])
def test_a_silence_that_is_shorter_than_hold_after_changes_no_state(repeat):
    """However soon its answer was due: an outage of minutes is told to nobody."""
    short, long_ = (
        Story(order_of("1"), part("crm", ["1"]), among=world(repeat, hold_after=seconds))
        for seconds in (ANSWER_WITHIN * 3, ANSWER_WITHIN)
    )
    for story in (short, long_):
        for _ in range(2 if repeat is Repeat.KEY else 1):
            story.due("answer-by", "crm")

    assert (State.IN_PROGRESS, State.HELD) == (short.state, long_.state)
    assert "delayed" not in {kind for kind, _ in short.told()}
    story = short
    story.due("answer-by", "crm")
    assert State.HELD is story.state


def test_a_system_that_must_not_be_asked_twice_is_held_at_once():
    """After an unknown outcome its instruction is not repeated by the clock."""
    story = chain(Repeat.NEVER)
    story.due("answer-by", "crm")

    assert ["crm"] == story.sent()
    assert "E_NO_ANSWER" == story.line("crm").code


def test_silence_holds_only_the_lines_that_are_silent():
    """A line that asks the customer goes on asking; one that is done stays done."""
    story = Story(order_of("1", "2", "3"), part("crm", ["1", "2", "3"]), among=world(Repeat.NEVER))
    story.says("crm", line_1="done", line_2="ask")
    story.due("answer-by", "crm")

    assert {"crm/1": "completed", "crm/2": "pending", "crm/3": "held"} == story.lines()


def test_a_late_answer_resumes_the_order_and_completes_it():
    """It counts as if in time, and the journal calls it late."""
    story = chain(Repeat.NEVER)
    story.due("answer-by", "crm")
    story.says("crm", "done")
    assert "reply_late" in [entry.event for entry in story.last.journal]
    assert ["crm", "net"] == story.sent()
    assert State.IN_PROGRESS is story.state

    story.says("net", "done")
    assert State.COMPLETED is story.state
    assert ("ended", "completed") == story.told()[-1]


def test_an_answer_in_time_is_not_late():
    """Before its time has run out a reply is just a reply."""
    story = chain()
    story.says("crm", "done")

    assert "reply_late" not in story.journal()


def test_a_word_on_the_way_gives_the_system_its_time_again():
    """It is alive: the answer is due so long after its last word."""
    story = chain()
    story.says("crm", "working")
    [timer] = story.last.timers

    assert story.now + timedelta(seconds=ANSWER_WITHIN) == timer.due
    assert timer.key == story.timers("answer-by", "crm")[0].key


@pytest.mark.parametrize("word", ["done", "no", "ask", "backorder"])
def test_an_answer_clears_its_timer(word):
    """Whoever has answered is not waited for, whatever the answer was."""
    story = chain()
    [timer] = story.timers("answer-by", "crm")
    story.says("crm", word)

    assert timer.key in story.last.cleared
    assert timer.key not in {one.key for one in story.last.timers}


def test_while_a_line_is_open_its_part_is_waited_for():
    """An answer about one line of two leaves the other due."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]))
    story.says("crm", line_1="done")

    assert ["answer-by"] == [timer.kind for timer in story.last.timers]


@pytest.mark.parametrize("word", ["done", "no", "ask", "backorder"])
def test_an_answer_timer_that_has_lost_its_point_changes_nothing(word):
    """The answer came while the timer fired."""
    story = chain()
    story.says("crm", word)
    before = story.record
    folded = story.due("answer-by", "crm")

    assert before == folded.record
    assert ((), (), (), (), ()) == (
        folded.dispatches,
        folded.notices,
        folded.announcements,
        folded.journal,
        folded.timers,
    )


def test_a_timer_of_no_instruction_changes_nothing():
    """A timer of something that is not known any more is no error."""
    story = chain()
    [timer] = story.timers("answer-by", "crm")
    stray = type(timer)("answer-by|gone", timer.due, timer.kind, timer.order_id, {"key": "gone"})

    assert story.record == fold_timer(story.record, stray, story.world, story.now).record


def test_the_sender_is_told_in_time_although_nothing_is_decided():
    """At respond-by `accepted` goes out with items still acknowledged."""
    story = Story(order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"))
    story.due("respond-by")

    assert [("accepted", "inProgress")] == story.told()
    assert "acknowledged" == story.items()["2"]
    assert NOON + timedelta(seconds=RESPOND_BY) == story.last.notices[0].at


def test_who_began_the_draft_is_told_in_time_too():
    """Each by the time that its own profile says, and not only whoever completed it."""
    desk = "callcenter.desk"
    order, among = order_of("1", "2"), world()
    [web] = order.channel
    joined = (web, msgspec.structs.replace(web, endpoint=desk, channel=ChannelRef(id="callcenter")))
    endpoints = {**among.endpoints, desk: msgspec.structs.replace(endpoint(desk), respond_by=RESPOND_BY // 2)}
    story = Story(
        msgspec.structs.replace(order, channel=joined),
        part("crm", ["1"]),
        part("net", ["2"], "crm"),
        among=dataclasses.replace(among, endpoints=endpoints),
    )
    story.due("respond-by", desk)
    assert [desk] == [one.endpoint for one in story.last.notices]
    story.due("respond-by")

    assert [web.endpoint] == [one.endpoint for one in story.last.notices]
    assert NOON + timedelta(seconds=RESPOND_BY) == story.now


def test_the_sender_is_told_once_that_its_order_is_accepted():
    """Neither the decision after respond-by nor a second firing tells it again."""
    story = Story(order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"))
    story.due("respond-by")
    story.due("respond-by")
    story.says("crm", "done")

    assert [("accepted", "inProgress")] == story.told()


def test_a_sender_that_was_told_is_not_told_again_at_respond_by():
    """The timer fired while the order was decided."""
    story = Story(order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"))
    before = story.says("crm", "done").record
    folded = story.due("respond-by")

    assert [("accepted", "inProgress")] == story.told()
    assert before == folded.record


def test_the_decision_clears_the_respond_by_timer():
    """Once told, nothing is due."""
    story = Story(order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"))
    [timer] = story.timers("respond-by")
    story.says("crm", "done")

    assert timer.key in story.last.cleared


def test_a_sender_that_does_not_want_to_hear_is_not_told_at_respond_by():
    """The profile decides, also when the time has come."""
    quiet = world(notices=[NoticeKind.ENDED])
    story = Story(order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"), among=quiet)
    story.due("respond-by")

    assert [] == story.told()


def test_the_end_of_an_order_clears_every_respond_by_timer():
    """Also that of an endpoint that never wanted to hear of its acceptance."""
    quiet = world(notices=[NoticeKind.ENDED])
    story = Story(order_of("1"), part("crm", ["1"]), among=quiet)
    [timer] = story.timers("respond-by")
    story.says("crm", "done")

    assert timer.key in story.last.cleared


def failed(story: Story, retry_in: float | None):
    """A call to the crm has given no answer."""
    [sent] = [one for one in story.record.instructions if one.part == "crm"]
    fault = Fault(code="E_CALL_FAILED", what="HTTP 503")
    folded = call_failed(story.record, sent.key, fault, story.world, story.now, retry_in=retry_in)
    return story.took(folded)


def test_a_call_that_failed_is_tried_again_when_its_time_comes():
    """It moves no state; the retry goes out under the same key as the next attempt."""
    story = chain()
    before = story.record
    folded = failed(story, 5)
    assert before == folded.record
    assert ["retry"] == [timer.kind for timer in folded.timers]

    story.due("retry", "crm")
    assert ["crm", "crm#2"] == story.sent()
    assert 2 == story.record.instructions[0].attempt


def test_a_call_that_is_given_up_holds_its_lines():
    """When retrying makes no sense any more a person has to look."""
    story = chain()
    failed(story, None)

    assert ("held", "E_CALL_FAILED") == (story.line("crm").state, story.line("crm").code)


def test_a_retry_after_the_answer_is_not_made():
    """The call had landed, and the answer came by another way."""
    story = chain()
    failed(story, 5)
    story.says("crm", "done")
    before = story.record
    assert {timer.key for timer in story.timers("retry", "crm")} <= set(story.last.cleared)

    story.due("retry", "crm")

    assert before == story.record
    assert ["crm", "net"] == story.sent()


def test_a_failed_call_of_an_ended_part_says_nothing():
    """What is done needs no call."""
    story = chain()
    story.says("crm", "done")
    before = story.record

    assert before == failed(story, None).record
