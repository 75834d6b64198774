"""
A till's part in conversations: transactions put aside, what was said so far, drafts completed, proposals.
"""

from __future__ import annotations

import pytest

from adapters.inbound.store import StoreAdapter
from adapters.kit import Stamp
from canonical.commands import Answer, RecordInteraction, RejectedDocument, Resume, SaveDraft, SubmitOrder
from canonical.notices import Intake, Outcome, Verdict
from canonical.states import Action
from tests.adapters.conversations import DRAFT, NOON, asking, draft_notice, resumed
from tests.adapters.stores import STORE, line, message, previous, read, transaction

STAMP = Stamp(at=NOON, endpoint=STORE)
TOKEN = "R-0123-4567-89AB-CDEF-GHJK-MNPQ"


def earlier(order, action="", more="", number="5"):
    """A line about an earlier order or draft."""
    wish = f"<Action>{action}</Action>" if action else ""
    return line(number, f"<OrderID>{order}</OrderID>{wish}{more}", "PreviousCustomerOrder")


def rendered(notice):
    return StoreAdapter().render(notice, STAMP).body.decode()


def happened(inside='<ol:Interaction Kind="complaint">too slow</ol:Interaction>', number="7"):
    """A line that says what happened."""
    inside = inside.replace("<ol:Interaction", '<ol:Interaction xmlns:ol="urn:orderloom:store:1"')
    return line(number, inside, "")


CUSTOMER = "<Customer><CustomerID>C-7</CustomerID></Customer>"


class TestInteractions:
    def test_what_happened_is_recorded(self):
        """Of the transaction's customer; an order beside it is taken as ever."""
        alone, (ordered, beside) = (
            read(message(transaction(CUSTOMER, *lines))) for lines in ((happened(),), (line(), happened()))
        )
        [found] = alone

        assert isinstance(found, RecordInteraction)
        assert ("complaint", "C-7", "too slow") == (found.kind, found.party, found.text)
        assert ("CustomerInteraction", "7") == (
            found.origin.document_type,
            found.origin.document.rpartition(".")[2],
        )
        assert isinstance(ordered, SubmitOrder)
        assert beside.kind == found.kind

    @pytest.mark.parametrize(
        ("lines", "place"),
        [
            ((happened(),), "RetailTransaction"),
            ((CUSTOMER, happened("<ol:Interaction>too slow</ol:Interaction>")), "Interaction"),
        ],
    )
    def test_without_a_customer_or_a_kind_it_is_refused(self, lines, place):
        """Nobody could be asked about it."""
        [refused] = read(message(transaction(*lines)))

        assert isinstance(refused, RejectedDocument)
        assert "E_MISSING" == refused.fault.code
        assert place in refused.fault.where

    def test_that_it_was_taken_is_told(self):
        """Under the transaction that said it."""
        [found] = read(message(transaction(CUSTOMER, happened())))
        verdict = Verdict(origin=found.origin, outcome=Outcome.ACCEPTED)
        intake = Intake(endpoint=STORE.id, channel="store", envelope="E", verdicts=(verdict,))
        body = StoreAdapter().acknowledge(intake, STAMP).body.decode()

        assert "<ol:Outcome>Accepted</ol:Outcome>" in body
        assert "<SequenceNumber>" in body


class TestReading:
    def test_a_transaction_that_is_put_aside(self):
        """It begins a draft, under the number that its order will have."""
        body = message().replace(b"<RetailTransaction>", b'<RetailTransaction TransactionStatus="Suspended">')
        [kept], [ordered] = read(body), read(message())

        assert isinstance(kept, SaveDraft)
        assert (ordered.order, ordered.origin.document_type) == (kept.order, kept.origin.document_type)

    @pytest.mark.parametrize(("action", "kind"), [("Save", SaveDraft), ("Complete", SubmitOrder)])
    def test_lines_that_belong_to_a_draft(self, action, kind):
        """Of the conversation that a line names."""
        [found] = read(message(transaction(line(), earlier(TOKEN, action))))

        assert isinstance(found, kind)
        assert (TOKEN, ["1"]) == (found.conversation, [one.id for one in found.order.product_order_item])
        assert () == found.order.note

    def test_a_draft_as_it_stands(self):
        """Without a line of its own."""
        [found] = read(message(transaction(earlier("CV0123456789ABCDEF", "Complete"))))

        assert isinstance(found, SubmitOrder)
        assert ("CV0123456789ABCDEF", ()) == (found.conversation, found.order.product_order_item)

    @pytest.mark.parametrize(
        "wish", [earlier(TOKEN), earlier(TOKEN, "Resume"), earlier("CV0123456789ABCDEF", "Resume")]
    )
    def test_a_question_what_was_said_so_far(self, wish):
        """A customer's token asks it by itself."""
        [found] = read(message(transaction(wish)))

        assert isinstance(found, Resume)
        assert "0117.4.20260902.7.5" == found.origin.document

    def test_a_line_gives_something_back(self):
        """And may be one of several to choose from."""
        more = "<ItemID>CASE-01</ItemID><Action>Delete</Action><Group>case</Group>"
        [found] = read(message(transaction(line("1", more))))
        [item] = found.order.product_order_item

        assert (Action.DELETE, "case") == (item.action, item.choice_group)

    def test_an_answer_to_an_offer(self):
        """As to a quote."""
        [found] = read(message(transaction(earlier("OL1", "Accept", "<Question>rec|1</Question>"))))

        assert isinstance(found, Answer)
        assert ("rec|1", True) == (found.question, found.accepted)

    @pytest.mark.parametrize(
        "lines",
        [
            pytest.param((earlier(TOKEN, "Save"), earlier(TOKEN, "Complete", number="6")), id="two drafts"),
            pytest.param((earlier("OL1", "Change"), earlier(TOKEN, "Save", number="6")), id="a change too"),
        ],
    )
    def test_a_transaction_is_about_one_thing(self, lines):
        """The second is refused."""
        [found] = read(message(transaction(line(), *lines)))

        assert isinstance(found, RejectedDocument)
        assert "E_VALUE" == found.fault.code

    def test_a_question_beside_an_order_harms_nothing(self):
        """Both are documents of their own; the token stands in no note."""
        order, question = read(message(transaction(line(), previous(TOKEN))))

        assert (SubmitOrder, Resume, ()) == (type(order), type(question), order.order.note)


class TestTelling:
    def test_what_was_taken_has_a_token(self):
        """And the conversation's id."""
        [found] = read(message())
        verdict = Verdict(
            origin=found.origin, outcome=Outcome.ACCEPTED, order=DRAFT, order_id=DRAFT.id, token=TOKEN
        )
        intake = Intake(endpoint=STORE.id, channel="store", envelope="e", verdicts=(verdict,))
        body = StoreAdapter().acknowledge(intake, STAMP).body.decode()

        assert "<OrderStatus>Draft</OrderStatus>" in body
        assert "<ol:Conversation>CV0123456789ABCDEF</ol:Conversation>" in body
        assert f"<ol:Token>{TOKEN}</ol:Token>" in body

    def test_what_was_said_so_far(self):
        """Under the transaction that asked; the draft line by line."""
        body = rendered(resumed(STORE.id))

        for said in (
            "<SequenceNumber>7</SequenceNumber>",
            "<ol:Notice>conversation</ol:Notice>",
            '<ol:Token ValidUntil="2026-03-09T07:00:00-05:00">R-2</ol:Token>',
            '<ol:Draft Version="2">',
            "<OrderID>OL2</OrderID>",
            "<ol:Group>phone</ol:Group>",
            '<ol:Characteristic Name="color">black</ol:Characteristic>',
            '<ol:Interaction Kind="complaint" Channel="callcenter" At="2026-03-02T06:00:00-06:00">too slow',
            "<ol:Question>rec|1</ol:Question>",
        ):
            assert said in body

    def test_a_token_that_is_not_good(self):
        """An error under the transaction that asked."""
        body = rendered(resumed(STORE.id, fault="E_TOKEN"))

        assert '<ol:Error Code="E_TOKEN">' in body
        assert "<SequenceNumber>7</SequenceNumber>" in body

    def test_an_order_that_waits_for_the_customer(self):
        """With what is to be said, in this order."""
        body = rendered(asking(STORE.id))
        places = [body.index(said) for said in ("We are sorry.", "Stay.", "MONTH-FREE", "AnswerBy")]

        assert sorted(places) == places

    def test_a_draft_that_another_has_changed(self):
        """What is new, and all of its lines."""
        body = rendered(draft_notice(STORE.id))

        assert "<ol:Reason>changed by store: item 1 quantity</ol:Reason>" in body
        assert 2 == body.count("<LineItem>")
