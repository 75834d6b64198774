"""
What trading partners ask of a running order: set 860, read and refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.inbound.partner import PartnerAdapter
from canonical.amendments import CancelScope, ItemPatch, OrderPatch, Scope
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef
from canonical.errors import Fault
from canonical.order import Address, ItemPrice, Money, Note, OfferingRef, PartyRef, Place, RelatedParty
from tests.adapters.partners import (
    FIXTURES,
    acknowledged,
    group,
    intake_of,
    interchange,
    order,
    read,
    refused,
    rejection,
    segments,
    stamp,
    taken,
    transaction_set,
)

BCH = "BCH*04*SA*4500000042**1*20261120*****20261122"
GOOD = transaction_set("860", "BCH*01*SA*GOOD-1**1*20261120", control="0009")
ACCEPTED = ["AK2*860*0009", "AK5*A"]
ONLY_CASE = ItemPrice(price_type="oneTime", price=Money(value=Decimal("19.5"), unit="USD"))


def sample(name):
    """The documents of a sample."""
    return read((FIXTURES / "in" / f"{name}.edi").read_bytes())


def change(*lines, bch=BCH, **changes):
    """An 860 of these segments behind its BCH."""
    return transaction_set("860", bch, *lines, **changes)


def sent(*sets):
    """A message of 860s."""
    return interchange(group(*sets, kind="PC"))


def asked(*lines, **said):
    """The one command of an 860."""
    [found] = read(sent(change(*lines, **said)))
    return found


def fault(*lines, **said):
    """Code and place of what is wrong with it."""
    found = asked(*lines, **said).fault
    return found.code, found.where.partition(" at byte")[0].removeprefix("860/0001 ")


class TestDelta:
    def test_what_it_is(self):
        """BCH01 04 says only what changes, of the order with this number; the change has its own."""
        [found] = sample("change")

        assert isinstance(found, AmendOrder)
        assert (Scope.DELTA, None, OrderRef(value="4500000042", type="850")) == (
            found.scope,
            found.order,
            found.about,
        )
        assert ("860", "4500000042/1") == (found.origin.document_type, found.origin.document)
        assert {
            "BCH01": "04",
            "BCH03": "4500000042",
            "BCH05": "1",
            "BCH06": "20261120",
            "BCH11": "20261122",
        } == {name: value for name, value in found.origin.details.items() if name.startswith("BCH")}

    def test_lines(self):
        """A line is changed, one goes, one comes; quantities are whole new ones."""
        [found] = sample("change")

        assert (ItemPatch(item="1", quantity=3),) == found.change
        assert ("2",) == found.remove
        assert [("3", "CASE-01", 1, (ONLY_CASE,))] == [
            (one.line_ref, one.product_offering.id, one.quantity, one.item_price) for one in found.add
        ]

    def test_the_day_of_the_order(self):
        """DTM*002 of the heading is the day that the order as a whole is wanted."""
        [found] = sample("change")

        assert OrderPatch(requested_completion_date=datetime(2026, 12, 11, tzinfo=UTC)) == found.fields

    def test_where_the_order_goes_and_who_buys(self):
        """N1*ST and N1*BY replace what the order has; who pays is not the buyer."""
        found = asked(
            "N1*BY*Acme Wireless Retail*92*ACME-HQ",
            "N1*BT*Acme Accounts*92*A-1",
            "N1*ST*Acme Store 0043*92*0043",
            "N3*9 Main Street",
            "N4*Austin*TX*78702*US",
        )
        customer = PartyRef(id="ACME-HQ", name="Acme Wireless Retail")
        place = Address(
            id="0043",
            name="Acme Store 0043",
            street="9 Main Street",
            city="Austin",
            state_or_province="TX",
            postcode="78702",
            country="US",
        )

        assert (
            OrderPatch(
                place=(Place(role="deliveryAddress", place=place),),
                related_party=(RelatedParty(role="customer", party_or_party_role=customer),),
            )
            == found.fields
        )

    def test_who_gets_the_goods_is_not_taken_for_the_customer(self):
        """As it would be in an order that names nobody else."""
        assert asked("N1*ST*Acme Store 0043*92*0043").fields.related_party is None

    @pytest.mark.parametrize(
        ("poc", "patch"),
        [
            pytest.param("POC*1*QI*3*1*EA*599.00**VP*HX-A-BLK", ItemPatch(item="1", quantity=3), id="QI"),
            pytest.param("POC*1*QD*1**EA", ItemPatch(item="1", quantity=1), id="QD"),
            pytest.param(
                "POC*2*PC*9**EA*17.25**VP*CS-01",
                ItemPatch(
                    item="2",
                    item_price=(
                        ItemPrice(price_type="oneTime", price=Money(value=Decimal("17.25"), unit="USD")),
                    ),
                ),
                id="PC",
            ),
            pytest.param(
                "POC*2*PQ*4**EA*19.5", ItemPatch(item="2", quantity=4, item_price=(ONLY_CASE,)), id="PQ"
            ),
            pytest.param("POC*2*RQ*4**EA", ItemPatch(item="2", quantity=4), id="RQ"),
            pytest.param(
                "POC*2*RZ*4**EA***VP*CS-01",
                ItemPatch(
                    item="2",
                    quantity=4,
                    product_offering=OfferingRef(id="CASE-01", name="Case, clear"),
                    note=(Note(text="VP CS-01 names CASE-01", author="partner.acme"),),
                ),
                id="RZ",
            ),
            pytest.param(
                "POC*2*CA****19.5", ItemPatch(item="2", item_price=(ONLY_CASE,)), id="CA of a price"
            ),
            pytest.param("POC*2*CA*4**EA", ItemPatch(item="2", quantity=4), id="CA of a quantity"),
        ],
    )
    def test_each_code_says_what_counts(self, poc, patch):
        """POC02 tells what of the line is wanted otherwise; the rest only names it."""
        assert (patch,) == asked(poc).change

    def test_another_place_for_a_line(self):
        """N1*ST in the loop of a line is the address of that line."""
        [patch] = asked("POC*1*CA", "N1*ST*Ada King", "N3*1 Mill Lane").change

        assert ("1", "1 Mill Lane") == (patch.item, patch.place[0].place.street)

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param(("POC*1*NC*2**EA***VP*HX-A-BLK",), id="NC"),
            pytest.param(("POC*1*CT",), id="CT"),
            pytest.param(("POC*1*CT", "DTM*002*20261211"), id="CT with the order's day"),
            pytest.param(("POC*1*CT", "SCH*2*EA***002*20261211"), id="CT with it in a schedule"),
            pytest.param(("POC*1*CA", "DTM*002*20261211"), id="CA of the day"),
        ],
    )
    def test_lines_that_stay_as_they_are(self, line):
        """The day is the order's: a line repeats it, or only says that it stays."""
        found = asked("DTM*002*20261211", *line)

        assert ((), (), ()) == (found.add, found.change, found.remove)
        assert found.fields is not None

    def test_without_a_number_its_date_tells_one_change_from_another(self):
        """BCH05 is optional in the standard."""
        found = asked("POC*2*DI", bch="BCH*04*SA*4500000042***20261120*****20261122")

        assert "4500000042/20261122" == found.origin.document

    def test_numbers_with_a_slash(self):
        """The change's own number has none, so that the two can be told apart."""
        assert "PO 17/3-B/2" == asked("POC*2*DI", bch="BCH*04*SA*PO 17/3-B**2*20261120").origin.document

    def test_prices_are_in_the_currency_of_the_set(self):
        """As in an order."""
        [patch] = asked("CUR*BY*EUR", "POC*2*PC****17.25").change

        assert "EUR" == patch.item_price[0].price.unit


class TestWhole:
    def test_it_is_an_order(self):
        """BCH01 05 says the whole order again, in the words of an 850."""
        [found] = sample("replace")
        again = interchange(
            group(
                order(
                    "CUR*BY*USD",
                    "DTM*002*20261211",
                    "N1*BY*Acme Wireless Retail*92*ACME-HQ",
                    "N1*ST*Acme Store 0042*92*0042",
                    "N3*1 Main Street*Unit 4",
                    "N4*Austin*TX*78701*US",
                    "PO1*1*3*EA*599.00**VP*HX-A-BLK*UP*076123400003",
                    "PO1*3*1*EA*19.5**VP*CS-01",
                )
            )
        )

        assert isinstance(found, AmendOrder)
        assert Scope.WHOLE is found.scope
        assert taken(again)[0].order == found.order

    def test_its_lines_are_whole_lines(self):
        """Whatever their code: what a line does not say the order would lose."""
        assert ("E_MISSING", "segment 3 POC08") == fault(
            "POC*1*QI*3**EA", bch="BCH*05*SA*4500000042**1*20261120"
        )

    def test_nothing_is_left(self):
        """Whoever wants no line any more cancels."""
        assert ("E_NO_ORDER", "segment 2 BCH") == fault(
            "POC*1*DI", "POC*2*DI", bch="BCH*05*SA*4500000042**1*20261120"
        )


class TestCancel:
    def test_the_whole_order(self):
        """BCH01 01, with the reason in words; lines that stand there change nothing about it."""
        [found] = sample("cancel")

        assert isinstance(found, CancelOrder)
        assert (OrderRef(value="4500000042", type="850"), (), CancelScope.ALL) == (
            found.about,
            found.items,
            found.scope,
        )
        assert ("4500000042/3", "the store is closed for good") == (found.origin.document, found.reason)

    def test_lines_that_are_repeated(self):
        """They are what is cancelled, and all of it is."""
        assert () == asked("POC*1*DI*0*2*EA", bch="BCH*01*SA*4500000042**3*20261120").items


class TestAnswer:
    def test_yes_and_no(self):
        """06 confirms a quote, 44 rejects it; N9*PR says which, in whichever element has room for it."""
        yes, no = sample("answer")

        assert isinstance(yes, Answer)
        assert isinstance(no, Answer)
        assert [("Q-1", True, ""), ("69e7f079-686e-5f6e-b95a-7dba50f096b4", False, "too dear")] == [
            (one.question, one.accepted, one.text) for one in (yes, no)
        ]
        assert {OrderRef(value="4500000042", type="850")} == {yes.about, no.about}

    def test_the_quote_is_its_number(self):
        """The same answer twice is one; two answers to one quote contradict each other."""
        yes, no = (
            asked("N9*PR*Q-1", bch=f"BCH*{code}*SA*4500000042**{number}*20261120")
            for number, code in enumerate(("06", "44"))
        )

        assert yes.origin.document == no.origin.document == "4500000042/Q-1"


class TestSyntax:
    """What breaks the standard is told by the 997, and by nothing else; the other sets pass."""

    @pytest.mark.parametrize(
        ("bad", "code", "where", "lines"),
        [
            pytest.param(
                change("POC*2*DI", bch="BCH*04*SA*4500000042**1"),
                "E_MISSING",
                "segment 2 BCH06",
                ["AK3*BCH*2**8", "AK4*6**1", "AK5*R*5"],
                id="no date of the order",
            ),
            pytest.param(
                change("POC*2*DI", bch="BCH*04*SA*4500000042***20261120"),
                "E_KEY_MISSING",
                "segment 2 BCH05",
                ["AK3*BCH*2**8", "AK4*5**1", "AK5*R*5"],
                id="neither number nor date of the change",
            ),
            pytest.param(
                change("POC*2*DI", bch="BCH*04*SA*4500000042**1/2*20261120"),
                "E_KEY_FORMAT",
                "segment 2 BCH05",
                ["AK3*BCH*2**8", "AK4*5**6", "AK5*R*5"],
                id="number with a slash",
            ),
            pytest.param(
                change("POC*2*DI", bch="BCH*04*SA*4500000042**123456789*20261120"),
                "E_KEY_FORMAT",
                "segment 2 BCH05",
                ["AK3*BCH*2**8", "AK4*5**6", "AK5*R*5"],
                id="number of nine digits",
            ),
            pytest.param(
                change("POC*2*DI", bch="BCH*04*SA*4500000042**1*20261120*****20261322"),
                "E_DATE",
                "segment 2 BCH11",
                ["AK3*BCH*2**8", "AK4*11**8", "AK5*R*5"],
                id="date of the change",
            ),
            pytest.param(
                change("POC*2*DI", bch="BCH*04*BK*4500000042**1*20261120"),
                "E_EDI_ELEMENT",
                "segment 2 BCH02",
                ["AK3*BCH*2**8", "AK4*2**7", "AK5*R*5"],
                id="blanket order",
            ),
            pytest.param(
                change("POC**DI"),
                "E_KEY_MISSING",
                "segment 3 POC01",
                ["AK3*POC*3**8", "AK4*1**1", "AK5*R*5"],
                id="no line number",
            ),
            pytest.param(
                change("POC*1"),
                "E_MISSING",
                "segment 3 POC02",
                ["AK3*POC*3**8", "AK4*2**1", "AK5*R*5"],
                id="no code",
            ),
            pytest.param(
                change("POC*1*QI***EA"),
                "E_MISSING",
                "segment 3 POC03",
                ["AK3*POC*3**8", "AK4*3**1", "AK5*R*5"],
                id="no quantity",
            ),
            pytest.param(
                change("POC*1*QI*two**EA"),
                "E_NUMBER",
                "segment 3 POC03",
                ["AK3*POC*3**8", "AK4*3**6", "AK5*R*5"],
                id="quantity in words",
            ),
            pytest.param(
                change("POC*1*QI*2**CA"),
                "E_EDI_ELEMENT",
                "segment 3 POC05",
                ["AK3*POC*3**8", "AK4*5**7", "AK5*R*5"],
                id="unit",
            ),
            pytest.param(
                change("POC*1*PC"),
                "E_MISSING",
                "segment 3 POC06",
                ["AK3*POC*3**8", "AK4*6**1", "AK5*R*5"],
                id="no price",
            ),
            pytest.param(
                change("POC*1*AI*2**EA*19.5"),
                "E_MISSING",
                "segment 3 POC08",
                ["AK3*POC*3**8", "AK4*8**1", "AK5*R*5"],
                id="added without a product",
            ),
            pytest.param(
                change("POC*1*CA"),
                "E_MISSING",
                "segment 3 POC03",
                ["AK3*POC*3**8", "AK4*3**1", "AK5*R*5"],
                id="changed, and nothing said",
            ),
            pytest.param(
                change("POC*1*CT"),
                "E_MISSING",
                "segment 3 POC",
                ["AK3*POC*3**3", "AK5*R*5"],
                id="a day, and none said",
            ),
            pytest.param(
                change("POC*1*CT", "SCH*2*EA***002*20261399"),
                "E_DATE",
                "segment 4 SCH06",
                ["AK3*SCH*4**8", "AK4*6**8", "AK5*R*5"],
                id="day of a schedule",
            ),
            pytest.param(
                change("POC*2*DI", "CTT*2"),
                "E_EDI_COUNT",
                "segment 4 CTT01",
                ["AK3*CTT*4**8", "AK4*1**7", "AK5*R*4"],
                id="total",
            ),
            pytest.param(
                change("POC*2*DI", "BCH*04"),
                "E_EDI_STRUCTURE",
                "segment 4 BCH",
                ["AK3*BCH*4**2", "AK5*R*5"],
                id="segment out of place",
            ),
            pytest.param(
                change("PO1*1*2*EA***VP*CS-01"),
                "E_EDI_STRUCTURE",
                "segment 3 PO1",
                ["AK3*PO1*3**2", "AK5*R*5"],
                id="a line of an order",
            ),
            pytest.param(
                change(bch="BCH*06*SA*4500000042***20261120"),
                "E_MISSING",
                "segment 2 N9",
                ["AK3*N9*2**3", "AK5*R*5"],
                id="yes to nothing",
            ),
            pytest.param(
                change("N9*PR", bch="BCH*06*SA*4500000042***20261120"),
                "E_MISSING",
                "segment 3 N902",
                ["AK3*N9*3**8", "AK4*2**1", "AK5*R*5"],
                id="yes to a quote without a number",
            ),
            pytest.param(
                change("POC*1*ZZ", "POC*2*QI*two**EA"),
                "E_NUMBER",
                "segment 4 POC03",
                ["AK3*POC*4**8", "AK4*3**6", "AK5*R*5"],
                id="before anything that is wrong as business",
            ),
        ],
    )
    def test_refused(self, bad, code, where, lines):
        """AK3 and AK4 name segment and element; no 865 follows; the change beside it is taken."""
        message = sent(bad, GOOD)
        [found] = [one for one in read(message) if hasattr(one, "fault")]

        assert (code, f"860/0001 {where}") == (found.fault.code, found.fault.where.partition(" at byte")[0])
        assert ["AK1*PC*77", "AK2*860*0001", *lines, *ACCEPTED, "AK9*P*2*2*1"] == acknowledged(message)
        assert [[]] == refused(message)

    def test_a_group_of_another_kind(self):
        """Changes come in groups PC."""
        message = interchange(group(change("POC*2*DI")))

        assert ["AK1*PO*77", "AK2*860*0001"] == acknowledged(message)[:2]
        assert [("E_EDI_STRUCTURE", "860/0001 segment 1 ST01")] == [
            (one.fault.code, one.fault.where.partition(" at byte")[0]) for one in read(message)
        ]


class TestBusiness:
    """What cannot be had is told by an 865 that says RD; the 997 accepts."""

    @pytest.mark.parametrize(
        ("bad", "code", "message"),
        [
            pytest.param(
                change("POC*3*AI*1**EA***VP*NOPE"),
                "E_OFFERING",
                "860/0001 segment 3 POC09: unknown offering VP 'NOPE' "
                "(a code of the catalogue for partner.acme)",
                id="unknown offering",
            ),
            pytest.param(
                change("POC*1*QI*3**EA", "POC*1*DI"),
                "E_DUPLICATE_LINE",
                "860/0001 segment 4 POC01: line '1' stands in segment 3 too (each number once)",
                id="a line twice",
            ),
            pytest.param(
                change("POC*2*RZ*501**EA***VP*CS-01"),
                "E_RANGE",
                "860/0001 segment 3 POC03: quantity '501' (a whole number from 1 to 500 of CASE-01)",
                id="more than may be ordered",
            ),
            pytest.param(
                change("POC*2*QD*0**EA"),
                "E_RANGE",
                "860/0001 segment 3 POC03: quantity '0' (a whole number from 1 to 1000000)",
                id="down to nothing",
            ),
            pytest.param(
                change("POC*1*TI*3**EA"),
                "E_ACTION",
                "860/0001 segment 3 POC02: change 'TI' of a line cannot be asked for "
                "(one of AI, CA, CT, DI, NC, PC, PQ, QD, QI, RQ, RZ)",
                id="a code that nobody carries out",
            ),
            pytest.param(
                change("POC*1*RQ*3**EA", "SCH*3*EA***002*20261211"),
                "E_ACTION",
                "860/0001 segment 4 SCH06: line '1' asks for a day of its own "
                "(the day of the order, said in DTM 002 of the heading)",
                id="a line with its own day",
            ),
            pytest.param(
                change("DTM*002*20261212", "POC*1*CT", "DTM*002*20261211"),
                "E_ACTION",
                "860/0001 segment 5 DTM02: line '1' asks for a day of its own "
                "(the day of the order, said in DTM 002 of the heading)",
                id="another day than the order's",
            ),
            pytest.param(
                change("POC*1*NC"),
                "E_NO_ORDER",
                "860/0001 segment 2 BCH: the set changes nothing (a POC, DTM 002 or N1)",
                id="no change",
            ),
            pytest.param(
                change("POC*2*DI", bch="BCH*00*SA*4500000042**1*20261120*****20261122"),
                "E_ACTION",
                "860/0001 segment 2 BCH01: purpose '00' cannot be asked for (01 (cancellation), "
                "04 (change), 05 (replace); 06 (confirmation), 44 (rejection) of a quote)",
                id="purpose",
            ),
            pytest.param(
                change("N9*PR*Q-1", "N9*PR*Q-2", bch="BCH*06*SA*4500000042**1*20261120*****20261122"),
                "E_ACTION",
                "860/0001 segment 4 N9: two quotes are answered (one in each set)",
                id="two answers",
            ),
        ],
    )
    def test_refused(self, bad, code, message):
        """Both sets are acknowledged; the 865 repeats whose change it was, the code and the sentence."""
        both = sent(bad, GOOD)

        assert ["AK1*PC*77", "AK2*860*0001", "AK5*A", *ACCEPTED, "AK9*A*2*2*2"] == acknowledged(both)
        [[bca, n9, msg]] = refused(both)
        assert "BCA*00*RD*4500000042**1*20261120****20261121*20261122" == bca
        assert [f"N9*ZZ*{code}", f"MSG*{message}"] == [n9, re.sub(" at byte [0-9]+", "", msg)]
        assert [CancelOrder] == [type(one) for one in read(both)[1:]]

    def test_refused_by_the_hub(self):
        """What the hub finds (no such order, too late) is business too; a cancel's answer says cancel."""
        [document] = sample("cancel")
        found = Fault(code="E_NOT_FOUND", what="no order is known by '4500000042'", where="document number")

        assert ["AK1*PC*82", "AK2*860*0001", "AK5*A", "AK9*A*1*1*1"] == segments(
            PartnerAdapter().acknowledge(intake_of([document], found), stamp())
        )
        assert [
            "BCA*01*RD*4500000042**3*20261120****20261121*20261122",
            "N9*ZZ*E_NOT_FOUND",
            "MSG*document number: no order is known by '4500000042'",
        ] == rejection(document.origin, found)

    def test_an_answer_refused_by_the_hub(self):
        """It names the order; it has no number of its own."""
        document, _ = sample("answer")
        found = Fault(code="E_STATE", what="nothing is asked by 'Q-1'")

        assert "BCA*00*RD*4500000042***20261120****20261121" == rejection(document.origin, found)[0]
