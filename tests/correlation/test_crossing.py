"""
Changes, cancels and replies that cross each other, in the shipped world: each of these has gone wrong once.
"""

from __future__ import annotations

import pytest

from adapters.outbound.warehouse.words import TOO_LATE
from canonical.amendments import AmendmentState, OrderPatch, PieceState, TaskState
from canonical.errors import Rejected
from canonical.order import Address, Characteristic, ItemRelationship, PartyRef, Place, RelatedParty
from canonical.states import State
from orderloom.correlation.fallout import Act, ActKind, Chosen, carry_out
from orderloom.rules import default_folder, read_folder
from routes.rules import read
from tests.correlation.living import Life
from tests.correlation.shop import Shop, changed, colour, item, profiles

HANDSET = item("1", "HANDSET-A", colour("black"))
PLAN = item("2", "MOBILE-20")
LINE = item("3", "INTERNET-100")
SALEM = OrderPatch(place=(Place(role="deliveryAddress", place=Address(city="Salem")),))
BOSTON = OrderPatch(place=(Place(role="deliveryAddress", place=Address(city="Boston")),))
ADA = OrderPatch(related_party=(RelatedParty(role="customer", party_or_party_role=PartyRef(id="C-1")),))


def booked(*items) -> Shop:
    """An order that the CRM has booked."""
    shop = Shop(*items or (HANDSET, PLAN))
    shop.done("crm")
    return shop


def live() -> Shop:
    """A handset and a plan; the plan is live and charged, the handset at the warehouse."""
    shop = booked()
    shop.done("mobile", "billing-mobile")
    return shop


def last_line(shop: Shop):
    """The only line of the only instruction of the last act."""
    [sent] = shop.acts[-1].dispatches
    [line] = sent.instruction.lines
    return line


class TestOnOneLine:
    """Several changes of one line under way."""

    def test_the_second_change_says_what_the_first_has_made(self):
        """The first is not in force yet, for another item of its piece is not; its system has it already."""
        shop = booked()
        shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"), atomic=True)
        shop.says("warehouse", "TA", verb="modify")
        shop.amend(changed("1", "", quantity=2))

        line = last_line(shop)
        assert ("red", 1) == (line.was.product.value("color"), line.was.quantity)
        assert ("red", 2) == (line.item.product.value("color"), line.item.quantity)

    def test_the_order_s_own_fields_too(self):
        """The new address was agreed to; the other change of the parcel does not take it back."""
        shop = booked()
        shop.amend(changed("2", "MOBILE-50"), fields=SALEM, atomic=True)
        shop.says("warehouse", "TA", verb="modify")
        shop.amend(changed("1", "", colour("red")))

        assert SALEM.place == shop.acts[-1].dispatches[0].instruction.place

    def test_what_was_taken_back_to_be_done_anew_is_not_taken_back_twice(self):
        """Both change what is billed; billing reverses once, and charges once with both."""
        shop = live()
        shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"), atomic=True)
        shop.done_changes("mobile modify", "billing-mobile undo")
        before = len(shop.acts)
        shop.amend(changed("2", "", quantity=2))
        shop.done_changes("mobile modify", "warehouse modify")

        assert ["mobile modify [2]", "billing-mobile do [2]"] == shop.all_sent(before)
        line = last_line(shop)
        assert ("MOBILE-50", 2) == (line.item.product_offering.id, line.item.quantity)

    def test_a_word_of_what_was_taken_back_counts_no_more(self):
        """Billing repeats its first answer after it has reversed, and before it is told anew."""
        shop = live()
        shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"), atomic=True)
        shop.done_changes("mobile modify", "billing-mobile undo")
        shop.says("warehouse", TOO_LATE, verb="modify")
        shop.says("billing-mobile", nth=0)

        assert "inProgress" == shop.lines()["billing-mobile/2"]

    def test_a_change_and_a_removal_do_not_wait_for_each_other(self):
        """
        A plan becomes a line: its bill, which came after the plan, is made anew, and the plan taken back.
        """
        life = Life(("plan", 0), ("device", 0))
        while all(one.part != "bill" for one in life.record.instructions):
            life.moves_on()
        life.becomes("1", "LINE-1")
        life.answers(0, 0, yes=True)
        life.moves_on(20)

        told = [(one.part, one.verb.value) for one in life.record.instructions if one.revision]
        assert [("bill", "undo"), ("live", "undo")] == told[:2]
        assert State.COMPLETED is life.order.state


class TestWhatIsToldAgain:
    def test_a_repeat_says_what_was_said(self):
        """One key, one content: the order has changed since, what was told has not."""
        shop = booked(LINE)
        shop.amend(changed("3", "INTERNET-500"))
        shop.says("internet", "changed", verb="modify")
        before = [one for act in shop.acts for one in act.dispatches if one.instruction.part == "internet"]
        shop.due("answer-by", "internet do")
        [again] = shop.acts[-1].dispatches

        assert 2 == again.attempt
        assert before[0].instruction.lines == again.instruction.lines

    def test_an_added_part_is_known_by_the_key_of_its_first_instruction(self):
        """Or its system's answer would wait for an order for ever."""
        shop = Shop(PLAN)
        shop.amend(add=[item("9", "CASE-01")])
        shop.done("crm")
        [told] = [one for one in shop.record.instructions if one.part == "warehouse"]

        assert {told.key, told.reference} <= {one.value for one in shop.record.aliases}

    def test_what_is_added_while_a_change_is_under_way_is_changed_too(self):
        """The CRM books the case for the customer of before, and then for the new one."""
        shop = booked(HANDSET)
        shop.amend(fields=ADA)
        shop.amend(add=[item("9", "CASE-01")])

        assert ["crm do [9]", "crm modify [9]"] == shop.sent()

    def test_what_comes_while_a_change_is_under_way_is_told_of_it(self):
        """The case is added while the new address is at the warehouse: both parcels go there."""
        shop = booked(HANDSET)
        shop.amend(fields=SALEM)
        shop.amend(add=[item("9", "CASE-01")])
        shop.says("crm")
        assert [] == shop.sent()
        shop.says("warehouse", "TA", verb="modify")

        assert ["warehouse do [9]"] == shop.sent()
        assert SALEM.place == shop.acts[-1].dispatches[0].instruction.place


class TestRefusals:
    def test_a_silent_system_that_agrees_after_all_is_changed_back(self):
        """Its change was refused by another system while it was silent."""
        shop = live()
        amendment = shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"), atomic=True)
        shop.due("answer-by", "warehouse modify")
        shop.due("answer-by", "warehouse modify")
        shop.says("mobile", "1002", verb="modify")
        assert AmendmentState.APPLYING is shop.amendment(amendment.id).state
        shop.says("warehouse", "TA", verb="modify")

        line = last_line(shop)
        assert ("red", "black") == (line.was.product.value("color"), line.item.product.value("color"))

    def test_a_system_that_has_refused_the_work_need_not_agree_to_its_change(self):
        """It is told anew, as the customer wants it now."""
        shop = booked(HANDSET)
        amendment = shop.amend(changed("1", "", colour("red")))
        shop.says("warehouse", "TR")
        shop.says("warehouse", "TR", verb="modify")

        assert AmendmentState.APPLIED is shop.amendment(amendment.id).state
        assert ["warehouse do [1]"] == shop.sent()
        assert "red" == last_line(shop).item.product.value("color")

    def test_what_a_system_keeps_against_the_order_is_not_changed_further(self):
        """Nobody knows what it has but its owner: a person decides first; then it is changed as ever."""
        shop = live()
        shop.amend(changed("2", "MOBILE-50"))
        shop.says("mobile", verb="modify")
        shop.says("billing-mobile", "20", verb="undo")
        shop.says("mobile", "5001", verb="modify")
        [piece] = shop.amend(changed("2", "", quantity=2)).pieces
        assert (PieceState.REFUSED, "E_NOT_UNDONE") == (piece.state, piece.fault.code)

        act = Act(id="a-1", kind=ActKind.COMPLETE, by="cli:ada", why="changed back", chosen=Chosen(item="2"))
        shop.took(carry_out(shop.record, act, shop.world, shop.now))
        assert PieceState.APPLYING is shop.amend(changed("2", "", quantity=2)).pieces[0].state

    @pytest.mark.parametrize("shipped_first", [True, False])
    def test_an_undo_that_was_refused_waits_for_a_person_whatever_comes(self, shipped_first):
        """In whichever order the refusal and the 945 come."""
        shop = booked(HANDSET)
        shop.cancel()
        if shipped_first:
            shop.says("warehouse", "IN")
        shop.says("warehouse", "TR", verb="undo")
        if not shipped_first:
            shop.says("warehouse", "IN")

        assert "held" == shop.lines()["warehouse/1"]
        assert ["E_NOT_UNDONE"] == [one.code for one in shop.order.product_order_error_message]


class TestCancels:
    def test_what_is_being_taken_back_is_not_taken_back_twice(self):
        """Billing is reversing for the amendment; the cancel waits for that."""
        shop = live()
        shop.amend(changed("2", "MOBILE-50"))
        shop.says("mobile", verb="modify")
        assert ["billing-mobile undo [2]"] == shop.sent()
        before = len(shop.acts)
        shop.cancel("2")
        shop.done_changes("billing-mobile undo", "mobile undo", "crm undo")

        assert ["mobile undo [2]", "crm undo [2]"] == shop.all_sent(before)
        assert State.CANCELLED is shop.item("2").state

    def test_what_an_amendment_has_done_to_what_goes_on_is_changed_back(self):
        """It was one piece, and one of its items is cancelled: the other is as it was ordered."""
        shop = live()
        amendment = shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"), atomic=True)
        shop.says("warehouse", "TA", verb="modify")
        shop.cancel("2")
        assert "warehouse modify [1]" in shop.sent()
        shop.says("warehouse", "TA", verb="modify")
        shop.done_changes("billing-mobile undo", "mobile undo", "crm undo")

        assert AmendmentState.WITHDRAWN is shop.amendment(amendment.id).state
        assert "black" == shop.value("1", "color")

    def test_a_change_is_changed_back_when_its_line_is_not_taken_back(self):
        """Both had been asked of the warehouse: it agreed to the change, and not to the cancel."""
        shop = booked(HANDSET)
        shop.amend(changed("1", "", colour("red")))
        shop.cancel()
        shop.says("warehouse", "TA", verb="modify")
        shop.says("warehouse", "TR", verb="undo")

        assert "warehouse modify [1]" in shop.sent()

    def test_a_refused_change_is_changed_back_where_it_is_agreed_to_after_that(self):
        """
        The new address was told of two parcels, of which one is cancelled; it is refused for the other, then
        agreed to for this one, and then this one cannot be cancelled any more.
        """
        shop = booked(HANDSET, item("9", "CASE-01"))
        amendment = shop.amend(fields=SALEM)
        shop.cancel("1")
        shop.says("warehouse", "TR", verb="modify", lines=[2])
        shop.says("warehouse", "TA", verb="modify", lines=[1])
        assert [] == shop.sent()
        shop.says("warehouse", "TR", verb="undo")

        assert {"warehouse modify [1]", "crm undo [1]"} == set(shop.sent())
        assert {()} == {one.instruction.place for one in shop.acts[-1].dispatches}
        shop.says("warehouse", "TA", verb="modify")
        assert AmendmentState.REFUSED is shop.amendment(amendment.id).state

    def test_a_queued_amendment_is_withdrawn_for_good(self):
        """It does not come alive when what it waited for is withdrawn, too."""
        shop = live()
        shop.amend(changed("2", "MOBILE-50"))
        second = shop.amend(changed("2", "MOBILE-20", quantity=3))
        shop.cancel()

        assert AmendmentState.WITHDRAWN is shop.amendment(second.id).state
        assert "mobile modify [2]" not in shop.sent()

    def test_nothing_is_changed_of_what_is_being_cancelled(self):
        """The item and the address of its parcel are refused, another item is not."""
        shop = live()
        shop.cancel("1")
        refused = shop.amend(changed("1", "", colour("red")), changed("2", "", quantity=2), fields=SALEM)

        assert [
            (PieceState.REFUSED, "E_STATE"),
            (PieceState.APPLYING, ""),
            (PieceState.REFUSED, "E_STATE"),
        ] == [(one.state, one.fault.code if one.fault else "") for one in refused.pieces]

    def test_a_refused_line_has_nothing_to_be_taken_back_by_hand(self):
        """The network would need a person; then it says that it never took the work."""
        shop = booked(HANDSET, PLAN)
        cancel = shop.cancel()
        shop.says("warehouse", "NS")
        shop.done_changes("warehouse undo", "mobile undo")
        shop.says("crm", verb="undo")
        shop.says("crm", verb="undo", nth=-2)
        task = next(one.task for one in shop.record.cancels if one.task.id == cancel)

        assert TaskState.DONE is task.state


class TestAfterwards:
    def test_a_question_lapses_with_the_order(self):
        """Whoever says yes to a change of an order that has ended changes nothing; the wish is kept."""
        shop = Shop(PLAN)
        shop.amend(changed("2", "", quantity=2))
        stale = shop.amend(changed("2", "", quantity=3), base=1)
        shop.done("crm", "mobile", "billing-mobile")
        [piece] = shop.amendment(stale.id).pieces

        assert State.COMPLETED is shop.order.state
        assert (PieceState.LAPSED, "E_STATE") == (piece.state, piece.fault.code)
        assert piece.follow_on
        with pytest.raises(Rejected, match="E_STATE"):
            shop.answer(piece.question, yes=True)

    def test_a_change_under_way_ends_with_an_order_that_is_refused(self):
        """The last line is rejected for good, and an order that has ended never moves."""
        shop = Shop(PLAN)
        amendment = shop.amend(fields=ADA)
        shop.says("crm", "INVALID")
        assert State.REJECTED is shop.order.state
        assert AmendmentState.REFUSED is shop.amendment(amendment.id).state
        version = shop.order.version
        shop.says("crm", verb="modify")

        assert (version, State.REJECTED) == (shop.order.version, shop.order.state)

    def test_what_was_removed_meanwhile_is_not_changed(self):
        """The change waited for a removal of the same item, and the item does not come back."""
        shop = live()
        shop.amend(remove=["2"])
        second = shop.amend(changed("2", "", quantity=2), changed("1", "", colour("red")))
        shop.done_changes("billing-mobile undo", "mobile undo", "crm undo")

        assert State.CANCELLED is shop.item("2").state
        states = {one.changes[0].item: one.state for one in shop.amendment(second.id).pieces}
        assert {"2": PieceState.REFUSED, "1": PieceState.APPLYING} == states

    def test_nothing_is_added_to_what_is_being_removed(self):
        """A case for a handset that goes waits for the end of that, and is refused."""
        tie = ItemRelationship(id="1", relationship_type="reliesOn")
        shop = booked()
        shop.amend(remove=["1"])
        added = shop.amend(add=[item("9", "CASE-01", product_order_item_relationship=(tie,))])
        assert AmendmentState.ASSESSING is added.state
        shop.done_changes("warehouse undo", "crm undo")

        [piece] = shop.amendment(added.id).pieces
        assert (PieceState.REFUSED, "E_STATE") == (piece.state, piece.fault.code)

    def test_whoever_wants_back_an_address_that_is_about_to_change_wants_a_change(self):
        """Salem is in force, Boston is at the warehouse: Salem again comes after it."""
        shop = booked(HANDSET)
        shop.amend(fields=SALEM)
        shop.says("warehouse", "TA", verb="modify")
        first = shop.amend(fields=BOSTON)
        second = shop.amend(fields=SALEM)

        assert (first.id,) == second.waits_for
        shop.says("warehouse", "TA", verb="modify")
        assert SALEM.place == shop.acts[-1].dispatches[0].instruction.place


class TestTime:
    @pytest.fixture
    def near(self):
        """A line whose point of no return (here: four hours before its appointment) is two hours away."""
        at = "2026-03-02T18:10:00+00:00"
        texts = {
            name: text.replace('hard_ponr = "completed"', 'hard_ponr = "4h before appointment"')
            for name, text in read_folder(default_folder()).items()
        }
        shop = Shop(
            item("3", "INTERNET-100", Characteristic(name="appointment", value=at)),
            among=read(texts, profiles()),
        )
        shop.done("crm")
        return shop

    def test_a_quote_stands_until_it_would_be_too_late(self, near):
        """Not for 48 hours, when the point of no return is in two."""
        amendment = near.amend(changed("3", "INTERNET-500"))
        [piece] = amendment.pieces
        assert "2026-03-02T14:10:00+00:00" == piece.answer_by.isoformat()
        near.due("quote")

        [piece] = near.amendment(amendment.id).pieces
        assert (PieceState.LAPSED, "E_TOO_LATE") == (piece.state, piece.fault.code)
        assert piece.follow_on

    def test_a_system_that_agrees_after_that_time_contradicts_nothing(self, near):
        """It could still do it."""
        amendment = near.amend(changed("3", "INTERNET-500"))
        near.answer(amendment.pieces[0].question, yes=True)
        near.later(180)
        near.says("internet", "changed", verb="modify")

        assert AmendmentState.APPLIED is near.amendment(amendment.id).state
