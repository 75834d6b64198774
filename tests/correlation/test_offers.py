"""
Counter-offers and information that systems need: asked of every channel, answered from any, and what follows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from canonical.amendments import AmendmentState, TaskState
from canonical.commands import Answer, OrderRef
from canonical.errors import Rejected
from canonical.notices import NoticeKind
from canonical.order import Characteristic, ItemRelationship
from canonical.plan import AskRule, Declined, Unanswered
from canonical.replies import LineReply, Offer
from canonical.states import State
from canonical.systems import Verb
from orderloom.correlation.changing import answer
from orderloom.correlation.fallout import Act, ActKind, carry_out, held
from tests.correlation.shop import CAPTURE, NOON, Shop, changed, item

ADSL = item("1", "INTERNET-500", Characteristic(name="downloadMbps", value="500"))
SLOWER = Offer(product_characteristic=(Characteristic(name="downloadMbps", value="250"),))


def asked(shop: Shop):
    """The amendment that is the newest question of a system."""
    return [one.amendment for one in shop.record.amendments if one.amendment.part][-1]


def question(shop: Shop) -> str:
    """Its id."""
    return asked(shop).pieces[0].question


def offers(shop: Shop, offer: Offer | None = SLOWER, **more) -> None:
    """Internet provisioning stops, and says what it could do instead."""
    shop.later()
    sent = [one for one in shop.record.instructions if one.part == "internet"][-1]
    said = LineReply(word="pending", line=1, offer=offer, reason="the line is too long")
    shop.hears(msgspec.structs.replace(shop.reply(sent), word="", lines=(said,), **more))


def with_rule(shop: Shop, rule: AskRule) -> Shop:
    """Its route says what follows from silence, and from a no."""
    parts = tuple(
        msgspec.structs.replace(one, ask=rule) if one.name == "internet" else one
        for one in shop.record.plan.parts
    )
    plan = msgspec.structs.replace(shop.record.plan, parts=parts)
    shop.took(replace(shop.acts[-1], record=msgspec.structs.replace(shop.record, plan=plan)))
    return shop


@pytest.fixture
def shop() -> Shop:
    """Internet provisioning has been told of a line of 500 Mbit/s."""
    found = Shop(ADSL)
    found.done("crm")
    return found


@pytest.fixture
def offered(shop) -> Shop:
    """It offers 250."""
    offers(shop)
    return shop


class TestAsking:
    """The question."""

    def test_says_what_is_offered_instead_of_what(self, offered):
        """In words and as a change, until when, and under which id it is answered."""
        [piece] = asked(offered).pieces
        words = "oss.internet offers downloadMbps 250 instead of downloadMbps 500: the line is too long"

        assert ("E_COUNTER_OFFER", words, "item 1") == (piece.fault.code, piece.fault.what, piece.fault.where)
        assert [("productCharacteristic.downloadMbps",)] == [one.fields for one in piece.changes]
        assert "250" == piece.changes[0].wanted.product.value("downloadMbps")
        assert offered.now + timedelta(days=2) == piece.answer_by
        assert {"pending"} == {offered.lines()["internet/1"]}

    def test_is_told_to_the_channels_once(self, offered):
        """Though the order waits for the customer too, from now on."""
        [told] = [one for one in offered.acts[-1].notices if one.endpoint == CAPTURE]

        assert (NoticeKind.INFORMATION_REQUIRED, question(offered)) == (
            told.kind,
            told.amendment.pieces[0].question,
        )
        assert State.PENDING is told.order.state

    def test_changes_nothing_until_it_is_answered(self, offered):
        """The order is as it was, and nobody is told anything."""
        assert ("500", 1, []) == (
            offered.value("1", "downloadMbps"),
            offered.order.version,
            offered.sent(),
        )

    def test_the_system_may_say_until_when_it_waits(self, shop):
        """The shorter of its time and the route's counts."""
        offers(shop, answer_by=NOON + timedelta(hours=3))
        assert NOON + timedelta(hours=3) == asked(shop).pieces[0].answer_by

    def test_without_an_offer_the_customers_word_is_needed(self, shop):
        """Nothing would change."""
        shop.says("internet", "pending")
        [piece] = asked(shop).pieces

        assert "E_INFORMATION" == piece.fault.code
        assert [()] == [one.fields for one in piece.changes]

    def test_several_lines_of_one_word_are_one_question(self):
        """The customer is not asked as often as there are lines."""
        shop = Shop(ADSL, item("2", "INTERNET-500"))
        shop.done("crm")
        shop.says("internet", "pending")

        assert ["1", "2"] == [one.item for one in asked(shop).pieces[0].changes]

    def test_the_same_offer_again_is_not_asked_again(self, offered):
        """Nor told."""
        before = question(offered)
        offers(offered)

        assert (before, []) == (question(offered), offered.told())

    def test_another_offer_takes_the_place_of_the_first(self, offered):
        """The first is withdrawn, which is told, and cannot be accepted any more."""
        first = question(offered)
        offers(offered, Offer(product_characteristic=(Characteristic(name="downloadMbps", value="100"),)))

        assert first != question(offered)
        assert [NoticeKind.CHANGED, NoticeKind.INFORMATION_REQUIRED] == offered.told()
        with pytest.raises(Rejected, match="withdrawn"):
            offered.answer(first, yes=True)

    def test_what_goes_on_by_itself_is_not_asked_any_more(self, offered):
        """The system has found a way."""
        offered.says("internet", "completed")

        assert AmendmentState.WITHDRAWN is asked(offered).state
        assert NoticeKind.CHANGED in offered.told()
        with pytest.raises(Rejected, match="went on in another way"):
            offered.answer(question(offered), yes=True)

    def test_what_nobody_can_order_is_not_asked(self, shop):
        """A person looks at what the system means."""
        offers(shop, Offer(offering="INTERNET-7"))
        [line] = held(shop.record)

        assert "E_OFFERING" == line.code
        assert "asks for what cannot be" in line.line.reason


class TestYes:
    """The customer agrees."""

    def test_is_told_to_the_system_as_a_change(self, offered):
        """The version in force runs on until it has confirmed."""
        offered.answer(question(offered), yes=True)
        [told] = offered.acts[-1].dispatches

        assert ["internet modify [1]"] == offered.sent()
        assert "250" == told.instruction.lines[0].item.product.value("downloadMbps")
        assert "500" == told.instruction.lines[0].was.product.value("downloadMbps")
        assert ("inProgress", "500") == (
            offered.lines()["internet/1"],
            offered.value("1", "downloadMbps"),
        )

    def test_is_in_force_once_the_system_has_it_so(self, offered):
        """Everybody is told, and the order goes on to its end; nothing is done twice."""
        offered.answer(question(offered), yes=True)
        offered.done_changes("internet modify")

        assert ("250", 2) == (offered.value("1", "downloadMbps"), offered.order.version)
        assert [NoticeKind.CHANGED] == offered.told()
        offered.done("internet", "billing-internet")
        assert State.COMPLETED is offered.order.state
        assert ["internet do [1]", "internet modify [1]"] == [
            one for one in offered.all_sent() if one.startswith("internet")
        ]

    def test_comes_from_any_endpoint_that_has_a_part_in_the_order(self, offered):
        """Who is answered, and is on its list from then on."""
        offered.answer(question(offered), yes=True, endpoint="callcenter.desk")
        offered.done_changes("internet modify")

        assert "callcenter.desk" in [one.endpoint for one in offered.order.channel]
        told = [one for one in offered.acts[-1].notices if one.endpoint == "callcenter.desk"]
        assert [NoticeKind.CHANGED] == [one.kind for one in told]

    def test_with_words_of_the_customers_own(self, shop):
        """What the system needs to know stands with the item that it is told of."""
        shop.says("internet", "pending")
        shop.later()
        command = Answer(
            origin=shop._origin(CAPTURE, "answer"),
            about=OrderRef(value="W-1"),
            question=question(shop),
            accepted=True,
            text="ring at the back door",
        )
        shop.took(answer(shop.record, command, shop.world, shop.now))
        [told] = shop.acts[-1].dispatches

        assert ["ring at the back door"] == [one.text for one in told.instruction.lines[0].item.note]

    def test_that_changes_nothing_makes_no_version(self, shop):
        """The system is told that it may go on."""
        shop.says("internet", "pending")
        shop.answer(question(shop), yes=True)
        assert ["internet modify [1]"] == shop.sent()
        shop.done_changes("internet modify")

        assert (1, AmendmentState.APPLIED) == (shop.order.version, asked(shop).state)
        assert "inProgress" == shop.lines()["internet/1"]

    def test_to_a_system_that_can_only_take_back_is_done_anew(self):
        """Billing reverses, and books as it is agreed."""
        shop = Shop(ADSL)
        shop.done("crm", "internet")
        shop.says("billing-internet", "10")
        shop.answer(question(shop), yes=True)
        assert ["billing-internet undo [1]"] == shop.sent()
        shop.says("billing-internet", verb="undo")
        assert ["billing-internet do [1]"] == shop.sent()
        shop.says("billing-internet")

        assert State.COMPLETED is shop.order.state

    def test_is_told_by_a_person_where_the_system_cannot_be_told(self, offered):
        """Held until somebody has done it there."""
        profiles = dict(offered.world.profiles)
        profiles["oss.internet"] = msgspec.structs.replace(profiles["oss.internet"], verbs=(Verb.DO,))
        offered.world = replace(offered.world, profiles=profiles)
        offered.answer(question(offered), yes=True)
        [one] = held(offered.record)
        assert ("E_BY_HAND", []) == (one.code, offered.sent())
        act = Act(id="a-1", kind=ActKind.COMPLETE, by="cli:ada", why="told them")
        offered.took(carry_out(offered.record, act, offered.world, offered.now))

        assert ("250", "inProgress") == (offered.value("1", "downloadMbps"), offered.lines()["internet/1"])

    def test_that_the_system_does_not_take_any_more_is_held(self, offered):
        """Whatever it had offered: a person decides."""
        offered.answer(question(offered), yes=True)
        offered.says("internet", "refused", verb="modify")

        assert ("500", "held") == (offered.value("1", "downloadMbps"), offered.lines()["internet/1"])
        assert ["E_CHANGE_REFUSED"] == [one.code for one in held(offered.record)]
        assert NoticeKind.CHANGED in offered.told()

    def test_silence_after_it_is_noticed_as_after_a_telling(self, offered):
        """The system goes on, and has its time."""
        offered.answer(question(offered), yes=True)
        offered.done_changes("internet modify")
        offered.due("answer-by", "internet do")
        offered.due("answer-by", "internet do")

        assert ["E_NO_ANSWER"] == [one.code for one in held(offered.record)]

    def test_asked_while_it_is_told_the_system_is_not_asked_back(self, offered):
        """A repeat of its question that was under way."""
        offered.answer(question(offered), yes=True)
        first = question(offered)
        offers(offered)
        offered.done_changes("internet modify")

        assert first == question(offered)
        assert "inProgress" == offered.lines()["internet/1"]


class TestNo:
    """The customer does not want it so."""

    def test_cancels_the_item_and_takes_back_what_was_done(self, offered):
        """In reverse order; whoever said it is told of the cancel."""
        offered.answer(question(offered), yes=False)
        assert ["internet undo [1]"] == offered.sent()
        offered.done_changes("internet undo")
        offered.done_changes("crm undo")

        assert State.CANCELLED is offered.order.state
        [task] = [one.task for one in offered.record.cancels]
        assert (TaskState.DONE, ("1",)) == (task.state, task.items)
        assert NoticeKind.ENDED in offered.told()

    def test_is_held_where_the_route_says_so(self, shop):
        """Nothing is taken back before a person has looked."""
        offers(with_rule(shop, AskRule(declined=Declined.HOLD)))
        shop.answer(question(shop), yes=False)

        assert [] == shop.sent()
        assert ["E_DECLINED"] == [one.code for one in held(shop.record)]

    def test_is_held_when_another_item_needs_this_one(self):
        """It cannot be cancelled by itself: a person decides, with the customer."""
        tie = ItemRelationship(id="1", relationship_type="reliesOn")
        shop = Shop(ADSL, item("2", "ROUTER-AX", product_order_item_relationship=(tie,)))
        shop.done("crm")
        offers(shop)
        shop.answer(question(shop), yes=False)

        assert [] == shop.sent()
        assert ["E_DECLINED"] == [one.code for one in held(shop.record)]
        assert ["E_VALUE"] == [one.task.fault.code for one in shop.record.cancels]


class TestSilence:
    """Nobody answers in time."""

    def test_is_held_for_a_person(self, offered):
        """Who reaches the customer, and has him asked again."""
        offered.due("quote")
        first = question(offered)
        assert [("E_UNANSWERED", f"item 1: nobody has answered {first} in time [E_UNANSWERED]")] == [
            (one.code, one.line.reason) for one in held(offered.record)
        ]
        assert {NoticeKind.CHANGED, NoticeKind.DELAYED} == set(offered.told())
        act = Act(id="a-1", kind=ActKind.RETRY, by="cli:ada", why="she is back")
        offered.took(carry_out(offered.record, act, offered.world, offered.now))

        assert first != question(offered)
        assert [NoticeKind.INFORMATION_REQUIRED] == offered.told()
        offered.answer(question(offered), yes=True)
        assert ["internet modify [1]"] == offered.sent()

    def test_takes_what_is_offered_where_the_route_says_so(self, shop):
        """As a yes would."""
        offers(with_rule(shop, AskRule(answer_within=3600, unanswered=Unanswered.ACCEPT)))
        shop.due("quote")

        assert ["internet modify [1]"] == shop.sent()
        assert asked(shop).at + timedelta(hours=1) == shop.now

    def test_cancels_the_item_where_the_route_says_so(self, shop):
        """As a no would; who captured the order is told of the cancel."""
        offers(with_rule(shop, AskRule(unanswered=Unanswered.CANCEL)))
        shop.due("quote")
        assert ["internet undo [1]"] == shop.sent()
        shop.done_changes("internet undo", "crm undo")

        assert State.CANCELLED is shop.order.state
        assert [CAPTURE] == [one.task.endpoint for one in shop.record.cancels]


class TestAnswersThatCross:
    """Twice, late, the contrary; and what is changed or cancelled meanwhile."""

    @pytest.mark.parametrize("yes", [True, False], ids=["the same", "the contrary"])
    def test_a_second_answer_is_refused_in_words(self, offered, yes):
        """The first counts."""
        offered.answer(question(offered), yes=True)
        before = offered.record
        with pytest.raises(Rejected, match="was answered with yes"):
            offered.answer(question(offered), yes=yes)

        assert before == offered.record

    def test_a_yes_after_the_no_is_refused_in_words(self, offered):
        """What is being taken back goes on being taken back."""
        offered.answer(question(offered), yes=False)
        with pytest.raises(Rejected, match="was answered with no"):
            offered.answer(question(offered), yes=True)

    def test_a_late_answer_is_refused_in_words(self, offered):
        """A person has the line by now."""
        offered.due("quote")
        with pytest.raises(Rejected, match="has lapsed"):
            offered.answer(question(offered), yes=True)

    def test_a_cancel_withdraws_the_question(self, offered):
        """And takes the line back as any other."""
        offered.cancel()

        assert AmendmentState.WITHDRAWN is asked(offered).state
        assert ["internet undo [1]"] == offered.sent()
        with pytest.raises(Rejected, match="withdrawn"):
            offered.answer(question(offered), yes=True)

    def test_an_amendment_of_what_is_offered_answers_it(self, offered):
        """The customer says what he wants instead; the system goes on when it has agreed to that."""
        amendment = offered.amend(changed("1", "", Characteristic(name="downloadMbps", value="300")))
        assert AmendmentState.APPLYING is amendment.state
        assert ["internet modify [1]"] == offered.sent()
        with pytest.raises(Rejected, match="is being changed"):
            offered.answer(question(offered), yes=True)
        offered.done_changes("internet modify")

        assert ("300", "inProgress") == (offered.value("1", "downloadMbps"), offered.lines()["internet/1"])
        assert AmendmentState.WITHDRAWN is asked(offered).state

    def test_an_amendment_that_the_system_refuses_leaves_the_question(self, offered):
        """It waits for its answer still."""
        offered.amend(changed("1", "", Characteristic(name="downloadMbps", value="300")))
        offered.says("internet", "refused", verb="modify")
        assert "pending" == offered.lines()["internet/1"]
        offered.answer(question(offered), yes=True)

        assert "250" == offered.acts[-1].dispatches[0].instruction.lines[0].item.product.value("downloadMbps")

    def test_an_amendment_of_something_else_leaves_the_question(self, offered):
        """Another item is added, and told."""
        offered.amend(add=[item("2", "HANDSET-A")])
        before = question(offered)
        offered.done("crm")

        assert "pending" == offered.lines()["internet/1"]
        offered.answer(before, yes=True)
        assert ["internet modify [1]"] == offered.sent()
