"""
Orders that change on their way, in the shipped world: who is told what, and what runs on.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from adapters.outbound.warehouse.words import TOO_LATE
from canonical.amendments import AmendmentState, OrderPatch, PieceState
from canonical.errors import Rejected
from canonical.notices import NoticeKind
from canonical.order import Address, Characteristic, ItemRelationship, Place
from canonical.states import Action, Cause, State
from canonical.systems import Verb
from tests.correlation.shop import Shop, changed, colour, item

HANDSET = item("1", "HANDSET-A", colour("black"))
PLAN = item("2", "MOBILE-20")
LINE = item("3", "INTERNET-100")
AT_FOUR = Characteristic(name="appointment", value="2026-03-02T16:00:00+00:00")
NEAR = item("3", "INTERNET-100", AT_FOUR)


def phone() -> Shop:
    """A handset and a plan; booked, the plan is live and charged, the handset is at the warehouse."""
    shop = Shop(HANDSET, PLAN)
    shop.done("crm", "mobile", "billing-mobile")
    return shop


class TestBeforeAnythingIsSent:
    def test_a_line_that_is_not_sent_is_replaced_in_place(self):
        """Nobody was told of the old one, and nobody is told of a change."""
        shop = Shop(HANDSET)
        amendment = shop.amend(changed("1", "", colour("red")))

        assert AmendmentState.APPLIED is amendment.state
        assert [] == shop.sent()
        assert ("red", 2) == (shop.value("1", "color"), shop.order.version)

        shop.done("crm")

        assert ["warehouse do [1]"] == shop.sent()
        [line] = shop.acts[-1].dispatches[0].instruction.lines
        assert "red" == line.item.product.value("color")

    def test_what_is_so_already_changes_nothing(self):
        """No version, no instruction; whoever asked hears that it is so."""
        shop = Shop(HANDSET)
        amendment = shop.amend(changed("1", "", colour("black")))

        assert (AmendmentState.APPLIED, ()) == (amendment.state, amendment.pieces)
        assert 1 == shop.order.version
        assert [NoticeKind.CHANGED] == shop.told()


class TestUnderWay:
    def test_only_the_systems_that_a_change_touches_are_told(self):
        """Plan 20 to 50 GB while the 940 is open: mobile is changed, billing reverses and charges anew."""
        shop = phone()
        before = len(shop.acts)
        amendment = shop.amend(changed("2", "MOBILE-50"))

        assert ["mobile modify [2]"] == shop.sent()
        assert (AmendmentState.APPLYING, "MOBILE-20") == (amendment.state, shop.offering("2"))

        shop.says("mobile", verb="modify")
        assert ["billing-mobile undo [2]"] == shop.sent()
        shop.says("billing-mobile", verb="undo")
        assert ["billing-mobile do [2]"] == shop.sent()

        assert ("MOBILE-50", 2) == (shop.offering("2"), shop.order.version)
        assert AmendmentState.APPLIED is shop.amendment(amendment.id).state
        assert NoticeKind.CHANGED in shop.told()
        assert not [one for one in shop.all_sent(before) if one.startswith(("warehouse", "crm"))]

        shop.says("billing-mobile")
        shop.done("warehouse", "billing-device")
        assert State.COMPLETED is shop.order.state

    def test_the_version_in_force_runs_on_until_a_system_agrees(self):
        """And the order does not end before that, though everything else is done."""
        shop = phone()
        shop.amend(changed("2", "MOBILE-50"))
        shop.done("warehouse", "billing-device")

        assert State.IN_PROGRESS is shop.order.state
        assert ("inProgress", "completed") == (shop.lines()["mobile/2"], shop.lines()["warehouse/1"])
        assert 1 == shop.order.version

    def test_a_refusal_leaves_the_order_as_it_was(self):
        """What one system has agreed to is not undone when nobody else was told."""
        shop = phone()
        amendment = shop.amend(changed("2", "MOBILE-50"))
        shop.says("mobile", "1002", verb="modify")

        assert AmendmentState.REFUSED is shop.amendment(amendment.id).state
        assert ("MOBILE-20", 1) == (shop.offering("2"), shop.order.version)
        assert "completed" == shop.lines()["mobile/2"]
        assert [NoticeKind.CHANGED] == shop.told()

    def test_if_billing_refuses_after_mobile_agreed_mobile_is_changed_back(self):
        """Within an item all lines change or none."""
        shop = phone()
        amendment = shop.amend(changed("2", "MOBILE-50"))
        shop.says("mobile", verb="modify")
        shop.says("billing-mobile", "20", verb="undo")

        assert ["mobile modify [2]"] == shop.sent()
        [line] = shop.acts[-1].dispatches[0].instruction.lines
        assert "MOBILE-20" == line.item.product_offering.id
        assert AmendmentState.APPLYING is shop.amendment(amendment.id).state

        shop.says("mobile", verb="modify")

        assert AmendmentState.REFUSED is shop.amendment(amendment.id).state
        assert ("MOBILE-20", "completed") == (shop.offering("2"), shop.lines()["mobile/2"])

    def test_what_cannot_be_changed_back_is_held(self):
        """A person has to look at it: the system has what nobody wants any more."""
        shop = phone()
        amendment = shop.amend(changed("2", "MOBILE-50"))
        shop.says("mobile", verb="modify")
        shop.says("billing-mobile", "20", verb="undo")
        shop.says("mobile", "5001", verb="modify")

        assert AmendmentState.REFUSED is shop.amendment(amendment.id).state
        assert "held" == shop.lines()["mobile/2"]

    def test_an_item_that_is_added_is_told_by_itself(self):
        """Accessory added before the 945: a second 940, and the first is not touched."""
        shop = Shop(HANDSET)
        shop.done("crm")
        amendment = shop.amend(add=[item("2", "CASE-01")])

        assert (AmendmentState.APPLIED, 2) == (amendment.state, shop.order.version)
        assert ["crm do [2]"] == shop.sent()
        shop.says("crm")
        assert ["warehouse do [2]"] == shop.sent()
        assert 2 == shop.acts[-1].dispatches[0].instruction.lines[0].number

        shop.says("warehouse", nth=0)
        assert "inProgress" == shop.lines()["warehouse/2"]
        shop.says("warehouse")
        shop.says("billing-device", nth=0)
        shop.says("billing-device")
        assert State.COMPLETED is shop.order.state

    def test_an_item_that_is_removed_is_taken_back_in_reverse(self):
        """It stays on the order, cancelled by the customer."""
        shop = phone()
        shop.amend(remove=["2"])

        assert ["billing-mobile undo [2]"] == shop.sent()
        assert "pendingCancellation" == shop.lines()["mobile/2"]
        shop.says("billing-mobile", verb="undo")
        assert ["mobile undo [2]"] == shop.sent()
        shop.says("mobile", verb="undo")
        assert ["crm undo [2]"] == shop.sent()
        shop.says("crm", verb="undo")

        [gone] = [one for one in shop.order.product_order_item if one.id == "2"]
        assert (State.CANCELLED, "customer") == (gone.state, gone.cause)
        shop.done("warehouse", "billing-device")
        assert State.COMPLETED is shop.order.state

    def test_removing_the_last_is_a_cancel(self):
        """Nothing is added to an order that is going; refused by a system, it goes on."""
        shop = Shop(HANDSET)
        shop.done("crm")
        removed = shop.amend(remove=["1"])
        assert State.PENDING_CANCELLATION is shop.order.state
        added = shop.amend(add=[item("9", "CASE-01")])
        assert (AmendmentState.REFUSED, "E_STATE") == (added.state, added.fault.code)

        shop.done_changes("warehouse undo", "crm undo")
        assert (State.CANCELLED, Cause.CUSTOMER) == (shop.order.state, shop.order.cause)
        assert AmendmentState.APPLIED is shop.amendment(removed.id).state
        assert [NoticeKind.CHANGED, NoticeKind.ENDED] == shop.told()

    def test_an_order_whose_last_item_stays_after_all_goes_on(self):
        """It was shipped meanwhile; then a case is added as ever."""
        shop = Shop(HANDSET)
        shop.done("crm")
        shop.amend(remove=["1"])
        shop.says("warehouse", TOO_LATE, verb="undo")

        assert AmendmentState.APPLIED is shop.amend(add=[item("9", "CASE-01")]).state

    def test_the_order_s_own_fields_are_told_to_whom_they_concern(self):
        """A new address is the warehouse's business, and nobody else's."""
        shop = phone()
        there = Place(role="deliveryAddress", place=Address(city="Salem"))
        shop.amend(fields=OrderPatch(place=(there,)))

        assert ["warehouse modify [1]"] == shop.sent()
        assert (there,) == shop.acts[-1].dispatches[0].instruction.place
        assert () == shop.order.place
        shop.says("warehouse", "TA", verb="modify")
        assert ((there,), 2) == (shop.order.place, shop.order.version)

    def test_a_whole_amendment_removes_what_it_leaves_out(self):
        """And touches nothing of what it repeats."""
        shop = Shop(HANDSET, PLAN)
        amendment = shop.whole(HANDSET)

        assert ["crm undo [2]"] == shop.sent()
        shop.says("crm", verb="undo")
        assert AmendmentState.APPLIED is shop.amendment(amendment.id).state
        shop.done("crm")
        assert ["warehouse do [1]"] == shop.sent()


class TestPointsOfNoReturn:
    def test_the_colour_of_the_shipped_handset_is_refused_and_the_plan_changed(self):
        """One document, two pieces: each its own end; the wish that came too late is kept as a draft."""
        shop = phone()
        shop.done("warehouse")
        amendment = shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"))
        shop.says("mobile", verb="modify")
        shop.says("billing-mobile", verb="undo")
        amendment = shop.amendment(amendment.id)

        assert AmendmentState.PARTLY_APPLIED is amendment.state
        handset, plan = amendment.pieces
        assert (PieceState.REFUSED, "E_TOO_LATE") == (handset.state, handset.fault.code)
        assert PieceState.APPLIED is plan.state
        assert (handset.follow_on, "followOn") in [
            (one.id, one.relationship_type) for one in shop.order.order_relationship
        ]
        [draft] = [one for act in shop.acts for one in act.drafts]
        assert (State.DRAFT, "red") == (
            draft.order.state,
            draft.order.product_order_item[0].product.value("color"),
        )

    def test_a_modify_that_crosses_shipped_is_refused(self):
        """The 945 comes first, then the answer: too late.  The handset is on its way, as it was ordered."""
        shop = phone()
        amendment = shop.amend(changed("1", "", colour("red")))
        assert ["warehouse modify [1]"] == shop.sent()
        shop.says("warehouse")
        assert "inProgress" == shop.lines()["warehouse/1"]
        shop.says("warehouse", TOO_LATE, verb="modify")

        [piece] = shop.amendment(amendment.id).pieces
        assert (PieceState.REFUSED, "E_TOO_LATE") == (piece.state, piece.fault.code)
        assert ("black", "completed") == (shop.value("1", "color"), shop.lines()["warehouse/1"])
        assert piece.follow_on

    def test_shipped_and_modified_at_once_is_held(self):
        """The system says both: a person has to find out what is in the parcel."""
        shop = phone()
        shop.amend(changed("1", "", colour("red")))
        shop.says("warehouse")
        shop.says("warehouse", "TA", verb="modify")

        assert "held" == shop.lines()["warehouse/1"]
        assert "E_CONTRADICTION" in [one.code for one in shop.order.product_order_error_message]

    @pytest.fixture
    def quoted(self):
        """A line whose appointment is in four hours, and a change of its speed."""
        shop = Shop(NEAR)
        shop.done("crm")
        return shop, shop.amend(changed("3", "INTERNET-500"))

    def test_past_the_soft_point_the_charge_is_quoted_and_stops_nothing(self, quoted):
        """The customer is asked; the line is built meanwhile."""
        shop, amendment = quoted
        [piece] = amendment.pieces

        assert AmendmentState.AWAITING_CUSTOMER is amendment.state
        assert ("30.00", "USD") == (str(piece.charge.value), piece.charge.unit)
        assert piece.answer_by == shop.now + timedelta(hours=48)
        assert [NoticeKind.INFORMATION_REQUIRED] == shop.told()
        assert ([], "inProgress") == (shop.sent(), shop.lines()["internet/3"])

    def test_a_yes_to_one_question_is_none_to_the_next(self, quoted):
        """Stale, and dear: the customer is told of both, one after the other, and says yes to each."""
        shop, first = quoted
        shop.answer(first.pieces[0].question, yes=True)
        shop.done_changes("internet modify")
        amendment = shop.amend(changed("3", "INTERNET-100"), base=1)
        [stale] = amendment.pieces
        shop.answer(stale.question, yes=True)
        [dear] = shop.amendment(amendment.id).pieces

        assert ("E_STALE", "E_CHARGE") == (stale.fault.code, dear.fault.code)
        assert [NoticeKind.INFORMATION_REQUIRED] == shop.told()
        assert f"{stale.question}.2" == dear.question
        with pytest.raises(Rejected, match="is answered"):
            shop.answer(stale.question, yes=True)
        assert [] == shop.sent()

        shop.answer(dear.question, yes=True)

        assert ["internet modify [3]"] == shop.sent()

    def test_yes_has_it_changed(self, quoted):
        shop, amendment = quoted
        shop.answer(amendment.pieces[0].question, yes=True)

        assert ["internet modify [3]"] == shop.sent()

    def test_no_leaves_it(self, quoted):
        shop, amendment = quoted
        shop.answer(amendment.pieces[0].question, yes=False)

        assert AmendmentState.WITHDRAWN is shop.amendment(amendment.id).state
        assert [] == shop.sent()
        with pytest.raises(Rejected, match="E_STATE"):
            shop.answer(amendment.pieces[0].question, yes=True)

    def test_an_unanswered_quote_lapses_while_work_goes_on(self, quoted):
        shop, amendment = quoted
        shop.due("quote")

        assert AmendmentState.LAPSED is shop.amendment(amendment.id).state
        assert [NoticeKind.CHANGED] == shop.told()
        assert "INTERNET-100" == shop.offering("3")
        shop.done("internet", "billing-internet")
        assert State.COMPLETED is shop.order.state

    def test_a_quote_lapses_at_the_hard_point(self, quoted):
        """Whichever is first; what was wanted is kept as a draft."""
        shop, amendment = quoted
        shop.done("internet")
        [piece] = shop.amendment(amendment.id).pieces

        assert (PieceState.LAPSED, "E_TOO_LATE") == (piece.state, piece.fault.code)
        assert piece.follow_on

    @pytest.mark.parametrize(
        "otherwise",
        [
            pytest.param(lambda shop: shop.amend(remove=["3"], endpoint="callcenter.desk"), id="removed"),
            pytest.param(lambda shop: shop.amend(changed("3", "INTERNET-100")), id="as it is"),
            pytest.param(lambda shop: shop.whole(item("3", "INTERNET-500", AT_FOUR)), id="whole"),
        ],
    )
    def test_a_later_wish_of_the_same_does_not_wait_for_an_answer(self, quoted, otherwise):
        """Nobody needs to say no first: the question is withdrawn, and who had been asked hears of it."""
        shop, amendment = quoted
        later = otherwise(shop)
        [piece] = shop.amendment(amendment.id).pieces

        assert ((), AmendmentState.WITHDRAWN) == (later.waits_for, shop.amendment(amendment.id).state)
        assert (PieceState.WITHDRAWN, "E_STALE") == (piece.state, piece.fault.code)
        assert amendment.id in [one.amendment.id for one in shop.acts[-1].notices if one.amendment]
        assert f"quote|{amendment.id}|1" in shop.acts[-1].cleared
        with pytest.raises(Rejected, match="E_STATE"):
            shop.answer(piece.question, yes=True)

    def test_a_whole_order_that_repeats_the_line_leaves_the_question(self, quoted):
        """Who sent it need not know of it; a case is added meanwhile, and yes still counts."""
        shop, amendment = quoted
        later = shop.whole(NEAR, item("9", "CASE-01"), endpoint="callcenter.desk")
        assert AmendmentState.APPLIED is later.state
        shop.answer(amendment.pieces[0].question, yes=True)

        assert ["internet modify [3]"] == shop.sent()

    def test_a_question_beside_a_change_under_way_holds_nobody_up(self):
        """One document, two pieces: who waits for the one that a system has does not wait for the other."""
        shop = Shop(NEAR, PLAN)
        shop.done("crm", "mobile")
        first = shop.amend(changed("2", "MOBILE-50"), changed("3", "INTERNET-500"))
        second = shop.amend(changed("2", "MOBILE-20"))
        assert (first.id,) == second.waits_for
        shop.done_changes("mobile modify", "billing-mobile undo")

        assert AmendmentState.AWAITING_CUSTOMER is shop.amendment(first.id).state
        assert AmendmentState.APPLYING is shop.amendment(second.id).state

    def test_an_order_that_has_ended_never_moves(self):
        """A later wish is a follow-on."""
        shop = Shop(HANDSET)
        shop.done("crm", "warehouse", "billing-device")
        amendment = shop.amend(changed("1", "", colour("red")))

        assert (State.COMPLETED, AmendmentState.REFUSED) == (shop.order.state, amendment.state)
        assert "E_STATE" == amendment.pieces[0].fault.code
        assert amendment.pieces[0].follow_on


class TestSeveral:
    def test_overlapping_ones_queue(self):
        """The second is assessed by what the first has made of the order."""
        shop = phone()
        first = shop.amend(changed("2", "MOBILE-50"))
        second = shop.amend(changed("2", "MOBILE-20"))

        assert (AmendmentState.ASSESSING, (first.id,)) == (second.state, second.waits_for)
        shop.says("mobile", verb="modify")
        shop.says("billing-mobile", verb="undo")
        assert "mobile modify [2]" in shop.sent()
        assert AmendmentState.APPLYING is shop.amendment(second.id).state

    def test_a_disjoint_one_overtakes(self):
        """The case does not wait for the plan."""
        shop = phone()
        shop.amend(changed("2", "MOBILE-50"))
        second = shop.amend(add=[item("9", "CASE-01")])

        assert AmendmentState.APPLIED is second.state

    def test_a_stale_base_is_rebased_where_it_is_disjoint(self):
        """Only what has changed since is asked about."""
        shop = Shop(HANDSET, PLAN)
        shop.amend(changed("1", "", colour("red")))
        stale = shop.amend(changed("1", "", colour("blue")), changed("2", "MOBILE-50"), base=1)
        handset, plan = stale.pieces

        assert (PieceState.AWAITING_CUSTOMER, "E_STALE") == (handset.state, handset.fault.code)
        assert PieceState.APPLIED is plan.state
        shop.answer(handset.question, yes=True)
        assert "blue" == shop.value("1", "color")

    @pytest.mark.parametrize("base", [0, 3])
    def test_a_version_that_there_never_was_is_refused(self, base):
        """A wrong number would pass over everything that others have changed."""
        shop = Shop(HANDSET)
        shop.amend(changed("1", "", colour("red")))
        with pytest.raises(Rejected, match=rf"version: the order has no version {base} \(1 to 2\)"):
            shop.amend(changed("1", "", colour("blue")), base=base)

    def test_tied_items_stand_or_fall_together(self):
        """One refusal, and neither changes."""
        tie = ItemRelationship(id="1", relationship_type="reliesOn")
        shop = Shop(HANDSET, item("2", "CASE-01", product_order_item_relationship=(tie,)))
        shop.done("crm")
        shop.says("warehouse", lines=[1])
        amendment = shop.amend(changed("1", "", colour("red")), changed("2", "", quantity=3))

        [piece] = amendment.pieces
        assert PieceState.REFUSED is piece.state

    def test_atomic_makes_it_one_piece(self):
        shop = phone()
        shop.done("warehouse")
        amendment = shop.amend(changed("1", "", colour("red")), changed("2", "MOBILE-50"), atomic=True)

        assert (AmendmentState.REFUSED, []) == (amendment.state, shop.sent())


class TestSilence:
    def test_a_silent_system_holds_the_change_and_not_for_ever(self):
        """Time alone fails nothing: its late answer still counts."""
        shop = phone()
        amendment = shop.amend(changed("1", "", colour("red")))
        shop.due("answer-by")
        shop.due("answer-by")
        assert "held" == shop.lines()["warehouse/1"]

        shop.says("warehouse", "TA", verb="modify")
        assert AmendmentState.APPLIED is shop.amendment(amendment.id).state
        assert ("red", "inProgress") == (shop.value("1", "color"), shop.lines()["warehouse/1"])
        assert "reply_late" in [one.event for one in shop.acts[-1].journal]


class TestWords:
    def test_what_answers_another_verb_or_action_is_refused(self):
        """An answer to RMV SUB with the key of an ADD completes nothing."""
        shop = Shop(PLAN)
        shop.done("crm")
        [sent] = [one for one in shop.record.instructions if one.part == "mobile"]
        said = shop.reply(sent, lines=[1])

        for wrong in (replace(said, verb=Verb.UNDO), replace(said, verb=Verb.DO, action=Action.DELETE)):
            with pytest.raises(Rejected, match="E_UNMATCHED"):
                shop.hears(wrong)
        shop.hears(replace(said, verb=Verb.DO, action=Action.ADD))
        assert "completed" == shop.lines()["mobile/2"]

    def test_a_word_about_the_whole_passes_over_what_was_taken_back(self):
        """The CRM says OK to what is left of the order."""
        shop = Shop(HANDSET, PLAN)
        shop.cancel("2")
        shop.says("crm", verb="undo")
        shop.says("crm")

        assert ("completed", "cancelled") == (shop.lines()["crm/1"], shop.lines()["crm/2"])
        assert () == shop.order.product_order_error_message


class TestLineNumbers:
    """A line has one number of its sender's own: that of whoever captured the order."""

    @staticmethod
    def numbered(name: str, offering: str = "CASE-01", number: str = ""):
        return replace(item(name, offering), line_ref=number or name)

    def test_a_new_line_has_a_number_that_no_other_line_has(self):
        """Otherwise nobody knows, of two lines, which one is meant from then on."""
        shop = Shop(self.numbered("10"), self.numbered("20"))
        shop.done("crm")

        amendment = shop.amend(add=[self.numbered("10", "HANDSET-A")])

        assert (AmendmentState.REFUSED, "E_DUPLICATE_LINE") == (amendment.state, amendment.fault.code)
        assert ("item 10", "the order has a line '10'") == (amendment.fault.where, amendment.fault.what)

    def test_the_number_of_a_line_that_is_gone_may_be_used_again(self):
        """Or of one that is about to go."""
        shop = Shop(self.numbered("10"), self.numbered("20"))
        shop.amend(remove=["10"])
        shop.amend(add=[self.numbered("10", "HANDSET-A")])
        shop.says("crm", verb="undo")
        shop.amend(remove=["20"])
        shop.says("crm", verb="undo")

        assert AmendmentState.APPLIED is shop.amend(add=[self.numbered("20", "HANDSET-A")]).state
        assert ["10", "20"] == [shop.item(name).line_ref for name in ("21", "22")]

    def test_another_endpoint_counts_its_lines_by_itself(self):
        """The whole order, sent once more by whoever captured it, still means the lines that it means."""
        shop = Shop(self.numbered("1", number="10"))
        shop.done("crm")
        added = shop.amend(add=[self.numbered("1", "HANDSET-A", "10")], endpoint="store.0117")

        [piece] = added.pieces
        assert "10" == piece.changes[0].line_ref
        assert ("HANDSET-A", "") == (shop.offering("2"), shop.item("2").line_ref)

        again = [self.numbered("1", number="10"), self.numbered("2", "HANDSET-A", "20")]
        assert AmendmentState.APPLIED is shop.whole(*again).state
        assert "inProgress" == shop.lines()["warehouse/1"]
        assert [] == [one for one in shop.all_sent() if "undo" in one]

    def test_whoever_captured_the_order_means_its_own_line(self):
        """The first line 20 is cancelled, and another has its number: its id is another one."""
        shop = Shop(self.numbered("10"), self.numbered("20"))
        shop.amend(remove=["20"])
        shop.says("crm", verb="undo")
        shop.amend(add=[self.numbered("20", "HANDSET-A")])

        assert AmendmentState.ASSESSING is not shop.amend(changed("20", quantity=3)).state
        assert 3 == shop.item("21").quantity

        shop.cancel("20")
        assert "cancelled" == shop.lines()["warehouse/21"]

    def test_a_number_is_not_the_id_of_what_somebody_else_has_added(self):
        shop = Shop(self.numbered("1", number="2"), self.numbered("3"))
        shop.amend(add=[item("2", "HANDSET-A")], endpoint="store.0117")

        shop.amend(changed("2", quantity=3))
        assert (3, 1) == (shop.item("1").quantity, shop.item("2").quantity)

        shop.cancel("2")
        assert "pendingCancellation" == shop.lines()["crm/1"]
        assert "acknowledged" == shop.lines()["warehouse/2"]

        shop.says("crm", verb="undo")
        shop.amend(changed("2", quantity=4), endpoint="store.0117")
        assert 4 == shop.item("2").quantity
