from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from adapters.kit import Native, Stamp
from adapters.kit.conformance import OutboundConformance
from adapters.outbound.crm import CrmAdapter
from canonical.errors import Rejected
from canonical.keys import content_hash
from canonical.replies import ORDER_NUMBER, LineReply, Reference
from canonical.states import Action, State
from canonical.systems import Verb
from tests.adapters.instructions import (
    CHANGE_KEY,
    CUSTOMER,
    KEY,
    ORDER,
    PURCHASE_ORDER,
    changing,
    fibre_at_home,
    instruction,
    line,
    turned,
    undoing,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "crm"
REPLIES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))}
WHEN = datetime(2026, 9, 4, 18, tzinfo=UTC)
FULL = instruction(
    "crm",
    "crm",
    lines=(line(1, "HANDSET-A"), line(2, "CASE-01", quantity=2, action=Action.MODIFY)),
    related_party=(CUSTOMER,),
    external_id=(PURCHASE_ORDER,),
    requested_completion_date=WHEN,
)
MORE_CASES = changing(FULL, turned(FULL.lines[1], quantity=3))
NO_CASES = undoing(FULL, FULL.lines[1])
INSTRUCTIONS = {
    "full": FULL,
    "smallest": instruction("crm", "crm"),
    "changed": MORE_CASES,
    "taken back": NO_CASES,
}


class TestConformance(OutboundConformance):
    adapter = CrmAdapter()
    instructions = INSTRUCTIONS
    replies = REPLIES


def told(native):
    return json.loads(CrmAdapter().instruct(native, Stamp(at=WHEN)).body)


def read(**changes):
    """The reply in a result that says OK, changed."""
    result = {"messageType": "customerOrderResult", "resultId": "R-1", "requestId": KEY, "result": "OK"}
    [reply] = CrmAdapter().read_reply(native(result | changes))
    return reply


def native(document):
    return Native(body=json.dumps(document).encode(), content_type="application/json")


class TestInstruct:
    def test_a_customer_order(self):
        """Everything the CRM needs stands in one message."""
        expected = {
            "messageType": "customerOrder",
            "requestId": KEY,
            "reference": f"{ORDER}-1",
            "orderId": ORDER,
            "verb": "do",
            "purchaseOrder": "4500000042",
            "customer": {"id": "CUST-8810", "name": "Ada King"},
            "lines": [
                {
                    "line": 1,
                    "itemId": "item-1",
                    "offering": "HANDSET-A",
                    "name": "HANDSET-A by name",
                    "quantity": 1,
                    "action": "add",
                },
                {
                    "line": 2,
                    "itemId": "item-2",
                    "offering": "CASE-01",
                    "name": "CASE-01 by name",
                    "quantity": 2,
                    "action": "modify",
                },
            ],
            "requestedDate": "2026-09-04T18:00:00Z",
        }

        assert expected == told(FULL)

    def test_what_is_not_known_is_left_out(self):
        """Without a customer or a date there is no such property; the purchase order is empty."""
        said = told(INSTRUCTIONS["smallest"])

        assert "" == said["purchaseOrder"]
        assert not {"customer", "requestedDate"} & set(said)

    def test_properties_of_a_product(self):
        """They are told as they are; a change of one can then be seen."""
        [only] = told(instruction("crm", "crm", lines=(fibre_at_home(),)))["lines"]

        assert [
            {"name": "downloadMbps", "value": "500"},
            {"name": "note", "value": 'tab\tquote"'},
        ] == only["characteristics"]


class TestInstructChanges:
    def test_a_change_says_what_is_wanted_and_what_was(self):
        """It has a key of its own, names the request that it changes, and only the lines that change."""
        said = told(MORE_CASES)

        assert (CHANGE_KEY, KEY, f"{ORDER}-1.1", "modify") == (
            said["requestId"],
            said["earlierRequestId"],
            said["reference"],
            said["verb"],
        )
        [only] = said["lines"]
        assert (2, 3, 2, "CASE-01") == (
            only["line"],
            only["quantity"],
            only["was"]["quantity"],
            only["was"]["offering"],
        )

    def test_what_is_taken_back_is_said_as_it_is(self):
        """There is nothing that it should become."""
        said = told(NO_CASES)
        [only] = said["lines"]

        assert ("undo", KEY, 2) == (said["verb"], said["earlierRequestId"], only["quantity"])
        assert "was" not in only

    def test_people_see_the_verb(self):
        """In the one line that stands for a message."""
        native = CrmAdapter().instruct(NO_CASES, Stamp(at=WHEN))

        assert f"customerOrder undo {ORDER}-1.1, 1 line" == native.summary

    @pytest.mark.parametrize("one", [MORE_CASES, NO_CASES], ids=["changed", "taken back"])
    def test_a_change_of_nothing(self, one):
        """Without the key of what it changes, the CRM could not find it."""
        with pytest.raises(Rejected) as caught:
            told(msgspec.structs.replace(one, undoes=""))

        assert ("E_KEY_MISSING", "undoes") == (caught.value.code, caught.value.where)


class TestReadReply:
    def test_too_many_lines(self):
        """None of them is read: the worker would do nothing else meanwhile."""
        with pytest.raises(Rejected) as caught:
            read(lines=[{"line": 1, "result": "OK"}] * 10_001)

        assert ("E_RECORDS", "$.lines") == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize(
        ("word", "state", "code"),
        [
            ("OK", State.COMPLETED, ""),
            ("BACKLOG", State.IN_PROGRESS, ""),
            ("REFUSED", State.HELD, "E_SYSTEM_REFUSED"),
            ("INVALID", State.REJECTED, "E_SYSTEM_REFUSED"),
            ("NEEDS-CUSTOMER", State.PENDING, ""),
            ("TOO-LATE", State.HELD, "E_TOO_LATE"),
        ],
    )
    def test_words(self, word, state, code):
        """Each word of the CRM has one meaning."""
        meaning = CrmAdapter.profile.words[read(result=word).word]

        assert (state, code) == (meaning.state, meaning.code)

    @pytest.mark.parametrize(
        ("word", "verbs"),
        [
            ("OK", {"do", "modify", "undo"}),
            ("BACKLOG", {"do", "modify", "undo"}),
            ("REFUSED", {"do", "modify", "undo"}),
            ("INVALID", {"do", "modify"}),
            ("NEEDS-CUSTOMER", {"do"}),
            ("TOO-LATE", {"modify", "undo"}),
        ],
    )
    def test_what_a_word_can_answer(self, word, verbs):
        """Only a change can come too late, and nobody waits for the customer with one."""
        meaning = CrmAdapter.profile.words[word]

        assert verbs == {verb.value for verb in meaning.answers}
        assert (word == "TOO-LATE") == meaning.past

    @pytest.mark.parametrize(
        ("said", "verb"), [({}, None), ({"verb": "undo"}, Verb.UNDO), ({"verb": "do"}, Verb.DO)]
    )
    def test_the_verb_that_is_answered(self, said, verb):
        """Repeated, it keeps the answer to one apart from the answer to another; it need not be."""
        assert verb is read(**said).verb

    def test_an_unknown_word_is_handed_on(self):
        """The hub decides what to do with a word that the table does not have."""
        assert "MAYBE" == read(result="MAYBE").word

    def test_the_account_is_for_later_parts(self):
        """The account number of the CRM becomes an output, and no alias."""
        reply = read(accountId="A-30071")

        assert {"accountId": "A-30071"} == reply.outputs
        assert () == reply.gives

    def test_the_key_is_surer_than_the_reference(self):
        """A result that names both ids is about the key first."""
        expected = (Reference(type="key", value=KEY), Reference(type="reference", value=f"{ORDER}-1"))

        assert expected == read(reference=f"{ORDER}-1").about

    @pytest.mark.parametrize(
        ("said", "about"),
        [
            ({"requestId": None, "purchaseOrder": "4500000042"}, (ORDER_NUMBER, "4500000042")),
            ({"requestId": None, "purchaseOrder": "4500000042", "orderId": ORDER}, (ORDER_NUMBER, ORDER)),
            ({"purchaseOrder": "4500000042", "orderId": ORDER}, ("key", KEY)),
        ],
    )
    def test_without_the_request_the_order(self, said, about):
        """What says only which order it is about, is about whatever of it waits for an answer."""
        assert [about] == [(one.type, one.value) for one in read(**said).about]

    def test_the_result_id_is_the_replys_key(self):
        """The CRM numbers its results; one without a number is known by its bytes."""
        result = {"messageType": "customerOrderResult", "requestId": KEY, "result": "OK"}
        [bare] = CrmAdapter().read_reply(native(result))

        assert "R-1" == read().key
        assert content_hash(native(result).body) == bare.key

    def test_lines(self):
        """A result may speak of single lines, each with its own word and reason."""
        reply = read(lines=[{"line": 2, "result": "REFUSED", "reason": "no tariff"}])

        expected = (LineReply(line=2, word="REFUSED", reason="no tariff", where="$.lines[0].result"),)
        assert expected == reply.lines
        assert "OK" == reply.word

    @pytest.mark.parametrize(
        ("changes", "code", "where"),
        [
            pytest.param({"requestId": None}, "E_KEY_MISSING", "$", id="names no order"),
            pytest.param({"result": None}, "E_TYPE", "$.result", id="no result"),
            pytest.param({"result": 7}, "E_TYPE", "$.result", id="result is a number"),
            pytest.param({"messageType": "invoice"}, "E_VALUE", "$.messageType", id="another message"),
            pytest.param({"lines": [{"result": "OK"}]}, "E_MISSING", "$.lines[0].line", id="which line"),
            pytest.param({"lines": [{"line": 0, "result": "OK"}]}, "E_RANGE", "$.lines[0].line", id="line 0"),
            pytest.param({"verb": "cancel"}, "E_VALUE", "$.verb", id="no such verb"),
            pytest.param({"requestId": "x" * 200}, "E_FIELD_SIZE", "$.requestId", id="long id"),
        ],
    )
    def test_bad_results(self, changes, code, where):
        """A result that cannot be used is refused with its place."""
        with pytest.raises(Rejected) as caught:
            read(**changes)

        assert (code, where) == (caught.value.code, caught.value.where)
