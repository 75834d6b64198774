"""
What trading partners are told of their changes and cancels: 865; and that no change can keep us from telling.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from adapters.formats.x12 import MANY, Layout, Loop, Use, arrange, read_interchanges
from adapters.inbound.partner import PartnerAdapter
from adapters.kit.specimens import AT
from canonical.amendments import CancelTask, ChangeKind, Piece, PieceState, TaskState
from canonical.commands import Answer
from canonical.errors import Fault
from canonical.notices import NoticeKind
from canonical.order import Money
from canonical.states import State
from tests.adapters.amendments import (
    amendment_of,
    applied,
    change_of,
    notices_of_changes,
    quote,
    refused,
)
from tests.adapters.partners import (
    FIXTURES,
    GLOBEX,
    changed,
    group,
    interchange,
    order,
    read,
    segments,
    stamp,
    taken,
    transaction_set,
)
from tests.adapters.test_partner_answers import FIRST, golden, order_in, render, told

[CHANGE] = read((FIXTURES / "in" / "change.edi").read_bytes())
[CANCEL] = read((FIXTURES / "in" / "cancel.edi").read_bytes())
HANDSET, CASE = FIRST.order.product_order_item
ORDER = order_in()
MORE = change_of(ChangeKind.CHANGE, changed(HANDSET, quantity=3), fields=("quantity",))
LESS = change_of(ChangeKind.REMOVE, CASE)
[ADDED] = CHANGE.add
NEW = change_of(ChangeKind.ADD, ADDED)
DAY = change_of(ChangeKind.ORDER, fields=("requestedCompletionDate",))
_PAST = "warehouse is past the point from which a change costs (packed)"

# Source: ASC X12 release 004010, transaction set 865, as far as we write it.
SAC = Loop((Use("SAC"), Use("CUR")))
N9 = Loop((Use("N9"), Use("MSG", most=MANY)))
LAYOUT: Layout = (
    Use("BCA", required=True),
    SAC,
    N9,
    Loop((Use("POC"), SAC, Loop((Use("ACK", required=True),), required=True), N9)),
    Use("CTT"),
)


def answered(*pieces, kind=NoticeKind.CHANGED, order=ORDER, **said):
    """The segments of the 865 for an amendment of these pieces."""
    amendment = amendment_of("partner.acme", *pieces, document="4500000042/1")
    return told(kind, order, amendment=amendment, **{"origin": CHANGE.origin} | said)


def lines(found):
    """Line and word of each ACK."""
    pocs = [one.split("*")[1:3] for one in found if one.startswith("POC")]
    words = [one.split("*")[1] for one in found if one.startswith("ACK")]
    return [(*poc, word) for poc, word in zip(pocs, words, strict=True)]


def cancel(state=TaskState.DONE, **said):
    """A cancel that the partner asked for."""
    return CancelTask(id="C-1", endpoint="partner.acme", at=AT, state=state, document="4500000042/3", **said)


def cancelled(state=TaskState.DONE, **said):
    """The segments of the 865 for it."""
    return told(NoticeKind.CHANGED, ORDER, origin=CANCEL.origin, cancel=cancel(state, **said))


class TestSettled:
    def test_the_bytes(self):
        """Each line of the change, what became of it, and why not."""
        amendment = amendment_of("partner.acme", applied(MORE), applied(NEW, number=2), refused(LESS))
        native = render(NoticeKind.CHANGED, ORDER, origin=CHANGE.origin, amendment=amendment)

        assert golden("865-changed") == native.body
        assert "865 for PO 4500000042: AC IA IA IR" == native.summary

    @pytest.mark.parametrize(
        ("pieces", "verdict", "words"),
        [
            ((applied(MORE), applied(LESS), applied(NEW)), "AD", ["IA", "ID", "IA"]),
            ((applied(MORE), refused(LESS)), "AC", ["IA", "IR"]),
            ((refused(MORE), refused(LESS)), "RD", ["IR", "IR"]),
            ((applied(MORE, LESS),), "AD", ["IA", "ID"]),
            ((refused(MORE, NEW),), "RD", ["IR", "IR"]),
        ],
    )
    def test_verdict_and_lines(self, pieces, verdict, words):
        """BCA02 follows from the pieces; all lines of a piece have one word."""
        found = answered(*pieces)

        assert f"BCA*00*{verdict}*4500000042**1*20261120***{ORDER.id}*20261121*20261122" == found[0]
        assert words == [word for *_, word in lines(found)]

    def test_a_line_as_it_was_asked_for(self):
        """Line number, what is wanted of it, quantity, price and codes; a line that goes says no more."""
        assert [
            "POC*1*CA*3**EA*599.00**VP*HX-A-BLK*UP*076123400003",
            "ACK*IA*3*EA",
            "POC*2*DI******VP*CS-01",
            "ACK*ID",
            "POC*3*AI*1**EA*19.5**VP*CS-01",
            "ACK*IA*1*EA",
            "CTT*3",
        ] == answered(applied(MORE), applied(LESS), applied(NEW))[1:]

    def test_the_day_that_is_expected(self):
        """ACK05, as in an 855."""
        later = order_in(expected_completion_date=datetime(2026, 12, 11, tzinfo=UTC))

        assert "ACK*IA*3*EA*067*20261211" in answered(applied(MORE), order=later)

    def test_why_not(self):
        """Code and sentence; a draft that was made of what came too late is named."""
        assert [
            "ACK*IR*3*EA",
            "N9*ZZ*E_TOO_LATE",
            "MSG*warehouse has shipped it; a draft was made of it: OL7",
        ] == answered(refused(MORE, follow_on="OL7"))[2:5]

    @pytest.mark.parametrize("state", [PieceState.LAPSED, PieceState.WITHDRAWN])
    def test_a_quote_that_nobody_answered(self, state):
        """Nothing was changed, and the word says why not; what the quote was about stands behind it."""
        lapsed = changed(quote(MORE), state=state)
        bare = Piece(number=1, changes=(MORE,), state=state)

        assert [
            "N9*ZZ*E_CHARGE",
            f"MSG*{state}: nothing of it is changed; {_PAST}",
        ] == (answered(lapsed)[-3:-1])
        assert [f"N9*ZZ*{state}", f"MSG*{state}: nothing of it is changed"] == answered(bare)[-3:-1]

    def test_the_order_as_a_whole(self):
        """Fields of the heading have no line: what became of them stands in the heading."""
        assert ["N9*ZZ*applied", "MSG*the fields of the order as a whole"] == answered(applied(DAY))[1:]
        assert ["N9*ZZ*E_TOO_LATE", "MSG*warehouse has shipped it", "POC*1*CA"] == [
            one[:8] if one.startswith("POC") else one for one in answered(refused(DAY, MORE))[1:4]
        ]

    def test_refused_before_there_were_pieces(self):
        """Why stands in the heading."""
        fault = Fault(code="E_STATE", what="the order has ended")
        amendment = changed(amendment_of("partner.acme"), fault=fault)

        assert ["N9*ZZ*E_STATE", "MSG*the order has ended"] == (
            told(NoticeKind.CHANGED, ORDER, origin=CHANGE.origin, amendment=amendment)[1:]
        )

    def test_nothing_had_to_be_changed(self):
        """The order was so already."""
        assert "AD" == answered()[0].split("*")[2]

    def test_an_item_that_came_another_way(self):
        """Without codes of the partner's own, ours; without a line number of it, the item's id."""
        bare = changed(CASE, id="7", line_ref="", note=())

        assert "POC*7*CA*2**EA*19.5**VN*CASE-01" in answered(applied(change_of(ChangeKind.CHANGE, bare)))

    def test_codes_of_what_is_no_longer_in_the_line(self):
        """They are not told: the line names something else now."""
        other = changed(CASE, product_offering=HANDSET.product_offering)

        assert "POC*2*CA*2**EA*19.5**VN*HANDSET-A" in answered(applied(change_of(ChangeKind.CHANGE, other)))

    def test_separators_of_another_partner(self):
        """As in every message to it."""
        [command] = taken((FIXTURES / "in" / "globex-one-line.edi").read_bytes())
        whole = order_in(command=command)
        amendment = amendment_of(
            "partner.globex", applied(change_of(ChangeKind.CHANGE, *whole.product_order_item))
        )
        native = render(NoticeKind.CHANGED, whole, GLOBEX, amendment=amendment)

        assert b"\nACK|IA|3|EA~\n" in native.body


class TestQuote:
    ASKS = NoticeKind.INFORMATION_REQUIRED

    def test_the_bytes(self):
        """The lines that wait, what it costs, the number to be given back, and until when."""
        waits = amendment_of("partner.acme", applied(NEW), quote(MORE))
        native = render(self.ASKS, ORDER, origin=CHANGE.origin, amendment=waits)

        assert golden("865-quote") == native.body
        assert "865 for PO 4500000042: AH IH" == native.summary

    def test_only_what_waits_for_an_answer_is_told(self):
        """The rest is told when all of it is settled."""
        assert [("1", "CA", "IH")] == lines(answered(quote(MORE), applied(LESS), kind=self.ASKS))

    def test_the_partner_gives_the_number_back(self):
        """What stands in our N9*PR is what an 860 answers with."""
        for question in ("Q-1", "69e7f079-686e-5f6e-b95a-7dba50f096b4"):
            [named] = [
                one for one in answered(quote(MORE, question=question), kind=self.ASKS) if "*PR*" in one
            ]
            reply = transaction_set(
                "860", "BCH*06*SA*4500000042***20261120", "*".join(named.split("*")[:4]).rstrip("*")
            )
            [found] = read(interchange(group(reply, kind="PC")))

            assert isinstance(found, Answer)
            assert question == found.question

    @pytest.mark.parametrize(
        ("charge", "found"),
        [
            (Money(value=Decimal("30.00"), unit="USD"), ["SAC*C*ZZZZ***3000", "CUR*SE*USD"]),
            (Money(value=Decimal("0.125"), unit="USD"), []),
            (Money(value=Decimal(-1), unit="USD"), []),
            (Money(value=Decimal(5), unit="points"), []),
        ],
    )
    def test_what_it_costs(self, charge, found):
        """SAC has two decimals; an amount that does not fit stands in the sentence, as every amount does."""
        said = answered(changed(quote(MORE), charge=charge), kind=self.ASKS)

        assert found == [one for one in said if one[:3] in {"SAC", "CUR"}]
        assert f"MSG*costs {charge.value} {charge.unit}; {_PAST}" in said

    def test_a_number_that_x12_cannot_carry(self):
        """The partner is told all the same, and answers in another way."""
        said = answered(quote(MORE, question="x" * 46), kind=self.ASKS)

        assert "N9*ZZ*E_CHARGE" in said
        assert not [one for one in said if one.startswith("N9*PR")]

    def test_a_quote_for_the_order_as_a_whole(self):
        """It stands in the heading, the charge first."""
        said = answered(quote(DAY), kind=self.ASKS)

        assert ["BCA", "SAC", "CUR", "N9", "MSG"] == [one.partition("*")[0] for one in said]


class TestCancelled:
    def test_the_bytes(self):
        """BCA01 says that it is the answer to a cancel."""
        native = render(NoticeKind.CHANGED, ORDER, origin=CANCEL.origin, cancel=cancel())

        assert golden("865-cancelled") == native.body
        assert "865 for PO 4500000042: AT" == native.summary

    def test_too_late(self):
        """Refused whole: why, and which parts are past their point of no return."""
        fault = Fault(code="E_TOO_LATE", what="the order cannot be cancelled any more")
        found = cancelled(TaskState.TERMINATED_WITH_ERROR, fault=fault, past=("warehouse", "crm"))

        assert [
            f"BCA*01*RD*4500000042**3*20261120***{ORDER.id}*20261121*20261122",
            "N9*ZZ*E_TOO_LATE",
            "MSG*the order cannot be cancelled any more; past their point of no return: warehouse, crm",
        ] == found

    def test_as_much_as_was_possible(self):
        """Accepted with a change: what could not be undone."""
        found = cancelled(past=("warehouse",), fault=Fault(code="E_BY_HAND", what="crm cannot undo"))

        assert "AC" == found[0].split("*")[2]

    @pytest.mark.parametrize(
        ("state", "word"),
        [(TaskState.DONE, "ID"), (TaskState.TERMINATED_WITH_ERROR, "IR"), (TaskState.ACKNOWLEDGED, "IH")],
    )
    def test_of_items(self, state, word):
        """Each of them has its line."""
        assert [("2", "DI", word)] == lines(cancelled(state, items=("2",)))


class TestOthers:
    @pytest.mark.parametrize("kind", [NoticeKind.CHANGED, NoticeKind.INFORMATION_REQUIRED])
    def test_a_change_that_somebody_else_asked_for(self, kind):
        """It is told by an 870: how the order and its lines stand now."""
        by_phone = amendment_of("callcenter.desk", applied(MORE))

        assert "BSR*3*PA*7*20261121***1405" == told(kind, ORDER, amendment=by_phone)[0]

    def test_a_cancel_that_somebody_else_asked_for(self):
        """Too."""
        by_phone = changed(cancel(), endpoint="callcenter.desk")

        assert told(NoticeKind.CHANGED, ORDER, cancel=by_phone)[0].startswith("BSR")


ORIGINS = (CHANGE.origin, CANCEL.origin, FIRST.origin, None)


class TestWhateverAChangeSays:
    @given(notices_of_changes(FIRST.order, FIRST.origin, ORIGINS))
    def test_it_is_told(self, notice):
        """As one sound interchange, whose 865 has all segments in their places."""
        native = PartnerAdapter().render(notice, stamp())
        [found] = read_interchanges(native.body)
        [only] = found.groups[0].sets

        assert native.summary.isprintable()
        assert segments(native)
        if only.code == "865":
            arrange(only, LAYOUT)


def test_a_line_number_that_x12_cannot_carry():
    """As much as can be read of it, in every set."""
    odd = changed(HANDSET, line_ref="№ 1~2")
    whole = changed(order_in(State.IN_PROGRESS), product_order_item=(changed(odd, state=State.IN_PROGRESS),))
    amendment = amendment_of("partner.acme", applied(change_of(ChangeKind.CHANGE, odd)))

    assert "POC*No 1 2*CA" == told(NoticeKind.CHANGED, whole, amendment=amendment)[1][:13]
    assert "PO1*No 1 2*2" == told(NoticeKind.ACCEPTED, whole)[1][:12]
    assert "PO1*No 1 2*2" == next(one for one in told(NoticeKind.ENDED, whole) if one.startswith("PO1"))[:12]


def test_an_order_of_the_partner_is_changed_under_its_own_number():
    """The command names the order as the 850 did, so that a change that overtakes its order finds it."""
    [command] = taken(interchange(group(order())))

    assert command.origin.document == CHANGE.about.value
    assert command.origin.document_type == CHANGE.about.type
