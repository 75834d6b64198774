from __future__ import annotations

import pytest

from tests.formats.samples import faults, first, group, interchange, order_set, placed, sound_sets

# Bytes that would end the segment, the set and the interchange, were they looked at.
EVIL = "x~SE*3*0001~GE*1*77~IEA*1*000000077~"


def message(*binary):
    """
    A set with these segments in it, and a good one.
    """
    return interchange(group(order_set("0001", "BEG*00*SA", *binary), order_set("0009")))


@pytest.mark.parametrize(
    "binary",
    [
        pytest.param(f"BIN*{len(EVIL)}*{EVIL}", id="BIN"),
        pytest.param(f"BDS*ABC*{len(EVIL)}*{EVIL}", id="BDS"),
        pytest.param("BIN*0*", id="no data"),
        pytest.param("BIN*0003****", id="data of separators"),
    ],
)
def test_data_is_as_long_as_it_says(binary):
    """
    Nothing in it is taken for a segment: the count of the set is right, and so are all trailers.
    """
    found = first(message(binary))

    assert [] == faults(found)
    assert ["0001", "0009"] == sound_sets(found)
    assert ["ST", "BEG", binary[:3], "SE"] == [one.id for one in found.groups[0].sets[0].segments]


@pytest.mark.parametrize(
    ("binary", "where"),
    [
        pytest.param("BIN*4*abcde", "BIN01", id="E-22 too short"),
        pytest.param("BIN*6*abcde", "BIN01", id="E-22 too long"),
        pytest.param("BIN*999*abcde", "BIN01", id="E-22 behind the end"),
        pytest.param("BIN*65537*abcde", "BIN01", id="E-22 longer than a segment may be"),
        pytest.param(f"BIN*{'9' * 15}*a", "BIN01", id="E-22 beyond all"),
        pytest.param(f"BIN*{'9' * 5000}*a", "BIN01", id="E-22 5,000 digits"),
        pytest.param("BIN*-1*a", "BIN01", id="E-22 negative"),
        pytest.param("BIN**a", "BIN01", id="E-22 no length"),
        pytest.param("BIN*5", "BIN01", id="E-22 no data"),
        pytest.param("BDS*ABC*4*abcde", "BDS02", id="E-22 BDS"),
        pytest.param("BDS*5*abcde", "BDS02", id="E-22 BDS without its filter"),
    ],
)
def test_a_length_that_lies(binary, where):
    """
    Where the segment ends nobody can tell, so that the whole interchange is refused, and named why.
    """
    bad = message(binary)
    found = first(bad)

    assert ("E_EDI_BINARY", placed(f"{where} at @{binary[:4]}", bad)) == (found.fault.code, found.fault.where)
    assert [] == sound_sets(found)
    assert ["0001"] == sound_sets(first(interchange()))


def test_binary_bytes_are_the_fault_of_their_set():
    """
    E-22: data that is no text in the agreed character set is not guessed at; the other set passes.
    """
    found = first(message("BIN*4*\x80~\x00\x1a").decode().encode("latin-1"))

    assert ["E_ENCODING"] == [code for code, _ in faults(found)]
    assert ["0009"] == sound_sets(found)
