from __future__ import annotations

import pytest

from adapters.formats.x12 import Loop, SetVerdict, Use, arrange, functional_acknowledgement
from canonical.errors import Rejected
from tests.formats.samples import first, group, interchange, order_set

PARTY = Loop((Use("N1"), Use("N3", most=2), Use("N4"), Use("REF", most=2)), most=3)
LINE = Loop((Use("PO1"), Use("PID", most=2), PARTY), required=True)
ORDER = (Use("BEG", required=True), Use("REF", most=2), PARTY, LINE, Loop((Use("CTT"), Use("AMT")), most=1))


def arranged(*body):
    """
    A set of these segments in the layout of a small order.
    """
    [only] = first(interchange(group(order_set("0001", *body)))).groups[0].sets
    return arrange(only, ORDER)


def test_segments_find_their_loops():
    """
    The same segment id belongs to the order, a party or a line by where it stands.
    """
    order = arranged(
        "BEG*00",
        "REF*A",
        "REF*B",
        "N1*ST",
        "N3*x",
        "REF*C",
        "N1*BT",
        "PO1*1",
        "PID*F",
        "N1*MF",
        "PO1*2",
        "CTT*2",
        "AMT*1",
    )
    first_line, second_line = order.loops("PO1")

    assert ["A", "B"] == [ref.raw(1) for ref in order.each("REF")]
    assert [("ST", "C"), ("BT", None)] == [
        (party.head.raw(1), ref.raw(1) if (ref := party.first("REF")) else None)
        for party in order.loops("N1")
    ]
    assert ["MF"] == [party.head.raw(1) for party in first_line.loops("N1")]
    assert ("2", None) == (second_line.head.raw(1), second_line.first("PID"))
    assert ["CTT"] == [total.head.id for total in order.loops("CTT")]


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        pytest.param(("PO1*1",), "E_MISSING", "segment 2 BEG", id="E-18 mandatory segment"),
        pytest.param(("BEG*00", "CTT*0"), "E_MISSING", "segment 3 PO1", id="E-18 mandatory loop"),
        pytest.param(("BEG*00",), "E_MISSING", "segment 3 PO1", id="E-18 mandatory loop at the end"),
        pytest.param(("BEG*00", "PO1*1", "REF*A"), "E_EDI_STRUCTURE", "segment 4 REF", id="E-18 too late"),
        pytest.param(
            ("BEG*00", *["REF*A"] * 3, "PO1*1"), "E_EDI_STRUCTURE", "segment 5 REF", id="E-18 too many"
        ),
        pytest.param(
            ("BEG*00", "PO1*1", "PID*A", "PID*B", "PID*C"), "E_EDI_STRUCTURE", "segment 6 PID", id="E-18 loop"
        ),
        pytest.param(("BEG*00", "PO1*1", "ZZ9*A"), "E_EDI_STRUCTURE", "segment 4 ZZ9", id="E-18 unknown"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(body, code, where):
    """
    A segment out of place is named with its number; a missing one is named where it should be.
    """
    with pytest.raises(Rejected) as refused:
        arranged(*body)

    assert code == refused.value.code
    assert f"850/0001 {where}" == refused.value.where.partition(" at byte")[0]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        pytest.param(("PO1*1",), ("AK3", "BEG", 2, None, "3"), id="missing"),
        pytest.param(("BEG*00", "PO1*1", "BEG*00"), ("AK3", "BEG", 4, None, "2"), id="unexpected"),
    ],
)
def test_partners_are_told_in_their_acknowledgement(body, note):
    """
    The segment's fault comes back as the code list of the standard has it.
    """
    with pytest.raises(Rejected) as refused:
        arranged(*body)

    verdict = SetVerdict("850", "0001", (refused.value.fault,), accepted=False)
    answer = functional_acknowledgement("PO", "77", [verdict], control="0001")

    assert note in answer.segments
