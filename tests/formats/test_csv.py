from __future__ import annotations

import io
import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.csv_dialect import MAX_FIELD, Dialect, Trailer, guarded, unguarded
from adapters.formats.csv_read import read_rows
from adapters.formats.csv_write import write_rows
from canonical.errors import Rejected

PLAIN = Dialect(columns=("ORDER", "QTY", "NOTE"))
HEAD = b"ORDER,QTY,NOTE\r\n"


def rows(data, dialect=PLAIN, **options):
    return [dict(row.values) for row in read_rows(data, dialect, **options)]


def refused(data, dialect=PLAIN, **options):
    """Code and place."""
    with pytest.raises(Rejected) as caught:
        rows(data, dialect, **options)
    return caught.value.code, caught.value.where


class TestReading:
    def test_cells_have_names_and_places(self):
        """Quotes, doubled quotes, line feeds within them; the place counts characters, and bytes."""
        data = HEAD + 'A-1,007,"caf\xe9 ""bar"",\nopen"\r\n\u00e9-2,1,\r\n'.encode()
        first, second = read_rows(data, PLAIN)

        assert {"ORDER": "A-1", "QTY": "007", "NOTE": 'caf\xe9 "bar",\nopen'} == first.values
        assert "line 2 column 9 NOTE at byte 24" == first.where("NOTE")
        assert {"ORDER": "\xe9-2", "QTY": "1", "NOTE": ""} == second.values
        assert "line 4 column 5 QTY at byte 52" == second.where("QTY")
        assert (1, 2) == (first.number, second.number)

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 4096])
    def test_pieces_may_break_anywhere(self, size):
        """A stream gives the same as the bytes."""
        data = HEAD + b'A-1,1,"two\r\nlines"\r\nA-2,2,x\r\n'

        class Drops(io.BytesIO):
            def read(self, most=-1):
                return super().read(size)

        assert rows(data) == rows(Drops(data))

    def test_it_streams(self):
        """A large file takes the memory of a small one."""

        class Endless:
            left = 40

            def read(self, most):
                self.left -= 1
                if self.left == 39:
                    return HEAD
                return b"A-1,1,some words about it\r\n" * 1_000 if self.left > 0 else b""

        tracemalloc.start()
        count = sum(1 for _ in read_rows(Endless(), PLAIN, most=10**7))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert 38_000 == count
        assert peak < 600_000

    def test_a_tab_may_be_the_delimiter(self):
        """And without quotes a quote is a character."""
        dialect = Dialect(columns=("A", "B"), delimiter="\t", quote="", line_end="\n", header=False)

        assert [{"A": 'a"b', "B": "c,d"}] == rows(b'a"b\tc,d\n', dialect)


class TestCatalogue:
    """Every case of bad CSV, with code and place."""

    def test_c01_unbalanced_quote(self):
        """It does not swallow the rest of the file."""
        data = HEAD + b'A-1,1,"open\r\nA-2,1,x\r\n'

        assert ("E_CSV_QUOTE", "line 2 column 7 at byte 22") == refused(data)

    def test_c01_in_a_large_file(self):
        """It is refused within a megabyte, in time that grows with the bytes."""
        data = HEAD + b'A-1,1,"open\r\n' + b"A-2,1,x\r\n" * 900_000
        began = time.monotonic()

        assert ("E_CSV_QUOTE", "line 2 column 7 at byte 22") == refused(data)
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize(
        ("cells", "column"),
        [(b'"A"x,1,y', 4), (b'A-1,"1" ,y', 8), (b'A"1,1,y', 2), (b'"a""b"c",1,y', 7)],
    )
    def test_c02_text_beside_a_quote(self, cells, column):
        """Text behind a closing quote, or a quote within a bare field."""
        place = f"line 2 column {column} at byte {len(HEAD) + column - 1}"

        assert ("E_CSV_QUOTE", place) == refused(HEAD + cells + b"\r\n")

    @pytest.mark.parametrize("row", [b"A-1,1", b"A-1,1,x,y", b"A-1", b""])
    def test_c03_ragged_rows(self, row):
        """Too few, too many, a blank line."""
        data = HEAD + b"A-1,1,x\r\n" + row + b"\r\n"

        assert ("E_CSV_COLUMNS", f"line 3 column 1 at byte {len(HEAD) + 9}") == refused(data)

    def test_c04_duplicate_header(self):
        """No column wins."""
        assert ("E_CSV_HEADER", "line 1 column 11 at byte 10") == refused(b"ORDER,QTY,ORDER\r\nA,1,x\r\n")

    def test_c05_columns_are_mapped_by_name(self):
        """In any order; optional ones may be missing."""
        dialect = Dialect(columns=PLAIN.columns, optional=("NOTE",))

        assert [{"QTY": "1", "ORDER": "A-1"}] == rows(b"QTY,ORDER\r\n1,A-1\r\n", dialect)

    @pytest.mark.parametrize(
        ("head", "place"),
        [
            pytest.param(b"ORDER,QTY", "line 1 column 1 at byte 0", id="missing"),
            pytest.param(b"ORDER,QTY,NOTE,MORE", "line 1 column 16 at byte 15", id="unknown"),
            pytest.param(b"order,QTY,NOTE", "line 1 column 1 at byte 0", id="spelling"),
            pytest.param(b"ORDER,,NOTE", "line 1 column 7 at byte 6", id="nameless"),
        ],
    )
    def test_c05_wrong_headers(self, head, place):
        """A column that is missing, or that nobody knows."""
        assert ("E_CSV_HEADER", place) == refused(head + b"\r\nA,1,x\r\n")

    def test_c05_others_may_be_let_pass(self):
        """Where that was agreed they are not read."""
        dialect = Dialect(columns=("ORDER",), others=True)

        assert [{"ORDER": "A-1"}] == rows(b"X,ORDER\r\n1,A-1\r\n", dialect)

    @pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
    def test_c06_byte_order_mark(self, mark):
        """Refused, and not part of the first column's name."""
        assert ("E_BOM", "byte 0") == refused(mark + HEAD + b"A,1,x\r\n")

    def test_c06_where_it_is_agreed(self):
        """It is taken off, and places stay those of the file as sent."""
        dialect = Dialect(columns=PLAIN.columns, mark=True)
        [row] = read_rows(b"\xef\xbb\xbf" + HEAD + b"A,1,x\r\n", dialect)

        assert "line 2 column 1 ORDER at byte 19" == row.where("ORDER")

    @pytest.mark.parametrize("quote", [b"", b'"'])
    def test_c07_long_field(self, quote):
        """Whatever the process-wide limit of Python's own reader is."""
        data = HEAD + b"A,1," + quote + b"x" * (MAX_FIELD + 1) + quote + b"\r\n"
        column = 5 + len(quote)

        assert ("E_FIELD_SIZE", f"line 2 column {column} at byte {15 + column}") == refused(data)

    @pytest.mark.parametrize("byte", [b"\x00", b"\x0b", b"\x1b", b"\x7f", "\x85".encode()])
    def test_c08_control_characters(self, byte):
        """NUL, vertical tab, escape, delete, NEL: no end of a line, and no data."""
        data = HEAD + b"A,1,x" + byte + b"y\r\n"

        assert ("E_CONTROL_CHAR", "line 2 column 6 NOTE at byte 21") == refused(data)

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            pytest.param(HEAD + b"A,1,x\ry\r\n", "line 2 column 6 at byte 21", id="bare CR"),
            pytest.param(HEAD + b"A,1,x\nB,1,y\r\n", "line 2 column 6 at byte 21", id="LF among CR LF"),
            pytest.param(HEAD + b'A,1,"x\ry"\r\n', "line 2 column 7 at byte 22", id="bare CR in quotes"),
            pytest.param(HEAD[:-2] + b"\rA,1,x\r", "line 1 column 15 at byte 14", id="CR only"),
        ],
    )
    def test_c08_line_ends(self, data, place):
        """One kind of line end, the agreed one."""
        assert ("E_CSV_EOL", place) == refused(data)

    def test_c08_the_other_way_round(self):
        """CR LF where LF was agreed."""
        dialect = Dialect(columns=PLAIN.columns, line_end="\n")

        assert ("E_CSV_EOL", "line 1 column 15 at byte 14") == refused(HEAD + b"A,1,x\n", dialect)

    def test_c08_other_separators_end_no_line(self):
        """What `splitlines` would take for line ends."""
        assert [{"ORDER": "A", "QTY": "1", "NOTE": "x\u2028y\u2029z"}] == rows(
            HEAD + "A,1,x\u2028y\u2029z\r\n".encode()
        )

    @pytest.mark.parametrize("quote", [b"", b'"q"'])
    def test_c09_many_columns(self, quote):
        """Counted before anything is built of them."""
        code, place = refused(HEAD + quote + b"," * 100_000 + b"\r\n")

        assert ("E_CSV_COLUMNS", "line 2") == (code, place[:6])

    def test_c09_many_rows(self):
        """The row that is too many is named."""
        data = HEAD + b"A,1,x\r\n" * 11

        assert ("E_RECORDS", f"line 12 column 1 at byte {len(HEAD) + 70}") == refused(data, most=10)

    def test_c09_no_line_end_at_all(self):
        """A megabyte in one line is enough."""
        assert "E_CSV_EOL" == refused(HEAD + b"A,1," + b"x" * 3_000_000)[0]

    def test_c10_wrong_delimiter(self):
        """Told with a hint, not guessed."""
        with pytest.raises(Rejected) as caught:
            rows(b"ORDER;QTY;NOTE\r\nA;1;x\r\n")

        assert ("E_CSV_COLUMNS", "line 1 column 1 at byte 0") == (caught.value.code, caught.value.where)
        assert "one column, as if the delimiter were ';'" == caught.value.what

    @pytest.mark.parametrize(
        ("text", "number"),
        [("1234,50", "1234.50"), ("1.234,50", "1234.50"), ("-1.234.567", "-1234567"), ("007", "7")],
    )
    def test_c11_numbers_as_agreed(self, text, number):
        """Decimal comma, points between thousands."""
        dialect = Dialect(columns=("N",), decimal=",", thousands=".")

        assert Decimal(number) == dialect.number(text, "N")

    @pytest.mark.parametrize(
        ("text", "decimal", "thousands"),
        [
            ("1.5", ",", ""),
            ("1,5", ".", ""),
            ("1E10", ".", ""),
            ("1,23,456", ".", ","),
            ("12.34.567", ",", "."),
            ("1 000", ".", ""),
            ("\uff11", ".", ""),
            ("1_0", ".", ""),
            ("", ".", ""),
        ],
    )
    def test_c11_numbers_otherwise(self, text, decimal, thousands):
        """Silently another number is what they would be."""
        with pytest.raises(Rejected) as caught:
            Dialect(columns=("N",), decimal=decimal, thousands=thousands).number(text, "line 2")

        assert ("E_NUMBER", "line 2") == (caught.value.code, caught.value.where)

    def test_c11_ids_stay_text(self):
        """Nothing is a number that nobody reads as one."""
        assert ["1E10", "007"] == [rows(HEAD + text + b",1,x\r\n")[0]["ORDER"] for text in (b"1E10", b"007")]

    @pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", '=HYPERLINK("x")'])
    def test_c12_formulas_are_kept_and_written_as_text(self, text):
        """What came in is data; what goes out to a spreadsheet has a mark before it."""
        dialect = Dialect(columns=("NOTE",), guard=True)
        written = b"".join(write_rows([{"NOTE": text}], dialect)).decode().splitlines()[1]

        assert written.lstrip('"').startswith("'" + text[0])
        assert [{"NOTE": text}] == rows(b"".join(write_rows([{"NOTE": text}], dialect)), dialect)
        assert [{"NOTE": text}] == rows(
            b"".join(write_rows([{"NOTE": text}], Dialect(columns=("NOTE",)))), Dialect(columns=("NOTE",))
        )

    def test_c12_numbers_are_no_formulas(self):
        """Nor is a text in quotes of its own."""
        assert ["-12.50", "+1", "plain", "''"] == [guarded(one) for one in ("-12.50", "+1", "plain", "''")]

    @pytest.mark.parametrize(
        ("encoding", "byte"), [("utf-8", b"\xe9"), ("ascii", b"\xc3"), ("cp1252", b"\x81")]
    )
    def test_c13_another_encoding(self, encoding, byte):
        """The byte that is no character, also behind doubled quotes."""
        dialect = Dialect(columns=PLAIN.columns, encoding=encoding)

        assert ("E_ENCODING", "line 2 column 6 NOTE at byte 21") == refused(
            HEAD + b"A,1,x" + byte + b"\r\n", dialect
        )
        assert ("E_ENCODING", "line 2 column 12 NOTE at byte 27") == refused(
            HEAD + b'A,1,"x"",""' + byte + b'"\r\n', dialect
        )

    @pytest.mark.parametrize("row", [b"TOTAL,2,", b"TOTAL", b"Total:,2", b"EOF,,", b"TOTAL,2,,,,"])
    def test_c14_a_trailer_is_no_order(self, row):
        """Neither with the table's columns nor with others."""
        data = HEAD + b"A,1,x\r\n" + row + b"\r\n"

        assert ("E_CSV_ROW", f"line 3 column 1 at byte {len(HEAD) + 7}") == refused(data)

    @pytest.mark.parametrize(
        ("tail", "place"),
        [
            pytest.param(b"TOTAL,3\r\n", "line 4 column 7 at byte 36", id="count"),
            pytest.param(b"TOTAL,\r\n", "line 4 column 7 at byte 36", id="no count"),
            pytest.param(b"TOTAL,2\r\nC,1,z\r\n", "line 5 column 1 at byte 39", id="row behind"),
            pytest.param(b"TOTAL,2\r\nTOTAL,2\r\n", "line 5 column 1 at byte 39", id="twice"),
            pytest.param(b"", "line 3 column 6 at byte 28", id="missing"),
        ],
    )
    def test_c14_where_a_trailer_is_agreed(self, tail, place):
        """It is there once, at the end, and counts rightly."""
        dialect = Dialect(columns=PLAIN.columns, trailer=Trailer("TOTAL", 2))
        table = HEAD + b"A,1,x\r\nB,1,y\r\n"

        assert 2 == len(rows(table + b"TOTAL,2\r\n", dialect))
        assert ("E_CSV_ROW", place) == refused(table + tail, dialect)

    def test_c15_the_last_line_was_cut(self):
        """Refused, unless it was agreed to be taken: then it is flagged."""
        data = HEAD + b"A,1,x\r\nB,1,y"
        *_, last = read_rows(data, Dialect(columns=PLAIN.columns, open_end=True))

        assert ("E_CSV_EOL", "line 3 column 6 at byte 28") == refused(data)
        assert ("W_CSV_TAIL", "line 3 column 6 at byte 28") == (last.tail.code, last.tail.where)
        assert [None] == [row.tail for row in read_rows(data + b"\r\n", PLAIN)][1:]

    @pytest.mark.parametrize(
        ("data", "code"),
        [(b"", "E_EMPTY"), (b" \r\n", "E_EMPTY"), (b'{"a":1}', "E_FORMAT_SNIFF"), (HEAD, "E_MISSING")],
    )
    def test_nothing_and_other_formats(self, data, code):
        """An empty table is a mistake as well."""
        assert code == refused(data)[0]


class TestRoundTrip:
    TEXTS = st.text(st.sampled_from("ab1 \xe9\u20ac\u2028\t\n,;|\"'=+-@"), max_size=20)

    @given(
        table=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5),
        delimiter=st.sampled_from(",;\t|"),
        quote=st.sampled_from("\"'"),
        line_end=st.sampled_from(["\r\n", "\n"]),
        guard=st.booleans(),
        mark=st.booleans(),
    )
    def test_what_is_written_is_read(self, *, table, delimiter, quote, line_end, guard, mark):
        """Whatever the cells hold, in every dialect."""
        dialect = Dialect(
            columns=("KEY", "A", "B"),
            delimiter=delimiter,
            quote=quote,
            line_end=line_end,
            guard=guard,
            mark=mark,
            trailer=Trailer("END-OF-TABLE", 2),
        )
        given_ = [{"KEY": str(n), "A": a, "B": b} for n, (a, b) in enumerate(table)]

        assert given_ == rows(b"".join(write_rows(given_, dialect)), dialect)

    @given(text=st.text(st.sampled_from("'=+-@1a.\t"), max_size=6))
    def test_the_guard_loses_nothing(self, text):
        """Marks of its own included."""
        assert text == unguarded(guarded(text))

    @pytest.mark.parametrize(
        ("dialect", "text", "code"),
        [
            (Dialect(columns=("A",), quote=""), "a,b", "E_VALUE"),
            (Dialect(columns=("A",)), "a\x00b", "E_CONTROL_CHAR"),
            (Dialect(columns=("A",)), "a\rb", "E_CONTROL_CHAR"),
            (Dialect(columns=("A",), encoding="ascii"), "\xe9", "E_ENCODING"),
            (Dialect(columns=("A",)), "x" * (MAX_FIELD + 1), "E_FIELD_SIZE"),
        ],
    )
    def test_what_cannot_be_written_is_refused(self, dialect, text, code):
        """It would not be read back."""
        with pytest.raises(Rejected) as caught:
            b"".join(write_rows([{"A": text}], dialect))

        assert code == caught.value.code

    def test_an_unknown_column_is_refused(self):
        """A value that would silently not be written."""
        with pytest.raises(Rejected, match="no column 'B'"):
            b"".join(write_rows([{"B": "x"}], Dialect(columns=("A",))))


@pytest.mark.parametrize(
    "wrong",
    [
        {"delimiter": ",,"},
        {"delimiter": "x"},
        {"quote": "`"},
        {"encoding": "utf-16"},
        {"line_end": "\r"},
        {"decimal": ",", "thousands": ","},
        {"columns": ()},
        {"columns": ("A", "A")},
        {"optional": ("B",)},
        {"header": False, "others": True},
        {"trailer": Trailer("END", 1)},
    ],
)
def test_a_dialect_that_contradicts_itself_is_none(wrong):
    """It is told when it is declared, not when the first file comes."""
    with pytest.raises(ValueError, match=r"\w"):
        Dialect(**{"columns": ("A",)} | wrong)
