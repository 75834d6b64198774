from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from canonical.keys import instruction_key, instruction_reference
from canonical.notices import NoticeKind
from canonical.order import ExternalId
from canonical.states import Action, State
from tests.correlation.build import ENDPOINT, NOON, RESPOND_BY, Story, item, order_of, part, world


def test_an_order_of_one_part_is_sent_at_once():
    """What waits for nothing is sent in the step that accepts the order, and is in progress from then on."""
    story = Story(order_of("1"), part("crm", ["1"]))

    assert ["crm"] == story.sent()
    assert {"crm/1": "inProgress"} == story.lines()
    assert {"1": "inProgress"} == story.items()
    assert State.IN_PROGRESS is story.state


def test_a_part_waits_for_the_part_it_comes_after():
    """The second part is not sent, and its line stays acknowledged."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"))

    assert ["crm"] == story.sent()
    assert {"crm/1": "inProgress", "net/1": "acknowledged"} == story.lines()
    assert not story.line("net").sent


def test_parts_that_wait_for_nothing_are_sent_side_by_side():
    """Nothing is held back that the plan does not hold back."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"]))

    assert ["crm", "net"] == story.sent()


def test_a_chain_of_three_parts_is_sent_link_by_link():
    """Each part goes when the one before it is done, and not before."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"), part("bill", ["1"], "net"))
    story.says("crm", "done")
    assert ["crm", "net"] == story.sent()

    story.says("net", "done")
    assert ["crm", "net", "bill"] == story.sent()

    story.says("bill", "done")
    assert State.COMPLETED is story.state


def test_a_part_without_a_common_item_waits_for_all_lines_of_the_earlier_one():
    """Voice that comes after the line to the home is not sent while any line of that part is open."""
    story = Story(order_of("1", "2", "3"), part("net", ["1", "2"]), part("tv", ["3"], "net"))
    story.says("net", line_1="done")
    assert ["net"] == story.sent()

    story.says("net", line_2="done")
    assert ["net", "tv"] == story.sent()


def test_a_part_with_common_items_waits_only_for_the_lines_of_those():
    """The warehouse, asked for item 2 alone, does not wait for what the earlier part does for item 1."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("store", ["2"], "crm"))
    story.says("crm", line_2="done")

    assert ["crm", "store"] == story.sent()


def test_one_instruction_carries_all_items_of_a_part():
    """A part is told to its system under its key and reference, with its place in the plan for people."""
    order = order_of("1", "2")
    story = Story(order, part("crm", ["1", "2"]), part("net", ["2"], "crm"))
    [dispatch] = story.last.dispatches
    told = dispatch.instruction

    assert 1 == dispatch.attempt
    assert (instruction_key(order.id, "crm", "do", 0), instruction_reference(order.id, 1, 0)) == (
        told.key,
        told.reference,
    )
    assert "1/2" == told.position
    assert [(1, "1"), (2, "2")] == [(line.number, line.item.id) for line in told.lines]


def test_an_instruction_holds_items_as_ordered():
    """A system gets the item without the hub's states, and a bundle without what it holds."""
    story = Story(order_of(item("1", item("1.1"))), part("crm", ["1", "1.1"]))
    [dispatch] = story.last.dispatches

    assert [item("1"), item("1.1")] == [line.item for line in dispatch.instruction.lines]


def test_a_bundle_is_the_roll_up_of_what_it_holds():
    """A nested item that is done leaves its bundle in progress, until the last one is done too."""
    story = Story(order_of(item("1", item("1.1"), item("1.2"))), part("net", ["1.1"]), part("store", ["1.2"]))
    story.says("net", "done")
    assert {"1": "inProgress", "1.1": "completed", "1.2": "inProgress"} == story.items()

    story.says("store", "done")
    assert {"1": "completed", "1.1": "completed", "1.2": "completed"} == story.items()


def test_a_bundle_two_levels_deep_rolls_up_to_the_top():
    """Nesting never changes the answer."""
    story = Story(order_of(item("1", item("1.1", item("1.1.1")))), part("net", ["1.1.1"]))
    story.says("net", "no")

    assert {"1": "rejected", "1.1": "rejected", "1.1.1": "rejected"} == story.items()
    assert State.REJECTED is story.state


def test_an_item_that_asks_for_nothing_does_not_count():
    """The order is done when everything else is; what stays as it is keeps nobody waiting."""
    story = Story(order_of("1", item("2", action=Action.NO_CHANGE)), part("net", ["1"]))
    assert ("accepted", "inProgress") in story.told()

    story.says("net", "done")
    assert State.COMPLETED is story.state


def test_a_kept_item_inside_a_bundle_does_not_count():
    """A bundle that changes one nested item and keeps the other ends with the changed one."""
    kept = item("1.2", action=Action.NO_CHANGE)
    story = Story(order_of(item("1", item("1.1"), kept, action=Action.MODIFY)), part("net", ["1.1"]))
    story.says("net", "done")

    assert "completed" == story.items()["1"]
    assert State.COMPLETED is story.state


def test_a_kept_bundle_counts_for_what_changes_inside_it():
    """A bundle that itself stays as it is still waits for its nested work."""
    story = Story(
        order_of("2", item("1", item("1.1"), action=Action.NO_CHANGE)),
        part("net", ["1.1"]),
        part("tv", ["2"]),
    )
    story.says("tv", "done")
    assert State.IN_PROGRESS is story.state

    story.says("net", "done")
    assert State.COMPLETED is story.state


def test_an_order_that_asks_for_nothing_is_done():
    """With every item noChange nobody has anything to do: the order never hangs, it ends at once."""
    story = Story(order_of(item("1", action=Action.NO_CHANGE)))

    assert State.COMPLETED is story.state
    assert NOON == story.order.completion_date
    assert [("accepted", "completed"), ("ended", "completed")] == story.told()


def test_progress_counts_lines():
    """Two of three lines done is in progress, 2/3."""
    story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("net", ["2"], "crm"))
    story.says("crm", "done")

    assert (2, 3) == (story.order.progress.done, story.order.progress.total)


def test_the_order_is_known_by_every_id_that_anybody_has_for_it():
    """The hub's id, the sender's document and other ids, and each part's key and short reference."""
    order = order_of("1")
    other = ExternalId(owner="agency", external_identifier_type="case", id="C-9")
    order = msgspec.structs.replace(order, external_id=(*order.external_id, other))
    story = Story(order, part("crm", ["1"]))

    assert {
        f"hub|orderId|{order.id}",
        f"{ENDPOINT}|ProductOrder|PO-1",
        f"{ENDPOINT}|case|C-9",
        f"crm|key|{instruction_key(order.id, 'crm', 'do', 0)}",
        f"crm|reference|{order.id}-1",
    } == {alias.key for alias in story.record.aliases}


def test_a_systems_alias_names_its_part():
    """A reply that names an instruction can only mean the part of it."""
    story = Story(order_of("1"), part("crm", ["1"]))

    assert {("crm", "crm"), ("hub", ""), (ENDPOINT, "")} == {
        (alias.owner, alias.part) for alias in story.record.aliases
    }


@pytest.mark.parametrize(
    ("own", "expected"), [pytest.param(None, 3600, id="system's"), pytest.param(60, 60, id="part's own")]
)
def test_an_answer_is_due_when_the_part_or_its_system_says(own, expected):
    """Sending sets the timer by which an answer is missed."""
    story = Story(order_of("1"), part("crm", ["1"], answer_within=own))
    [timer] = story.timers("answer-by", "crm")

    assert NOON + timedelta(seconds=expected) == timer.due
    assert story.order.id == timer.order_id


def test_no_answer_is_due_of_a_part_that_was_not_sent():
    """What waits has no deadline yet."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"))

    assert ["answer-by"] == [timer.kind for timer in story.last.timers]


def test_whoever_cannot_be_told_yet_is_told_within_the_time_it_wants():
    """While an item is still acknowledged, a timer watches that the sender hears in time."""
    story = Story(order_of("1", "2"), part("crm", ["1"]), part("net", ["2"], "crm"))
    [timer] = story.timers("respond-by")

    assert NOON + timedelta(seconds=RESPOND_BY) == timer.due
    assert [] == story.told()


def test_nobody_watches_over_a_sender_that_was_told_already():
    """When every item leaves acknowledged at once, `accepted` goes out at once and no timer is left."""
    story = Story(order_of("1"), part("crm", ["1"]))

    assert [("accepted", "inProgress")] == story.told()
    assert [] == story.timers("respond-by")


def test_the_journal_says_who_sent_the_order_and_why_each_part_is_there():
    """The reason of each part, with its route, stands in the order's story before anything is sent."""
    story = Story(order_of("1"), part("crm", ["1"]), part("net", ["1"], "crm"))
    [accepted, first, second, sent, *_] = story.last.journal

    assert ("order_accepted", ENDPOINT) == (accepted.event, accepted.actor)
    assert ("part_planned", "crm: crm is wanted", {"route": "route-crm", "system": "crm"}) == (
        first.event,
        first.text,
        first.data,
    )
    assert "net: net is wanted" == second.text
    assert ("instruction_sent", f"{story.order.id}-1") == (sent.event, sent.data["reference"])
    assert {story.order.id} == {entry.order_id for entry in story.last.journal}


def test_acceptance_is_announced_with_the_status_it_leads_to():
    """One canonical order on `orders`, one status on `status`, both with the states after the step."""
    story = Story(order_of("1"), part("crm", ["1"]))

    assert ["orders submitted", "status inProgress"] == story.announced()
    assert {State.IN_PROGRESS} == {one.order.state for one in story.last.announcements}


def test_a_notice_names_the_order_as_its_reader_knows_it():
    """The sender's own document number is on its notice."""
    story = Story(order_of("1", document="PO-77"), part("crm", ["1"]))

    assert ["PO-77"] == [notice.document for notice in story.last.notices]


def test_an_endpoint_is_told_only_what_its_profile_asks_for():
    """One that wants only the end hears nothing of the acceptance."""
    story = Story(order_of("1"), part("crm", ["1"]), among=world(notices=[NoticeKind.ENDED]))
    story.says("crm", "done")

    assert [("ended", "completed")] == story.told()


def test_an_order_that_is_to_start_later_waits_for_its_day():
    """Until the requested start its lines are acknowledged and nothing is sent."""
    later = NOON + timedelta(days=3)
    story = Story(order_of("1", starts=later), part("crm", ["1"]))
    assert [] == story.sent()
    assert State.ACKNOWLEDGED is story.state
    assert [later] == [timer.due for timer in story.last.timers if timer.kind == "start"]

    story.due("start", story.order.id)
    assert ["crm"] == story.sent()
    assert State.IN_PROGRESS is story.state


def test_a_sender_hears_of_an_order_that_is_to_start_later():
    """Respond-by comes before the start: `accepted` is told, undecided as it is, and once."""
    story = Story(order_of("1", starts=NOON + timedelta(days=3)), part("crm", ["1"]))
    story.due("respond-by")
    story.due("start", story.order.id)

    assert [("accepted", "acknowledged")] == story.told()


def test_a_start_in_the_past_holds_nothing_back():
    """An order that should have begun yesterday begins now."""
    story = Story(order_of("1", starts=NOON - timedelta(days=1)), part("crm", ["1"]))

    assert ["crm"] == story.sent()
