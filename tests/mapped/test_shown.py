"""
Messages of mapped channels field by field: what comes by its columns and layouts, what is written by its own.
"""

from __future__ import annotations

import pytest

from adapters.kit.contract import DecodingAdapter
from tests.mapped.world import FORMATS, adapter, answer, samples

ASCII = ('code_page = "ascii"', 'code_page = "cp037"')
NO_END = ('line_end = "\\n"', 'line_end = ""')
CODES = tuple((f'kind = "{kind}"', f'kind = "{code}"') for kind, code in zip("HOLT", "1234", strict=True))


def shown(made, body, **options):
    """Offset, name and value of each field, and what cannot be read."""
    told = made.decoding(body[:4096], body, **options)
    fields = list(told.fields)
    values = [(one.offset, one.path, one.value) for one in fields if not one.fault]
    return values, [str(one.fault) for one in fields if one.fault]


@pytest.mark.parametrize("form", ["csv", "fixed"])
@pytest.mark.parametrize("name", ["one-order", "two-orders"])
def test_every_sample_is_shown_without_a_fault(form, name):
    """Each byte that is no blank, delimiter or line end is part of some field."""
    made, body = adapter(form), samples(form)[name]
    told = made.decoding(body[:4096], body)
    fields = list(told.fields)

    assert isinstance(made, DecodingAdapter)
    assert [] == [one for one in fields if one.fault]
    assert [one.raw for one in fields] == [body[one.offset : one.offset + one.length] for one in fields]
    covered = {place for one in fields for place in range(one.offset, one.offset + one.length)}
    assert set() == {byte for place, byte in enumerate(body) if place not in covered} - set(b' ;"\r\n')


class TestTables:
    def test_cells_stand_under_the_columns_of_the_header(self):
        """Whatever their order; the trailer's cells are none of the table."""
        values, faults = shown(adapter("csv"), samples("csv")["one-order"])

        assert [] == faults
        assert (0, "column 1", "ORDER") == values[0]
        assert [(56, "ORDER", "A-1001"), (63, "CUSTOMER", "C-77")] == values[9:11]
        assert ["END", "1"] == [value for _, name, value in values if name.startswith("column ")][-2:]

    def test_without_a_header_the_mapping_names_them(self):
        """The first row is one of the table."""
        made = adapter("csv", ("[csv]\n", "[csv]\nheader = false\n"))
        body = samples("csv")["one-order"].partition(b"\n")[2]
        values, faults = shown(made, body)

        assert [] == faults
        assert (0, "ORDER", "A-1001") == values[0]

    def test_a_ragged_row_is_told_and_the_next_is_read(self):
        """With its line; a guess from the first bytes would not know."""
        body = samples("csv")["two-orders"].replace(b";white", b";white;more", 1)
        values, [fault] = shown(adapter("csv"), body)

        assert fault.startswith("line 3 column 1 at byte ")
        assert "10 columns (9 columns) [E_CSV_COLUMNS]" in fault
        assert "A-1002" in [value for _, _, value in values]

    def test_a_header_that_was_not_agreed_is_told(self):
        """What is unknown, and what is missing."""
        body = samples("csv")["one-order"].replace(b"CUSTOMER", b"CLIENT", 1)
        _, [unknown, missing] = shown(adapter("csv"), body)

        assert unknown.startswith(
            "line 1 column 7 at byte 6: unknown column 'CLIENT' (one of ORDER, CUSTOMER,"
        )
        assert missing == "line 1 column 1 at byte 0: no column CUSTOMER [E_CSV_HEADER]"

    @pytest.mark.parametrize("header", ["true", "false"])
    def test_an_answer_has_columns_of_its_own(self, header):
        """It is told from an order by its header, or by how many cells it has."""
        made = adapter("csv", ("[csv]\n", f"[csv]\nheader = {header}\n"))
        values, faults = shown(made, answer(made))

        assert [] == faults
        assert {"WHAT": "RECEIVED", "ORDER": "A-1001", "ERROR": "E_OFFERING"}.items() <= {
            name: value for _, name, value in values
        }.items()

    def test_a_byte_order_mark_is_no_part_of_a_name(self):
        """Where one may stand."""
        made = adapter("csv", ("[csv]\n", "[csv]\nmark = true\n"))
        values, faults = shown(made, b"\xef\xbb\xbf" + samples("csv")["one-order"])

        assert ([], (3, "column 1", "ORDER")) == (faults, values[0])


class TestRecords:
    def test_records_are_shown_by_their_layouts(self):
        """With byte offsets, and the line end that was agreed."""
        values, faults = shown(adapter("fixed"), samples("fixed")["one-order"])

        assert [] == faults
        assert [(0, "KIND", "H"), (1, "FILE-NO", "0000017")] == values[:2]
        assert [(51, "LINE-END", ""), (52, "KIND", "O"), (53, "ORDER", "A-1001")] == values[2:5]

    def test_in_the_code_page_of_the_mapping_or_in_another(self):
        """What was agreed counts, unless somebody says otherwise."""
        body = samples("fixed")["one-order"].replace(b"\n", b"").decode("ascii").encode("cp037")
        agreed, other = adapter("fixed", ASCII, NO_END), adapter("fixed", NO_END)

        assert (1, "FILE-NO", "0000017") in shown(agreed, body)[0]
        assert shown(agreed, body) == shown(other, body, page="cp037")
        assert "FB records of 51 bytes, cp037" == agreed.decoding(body, body).form

    @pytest.mark.parametrize("picture", ["X(2)", "9(2)"])
    def test_kinds_may_be_longer_than_one_character(self, picture):
        """Words or numbers, as the first field has them."""
        made = adapter(
            "fixed",
            *CODES,
            ('{ name = "KIND", picture = "X" }', f'{{ name = "KIND", picture = "{picture}" }}'),
        )
        fill = b"0" if picture.startswith("9") else b""
        body = b"".join(
            (fill + str("HOLT".index(line[:1].decode()) + 1).encode()).ljust(2) + line[1:] + b"\n"
            for line in samples("fixed")["one-order"].splitlines()
        )
        values, faults = shown(made, body)

        assert [] == faults
        assert (2, "FILE-NO", "0000017") in values
        assert (55, "ORDER", "A-1001") in values

    def test_an_unknown_kind_is_told_and_the_next_record_is_read(self):
        """With what kinds there are."""
        body = samples("fixed")["one-order"].replace(b"\nO", b"\nQ", 1)
        values, [fault] = shown(adapter("fixed"), body)

        assert "record 2 cols 1-1 KIND: 'Q' (H, O, L, T) [E_FW_TYPE]" == fault
        assert (105, "LINE", "1") in values

    def test_an_answer_has_a_layout_of_its_own(self):
        """It begins like no record that comes."""
        made = adapter("fixed")
        values, faults = shown(made, answer(made))

        assert [] == faults
        assert {"WHAT": "RECEIVED", "ORDER": "A-1001", "ERROR": "E_OFFERING"}.items() <= {
            name: value for _, name, value in values
        }.items()


class TestWhatIsNotKnown:
    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("body", [b"ISA*00*", b'{"a": 1}', b"<a/>", b"UNA:+.? '", b"PK\3\4"])
    def test_other_formats_are_left_to_their_readers(self, form, body):
        """JSON and XML always: how they begin tells enough."""
        assert adapter(form).decoding(body, body) is None

    @pytest.mark.parametrize("form", ["csv", "fixed"])
    def test_a_message_of_this_channel_tells_itself(self, form):
        """By its header, or its first record; an answer does not: any text could be one."""
        made, body = adapter(form), samples(form)["one-order"]

        assert shown(made, body) == shown(made, body, certain=False)
        assert made.decoding(b"ADD SUB:A=1;\n", b"ADD SUB:A=1;\n", certain=False) is None
        assert adapter("fixed").decoding(b"some text\n", b"some text\n", certain=False) is None

    @pytest.mark.parametrize("form", ["csv", "fixed"])
    def test_what_is_spoiled_is_shown_as_far_as_it_can_be(self, form):
        """It is known to be of the channel: whoever looks wants to see what is wrong with it."""
        _, faults = shown(adapter(form), b"?" + samples(form)["one-order"])

        assert faults
