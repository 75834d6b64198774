"""
A kiosk's part in conversations: carts that are kept, what was said so far, interactions, proposals.
"""

from __future__ import annotations

import json

import pytest

from adapters.inbound.kiosk import KioskAdapter
from adapters.kit import Stamp
from canonical.commands import Answer, RecordInteraction, RejectedDocument, Resume, SaveDraft, SubmitOrder
from canonical.notices import Intake, Outcome, Verdict
from tests.adapters.conversations import DRAFT, NOON, asking, draft_notice, resumed
from tests.adapters.kiosks import GONE, MALL, ORDER, changed, read

STAMP = Stamp(at=NOON, endpoint=MALL)
HEAD = {"kioskId": "MALL-1", "txn": "7"}


def rendered(notice):
    return json.loads(KioskAdapter().render(notice, STAMP).body)


class TestReading:
    def test_a_cart_that_is_kept(self):
        """Under the transaction that its order will have."""
        kept, ordered = read(ORDER | {"save": True}), read(ORDER | {"save": False})

        assert isinstance(kept, SaveDraft)
        assert isinstance(ordered, SubmitOrder)
        assert (ordered.order, ordered.origin.document_type) == (kept.order, kept.origin.document_type)

    def test_what_a_cart_says_of_its_draft(self):
        """Conversation and version; an item of another channel by its own id, alternatives by their group."""
        document = changed(
            "cart.0.item", "phone-a", ORDER | {"save": True, "conversation": "CV1", "version": 4}
        )
        kept = read(changed("cart.0.group", "phone", document))
        first = kept.order.product_order_item[0]

        assert ("CV1", 4) == (kept.conversation, kept.base)
        assert ("phone-a", "1", "phone") == (first.id, first.line_ref, first.choice_group)

    def test_the_draft_as_it_stands(self):
        """By the token, or the conversation's id."""
        by_token = read(HEAD | {"submit": True, "resumeToken": "R-1"})
        by_id = read(HEAD | {"submit": True, "conversation": "CV1"})

        assert {SubmitOrder} == {type(by_token), type(by_id)}
        assert ("R-1", "CV1", ()) == (
            by_token.conversation,
            by_id.conversation,
            by_id.order.product_order_item,
        )

    def test_a_question_what_was_said_so_far(self):
        """By the customer's token, or by an id of its own."""
        by_token, by_id = read(HEAD | {"resumeToken": "R-1"}), read(HEAD | {"resume": "CV1"})

        assert {Resume} == {type(by_token), type(by_id)}
        assert ("conversationToken", "") == (by_token.about.type, by_id.about.type)

    def test_an_interaction(self):
        """Of the customer that it names."""
        customer = {"type": "msisdn", "value": "15550107007"}
        found = read(HEAD | {"interaction": "visit", "customerRef": customer, "text": "looked at phones"})

        assert isinstance(found, RecordInteraction)
        assert ("visit", "msisdn:15550107007", "looked at phones") == (found.kind, found.party, found.text)

    def test_an_answer_to_an_offer(self):
        """As to a quote."""
        found = read(HEAD | {"answerTo": "rec|1", "order": "6", "accept": True})

        assert isinstance(found, Answer)
        assert ("rec|1", True) == (found.question, found.accepted)

    @pytest.mark.parametrize(
        ("document", "where"),
        [
            pytest.param(ORDER | {"save": True, "submit": True}, "$.submit", id="kept and ordered"),
            pytest.param(ORDER | {"save": "yes"}, "$.save", id="no flag"),
            pytest.param(ORDER | {"resumeToken": "R-1", "conversation": "CV1"}, "$.conversation", id="both"),
            pytest.param(HEAD | {"submit": True}, "$.submit", id="no draft"),
            pytest.param(changed("cart", GONE, ORDER | {"save": True}), "$.cart", id="no cart"),
            pytest.param(HEAD | {"interaction": "visit"}, "$.customerRef", id="nobody"),
            pytest.param(HEAD | {"resume": "CV1", "save": True}, "$.save", id="a question that keeps"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, document, where):
        """The first fault."""
        found = read(document)

        assert isinstance(found, RejectedDocument)
        assert where == found.fault.where


class TestTelling:
    def test_a_draft_that_was_taken(self):
        """With its cart, its version and a token."""
        origin = read(ORDER | {"save": True}).origin
        verdict = Verdict(
            origin=origin, outcome=Outcome.ACCEPTED, order=DRAFT, order_id=DRAFT.id, token="R-1"
        )
        intake = Intake(endpoint=MALL.id, channel="kiosk", envelope="e", verdicts=(verdict,))
        told = json.loads(KioskAdapter().acknowledge(intake, STAMP).body)

        assert ("taken", "draft", "R-1", 2) == (
            told["answer"],
            told["state"],
            told["resumeToken"],
            told["version"],
        )
        assert [
            {
                "line": 1,
                "offering": "HANDSET-A",
                "name": "Handset A",
                "qty": 2,
                "options": {"color": "black"},
                "group": "phone",
            },
            {"item": "other", "offering": "HANDSET-A", "name": "Handset A", "action": "REMOVE", "qty": 1},
        ] == told["cart"]

    def test_an_interaction_that_was_taken(self):
        """In one word."""
        customer = {"type": "customerId", "value": "C-7"}
        origin = read(HEAD | {"interaction": "visit", "customerRef": customer}).origin
        verdict = Verdict(origin=origin, outcome=Outcome.ACCEPTED)
        intake = Intake(endpoint=MALL.id, channel="kiosk", envelope="e", verdicts=(verdict,))

        assert {"kioskId": "MALL-1", "txn": "7", "answer": "taken"} == json.loads(
            KioskAdapter().acknowledge(intake, STAMP).body
        )

    def test_what_was_said_so_far(self):
        """Draft, orders, interactions, offers, and another token."""
        told = rendered(resumed(MALL.id))

        assert ("conversation", "Q-1", "CV0123456789ABCDEF", "R-2") == (
            told["answer"],
            told["txn"],
            told["conversation"],
            told["resumeToken"],
        )
        assert (2, ["OL2"]) == (told["draft"]["version"], [one["order"] for one in told["orders"]])
        assert ("complaint", "rec|1") == (told["interactions"][0]["kind"], told["offers"][0]["id"])

    def test_a_token_that_is_not_good(self):
        """Refused, in the same words whyever."""
        told = rendered(resumed(MALL.id, fault="E_TOKEN"))

        assert ("refused", "E_TOKEN") == (told["answer"], told["error"]["code"])

    def test_an_order_that_waits_for_the_customer(self):
        """With the offer that is to be made."""
        told = rendered(asking(MALL.id))

        assert ("information-required", "The customer complained") == (told["answer"], told["reason"])
        assert ("rec|1", "We are sorry.", "Stay.") == tuple(
            told["offer"][name] for name in ("id", "apology", "text")
        )

    def test_a_draft_that_another_has_changed(self):
        """The whole cart, and what is new."""
        told = rendered(draft_notice(MALL.id))

        assert ("changed", 2, "changed by store: item 1 quantity") == (
            told["answer"],
            len(told["cart"]),
            told["reason"],
        )
