from __future__ import annotations

import msgspec
import pytest

from canonical.errors import Fault, Rejected
from canonical.replies import Reference
from canonical.states import State
from orderloom.correlation.fold import instruct_failed
from tests.correlation.build import Story, order_of, part, receipt, reply

UNREADABLE = Fault(code="E_EDI_ELEMENT", what="element 2 is too long", where="W05 02")


def chain() -> Story:
    """One item, done by the crm and then by the net."""
    return Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"))


def test_a_receipt_says_that_the_message_arrived_and_moves_nothing():
    """The instruction counts as received, not as answered; the answer is still due."""
    story = chain()
    lines = story.record.lines
    story.hears(receipt(story.record, "crm"))
    [sent] = story.record.instructions

    assert (True, None) == (sent.received, sent.answered_at)
    assert lines == story.record.lines
    assert () == story.last.cleared


def test_a_repeated_receipt_changes_nothing():
    """Not even the journal."""
    story = chain()
    before = story.hears(receipt(story.record, "crm")).record
    again = story.hears(receipt(story.record, "crm"))

    assert before == again.record
    assert () == again.journal


def test_a_receipt_may_give_an_id():
    """The id of an asynchronous call names the part from then on."""
    story = chain()
    story.hears(
        msgspec.structs.replace(receipt(story.record, "crm"), gives=(Reference(type="job", value="J1"),))
    )
    by_job = (Reference(type="job", value="J1"),)
    story.hears(msgspec.structs.replace(reply(story.record, "crm", "done"), about=by_job))

    assert State.COMPLETED is story.line("crm").state


def test_a_receipt_before_anything_was_sent_makes_no_instruction():
    """Only what was sent is known as sent."""
    story = chain()
    before = story.record
    story.hears(receipt(story.record, "net"))

    assert before == story.record


def test_an_instruction_that_cannot_be_read_holds_its_lines():
    """The system's fault is shown as it said it."""
    story = chain()
    story.hears(receipt(story.record, "crm", fault=UNREADABLE))

    assert ("held", "E_EDI_ELEMENT") == (story.line("crm").state, story.line("crm").code)
    assert [str(UNREADABLE)] == [error.reason for error in story.errors()]
    assert "fallout" in story.journal()


def test_a_refused_message_of_an_ended_part_is_a_contradiction():
    """It is told, and moves nothing."""
    story = chain()
    before = story.says("crm", "done").record
    story.hears(receipt(story.record, "crm", fault=UNREADABLE))

    assert before == story.record
    assert ["reply_contradicted"] == [entry.event for entry in story.last.journal]


def test_a_receipt_of_nobody_that_was_asked_is_refused():
    """It fits no instruction of the order."""
    story = chain()

    with pytest.raises(Rejected) as refused:
        story.hears(msgspec.structs.replace(receipt(story.record, "crm"), system="tv"))

    assert "E_UNMATCHED" == refused.value.code


def test_what_a_systems_format_cannot_say_is_held():
    """The instruction never left: its lines are held with the fault, and no answer is waited for."""
    story = chain()
    [timer] = story.timers("answer-by", "crm")
    error = Rejected("E_FIELD_SIZE", "name of 70 characters", "N1 02", "at most 60")
    folded = instruct_failed(story.record, story.record.instructions[0].key, error, story.world, story.now)

    assert {("crm", State.HELD), ("net", State.ACKNOWLEDGED)} == {
        (line.part, line.state) for line in folded.record.lines
    }
    assert State.HELD is folded.record.order.state
    assert (timer.key,) == folded.cleared
