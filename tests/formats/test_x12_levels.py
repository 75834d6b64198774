from __future__ import annotations

import pytest

from adapters.formats.x12 import SetVerdict, Use, arrange, functional_acknowledgement
from adapters.formats.x12_layout import Loop
from adapters.formats.x12_levels import MAX_LEVELS
from canonical.errors import Rejected
from tests.formats.samples import first, group, interchange, order_set, sound_sets

NOTICE = (Use("BSN"), Loop((Use("HL"), Use("REF"))))


def noticed(*levels):
    """
    A set of these HL segments, in the layout of a small ship notice.
    """
    message = interchange(group(order_set("0001", "BSN*00*S1", *levels), order_set("0009")))
    found = first(message)
    assert ["0001", "0009"] == sound_sets(found)
    return arrange(found.groups[0].sets[0], NOTICE)


def chain(levels):
    """
    Each level in the one before.
    """
    return ("HL*1**S", *(f"HL*{n}*{n - 1}*I" for n in range(2, levels + 1)))


def refused(*levels):
    with pytest.raises(Rejected) as caught:
        noticed(*levels)
    return caught.value


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param(("HL*1**S", "REF*A", "HL*2*1*O", "HL*3*2*I", "HL*4*2*I", "HL*5*1*O"), id="a tree"),
        pytest.param(("HL*1**S", "HL*2**S", "HL*3*1*O"), id="two trees"),
        pytest.param(("HL*A7**S", "HL*3*A7*O"), id="numbers in any order"),
        pytest.param(chain(MAX_LEVELS), id="as deep as may be"),
    ],
)
def test_levels_that_make_a_tree(levels):
    """
    They are read as any loop.
    """
    assert len([one for one in levels if one.startswith("HL")]) == len(list(noticed(*levels).loops("HL")))


@pytest.mark.parametrize(
    ("levels", "code", "where"),
    [
        pytest.param(("HL*1**S", "HL*2*7*O"), "E_EDI_LOOP", "segment 4 HL02", id="E-19 parent missing"),
        pytest.param(("HL*1*1*S",), "E_EDI_LOOP", "segment 3 HL02", id="E-19 its own parent"),
        pytest.param(("HL*1*2*S", "HL*2*1*O"), "E_EDI_LOOP", "segment 3 HL02", id="E-19 a circle"),
        pytest.param(("HL*1**S", "HL*1**O"), "E_EDI_LOOP", "segment 4 HL01", id="E-19 a number twice"),
        pytest.param(chain(MAX_LEVELS + 1), "E_EDI_LOOP", "segment 35 HL", id="E-19 one level too deep"),
        pytest.param(chain(10_000), "E_EDI_LOOP", "segment 35 HL", id="E-19 10,000 deep"),
        pytest.param(("HL***S",), "E_MISSING", "segment 3 HL01", id="E-19 no number"),
        pytest.param((f"HL*{'1' * 13}**S",), "E_FIELD_SIZE", "segment 3 HL01", id="E-19 a long number"),
    ],
)
def test_levels_that_do_not(levels, code, where):
    """
    The segment and element are named; the other set of the group is not touched.
    """
    error = refused(*levels)

    assert (code, f"850/0001 {where}") == (error.code, error.where.partition(" at byte")[0])


@pytest.mark.parametrize(
    ("levels", "notes"),
    [
        pytest.param(chain(MAX_LEVELS + 1), [("AK3", "HL", 35, None, "4")], id="too deep"),
        pytest.param(
            ("HL*1*7*S",), [("AK3", "HL", 3, None, "8"), ("AK4", 2, None, "7")], id="parent missing"
        ),
    ],
)
def test_partners_are_told_in_their_acknowledgement(levels, notes):
    """
    E-19: a loop too often, or a wrong value of HL02, in the standard's words.
    """
    verdict = SetVerdict("850", "0001", (refused(*levels).fault,), accepted=False)
    answer = functional_acknowledgement("PO", "77", [verdict], control="0001")

    assert notes == [one for one in answer.segments if one[0] in ("AK3", "AK4")]
