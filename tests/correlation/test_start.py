"""
The day from which an order is wanted, and what becomes of it when that is changed.
"""

from __future__ import annotations

from datetime import timedelta

from canonical.amendments import AmendmentState, OrderPatch
from tests.correlation.shop import NOON, Shop, item

PLAN = item("1", "MOBILE-20")
LATER = NOON + timedelta(days=3)
EVEN_LATER = NOON + timedelta(days=9)


def start_timers(shop):
    """When the order was to be looked at, act by act; None where the timer was cleared."""
    name = f"start|{shop.record.id}"
    return [
        next((one.due for one in act.timers if one.key == name), None)
        for act in shop.acts
        if any(one.key == name for one in act.timers) or name in act.cleared
    ]


def moved(shop, day):
    """The customer wants it from another day on."""
    return shop.amend(fields=OrderPatch(requested_start_date=day))


def test_a_later_start_moves_the_timer():
    """Nothing is sent on the first day, and all on the second."""
    shop = Shop(PLAN, starts=LATER)
    amendment = moved(shop, EVEN_LATER)
    assert AmendmentState.APPLIED is amendment.state
    assert [LATER, EVEN_LATER] == start_timers(shop)

    shop.due("start")

    assert EVEN_LATER == shop.now
    assert ["crm do [1]"] == shop.sent()


def test_a_sooner_start_moves_it_too():
    """The order does not sleep until the day that nobody wants any more."""
    shop = Shop(PLAN, starts=EVEN_LATER)
    moved(shop, LATER)
    assert [EVEN_LATER, LATER] == start_timers(shop)

    shop.due("start")

    assert LATER == shop.now
    assert ["crm do [1]"] == shop.sent()


def test_a_start_that_has_come_sends_at_once_and_needs_no_timer():
    """Wanted from today on."""
    shop = Shop(PLAN, starts=LATER)
    moved(shop, NOON)

    assert ["crm do [1]"] == shop.sent()
    assert [LATER, None] == start_timers(shop)


def test_a_start_that_is_put_off_while_the_order_runs_holds_back_what_is_not_sent():
    """What was told runs on; the rest waits for its day."""
    shop = Shop(PLAN)
    moved(shop, LATER)
    shop.done("crm")
    assert [] == shop.sent()
    assert [LATER] == start_timers(shop)

    shop.due("start")

    assert ["mobile do [1]"] == shop.sent()


def test_another_change_leaves_the_timer_alone():
    """It is set for the day already."""
    shop = Shop(PLAN, starts=LATER)
    shop.amend(fields=OrderPatch(priority="1"))

    assert [LATER] == start_timers(shop)
