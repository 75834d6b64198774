"""
What else than an order a mapped channel may say: how does one stand, and to which conversation it belongs.
"""

from __future__ import annotations

import json

import msgspec
import pytest

from adapters.kit.contract import ConversingAdapter, Stamp
from adapters.kit.specimens import AT, intakes, notices
from canonical.commands import AskStatus, OrderRef, RejectedDocument, SubmitOrder
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from tests.mapped.test_mapping_files import faults
from tests.mapped.world import ONE, adapter, mapping, samples, translated

STAMP = Stamp(at=AT, endpoint=ONE)
TOKEN = "R-0000-0000-0000-0000-0000-0001"
ASKS = (
    'number = "number"\n',
    'number = "number"\nasks = { from = "what", words = { order = "no", how = "yes" } }\n',
)
TOLD = ('tell = ["acknowledgement", ', 'tell = ["acknowledgement", "status", ')
IN_ONE = ('number = "number"\n', 'number = "number"\nconversation = "token"\n')


def said(**more):
    """One order with other properties; None takes one away."""
    [order] = json.loads(samples("json")["one-order"])["orders"]
    document = {name: value for name, value in (order | more).items() if value is not None}
    return json.dumps({**json.loads(samples("json")["one-order"]), "orders": [document]}).encode()


class TestQuestions:
    def test_a_document_may_ask(self):
        """By the order's number; the rest is not needed."""
        [asked] = translated(adapter("json", ASKS, TOLD), said(what="how", lines=None))

        assert isinstance(asked, AskStatus)
        assert (OrderRef(value="A-1001"), "A-1001") == (asked.about, asked.origin.document)

    @pytest.mark.parametrize("what", ["order", None])
    def test_any_other_is_an_order(self, what):
        """Also one that does not say."""
        [order] = translated(adapter("json", ASKS, TOLD), said(what=what))

        assert isinstance(order, SubmitOrder)

    def test_another_word_is_refused(self):
        """Nobody guesses what it means."""
        [wrong] = translated(adapter("json", ASKS, TOLD), said(what="why"))

        assert isinstance(wrong, RejectedDocument)
        assert ("E_VALUE", "one of order, how") == (wrong.fault.code, wrong.fault.allowed)

    def test_a_row_may_ask(self):
        """In a table it leaves the other cells blank."""
        made = adapter(
            "csv",
            (
                'number = "ORDER"\n',
                'number = "ORDER"\nasks = { from = "ACTION", words = { N = "no", S = "yes" } }\n',
            ),
            TOLD,
        )
        head, _, end = samples("csv")["one-order"].split(b"\r\n", 2)
        [asked] = translated(made, b"\r\n".join((head, b"A-1001;;;;;;S;;", end)))

        assert OrderRef(value="A-1001") == asked.about

    def test_it_is_answered_under_the_number_that_was_asked_for(self):
        """Also where there is no such order."""
        made = adapter("csv", TOLD)
        [order, _] = translated(made, samples("csv")["two-orders"])
        [status] = [
            one
            for one in notices(order.order, order.origin).values()
            if one.kind is NoticeKind.STATUS and one.order
        ][:1]
        fault = Fault(code="E_NOT_FOUND", what="no order 'A-9'")
        unknown = Notice(kind=NoticeKind.STATUS, endpoint=ONE.id, at=AT, asked="A-9", fault=fault)

        assert b"status;A-1001;" in made.render(status, STAMP).body
        assert b"status;A-9;;" in made.render(unknown, STAMP).body
        assert b"E_NOT_FOUND" in made.render(unknown, STAMP).body


class TestConversations:
    def test_an_order_may_name_one(self):
        """By its id or by a customer's token; without one it begins none."""
        made = adapter("json", IN_ONE)
        [named], [alone] = (translated(made, said(token=one)) for one in (TOKEN, None))

        assert (TOKEN, "") == (named.conversation, alone.conversation)

    def test_a_column_hands_out_a_token(self):
        """In the acknowledgement; the channel gets tokens because it has the column."""
        column = ('value = "outcome"', 'value = "conversation.token"')
        made = adapter("json", column)
        [order, other] = translated(made, samples("json")["two-orders"])
        intake = intakes(order.order, [order.origin, other.origin])["mixed"]
        verdicts = tuple(msgspec.structs.replace(one, token=TOKEN) for one in intake.verdicts)
        native = made.acknowledge(msgspec.structs.replace(intake, verdicts=verdicts), STAMP)

        assert isinstance(made, ConversingAdapter)
        assert not isinstance(adapter("json"), ConversingAdapter)
        assert 2 == native.body.count(TOKEN.encode())

    def test_a_field_that_would_cut_it_is_refused(self):
        """Half a token opens nothing."""
        text = mapping("fixed").replace('value = "error.code"', 'value = "conversation.token"')
        [told] = faults(text)

        assert "is too short for a token (X(31) at least)" in told


@pytest.mark.parametrize(
    ("asks", "what"),
    [
        ('{ always = "yes" }', "every message would be a question, or none (from =)"),
        ('{ from = "what", words = { how = "sure" } }', "'sure' is no answer (yes or no)"),
    ],
)
def test_what_could_never_be_a_question_is_told(asks, what):
    """With its key."""
    text = mapping("json").replace(*TOLD)
    [told] = faults(text.replace('number = "number"\n', f'number = "number"\nasks = {asks}\n', 1))

    assert "order.asks" in told
    assert what in told


def test_a_question_that_nobody_would_answer_is_told():
    """A status has to be among what is told."""
    [told] = faults(mapping("json").replace(*ASKS))

    assert "nobody would be answered (with status in tell of [answer])" in told
