"""
The web's part in conversations: drafts, what was said so far, interactions, proposals.
"""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from adapters.inbound.web import WebAdapter
from adapters.kit import Stamp
from canonical.commands import RecordInteraction, RejectedDocument, Resume, SaveDraft, SubmitOrder
from canonical.notices import Intake, Outcome, Verdict
from tests.adapters.conversations import DRAFT, NOON, asking, draft_notice, resumed
from tests.adapters.web_orders import GONE, HANDSET, changed, read

STAMP = Stamp(at=NOON)
SAVED = HANDSET | {"requestedInitialState": "draft"}


def rendered(notice):
    return json.loads(WebAdapter().render(notice, STAMP).body)


class TestReading:
    def test_a_draft(self):
        """Under the number that its order will have."""
        saved, ordered = read(SAVED), read(HANDSET)

        assert isinstance(saved, SaveDraft)
        assert ("", None) == (saved.conversation, saved.base)
        assert (ordered.order, ordered.origin.document_type) == (saved.order, saved.origin.document_type)
        assert ordered.origin.document == saved.origin.document

    def test_a_draft_says_from_which_version_it_was_made(self):
        """And may be empty, and leave alternatives open."""
        saved = read(changed("productOrderItem.0.choiceGroup", "phone", SAVED | {"version": 3}))
        empty = read(changed("productOrderItem", GONE, SAVED))

        assert (3, "phone") == (saved.base, saved.order.product_order_item[0].choice_group)
        assert () == empty.order.product_order_item

    @pytest.mark.parametrize("name", ["conversationId", "conversationToken"])
    def test_an_order_that_completes_a_draft(self, name):
        """By either; it need not say what is in it."""
        found = read(changed("productOrderItem", GONE, HANDSET | {name: "CV0123456789ABCDEF"}))

        assert isinstance(found, SubmitOrder)
        assert ("CV0123456789ABCDEF", ()) == (found.conversation, found.order.product_order_item)

    @pytest.mark.parametrize(
        ("document", "where"),
        [
            pytest.param(
                SAVED | {"conversationId": "a", "conversationToken": "b"}, "$.conversationToken", id="both"
            ),
            pytest.param(HANDSET | {"version": 2}, "$.version", id="a version of no draft"),
            pytest.param(SAVED | {"version": 0}, "$.version", id="no version"),
            pytest.param(changed("productOrderItem", GONE), "$.productOrderItem", id="an order of nothing"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, document, where):
        """As with any order."""
        found = read(document)

        assert isinstance(found, RejectedDocument)
        assert where == found.fault.where

    def test_a_question_what_was_said_so_far(self):
        """By a token, or anything else; a customer by the type of his alias."""
        ask = {"@type": "ConversationResumeRequest", "requestId": "Q-1", "about": "ada@example.com"}
        found = read(ask | {"aboutType": "email"})

        assert isinstance(found, Resume)
        assert ("ada@example.com", "email", "Q-1") == (
            found.about.value,
            found.about.type,
            found.origin.document,
        )

    def test_an_interaction(self):
        """TMF683's; its customer by a typed alias."""
        customer = {"role": "customer", "partyOrPartyRole": {"id": "email:ada@example.com"}}
        said = {
            "@type": "PartyInteraction",
            "id": "I-1",
            "reason": "complaint",
            "description": "too slow",
            "interactionDate": {"startDateTime": "2026-03-02T12:00:00Z"},
            "relatedParty": [customer],
        }
        found, nobody = read(said), read(said | {"relatedParty": []})

        assert isinstance(found, RecordInteraction)
        assert ("complaint", "email:ada@example.com", "too slow", NOON, "I-1") == (
            found.kind,
            found.party,
            found.text,
            found.at,
            found.origin.document,
        )
        assert ("E_MISSING", "$.relatedParty") == (nobody.fault.code, nobody.fault.where)


class TestTelling:
    def test_what_was_taken_has_a_token(self):
        """And the conversation's id."""
        verdict = Verdict(
            origin=read(SAVED).origin, outcome=Outcome.ACCEPTED, order=DRAFT, order_id=DRAFT.id, token="R-1"
        )
        intake = Intake(endpoint="web.portal", channel="web", envelope="e", verdicts=(verdict,))
        told = json.loads(WebAdapter().acknowledge(intake, STAMP).body)

        assert ("draft", "CV0123456789ABCDEF", "R-1") == (
            told["state"],
            told["conversationId"],
            told["conversationToken"],
        )
        assert "phone" == told["productOrderItem"][0]["choiceGroup"]

    def test_what_was_said_so_far(self):
        """Draft, orders, interactions and proposals."""
        told = rendered(resumed("web.portal"))

        assert ("Conversation", "CV0123456789ABCDEF", "R-2") == (
            told["@type"],
            told["id"],
            told["conversationToken"],
        )
        assert ("draft", "acknowledged") == (told["draft"]["state"], told["productOrder"][0]["state"])
        assert ("complaint", "too slow") == (
            told["partyInteraction"][0]["reason"],
            told["partyInteraction"][0]["description"],
        )
        assert ("rec|1", "MONTH-FREE") == (
            told["recommendation"][0]["question"],
            told["recommendation"][0]["recommendationItem"][0]["productOffering"]["id"],
        )

    def test_a_token_that_is_not_good(self):
        """An error, about the conversation."""
        told = rendered(replace(resumed("web.portal", fault="E_TOKEN")))

        assert ("Error", "E_TOKEN") == (told["@type"], told["code"])
        assert told["message"].startswith("conversation of 'R-1'")

    def test_an_order_that_waits_for_the_customer(self):
        """An event of its own, with the question."""
        told = rendered(asking("web.portal"))

        assert "ProductOrderInformationRequiredEvent" == told["@type"]
        assert ("rec|1", "We are sorry.") == (
            told["event"]["recommendation"]["question"],
            told["event"]["recommendation"]["apology"],
        )
        assert DRAFT.id == told["event"]["productOrder"]["id"]

    def test_a_draft_that_another_has_changed(self):
        """The whole draft, and in words what is new."""
        told = rendered(draft_notice("web.portal"))

        assert "changed by store: item 1 quantity" == told["description"]
        assert 2 == told["event"]["productOrder"]["version"]
