from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import msgspec
import pytest

from adapters.inbound.kiosk import KioskAdapter
from adapters.kit import Stamp
from adapters.kit.specimens import order_of
from canonical.amendments import CancelTask, ChangeKind, TaskState
from canonical.commands import AskStatus, OrderRef, RejectedDocument, Resume, SubmitOrder
from canonical.errors import Fault
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import Characteristic, ErrorMessage, Note, PartyRef, RelatedParty
from canonical.states import Action, Cause, State
from tests.adapters.amendments import amendment_of, applied, change_of, quote, refused
from tests.adapters.kiosks import FIXTURES, GONE, MALL, ORDER, SAMPLES, changed, read

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
STAMP = Stamp(at=AT, endpoint=MALL)
FIRST = read(SAMPLES["a-order"])
FAULT = Fault(code="E_OFFERING", what="unknown SKU code 'X'", where="$.cart[0].sku", allowed="a code")


def test_a_cart_becomes_an_order():
    """With its customer, store, options, address and consent."""
    phone_plan, phone = FIRST.order.product_order_item

    assert isinstance(FIRST, SubmitOrder)
    assert ("1", Action.ADD, "MOBILE-20", 1) == (
        phone_plan.line_ref, phone_plan.action, phone_plan.product_offering.id, phone_plan.quantity
    )  # fmt: skip
    assert ("HANDSET-A", 2, "device") == (phone.product_offering.id, phone.quantity, phone.category)
    assert (
        Characteristic(name="color", value="black"),
        Characteristic(name="storage", value="128", value_type="integer"),
    ) == phone.product.product_characteristic
    assert "true" == phone_plan.product.value("roaming")
    assert (
        RelatedParty(role="customer", party_or_party_role=PartyRef(id="msisdn:15550107007", name="Ada King")),
        RelatedParty(role="store", party_or_party_role=PartyRef(id="0107")),
    ) == FIRST.order.related_party
    assert ("deliveryAddress", "OR") == (
        FIRST.order.place[0].role,
        FIRST.order.place[0].place.state_or_province,
    )
    note = Note(text="terms 2026-08 signed at 2026-11-02T08:31:02Z", author="customer")
    assert (note,) == FIRST.order.note


def test_kiosk_and_transaction_are_the_business_key():
    """However the cart is written; around the document is no envelope with a number of its own."""
    origin = FIRST.origin

    assert ("kiosk", "kiosk.mall-1", "kioskOrder") == (origin.channel, origin.endpoint, origin.document_type)
    assert ("20261102-0007", content_hash(SAMPLES["a-order"])) == (origin.document, origin.envelope)


def test_a_customer_id_stands_alone():
    """Other ids say of which type they are."""
    told = read(changed("customerRef", {"type": "customerId", "value": "C-1001"}))

    assert "C-1001" == told.order.party("customer").id


def test_a_token_without_a_cart_is_resume():
    """What was said so far is asked for by the conversation's token."""
    told = read(SAMPLES["resume"])

    assert isinstance(told, Resume)
    assert OrderRef(value="R-5T2M-88", type="conversationToken") == told.about
    assert ("kioskResume", "20261102-0008") == (told.origin.document_type, told.origin.document)


def test_a_token_with_a_cart_is_an_order_of_that_conversation():
    """The token is no id of the order: it is good once."""
    told = read(SAMPLES["resumed-order"])

    assert isinstance(told, SubmitOrder)
    assert "R-5T2M-88" == told.conversation
    assert () == told.order.external_id


def test_a_question_names_an_order():
    """By its transaction, or by any id that its kiosk knows."""
    told = read(SAMPLES["status"])

    assert isinstance(told, AskStatus)
    assert "20261102-0007" == told.about.value


@pytest.mark.parametrize(
    ("word", "action"),
    [("ADD", Action.ADD), ("CHANGE", Action.MODIFY), ("REMOVE", Action.DELETE), ("KEEP", Action.NO_CHANGE)],
)
def test_actions_have_canonical_names(word, action):
    """Four words."""
    assert action == read(changed("cart.0.action", word)).order.product_order_item[0].action


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        ("kioskId", "MALL-9", "E_IDENTITY", "$.kioskId"),
        ("kioskId", GONE, "E_MISSING", "$.kioskId"),
        ("kioskId", "", "E_KEY_MISSING", "$.kioskId"),
        ("txn", GONE, "E_MISSING", "$.txn"),
        ("txn", "a b", "E_KEY_FORMAT", "$.txn"),
        ("txn", 7, "E_TYPE", "$.txn"),
        ("cart", [], "E_MISSING", "$.cart"),
        ("cart", GONE, "E_MISSING", "$.cart"),
        ("cart", {}, "E_TYPE", "$.cart"),
        ("cart.0.line", 0, "E_RANGE", "$.cart[0].line"),
        ("cart.1.line", 1, "E_DUPLICATE_LINE", "$.cart[1].line"),
        ("cart.1.line", True, "E_TYPE", "$.cart[1].line"),
        ("cart.0.sku", "NO-SUCH", "E_OFFERING", "$.cart[0].sku"),
        ("cart.0.action", "BUY", "E_ACTION", "$.cart[0].action"),
        ("cart.1.qty", 11, "E_RANGE", "$.cart[1].qty"),
        ("cart.1.qty", -1, "E_RANGE", "$.cart[1].qty"),
        ("cart.1.qty", 1.5, "E_TYPE", "$.cart[1].qty"),
        ("cart.1.price", 1, "E_UNKNOWN", "$.cart[1].price"),
        ("cart.1.options.color", {"a": 1}, "E_TYPE", "$.cart[1].options.color"),
        ("cart.1.options.color", "a\u0000", "E_CONTROL_CHAR", "$.cart[1].options.color"),
        ("cart.1.options", {str(n): 1 for n in range(51)}, "E_RECORDS", "$.cart[1].options['50']"),
        ("cart.1.options", {" a": 1}, "E_KEY_FORMAT", "$.cart[1].options[' a']"),
        ("customerRef.type", "shoe size", "E_VALUE", "$.customerRef.type"),
        ("customerRef.value", " 1", "E_KEY_FORMAT", "$.customerRef.value"),
        pytest.param("customerRef.value", "0555010", "E_VALUE", "$.customerRef.value", id="V-08 customer"),
        pytest.param("cart.0.options.iccid", "89", "E_VALUE", "$.cart[0].options.iccid", id="V-08 option"),
        ("resumeToken", "../x", "E_KEY_FORMAT", "$.resumeToken"),
        ("deliverTo.planet", "Mars", "E_UNKNOWN", "$.deliverTo.planet"),
        ("consent.signedAt", "2026-11-02T08:31:02", "E_DATE", "$.consent.signedAt"),
        ("voucher", "X", "E_UNKNOWN", "$.voucher"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_at_its_place(path, value, code, where):
    """A code, and the path into the kiosk's own document."""
    told = read(changed(path, value))

    assert isinstance(told, RejectedDocument)
    assert (code, where) == (told.fault.code, told.fault.where)


def test_what_may_stand_there_is_said_once():
    """Each property, in the order of letters."""
    allowed = read(changed("voucher", "X")).fault.allowed.removeprefix("one of ").split(", ")

    assert sorted(set(allowed)) == allowed


def test_more_lines_than_anybody_has_patience_for():
    """A hundred at most."""
    lines = [ORDER["cart"][0] | {"line": n} for n in range(1, 102)]

    assert 100 == len(read(changed("cart", lines[:100])).order.product_order_item)
    assert "E_RECORDS" == read(changed("cart", lines)).fault.code


def test_a_refused_document_can_be_answered():
    """Its kiosk and its transaction are known, whatever else is wrong; a strange kiosk is nobody's."""
    wrong = read(changed("cart.0.sku", "NO-SUCH")).origin
    strange = read(changed("kioskId", "MALL-9")).origin

    assert ("kiosk.mall-1", "20261102-0007", "kioskOrder") == (
        wrong.endpoint, wrong.document, wrong.document_type
    )  # fmt: skip
    assert "" == strange.endpoint


def acknowledged(outcome, **changes):
    """The acknowledgement of the first order, as JSON, or None."""
    verdict = Verdict(origin=FIRST.origin, outcome=outcome, **changes)
    intake = Intake(endpoint="kiosk.mall-1", channel="kiosk", envelope="1", verdicts=(verdict,))
    native = KioskAdapter().acknowledge(intake, STAMP)
    return native and json.loads(native.body)


def ordered(state, **changes):
    """The hub's order for the first sample."""
    return msgspec.structs.replace(order_of(FIRST.order, FIRST.origin, state), **changes)


def told(kind, **changes):
    """A notice to the kiosk, as JSON, or None."""
    notice = Notice(kind=kind, endpoint="kiosk.mall-1", at=AT, document="20261102-0007", **changes)
    native = KioskAdapter().render(notice, STAMP)
    return native and json.loads(native.body)


def test_an_order_is_taken_or_refused():
    """One small object, with the transaction it answers; nothing while a person looks at it."""
    taken = acknowledged(Outcome.ACCEPTED, order=ordered(State.ACKNOWLEDGED))
    no = acknowledged(Outcome.REJECTED, fault=FAULT)

    assert ("MALL-1", "20261102-0007", "taken", "acknowledged") == (
        taken["kioskId"], taken["txn"], taken["answer"], taken["state"]
    )  # fmt: skip
    assert [{"line": "1", "state": "acknowledged"}, {"line": "2", "state": "acknowledged"}] == taken["lines"]
    assert {
        "kioskId": "MALL-1",
        "txn": "20261102-0007",
        "answer": "refused",
        "error": {
            "code": "E_OFFERING",
            "where": "$.cart[0].sku",
            "what": "unknown SKU code 'X'",
            "allowed": "a code",
        },
    } == no
    assert acknowledged(Outcome.PARKED, fault=FAULT) is None


def test_a_notice_is_the_order_as_it_stands():
    """Under the notice's own kind."""
    ended = told(NoticeKind.ENDED, order=ordered(State.COMPLETED))

    assert ("ended", "completed", 2, 2) == (ended["answer"], ended["state"], ended["done"], ended["total"])
    assert "reason" not in ended
    assert "late" == told(NoticeKind.DELAYED, order=ordered(State.HELD), reason="late")["reason"]
    assert told(NoticeKind.REJECTED, fault=FAULT) is None


def test_an_order_that_is_held_says_why():
    """What came last; one that goes on again says nothing of it."""
    troubles = tuple(
        ErrorMessage(code="E_NO_ANSWER", reason=why, timestamp=AT) for why in ("busy", "oss.tv is silent")
    )
    held, going = (
        told(NoticeKind.DELAYED, order=ordered(state, product_order_error_message=troubles))
        for state in (State.HELD, State.IN_PROGRESS)
    )

    assert "oss.tv is silent" == held["reason"]
    assert "reason" not in going


@pytest.mark.parametrize(
    ("cause", "words"),
    [(Cause.CUSTOMER, "cancelled by the customer"), (Cause.FALLOUT, "cancelled: it cannot be done")],
)
def test_a_cancelled_order_says_on_whose_account(cause, words):
    """The customer's, or nobody's who stands there."""
    assert words == told(NoticeKind.ENDED, order=ordered(State.CANCELLED, cause=cause))["reason"]


def test_a_question_is_answered_under_its_own_transaction():
    """With the order, or with why there is none."""
    asked = {"asked": "20261102-0007", "origin": read(SAMPLES["status"]).origin}
    known = told(NoticeKind.STATUS, order=ordered(State.IN_PROGRESS), **asked)
    unknown = told(NoticeKind.STATUS, **asked)

    assert ("20261102-0010", "status", "20261102-0007") == (known["txn"], known["answer"], known["asked"])
    assert ("refused", "E_NOT_FOUND") == (unknown["answer"], unknown["error"]["code"])


def test_answers_are_written_as_the_fixtures_have_them():
    """Byte for byte."""
    verdict = Verdict(origin=FIRST.origin, outcome=Outcome.ACCEPTED, order=ordered(State.ACKNOWLEDGED))
    intake = Intake(endpoint="kiosk.mall-1", channel="kiosk", envelope="1", verdicts=(verdict,))

    assert (FIXTURES / "out" / "taken.json").read_bytes() == KioskAdapter().acknowledge(intake, STAMP).body


def changes():
    """What became of the change in the samples: all of it, or it waits for a yes; and of the cancel."""
    asked, phone = read(SAMPLES["change"]), FIRST.order.product_order_item[1]
    fewer = change_of(ChangeKind.CHANGE, msgspec.structs.replace(phone, quantity=1), fields=("quantity",))
    [case] = asked.add
    settled = (refused(fewer), applied(change_of(ChangeKind.ADD, case), number=2))
    said = {"document": asked.origin.document}
    cancel = CancelTask(
        id="C-1", endpoint="kiosk.mall-1", at=AT, state=TaskState.TERMINATED_WITH_ERROR,
        document="20261102-0012", past=("warehouse",),
        fault=Fault(code="E_TOO_LATE", what="the order cannot be cancelled any more"),
    )  # fmt: skip
    whole = ordered(State.IN_PROGRESS)
    return (
        told(NoticeKind.CHANGED, order=whole, amendment=amendment_of("kiosk.mall-1", *settled, **said))[
            "change"
        ],
        told(
            NoticeKind.INFORMATION_REQUIRED,
            order=whole,
            amendment=amendment_of("kiosk.mall-1", quote(fewer), **said),
        )["change"],
        told(NoticeKind.CHANGED, order=whole, cancel=cancel)["cancel"],
    )


EXAMPLE = re.compile(r"<!-- example: kiosk ([a-z]+) -->\n+```json\n(.*?)```", re.DOTALL)


def test_the_page_shows_what_is_really_read_and_written():
    """Each example, as JSON."""
    page = (FIXTURES.parents[2] / "docs" / "channels" / "kiosk.md").read_text(encoding="utf-8")
    wrong = read(changed("cart.0.sku", "PLAN-99")).fault

    assert {name: json.loads(block) for name, block in EXAMPLE.findall(page)} == {
        "order": ORDER,
        "submit": json.loads(SAMPLES["submit"]),
        "resume": json.loads(SAMPLES["resume"]),
        "interaction": json.loads(SAMPLES["interaction"]),
        "question": json.loads(SAMPLES["status"]),
        "change": json.loads(SAMPLES["change"]),
        "cancel": json.loads(SAMPLES["cancel"]),
        "reply": json.loads(SAMPLES["answer"]),
        "changed": changes()[0],
        "quote": changes()[1],
        "cancelled": changes()[2],
        "taken": acknowledged(Outcome.ACCEPTED, order=ordered(State.ACKNOWLEDGED)),
        "refused": acknowledged(Outcome.REJECTED, fault=wrong),
    }


def test_what_may_stand_in_a_question_is_said_once_and_only_that():
    """A cart is not offered to whoever asks for a status."""
    asked = {"kioskId": "MALL-1", "txn": "1", "statusOf": "T-1", "cart": None, "storeNo": "7"}
    told = read(json.dumps(asked).encode())

    assert ("E_UNKNOWN", "$.storeNo") == (told.fault.code, told.fault.where)
    assert "one of kioskId, resumeToken, statusOf, storeId, txn" == told.fault.allowed
