from __future__ import annotations

import msgspec
import pytest

from canonical.errors import Rejected
from canonical.replies import LineReply, Reference
from canonical.states import State
from tests.correlation.build import Story, item, order_of, part, reply


def two_lines() -> Story:
    """One part that serves two items."""
    return Story(order_of("1", "2"), part("crm", ["1", "2"]))


def chain() -> Story:
    """One item, done by the crm and then by the net."""
    return Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("working", "inProgress"),
        ("shipped", "inProgress"),
        ("delivered", "completed"),
        ("done", "completed"),
        ("ask", "pending"),
        ("backorder", "held"),
        ("no", "rejected"),
    ],
)
def test_a_word_means_what_the_systems_table_says(word, state):
    """The line takes the state of the word, and remembers the word."""
    story = Story(order_of("1"), part("crm", ["1"]))
    story.says("crm", word)

    assert (state, word) == (story.line("crm").state, story.line("crm").word)
    assert state == story.state


def test_a_word_about_the_part_sets_all_its_lines():
    """A system that does not speak per line speaks of every line."""
    story = two_lines()
    story.says("crm", "done")

    assert {"crm/1": "completed", "crm/2": "completed"} == story.lines()


def test_a_word_about_a_line_sets_that_line():
    """The other line stays as it is."""
    story = two_lines()
    story.says("crm", line_2="done")

    assert {"crm/1": "inProgress", "crm/2": "completed"} == story.lines()


def test_a_word_about_the_part_leaves_lines_with_a_word_of_their_own():
    """All done, but line 2 refused."""
    story = two_lines()
    story.says("crm", "done", line_2="no")

    assert {"crm/1": "completed", "crm/2": "rejected"} == story.lines()
    assert State.PARTIAL is story.state
    assert "reply_contradicted" not in story.journal()


def test_a_line_can_be_named_by_its_offering():
    """A format without line numbers names what was ordered."""
    story = two_lines()
    said = LineReply(word="done", offering="offer-2")
    story.hears(msgspec.structs.replace(reply(story.record, "crm"), lines=(said,)))

    assert {"crm/1": "inProgress", "crm/2": "completed"} == story.lines()


def test_an_offering_ordered_twice_names_no_line():
    """Which of the two is meant cannot be known, so nothing is applied."""
    story = Story(order_of(item("1", offering="sim"), item("2", offering="sim")), part("crm", ["1", "2"]))
    said = LineReply(word="done", offering="sim")

    with pytest.raises(Rejected) as refused:
        story.hears(msgspec.structs.replace(reply(story.record, "crm"), lines=(said,)))

    assert "E_AMBIGUOUS_REPLY" == refused.value.code


def test_a_quantity_and_a_reason_are_kept_with_the_line():
    """What the system says beside its word is shown."""
    story = Story(order_of("1"), part("crm", ["1"]))
    said = LineReply(word="backorder", line=1, quantity=2, reason="three are missing")
    story.hears(msgspec.structs.replace(reply(story.record, "crm"), lines=(said,)))

    assert (2, "three are missing") == (story.line("crm").quantity, story.line("crm").reason)


def test_a_refusal_is_shown_on_the_order_with_its_code():
    """Held, rejected and pending carry the code of the word, and the item it is about."""
    story = two_lines()
    story.says("crm", line_2="backorder")
    [error] = story.errors()

    assert ("E_SYSTEM_REFUSED", ("2",)) == (error.code, error.product_order_item)
    assert "E_SYSTEM_REFUSED" == story.line("crm", "2").code


def test_a_word_that_completes_shows_no_fault():
    """Whatever code stands beside it in the table, what is done is not in trouble."""
    story = Story(order_of("1"), part("crm", ["1"]))
    story.says("crm", "substituted")

    assert ("completed", "") == (story.line("crm").state, story.line("crm").code)
    assert [] == story.errors()


def test_a_line_that_goes_on_loses_the_code_of_its_refusal():
    """The line says how it is now; the order keeps what was wrong."""
    story = Story(order_of("1"), part("crm", ["1"]))
    story.says("crm", "backorder", reason="out of stock")
    story.says("crm", "done")

    assert ("", "") == (story.line("crm").code, story.line("crm").reason)
    assert ["E_SYSTEM_REFUSED"] == [error.code for error in story.errors()]


@pytest.mark.parametrize(
    ("said", "code", "names"),
    [
        pytest.param({"word": "perhaps"}, "E_REPLY_WORD", "'perhaps'", id="unknown word"),
        pytest.param({"line_1": "done", "line_2": "perhaps"}, "E_REPLY_WORD", "'perhaps'", id="of one line"),
        pytest.param({"word": "done", "line_3": "done"}, "E_UNMATCHED", "line 3", id="unknown line"),
    ],
)
def test_of_a_reply_that_is_wrong_in_one_place_nothing_is_applied(said, code, names):
    """It is refused by code, naming what is wrong and what is allowed; the order is as before."""
    story = two_lines()
    before = story.record

    with pytest.raises(Rejected) as refused:
        story.says("crm", outputs={"accountId": "A-1"}, gives=["G-1"], **said)

    assert code == refused.value.code
    assert names in str(refused.value)
    assert refused.value.allowed
    assert before == story.record


def test_a_system_that_has_no_part_in_the_order_is_not_heard():
    """A reply from somebody who was never asked fits nothing."""
    story = chain()

    with pytest.raises(Rejected) as refused:
        story.hears(msgspec.structs.replace(reply(story.record, "crm", "done"), system="bill"))

    assert "E_UNMATCHED" == refused.value.code


def test_key_and_reference_of_two_parts_are_refused():
    """Which of the two is meant nobody can say."""
    story = Story(order_of("1"), part("first", ["1"], system="crm"), part("second", ["1"], system="crm"))
    both = (*reply(story.record, "second").about, *reply(story.record, "first").about)

    with pytest.raises(Rejected) as refused:
        story.hears(msgspec.structs.replace(reply(story.record, "second", "done"), about=both))

    assert "E_AMBIGUOUS_REPLY" == refused.value.code
    assert "second and first" in str(refused.value)
    assert {"first/1": "inProgress", "second/1": "inProgress"} == story.lines()


def test_an_id_that_a_system_gave_twice_does_not_stand_against_the_key():
    """Its counter has begun again; the hub's own ids are surer."""
    story = Story(order_of("1"), part("first", ["1"], system="crm"), part("second", ["1"], system="crm"))
    story.says("first", "working", gives=["CASE-1"])
    about = (*reply(story.record, "second").about, Reference(type="given", value="CASE-1"))
    story.hears(msgspec.structs.replace(reply(story.record, "second", "done"), about=about))

    assert {"first/1": "inProgress", "second/1": "completed"} == story.lines()


def test_an_unknown_reference_leaves_it_to_the_next():
    """The first that is known decides."""
    story = Story(order_of("1"), part("first", ["1"], system="crm"), part("second", ["1"], system="crm"))
    about = (Reference(type="reference", value="not ours"), *reply(story.record, "second").about)
    story.hears(msgspec.structs.replace(reply(story.record, "second", "done"), about=about))

    assert State.COMPLETED is story.line("second").state


def test_a_reply_that_names_only_the_order_goes_to_the_systems_one_part():
    """With one part nothing else can be meant."""
    story = chain()
    story.hears(msgspec.structs.replace(reply(story.record, "crm", "done"), about=()))

    assert State.COMPLETED is story.line("crm").state


def test_a_reply_that_names_only_the_order_goes_to_the_part_that_waits_for_one():
    """Of two parts at one system, the one that has not answered yet."""
    story = Story(order_of("1"), part("first", ["1"], system="crm"), part("second", ["1"], system="crm"))
    story.says("first", "done")
    story.hears(msgspec.structs.replace(reply(story.record, "second", "done"), about=()))

    assert State.COMPLETED is story.state


def test_a_reply_that_fits_two_unanswered_parts_is_refused():
    """The hub does not guess."""
    story = Story(order_of("1"), part("first", ["1"], system="crm"), part("second", ["1"], system="crm"))

    with pytest.raises(Rejected) as refused:
        story.hears(msgspec.structs.replace(reply(story.record, "first", "done"), about=()))

    assert "E_AMBIGUOUS_REPLY" == refused.value.code
    assert "first, second" in str(refused.value)


def test_what_a_part_gives_later_parts_get():
    """An output of one system is an input of the next, under the system's name."""
    story = chain()
    story.says("crm", "done", outputs={"accountId": "A-1"})
    [dispatch] = story.last.dispatches

    assert {"crm.accountId": "A-1"} == dispatch.instruction.inputs


def test_what_is_said_after_the_end_does_not_change_what_later_parts_get():
    """A contradiction moves nothing, the account number neither."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"), part("bill", ["1"], "net"))
    story.says("crm", "done", outputs={"accountId": "A-1"})
    story.says("crm", "no", outputs={"accountId": "A-2", "region": "north"})
    story.says("net", "done")
    [dispatch] = story.last.dispatches

    assert {"crm.accountId": "A-1", "crm.region": "north"} == dispatch.instruction.inputs


def test_a_system_may_name_its_answer_by_an_id_it_gave():
    """An id of the system's becomes an alias of the part, and finds it again."""
    story = Story(order_of("1"), part("crm", ["1"]), part("other", ["1"], system="crm"))
    story.says("crm", "working", gives=["CASE-5"])
    given = Reference(type="given", value="CASE-5")
    story.hears(msgspec.structs.replace(reply(story.record, "crm", "done"), about=(given,)))

    assert {"crm/1": "completed", "other/1": "inProgress"} == story.lines()


def test_an_early_reply_counts():
    """A part that answered before anybody asked it is never asked."""
    story = chain()
    story.says("net", "done")
    story.says("crm", "done")

    assert State.COMPLETED is story.state
    assert ["crm"] == story.sent()


def test_after_an_early_reply_about_some_lines_the_rest_is_asked():
    """The instruction holds only the lines that are still open."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("net", ["1", "2"], "crm"))
    story.says("net", line_1="done")
    story.says("crm", "done")
    [dispatch] = story.last.dispatches

    assert [2] == [line.number for line in dispatch.instruction.lines]


def test_an_early_word_on_the_way_does_not_replace_the_instruction():
    """`working` before it was asked is shown, and the part is asked all the same."""
    story = chain()
    story.says("net", "working")
    story.says("crm", "done")

    assert ["crm", "net"] == story.sent()
    assert State.IN_PROGRESS is story.line("net").state


def test_an_early_refusal_stays_when_the_instruction_goes_out():
    """The system has said how it stands; being asked does not make it work."""
    story = chain()
    story.says("net", "backorder")
    story.says("crm", "done")

    assert ["crm", "net"] == story.sent()
    assert ("held", True) == (story.line("net").state, story.line("net").sent)


@pytest.mark.parametrize("word", ["working", "shipped", "done", "ask", "backorder", "no"])
def test_a_repeated_reply_changes_nothing(word):
    """The record is equal, nobody is told, nothing is announced and nothing is sent."""
    story = chain()
    before = story.says("crm", word, outputs={"accountId": "A-1"}, gives=["CASE-5"]).record
    again = story.says("crm", word, outputs={"accountId": "A-1"}, gives=["CASE-5"])

    assert before == again.record
    assert ((), (), ()) == (again.notices, again.announcements, again.dispatches)


@pytest.mark.parametrize("word", ["working", "done", "no"])
def test_a_repeated_early_reply_changes_nothing(word):
    """Early and twice is early."""
    story = chain()
    before = story.says("net", word).record
    again = story.says("net", word)

    assert before == again.record
    assert ((), (), ()) == (again.notices, again.announcements, again.dispatches)


@pytest.mark.parametrize(
    ("first", "then"), [("done", "no"), ("done", "backorder"), ("no", "done"), ("no", "backorder")]
)
def test_a_contradiction_is_shown_and_moves_nothing(first, then):
    """It stands in the journal and on the order, and the line keeps its end."""
    story = two_lines()
    before = story.says("crm", line_1=first).record
    story.says("crm", line_1=then)

    assert before.lines == story.record.lines
    assert {"reply_contradicted", "fallout"} <= set(story.journal())
    assert ("E_CONTRADICTION", ("1",)) == (
        story.errors()[-1].code,
        story.errors()[-1].product_order_item,
    )
    assert ((), (), ()) == (story.last.notices, story.last.announcements, story.last.dispatches)


def test_a_contradiction_is_shown_once():
    """Said again, it adds nothing to the order."""
    story = two_lines()
    story.says("crm", line_1="done")
    before = story.says("crm", line_1="no").record

    assert before == story.says("crm", line_1="no").record


@pytest.mark.parametrize("word", ["working", "shipped", "ask"])
def test_a_word_on_the_way_after_the_end_is_only_late(word):
    """It was overtaken by the end; it contradicts nothing."""
    story = two_lines()
    story.says("crm", line_1="done")
    before = story.says("crm", line_1=word).record

    assert "reply_late" == story.last.journal[-1].event
    assert [] == story.errors()
    assert before.lines == story.record.lines


@pytest.mark.parametrize("end", ["done", "no"])
@pytest.mark.parametrize("word", ["working", "shipped", "done", "ask", "backorder", "no", "delivered"])
def test_an_order_that_has_ended_never_moves(end, word):
    """Whatever is said afterwards, document and lines are as they were at the end."""
    story = chain()
    story.says("net", end)
    story.says("crm", end)
    ended = story.record
    story.says("crm", word)

    assert ended.order.state.terminal
    assert (ended.order, ended.lines) == (story.order, story.record.lines)
    assert ((), (), ()) == (story.last.notices, story.last.announcements, story.last.dispatches)


def test_what_is_said_of_an_ended_order_stands_in_its_story():
    """Shown, never dropped."""
    story = Story(order_of("1"), part("crm", ["1"]))
    story.says("crm", "done")
    story.says("crm", "no")
    [entry] = story.last.journal

    assert "reply_contradicted" == entry.event
    assert "crm says no of crm for item 1, but the line is completed" == entry.text


def test_a_pending_line_asks_the_customer():
    """The order is pending when nothing else can go on, and the sender is asked."""
    story = chain()
    story.says("crm", "ask")

    assert {"crm/1": "pending", "net/1": "acknowledged"} == story.lines()
    assert State.PENDING is story.state
    assert ("information-required", "pending") == story.told()[-1]


def test_a_held_line_delays_the_order():
    """When nothing else can go on the order is held, says why, and the sender hears of the delay."""
    story = chain()
    story.says("crm", "backorder", reason="out of stock")
    [alert] = story.order.product_order_jeopardy_alert

    assert State.HELD is story.state
    assert ("delayed", "held") == story.told()[-1]
    assert ("out of stock", ("1",)) == (alert.message, alert.product_order_item)


def test_a_delay_without_words_says_what_its_code_means():
    """Whoever is told of it has not got the list of codes before his eyes."""
    story = chain()
    story.says("crm", "backorder")
    [alert] = story.order.product_order_jeopardy_alert

    assert "crm: A system refused the instruction [E_SYSTEM_REFUSED]" == alert.message


def test_what_still_runs_keeps_the_order_in_progress():
    """One held line does not stop the order while another part works."""
    story = Story(order_of("1", "2"), part("net", ["1"]), part("tv", ["2"]))
    story.says("net", "backorder")

    assert {"1": "held", "2": "inProgress"} == story.items()
    assert State.IN_PROGRESS is story.state


def test_a_line_waits_for_all_that_its_instruction_waits_for():
    """
    Item 2 is done at the crm; its line at the net waits, in one instruction, with item 1 that is held.

    Nothing can go on, so nothing is in progress.
    """
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("net", ["1", "2"], "crm"))
    story.says("crm", line_1="backorder", line_2="done")

    assert {"1": "held", "2": "held"} == story.items()
    assert State.HELD is story.state


def test_waiting_reaches_down_a_chain():
    """What waits for what waits for the customer waits for the customer."""
    story = Story(
        order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"), part("bill", ["2"], "net")
    )
    story.says("crm", "ask")

    assert {"1": "pending", "2": "pending"} == story.items()


def test_an_order_goes_on_when_the_held_line_does():
    """A word on the way resumes it; the end releases what waits."""
    story = chain()
    story.says("crm", "backorder")
    story.says("crm", "working")
    assert State.IN_PROGRESS is story.state

    story.says("crm", "done")
    assert ["crm", "net"] == story.sent()


def test_an_order_that_is_held_again_tells_it_again_when_something_else_was_told_since():
    """The last notice is the last status; while nothing else was told, being held is told once."""
    story = Story(order_of("1"), part("store", ["1"]))
    story.says("store", "backorder")
    story.says("store", "working")
    story.says("store", "backorder")
    assert 1 == story.told().count(("delayed", "held"))

    story.says("store", "shipped")
    story.says("store", "backorder")
    assert [("delayed", "held"), ("shipped", "inProgress"), ("delayed", "held")] == story.told()[-3:]


def test_shipped_is_told_when_every_line_is_on_its_way():
    """The milestone stands on the order with its items, and the sender hears of it once."""
    story = Story(order_of("1", "2"), part("store", ["1", "2"]))
    story.says("store", line_1="shipped")
    assert () == story.order.product_order_milestone

    story.says("store", line_2="shipped")
    milestones = story.order.product_order_milestone
    assert ["store.picked", "store.shipped"] == [one.id for one in milestones]
    assert ("1", "2") == milestones[-1].product_order_item
    assert ("shipped", "inProgress") == story.told()[-1]


def test_a_later_milestone_implies_the_earlier():
    """Delivered without a word of shipping: it was shipped."""
    story = Story(order_of("1"), part("store", ["1"]))
    story.says("store", "delivered")

    assert ["picked", "shipped", "delivered"] == [one.name for one in story.order.product_order_milestone]
    assert [("accepted", "inProgress"), ("shipped", "completed"), ("ended", "completed")] == story.told()


@pytest.mark.parametrize("order", [("line_1", "line_2"), ("line_2", "line_1")])
def test_a_lost_line_keeps_no_milestone_back(order):
    """One shipped, the other refused, in either order: all that will be shipped was."""
    story = Story(order_of("1", "2"), part("store", ["1", "2"]))
    words = {"line_1": "shipped", "line_2": "no"}
    for line in order:
        story.says("store", **{line: words[line]})

    assert "shipped" in [one.name for one in story.order.product_order_milestone]
