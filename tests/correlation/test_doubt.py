"""
Replies that fit more than one instruction: what they may be about is held at once, until it is known.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from canonical.errors import Fault, Rejected
from canonical.plan import OnFallout
from canonical.replies import LineReply, Receipt, Reference
from canonical.states import State
from canonical.systems import Repeat
from orderloom.correlation.doubt import fold_doubt
from orderloom.correlation.fallout import Act, ActKind, Chosen, carry_out, held
from orderloom.correlation.fold_reply import fold_reply
from tests.correlation.build import Story, item, order_of, part, receipt, reply, world
from tests.correlation.shop import Shop, changed
from tests.correlation.shop import item as wanted


def two_parts(**more) -> Story:
    """Two parts at one system wait for its answer."""
    first = part("first", ["1"], system="crm", **more)
    return Story(order_of("1"), first, part("second", ["1"], system="crm"))


def unclear(story: Story, said) -> Fault:
    """A reply comes in that nobody understands, as the engine takes it: what it may be about is held."""
    story.now += timedelta(minutes=1)
    with pytest.raises(Rejected) as refused:
        fold_reply(story.record, said, story.world, story.now)
    story.took(fold_doubt(story.record, said, refused.value.fault, story.world, story.now))
    assert "E_AMBIGUOUS_REPLY" == refused.value.code
    return refused.value.fault


def order_alone(story: Story, word: str = "done"):
    """What the system says of its order, and of no instruction."""
    return msgspec.structs.replace(reply(story.record, "first", word), about=())


@pytest.fixture
def doubtful() -> Story:
    """The CRM has said `done`, and not of what."""
    story = two_parts()
    unclear(story, order_alone(story))
    return story


def test_the_lines_that_it_may_be_about_are_held_at_once(doubtful):
    """With a code and a reason, in the list of fallout, and told as any delay."""
    assert {"first/1": "held", "second/1": "held"} == doubtful.lines()
    assert ["E_AMBIGUOUS_REPLY"] * 2 == [one.code for one in held(doubtful.record)]
    assert "parts that fit: first, second" in doubtful.line("first").reason
    assert ("delayed", "held") == doubtful.told()[-1]
    assert [("E_AMBIGUOUS_REPLY", ("1",))] == [
        (one.code, one.product_order_item) for one in doubtful.errors()
    ]


def test_the_same_reply_once_more_holds_nothing_more(doubtful):
    """Delivered again, or replayed and parked again."""
    before = doubtful.record
    unclear(doubtful, order_alone(doubtful))

    assert before == doubtful.record


def test_a_doubt_never_fails_a_line():
    """Whatever the route says of fallout: its system has done nothing wrong."""
    story = two_parts(on_fallout=OnFallout.FAIL)
    unclear(story, order_alone(story))

    assert State.HELD is story.line("first").state


def test_what_the_system_says_by_name_counts_and_frees_the_other(doubtful):
    """Of two in doubt one is settled: the parked reply can be about the other only, which waits again."""
    doubtful.says("first", "done")

    assert {"first/1": "completed", "second/1": "inProgress"} == doubtful.lines()
    assert ("", "") == (doubtful.line("second").code, doubtful.line("second").reason)
    assert doubtful.timers("answer-by", "second")[-1].due > doubtful.now
    assert "doubt_over" in doubtful.journal()


def test_the_parked_reply_sent_back_then_fits_the_one_that_is_left(doubtful):
    """Nobody has to write a key into it."""
    doubtful.says("first", "done")
    doubtful.hears(order_alone(doubtful))

    assert State.COMPLETED is doubtful.state
    assert ["first", "second"] == doubtful.sent()


def test_of_three_in_doubt_two_stay_so():
    """Until one of these is settled, too."""
    parts = [part(name, ["1"], system="crm") for name in ("first", "second", "third")]
    story = Story(order_of("1"), *parts)
    unclear(story, order_alone(story))
    story.says("second", "done")
    assert {"first/1": "held", "second/1": "completed", "third/1": "held"} == story.lines()
    story.says("third", "working")

    assert {"first/1": "inProgress", "second/1": "completed", "third/1": "inProgress"} == story.lines()


def test_completed_by_hand_frees_the_other_too(doubtful):
    """Whoever says so has asked the system's owner."""
    act = Act(id="a-1", kind=ActKind.COMPLETE, by="cli:ada", why="asked", chosen=Chosen(part="first"))
    doubtful.took(carry_out(doubtful.record, act, doubtful.world, doubtful.now))

    assert {"first/1": "completed", "second/1": "inProgress"} == doubtful.lines()


def test_told_again_by_hand_it_is_told_under_its_key(doubtful):
    """A system applies a key once: asked again it says again what it said, and of what."""
    act = Act(id="a-1", kind=ActKind.RETRY, by="cli:ada", why="say it again")
    doubtful.took(carry_out(doubtful.record, act, doubtful.world, doubtful.now))

    assert {"first/1": "inProgress", "second/1": "inProgress"} == doubtful.lines()
    assert 2 == len({one.instruction.key for act in doubtful.acts for one in act.dispatches})


@pytest.mark.parametrize(
    ("repeat", "sent"),
    [
        pytest.param(Repeat.KEY, [(2, 0)], id="told again under its key"),
        pytest.param(Repeat.INQUIRE, [(1, 1)], id="asked what became of it"),
        pytest.param(Repeat.NEVER, [], id="left to a person"),
    ],
)
def test_when_its_answering_time_runs_out_the_system_is_asked_as_ever(repeat, sent):
    """Its answer to that names what it answers."""
    parts = [part(name, ["1"], system="crm") for name in ("first", "second")]
    story = Story(order_of("1"), *parts, among=world(repeat))
    unclear(story, order_alone(story))
    story.due("answer-by", "first")

    assert sent == [(one.attempt, one.inquiry) for one in story.last.dispatches]
    assert "E_AMBIGUOUS_REPLY" == story.line("first").code


def test_key_and_reference_of_two_instructions_put_both_in_doubt():
    """A third part of the same system goes on."""
    parts = [part(name, ["1"], system="crm") for name in ("first", "second", "third")]
    story = Story(order_of("1"), *parts)
    both = (*reply(story.record, "second").about, *reply(story.record, "first").about)
    unclear(story, msgspec.structs.replace(reply(story.record, "second", "done"), about=both))

    assert {"first/1": "held", "second/1": "held", "third/1": "inProgress"} == story.lines()


def test_an_offering_ordered_twice_puts_these_lines_in_doubt():
    """And not the line of another; the line that is named later frees the other."""
    items = (item("1", offering="sim"), item("2", offering="sim"), item("3"))
    story = Story(order_of(*items), part("crm", ["1", "2", "3"]))
    said = LineReply(word="done", offering="sim")
    unclear(story, msgspec.structs.replace(reply(story.record, "crm"), lines=(said,)))
    assert {"crm/1": "held", "crm/2": "held", "crm/3": "inProgress"} == story.lines()
    story.says("crm", line_2="done")

    assert {"crm/1": "inProgress", "crm/2": "completed", "crm/3": "inProgress"} == story.lines()


def test_what_has_ended_or_waits_for_the_customer_stays_as_it_is():
    """Only what waits for the system's word may have got it."""
    parts = [part(name, ["1"], system="crm") for name in ("first", "second", "third")]
    story = Story(order_of("1"), *parts)
    story.says("third", "ask")
    unclear(story, order_alone(story))

    assert {"first/1": "held", "second/1": "held", "third/1": "pending"} == story.lines()


def test_a_receipt_that_nobody_understands_holds_only_when_it_refuses():
    """That something of ours has arrived somewhere changes nothing; that it could not be read does."""
    story = two_parts()
    fault = Fault(code="E_AMBIGUOUS_REPLY", what="crm speaks of two")
    about = (Reference(type="orderNumber", value="PO-1"),)
    came: Receipt = msgspec.structs.replace(receipt(story.record, "first"), about=about)
    story.took(fold_doubt(story.record, came, fault, story.world, story.now))
    assert {"first/1": "inProgress", "second/1": "inProgress"} == story.lines()
    unread = msgspec.structs.replace(came, fault=Fault(code="E_SYNTAX", what="torn"))
    story.took(fold_doubt(story.record, unread, fault, story.world, story.now))

    assert {"first/1": "held", "second/1": "held"} == story.lines()


def test_a_change_that_is_in_doubt_is_held_and_goes_on():
    """Booked, or reversed? Of the two, the reversal is answered by name: the charge waits as before."""
    shop = Shop(wanted("1", "HANDSET-A"), wanted("2", "MOBILE-20"))
    shop.done("crm", "mobile", "billing-mobile", "warehouse")
    shop.amend(changed("2", "MOBILE-50"))
    shop.says("mobile", verb="modify")
    told = next(one for one in shop.record.instructions if one.part == "billing-device")
    said = msgspec.structs.replace(shop.reply(told, "00"), about=())
    with pytest.raises(Rejected) as refused:
        shop.hears(said)
    shop.took(fold_doubt(shop.record, said, refused.value.fault, shop.world, shop.now))
    assert ["held", "held"] == [shop.lines()[name] for name in ("billing-device/1", "billing-mobile/2")]
    assert ["E_AMBIGUOUS_REPLY"] * 2 == [one.code for one in held(shop.record)]
    shop.says("billing-mobile", verb="undo")

    assert "inProgress" == shop.lines()["billing-device/1"]
    shop.says("billing-device")
    shop.says("billing-mobile")
    assert State.COMPLETED is shop.order.state
