"""``orderloom status``: what is being changed of an order stands beside its state."""

from __future__ import annotations

import pytest

from orderloom.cli.timeline import timeline
from tests.correlation.shop import Shop, changed, colour, item
from tests.correlation.test_changes_in_turn import HANDSET, NEAR, PLAN


def screen(shop):
    """What a person reads."""
    return "\n".join(timeline(shop.record))


def assessing(shop):
    shop.amend(changed("2", "MOBILE-50"))
    return shop.amend(changed("2", "MOBILE-20"))


def partly(shop):
    shop.done("warehouse")
    return shop.amend(changed("1", "", colour("red")), add=[item("9", "CASE-01")])


def lapsed(shop):
    found = shop.amend(changed("3", "INTERNET-500"))
    shop.due("quote")
    return found


def withdrawn(shop):
    found = shop.amend(changed("3", "INTERNET-500"))
    shop.answer(found.pieces[0].question, yes=False)
    return found


@pytest.mark.parametrize(
    ("state", "asked", "says"),
    [
        ("assessing", assessing, "waits for"),
        ("awaitingCustomer", lambda shop: shop.amend(changed("3", "INTERNET-500")), "30.00"),
        ("applying", lambda shop: shop.amend(changed("2", "MOBILE-50")), "mobile"),
        ("applied", lambda shop: shop.amend(add=[item("9", "CASE-01")]), "version 2"),
        ("partlyApplied", partly, "kept as draft"),
        ("refused", lambda shop: shop.amend(changed("1", "GADGET")), "[E_"),
        ("lapsed", lapsed, "lapsed"),
        ("withdrawn", withdrawn, "withdrawn"),
    ],
)
def test_every_state_of_an_amendment_is_shown(state, asked, says):
    """With what it waits for, what it costs, what came of it, and why not."""
    shop = Shop(HANDSET, PLAN, NEAR)
    shop.done("crm")
    found = asked(shop)
    shown = screen(shop)

    assert state == shop.amendment(found.id).state
    assert f"amendment {found.id}  {state}  " in shown
    assert says in shown[shown.index(f"amendment {found.id}") :]


def test_a_cancel_is_shown_with_what_it_waits_for():
    """And with the version that it has made."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm")
    id_ = shop.cancel("2")
    assert f"cancel {id_} of item 2  inProgress" in screen(shop)
    shop.done_changes("mobile undo", "crm undo")

    assert f"cancel {id_} of item 2  done" in screen(shop)
    assert "version 2" in screen(shop).partition(f"cancel {id_}")[2]
