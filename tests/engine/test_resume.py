"""
Resume: what was said so far, for whoever may know it.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from canonical.commands import OrderRef, Resume
from canonical.keys import conversation_id
from canonical.notices import NoticeKind, Outcome
from canonical.order import ExternalId
from canonical.states import State
from orderloom.engine.hub import Limits
from tests.engine.talk_rig import DAY, TalkRig, customer, draft, item

WEB, DESK, STORE, ACME = "web.portal", "callcenter.desk", "store.0117", "partner.acme"


@pytest.fixture
def rig(tmp_path):
    """A bench whose channels speak the canonical language."""
    made = TalkRig(tmp_path)
    yield made
    made.crash()


def roles(found):
    return [(one.role.value, one.endpoint) for one in found.channel]


def resume(rig, endpoint, about):
    """The document that asks, of a format without control numbers."""
    origin = msgspec.structs.replace(rig.origin(endpoint, "77", "Resume"), envelope="")
    return Resume(origin=origin, about=OrderRef(value=about))


class TestTokens:
    def test_the_answer_goes_to_the_asker_with_his_message_id(self, rig):
        """And names the draft, the conversation, and another token."""
        saved = rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7")))
        rig.send(resume(rig, STORE, saved.token), message_id="till-4-77")
        [letter] = rig.letters(STORE)

        assert ("till-4-77", "notice.status.v1") == (letter.properties.correlation_id, letter.properties.type)
        saved_again = rig.resume(STORE, conversation_id(saved.order_id))
        view = saved_again.conversation
        assert (NoticeKind.STATUS, None) == (saved_again.kind, saved_again.fault)
        assert (conversation_id(saved.order_id), saved.order_id) == (view.id, view.draft.id)
        assert view.token not in ("", saved.token)
        assert rig.now < view.token_until <= rig.now + timedelta(days=7)

    def test_whoever_shows_it_is_on_the_draft_from_then_on(self, rig):
        """With what it did, and when; it is told of what others do."""
        saved = rig.save(WEB, "D-1", draft(item()))
        before = rig.ask(STORE, saved.order_id)
        rig.resume(STORE, saved.token)
        rig.save(WEB, "D-1", draft(item(quantity=2)), 2)
        found = rig.store.order(saved.order_id).order

        assert "E_NOT_FOUND" == before.fault.code
        assert [("capture", WEB), ("resume", STORE)] == roles(found)
        assert found.channel[1].at > found.channel[0].at
        assert ["changed"] == rig.kinds(STORE)
        assert saved.order_id == rig.ask(STORE, saved.order_id).order.id
        assert "conversation_resumed" in [one.event for one in rig.store.journal(saved.order_id)]

    def test_it_is_good_once(self, rig):
        """For whoever else shows it; the very same document may be sent again."""
        saved = rig.save(WEB, "D-1", draft(item()))
        ask = resume(rig, STORE, saved.token)
        rig.send(ask)
        rig.send(ask)
        answers = rig.notices(STORE)

        assert [None, None] == [one.fault for one in answers]
        assert 2 == len({one.conversation.token for one in answers})
        assert "E_TOKEN" == rig.resume(DESK, saved.token).fault.code
        assert "E_TOKEN" == rig.resume(STORE, saved.token).fault.code

    def test_of_a_token_that_is_not_good_nothing_is_told(self, rig):
        """Unknown, used or run out: the words are the same, and so is the silence."""
        saved = rig.save(WEB, "D-1", draft(item()))
        used = rig.save(WEB, "D-1", draft(item(quantity=2)), 2).token
        rig.resume(STORE, used)
        unknown = rig.resume(DESK, "R-9999-9999-9999-9999-9999-9999")
        again = rig.resume(DESK, used)
        typed = rig.resume(DESK, "R-1", "conversationToken")
        rig.sweep(8 * DAY)
        late = rig.resume(DESK, saved.token)

        assert {str(unknown.fault)} == {str(one.fault) for one in (again, typed, late)}
        assert {("E_TOKEN", None, None)} == {
            (one.fault.code, one.order, one.conversation) for one in (unknown, again, typed, late)
        }
        assert [("capture", WEB), ("resume", STORE)] == roles(rig.store.order(saved.order_id).order)

    def test_it_may_be_read_out(self, rig):
        """Small letters are as good as capital ones."""
        saved = rig.save(WEB, "D-1", draft(item()))

        assert saved.order_id == rig.resume(DESK, f" {saved.token.lower()} ").conversation.draft.id

    def test_only_its_hash_is_kept(self, rig):
        """In no table, once its answer is on its way: it is left out of what is kept of that."""
        saved = rig.save(WEB, "D-1", draft(item()))
        shown = rig.resume(WEB, "D-1").conversation.token
        rig.sweep(1)
        with rig.store.look() as db:
            tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
            kept = repr([db.execute(f"select * from {name}").fetchall() for name in tables])  # noqa: S608

        assert 2 == len({saved.token, shown} - {""})
        assert not [one for one in (saved.token, shown) if one in kept]
        assert 2 == kept.count("R-UUUU-UUUU-UUUU-UUUU-0000-0001")

    def test_a_resend_is_answered_with_another_in_its_place(self, rig):
        """The stored answer, byte for byte but for the token, under its own id; either token is good."""
        taken = rig.submit(WEB, "W-1", draft(item()))
        rig.submit(STORE, "R-1", draft(item()))
        again = rig.submit(WEB, "W-1", draft(item()))

        assert taken.token != again.token
        assert taken == msgspec.structs.replace(again, token=taken.token)
        for endpoint, token in ((DESK, again.token), (STORE, taken.token)):
            view = rig.resume(endpoint, token).conversation
            assert taken.order_id in [one.id for one in view.orders]

    def test_a_submitted_order_has_one_too(self, rig):
        """Who shows it sees the order and is told of it; it is not the order's id, nor opens another's."""
        taken = rig.submit(WEB, "W-1", draft(item()))
        view = rig.resume(STORE, taken.token).conversation

        assert (None, [taken.order_id]) == (view.draft, [one.id for one in view.orders])
        assert [("capture", WEB), ("resume", STORE)] == roles(rig.store.order(taken.order_id).order)
        assert "E_NOT_FOUND" == rig.resume(DESK, taken.order_id).fault.code

    def test_a_draft_is_submitted_by_it(self, rig):
        """By a place that has not even looked at it; what it brings is added, and the token is used."""
        saved = rig.save(WEB, "D-1", draft(item("1", "SIM")))
        taken = rig.submit(STORE, "R-1", draft(item("1", "NET")), conversation=saved.token)

        assert (saved.order_id, Outcome.ACCEPTED) == (taken.order_id, taken.outcome)
        assert [("1", "SIM"), ("2", "NET")] == [
            (one.id, one.product_offering.id) for one in taken.order.product_order_item
        ]
        assert [("capture", WEB), ("complete", STORE)] == roles(taken.order)
        assert "E_TOKEN" == rig.save(DESK, "K-1", draft(item()), conversation=saved.token).fault.code
        assert taken.order_id == rig.ask(STORE, "R-1").order.id

    def test_a_document_that_is_refused_does_not_use_it(self, rig):
        """Another may show it."""
        saved = rig.save(WEB, "D-1", draft(item()))
        refused = rig.submit(STORE, "R-1", draft(item("1", "NOPE")), conversation=saved.token)
        taken = rig.submit(DESK, "K-1", draft(item()), conversation=saved.token)

        assert ("E_OFFERING", Outcome.ACCEPTED) == (refused.fault.code, taken.outcome)
        assert [("capture", WEB), ("complete", DESK)] == roles(taken.order)

    def test_how_long_it_is_good_is_a_setting(self, tmp_path):
        """In seconds, to the engine."""
        rig = TalkRig(tmp_path, Limits(token_for=600.0))
        saved = rig.save(WEB, "D-1", draft(item()))
        rig.sweep(700)

        assert "E_TOKEN" == rig.resume(STORE, saved.token).fault.code
        rig.crash()


class TestWhoSeesWhat:
    def test_by_a_conversation_s_id_an_endpoint_sees_what_is_its_own(self, rig):
        """Whoever has no part in it learns nothing, and neither edits it nor orders in it."""
        saved = rig.save(WEB, "D-1", draft(item()))
        conversation = conversation_id(saved.order_id)

        assert saved.order_id == rig.resume(WEB, conversation).conversation.draft.id
        assert "E_NOT_FOUND" == rig.resume(STORE, conversation).fault.code
        assert (
            rig.resume(STORE, conversation).fault.code == rig.resume(STORE, conversation_id("X")).fault.code
        )
        for refused in (
            rig.save(STORE, "R-1", draft(item()), conversation=conversation),
            rig.submit(STORE, "R-2", draft(item()), conversation=conversation),
        ):
            assert "E_NOT_FOUND" == refused.fault.code

    def test_by_a_number_of_its_own(self, rig):
        """That of the draft leads to the rest of its conversation."""
        saved = rig.save(WEB, "D-1", draft(item()))
        conversation = conversation_id(saved.order_id)
        ordered = rig.submit(WEB, "W-2", draft(item()), conversation=conversation)
        view = rig.resume(WEB, "D-1").conversation

        assert saved.order_id == ordered.order_id
        assert (conversation, None, [saved.order_id]) == (
            view.id,
            view.draft,
            [one.id for one in view.orders],
        )
        assert "E_NOT_FOUND" == rig.resume(STORE, "D-1").fault.code

    def test_after_its_draft_was_ordered_a_conversation_goes_on(self, rig):
        """Another draft, another order: as long as nobody still had the first before its eyes."""
        saved = rig.save(WEB, "D-1", draft(item()))
        conversation = conversation_id(saved.order_id)
        rig.submit(WEB, "D-1", draft(item()))
        ordered = rig.submit(WEB, "W-2", draft(item(quantity=2)), conversation=conversation)
        another = rig.save(WEB, "D-3", draft(item()), conversation=conversation)
        view = rig.resume(WEB, conversation).conversation

        assert 3 == len({saved.order_id, ordered.order_id, another.order_id})
        assert {conversation} == {ordered.order.conversation_id, another.order.conversation_id}
        assert another.order_id == view.draft.id
        assert [saved.order_id, ordered.order_id] == [one.id for one in view.orders]

    def test_what_has_ended_is_not_shown(self, rig):
        """A draft that lapsed is no offer any more."""
        saved = rig.save(WEB, "D-1", draft(item()))
        rig.sweep(31 * DAY)
        view = rig.resume(WEB, "D-1").conversation

        assert (None, ()) == (view.draft, view.orders)
        assert State.CANCELLED is rig.store.order(saved.order_id).order.state

    def test_who_was_shown_that_it_was_submitted_may_order_again(self, rig):
        """It has no draft before its eyes any more."""
        saved = rig.save(WEB, "D-1", draft(item()))
        view = rig.resume(STORE, saved.token).conversation
        rig.submit(WEB, "D-1", draft(item()))
        late = rig.submit(STORE, "R-1", draft(item(quantity=5)), conversation=view.id)
        rig.resume(STORE, view.id)
        again = rig.submit(STORE, "R-2", draft(item(quantity=5)), conversation=view.id)

        assert ("E_STATE", Outcome.ACCEPTED) == (late.fault.code, again.outcome)
        assert again.order_id != saved.order_id

    def test_of_an_id_of_several_orders_a_status_question_learns_that(self, rig):
        """Each is found by its own number; which of them is meant nobody can know."""
        project = ExternalId(owner=WEB, external_identifier_type="project", id="P-1")
        for number in ("W-1", "W-2"):
            rig.submit(WEB, number, draft(item(), external_id=(project,)))

        found = rig.ask(WEB, "P-1")
        assert ("E_NOT_FOUND", "'P-1' is an id of 2 orders of yours") == (found.fault.code, found.fault.what)
        assert rig.ask(WEB, "W-1").order is not None
        assert "no order 'P-1'" == rig.ask(STORE, "P-1").fault.what


class TestParties:
    def test_a_customer_is_found_by_any_of_his_aliases(self, rig):
        """Those that one document has named together; an endpoint finds its own."""
        first = rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7", "email:ada@example.com")))
        second = rig.submit(DESK, "K-2", draft(item(), related_party=customer("email:ada@example.com")))
        view = rig.resume(DESK, "C-7", "customerId").conversation

        assert (first.order_id, [second.order_id]) == (view.draft.id, [one.id for one in view.orders])
        assert first.order_id == rig.resume(DESK, "ada@example.com", "email").conversation.draft.id
        assert first.order_id == rig.resume(DESK, "email:ada@example.com").conversation.draft.id
        assert "E_NOT_FOUND" == rig.resume(STORE, "C-7", "customerId").fault.code

    @pytest.mark.parametrize(
        "alias", ["c-7", "C-7 ", "account:C-7", "phone:C-7", "email:Ada@example.com", "email:ada@example.co"]
    )
    def test_a_guess_never_joins(self, rig, alias):
        """Neither by another case, nor by another type."""
        rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7", "email:ada@example.com")))

        assert "E_NOT_FOUND" == rig.resume(DESK, alias).fault.code

    def test_a_draft_without_a_name_gets_one_later(self, rig):
        """By whoever asked the customer."""
        saved = rig.save(WEB, "D-1", draft(item()))
        seen = rig.resume(DESK, saved.token).conversation
        rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7")), conversation=seen.id)

        assert saved.order_id == rig.resume(WEB, "C-7").conversation.draft.id

    def test_aliases_are_joined_one_after_the_other(self, rig):
        """Each by a document that says so."""
        rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7", "email:a@b")))
        rig.save(DESK, "K-2", draft(item(), related_party=customer("email:a@b", "loyaltyId:L-1")))
        rig.save(DESK, "K-3", draft(item(), related_party=customer("loyaltyId:L-1")))
        view = rig.resume(DESK, "C-7").conversation

        assert rig.order_of(DESK, "K-3") == view.draft.id
        assert 2 == len(view.orders)

    @pytest.mark.parametrize(
        "named",
        [
            pytest.param(("C-8", "email:a@b"), id="two customer ids with one e-mail address"),
            pytest.param(("email:a@b", "phone:1"), id="aliases of two customers"),
        ],
    )
    def test_two_customers_are_never_made_one(self, rig, named):
        """A family has one e-mail address; the journal says what was not joined."""
        rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7", "email:a@b")))
        rig.save(DESK, "K-2", draft(item(), related_party=customer("C-8", "phone:1")))
        rig.save(DESK, "K-3", draft(item(), related_party=customer(*named)))
        story = rig.store.journal(rig.order_of(DESK, "K-3"))

        assert rig.order_of(DESK, "K-2") != rig.resume(DESK, "C-7").conversation.draft.id
        assert () == rig.resume(DESK, "phone:1").conversation.orders or named[0] == "C-8"
        assert 1 == [one.event for one in story].count("parties_apart")

    def test_the_store_knows_aliases_by_their_hash(self, rig):
        """The table of aliases tells nobody's address."""
        rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7", "email:ada@example.com")))
        with rig.store.look() as db:
            rows = db.execute("select * from party_alias").fetchall()

        assert 2 == len(rows)
        assert "ada" not in repr(rows)


class TestInteractions:
    def test_they_are_shown_on_resume_the_newest_first(self, rig):
        """To whoever has the customer's draft or order, however the customer was named."""
        rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7", "phone:1")))
        rig.happened(DESK, "complaint", "C-7", "too slow")
        rig.happened(STORE, "visit", "msisdn:1", "looked at phones")
        rig.happened(STORE, "visit", "C-8")
        found = rig.resume(WEB, "D-1").conversation.interactions

        assert [("visit", "store", "looked at phones"), ("complaint", "callcenter", "too slow")] == [
            (one.kind, one.channel, one.text) for one in found
        ]

    def test_a_repeat_is_one(self, rig):
        """Other content under the number is refused."""
        first = rig.happened(DESK, "complaint", "C-7", "too slow", "I-1")
        again = rig.happened(DESK, "complaint", "C-7", "too slow", "I-1")
        rig.save(DESK, "K-1", draft(item(), related_party=customer("C-7")))

        assert (Outcome.ACCEPTED, Outcome.ACCEPTED) == (first.outcome, again.outcome)
        assert 1 == len(rig.resume(DESK, "C-7").conversation.interactions)

    def test_who_recorded_one_sees_it_without_having_an_order(self, rig):
        """Its own, and no other's."""
        rig.happened(DESK, "complaint", "C-7", "too slow")
        rig.happened(STORE, "visit", "C-7")
        view = rig.resume(DESK, "C-7").conversation

        assert (["complaint"], "", None) == ([one.kind for one in view.interactions], view.id, view.draft)

    def test_a_partner_sees_its_own(self, rig):
        """It may have an order of the customer's, and is another company all the same."""
        rig.submit(ACME, "PO-1", draft(item(), related_party=customer("C-7")))
        rig.happened(DESK, "complaint", "C-7")
        rig.happened(ACME, "visit", "C-7")

        assert ["visit"] == [one.kind for one in rig.resume(ACME, "PO-1").conversation.interactions]

    def test_the_journal_says_that_one_was_recorded(self, rig):
        """Not what was said."""
        rig.happened(DESK, "complaint", "C-7", "too slow")
        [entry] = [one for one in rig.store.journal("") if one.event == "interaction_recorded"]

        assert ("complaint", DESK) == (entry.text, entry.actor)
        assert "slow" not in repr(entry)
