"""
Bad records of a channel that has only a mapping, with code and place: F-01 to F-20.

Lines of text as the scaffold has them, and records of a mainframe: no line ends, cp037, packed and zoned.
Descriptor words, totals and tables (F-04, F-07, F-20) a mapping does not have; direct mail has.
"""

from __future__ import annotations

import pytest

from canonical.commands import RejectedDocument
from orderloom.mappings import read_mapping
from orderloom.settings import SettingsError
from tests.adapters.batches import packed, put
from tests.mapped.world import adapter, outcome, samples, translated

TEXT = samples("fixed")["two-orders"]
LINES = TEXT.split(b"\n")[:-1]

MAINFRAME = """
channel = "agent"
format = "fixed"
document = "CARD"

[fixed]
code_page = "cp037"

[[fixed.record]]
is = "line"
fields = [
  { name = "ORDER", picture = "X(8)" },
  { name = "LINE", picture = "9(3)" },
  { name = "ITEM", picture = "X(10)" },
  { name = "QTY", picture = "9(5)", usage = "COMP-3" },
  { name = "PRICE", picture = "S9(5)V99" },
  { name = "WANTED", picture = "9(8)", empty = ["zeros"] },
  { name = "NAME", picture = "X(10)" },
]

[order]
number = "ORDER"
requested = { from = "WANTED", form = "YYYYMMDD", zone = "UTC" }

[order.party.customer]
id = "ORDER"
name = "NAME"

[line]
number = "LINE"
offering = "ITEM"
action = { always = "add" }
quantity = "QTY"
"""


def card(number, *, wanted="20261224", name="Rosa Diaz"):
    """A record of the mainframe, built by hand."""
    text = (f"{number:8}001{'HANDSET-A':10}", f"004990{{{wanted}{name:10}")
    return text[0].encode("cp037") + packed(2, 5, "F") + text[1].encode("cp037")


SIZE = len(card("A-1"))


def mainframe():
    return read_mapping(MAINFRAME, "agent.toml")


def bad(record):
    """The fault of a record between two good ones, which are orders."""
    found = translated(mainframe(), card("A-1") + record + card("A-3"))
    assert [False, True, False] == [isinstance(one, RejectedDocument) for one in found]
    return found[1].fault.code, found[1].fault.where


def test_the_records_are_good():
    """So that nothing but what is spoilt is refused."""
    found = translated(mainframe(), card("A-1") + card("A-2", wanted="00000000"))

    assert [2, 2] == [one.order.product_order_item[0].quantity for one in found]
    assert [True, False] == [bool(one.order.requested_completion_date) for one in found]


class TestLines:
    @pytest.mark.parametrize(
        ("number", "line", "code", "where"),
        [
            pytest.param(2, LINES[2][:-1], "E_FW_SHORT", "record 3", id="F-01 short"),
            pytest.param(2, LINES[2].rstrip(), "E_FW_SHORT", "record 3", id="F-01 blanks cut off"),
            pytest.param(2, LINES[2] + b"x", "E_FW_LONG", "record 3", id="F-02 long"),
            pytest.param(6, LINES[6][:-2], "E_FW_SHORT", "record 7", id="F-01 the last"),
            pytest.param(2, LINES[2] + b"\r", "E_FW_LENGTH", "byte 155", id="F-19 CR LF"),
            pytest.param(0, LINES[1], "E_FW_SEQUENCE", "record 1", id="F-05 no header"),
            pytest.param(1, LINES[0], "E_FW_SEQUENCE", "record 2", id="F-05 a second header"),
            pytest.param(3, LINES[6], "E_FW_SEQUENCE", "record 4", id="F-05 a trailer within"),
            pytest.param(6, LINES[5], "E_FW_SEQUENCE", "record 7", id="F-05 no trailer"),
            pytest.param(
                6, put(LINES[6], 7, b"6"), "E_FW_COUNT", "record 7 cols 2-7 COUNT", id="F-06 counts one more"
            ),
            pytest.param(3, put(LINES[3], 1, b"Z"), "E_FW_TYPE", "record 4 cols 1-1 KIND", id="F-08 type"),
            pytest.param(3, put(LINES[3], 1, b"l"), "E_FW_TYPE", "record 4 cols 1-1 KIND", id="F-08 letter"),
        ],
    )
    def test_a_file_that_is_wrong_as_a_whole(self, number, line, code, where):
        """Nothing of it is taken; the next one is."""
        made = adapter("fixed")
        lines = [*LINES]
        lines[number] = line

        assert [(code, where)] == outcome(made, b"".join(one + b"\n" for one in lines))
        assert [] == outcome(made, TEXT)

    @pytest.mark.parametrize(
        ("line", "code", "where"),
        [
            pytest.param(put(LINES[2], 22, b" "), "E_NUMBER", "record 3 cols 22-26 QTY", id="F-17 blank"),
            pytest.param(put(LINES[2], 26, b"O"), "E_NUMBER", "record 3 cols 22-26 QTY", id="F-17 letter"),
            pytest.param(put(LINES[2], 22, b"-"), "E_NUMBER", "record 3 cols 22-26 QTY", id="F-17 sign"),
            pytest.param(
                put(LINES[2], 27, b"\x85"), "E_ENCODING", "record 3 cols 27-36 COLOUR", id="F-11 NEL"
            ),
            pytest.param(
                put(LINES[2], 28, b"\n"), "E_CONTROL_CHAR", "record 3 cols 27-36 COLOUR", id="F-11 LF"
            ),
            pytest.param(
                put(LINES[2], 27, b"\x0c"),
                "E_CONTROL_CHAR",
                "record 3 cols 27-36 COLOUR",
                id="F-11 FF",
            ),
            pytest.param(
                put(LINES[2], 27, b"\x00" * 10), "E_FW_FILLER", "record 3 cols 27-36 COLOUR", id="F-15 NUL"
            ),
        ],
    )
    def test_a_line_that_is_wrong(self, line, code, where):
        """Its order alone is refused; the other order of the file is taken."""
        lines = [*LINES]
        lines[2] = line
        bad_one, good = translated(adapter("fixed"), b"".join(one + b"\n" for one in lines))

        assert (code, where) == (bad_one.fault.code, bad_one.fault.where)
        assert "A-1002" == good.origin.document

    @pytest.mark.parametrize("wanted", [b"00000000", b"99999999", b"20260230"])
    def test_f16_no_such_day(self, wanted):
        """Zeros are a day like any other, unless the mapping says that they are none."""
        found = outcome(adapter("fixed"), TEXT.replace(b"20261224", wanted))

        assert [("E_DATE", "record 2 cols 44-51 WANTED")] == found

    def test_f16_day_366_of_a_common_year(self):
        """Where days are counted through the year."""
        made = adapter("fixed", ('form = "YYYYMMDD"', 'form = "YYYYDDD"'))
        found = [outcome(made, TEXT.replace(b"20261224", day)) for day in (b"2026366 ", b"2028366 ")]

        assert [[("E_DATE", "record 2 cols 44-51 WANTED")], []] == found


class TestRecords:
    @pytest.mark.parametrize(
        ("record", "code", "where"),
        [
            pytest.param(
                put(card("A-2"), 22, b"\x0a\x2f\x3f"), "E_FW_PACKED", "cols 22-24 QTY", id="F-12 nibble"
            ),
            pytest.param(
                put(card("A-2"), 22, b"\x00\x00\x21"), "E_FW_SIGN", "cols 22-24 QTY", id="F-13 no sign"
            ),
            pytest.param(
                put(card("A-2"), 22, b"\x00\x00\x2d"), "E_FW_SIGN", "cols 22-24 QTY", id="F-13 minus"
            ),
            pytest.param(
                put(card("A-2"), 31, b"\x40"), "E_FW_ZONED", "cols 25-31 PRICE", id="F-14 bad overpunch"
            ),
            pytest.param(
                put(card("A-2"), 31, b"\xca"), "E_FW_ZONED", "cols 25-31 PRICE", id="F-14 no digit below it"
            ),
            pytest.param(
                put(card("A-2"), 22, b"\x00" * 3), "E_FW_FILLER", "cols 22-24 QTY", id="F-15 low-values"
            ),
            pytest.param(
                put(card("A-2"), 40, b"\xff" * 10), "E_FW_FILLER", "cols 40-49 NAME", id="F-15 high-values"
            ),
            pytest.param(put(card("A-2"), 42, b"\x15"), "E_CONTROL_CHAR", "cols 40-49 NAME", id="F-11 NEL"),
            pytest.param(put(card("A-2"), 42, b"\x25"), "E_CONTROL_CHAR", "cols 40-49 NAME", id="F-11 LF"),
            pytest.param(put(card("A-2"), 42, b"\x0eAB"), "E_FW_SHIFT", "cols 40-49 NAME", id="F-18 shift"),
            pytest.param(put(card("A-2"), 9, b"\x40"), "E_NUMBER", "cols 9-11 LINE", id="F-17 blank"),
            pytest.param(card("A-2", wanted="99999999"), "E_DATE", "cols 32-39 WANTED", id="F-16 no day"),
            pytest.param(card("A-2", wanted="        "), "E_NUMBER", "cols 32-39 WANTED", id="F-16 blanks"),
        ],
    )
    def test_a_record_that_is_wrong(self, record, code, where):
        """Also in fields that the mapping does not name; the orders before and behind it are taken."""
        assert (code, f"record 2 {where}") == bad(record)

    @pytest.mark.parametrize(
        ("body", "code", "where"),
        [
            pytest.param(card("A-1")[:-1], "E_FW_LENGTH", "byte 0", id="F-01 one short record"),
            pytest.param(card("A-1") * 2 + b"\x40", "E_FW_LENGTH", f"byte {2 * SIZE}", id="F-02 a byte"),
            pytest.param(card("A-1") + card("A-2")[:9], "E_FW_LENGTH", f"byte {SIZE}", id="F-03 cut off"),
            pytest.param(
                b"".join(card(f"A-{n}") + b"\r\x25" for n in range(3)),
                "E_FW_LENGTH",
                f"byte {SIZE}",
                id="F-19 text mode",
            ),
            pytest.param(
                card("A-1").decode("cp037").encode("ascii", "replace") * 3,
                "E_FW_CODEPAGE",
                "record 1",
                id="F-09 ASCII",
            ),
        ],
    )
    def test_a_file_that_is_wrong_as_a_whole(self, body, code, where):
        """Without line ends a record's length cannot be told from its neighbour's: the file's is."""
        made = mainframe()

        assert [(code, where)] == outcome(made, body)
        assert [] == outcome(made, card("A-1"))

    def test_f10_the_page_is_named_by_the_mapping(self):
        """A mapping has no canary, so another page of the family is read as declared, and not guessed at."""
        names = []
        for page in ("cp037", "cp500"):
            made = read_mapping(MAINFRAME.replace("cp037", page), "agent.toml")
            [found] = translated(made, card("A-1", name="R[sa"))
            names.append(found.order.related_party[0].party_or_party_role.name)

        assert ["R[sa", "R\xacsa"] == names

    def test_f10_a_page_that_nobody_knows(self):
        """CPython has no cp1047; the mapping is refused, with its line."""
        with pytest.raises(SettingsError) as caught:
            read_mapping(MAINFRAME.replace("cp037", "cp1047"), "agent.toml")

        assert "agent.toml:6 fixed: unknown code page 'cp1047'" in str(caught.value)
