"""
Items that several channels have numbered, each in its own way: which one a change means.
"""

from __future__ import annotations

import pytest

from canonical.amendments import AmendmentState, PieceState
from canonical.states import State
from tests.correlation.shop import CAPTURE, Shop, changed, colour, item

DESK = "callcenter.desk"
HANDSET = item("1", "HANDSET-A", colour("black"), line_ref="1")
PLAN = item("2", "MOBILE-20", line_ref="2")


@pytest.fixture
def shop():
    """The call centre adds a case as its line 1, to an order that has one."""
    made = Shop(HANDSET, PLAN)
    made.amend(add=[item("1", "CASE-01", line_ref="1")], endpoint=DESK)
    return made


def changes(amendment):
    return [(one.kind.value, one.item) for piece in amendment.pieces for one in piece.changes]


def test_two_of_one_number_are_told_apart(shop):
    """The later one is known by its id alone."""
    assert [("1", "1"), ("2", "2"), ("3", "")] == [
        (one.id, one.line_ref) for one in shop.order.product_order_item
    ]
    assert [("change", "1")] == changes(shop.amend(changed("1", "", colour("red"))))


def test_a_whole_order_takes_neither_for_the_other(shop):
    """The web says its two lines again, and one in red: the third is not there any more, the others are."""
    red = item("1", "HANDSET-A", colour("red"), line_ref="1")

    assert [("change", "1"), ("remove", "3")] == changes(shop.whole(red, PLAN))


def test_the_own_line_number_of_whoever_captured_the_order_comes_before_an_id(shop):
    """Its third line is item 4, because the call centre's case is item 3; others name items."""
    shop.amend(add=[item("3", "CASE-01", line_ref="3")])
    assert "3" == shop.item("4").line_ref

    assert [("change", "4")] == changes(shop.amend(changed("3", "", quantity=2)))
    assert [("change", "3")] == changes(shop.amend(changed("3", "", quantity=2), endpoint=DESK))
    shop.cancel("3")
    assert (State.PENDING_CANCELLATION, State.IN_PROGRESS) == (shop.item("4").state, shop.item("3").state)


def test_a_line_that_was_removed_and_comes_again_is_the_new_one():
    """Under the number of before; the old one stays on the order, cancelled."""
    shop = Shop(HANDSET, PLAN)
    shop.amend(remove=["2"])
    shop.says("crm", verb="undo")
    shop.amend(add=[item("2", "MOBILE-50", line_ref="2")])
    again = shop.amend(changed("2", "", quantity=2))

    assert (State.CANCELLED, [("change", "3")]) == (shop.item("2").state, changes(again))
    assert again.state is not AmendmentState.REFUSED


def test_what_is_gone_is_meant_when_nothing_else_can_be():
    """And then said to be gone."""
    shop = Shop(HANDSET, PLAN)
    shop.amend(remove=["2"])
    shop.says("crm", verb="undo")
    [piece] = shop.amend(changed("2", "", quantity=2), endpoint=CAPTURE).pieces

    assert (PieceState.REFUSED, "E_STATE") == (piece.state, piece.fault.code)
