"""
Changes of one order, one after the other: what waits for what, which version is whose, what a cancel ends.
"""

from __future__ import annotations

import pytest

from canonical.amendments import AmendmentState, CancelScope, OrderPatch, PieceState, Scope, TaskState
from canonical.commands import AmendOrder, OrderRef
from canonical.order import Address, Characteristic, ItemRelationship, Place
from canonical.states import State
from orderloom.correlation.fallout import held
from orderloom.correlation.overlay import shown_state
from tests.correlation.living import Life
from tests.correlation.shop import Shop, changed, colour, item

HANDSET = item("1", "HANDSET-A", colour("black"))
PLAN = item("2", "MOBILE-20")
AT_FOUR = Characteristic(name="appointment", value="2026-03-02T16:00:00+00:00")
NEAR = item("3", "INTERNET-100", AT_FOUR)
SALEM = OrderPatch(place=(Place(role="deliveryAddress", place=Address(city="Salem")),))
BOSTON = OrderPatch(place=(Place(role="deliveryAddress", place=Address(city="Boston")),))
TIED = (ItemRelationship(id="1", relationship_type="reliesOn"),)


@pytest.fixture
def shop():
    """A handset and a plan at their systems; another colour and another address are on their way."""
    made = Shop(HANDSET, PLAN)
    made.done("crm")
    made.amend(changed("1", "", colour("red")), fields=SALEM)
    return made


@pytest.mark.parametrize(
    ("later", "waits"),
    [
        pytest.param({"change": (changed("1", "", colour("blue")),)}, True, id="the same field"),
        pytest.param({"change": (changed("1", "", quantity=2),)}, False, id="another field of the line"),
        pytest.param({"change": (changed("2", "MOBILE-50"),)}, False, id="another line"),
        pytest.param({"remove": ("1",)}, True, id="the line removed"),
        pytest.param({"remove": ("2",)}, False, id="another line removed"),
        pytest.param({"add": (item("9", "CASE-01"),)}, False, id="a line added"),
        pytest.param(
            {"add": (item("9", "CASE-01", product_order_item_relationship=TIED),)}, False, id="added to it"
        ),
        pytest.param({"fields": BOSTON}, True, id="the same field of the order"),
        pytest.param({"fields": OrderPatch(priority="1")}, False, id="another field of the order"),
    ],
)
def test_only_what_overlaps_waits(shop, later, waits):
    """The same line and field path, or that line added or removed."""
    change = later.pop("change", ())
    found = shop.amend(*change, **later)

    assert waits is bool(found.waits_for)
    assert waits is (found.state is AmendmentState.ASSESSING)


def test_the_first_confirmed_piece_makes_the_version():
    """One of two is in force, and then the other: it is one version, which nobody was told before."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm")
    amendment = shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"))
    assert 1 == shop.order.version
    shop.done_changes("warehouse modify")
    assert (2, "red", "MOBILE-20") == (shop.order.version, shop.value("1", "color"), shop.offering("2"))
    shop.done_changes("mobile modify")

    assert (2, "MOBILE-50") == (shop.order.version, shop.offering("2"))
    assert [2, 2] == [one.version for one in shop.amendment(amendment.id).pieces]


class TestCancels:
    def test_a_question_is_withdrawn(self):
        """Whoever cancels does not want to know what a change would have cost."""
        shop = Shop(NEAR, HANDSET)
        shop.done("crm")
        asked = shop.amend(changed("3", "INTERNET-500"))
        assert AmendmentState.AWAITING_CUSTOMER is asked.state
        shop.cancel()

        assert AmendmentState.WITHDRAWN is shop.amendment(asked.id).state
        assert f"quote|{asked.id}|1" in shop.acts[-1].cleared

    def test_of_one_item_those_of_others_are_left(self):
        """What is asked about the line stays asked."""
        shop = Shop(NEAR, HANDSET)
        shop.done("crm")
        asked = shop.amend(changed("3", "INTERNET-500"))
        shop.cancel("1")

        assert AmendmentState.AWAITING_CUSTOMER is shop.amendment(asked.id).state

    @pytest.mark.parametrize("scope", list(CancelScope))
    def test_of_an_item_past_its_hard_point(self, scope):
        """Of one item nothing less is possible than the item."""
        shop = Shop(HANDSET, PLAN)
        shop.done("crm", "warehouse")
        id_ = shop.cancel("1", scope=scope)
        [task] = [one.task for one in shop.record.cancels if one.task.id == id_]

        assert (TaskState.TERMINATED_WITH_ERROR, ("warehouse",)) == (task.state, task.past)
        assert ([], "completed") == (shop.sent(), shop.lines()["warehouse/1"])

    def test_an_undo_names_what_it_undoes(self):
        """Lines that were told later are taken back by the key of that telling."""
        shop = Shop(HANDSET)
        shop.done("crm")
        shop.amend(add=[item("9", "CASE-01")])
        shop.says("crm")
        shop.cancel()
        told = {
            one.key: one for one in shop.record.instructions if (one.part, one.verb) == ("warehouse", "do")
        }
        undone = [one for one in shop.record.instructions if (one.part, one.verb) == ("warehouse", "undo")]

        assert [("1",), ("9",)] == [one.items for one in undone]
        assert [one.items for one in undone] == [told[one.undoes].items for one in undone]

    def test_what_is_cancelled_is_changed_no_more(self):
        """Neither while it is taken back nor after that; the rest of the document is carried out."""
        shop = Shop(HANDSET, PLAN)
        shop.done("crm")
        shop.cancel("1")
        during = shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"))
        shop.done_changes("warehouse undo", "crm undo")
        after = shop.amend(changed("1", "", colour("red")), changed("2", "", quantity=2))

        assert State.CANCELLED is shop.item("1").state
        for one in (during, after):
            handset, plan = one.pieces
            assert (PieceState.REFUSED, "E_STATE") == (handset.state, handset.fault.code)
            assert PieceState.REFUSED is not plan.state


def test_what_a_system_cannot_take_back_a_person_does():
    """The line of an item that is removed is held until somebody says that it is done; then it has ended."""
    life = Life(("stone", 0), ("plan", 0))
    while all(one.part != "rock" for one in life.record.instructions):
        life.moves_on()
    origin = life.origin(0, "change")
    life.amends(AmendOrder(origin, OrderRef(value="W-1"), Scope.DELTA, remove=("1",)))
    shown = {one.key: shown_state(one, life.record.steps) for one in life.record.lines}

    assert ["E_BY_HAND"] == [one.code for one in held(life.record)]
    assert State.HELD is shown["rock", "1"]
    while not life.record.amendments[0].amendment.settled:
        life.moves_on() or life.settles(0)
    assert [PieceState.APPLIED] == [one.state for one in life.record.amendments[0].amendment.pieces]
    assert State.CANCELLED is life.order.product_order_item[0].state
