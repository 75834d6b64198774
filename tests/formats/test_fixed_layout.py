from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.formats.fixed import (
    CANARY,
    CODE_PAGES,
    FILLER,
    Absent,
    Field,
    Group,
    Layout,
    Occurs,
    Spot,
    Usage,
    When,
    code_page,
    decode,
    encode,
    field_of,
    markdown,
    page_of_canary,
    refuse_foreign,
)
from canonical.errors import Rejected

PAGE = code_page("cp037")


def x(name, length, **more):
    return Field(name=name, picture=f"X({length})", **more)


def number(name, picture="9(2)", **more):
    return Field(name=name, picture=picture, **more)


# A record of a person with up to three calls, and a card that is a telephone or an amount.
PERSON = Layout(
    "PERSON",
    (
        x("TYPE", 1, constant="P", values={"P": "person", "C": "company"}, about="kind of record"),
        x("NAME", 10),
        x(FILLER, 2),
        x("CARD-TYPE", 1, values={"T": "telephone", "A": "amount", "": "none"}),
        Field(name="CARD", picture="X(6)", usage=Usage.BYTES),
        Group(
            name="PHONE-CARD",
            redefines="CARD",
            when=When("CARD-TYPE", ("T",)),
            elements=(x("PHONE", 6),),
        ),
        Group(
            name="AMOUNT-CARD",
            redefines="CARD",
            when=When("CARD-TYPE", ("A",)),
            elements=(number("AMOUNT", "S9(5)V99", usage=Usage.COMP_3),),
        ),
        number("CALLS-CNT"),
        Group(
            name="CALLS",
            occurs=Occurs(3, 0, "CALLS-CNT"),
            elements=(x("CALLER", 4), number("MINUTES", "9(3)", usage=Usage.COMP_3)),
        ),
    ),
)
CALLS = ({"CALLER": "AB", "MINUTES": 5}, {"CALLER": "CD", "MINUTES": 12})
FULL = {"TYPE": "P", "NAME": "Ada King", "CARD-TYPE": "T", "PHONE-CARD": {"PHONE": "555123"}, "CALLS": CALLS}


def raw(values=FULL, layout=PERSON, **more):
    return encode(values, layout, PAGE, **more)


def values(data, layout=PERSON, **more):
    return decode(data, layout, PAGE, **more).values


def refusal(data, layout=PERSON, **more):
    with pytest.raises(Rejected) as caught:
        decode(data, layout, PAGE, number=17, **more)
    return caught.value


def put(data, at, bytes_):
    """``data`` with ``bytes_`` from column ``at`` on."""
    return data[: at - 1] + bytes_ + data[at - 1 + len(bytes_) :]


class TestReading:
    def test_every_kind_of_item(self):
        """Texts lose their padding, groups are mappings, tables are as long as their counter says."""
        expected = {
            "TYPE": "P",
            "NAME": "Ada King",
            "CARD-TYPE": "T",
            "CARD": b"\xf5\xf5\xf5\xf1\xf2\xf3",
            "PHONE-CARD": {"PHONE": "555123"},
            "CALLS-CNT": 2,
            "CALLS": CALLS,
        }

        assert expected == values(raw())

    def test_golden_bytes(self):
        """The record is what a COBOL program would have written."""
        first, second = "PAda King    T55512302AB  ".encode("cp037"), "CD  ".encode("cp037")
        expected = first + b"\x00\x5f" + second + b"\x01\x2f" + 6 * b"\x40"

        assert expected.hex() == raw().hex()

    def test_the_condition_chooses_the_redefinition(self):
        """The same bytes are an amount when the record says so."""
        amount = raw({"CARD-TYPE": "A", "AMOUNT-CARD": {"AMOUNT": Decimal("-12.50")}})

        assert {"AMOUNT": Decimal("-12.50")} == values(amount)["AMOUNT-CARD"]
        assert "PHONE-CARD" not in values(amount)

    def test_without_a_card_there_is_none(self):
        """No condition holds, and nothing is read into the area."""
        assert not {"PHONE-CARD", "AMOUNT-CARD"} & values(raw({"NAME": "x"})).keys()

    def test_a_variable_record_ends_with_its_last_turn(self):
        """In VB only the turns that are there are sent."""
        short = raw(variable=True)

        assert PERSON.length - 6 == len(short)
        assert values(raw()) == values(short, variable=True)

    def test_one_field_alone(self):
        """Totals and sequence numbers are read without the rest, which may be wrong."""
        bad = put(raw(), 15, b"\x00" * 6)

        assert "Ada King" == field_of(bad, PERSON, "NAME", PAGE)

    def test_places(self):
        """A value's place is told as record and columns, in tables with its turn."""
        record = decode(raw(), PERSON, PAGE, number=17)

        assert "record 17 cols 2-11 NAME" == record.where("NAME")
        assert "record 17 cols 33-34 MINUTES(2)" == record.where("MINUTES", 2)
        assert Spot(17, 33, 34, "MINUTES(2)") == Spot.of(record.where("MINUTES", 2))

    @pytest.mark.parametrize("page", CODE_PAGES.values(), ids=lambda page: page.name)
    @settings(max_examples=30)
    @given(data=st.data())
    def test_what_is_written_is_read(self, page, data):
        """Every person comes back from every code page."""
        text = st.text(st.sampled_from("ABCxyz019 -/.,"), max_size=4).map(str.rstrip)
        calls = st.fixed_dictionaries({"CALLER": text, "MINUTES": st.integers(0, 999)})
        person = data.draw(
            st.fixed_dictionaries(
                {
                    "TYPE": st.sampled_from("PC"),
                    "NAME": text,
                    "CARD-TYPE": st.just("A"),
                    "AMOUNT-CARD": st.fixed_dictionaries(
                        {"AMOUNT": st.decimals(-99999, 99999, places=2, allow_nan=False).map(lambda d: d + 0)}
                    ),
                    "CALLS": st.lists(calls, max_size=3).map(tuple),
                }
            )
        )
        variable = data.draw(st.booleans())
        found = decode(
            encode(person, PERSON, page, variable=variable), PERSON, page, variable=variable
        ).values

        assert person == {name: found[name] for name in person}
        assert len(person["CALLS"]) == found["CALLS-CNT"]


class TestSliding:
    LAYOUT = Layout(
        "SLIDING",
        (
            number("COUNT", "9(1)"),
            Field(name="CODES", picture="X(2)", occurs=Occurs(4, 1, "COUNT")),
            x("BEHIND", 3),
        ),
        slides=True,
    )

    def test_what_follows_begins_where_the_table_ends(self):
        """Complex OCCURS DEPENDING ON: no room is kept for turns that are not there."""
        short = encode({"CODES": ("AA", "BB"), "BEHIND": "END"}, self.LAYOUT, PAGE, variable=True)

        assert "2AABBEND".encode("cp037") == short
        assert {"COUNT": 2, "CODES": ("AA", "BB"), "BEHIND": "END"} == values(
            short, self.LAYOUT, variable=True
        )

    def test_its_place_is_where_it_stood(self):
        """Columns are those of this record."""
        record = decode("1AAEND".encode("cp037"), self.LAYOUT, PAGE, variable=True)

        assert "cols 4-6 BEHIND" == record.where("BEHIND")

    def test_what_is_wrong_there_too(self):
        """Also when it cannot be read."""
        assert (
            "record 17 cols 4-6 BEHIND"
            == refusal("1AA".encode("cp037") + b"A\x05B", self.LAYOUT, variable=True).where
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "code", "where"),
        [
            pytest.param(raw()[:-1], "E_FW_SHORT", "", id="F-01 short"),
            pytest.param(raw() + b"\x40", "E_FW_LONG", "", id="F-02 long"),
            pytest.param(put(raw(), 2, b"\x15"), "E_CONTROL_CHAR", "cols 2-11 NAME", id="F-11 NEL"),
            pytest.param(put(raw(), 2, b"\x25"), "E_CONTROL_CHAR", "cols 2-11 NAME", id="F-11 LF"),
            pytest.param(put(raw(), 2, b"\x00" * 10), "E_FW_FILLER", "cols 2-11 NAME", id="F-15 low"),
            pytest.param(put(raw(), 10, b"\x00\x00"), "E_FW_FILLER", "cols 2-11 NAME", id="NUL padding"),
            pytest.param(put(raw(), 2, b"\xff" * 10), "E_FW_FILLER", "cols 2-11 NAME", id="F-15 high"),
            pytest.param(put(raw(), 3, b"\x0e\x42"), "E_FW_SHIFT", "cols 2-11 NAME", id="F-18 no end"),
            pytest.param(put(raw(), 3, b"\x0f"), "E_FW_SHIFT", "cols 2-11 NAME", id="F-18 no start"),
            pytest.param(put(raw(), 3, b"\x0eAB\x0f"), "E_FW_SHIFT", "cols 2-11 NAME", id="double-byte"),
            pytest.param(put(raw(), 21, b"\xf0\xf4"), "E_FW_OCCURS", "cols 21-22 CALLS-CNT", id="F-20"),
            pytest.param(put(raw(), 21, b"\x40\xf4"), "E_NUMBER", "cols 21-22 CALLS-CNT", id="F-17"),
            pytest.param(put(raw(), 1, b"\xc1"), "E_VALUE", "cols 1-1 TYPE", id="no such type"),
            pytest.param(put(raw(), 33, b"\x0a"), "E_FW_PACKED", "cols 33-34 MINUTES(2)", id="in a table"),
        ],
    )
    def test_each_fault_has_its_code_and_columns(self, data, code, where):
        """The sender's team finds the byte from the sentence alone."""
        fault = refusal(data)

        assert (code, f"record 17 {where}".rstrip()) == (fault.code, fault.where)

    def test_a_variable_record_that_ends_early(self):
        """A turn that the counter promises must be there."""
        fault = refusal(raw(variable=True)[:-1], variable=True)

        assert ("E_FW_SHORT", "record 17") == (fault.code, fault.where)

    @pytest.mark.parametrize(("count", "first"), [(1, 29), (0, 23)])
    def test_turns_that_are_not_counted(self, count, first):
        """They would be lost without a word."""
        low = f"{count:02}".encode("cp037")
        fixed = refusal(put(raw(), 21, low))
        variable = refusal(put(raw(variable=True), 21, low), variable=True)

        assert ("E_FW_OCCURS", f"record 17 cols {first}-40 CALLS") == (fixed.code, fixed.where)
        assert ("E_FW_LONG", f"record 17 cols {first}-34 CALLS") == (variable.code, variable.where)
        assert f"CALLS-CNT says {count}, but {41 - first} bytes stand behind" == fixed.what

    @pytest.mark.parametrize("behind", [b"\x40" * 5 + b"\x0c", b"\x00" * 6, b"\x40" * 5 + b"\xc1"])
    def test_only_blanks_fill_the_room_of_turns_that_are_not_there(self, behind):
        """Zeros would be an item, too."""
        assert values(raw()) == values(put(raw(), 35, b"\x40" * 6))
        assert "E_FW_OCCURS" == refusal(put(raw(), 35, behind)).code

    def test_a_variable_record_filled_with_blanks(self):
        """It ends with its last turn, whatever follows."""
        fault = refusal(raw(), variable=True)

        assert ("E_FW_LONG", "record 17 cols 35-40 CALLS") == (fault.code, fault.where)

    def test_a_table_before_a_field(self):
        """The room of its turns lies within the record, in VB too."""
        layout = Layout(
            "WITHIN",
            (
                number("COUNT", "9(1)"),
                Field(name="CODES", picture="X(2)", occurs=Occurs(3, 0, "COUNT")),
                x("BEHIND", 1),
            ),
        )
        good, bad = "1AA    E".encode("cp037"), "1AABB  E".encode("cp037")

        for variable in (False, True):
            assert ("AA",) == values(good, layout, variable=variable)["CODES"]
            fault = refusal(bad, layout, variable=variable)
            assert ("E_FW_OCCURS", "record 17 cols 4-7 CODES") == (fault.code, fault.where)

    def test_bytes_behind_a_record_that_slides(self):
        """What its tables leave is at its end."""
        layout, text = TestSliding.LAYOUT, "2AABBEND".encode("cp037")

        assert "END" == values(text + b"\x40" * 4, layout)["BEHIND"]
        fixed = refusal(text + b"\x40\x40\xc1\xc2", layout)
        assert ("E_FW_OCCURS", "record 17 cols 9-12 CODES") == (fixed.code, fixed.where)
        variable = refusal(text + b"\xc1\xc2", layout, variable=True)
        assert ("E_FW_LONG", "record 17 cols 9-10 CODES") == (variable.code, variable.where)

    def test_a_count_beyond_all_memory(self):
        """F-20: nothing is allotted for turns that cannot be."""
        layout = Layout(
            "HUGE",
            (number("N", "9(9)", usage=Usage.COMP), Field(name="T", picture="X", occurs=Occurs(5, 0, "N"))),
        )
        fault = refusal(b"\x3b\x9a\xc9\xff" + 5 * b"\x40", layout)

        assert ("E_FW_OCCURS", "record 17 cols 1-4 N") == (fault.code, fault.where)
        assert "0 to 5" == fault.allowed

    def test_nul_padding_may_be_agreed(self):
        """Where a sender pads with NUL, the layout says so."""
        layout = Layout("NUL", (x("NAME", 5, absent=(Absent.LOW_VALUES,)),))

        assert {"NAME": "AB"} == values(b"\xc1\xc2\x00\x00\x00", layout)
        assert {"NAME": None} == values(b"\x00" * 5, layout)

    def test_a_byte_that_the_page_does_not_have(self):
        """ASCII has 128 characters."""
        with pytest.raises(Rejected) as caught:
            decode(b"AB\xe9  ", Layout("A", (x("NAME", 5),)), code_page("ascii"))

        assert ("E_ENCODING", "cols 1-5 NAME") == (caught.value.code, caught.value.where)


class TestWriting:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            pytest.param({"NAME": "x" * 11}, "E_FIELD_SIZE", id="too long"),
            pytest.param({"NAME": "a\nb"}, "E_CONTROL_CHAR", id="line end"),
            pytest.param({"NAME": "\u20ac"}, "E_ENCODING", id="not in the page"),
            pytest.param({"TYPE": "Z"}, "E_VALUE", id="not an agreed value"),
            pytest.param({"CALLS": CALLS * 2}, "E_FW_OCCURS", id="too many turns"),
            pytest.param({"CALLS-CNT": 1}, "E_FW_OCCURS", id="counted otherwise"),
            pytest.param({"NOM": "x"}, "E_UNKNOWN", id="no such item"),
        ],
    )
    def test_what_cannot_be_said_is_refused(self, changes, code):
        """Nothing is cut or replaced unasked."""
        with pytest.raises(Rejected) as caught:
            raw(FULL | changes)

        assert code == caught.value.code
        assert caught.value.where

    def test_text_for_people_is_fitted(self):
        """A free text is cut, and what the page lacks becomes a question mark."""
        layout = Layout("FREE", (x("TEXT", 8, free=True),))

        assert "caf\xe9 ? ?".encode("cp037") == raw({"TEXT": "caf\xe9 \u20ac\n\u20ac and more"}, layout)


class TestPages:
    @pytest.mark.parametrize("name", ["cp037", "cp500", "cp273"])
    def test_a_canary_sings_in_its_own_page(self, name):
        """F-10: brackets and bars betray the page in which they were written."""
        assert name == page_of_canary(CANARY.encode(name))

    def test_no_page_at_all(self):
        """Other bytes are no canary."""
        assert "" == page_of_canary(b"\x00" * 6)

    @pytest.mark.parametrize(("page", "codec"), [("cp037", "ascii"), ("cp500", "ascii"), ("ascii", "cp037")])
    def test_text_of_the_other_family(self, page, codec):
        """F-09: ASCII is refused where EBCDIC was agreed, and the other way round."""
        with pytest.raises(Rejected) as caught:
            refuse_foreign("H0000000017SPRING26 20260901".encode(codec), code_page(page), "record 1")

        assert ("E_FW_CODEPAGE", "record 1") == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize("page", CODE_PAGES.values(), ids=lambda page: page.name)
    def test_text_of_the_agreed_family(self, page):
        """Its own text is not refused, and neither are a few odd bytes."""
        refuse_foreign("H0000000017 Ada King".encode(page.codec) + b"\x00\x12\x3c", page, "record 1")
        refuse_foreign(b"\x00\x01", page, "record 1")


class TestMistakes:
    @pytest.mark.parametrize(
        ("elements", "says"),
        [
            pytest.param((), "0 bytes", id="empty"),
            pytest.param((x("A", 1), x("A", 1)), "two items", id="one name twice"),
            pytest.param((x("A", 1, redefines="B"),), "not beside it", id="K-05 redefines nothing"),
            pytest.param((x("A", 1), x("B", 2, redefines="A")), "longer than", id="K-05 redefines too much"),
            pytest.param((x("A", 1, redefines="A"),), "not beside it", id="K-05 redefines itself"),
            pytest.param(
                (x("A", 1, redefines="B"), x("B", 1, redefines="A")), "not beside it", id="K-05 a circle"
            ),
            pytest.param(
                (x("A", 1), Group(name="G", elements=(x("B", 1, redefines="A"),))),
                "not beside it",
                id="K-05 redefines what lies outside",
            ),
            pytest.param((x("A", 1, when=When("B", ("x",))),), "no field before", id="condition on nothing"),
            pytest.param((x("A", 1, occurs=Occurs(2, 0, "N")),), "no number before", id="counted by nothing"),
            pytest.param((x("A", 1, occurs=Occurs(2, 3)),), "3 to 2", id="least above most"),
            pytest.param((number("A", "9(4)", date="CCYYMMDD"),), "cannot be a date", id="short date"),
            pytest.param((x("A", 32761),), "32761 bytes", id="too long"),
            pytest.param((x("A", 1, usage=Usage.COMP),), "cannot be COMP", id="binary text"),
        ],
    )
    def test_a_layout_that_contradicts_itself(self, elements, says):
        """It is never made, and the sentence says why."""
        with pytest.raises(ValueError, match=says):
            Layout("WRONG", elements)


def test_a_layout_prints_itself():
    """Columns and bytes are computed, so that the page cannot differ from what is read."""
    expected = """\
| name | picture | columns | bytes | what |
| --- | --- | --- | --- | --- |
| `TYPE` | `X(1)` | 1 | 1 | kind of record; `P` person, `C` company |
| `NAME` | `X(10)` | 2-11 | 10 |  |
| filler | `X(2)` | 12-13 | 2 |  |
| `CARD-TYPE` | `X(1)` | 14 | 1 | `T` telephone, `A` amount, blank none |
| `CARD` | `X(6)` | 15-20 | 6 |  |
| `PHONE-CARD` | group | 15-20 | 6 | redefines `CARD`; when `CARD-TYPE` is `T` |
| · `PHONE` | `X(6)` | 15-20 | 6 |  |
| `AMOUNT-CARD` | group | 15-18 | 4 | redefines `CARD`; when `CARD-TYPE` is `A` |
| · `AMOUNT` | `S9(5)V99` COMP-3 | 15-18 | 4 |  |
| `CALLS-CNT` | `9(2)` | 21-22 | 2 |  |
| `CALLS` | group | 23-28 | 18 | 0 to 3 times, as `CALLS-CNT` says |
| · `CALLER` | `X(4)` | 23-26 | 4 |  |
| · `MINUTES` | `9(3)` COMP-3 | 27-28 | 2 |  |
"""

    assert expected == markdown(PERSON)
