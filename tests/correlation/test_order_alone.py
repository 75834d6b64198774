"""
Replies to orders that have changed, which do not name the instruction they answer, or speak of more.
"""

from __future__ import annotations

import msgspec
import pytest

from canonical.errors import Rejected
from canonical.states import State
from tests.correlation.shop import Shop, changed, item

HANDSET, PLAN = item("1", "HANDSET-A"), item("2", "MOBILE-20")


def told(shop, part, verb="do"):
    """The last instruction of a part with this verb."""
    return [one for one in shop.record.instructions if (one.part, one.verb) == (part, verb)][-1]


def order_alone(shop, sent, word, lines=()):
    """A reply of a system that names nothing but the order."""
    return msgspec.structs.replace(shop.reply(sent, word, lines), about=())


@pytest.fixture
def charging():
    """The handset is being charged, the plan's old charge being reversed: billing owes two answers."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm", "mobile", "billing-mobile", "warehouse")
    shop.amend(changed("2", "MOBILE-50"))
    shop.says("mobile", verb="modify")
    return shop


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        pytest.param("40", {"device": "inProgress", "mobile": "completed"}, id="only of a reversal"),
        pytest.param("30", {"device": "rejected", "mobile": "inProgress"}, id="only of a charge"),
    ],
)
def test_a_word_goes_to_what_it_can_answer(charging, word, lines):
    """Of two parts that wait, the one whose instruction the system's table allows the word for."""
    charging.hears(order_alone(charging, told(charging, "billing-device"), word))
    found = charging.lines()

    assert lines == {"device": found["billing-device/1"], "mobile": found["billing-mobile/2"]}


def test_a_word_that_can_answer_both_is_nobodys(charging):
    """Booked, or reversed?"""
    with pytest.raises(Rejected, match="E_AMBIGUOUS_REPLY"):
        charging.hears(order_alone(charging, told(charging, "billing-device"), "00"))


def test_what_is_said_of_the_goods_answers_no_change():
    """The 945 goes to the 940 that told the line, though the change of it waits for an answer too."""
    shop = Shop(HANDSET)
    shop.done("crm")
    shop.amend(changed("1", "HANDSET-B"))
    shop.hears(order_alone(shop, told(shop, "warehouse", "modify"), "CC"))
    assert "shipped" in [one.name for one in shop.order.product_order_milestone]
    shop.hears(order_alone(shop, told(shop, "warehouse", "modify"), "TR"))

    assert "completed" == shop.lines()["warehouse/1"]
    assert "HANDSET-A" == shop.offering("1")


@pytest.mark.parametrize("named", [True, False], ids=["under its own number", "under the order's"])
def test_one_advice_of_a_line_that_was_told_later_too(named):
    """An accessory was added, and left in the same parcel: line numbers say which line is meant."""
    shop = Shop(HANDSET)
    shop.done("crm")
    first = told(shop, "warehouse")
    shop.amend(add=[item("2", "CASE-01")])
    shop.says("crm")
    said = shop.reply(first, "CC", [1, 2])
    shop.hears(said if named else msgspec.structs.replace(said, about=()))

    assert {"completed"} == {shop.lines()[f"warehouse/{name}"] for name in ("1", "2")}
    shop.says("billing-device", nth=0)
    assert State.COMPLETED is shop.order.state
