from __future__ import annotations

import msgspec

from canonical.plan import OnFallout
from canonical.states import Action, Cause, State
from orderloom.correlation.waits import good
from tests.correlation.build import Story, item, order_of, part


def test_what_waits_for_a_lost_line_is_cancelled_for_fallout():
    """In the same step, all down the chain: nothing waits in vain."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"), part("bill", ["1"], "net"))
    story.says("crm", "no")

    assert {"crm/1": "rejected", "net/1": "cancelled", "bill/1": "cancelled"} == story.lines()
    assert (Cause.FALLOUT, Cause.FALLOUT) == (story.line("net").cause, story.line("bill").cause)
    assert ["crm"] == story.sent()


def test_an_order_whose_only_item_is_refused_is_rejected():
    """The lines that were cut do not hide why."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"))
    story.says("crm", "no")

    assert {"1": "rejected"} == story.items()
    assert ("ended", "rejected") == story.told()[-1]


def test_what_is_done_before_the_loss_stays_done():
    """Some completed and some lost is partial, and lines that were cut are not counted."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"), part("bill", ["1"], "net"))
    story.says("crm", "done")
    story.says("net", "no")

    assert State.PARTIAL is story.state
    assert (1, 2) == (story.order.progress.done, story.order.progress.total)


def test_a_part_that_serves_other_items_goes_on_without_the_lost_one():
    """It is cut to what is left, and sent with that."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("net", ["1", "2"], "crm"))
    story.says("crm", line_1="no", line_2="done")
    [dispatch] = story.last.dispatches

    assert "cancelled" == story.lines()["net/1"]
    assert [(2, "2")] == [(line.number, line.item.id) for line in dispatch.instruction.lines]


def test_billing_goes_on_for_what_was_delivered():
    """
    Billing waits for line and television; without television it bills the line.

    Each of its lines waits for the parts that serve its own item.
    """
    story = Story(
        order_of("1", "2"),
        part("net", ["1"]),
        part("tv", ["2"]),
        part("bill", ["1", "2"], "net", "tv"),
    )
    story.says("net", "done")
    assert ["net", "tv"] == story.sent()

    story.says("tv", "no")
    assert ["net", "tv", "bill"] == story.sent()
    assert {"net/1": "completed", "tv/2": "rejected", "bill/1": "inProgress", "bill/2": "cancelled"} == (
        story.lines()
    )

    story.says("bill", "done")
    assert {"1": "completed", "2": "rejected"} == story.items()
    assert State.PARTIAL is story.state


def test_a_word_about_the_whole_part_does_not_speak_of_lines_that_were_cut():
    """The system answers what it was sent: no contradiction with a line it never saw."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("net", ["1", "2"], "crm"))
    story.says("crm", line_1="no", line_2="done")
    story.says("net", "done")

    assert "cancelled" == story.lines()["net/1"]
    assert "reply_contradicted" not in story.journal()
    assert ["E_SYSTEM_REFUSED"] == [error.code for error in story.errors()]


def test_a_system_that_names_a_line_that_was_cut_contradicts():
    """It did what nobody asked: shown, and nothing moves."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("net", ["1", "2"], "crm"))
    story.says("crm", line_1="no", line_2="done")
    story.says("net", line_1="done")

    assert "cancelled" == story.lines()["net/1"]
    assert "E_CONTRADICTION" == story.errors()[-1].code


def test_without_a_common_item_any_loss_cuts_what_comes_after():
    """Television over a line that will not exist makes no sense."""
    story = Story(order_of("1", "2", "3"), part("net", ["1", "2"]), part("tv", ["3"], "net"))
    story.says("net", line_1="no", line_2="done")

    assert "cancelled" == story.lines()["tv/3"]
    assert State.PARTIAL is story.state


def test_a_lost_nested_item_leaves_its_bundle_partial():
    """One nested item done, the other lost."""
    story = Story(order_of(item("1", item("1.1"), item("1.2"))), part("net", ["1.1"]), part("store", ["1.2"]))
    story.says("net", "done")
    story.says("store", "no")

    assert {"1": "partial", "1.1": "completed", "1.2": "rejected"} == story.items()


def test_an_optional_part_that_ends_badly_counts_as_done():
    """What comes after it goes on, the order completes, and the story says what happened."""
    story = Story(order_of("1"), part("tv", ["1"], optional=True), part("bill", ["1"], "tv"))
    story.says("tv", "no")
    assert ["tv", "bill"] == story.sent()
    assert "optional_ended" in story.journal()

    story.says("bill", "done")
    assert State.COMPLETED is story.state
    assert (2, 2) == (story.order.progress.done, story.order.progress.total)


def test_an_optional_part_is_awaited_while_it_is_open():
    """Optional is how it may end, not whether it is waited for."""
    story = Story(order_of("1"), part("tv", ["1"], optional=True), part("bill", ["1"]))
    story.says("bill", "done")
    assert State.IN_PROGRESS is story.state

    story.says("tv", "backorder")
    assert State.HELD is story.state


def test_an_optional_line_that_the_customer_cancelled_is_not_done():
    """Optional forgives what went wrong; what nobody wants any more was not delivered."""
    optional = part("tv", ["1"], optional=True)
    line = Story(order_of("1"), optional).line("tv")
    unwanted = msgspec.structs.replace(line, state=State.CANCELLED, cause=Cause.CUSTOMER)
    cut = msgspec.structs.replace(line, state=State.CANCELLED, cause=Cause.FALLOUT)

    assert (False, True) == (good(unwanted, {"tv": optional}), good(cut, {"tv": optional}))


def test_a_route_may_have_fallout_fail():
    """Where the route says so, silence ends the line and cuts what waits for it."""
    story = Story(order_of("1"), part("crm", ["1"], on_fallout=OnFallout.FAIL), part("net", ["1"], "crm"))
    story.due("answer-by", "crm")
    story.due("answer-by", "crm")

    assert {"crm/1": "failed", "net/1": "cancelled"} == story.lines()
    assert State.FAILED is story.state
    assert ("ended", "failed") == story.told()[-1]


def test_items_of_one_order_end_each_for_itself():
    """One rejected, one cancelled behind it, one completed, one kept: partial."""
    story = Story(
        order_of("1", "2", "3", item("4", action=Action.NO_CHANGE)),
        part("crm", ["1"]),
        part("net", ["2"], "crm"),
        part("tv", ["3"]),
    )
    story.says("crm", "no")
    story.says("tv", "done")

    assert {"1": "rejected", "2": "cancelled", "3": "completed"} == {
        name: state for name, state in story.items().items() if name != "4"
    }
    assert State.PARTIAL is story.state
