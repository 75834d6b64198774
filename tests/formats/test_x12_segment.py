from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from adapters.formats.x12 import Spot
from canonical.errors import Rejected
from tests.formats.samples import ISA, first, group, interchange, order_set


def line(text):
    """
    One segment of an 850, the second of its set.
    """
    found = first(interchange(group(order_set("0001", text))), charset="utf-8")
    return found.groups[0].sets[0].body[0]


class TestValues:
    def test_a_line_of_an_order(self):
        """
        Each element is read as the type the standard gives it.
        """
        po1 = line("PO1*1*2.50*EA*599.00**VP*PHONE-A*UP*076123400003**")

        assert (1, Decimal("2.50"), "EA", Decimal("599.00")) == (
            po1.integer(1),
            po1.number(2),
            po1.code(3, {"EA", "CA"}),
            po1.number(4),
        )
        assert (("VP", "PHONE-A"), ("UP", "076123400003")) == po1.pairs(6)

    def test_absent_elements_are_empty(self):
        """
        An element left out at the end is the same as one left empty, and trailing blanks are padding.
        """
        ref = line("REF*DP*038   ")

        assert ("038", "", "", ()) == (ref.text(2), ref.text(3), ref.text(40), ref.components(4))

    def test_other_types(self):
        """
        Days, numbers with an implied point, and composites.
        """
        dtm = line("DTM*002*20261130*-1250*A>B>C")

        assert (date(2026, 11, 30), Decimal("-12.50"), ("A", "B", "C")) == (
            dtm.date(2),
            dtm.implied(3, 2),
            dtm.components(4),
        )

    def test_signs_and_points(self):
        """
        A number may leave out what means nothing: the zero before a point, the digits behind it.
        """
        assert [Decimal("0.5"), Decimal(7), Decimal(-3)] == [
            line(f"AMT*{n}").number(1) for n in (".5", "7.", "-3")
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "read", "code"),
        [
            pytest.param("\uff11\uff12\uff13", "number", "E_NUMBER", id="V-01 full-width digits"),
            pytest.param("\u0661\u0662", "integer", "E_NUMBER", id="V-01 Arabic digits"),
            pytest.param("\u00b2", "integer", "E_NUMBER", id="V-01 superscript"),
            pytest.param("1_000", "number", "E_NUMBER", id="V-02 underscore"),
            pytest.param("1e3", "number", "E_NUMBER", id="E-21 exponent"),
            pytest.param("1,5", "number", "E_NUMBER", id="E-20 decimal comma"),
            pytest.param("+5", "number", "E_NUMBER", id="E-20 plus"),
            pytest.param(" 5", "number", "E_NUMBER", id="blank before"),
            pytest.param("-0", "number", "E_NUMBER", id="V-03 minus zero"),
            pytest.param("-0.00", "number", "E_NUMBER", id="V-03 minus zero with a point"),
            pytest.param("NaN", "number", "E_NUMBER", id="V-03 NaN"),
            pytest.param("Infinity", "number", "E_NUMBER", id="V-03 infinity"),
            pytest.param(".", "number", "E_NUMBER", id="point alone"),
            pytest.param("-", "integer", "E_NUMBER", id="minus alone"),
            pytest.param("12.5", "integer", "E_NUMBER", id="E-21 point in a whole number"),
            pytest.param("9" * 19, "number", "E_RANGE", id="19 digits"),
            pytest.param("9" * 30, "integer", "E_RANGE", id="30 digits"),
            pytest.param("9" * 250, "number", "E_NUMBER", id="E-20 250 digits"),
            pytest.param("20260230", "date", "E_DATE", id="E-20 30 February"),
            pytest.param("00000000", "date", "E_DATE", id="zero date"),
            pytest.param("99991231", "date", "E_DATE", id="V-09 year 9999"),
            pytest.param("260230", "date", "E_DATE", id="E-20 six digits"),
            pytest.param(
                "\uff12\uff10\uff12\uff16\uff11\uff11\uff13\uff10",
                "date",
                "E_DATE",
                id="V-01 full-width date",
            ),
            pytest.param("", "required", "E_MISSING", id="empty"),
            pytest.param("   ", "number", "E_MISSING", id="blanks"),
            pytest.param("A>B", "text", "E_EDI_ELEMENT", id="E-07 component separator in a simple element"),
            pytest.param("x" * 265, "text", "E_FIELD_SIZE", id="E-20 too long"),
            pytest.param("", "key", "E_KEY_MISSING", id="empty key"),
            pytest.param("../../etc/passwd", "key", "E_KEY_FORMAT", id="V-05 path as key"),
            pytest.param("PO\u200b1", "key", "E_KEY_FORMAT", id="V-04 zero width in key"),
            pytest.param("C:\\x", "key", "E_KEY_FORMAT", id="V-05 drive as key"),
            pytest.param("PO\u202e1", "key", "E_KEY_FORMAT", id="V-04 bidirectional mark in key"),
            pytest.param("P\u041e1", "key", "E_KEY_FORMAT", id="V-04 Cyrillic letter in key"),
            pytest.param("x" * 65, "key", "E_KEY_FORMAT", id="V-05 long key"),
        ],
    )
    def test_name_the_element(self, text, read, code):
        """
        Whatever is wrong with an element is told with its name, its segment's number and its byte.
        """
        segment = line(f"PO1*1*{text}*EA")

        with pytest.raises(Rejected) as refused:
            getattr(segment, read)(2)

        assert (code, "850/0001 segment 2 PO102 at byte 165") == (refused.value.code, refused.value.where)

    def test_a_repetition_separator_in_a_simple_element(self):
        """
        E-07: with ISA11 as separator, somebody's text of it is several values where one is allowed.
        """
        message = interchange(
            group(order_set("0001", "N1*ST*a^b")), isa=ISA.replace("*U*00401*", "*^*00501*")
        )
        n1 = first(message).groups[0].sets[0].body[0]

        with pytest.raises(Rejected) as refused:
            n1.text(2)

        assert ("E_EDI_ELEMENT", "850/0001 segment 2 N102 at byte 165") == (
            refused.value.code,
            refused.value.where,
        )

    def test_an_element_separator_in_a_text_moves_what_follows(self):
        """
        E-07: it is part of the syntax, but then a mandatory element is not where it should be, and is named.
        """
        with pytest.raises(Rejected) as refused:
            line("BEG*00*SA*PO*1**20261121").date(5)

        assert ("E_MISSING", "850/0001 segment 2 BEG05 at byte 165") == (
            refused.value.code,
            refused.value.where,
        )

    @pytest.mark.parametrize("text", ["12.50", "1250.", "1E3", ".5"])
    def test_a_number_with_an_implied_point_has_no_other(self, text):
        """
        E-21: N2 is digits; whether 12.50 means 12.50 or 0.1250 is not guessed.
        """
        with pytest.raises(Rejected) as refused:
            line(f"AMT*TT*{text}").implied(2, 2)

        assert ("E_NUMBER", "850/0001 segment 2 AMT02 at byte 165") == (
            refused.value.code,
            refused.value.where,
        )

    def test_ranges_and_codes_say_what_is_allowed(self):
        """
        E-20, V-03: a quantity of minus one and an unknown unit are refused with what would do.
        """
        po1 = line("PO1*1*-1*XX")

        with pytest.raises(Rejected) as quantity:
            po1.number(2, low=1, high=9999)
        with pytest.raises(Rejected) as unit:
            po1.code(3, {"EA", "CA"})

        assert ("E_RANGE", "at least 1 and at most 9999") == (quantity.value.code, quantity.value.allowed)
        assert ("E_EDI_ELEMENT", "one of CA, EA") == (unit.value.code, unit.value.allowed)
        assert ["PO102 at byte 165", "PO103 at byte 165"] == [
            error.value.where.removeprefix("850/0001 segment 2 ") for error in (quantity, unit)
        ]

    def test_half_a_pair_is_refused(self):
        """
        A qualifier without its value, or a value without its qualifier, is no product id.
        """
        with pytest.raises(Rejected) as value:
            line("PO1*1*2*EA*9**VP").pairs(6)
        with pytest.raises(Rejected) as qualifier:
            line("PO1*1*2*EA*9***X1").pairs(6)

        assert ["PO107", "PO106"] == [
            Spot.of(error.value.where).segment + f"{Spot.of(error.value.where).element:02}"
            for error in (value, qualifier)
        ]


class TestSpots:
    @pytest.mark.parametrize(
        "spot",
        [
            Spot(segment="PO1", element=2, label="850/0001", ordinal=9, offset=512),
            Spot(segment="N1", element=4, component=2, label="850/000000010", ordinal=12, offset=0),
            Spot(segment="SE", label="997/1", ordinal=100000, offset=8388608),
            Spot(segment="IEA", element=1, offset=300),
        ],
        ids=str,
    )
    def test_are_read_back_from_their_text(self, spot):
        """
        A stored fault still tells a 997 which element it was.
        """
        assert spot == Spot.of(str(spot))

    @pytest.mark.parametrize("where", ["", "byte 12", "$.a", "850/0001 segment 2 ??? at byte 9", "x" * 1000])
    def test_are_not_read_from_other_places(self, where):
        """
        Places of other formats are no spots.
        """
        assert Spot.of(where) is None
