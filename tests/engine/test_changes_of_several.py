"""
Changes of one order by several channels, through the whole hub: who may, from which version.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from canonical.amendments import AmendmentState, ItemPatch, Scope
from canonical.codec import encode
from canonical.commands import AmendOrder, CancelOrder, OrderRef, SubmitOrder
from canonical.notices import Outcome
from canonical.order import Characteristic
from orderloom.engine.hub import Limits
from tests.engine.talk_rig import TALK, TalkRig, draft, item

WEB, DESK, STORE = "web.portal", "callcenter.desk", "store.0117"

# Until the CRM has answered nobody else was told: what is changed is changed at once.
RULES = TALK | {
    "routes/all.toml": TALK["routes/all.toml"].replace(
        'system = "crm"\n', 'system = "crm"\n  concerns = ["relatedParty"]\n'
    ),
    "endpoints/store.0117.toml": TALK["endpoints/store.0117.toml"] + 'notices = ["ended"]\n',
}


@pytest.fixture
def rig(tmp_path):
    """A bench whose store wants to hear of nothing but the end."""
    made = TalkRig(tmp_path, rules=RULES)
    yield made
    made.crash()


def ordered(rig):
    """An order of the web's, in which the store has a part."""
    verdict = rig.submit(WEB, "W-1", draft(item("1", "NET", speed="100")))
    rig.resume(STORE, verdict.token)
    return verdict.order_id


def change(endpoint, number, value, about, *, type_="", name="speed", **more):
    """The line at another speed."""
    patch = ItemPatch(item="1", product_characteristic=(Characteristic(name=name, value=value),))
    origin = TalkRig.origin(endpoint, number, "Change")
    return AmendOrder(origin, OrderRef(value=about, type=type_), Scope.DELTA, change=(patch,), **more)


def state(rig, order, document):
    """What has become of a change."""
    [found] = [
        one.amendment for one in rig.store.order(order).amendments if one.amendment.document == document
    ]
    return found.state


class TestWho:
    def test_any_endpoint_on_the_order(self, rig):
        """The store is, by the customer's token."""
        order = ordered(rig)

        assert Outcome.ACCEPTED is rig.verdict(change(STORE, "C-1", "200", order)).outcome
        assert AmendmentState.APPLIED is state(rig, order, "C-1")

    def test_and_nobody_else(self, rig):
        """For the call centre there is no such order."""
        order = ordered(rig)
        verdict = rig.verdict(change(DESK, "C-1", "200", order))

        assert (Outcome.REJECTED, "E_NOT_FOUND") == (verdict.outcome, verdict.fault.code)
        assert () == rig.store.order(order).amendments


class TestBase:
    """A change is made from the version that its sender was shown last."""

    def test_who_has_not_seen_the_change_of_another_is_asked(self, rig):
        """The store wants to be told of nothing: what it has is what it was shown at first."""
        order = ordered(rig)
        rig.verdict(change(WEB, "C-1", "200", order))
        rig.verdict(change(STORE, "C-2", "300", order))

        assert AmendmentState.AWAITING_CUSTOMER is state(rig, order, "C-2")

    @pytest.mark.parametrize("look", [TalkRig.ask, TalkRig.resume], ids=["status", "resume"])
    def test_who_has_looked_at_the_order_since_knows_it(self, rig, look):
        """By a question about its status, or by going on with the conversation."""
        order = ordered(rig)
        rig.verdict(change(WEB, "C-1", "200", order))
        look(rig, STORE, order)
        rig.verdict(change(STORE, "C-2", "300", order))

        assert AmendmentState.APPLIED is state(rig, order, "C-2")

    def test_who_looks_again_and_again_leaves_one_trace_for_each_version(self, rig):
        """And the last notice that is told again is no answer to a question."""
        order = ordered(rig)
        rig.verdict(change(WEB, "C-1", "200", order))
        for _ in range(3):
            rig.ask(STORE, order)
        record = rig.store.order(order)

        assert [2] == [one.version for one in record.told if one.endpoint == STORE]
        assert record.last_told(STORE) is None

    def test_who_names_no_version_knows_what_he_has_asked_for_himself(self, rig):
        """It was acknowledged, though it was told to nobody yet."""
        order = ordered(rig)
        rig.verdict(change(STORE, "C-1", "200", order))
        rig.verdict(change(STORE, "C-2", "300", order))

        assert AmendmentState.APPLIED is state(rig, order, "C-2")

    def test_who_names_one_is_taken_at_his_word(self, rig):
        """Whatever he was shown since."""
        order = ordered(rig)
        rig.verdict(change(WEB, "C-1", "200", order))
        rig.verdict(change(WEB, "C-2", "300", order, base=1))

        assert AmendmentState.AWAITING_CUSTOMER is state(rig, order, "C-2")


class TestBeforeTheOrder:
    def test_how_long_it_is_waited_for_is_a_setting(self, tmp_path):
        """Then the change is refused."""
        rig = TalkRig(tmp_path, Limits(early_for=60.0), RULES)
        rig.verdict(change(WEB, "C-1", "200", "W-1", type_="Order"))
        rig.sweep(59)
        assert [] == rig.kinds(WEB)
        rig.sweep(2)

        [refused] = rig.notices(WEB)
        assert ("rejected", "E_NOT_FOUND", "C-1") == (refused.kind, refused.fault.code, refused.document)
        rig.crash()

    def test_twice_in_one_batch_with_the_order_behind_it(self, rig):
        """All three are taken together."""
        early = change(WEB, "C-1", "200", "W-1", type_="Order")
        again = change(WEB, "C-1", "200", "W-1", type_="Order")
        ordering = SubmitOrder(TalkRig.origin(WEB, "W-1"), draft(item("1", "NET", speed="100")))
        for one in (early, replace(again, origin=replace(again.origin, envelope="again")), ordering):
            rig.drop(encode(one), "channel.web.in")
        rig.settle()
        record = rig.store.order(rig.order_of(WEB, "W-1"))

        assert ["C-1"] == [one.amendment.document for one in record.amendments]
        assert 2 == record.order.version


class TestAnswers:
    def test_whoever_asks_is_answered_whatever_his_profile_says(self, rig):
        """The store hears of its own change, and of the web's nothing."""
        order = ordered(rig)
        rig.notices(STORE)
        rig.verdict(change(WEB, "C-1", "200", order))
        assert [] == rig.kinds(STORE)
        rig.verdict(change(STORE, "C-2", "250", order, name="latency"))

        [told] = rig.notices(STORE)
        assert ("changed", "C-2") == (told.kind, told.amendment.document)

    def test_a_change_that_is_sent_again_is_answered_again(self, rig):
        """With what became of it, and not only with the last of the order."""
        order = ordered(rig)
        sent = change(WEB, "C-1", "200", order)
        rig.verdict(sent)
        first = [one for one in rig.letters(WEB) if b"C-1" in one.body]
        rig.verdict(change(WEB, "C-2", "300", order))
        last = rig.letters(WEB)[-1]
        rig.verdict(replace(sent, origin=replace(sent.origin, envelope="again")))

        again = rig.letters(WEB)
        assert [(one.properties.message_id, one.body) for one in (first[-1], last)] == [
            (one.properties.message_id, one.body) for one in again
        ]

    def test_so_is_a_cancel(self, rig):
        """Refused or carried out."""
        order = ordered(rig)
        cancel = CancelOrder(rig.origin(WEB, "X-1", "Cancel"), OrderRef(value=order), items=("1",))
        rig.verdict(cancel)
        rig.verdict(replace(cancel, origin=replace(cancel.origin, document="X-2", envelope="Cancel/X-2")))
        [refused] = [one for one in rig.letters(WEB) if b"X-2" in one.body]
        rig.verdict(replace(cancel, origin=replace(cancel.origin, document="X-2", envelope="again")))

        again = [one for one in rig.letters(WEB) if b"X-2" in one.body]
        assert [refused.properties.message_id] == [one.properties.message_id for one in again]
