"""
Recommendations: what a channel proposes because of a complaint, a disconnect, a draft that lapsed.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from canonical.commands import CancelOrder, OrderRef, RecordInteraction
from canonical.conversation import RecommendationState
from canonical.notices import NoticeKind, Outcome
from canonical.order import OrderRelationship
from canonical.references import Endpoint
from canonical.states import Action, Cause, State
from orderloom.engine.asking import may_propose
from tests.engine.talk_rig import DAY, TALK, TalkRig, customer, draft, item

WEB, DESK, STORE, ACME = "web.portal", "callcenter.desk", "store.0117", "partner.acme"

MONTH_FREE = """
[[recommendation]]
name = "month-free"
why = "who complains and leaves is worth a month"
when = { order = { action = "delete", category = "mobile" } }
after = { interaction = "complaint", within = "30d" }
offer = "CREDIT"
text = "One month free of charge."
reason = "the customer complained lately"
apology = "We are sorry."
channels = ["store", "callcenter", "partner"]
valid_for = "14d"
at_most = 1
per = "90d"
ask_first = true
answer_by = "24h"
"""
SPEED = """
[[recommendation]]
name = "faster-line"
why = "who finds it slow may want a faster line"
when = { interaction = ["complaint", "speed-test"] }
offer = "NET"
text = "A faster line."
channels = ["web", "callcenter", "partner"]
valid_for = "7d"
at_most = 2
per = "30d"

[[recommendation]]
name = "come-back"
why = "who forgot a cart may want a gift"
when = { draft = "abandoned" }
offer = "CREDIT"
text = "Ten off."
channels = "web"
valid_for = "30d"
per = "90d"

[[recommendation]]
name = "case"
why = "who buys a SIM needs a line"
when = { order = { action = "add", offering = "SIM" } }
after = { interaction = "visit", within = "1d" }
offer = "NET"
text = "A line with it."
channels = "store"
valid_for = "1d"
per = "1d"
"""
RULES = TALK | {
    "routes/recommendations/retention.toml": MONTH_FREE,
    "routes/recommendations/more.toml": SPEED,
    "routes/catalogue/credits.toml": """
[[offering]]
id = "CREDIT"
name = "A month free"
category = "internet"
""",
    "endpoints/partner.globex.toml": """
id = "partner.globex"
channel = "partner"
name = "Globex"
out_queue = "channel.partner.out"
recommendations = true
""",
}


@pytest.fixture
def rig(tmp_path):
    """A bench whose channels speak the canonical language."""
    made = TalkRig(tmp_path, rules=RULES)
    yield made
    made.crash()


def leave(rig, endpoint=STORE, number="R-1", party="C-7"):
    """A disconnect of a mobile line."""
    gone = draft(item("1", "SIM", action=Action.DELETE), related_party=customer(party))
    return rig.submit(endpoint, number, gone)


def story(rig, id_):
    return [one.event for one in rig.store.journal(id_)]


class TestAskFirst:
    def test_disconnect_after_complaint_is_kept_and_the_store_gets_the_question(self, rig):
        """Reason, apology and offer; the order is a draft, and nobody is told to do anything."""
        rig.happened(DESK, "complaint", "C-7", "too slow")
        kept = leave(rig)
        [told] = rig.notices(STORE)
        asked = told.recommendation

        assert (Outcome.ACCEPTED, State.DRAFT) == (kept.outcome, kept.order.state)
        assert (NoticeKind.INFORMATION_REQUIRED, kept.order_id) == (told.kind, told.order.id)
        assert ("the customer complained lately", "We are sorry.", "One month free of charge.") == (
            asked.reason,
            asked.apology,
            asked.text,
        )
        assert ("CREDIT", "A month free") == (asked.offering.id, asked.offering.name)
        assert asked.id.startswith("rec|")
        assert (asked.answer_by - asked.made).total_seconds() == DAY
        assert 0 == rig.broker.depth("system.oss.mobile.in")
        assert [asked] == list(rig.resume(STORE, "R-1").conversation.recommendations)

    def test_yes_withdraws_the_draft_and_orders_the_credit(self, rig):
        """Under the number of the answer; both are told."""
        rig.happened(DESK, "complaint", "C-7")
        kept = leave(rig)
        [asked] = rig.notices(STORE)
        verdict = rig.answer(STORE, "R-1", asked.recommendation.id, "A-1", accepted=True)
        withdrawn = rig.store.order(kept.order_id).order
        credit = rig.store.order(verdict.order_id).order
        told = rig.notices(STORE)

        assert (State.CANCELLED, Cause.CUSTOMER) == (withdrawn.state, withdrawn.cause)
        assert ("CREDIT", Action.ADD) == (
            credit.product_order_item[0].product_offering.id,
            credit.product_order_item[0].action,
        )
        assert (
            OrderRelationship(id=kept.order_id, relationship_type="replaces"),
        ) == credit.order_relationship
        assert (customer("C-7"), kept.order.conversation_id) == (credit.related_party, credit.conversation_id)
        assert ["crm", "internet"] == [one.name for one in rig.store.order(credit.id).plan.parts]
        assert f"withdrawn: A month free was taken instead, order {credit.id}" in [one.reason for one in told]
        assert RecommendationState.TAKEN is state(rig)
        assert not [one for one in rig.timers() if one.startswith("recommend-by")]

    def test_no_lets_it_go_on(self, rig):
        """As it was going to be; the customer is not asked again about it."""
        rig.happened(DESK, "complaint", "C-7")
        kept = leave(rig)
        [asked] = rig.notices(STORE)
        verdict = rig.answer(STORE, "R-1", asked.recommendation.id, accepted=False)
        record = rig.store.order(kept.order_id)

        assert (kept.order_id, State.IN_PROGRESS) == (verdict.order_id, record.order.state)
        assert 1 == rig.broker.depth("system.oss.mobile.in")
        assert RecommendationState.DECLINED is state(rig)
        assert {"recommendation_asked", "recommendation_declined", "order_accepted"} <= set(
            story(rig, record.id)
        )

    def test_without_an_answer_it_goes_on_when_its_time_is_over(self, rig):
        """Silence is no yes."""
        rig.happened(DESK, "complaint", "C-7")
        kept = leave(rig)
        rig.sweep(0.9 * DAY)
        assert State.DRAFT is rig.store.order(kept.order_id).order.state
        rig.sweep(0.2 * DAY)

        assert State.IN_PROGRESS is rig.store.order(kept.order_id).order.state
        assert RecommendationState.LAPSED is state(rig)
        assert "recommendation_lapsed" in story(rig, kept.order_id)

    def test_an_answer_is_taken_once(self, rig):
        """A repeat is a repeat; another word about it is refused."""
        rig.happened(DESK, "complaint", "C-7")
        leave(rig)
        [asked] = rig.notices(STORE)
        question = asked.recommendation.id
        first = rig.answer(STORE, "R-1", question, "A-1", accepted=True)
        again = rig.answer(STORE, "R-1", question, "A-1", accepted=True)
        other = rig.answer(STORE, "R-1", question, "A-2", accepted=False)

        assert first.order_id == again.order_id
        assert ("E_STATE", "the recommendation is taken") == (other.fault.code, other.fault.what)

    def test_nobody_else_answers(self, rig):
        """Nor learns that there is a question."""
        rig.happened(DESK, "complaint", "C-7")
        kept = leave(rig)
        [asked] = rig.notices(STORE)
        other = rig.answer(DESK, kept.order_id, asked.recommendation.id, accepted=True)
        nothing = rig.answer(STORE, "R-1", "rec|nothing", accepted=True)

        assert ("E_NOT_FOUND", "E_NOT_FOUND") == (other.fault.code, nothing.fault.code)
        assert State.DRAFT is rig.store.order(kept.order_id).order.state

    def test_the_same_document_again_is_a_repeat(self, rig):
        """The question is told once more; other content under its number is refused."""
        rig.happened(DESK, "complaint", "C-7")
        kept, again = leave(rig), leave(rig)
        gone = draft(item("1", "SIM", 3, action=Action.DELETE), related_party=customer("C-7"))

        assert kept.order_id == again.order_id
        first, second = rig.notices(STORE)
        assert first == second
        assert "E_DUPLICATE_ORDER" == rig.submit(STORE, "R-1", gone, 2).fault.code

    def test_a_customer_who_insists_gets_his_way(self, rig):
        """A draft about which he was asked is submitted when it is sent to be."""
        rig.happened(DESK, "complaint", "C-7")
        kept = leave(rig)
        taken = rig.submit(STORE, "R-2", draft(), conversation=kept.order.conversation_id)

        assert kept.order_id == taken.order_id
        assert State.IN_PROGRESS is rig.store.order(kept.order_id).order.state
        rig.sweep(2 * DAY)
        assert RecommendationState.LAPSED is state(rig)

    def test_a_draft_that_is_submitted_is_held_back_too(self, rig):
        """The call centre prepared the disconnect, the store completes it."""
        gone = draft(item("1", "SIM", action=Action.DELETE), related_party=customer("C-7"))
        saved = rig.save(DESK, "K-1", gone)
        rig.happened(DESK, "complaint", "C-7")
        kept = rig.submit(STORE, "R-1", draft(), conversation=saved.token)
        [asked] = [one for one in rig.notices(STORE) if one.recommendation]

        assert (saved.order_id, State.DRAFT) == (kept.order_id, kept.order.state)
        rig.answer(STORE, "R-1", asked.recommendation.id, accepted=False)
        assert State.IN_PROGRESS is rig.store.order(saved.order_id).order.state


class TestTooLateForAYes:
    """The order that waited has gone on, or was withdrawn, in another way."""

    @pytest.fixture
    def asked(self, rig):
        rig.happened(DESK, "complaint", "C-7")
        kept = leave(rig)
        [told] = rig.notices(STORE)
        return kept, told.recommendation.id

    def test_submitted_elsewhere_it_goes_on(self, rig, asked):
        """It was told ``cancelled``, and the system cut the line off all the same."""
        kept, question = asked
        rig.submit(DESK, "K-9", draft(), conversation=kept.token)
        before = rig.record("R-1")

        answer = rig.answer(STORE, "R-1", question, "A-1", accepted=True)

        assert (Outcome.REJECTED, "E_STATE") == (answer.outcome, answer.fault.code)
        assert f"{before.id} does not wait for the answer any more: it is inProgress" == answer.fault.what
        assert before.order == rig.record("R-1").order
        assert rig.store.order(rig.order_of(STORE, "A-1")) is None

    def test_withdrawn_it_ends_once(self, rig, asked):
        """And nothing is ordered in its place."""
        _, question = asked
        rig.verdict(CancelOrder(origin=rig.origin(STORE, "X-1", "Cancel"), about=OrderRef(value="R-1")))

        assert "E_STATE" == rig.answer(STORE, "R-1", question, "A-1", accepted=True).fault.code
        assert ["ended"] == [one for one in rig.kinds(STORE) if one == "ended"]
        assert Outcome.ACCEPTED is rig.answer(STORE, "R-1", question, "A-2", accepted=False).outcome
        assert State.CANCELLED is rig.record("R-1").order.state


class TestANoThatCannotBeCarriedOut:
    def test_the_order_waits_on_and_goes_on_when_it_can(self, rig):
        """The rules have lost its route: the answer is parked, and nothing has been decided."""
        rig.happened(DESK, "complaint", "C-7")
        leave(rig)
        [told] = rig.notices(STORE)
        question = told.recommendation.id
        routed = dict(rig.rules)
        rig.rules["routes/all.toml"] = routed["routes/all.toml"].replace('"mobile" }', '"gadget" }')

        assert Outcome.PARKED is rig.answer(STORE, "R-1", question, "A-1", accepted=False).outcome

        rig.rules = routed
        rig.sweep(2 * DAY)

        assert State.IN_PROGRESS is rig.record("R-1").order.state


class TestWhoIsAsked:
    @pytest.mark.parametrize(
        ("endpoint", "party", "happened"),
        [
            pytest.param(STORE, "C-7", [], id="nobody complained"),
            pytest.param(STORE, "C-7", [("visit", "C-7", 0)], id="it was a visit"),
            pytest.param(STORE, "C-7", [("complaint", "C-8", 0)], id="another customer complained"),
            pytest.param(STORE, "account:C-7", [("complaint", "C-7", 0)], id="an alias of another type"),
            pytest.param(STORE, "C-7", [("complaint", "C-7", 31)], id="it was long ago"),
            pytest.param(WEB, "C-7", [("complaint", "C-7", 0)], id="the web is none of its channels"),
            pytest.param(ACME, "C-7", [("complaint", "C-7", 0)], id="a partner is not told"),
        ],
    )
    def test_an_order_goes_on_at_once(self, rig, endpoint, party, happened):
        """Whoever is not meant."""
        for kind, whom, days in happened:
            rig.happened(DESK, kind, whom)
            rig.sweep(days * DAY)

        assert State.IN_PROGRESS is leave(rig, endpoint, party=party).order.state

    def test_nothing_waits_for_a_place_that_would_not_hear_of_it(self, tmp_path):
        """Its profile wants no information-required: the question would lapse unseen, a day later."""
        name = f"endpoints/{STORE}.toml"
        rules = {**RULES, name: RULES[name] + 'notices = ["accepted", "ended"]\n'}
        deaf = TalkRig(tmp_path, rules=rules)
        deaf.happened(DESK, "complaint", "C-7")

        assert State.IN_PROGRESS is leave(deaf).order.state
        deaf.crash()

    def test_partners_and_agents_only_when_it_was_agreed(self):
        """They are other companies; all other channels are ours."""
        asked = {
            channel: [
                may_propose(
                    Endpoint(id=f"{channel}.one", channel=channel, out_queue="q", recommendations=agreed)
                )
                for agreed in (False, True)
            ]
            for channel in ["web", "callcenter", "store", "kiosk", "directmail", "iptv", "partner", "agent"]
        }

        assert {"partner": [False, True], "agent": [False, True]} == {
            channel: found for channel, found in asked.items() if found != [True, True]
        }

    def test_a_partner_whose_profile_says_so(self, rig):
        """It was agreed."""
        rig.happened(DESK, "complaint", "C-7")

        assert State.DRAFT is leave(rig, "partner.globex").order.state

    def test_a_customer_is_known_by_joined_aliases(self, rig):
        """The complaint came by telephone, the disconnect names the customer id."""
        rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7", "phone:15550107007")))
        rig.happened(DESK, "complaint", "msisdn:15550107007")

        assert State.DRAFT is leave(rig).order.state

    def test_not_more_often_than_the_rule_says(self, rig):
        """Once in ninety days."""
        rig.happened(DESK, "complaint", "C-7")
        first = leave(rig)
        second = leave(rig, number="R-2")
        rig.sweep(91 * DAY)
        rig.happened(DESK, "complaint", "C-7")
        third = leave(rig, number="R-3")

        assert [State.DRAFT, State.IN_PROGRESS, State.DRAFT] == [
            one.order.state for one in (first, second, third)
        ]


class TestWhen:
    def test_what_happens_in_the_future_has_happened_now(self, rig):
        """A clock of the year 2199 would have the customer asked for ever, and hide what is said later."""
        origin = rig.origin(DESK, "I-1", "Interaction")
        at = rig.now + timedelta(days=36_500)
        rig.verdict(RecordInteraction(origin=origin, kind="complaint", party="C-7", at=at))
        rig.sweep(31 * DAY)

        assert State.IN_PROGRESS is leave(rig).order.state


class TestProposals:
    def test_an_interaction_brings_one_which_is_shown_on_resume(self, rig):
        """In the channels of its rule, as long as it stands."""
        rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7")))
        rig.save(STORE, "R-1", draft(item(), related_party=customer("C-7")))
        rig.happened(DESK, "complaint", "C-7")
        shown = rig.resume(WEB, "D-1").conversation.recommendations

        assert [("faster-line", "A faster line.", "NET")] == [
            (one.name, one.text, one.offering.id) for one in shown
        ]
        assert () == rig.resume(STORE, "R-1").conversation.recommendations
        rig.sweep(8 * DAY)
        assert () == rig.resume(WEB, "D-1").conversation.recommendations

    def test_yes_orders_it_in_the_conversation(self, rig):
        """And it is shown no more; no, and it is neither."""
        rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7")))
        rig.happened(DESK, "complaint", "C-7")
        rig.happened(DESK, "speed-test", "C-7")
        first, second = rig.resume(WEB, "D-1").conversation.recommendations
        taken = rig.answer(WEB, "D-1", first.id, accepted=True)
        declined = rig.answer(WEB, "D-1", second.id, accepted=False)

        assert ["NET"] == [one.product_offering.id for one in taken.order.product_order_item]
        assert (Outcome.ACCEPTED, "") == (declined.outcome, declined.order_id)
        assert () == rig.resume(WEB, "D-1").conversation.recommendations

    def test_a_lapsed_draft_brings_one(self, rig):
        """Whoever forgot his cart is reminded where he comes again."""
        rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7")))
        rig.sweep(31 * DAY)
        rig.save(WEB, "D-2", draft(item(), related_party=customer("C-7")))

        assert ["come-back"] == [one.name for one in rig.resume(WEB, "D-2").conversation.recommendations]

    def test_an_order_brings_one_and_goes_on(self, rig):
        """Without ask_first nothing waits."""
        rig.happened(STORE, "visit", "C-7")
        taken = rig.submit(STORE, "R-1", draft(item(), related_party=customer("C-7")))

        assert State.IN_PROGRESS is taken.order.state
        assert ["case"] == [one.name for one in rig.resume(STORE, "R-1").conversation.recommendations]

    def test_an_offer_that_lapsed_is_not_ordered(self, rig):
        """Its time is over."""
        rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7")))
        rig.happened(DESK, "complaint", "C-7")
        [shown] = rig.resume(WEB, "D-1").conversation.recommendations
        rig.sweep(8 * DAY)

        assert "E_STATE" == rig.answer(WEB, "D-1", shown.id, accepted=True).fault.code


def state(rig):
    """What has become of the one recommendation that was made by the rule that asks."""
    with rig.store.look() as db:
        [found] = db.execute("select state from recommendation where rule = 'month-free'").fetchall()
    return RecommendationState(found[0])
