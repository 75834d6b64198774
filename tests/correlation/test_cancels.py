"""
Orders and items that are cancelled on their way: all that was done is taken back in reverse, or nothing is.
"""

from __future__ import annotations

import pytest

from adapters.outbound.warehouse.words import TOO_LATE
from canonical.amendments import AmendmentState, CancelScope, TaskState
from canonical.errors import Rejected
from canonical.notices import NoticeKind
from canonical.order import ItemRelationship
from canonical.states import Cause, State
from tests.correlation.shop import Shop, changed, colour, item

HANDSET = item("1", "HANDSET-A", colour("black"))
PLAN = item("2", "MOBILE-20")


def task(shop, id_):
    """A cancel task as it is now."""
    return next(one.task for one in shop.record.cancels if one.task.id == id_)


def test_nothing_was_sent_yet_but_to_the_crm():
    """What was not sent ends at once; what was is taken back, and then the order has ended."""
    shop = Shop(HANDSET)
    cancel = shop.cancel()

    assert ["crm undo [1]"] == shop.sent()
    assert State.PENDING_CANCELLATION is shop.order.state
    assert {"pendingCancellation", "cancelled"} == set(shop.lines().values())

    shop.says("crm", verb="undo")

    assert (State.CANCELLED, Cause.CUSTOMER) == (shop.order.state, shop.order.cause)
    assert TaskState.DONE is task(shop, cancel).state
    assert [NoticeKind.CHANGED, NoticeKind.ENDED] == shop.told()


def test_it_is_taken_back_in_reverse():
    """Billing before mobile, mobile before the account; the handset's 940 beside them."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm", "mobile", "billing-mobile")
    shop.cancel()

    assert {"billing-mobile undo [2]", "warehouse undo [1]"} == set(shop.sent())
    shop.says("billing-mobile", verb="undo")
    assert ["mobile undo [2]"] == shop.sent()
    shop.says("mobile", verb="undo")
    assert ["crm undo [2]"] == shop.sent()
    shop.says("crm", verb="undo")
    shop.says("warehouse", "TA", verb="undo")
    assert ["crm undo [1]"] == shop.sent()
    shop.says("crm", verb="undo")
    assert State.CANCELLED is shop.order.state


def test_a_part_past_its_hard_point_refuses_it_whole():
    """Naming the parts; nothing is touched."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm", "mobile", "warehouse")
    cancel = shop.cancel()

    assert (TaskState.TERMINATED_WITH_ERROR, ("warehouse",)) == (
        task(shop, cancel).state,
        task(shop, cancel).past,
    )
    assert "E_TOO_LATE" == task(shop, cancel).fault.code
    assert ([], State.IN_PROGRESS) == (shop.sent(), shop.order.state)
    assert [NoticeKind.CHANGED] == shop.told()


def test_what_is_possible_leaves_that_item():
    """What is shipped stays charged; the rest is taken back."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm", "mobile", "warehouse")
    cancel = shop.cancel(scope=CancelScope.WHAT_IS_POSSIBLE)
    shop.says("billing-mobile", verb="undo")
    shop.says("mobile", verb="undo")
    shop.says("crm", verb="undo")

    assert TaskState.DONE is task(shop, cancel).state
    assert ("completed", "inProgress") == (shop.lines()["warehouse/1"], shop.lines()["billing-device/1"])
    shop.done("billing-device")
    assert State.COMPLETED is shop.order.state


def test_what_another_item_needs_is_not_cancelled_by_itself():
    """The case relies on the handset: whoever means both says both."""
    tie = ItemRelationship(id="1", relationship_type="reliesOn")
    shop = Shop(HANDSET, item("2", "CASE-01", product_order_item_relationship=(tie,)))
    shop.done("crm")
    alone = task(shop, shop.cancel("1"))
    assert (TaskState.TERMINATED_WITH_ERROR, "E_VALUE", "item 2 reliesOn it", []) == (
        alone.state,
        alone.fault.code,
        alone.fault.what,
        shop.sent(),
    )
    both = shop.cancel("1", "2")

    assert TaskState.IN_PROGRESS is task(shop, both).state
    assert ["warehouse undo [1 2]"] == shop.sent()


def test_one_item_of_several():
    """The order goes on without it."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm", "mobile", "billing-mobile")
    shop.cancel("2")
    shop.says("billing-mobile", verb="undo")
    shop.says("mobile", verb="undo")
    shop.says("crm", verb="undo")

    states = {one.id: one.state for one in shop.order.product_order_item}
    assert {"1": State.IN_PROGRESS, "2": State.CANCELLED} == states
    shop.done("warehouse", "billing-device")
    assert State.COMPLETED is shop.order.state


def test_a_system_that_does_not_take_it_back_leaves_its_line_held():
    """A person decides; the others are undone all the same, and the task says how it ended."""
    shop = Shop(HANDSET)
    shop.done("crm")
    cancel = shop.cancel()
    shop.says("warehouse", "TR", verb="undo")
    assert "held" == shop.lines()["warehouse/1"]
    shop.says("crm", verb="undo")

    assert TaskState.TERMINATED_WITH_ERROR is task(shop, cancel).state
    assert State.HELD is shop.order.state


def test_an_undo_that_crosses_shipped():
    """Too late: the parcel is on its way, and its line is what it is."""
    shop = Shop(HANDSET)
    shop.done("crm")
    cancel = shop.cancel()
    shop.says("warehouse")
    shop.says("warehouse", TOO_LATE, verb="undo")
    shop.says("crm", verb="undo")

    assert "completed" == shop.lines()["warehouse/1"]
    assert TaskState.TERMINATED_WITH_ERROR is task(shop, cancel).state
    assert State.COMPLETED is shop.order.state


def test_it_withdraws_open_amendments_and_lets_none_in():
    """What a system is being told of a change is undone with the line; then it is withdrawn."""
    shop = Shop(HANDSET)
    shop.done("crm")
    amendment = shop.amend(changed("1", "", colour("red")))
    shop.cancel()
    assert ["warehouse undo [1]"] == shop.sent()
    refused = shop.amend(changed("1", "", colour("blue")))

    assert (AmendmentState.REFUSED, "E_STATE") == (refused.state, refused.fault.code)
    shop.says("warehouse", "TA", verb="modify")
    assert "pendingCancellation" == shop.lines()["warehouse/1"]
    shop.says("warehouse", "TA", verb="undo")
    assert AmendmentState.WITHDRAWN is shop.amendment(amendment.id).state
    shop.says("crm", verb="undo")
    assert State.CANCELLED is shop.order.state


def test_an_ended_order_and_a_second_cancel_are_refused():
    """Each with its reason."""
    shop = Shop(HANDSET)
    shop.cancel()
    second = shop.cancel()
    assert "E_STATE" == task(shop, second).fault.code
    shop.says("crm", verb="undo")
    third = shop.cancel()

    assert (State.CANCELLED, "E_STATE") == (shop.order.state, task(shop, third).fault.code)


def test_an_item_that_is_not_there():
    """It is named, and nothing was done."""
    shop = Shop(HANDSET)
    with pytest.raises(Rejected, match="E_NOT_FOUND"):
        shop.cancel("7")
