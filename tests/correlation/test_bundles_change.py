"""
Bundles that change on their way: what one holds stands or falls together, and it goes with its last item.
"""

from __future__ import annotations

import pytest

from canonical.amendments import AmendmentState, ChangeKind, PieceState, TaskState
from canonical.states import Cause, State
from orderloom.rules import default_folder, read_folder
from routes.rules import read
from tests.correlation.shop import Shop, changed, colour, item, profiles

TRIO = '[[offering]]\nid = "TRIO"\nname = "Trio"\ncategory = "bundle"\nbundle = true\n'
HANDSET = item("1", "HANDSET-A", colour("black"))
PLAN = item("2", "MOBILE-20")
LINE = item("3", "INTERNET-100")


def trio(*items):
    """A bundle of these."""
    return item("B", "TRIO", product_order_item=items)


@pytest.fixture
def shop():
    """A bundle of three, booked, and a case beside it."""
    texts = {**read_folder(default_folder()), "routes/catalogue/trio.toml": TRIO}
    made = Shop(trio(HANDSET, PLAN, LINE), item("9", "CASE-01"), among=read(texts, profiles()))
    made.done("crm")
    return made


def test_changes_of_two_that_it_holds_are_one_piece(shop):
    """Also when the bundle itself does not change: the warehouse refuses, and the plan is as it was."""
    amendment = shop.amend(
        changed("1", "", colour("red")), changed("2", "MOBILE-50"), changed("9", "", quantity=2)
    )
    assert [["1", "2"], ["9"]] == [[one.item for one in piece.changes] for piece in amendment.pieces]

    told = [one for one in shop.record.instructions if (one.part, one.verb) == ("warehouse", "modify")]
    handset = next(one for one in told if one.items == ("1",))
    shop.hears(shop.reply(handset, "TR"))
    shop.done_changes("mobile modify")
    assert "MOBILE-20" == shop.acts[-1].dispatches[0].instruction.lines[0].item.product_offering.id
    shop.done_changes("mobile modify")

    states = [one.state for one in shop.amendment(amendment.id).pieces]
    assert PieceState.REFUSED is states[0]
    assert "MOBILE-20" == shop.item("2").product_offering.id


def test_a_bundle_goes_with_all_that_it_holds(shop):
    """The case beside it stays."""
    amendment = shop.amend(remove=["B"])

    [piece] = amendment.pieces
    assert ["B", "1", "2", "3"] == [one.item for one in piece.changes]
    assert State.PENDING_CANCELLATION is shop.item("B").state
    takes_back(shop)

    assert (State.CANCELLED, Cause.CUSTOMER) == (shop.item("B").state, shop.item("B").cause)
    assert State.IN_PROGRESS is shop.item("9").state


def test_whoever_removes_all_that_it_holds_removes_it(shop):
    """Nobody would serve an empty bundle."""
    amendment = shop.amend(remove=["1", "2", "3"])
    assert AmendmentState.APPLYING is amendment.state
    takes_back(shop)

    assert AmendmentState.APPLIED is shop.amendment(amendment.id).state
    assert State.CANCELLED is shop.item("B").state


def test_one_after_the_other(shop):
    """The last of them too."""
    for name in ("1", "2", "3"):
        amendment = shop.amend(remove=[name])
        takes_back(shop)
        assert AmendmentState.APPLIED is shop.amendment(amendment.id).state, name

    assert State.CANCELLED is shop.item("B").state


def test_a_cancel_of_the_bundle_is_one_of_what_it_holds(shop):
    """In reverse, as ever."""
    id_ = shop.cancel("B")
    takes_back(shop)
    [task] = [one.task for one in shop.record.cancels if one.task.id == id_]

    assert (TaskState.DONE, ("B", "1", "2", "3")) == (task.state, task.items)
    assert State.CANCELLED is shop.item("B").state


def test_add_change_and_remove_in_one_whole_order(shop):
    """Inside the bundle together, beside it apart; each system is told of its lines alone."""
    inside = trio(item("1", "HANDSET-A", colour("red")), LINE, item("4", "CASE-01"))
    amendment = shop.whole(inside, item("9", "CASE-01", quantity=3))

    within, beside = amendment.pieces
    assert {("1", ChangeKind.CHANGE), ("2", ChangeKind.REMOVE), ("4", ChangeKind.ADD)} == {
        (one.item, one.kind) for one in within.changes
    }
    assert ["9"] == [one.item for one in beside.changes]
    assert {"warehouse modify [1]", "warehouse modify [9]", "mobile undo [2]"} == set(shop.sent())
    takes_back(shop)
    for sent in [one for one in shop.record.instructions if one.verb == "modify"]:
        shop.hears(shop.reply(sent, "TA"))

    assert AmendmentState.APPLIED is shop.amendment(amendment.id).state
    held = [one.id for one in shop.item("B").product_order_item]
    assert ["1", "2", "3", "4"] == held
    assert State.CANCELLED is shop.item("2").state


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(lambda: (trio(HANDSET, PLAN, item("9", "CASE-01")), LINE), id="out of it and into it"),
        pytest.param(lambda: (HANDSET, PLAN, LINE, item("9", "CASE-01")), id="out of it"),
        pytest.param(
            lambda: (
                trio(HANDSET, PLAN, LINE),
                item("C", "TRIO", product_order_item=(item("9", "CASE-01"),)),
            ),
            id="into a new one",
        ),
    ],
)
def test_nothing_is_moved_between_bundles(shop, said):
    """It would have to be taken back and done anew: whoever wants that says so."""
    amendment = shop.whole(*said())

    assert (AmendmentState.REFUSED, "E_VALUE") == (amendment.state, amendment.fault.code)
    assert ([], 1) == (shop.sent(), shop.order.version)


def takes_back(shop):
    """Every system takes back what it is told to, until none is told any more."""
    heard = set()
    while left := [one for one in shop.record.instructions if one.verb == "undo" and one.key not in heard]:
        heard.add(left[0].key)
        words = {"warehouse": "TA", "oss.internet": "done"}
        shop.hears(shop.reply(left[0], words.get(left[0].system, "")))
