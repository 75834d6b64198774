from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.fixed import Format, Recfm, code_page, cut, join, pieces, refuse_text_mode
from canonical.errors import Rejected

FB, VB, BLOCKS = Format(Recfm.FB, 10), Format(Recfm.VB, 14), Format(Recfm.VB_BLOCKS, 14)
BLANK = 0x40
RECORDS = [b"0123456789", b"ABCDEFGHIJ", b"\x15\x25\x0a\x0d\x85\x0b\x0c\x1c\x1d\x1e"]


def data(source, form):
    return [raw.data for raw in cut(pieces(source), form)]


def file(records, form):
    return b"".join(join(records, form, BLANK))


def refusal(chunks, form):
    with pytest.raises(Rejected) as caught:
        list(cut(chunks, form))
    return caught.value


class TestCutting:
    @pytest.mark.parametrize("form", [FB, VB, BLOCKS])
    def test_line_ends_are_data(self, form):
        """F-11: a record with every line end that a text reader knows is one record."""
        assert RECORDS == data(file(RECORDS, form), form)

    @pytest.mark.parametrize("form", [FB, VB, BLOCKS])
    @given(st.lists(st.binary(min_size=10, max_size=10), max_size=20), st.integers(1, 50))
    def test_pieces_may_break_anywhere(self, form, records, size):
        """However a stream gives its bytes, the records are the same, with their numbers and offsets."""
        whole = file(records, form)
        broken = [whole[at : at + size] for at in range(0, len(whole), size)]

        assert list(cut((whole,), form)) == list(cut(broken, form))
        assert records == [raw.data for raw in cut(broken, form)]
        assert list(range(1, len(records) + 1)) == [raw.number for raw in cut(broken, form)]
        assert all(whole[raw.offset :].startswith(raw.data) for raw in cut(broken, form))

    def test_a_stream_is_read_in_pieces(self):
        """Whatever has read() will do; it is asked for 64 KiB at most."""
        asked = []

        class Stream(io.BytesIO):
            def read(self, size=-1, /):
                asked.append(size)
                return super().read(size)

        assert RECORDS == data(Stream(file(RECORDS, FB)), FB)
        assert {64 * 1024} == set(asked)

    def test_blocks_hold_many_records(self):
        """A block descriptor counts all records of its block, and itself."""
        records = file(RECORDS, VB)
        block = (len(records) + 4).to_bytes(2, "big") + b"\x00\x00" + records

        assert 2 * RECORDS == data(block + block, BLOCKS)

    def test_fixed_records_are_filled_up(self):
        """A short record is padded with the blanks of the page."""
        assert b"AB" + 8 * b"\x40" == file([b"AB"], FB)


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "where"),
        [
            pytest.param(b"0123456789ABC", "byte 10", id="cut off"),
            pytest.param(b"012", "byte 0", id="less than one record"),
        ],
    )
    def test_no_multiple_of_the_length(self, body, where):
        """F-03: the last record is not merged with anything."""
        fault = refusal([body], FB)

        assert ("E_FW_LENGTH", where) == (fault.code, fault.where)
        assert "text-mode" not in fault.what

    @pytest.mark.parametrize("end", [b"\r\n", b"\r\x25", b"\x15", b"\n"])
    def test_text_mode_is_guessed(self, end):
        """F-19: line ends behind each record are recognised, and named."""
        fault = refusal([b"".join(record + end for record in RECORDS[:2])], FB)

        assert ("E_FW_LENGTH", "byte 10") == (fault.code, fault.where)
        assert "text-mode transfer?" in fault.what

    @pytest.mark.parametrize("end", [b"\r\n", b"\n"])
    def test_text_mode_of_one_record(self, end):
        """F-19: the line end at the end of the file is all there is to see."""
        fault = refusal([RECORDS[0] + end], FB)

        assert ("E_FW_LENGTH", "byte 10") == (fault.code, fault.where)
        assert "text-mode transfer?" in fault.what

    @pytest.mark.parametrize("end", [b"\r\n", b"\r\x25", b"\x15", b"\x25", b"\n"])
    def test_text_mode_explains_what_length_does_not_show(self, end):
        """F-19: so many records with their ends are a multiple again, and all of them are shifted."""
        head = b"".join(record + end for record in RECORDS * 10)

        with pytest.raises(Rejected) as caught:
            refuse_text_mode(head, FB)

        assert ("E_FW_LENGTH", "byte 10") == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize(
        ("head", "form"),
        [
            pytest.param(file(RECORDS, FB), FB, id="a record that begins with one"),
            pytest.param(RECORDS[0] + b"\n" + RECORDS[1] + b"A", FB, id="behind one record only"),
            pytest.param(RECORDS[0], FB, id="one record"),
            pytest.param(file([b"\n" * 10] * 3, VB), VB, id="VB"),
        ],
    )
    def test_line_ends_explain_nothing_where_they_are_data(self, head, form):
        """One record may begin with the byte; the second does not begin one later."""
        refuse_text_mode(head, form)

    @pytest.mark.parametrize(
        ("body", "where"),
        [
            pytest.param(b"\x00\x00\x00\x00ABCD", "byte 0", id="length 0"),
            pytest.param(b"\x00\x03\x00\x00ABCD", "byte 0", id="length 3"),
            pytest.param(b"\x00\x06\x00\x00AB\x00\x0e\x00\x00CD", "byte 6", id="more than is left"),
            pytest.param(b"\xff\xff\x00\x00ABCD", "byte 0", id="more than the longest record"),
            pytest.param(b"\x00\x06\x01\x00AB", "byte 0", id="a segment of a spanned record"),
            pytest.param(b"\x00\x06", "byte 0", id="half a word"),
        ],
    )
    def test_descriptor_words_that_lie(self, body, where):
        """F-04: nothing is read over, and nothing loops."""
        fault = refusal([body], VB)

        assert ("E_FW_RDW", where) == (fault.code, fault.where)

    def test_a_record_word_that_lies_within_its_block(self):
        """The place is that in the file."""
        block = b"\x00\x0c\x00\x00" + b"\x00\x0e\x00\x00ABCD"
        fault = refusal([block], BLOCKS)

        assert ("E_FW_RDW", "byte 4") == (fault.code, fault.where)

    def test_a_record_too_long_to_be_written(self):
        """Nothing is cut when records are joined."""
        with pytest.raises(Rejected) as caught:
            file([b"x" * 11], FB)

        assert "E_FW_LONG" == caught.value.code


class TestFormat:
    def test_settings(self):
        """FB and the length of the layout, unless the settings say otherwise; in VB the RDW counts."""
        assert Format(Recfm.FB, 200) == Format.of({}, 200)
        assert Format(Recfm.VB, 204) == Format.of({"recfm": "VB"}, 200)
        assert Format(Recfm.VB_BLOCKS, 300) == Format.of({"recfm": "VB+BDW", "lrecl": "300"}, 200)

    @pytest.mark.parametrize(
        "settings", [{"recfm": "VBS"}, {"lrecl": "199"}, {"lrecl": "x"}, {"recfm": "VB", "lrecl": "200"},
                     {"lrecl": "32761"}, {"lrecl": "٢٠٠"}]
    )  # fmt: skip
    def test_settings_that_cannot_be(self, settings):
        """A wrong profile is named as such."""
        with pytest.raises(Rejected) as caught:
            Format.of(settings, 200)

        assert "E_CONFIG" == caught.value.code

    def test_an_unknown_page(self):
        """CPython has no cp1047, and nothing is guessed."""
        with pytest.raises(Rejected) as caught:
            code_page("cp1047")

        assert "E_CHARSET" == caught.value.code
