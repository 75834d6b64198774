from __future__ import annotations

import pytest

from adapters.formats.x12 import (
    GroupOut,
    GsHeader,
    IsaParty,
    SetVerdict,
    functional_acknowledgement,
    interchange_acknowledgement,
    isa_header,
    read_functional_acknowledgement,
    read_interchange_acknowledgements,
    verdicts_of,
    write_interchange,
)
from canonical.errors import Fault, Rejected
from tests.formats.samples import faults, first, group, interchange, order_set

ISA = isa_header(IsaParty("ZZ", "HUB"), IsaParty("ZZ", "ACME"), yymmdd="261121", hhmm="0931", control=5)
GS = GsHeader(functional_id="FA", sender="HUB", receiver="ACME", date="20261121", time="0931", control="5")


def answer(message):
    """
    The 997 to the first group of a message, as lines.
    """
    [asked] = first(message, expected={"850"}).groups[:1]
    ours = functional_acknowledgement(
        asked.gs.functional_id,
        asked.gs.control,
        verdicts_of(asked.sets),
        control="0001",
        fault=asked.fault,
        declared=asked.declared,
    )
    text = write_interchange(ISA, [GroupOut(GS, (ours,))]).decode()
    return text.partition("ST*997*0001~")[2].partition("~SE*")[0].split("~")


class TestFunctionalAcknowledgement:
    def test_all_sound(self):
        """
        Every set is named and accepted, and the group with them.
        """
        assert ["AK1*PO*77", "AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*A", "AK9*A*2*2*2"] == answer(
            interchange(group(order_set("0001"), order_set("0002")))
        )

    @pytest.mark.parametrize(
        ("bad", "lines"),
        [
            pytest.param(order_set(count=9), ["AK5*R*4"], id="segment count"),
            pytest.param(order_set(trailer="0002"), ["AK5*R*3"], id="control numbers differ"),
            pytest.param(order_set()[:-10], ["AK5*R*2"], id="no trailer"),
            pytest.param(
                order_set("0001", "BEG*00*AK5>A\x07"),
                ["AK3*BEG*2**8", "AK4*2**6", "AK5*R*5"],
                id="E-26 a value that would break the answer",
            ),
            pytest.param(
                order_set("0001", "REF" + "*" * 200), ["AK3*REF*2**8", "AK5*R*5"], id="too many elements"
            ),
            pytest.param(
                order_set("0001", "REF*" + ">" * 50), ["AK3*REF*2**8", "AK4*1**3", "AK5*R*5"], id="components"
            ),
            pytest.param(order_set("0001", "<script>*1"), ["AK5*R*5"], id="E-26 segment id not repeated"),
        ],
    )
    def test_one_set_refused(self, bad, lines):
        """
        The refused set is told why, in the code lists of the standard; the other is accepted.
        """
        assert ["AK1*PO*77", "AK2*850*0001", *lines, "AK2*850*0009", "AK5*A", "AK9*P*2*2*1"] == answer(
            interchange(group(bad, order_set("0009")))
        )

    def test_a_set_not_agreed(self):
        """
        A set that the partner may not send is refused as not supported.
        """
        bad = order_set().replace("ST*850", "ST*860")

        assert ["AK1*PO*77", "AK2*860*0001", "AK5*R*1", "AK9*R*1*1*0"] == answer(interchange(group(bad)))

    def test_a_number_used_twice(self):
        """
        The first set under a number is accepted, the second is not.
        """
        lines = answer(interchange(group(order_set(), order_set())))

        assert ["AK2*850*0001", "AK5*A", "AK2*850*0001", "AK5*R*23", "AK9*P*2*2*1"] == lines[1:]

    def test_a_set_without_a_name_is_counted_only(self):
        """
        E-26: a set whose numbers are no good cannot be named in an answer; nothing of it is repeated.
        """
        assert ["AK1*PO*77", "AK9*R*1*1*0"] == answer(interchange(group(order_set("$(reboot)", "CTT*1"))))

    @pytest.mark.parametrize(
        ("bad", "verdict"),
        [
            pytest.param(group(order_set(), count=3), "AK9*R*3*1*0*5", id="GE01"),
            pytest.param(group(order_set(), trailer="78"), "AK9*R*1*1*0*4", id="GE02"),
            pytest.param(group(order_set())[:-8], "AK9*R*1*1*0*3", id="no GE"),
        ],
    )
    def test_a_refused_group(self, bad, verdict):
        """
        All its sets are refused, and the reason is the group's.
        """
        assert ["AK1*PO*77", "AK2*850*0001", "AK5*R", verdict] == answer(interchange(bad))

    def test_what_the_adapter_found_is_told_by_place(self):
        """
        A fault in an element of a sound set names that element; an accepted set may have noted errors.
        """
        date = Fault(code="E_DATE", what="no date", where="850/0001 segment 4 DTM02 at byte 300")
        missing = Fault(code="E_MISSING", what="missing", where="850/0002 segment 2 BEG at byte 500")
        elsewhere = Fault(
            code="E_OFFERING", what="unknown offering 'X'", where="850/0003 segment 3 PO107 at byte 9"
        )

        lines = functional_acknowledgement(
            "PO",
            "77",
            [
                SetVerdict("850", "0001", (date,), accepted=True),
                SetVerdict("850", "0002", (missing,), accepted=False),
                SetVerdict("850", "0003", (elsewhere, date), accepted=False),
            ],
            control="0001",
        ).segments

        told = ["*".join("" if e is None else str(e) for e in line).rstrip("*") for line in lines]
        assert [
            "AK1*PO*77",
            "AK2*850*0001",
            "AK3*DTM*4**8",
            "AK4*2**8",
            "AK5*E*5",
            "AK2*850*0002",
            "AK3*BEG*2**3",
            "AK5*R*5",
            "AK2*850*0003",
            "AK3*PO1*3**8",
            "AK4*7**7",
            "AK3*DTM*4**8",
            "AK4*2**8",
            "AK5*R*5",
            "AK9*P*3*3*1",
        ] == told

    def test_our_answer_is_read_back(self):
        """
        What we say to a partner, a partner could say to us.
        """
        ours = functional_acknowledgement(
            "OW", "31", [SetVerdict("940", "0001"), SetVerdict("940", "0002", accepted=False)], control="0001"
        )

        found = first(write_interchange(ISA, [GroupOut(GS, (ours,))]))
        receipt = read_functional_acknowledgement(found.groups[0].sets[0])

        assert ("OW", "31", "P") == (receipt.functional_id, receipt.control, receipt.status)
        assert [("0001", True), ("0002", False)] == [(each.control, each.accepted) for each in receipt.sets]

    def test_a_receipt_without_verdict_is_refused(self):
        """
        A 997 without AK9 says nothing.
        """
        bare = interchange(
            group(order_set("0001", "AK1*OW*31").replace("ST*850", "ST*997"), functional_id="FA")
        )

        with pytest.raises(Rejected) as refused:
            read_functional_acknowledgement(first(bare).groups[0].sets[0])

        assert ("E_EDI_STRUCTURE", "997/0001 segment 1 ST at byte 153") == (
            refused.value.code,
            refused.value.where,
        )


class TestInterchangeAcknowledgement:
    @pytest.mark.parametrize(
        ("message", "status", "note"),
        [
            pytest.param(interchange(), "A", "000", id="sound"),
            pytest.param(interchange(trailer="000000078"), "R", "001", id="control numbers"),
            pytest.param(interchange(count=7), "R", "021", id="group count"),
            pytest.param(interchange()[:250], "R", "023", id="truncated"),
            pytest.param(interchange(order_set()), "R", "022", id="structure"),
            pytest.param(interchange("GS*PO~GE*0*1~"), "R", "024", id="GS"),
            pytest.param(interchange()[:120] + b"A" * 70_000, "R", "004", id="no terminator"),
        ],
    )
    def test_notes(self, message, status, note):
        """
        The TA1 repeats number, date and time of the header and gives the reason of the code list.
        """
        found = first(message)
        answer = write_interchange(ISA, (), notes=[interchange_acknowledgement(found.isa, found.fault)])

        assert f"TA1*000000077*261121*0930*{status}*{note}~".encode() in answer
        assert [] == faults(first(answer))

    def test_ours_are_read_back(self):
        """
        A partner's TA1 says which of our interchanges it means, and whether it took it.
        """
        answer = first(interchange("TA1*000000012*261121*0930*R*025~", count=0))

        [receipt] = read_interchange_acknowledgements(answer)

        assert ("000000012", "R", "025") == (receipt.control, receipt.status, receipt.note)
