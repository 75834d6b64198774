"""
CSV to rows: cells by the name of their column, strictly, with line, column and byte for whatever is wrong.

Everything is text: what is a number is for who reads it to say (:meth:`~.csv_dialect.Dialect.number`), so
that an id keeps its leading zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from canonical.errors import Fault, Rejected, shown

from .csv_cut import Line, cells, cut_rows, place
from .csv_dialect import MAX_COLUMNS, MAX_FIELD, Dialect, unguarded
from .fixed_records import Source, pieces
from .sniff import refuse_unreadable

__all__ = ["MAX_ROWS", "Row", "read_rows"]

MAX_ROWS = 1_000_000
"""Most rows of a file, unless its reader says otherwise (design 4.3: a million records)."""

_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# First cells that mean a sum of what stands above, or the end: no order has such a number.
_TOTALS = frozenset({"total", "totals", "grand total", "subtotal", "sum", "trailer", "eof", "end of file"})


class Row:
    """
    One row: its cells by column name, and where they stand.

    Attributes:
        number: Which row of the table it is, 1-based, without the header.
        tail: ``W_CSV_TAIL`` when the file ends with this row and without a line end, which was agreed to be
            taken: it may have been cut.
    """

    __slots__ = ("_line", "_table", "number", "tail", "values")

    def __init__(
        self, number: int, line: Line, values: Mapping[str, str], table: _Table, tail: Fault | None
    ) -> None:
        self.number = number
        self.values = values
        self.tail = tail
        self._line = line
        self._table = table

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def where(self, name: str = "") -> str:
        """
        ``line 3 column 17 QTY at byte 57``; without a name, of the row.
        """
        return place(self._line, self._table.start(self._line, name), name)


def read_rows(source: Source, dialect: Dialect, *, most: int = MAX_ROWS) -> Iterator[Row]:
    """
    The rows of a table, one at a time.

    Args:
        source: Bytes, or whatever reads them; a file is never held whole.
        most: Rows.

    Raises:
        Rejected: ``E_EMPTY``, ``E_BOM``, ``E_FORMAT_SNIFF``, ``E_CSV_HEADER``, ``E_CSV_COLUMNS``,
            ``E_CSV_QUOTE``, ``E_CSV_EOL``, ``E_CSV_ROW`` (trailer, or what looks like one), ``E_ENCODING``,
            ``E_CONTROL_CHAR``, ``E_FIELD_SIZE``, ``E_RECORDS``; when it is come to.
    """
    table = _Table(dialect)
    chunks, skipped = _begun(pieces(source), dialect)
    for line in cut_rows(chunks, dialect, skipped):
        if table.names is None:
            table.head(line)
            if dialect.header:
                continue
        if table.is_trailer(line):
            continue
        if table.count == most:
            raise Rejected("E_RECORDS", f"more than {most} rows", place(line, 0), f"at most {most}")
        yield table.row(line)
    table.end()


def _begun(chunks: Iterator[bytes], dialect: Dialect) -> tuple[Iterator[bytes], int]:
    """The bytes without the mark, and its length; no bytes of another format."""
    first = next(chunks, b"")
    skipped = len(_MARK) if dialect.mark and first.startswith(_MARK) else 0
    refuse_unreadable(first[skipped:], "CSV", limit=len(first))
    return chain((first[skipped:],), chunks), skipped


class _Table:
    """One file being read."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.names: tuple[str, ...] | None = None
        self.count = 0
        self._read: dict[str, int] = {}
        self._trailer: Line | None = None
        self._last: Line | None = None

    def head(self, line: Line) -> None:
        """The columns: as the first row names them, or as they were agreed."""
        dialect = self.dialect
        self.names = dialect.columns
        if dialect.header:
            texts, at = self._texts(line)
            self.names = tuple(texts)
            self._check_head(line, texts, at)
        known = frozenset(dialect.columns)
        self._read = {name: n for n, name in enumerate(self.names) if name in known}
        self._last = line

    def _check_head(self, line: Line, texts: list[str], at: list[int]) -> None:
        dialect = self.dialect
        if len(texts) == 1 and len(dialect.columns) > 1:
            self._refuse_one_column(line, texts[0])
        seen: set[str] = set()
        for name, start in zip(texts, at, strict=True):
            where = place(line, start)
            if not name.strip():
                raise Rejected("E_CSV_HEADER", "a column without a name", where, ", ".join(dialect.columns))
            if name in seen:
                raise Rejected("E_CSV_HEADER", f"column {shown(name)} stands twice", where, "each once")
            if name not in dialect.columns and not dialect.others:
                allowed = f"one of {', '.join(dialect.columns)}"
                raise Rejected("E_CSV_HEADER", f"unknown column {shown(name)}", where, allowed)
            seen.add(name)
        missing = [one for one in dialect.columns if one not in seen and one not in dialect.optional]
        if missing:
            what = f"no column {', '.join(missing)}"
            raise Rejected("E_CSV_HEADER", what, place(line, 0), ", ".join(dialect.columns))

    def _refuse_one_column(self, line: Line, text: str) -> None:
        """Another delimiter than the agreed one is told, and never guessed."""
        agreed = self.dialect.delimiter
        counts = {sign: text.count(sign) for sign in ",;\t|" if sign != agreed}
        likely = max(counts, key=lambda sign: counts[sign])
        hint = f", as if the delimiter were {shown(likely)}" if counts[likely] else ""
        allowed = f"{len(self.dialect.columns)} columns with {shown(agreed)} between them"
        raise Rejected("E_CSV_COLUMNS", f"one column{hint}", place(line, 0), allowed)

    def row(self, line: Line) -> Row:
        """One row of the table."""
        texts = self._quick(line) or self._texts(line)[0]
        names = self.names or ()
        if len(texts) != len(names):
            raise self._ragged(line, texts)
        if self.dialect.trailer is None and self._totals(texts):
            what = f"{shown(texts[0])} looks like a trailer, and none is agreed"
            raise Rejected("E_CSV_ROW", what, place(line, 0), "rows of the table only")
        self.count += 1
        self._last = line
        values = {name: texts[n] for name, n in self._read.items()}
        return Row(self.count, line, values, self, None if line.ended else self._tail(line))

    def start(self, line: Line, name: str) -> int:
        """Where the cell of that column begins in a row; the row's own beginning for any other name."""
        number = self._read.get(name)
        return 0 if number is None else cells(line, self.dialect)[number].start

    def is_trailer(self, line: Line) -> bool:
        """Whether it is the trailer; behind it nothing may stand."""
        if self._trailer is not None:
            raise Rejected("E_CSV_ROW", "a row behind the trailer", place(line, 0), "the end of the file")
        trailer = self.dialect.trailer
        if trailer is None:
            return False
        if not line.data.startswith((trailer.word.encode(self.dialect.codec), self.dialect.quote.encode())):
            return False
        texts, at = self._texts(line)
        if texts[0] != trailer.word:
            return False
        self._trailer = line
        if trailer.count:
            self._check_count(line, texts, at)
        if not line.ended:
            self._tail(line)
        return True

    def end(self) -> None:
        """What is missing at the end."""
        last = self._last
        if last is None:
            raise Rejected("E_EMPTY", "the message holds nothing", allowed="a table")
        where = place(last, len(last.data))
        if self.dialect.trailer is not None and self._trailer is None:
            word = shown(self.dialect.trailer.word)
            raise Rejected("E_CSV_ROW", "the file ends without its trailer", where, f"a last row {word}")
        if not self.count:
            raise Rejected("E_MISSING", "no row in the table", where, "at least one")

    def _check_count(self, line: Line, texts: list[str], at: list[int]) -> None:
        cell = (self.dialect.trailer.count if self.dialect.trailer else 0) - 1
        found = texts[cell] if cell < len(texts) else ""
        if not (found.isascii() and found.isdecimal()) or int(found[:20]) != self.count:
            where = place(line, at[cell] if cell < len(at) else len(line.data))
            what = f"says {shown(found)} rows, but {self.count} were sent"
            raise Rejected("E_CSV_ROW", what, where, str(self.count))

    def _tail(self, line: Line) -> Fault | None:
        if line.ended:
            return None
        where = place(line, len(line.data))
        what = "the last line has no line end: it may have been cut"
        if self.dialect.open_end:
            return Fault(code="W_CSV_TAIL", what=what, where=where)
        raise Rejected("E_CSV_EOL", what, where, "a line end behind every row")

    def _totals(self, texts: list[str]) -> bool:
        if texts[0].strip(" :").casefold() not in _TOTALS:
            return False
        return sum(1 for text in texts if text) <= max(2, len(texts) // 2)

    def _ragged(self, line: Line, texts: list[str]) -> Rejected:
        want = len(self.names or ())
        where = place(line, 0)
        if self._totals(texts):
            what = f"{shown(texts[0])} looks like a trailer, and none is agreed"
            return Rejected("E_CSV_ROW", what, where, "rows of the table only")
        what = "a blank line" if texts == [""] else f"{len(texts)} columns"
        return Rejected("E_CSV_COLUMNS", what, where, f"{want} columns")

    def _quick(self, line: Line) -> list[str] | None:
        """The cells of a row in which nothing can be wrong, which is nearly every one; None for another."""
        dialect, data = self.dialect, line.data
        if len(data) > MAX_FIELD or (dialect.quote and dialect.quote.encode() in data):
            return None
        try:
            text = data.decode(dialect.codec)
        except UnicodeDecodeError:
            return None
        # A tab between cells, or within one, is looked at more closely.
        if not text.isprintable() or dialect.guard or text.count(dialect.delimiter) >= MAX_COLUMNS:
            return None
        return text.split(dialect.delimiter)

    def _texts(self, line: Line) -> tuple[list[str], list[int]]:
        """The cells of a row, and where they begin."""
        dialect = self.dialect
        data, delimiter = line.data, dialect.delimiter.encode()
        if (dialect.quote and dialect.quote.encode() in data) or len(data) > MAX_FIELD:
            found = cells(line, dialect)
            raw = [data[one.first : one.last] for one in found]
            doubled = dialect.quote.encode()
            raw = [
                text.replace(doubled * 2, doubled) if one.quoted else text
                for one, text in zip(found, raw, strict=True)
            ]
            at = [one.start for one in found]
        else:
            if data.count(delimiter) >= MAX_COLUMNS:
                where = place(line, 0)
                raise Rejected("E_CSV_COLUMNS", "too many columns", where, f"at most {MAX_COLUMNS}")
            raw = data.split(delimiter)
            at = []
            start = 0
            for text in raw:
                at.append(start)
                start += len(text) + 1
        return [self._text(line, n, one, at) for n, one in enumerate(raw)], at

    def _text(self, line: Line, number: int, raw: bytes, at: list[int]) -> str:
        dialect = self.dialect
        names = self.names or ()
        name = names[number] if number < len(names) else ""
        try:
            text = raw.decode(dialect.codec)
        except UnicodeDecodeError as error:
            where = place(line, _undecoded(line.data, at[number], dialect.codec), name)
            what = f"byte {raw[error.start]:02X} is no character of {dialect.encoding}"
            raise Rejected("E_ENCODING", what, where, dialect.encoding) from None
        if not text.isprintable() and (found := _CONTROL.search(text)):
            where = place(line, line.data.find(found[0].encode(dialect.codec), at[number]), name)
            raise Rejected("E_CONTROL_CHAR", f"control character {shown(found[0])}", where, "printable text")
        return unguarded(text) if dialect.guard else text


def _undecoded(data: bytes, start: int, codec: str) -> int:
    """The first byte from ``start`` on that is no character."""
    try:
        data[start:].decode(codec)
    except UnicodeDecodeError as error:
        return start + error.start
    return start
