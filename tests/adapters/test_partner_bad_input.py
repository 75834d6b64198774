"""
Bad input of trading partners, one fault each: its code, its place in X12's own terms, and what comes back.
"""

from __future__ import annotations

import pytest

from adapters.inbound.partner import PartnerAdapter
from canonical.commands import RejectedDocument, SubmitOrder
from canonical.errors import Fault, Rejected
from canonical.notices import Outcome, Verdict
from tests.adapters.partners import (
    ACME,
    AT,
    CASE,
    FIXTURES,
    HANDSET,
    acknowledged,
    changed,
    group,
    intake_of,
    interchange,
    order,
    read,
    refused,
    rejection,
    segments,
    stamp,
    transaction_set,
)

GOOD = order(number="GOOD-1", control="0009")
ACCEPTED = ["AK2*850*0009", "AK5*A"]
Q = "PO1*1*{}*EA***VP*CS-01"


def faults(message):
    """Code and place of each refused document."""
    return [
        (one.fault.code, one.fault.where.partition(" at byte")[0])
        for one in read(message)
        if isinstance(one, RejectedDocument)
    ]


class TestNobodyToAnswer:
    """Where no header can be read, the message is parked: no sender is known."""

    @pytest.mark.parametrize(
        ("message", "code", "where"),
        [
            pytest.param(b"", "E_EMPTY", "", id="empty"),
            pytest.param(b" \r\n", "E_EMPTY", "", id="blank"),
            pytest.param(b"ISA" + b"*" * 8 * 1024 * 1024, "E_TOO_LARGE", "", id="over 8 MiB"),
            pytest.param(b"\xef\xbb\xbf" + interchange(), "E_BOM", "byte 0", id="E-24 mark before ISA"),
            pytest.param(interchange().decode().encode("utf-16"), "E_BOM", "byte 0", id="UTF-16"),
            pytest.param(interchange().decode().encode("cp037"), "E_FORMAT_SNIFF", "byte 0", id="EBCDIC"),
            pytest.param(b'{"@type":"ProductOrder"}', "E_FORMAT_SNIFF", "byte 0", id="JSON"),
            pytest.param(interchange()[:60], "E_EDI_ISA", "ISA08 at byte 54", id="E-01 cut in the header"),
            pytest.param(
                interchange(sender="ZZ*ACME"), "E_EDI_ISA", "ISA06 at byte 35", id="E-01 unpadded ISA"
            ),
            pytest.param(
                interchange().replace(b"*>~", b"***", 1),
                "E_EDI_DELIM",
                "ISA16 at byte 104",
                id="E-02 separators",
            ),
            pytest.param(b"Tk9OIEVESSBG", "E_EDI_ISA", "byte 0", id="E-01 no EDI"),
        ],
    )
    def test_unreadable(self, message, code, where):
        """The fault names the element and the byte."""
        with pytest.raises(Rejected) as raised:
            read(message)

        assert (code, where) == (raised.value.code, raised.value.where)

    @pytest.mark.parametrize("sender", ["ZZ*NOBODY         ", "12*ACME           "])
    def test_an_unknown_sender(self, sender):
        """E-16: one document without an endpoint, whatever the interchange holds; the qualifier counts."""
        [found] = read(interchange(group(order(), GOOD), sender=sender))

        assert ("", "E_IDENTITY", "ISA06 at byte 35") == (
            found.origin.endpoint,
            found.fault.code,
            found.fault.where,
        )


class TestInterchange:
    """What is wrong with an interchange condemns all of it: a TA1 says so, and nothing of it is used."""

    @pytest.mark.parametrize(
        ("message", "code", "where", "note"),
        [
            pytest.param(interchange(count=2), "E_EDI_COUNT", "IEA01", "021", id="E-09 IEA count"),
            pytest.param(
                interchange(trailer="000000078"), "E_EDI_CONTROL", "IEA02", "001", id="E-10 ISA13 and IEA02"
            ),
            pytest.param(interchange()[:-20], "E_EDI_TRUNCATED", "byte 279", "023", id="truncated"),
            pytest.param(
                interchange().replace(b"~", b"!").replace(b">!", b">~"),
                "E_EDI_TRUNCATED",
                "byte 106",
                "023",
                id="E-04 another terminator than declared",
            ),
            pytest.param(interchange(usage="T"), "E_EDI_TEST", "ISA15", "020", id="E-17 test indicator"),
            pytest.param(interchange(version="00400"), "E_EDI_VERSION", "ISA12", "017", id="E-14 ISA12"),
            pytest.param(
                interchange(receiver="ZZ*SOMEBODY-ELSE  "), "E_IDENTITY", "ISA08", "008", id="E-16 not for us"
            ),
            pytest.param(
                interchange(group(order("BIN*9*abcde"))),
                "E_EDI_BINARY",
                "BIN01",
                "024",
                id="E-22 a length that lies",
            ),
            pytest.param(interchange("GE*1*77~"), "E_EDI_STRUCTURE", "GE", "022", id="GE without GS"),
            pytest.param(interchange("", count=0), "E_EDI_STRUCTURE", "byte 122", "022", id="nothing inside"),
            pytest.param(interchange(order()), "E_EDI_STRUCTURE", "ST", "022", id="set outside a group"),
        ],
    )
    def test_refused(self, message, code, where, note):
        """One document, one TA1 with the reason, no 997 and no 855."""
        assert [(code, where)] == faults(message)
        assert [f"TA1*000000077*261121*0930*R*{note}"] == acknowledged(message)
        assert [[]] == refused(message)

    def test_an_envelope_used_before(self):
        """E-12: when the hub finds the interchange's number used with other content, a TA1 says duplicate."""
        used = Fault(code="E_EDI_DUPLICATE", what="envelope was accepted before", where="envelope")
        documents = read(interchange(group(order(), GOOD)))
        native = PartnerAdapter().acknowledge(intake_of(documents, used), stamp())

        assert ["TA1*000000077*261121*0930*R*025"] == segments(native)
        assert [[], []] == [rejection(one.origin, used) for one in documents]

    def test_a_second_interchange(self):
        """E-24: the first passes; the second is refused by the byte it begins at, and by a TA1."""
        first = interchange(group(order()))
        message = first + interchange(group(GOOD), control="000000078")
        passed, second = read(message)

        assert isinstance(passed, SubmitOrder)
        assert ("E_TRAILING", f"byte {len(first)}") == (second.fault.code, second.fault.where)
        assert [
            "TA1*000000078*261121*0930*R*024",
            "AK1*PO*77",
            "AK2*850*0001",
            "AK5*A",
            "AK9*A*1*1*1",
        ] == acknowledged(message)

    @pytest.mark.parametrize(
        "tail",
        [
            pytest.param(b"VAN TRAILER", id="no interchange"),
            pytest.param(interchange(sender="12*5551230000     "), id="of another sender"),
            pytest.param(interchange()[:80], id="cut"),
        ],
    )
    def test_other_trailing_bytes(self, tail):
        """E-24: they are refused by their byte; nothing of them is repeated to the sender."""
        message = interchange() + tail

        assert [("E_TRAILING", f"byte {len(interchange())}")] == [
            (one.fault.code, one.fault.where) for one in read(message)[1:]
        ]
        assert ["AK1*PO*77", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"] == acknowledged(message)


class TestGroup:
    """What is wrong with a group condemns its sets; other groups pass."""

    @pytest.mark.parametrize(
        ("bad", "code", "where", "verdict"),
        [
            pytest.param(group(order(), count=3), "E_EDI_COUNT", "GE01", "AK9*R*3*1*0*5", id="E-09 GE count"),
            pytest.param(
                group(order(), trailer="78"),
                "E_EDI_CONTROL",
                "GE02",
                "AK9*R*1*1*0*4",
                id="E-10 GS06 and GE02",
            ),
            pytest.param(group(order())[:-8], "E_EDI_TRUNCATED", "GE", "AK9*R*1*1*0*3", id="no GE"),
            pytest.param(
                group(order(), version="005010"), "E_EDI_VERSION", "GS08", "AK9*R*1*1*0*2", id="E-14 GS08"
            ),
        ],
    )
    def test_refused(self, bad, code, where, verdict):
        """The group's own 997 says why; the next group is accepted."""
        message = interchange(bad, group(GOOD, control="99"))

        assert [(code, where)] == faults(message)
        assert ["AK1*PO*77", "AK2*850*0001", "AK5*R", verdict, "AK1*PO*99", *ACCEPTED, "AK9*A*1*1*1"] == (
            acknowledged(message)
        )

    def test_a_group_without_sets(self):
        """A group that says it holds a set, and does not, is refused by itself."""
        message = interchange(group(count=1), group(GOOD, control="99"))

        assert [("E_EDI_COUNT", "GE01")] == faults(message)
        assert ["AK1*PO*77", "AK9*R*1*0*0*5"] == acknowledged(message)[:2]

    def test_a_set_of_a_refused_group_keeps_its_own_fault(self):
        """Both are told: the group's in AK9, the set's in AK5."""
        message = interchange(group(order(count=9), order(control="0002"), count=3))

        assert [("E_EDI_COUNT", "SE01"), ("E_EDI_COUNT", "GE01")] == [
            (code, where.rpartition(" ")[2]) for code, where in faults(message)
        ]
        assert ["AK2*850*0001", "AK5*R*4", "AK2*850*0002", "AK5*R", "AK9*R*3*2*0*5"] == (
            acknowledged(message)[1:]
        )


class TestSyntax:
    """What breaks the standard is told by the 997, and by nothing else; the other sets pass."""

    @pytest.mark.parametrize(
        ("bad", "code", "where", "lines"),
        [
            pytest.param(order(count=9), "E_EDI_COUNT", "segment 5 SE01", ["AK5*R*4"], id="E-11 SE count"),
            pytest.param(
                order(trailer="0002"), "E_EDI_CONTROL", "segment 5 SE02", ["AK5*R*3"], id="E-10 ST02 and SE02"
            ),
            pytest.param(order()[:-10], "E_EDI_TRUNCATED", "SE", ["AK5*R*2"], id="no SE"),
            pytest.param(
                order(CASE, "N1*ST*K\xf6nig"),
                "E_ENCODING",
                "segment 4 N102",
                ["AK3*N1*4**8", "AK4*2**6", "AK5*R*5"],
                id="E-23 a byte that is not ASCII",
            ),
            pytest.param(
                order(number="9" * 30),
                "E_FIELD_SIZE",
                "segment 2 BEG03",
                ["AK3*BEG*2**8", "AK4*3**5", "AK5*R*5"],
                id="E-20 number of 30 digits",
            ),
            pytest.param(
                order(beg="BEG*00*SA***20261120"),
                "E_MISSING",
                "segment 2 BEG03",
                ["AK3*BEG*2**8", "AK4*3**1", "AK5*R*5"],
                id="no number",
            ),
            pytest.param(
                order(number=" 4711"),
                "E_KEY_FORMAT",
                "segment 2 BEG03",
                ["AK3*BEG*2**8", "AK4*3**6", "AK5*R*5"],
                id="number with a blank in front",
            ),
            pytest.param(
                order(beg="BEG*00*SA*4711**20261320"),
                "E_DATE",
                "segment 2 BEG05",
                ["AK3*BEG*2**8", "AK4*5**8", "AK5*R*5"],
                id="E-20 date",
            ),
            pytest.param(
                order(beg="BEG*00*BK*4711**20261120"),
                "E_EDI_ELEMENT",
                "segment 2 BEG02",
                ["AK3*BEG*2**8", "AK4*2**7", "AK5*R*5"],
                id="E-20 blanket order",
            ),
            pytest.param(
                order("CTT*1"),
                "E_MISSING",
                "segment 3 PO1",
                ["AK3*PO1*3**3", "AK5*R*5"],
                id="E-18 no line",
            ),
            pytest.param(
                order(HANDSET, "BEG*00*SA*1**20261120"),
                "E_EDI_STRUCTURE",
                "segment 4 BEG",
                ["AK3*BEG*4**2", "AK5*R*5"],
                id="E-18 segment out of place",
            ),
            pytest.param(
                order("PO1**1*EA***VP*CS-01"),
                "E_KEY_MISSING",
                "segment 3 PO101",
                ["AK3*PO1*3**8", "AK4*1**1", "AK5*R*5"],
                id="no line number",
            ),
            pytest.param(
                order(Q.format("two")),
                "E_NUMBER",
                "segment 3 PO102",
                ["AK3*PO1*3**8", "AK4*2**6", "AK5*R*5"],
                id="E-20 quantity in words",
            ),
            pytest.param(
                order(Q.format("1E3")),
                "E_NUMBER",
                "segment 3 PO102",
                ["AK3*PO1*3**8", "AK4*2**6", "AK5*R*5"],
                id="E-21 quantity with an exponent",
            ),
            pytest.param(
                order(Q.format("9" * 30)),
                "E_FIELD_SIZE",
                "segment 3 PO102",
                ["AK3*PO1*3**8", "AK4*2**5", "AK5*R*5"],
                id="quantity of 30 digits",
            ),
            pytest.param(
                order("PO1*1*1*CA***VP*CS-01"),
                "E_EDI_ELEMENT",
                "segment 3 PO103",
                ["AK3*PO1*3**8", "AK4*3**7", "AK5*R*5"],
                id="E-20 unit",
            ),
            pytest.param(
                order("PO1*1*1*EA***VP*CS>01"),
                "E_EDI_ELEMENT",
                "segment 3 PO107",
                ["AK3*PO1*3**8", "AK4*7**7", "AK5*R*5"],
                id="E-07 a separator in a code",
            ),
            pytest.param(
                order(HANDSET, "BIN*5*abcde"),
                "E_EDI_STRUCTURE",
                "segment 4 BIN",
                ["AK3*BIN*4**2", "AK5*R*5"],
                id="E-22 binary data",
            ),
            pytest.param(
                order("PO1*1*1*EA"),
                "E_MISSING",
                "segment 3 PO106",
                ["AK3*PO1*3**8", "AK4*6**1", "AK5*R*5"],
                id="no product",
            ),
            pytest.param(
                order("PO1*1*1*EA***VP"),
                "E_MISSING",
                "segment 3 PO107",
                ["AK3*PO1*3**8", "AK4*7**1", "AK5*R*5"],
                id="half a pair",
            ),
            pytest.param(
                order(HANDSET, CASE, "CTT*3"),
                "E_EDI_COUNT",
                "segment 5 CTT01",
                ["AK3*CTT*5**8", "AK4*1**7", "AK5*R*4"],
                id="E-11 line count",
            ),
        ],
    )
    def test_an_order_refused(self, bad, code, where, lines):
        """AK3 and AK4 name segment and element; no 855 follows; the order beside it is taken."""
        message = interchange(group(bad, GOOD))
        label = "" if where == "SE" else "850/0001 "
        [found] = faults(message)

        assert (code, f"{label}{where}" if label else "850/0001 SE") == found
        assert ["AK1*PO*77", "AK2*850*0001", *lines, *ACCEPTED, "AK9*P*2*2*1"] == acknowledged(message)
        assert [[]] == refused(message)

    def test_a_set_that_is_not_agreed(self):
        """E-15: a shipping notice is nothing that a partner sends us."""
        notice = transaction_set("856", "BSN*00*1*20261120*0930")
        message = interchange(group(notice, kind="SH"), group(GOOD, control="99"))

        assert [("E_EDI_TYPE", "856/0001 segment 1 ST01")] == faults(message)
        assert ["AK1*SH*77", "AK2*856*0001", "AK5*R*1", "AK9*R*1*1*0"] == acknowledged(message)[:4]

    @pytest.mark.parametrize(
        ("body", "code", "where"),
        [
            pytest.param(("BSR*1*PA", "HL*1**O"), "E_MISSING", "segment 2 BSI", id="no BSI"),
            pytest.param(("BSI**20261122*PA", "HL*1**O"), "E_MISSING", "segment 2 BSI01", id="no number"),
            pytest.param(("BSI*Q*20261122*PA",), "E_MISSING", "segment 3 HL", id="no HL"),
            pytest.param(("BSI*Q*20261122*PA", "HL*1**O"), "E_MISSING", "segment 3 PRF", id="no order"),
            pytest.param(
                ("BSI*Q*20261122*PA", "HL*2*1*O", "PRF*1"),
                "E_EDI_LOOP",
                "segment 3 HL02",
                id="E-19 a level of nothing",
            ),
            pytest.param(
                ("BSI*Q*20261122*PA", "HL*1**O", "PRF*1", "HL*2**O", "PRF*2"),
                "E_EDI_STRUCTURE",
                "segment 5 HL",
                id="two orders",
            ),
            pytest.param(
                ("BSI*Q*20261122*PA", "HL*1**O", f"PRF*{'9' * 30}"),
                "E_FIELD_SIZE",
                "segment 4 PRF01",
                id="30 digits",
            ),
        ],
    )
    def test_a_question_refused(self, body, code, where):
        """A question is refused as an order is; no 870 follows."""
        message = interchange(group(transaction_set("869", *body), kind="RS"))

        assert [(code, f"869/0001 {where}")] == faults(message)
        assert "AK9*R*1*1*0" == acknowledged(message)[-1]
        assert [[]] == refused(message)

    @pytest.mark.parametrize(
        ("bad", "where"),
        [("AK1*PR*x y", "AK102"), ("AK1*PR*7", "ST")],
    )
    def test_a_receipt_refused(self, bad, where):
        """A 997 that says nothing is kept for a person; a 997 is never answered by a 997."""
        receipt = transaction_set("997", bad, *(("AK9*A*1*1*1",) if where == "AK102" else ()))
        message = interchange(group(receipt, kind="FA"))

        [(_, found)] = faults(message)
        assert found.endswith(where)
        assert [] == acknowledged(message)


class TestBusiness:
    """What cannot be had is no fault of the set: its 997 accepts, and an 855 refuses."""

    @pytest.mark.parametrize(
        ("bad", "code", "message"),
        [
            pytest.param(
                order("PO1*1*1*EA***VP*NOPE*UP*000"),
                "E_OFFERING",
                "850/0001 segment 3 PO107 at byte 196: unknown offering VP 'NOPE', UP '000' "
                "(a code of the catalogue for partner.acme)",
                id="unknown offering",
            ),
            pytest.param(
                order("PO1*1*1*EA***VP*G-HANDSET-A"),
                "E_OFFERING",
                "850/0001 segment 3 PO107 at byte 196: unknown offering VP 'G-HANDSET-A' "
                "(a code of the catalogue for partner.acme)",
                id="a code of another partner",
            ),
            pytest.param(
                order("PO1*1*1*EA***VP*CS-01*UP*076123400003"),
                "E_OFFERING",
                "850/0001 segment 3 PO109 at byte 196: UP '076123400003' is HANDSET-A, "
                "but VP 'CS-01' is CASE-01 (codes of one offering)",
                id="codes that differ",
            ),
            pytest.param(
                order(HANDSET, HANDSET),
                "E_DUPLICATE_LINE",
                "850/0001 segment 4 PO101 at byte 243: line '1' stands in segment 3 too (each number once)",
                id="duplicate line",
            ),
            pytest.param(
                order(beg="BEG*01*SA*4500000042**20261120"),
                "E_ACTION",
                "850/0001 segment 2 BEG01 at byte 165: purpose '01' (cancellation) cannot be asked for "
                "(00 (original))",
                id="purpose",
            ),
            pytest.param(
                order(beg="BEG*QQ*SA*4500000042**20261120"),
                "E_ACTION",
                "850/0001 segment 2 BEG01 at byte 165: purpose 'QQ' cannot be asked for (00 (original))",
                id="unknown purpose",
            ),
            *(
                pytest.param(
                    order(Q.format(quantity)),
                    "E_RANGE",
                    f"850/0001 segment 3 PO102 at byte 196: quantity '{quantity}' "
                    "(a whole number from 1 to 500 of CASE-01)",
                    id=f"quantity {quantity}",
                )
                for quantity in ("0", "-1", "501", "9999999", "1.5", "999999999999999")
            ),
        ],
    )
    def test_refused(self, bad, code, message):
        """Both sets are acknowledged; the 855 says RD, the code, and the sentence."""
        sent = interchange(group(bad, GOOD))

        assert ["AK1*PO*77", "AK2*850*0001", "AK5*A", *ACCEPTED, "AK9*A*2*2*2"] == acknowledged(sent)
        assert [
            [
                "BAK*00*RD*4500000042*20261120*****20261121",
                f"N9*ZZ*{code}",
                f"MSG*{message}",
            ]
        ] == refused(sent)
        assert [SubmitOrder] == [type(one) for one in read(sent)[1:]]

    def test_refused_by_the_hub(self):
        """What the hub finds (a number used before, a place no route serves) is business too."""
        [document] = read(interchange())
        fault = Fault(code="E_DUPLICATE_ORDER", what="850 '4500000042' is order OL1", where="document number")

        assert ["AK1*PO*77", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"] == segments(
            PartnerAdapter().acknowledge(intake_of([document], fault), stamp())
        )
        assert [
            "BAK*00*RD*4500000042*20261120*****20261121",
            "N9*ZZ*E_DUPLICATE_ORDER",
            "MSG*document number: 850 '4500000042' is order OL1",
        ] == rejection(document.origin, fault)

    def test_what_the_sender_wrote_cannot_break_our_answer(self):
        """E-26: separators of ours inside a quoted value become blanks."""
        sent = interchange(group(order("PO1|1|1|EA|||VP|A*B~C".replace("~", ":"))))
        sent = sent.replace(b"*", b"|").replace(b"A|B", b"A*B")

        [[_, _, message]] = refused(sent)
        assert "unknown offering VP 'A B:C'" in message

    def test_a_number_that_could_not_be_sent_back(self):
        """A number with a separator that we write with is refused at once."""
        sent = interchange(group(order(number="A#B"))).replace(b"*", b"|").replace(b"A#B", b"A*B")

        assert [("E_KEY_FORMAT", "850/0001 segment 2 BEG03")] == faults(sent)


class TestAcknowledgement:
    def test_the_bytes(self):
        """One interchange, one 997 for each group; acceptance was asked for by nobody."""
        bad = group(order(count=9), GOOD)
        question = transaction_set("869", "BSI*Q*20261122*PA", "HL*1**O", "PRF*1")
        message = interchange(bad, group(question, kind="RS", control="78"))
        native = PartnerAdapter().acknowledge(intake_of(read(message)), stamp())

        assert (FIXTURES / "out" / "acknowledgement.edi").read_bytes() == native.body
        assert "997 for PO 77: P, 1 of 2 accepted; 997 for RS 78: A, 1 of 1 accepted" == native.summary
        assert "application/edi-x12" == native.content_type

    def test_the_bytes_of_a_refused_interchange(self):
        """A TA1 alone; the separators are those of the partner's profile."""
        native = PartnerAdapter().acknowledge(intake_of(read(interchange(count=2))), stamp())

        assert (FIXTURES / "out" / "ta1.edi").read_bytes() == native.body
        assert "TA1 for 000000077: refused, E_EDI_COUNT" == native.summary

    def test_acceptance_of_the_interchange_was_asked_for(self):
        """ISA14 = 1 gets a TA1 beside the 997."""
        assert ["TA1*000000077*261121*0930*A*000", "AK1*PO*77"] == acknowledged(interchange(wanted=1))[:2]

    def test_parked_and_repeated_are_accepted(self):
        """The sender need not send them again."""
        [document] = read(interchange())
        for outcome in (Outcome.PARKED, Outcome.REPEATED):
            fault = Fault(code="E_NO_ROUTE", what="no route") if outcome is Outcome.PARKED else None
            intake = changed(
                intake_of([document]),
                verdicts=(Verdict(origin=document.origin, outcome=outcome, fault=fault),),
            )
            assert "AK9*A*1*1*1" == segments(PartnerAdapter().acknowledge(intake, stamp()))[-1]

    def test_a_replayed_message_was_acknowledged_before(self):
        """No second 997 for one set."""
        assert [] == acknowledged(interchange(), replayed=True)

    def test_receipts_are_not_acknowledged(self):
        """A 997 for a 997 would never end."""
        assert [] == acknowledged((FIXTURES / "in" / "receipt.edi").read_bytes())

    def test_at_most_as_many_names_as_came(self):
        """E-26: a set whose numbers are no good is counted and not repeated."""
        bad = transaction_set("850", "CTT*1", control="$(reboot)")

        assert ["AK1*PO*77", "AK9*R*1*1*0"] == acknowledged(interchange(group(bad)))


def test_an_instant_is_told_in_utc():
    """ISA09 and 10, GS04 and 05 are the stamp's."""
    native = PartnerAdapter().acknowledge(intake_of(read(interchange())), stamp(ACME))

    assert f"*{AT:%y%m%d}*{AT:%H%M}*U*00401*000000007*".encode() in native.body
    assert f"GS*FA*ORDERLOOM*ACME*{AT:%Y%m%d}*{AT:%H%M}*7*X*004010~".encode() in native.body
