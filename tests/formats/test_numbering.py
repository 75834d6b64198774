from __future__ import annotations

import pytest

from adapters.formats.numbering import wrong_number

ICCID = "898821100000000001"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("msisdn", "+15415550123"),
        ("MSISDN", "15415550123"),
        ("msisdn", "6834000"),
        ("msisdn", "4" * 15),
        ("imsi", "001010000000001"),
        ("IMSI", "26201000000000"),
        ("iccid", f"{ICCID}1"),
        ("Iccid", "89882110000000000119"),
        ("iccid", ""),
        ("colour", "black"),
    ],
)
def test_sound_numbers(name, text):
    """With and without the plus; what nobody has said is not wrong."""
    assert wrong_number(name, text) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("msisdn", "015415550123", id="V-08 MSISDN without its country code"),
        pytest.param("msisdn", "154155", id="V-08 MSISDN too short"),
        pytest.param("msisdn", "1" * 16, id="V-08 MSISDN too long"),
        pytest.param("msisdn", "1 541 555 0123", id="V-08 MSISDN with blanks"),
        pytest.param("msisdn", "1541555012\uff13", id="V-08 MSISDN with a full-width digit"),
        pytest.param("msisdn", "++15415550123", id="V-08 MSISDN with two signs"),
        pytest.param("imsi", "0010100000000011", id="V-08 IMSI too long"),
        pytest.param("imsi", "0010100000000", id="V-08 IMSI too short"),
        pytest.param("imsi", "00101000000000A", id="V-08 IMSI with a letter"),
        pytest.param("iccid", f"{ICCID}2", id="V-08 ICCID with a wrong check digit"),
        pytest.param("iccid", "8998211000000000011", id="V-08 ICCID with two digits changed about"),
        pytest.param("iccid", ICCID, id="V-08 ICCID without its check digit"),
        pytest.param("iccid", "7988211000000000012", id="V-08 ICCID of no telecommunications"),
        pytest.param("iccid", f"{ICCID}1F", id="V-08 ICCID with its filler"),
    ],
)
def test_wrong_numbers(name, text):
    """The sentence quotes it, and says what one looks like."""
    what, allowed = wrong_number(name, text)

    assert what == f"{text!r} is no {name.upper()}"
    assert "digits" in allowed


@pytest.mark.parametrize("place", range(19))
def test_each_digit_counts(place):
    """V-08: whichever digit of an ICCID is another, the check digit tells."""
    sound = f"{ICCID}1"
    digits = [sound[:place] + one + sound[place + 1 :] for one in "0123456789" if one != sound[place]]

    assert all(wrong_number("iccid", one) for one in digits)
