from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.fixed import Absent, Date, Field, Layout, Picture, Usage, code_page, decode, encode
from canonical.errors import Rejected

EBCDIC = code_page("cp037")
ASCII = code_page("ascii")
D, COMP, COMP_3, COMP_5 = Usage.DISPLAY, Usage.COMP, Usage.COMP_3, Usage.COMP_5


def layout(picture, usage=D, **more):
    return Layout("ONE", (Field(name="N", picture=picture, usage=usage, **more),))


def read(raw, picture, usage=D, page=EBCDIC, **more):
    return decode(bytes.fromhex(raw), layout(picture, usage, **more), page, number=17)["N"]


def written(value, picture, usage=D, page=EBCDIC, **more):
    return encode({"N": value}, layout(picture, usage, **more), page).hex().upper()


GOLDEN = [
    ("9(3)", D, 42, "F0F4F2"),
    ("S9(3)", D, 42, "F0F4C2"),
    ("S9(3)", D, -42, "F0F4D2"),
    ("S9(3)V99", D, Decimal("-1.05"), "F0F0F1F0D5"),
    ("9(5)", COMP_3, 12345, "12345F"),
    ("S9(5)", COMP_3, 12345, "12345C"),
    ("S9(5)", COMP_3, -12345, "12345D"),
    ("S9(4)", COMP_3, -1, "00001D"),
    ("S9(7)V99", COMP_3, Decimal("49.90"), "000004990C"),
    ("S9(4)", COMP, 1, "0001"),
    ("S9(4)", COMP, -1, "FFFF"),
    ("9(9)", COMP, 1, "00000001"),
    ("S9(10)", COMP, -1, "FFFFFFFFFFFFFFFF"),
    ("S9(2)V99", COMP, Decimal("1.50"), "0096"),
    ("S9(4)", COMP_5, 32767, "7FFF"),
]


class TestValues:
    @pytest.mark.parametrize(("picture", "usage", "value", "raw"), GOLDEN)
    def test_each_number_has_its_bytes(self, picture, usage, value, raw):
        """A number is written as COBOL stores it, and read as the same value."""
        assert raw == written(value, picture, usage)
        assert value == read(raw, picture, usage)
        assert type(value) is type(read(raw, picture, usage))

    @pytest.mark.parametrize("sign", ["A", "C", "E", "F"])
    def test_several_nibbles_mean_plus(self, sign):
        """Compilers differ in the sign of a positive packed decimal."""
        assert 123 == read(f"123{sign}", "S9(3)", COMP_3)

    @pytest.mark.parametrize("sign", ["B", "D"])
    def test_two_nibbles_mean_minus(self, sign):
        """So do they in that of a negative one."""
        assert -123 == read(f"123{sign}", "S9(3)", COMP_3)

    @pytest.mark.parametrize("raw", ["000D", "F0F0D0"])
    def test_minus_zero_is_zero(self, raw):
        """A sign without a number means nothing."""
        assert "0" == str(read(raw, "S9(3)", COMP_3 if len(raw) == 4 else D))

    @pytest.mark.parametrize(
        ("text", "value"), [("12C", 123), ("12L", -123), ("12{", 120), ("12}", -120), ("123", 123)]
    )
    def test_ascii_carries_the_sign_in_the_last_letter(self, text, value):
        """As file transfers translate overpunched digits."""
        assert value == read(text.encode().hex(), "S9(3)", D, ASCII)

    def test_ascii_is_written_so_too(self):
        """The same letters are written."""
        assert "12L" == bytes.fromhex(written(-123, "S9(3)", D, ASCII)).decode()

    @given(st.sampled_from(GOLDEN), st.data())
    def test_what_is_written_is_read(self, kind, data):
        """Every number that a picture holds comes back, in each usage, in both families of pages."""
        picture, usage, _, _ = kind
        shape = Picture.of(picture)
        most = 10**shape.digits - 1
        number = data.draw(st.integers(-most if shape.signed else 0, most))
        value = Decimal(number).scaleb(-shape.scale) if shape.scale else number
        page = data.draw(st.sampled_from([EBCDIC, ASCII]))

        assert value == read(written(value, picture, usage, page), picture, usage, page)

    @given(st.integers(-(10**31) + 1, 10**31 - 1))
    def test_the_longest_numbers_are_not_rounded(self, number):
        """31 digits are more than Python's decimal arithmetic keeps unasked."""
        value = Decimal((int(number < 0), tuple(map(int, str(abs(number)))), -2))
        picture = "S9(29)V99"

        assert value == read(written(value, picture, COMP_3), picture, COMP_3)


class TestRefusals:
    @pytest.mark.parametrize(
        ("raw", "picture", "usage", "code"),
        [
            pytest.param("1A345C", "S9(5)", COMP_3, "E_FW_PACKED", id="F-12 nibble above 9"),
            pytest.param("12345C", "S9(4)", COMP_3, "E_FW_PACKED", id="a digit more than the picture"),
            pytest.param("123451", "S9(5)", COMP_3, "E_FW_SIGN", id="F-13 digit for a sign"),
            pytest.param("404040", "S9(5)", COMP_3, "E_FW_SIGN", id="F-13 blanks"),
            pytest.param("12345D", "9(5)", COMP_3, "E_FW_SIGN", id="minus without S"),
            pytest.param("F0F442", "S9(3)", D, "E_FW_ZONED", id="F-14 bad overpunch"),
            pytest.param("F0F4CA", "S9(3)", D, "E_FW_ZONED", id="F-14 no digit below"),
            pytest.param("000000", "S9(5)", COMP_3, "E_FW_FILLER", id="F-15 low-values"),
            pytest.param("FFFFFF", "9(3)", D, "E_FW_FILLER", id="F-15 high-values"),
            pytest.param("40F4F2", "9(3)", D, "E_NUMBER", id="F-17 blank in front"),
            pytest.param("F0F440", "9(3)", D, "E_NUMBER", id="F-17 blank behind"),
            pytest.param("404040", "9(3)", D, "E_NUMBER", id="F-17 blanks"),
            pytest.param("F0C1F2", "9(3)", D, "E_NUMBER", id="F-17 letter"),
            pytest.param("F0F4C2", "9(3)", D, "E_NUMBER", id="sign without S"),
            pytest.param("7FFF", "S9(4)", COMP, "E_RANGE", id="more digits than the picture"),
        ],
    )
    def test_bytes_that_are_no_number(self, raw, picture, usage, code):
        """Each has its code, and the columns."""
        with pytest.raises(Rejected) as caught:
            read(raw, picture, usage)

        assert (code, f"record 17 cols 1-{len(raw) // 2} N") == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize(
        ("value", "picture"),
        [(1000, "9(3)"), (-1, "9(3)"), (Decimal("1.5"), "9(3)"), (Decimal("1.005"), "S9(3)V99"),
         (Decimal("1E+999999"), "9(3)"), (Decimal("1E-999999"), "9(3)"), (Decimal("NaN"), "9(3)")],
    )  # fmt: skip
    @pytest.mark.parametrize("usage", [D, COMP_3, COMP])
    def test_numbers_that_do_not_fit(self, value, picture, usage):
        """Nothing is rounded or cut."""
        with pytest.raises(Rejected) as caught:
            written(value, picture, usage)

        assert "E_RANGE" == caught.value.code


class TestAbsent:
    @pytest.mark.parametrize(
        ("absent", "raw"),
        [(Absent.BLANKS, "404040"), (Absent.LOW_VALUES, "000000"), (Absent.HIGH_VALUES, "FFFFFF")],
    )
    @pytest.mark.parametrize(("picture", "usage"), [("9(3)", D), ("S9(5)", COMP_3), ("X(3)", D)])
    def test_what_was_agreed_to_mean_nothing(self, absent, raw, picture, usage):
        """F-15: a declared filler is None, and None is written so."""
        assert read(raw, picture, usage, absent=(absent,)) is None
        assert raw == written(None, picture, usage, absent=(absent,))

    def test_zero_for_no_date(self):
        """F-16: zeros are no date, when that is declared."""
        day = {"date": Date.CCYYMMDD, "absent": (Absent.ZEROS,)}

        assert read("F0" * 8, "9(8)", **day) is None
        assert date(2026, 9, 1) == read("F2F0F2F6F0F9F0F1", "9(8)", **day)
        assert "F0" * 8 == written(None, "9(8)", **day)


class TestDates:
    def test_a_day(self):
        """Eight digits are a calendar date."""
        assert date(2026, 9, 1) == read("F2F0F2F6F0F9F0F1", "9(8)", date=Date.CCYYMMDD)

    def test_a_day_of_the_year(self):
        """Seven digits count the days of the year."""
        assert date(2024, 12, 31) == read("2024366F", "9(7)", COMP_3, date=Date.CCYYDDD)
        assert "2024366F" == written(date(2024, 12, 31), "9(7)", COMP_3, date=Date.CCYYDDD)

    @pytest.mark.parametrize(
        ("text", "form"),
        [("00000000", Date.CCYYMMDD), ("99999999", Date.CCYYMMDD), ("20260230", Date.CCYYMMDD),
         ("2026366", Date.CCYYDDD), ("2026000", Date.CCYYDDD), ("0000001", Date.CCYYDDD)],
    )  # fmt: skip
    def test_days_that_no_calendar_has(self, text, form):
        """F-16: each is refused with what stood there."""
        with pytest.raises(Rejected) as caught:
            read(text.encode("cp037").hex(), f"9({len(text)})", date=form)

        assert ("E_DATE", f"record 17 cols 1-{len(text)} N") == (caught.value.code, caught.value.where)
        assert text in caught.value.what


@pytest.mark.parametrize("text", ["", "Z(3)", "9(32)", "X(2)9", "S", "SX(3)", "9(3)V"])
def test_no_pictures(text):
    """What is no picture is a mistake of whoever writes the layout."""
    with pytest.raises(ValueError, match="no picture"):
        Picture.of(text)
