"""
The call centre's part in conversations: orders on hold, what was said so far, interactions, proposals.
"""

from __future__ import annotations

import pytest

from adapters.formats.soap import read_envelope
from adapters.inbound.callcenter import CallCenterAdapter
from adapters.kit import Stamp
from canonical.commands import RecordInteraction, RejectedDocument, Resume, SaveDraft, SubmitOrder
from canonical.notices import Intake, Outcome, Verdict
from tests.adapters.callcenters import DESK, ENVELOPE, fields, line, message, order, read
from tests.adapters.conversations import DRAFT, NOON, asking, draft_notice, resumed

STAMP = Stamp(at=NOON, endpoint=DESK)


def request(operation, inside):
    """One request with another operation."""
    body = ENVELOPE.replace("SWIOrderUpsert_Input", f"{operation}_Input")
    return body.format(header="", orders=inside).encode()


def interaction(**said):
    facts = {"Id": "I-1", "Type": "Complaint", "AccountId": "C-7", "Comments": "too slow"} | said
    return request("SWIInteraction", f"<d:SWIInteraction>{fields(**facts)}</d:SWIInteraction>")


def texts(native):
    """Every text of a message, by the name of its element; of several the first."""
    found: dict[str, str] = {}

    def walk(node):
        if not node.children:
            found.setdefault(node.local, node.text(4000, lines=True, blank=True))
        for one in node.children:
            walk(one)

    walk(read_envelope(native.body).body)
    return found


class TestReading:
    def test_an_order_on_hold_is_the_draft_of_that_order(self):
        """Under the same number and document type."""
        [held], [taken] = read(message(order(HoldFlag="Y"))), read(message(order(HoldFlag="N")))

        assert isinstance(held, SaveDraft)
        assert isinstance(taken, SubmitOrder)
        assert (taken.origin.document_type, taken.origin.document) == (
            held.origin.document_type,
            held.origin.document,
        )

    @pytest.mark.parametrize("name", ["ConversationId", "ConversationToken"])
    def test_an_order_names_its_conversation(self, name):
        """And then need not say what is in it; the group of an item comes back."""
        [found] = read(message(order(line(ChoiceGroup="phone"), **{name: "CV1"})))
        bare = order(**{name: "CV1"}).replace(
            "<d:ListOfSWIOrderItem>" + line() + "</d:ListOfSWIOrderItem>", ""
        )
        [as_it_stands] = read(message(bare))

        assert ("CV1", "phone") == (found.conversation, found.order.product_order_item[0].choice_group)
        assert ("CV1", ()) == (as_it_stands.conversation, as_it_stands.order.product_order_item)

    def test_named_twice_it_is_refused(self):
        """One of the two."""
        [found] = read(message(order(ConversationId="CV1", ConversationToken="R-1")))

        assert isinstance(found, RejectedDocument)
        assert "d:ConversationToken" in found.fault.where

    def test_a_question_what_was_said_so_far(self):
        """By any id, or by a customer's."""
        asked = fields(OrderNumber="ada@example.com", AliasType="email")
        [found] = read(request("SWIConversationQuery", f"<d:SWIOrder>{asked}</d:SWIOrder>"))

        assert isinstance(found, Resume)
        assert ("ada@example.com", "email") == (found.about.value, found.about.type)

    def test_an_interaction(self):
        """Of the account that it names."""
        [found] = read(interaction(Date="03/02/2026 06:00:00"))

        assert isinstance(found, RecordInteraction)
        assert ("complaint", "C-7", "too slow", NOON, "I-1") == (
            found.kind,
            found.party,
            found.text,
            found.at,
            found.origin.document,
        )

    @pytest.mark.parametrize("missing", ["Id", "Type", "AccountId"])
    def test_what_an_interaction_lacks(self, missing):
        """It is refused by name."""
        [found] = read(interaction(**{missing: None}))

        assert isinstance(found, RejectedDocument)
        assert missing in str(found.fault)


class TestTelling:
    def acknowledged(self, origin, **more):
        verdict = Verdict(origin=origin, outcome=Outcome.ACCEPTED, **more)
        intake = Intake(endpoint=DESK.id, channel="callcenter", envelope="e", verdicts=(verdict,))
        return texts(CallCenterAdapter().acknowledge(intake, STAMP))

    def test_what_was_taken_has_a_token(self):
        """And the conversation's id."""
        [held] = read(message(order(HoldFlag="Y")))
        told = self.acknowledged(held.origin, order=DRAFT, order_id=DRAFT.id, token="R-1")

        assert ("Pending", "CV0123456789ABCDEF", "R-1") == (
            told["Status"],
            told["ConversationId"],
            told["ConversationToken"],
        )

    def test_an_interaction_that_was_taken(self):
        """A request has an answer."""
        [found] = read(interaction())

        assert {"Id": "I-1"} == self.acknowledged(found.origin)

    def test_what_was_said_so_far(self):
        """Draft, orders, interactions, proposals, and another token."""
        body = CallCenterAdapter().render(resumed(DESK.id), STAMP).body.decode()

        assert b"SWIConversationQuery_Output" in CallCenterAdapter().render(resumed(DESK.id), STAMP).body
        for said in (
            "<data:ConversationToken>R-2</data:ConversationToken>",
            "<data:TokenExpires>03/09/2026 07:00:00</data:TokenExpires>",
            "<data:IntegrationId>OL1</data:IntegrationId>",
            "<data:IntegrationId>OL2</data:IntegrationId>",
            "<data:ChoiceGroup>phone</data:ChoiceGroup>",
            "<data:Comments>too slow</data:Comments>",
            "<data:Question>rec|1</data:Question>",
        ):
            assert said in body

    def test_a_token_that_is_not_good(self):
        """A fault."""
        body = CallCenterAdapter().render(resumed(DESK.id, fault="E_TOKEN"), STAMP).body

        assert b"Fault" in body
        assert b"E_TOKEN" in body

    def test_an_order_that_waits_for_the_customer(self):
        """With what is to be proposed."""
        told = texts(CallCenterAdapter().render(asking(DESK.id), STAMP))

        assert ("rec|1", "We are sorry.", "Stay.", "information-required") == tuple(
            told[name] for name in ("Question", "Apology", "Offer", "Notice")
        )

    def test_a_draft_that_another_has_changed(self):
        """Its items as an upsert says them."""
        told = texts(CallCenterAdapter().render(draft_notice(DESK.id), STAMP))

        assert ("changed by store: item 1 quantity", "2", "Add", "Handset A") == tuple(
            told[name] for name in ("StatusReason", "Qty", "ActionCode", "Product")
        )
