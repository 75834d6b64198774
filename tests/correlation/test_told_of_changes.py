"""
What everybody on an order is told of changes: each version once, never a part or a piece at a time.
"""

from __future__ import annotations

import pytest

from canonical.amendments import AmendmentState, CancelScope, OrderPatch
from canonical.notices import NoticeKind
from canonical.order import Address, Place
from canonical.states import State
from tests.correlation.shop import CAPTURE, Shop, changed, colour, item

DESK = "callcenter.desk"
HANDSET = item("1", "HANDSET-A", colour("black"))
PLAN = item("2", "MOBILE-20")
SALEM = OrderPatch(place=(Place(role="deliveryAddress", place=Address(city="Salem")),))


@pytest.fixture
def shop():
    """A handset and a plan, both at their systems; the call centre has a part in the order."""
    made = Shop(HANDSET, PLAN)
    made.done("crm")
    made.amend(changed("2", "", quantity=1), endpoint=DESK)
    return made


def told(shop, endpoint, since=0):
    """Which version an endpoint was told as changed, and whether it had asked for that."""
    return [
        (one.order.version, one.origin is not None)
        for act in shop.acts[since:]
        for one in act.notices
        if (one.kind, one.endpoint) == (NoticeKind.CHANGED, endpoint)
    ]


class TestOfAmendments:
    def test_all_parts_and_pieces_of_one_are_one_version_that_is_told_once(self, shop):
        """Three systems agree to two pieces, one after the other."""
        since = len(shop.acts)
        shop.amend(changed("1", "HANDSET-B"), changed("2", "MOBILE-50"))
        shop.done_changes("warehouse modify")
        assert [] == told(shop, DESK, since)
        shop.done_changes("mobile modify")

        assert ([(2, True)], [(2, False)]) == (told(shop, CAPTURE, since), told(shop, DESK, since))

    def test_what_comes_into_force_later_is_a_version_of_its_own_when_the_first_was_told(self, shop):
        """The case was told with the desk's change; then the warehouse agrees to the other colour."""
        first = shop.amend(changed("1", "", colour("red")), add=[item("8", "CASE-01")])
        since = len(shop.acts)
        shop.amend(add=[item("9", "CASE-01")], endpoint=DESK)
        shop.done_changes("warehouse modify")

        assert [2, 4] == sorted(one.version for one in shop.amendment(first.id).pieces)
        assert ([(3, False), (4, True)], [(3, True), (4, False)]) == (
            told(shop, CAPTURE, since),
            told(shop, DESK, since),
        )

    def test_two_that_end_together_are_told_to_the_others_once(self, shop):
        """And to whom they answer as answers."""
        shop.amend(changed("2", "", quantity=2), fields=SALEM, endpoint="store.0117")
        since = len(shop.acts)
        first = shop.amend(changed("1", "", colour("red")))
        second = shop.amend(changed("1", "", colour("black")), endpoint=DESK)
        assert (first.id,) == second.waits_for
        shop.says("warehouse", "TA", verb="modify", nth=0)

        for endpoint in (CAPTURE, DESK, "store.0117"):
            asked = [version for version, asked in told(shop, endpoint, since) if asked]
            unasked = [version for version, asked in told(shop, endpoint, since) if not asked]
            assert len(unasked) == len(set(unasked)), endpoint
            assert not set(asked) & set(unasked), endpoint

    def test_what_is_refused_is_told_to_nobody_else(self, shop):
        """The order is as it was."""
        since = len(shop.acts)
        shop.amend(changed("2", "MOBILE-50"))
        shop.says("mobile", "1002", verb="modify")

        assert ([(1, True)], []) == (told(shop, CAPTURE, since), told(shop, DESK, since))


class TestOfCancels:
    def test_an_item_that_is_cancelled_is_a_new_version_that_all_are_told_of(self, shop):
        """As one that is removed."""
        since = len(shop.acts)
        shop.cancel("2", endpoint=DESK)
        shop.done_changes("mobile undo", "crm undo")

        assert (State.CANCELLED, 2) == (shop.item("2").state, shop.order.version)
        assert ([(2, False)], [(2, True)]) == (told(shop, CAPTURE, since), told(shop, DESK, since))
        assert ["amended"] == [one.event for one in shop.acts[-1].announcements if one.exchange == "orders"]

    def test_one_that_was_refused_is_told_to_who_asked(self, shop):
        """Nothing has changed."""
        shop.done("warehouse")
        since = len(shop.acts)
        shop.cancel("1", endpoint=DESK)

        assert ([], [(1, True)]) == (told(shop, CAPTURE, since), told(shop, DESK, since))

    def test_of_the_whole_order_the_others_are_told_the_end(self, shop):
        """That says it all; it is no version more."""
        since = len(shop.acts)
        shop.cancel(endpoint=DESK)
        shop.done_changes("warehouse undo", "mobile undo", "crm undo")
        shop.says("crm", verb="undo", nth=-2)

        assert (State.CANCELLED, 1) == (shop.order.state, shop.order.version)
        assert ([], [(1, True)]) == (told(shop, CAPTURE, since), told(shop, DESK, since))
        assert [NoticeKind.ENDED] == shop.told(CAPTURE)

    def test_of_as_much_as_was_possible_they_are_told_what_is_left(self, shop):
        """The handset is shipped and goes on, the plan is not there any more."""
        shop.done("warehouse")
        since = len(shop.acts)
        shop.cancel(scope=CancelScope.WHAT_IS_POSSIBLE, endpoint=DESK)
        shop.done_changes("mobile undo", "crm undo")

        assert ([(2, False)], [(2, True)]) == (told(shop, CAPTURE, since), told(shop, DESK, since))


def test_a_question_is_told_to_all_each_by_itself():
    """Whoever has the customer before him can answer; an endpoint that does not want questions hears none."""
    at = colour("black")
    shop = Shop(item("1", "HANDSET-A", at))
    shop.amend(changed("1", "", quantity=1), endpoint=DESK)
    shop.amend(changed("1", "", colour("red")), endpoint=DESK)
    first = shop.amend(changed("1", "", colour("blue")), base=1)
    second = shop.amend(changed("1", "", colour("green")), base=1, endpoint="store.0117")

    assert AmendmentState.AWAITING_CUSTOMER is first.state
    questions = [
        (one.endpoint, one.amendment.id)
        for act in shop.acts
        for one in act.notices
        if one.kind is NoticeKind.INFORMATION_REQUIRED
    ]
    assert {(CAPTURE, first.id), (DESK, first.id), ("store.0117", second.id), (CAPTURE, second.id)} <= set(
        questions
    )
    assert len(questions) == len(set(questions))
