"""
CSV files, cell by cell.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from itertools import chain

from canonical.errors import Rejected, shown

from .csv_cut import Cell, Line, cells, cut_rows, place
from .csv_dialect import Dialect
from .decoded import DecodedField, unreadable
from .fixed_records import Source, pieces

__all__ = ["decode_csv"]


def decode_csv(source: Source, dialect: Dialect, *, agreed: bool = False) -> Iterator[DecodedField]:
    """
    Each cell of each row under the name of its column (``column 3`` when it has none); a record is a row.

    A row whose cells cannot be told apart is given whole with its fault, and the next is read; without a
    row's end there is nothing to go on with.

    Args:
        agreed: The dialect is no guess: other columns in the header are at fault, and a row of more or fewer
            cells.
    """
    table = _Table(dialect, agreed=agreed)
    rows = cut_rows(*_begun(pieces(source), dialect))
    end = 0
    while True:
        try:
            line = next(rows, None)
        except Rejected as error:
            yield unreadable(error, table.record + 1, end)
            return
        if line is None:
            return
        end = line.offset + len(line.data)
        yield from table.row(line)


def _begun(chunks: Iterator[bytes], dialect: Dialect) -> tuple[Iterator[bytes], Dialect, int]:
    """What stands behind a byte order mark, where there may be one."""
    first = next(chunks, b"")
    skipped = len(BOM_UTF8) if dialect.mark and first.startswith(BOM_UTF8) else 0
    return chain((first[skipped:],), chunks), dialect, skipped


class _Table:
    """One file: how many rows there were, and what its columns are called."""

    def __init__(self, dialect: Dialect, *, agreed: bool) -> None:
        self.record = 0
        self._dialect = dialect
        self._agreed = agreed
        self._names: Sequence[str] = () if dialect.header else dialect.columns

    def row(self, line: Line) -> Iterator[DecodedField]:
        self.record += 1
        head = self.record == 1 and self._dialect.header
        try:
            found = cells(line, self._dialect)
        except Rejected as error:
            yield unreadable(error, self.record, line.offset, line.data)
            return
        texts = [self._text(line, one) for one in found]
        trailer = (
            self._agreed and self._dialect.trailer is not None and texts[0] == self._dialect.trailer.word
        )
        names = () if head or trailer else self._names
        kind = "header" if head else "trailer" if trailer else ""
        for number, (cell, text) in enumerate(zip(found, texts, strict=True)):
            name = names[number] if number < len(names) else f"column {number + 1}"
            raw = line.data[cell.first : cell.last]
            yield DecodedField(self.record, kind, line.offset + cell.first, name, raw, text)
        if self._agreed and not trailer:
            faults = self._header(line, found, texts) if head else self._ragged(line, texts)
            yield from (unreadable(one, self.record, line.offset, line.data) for one in faults)
        if head:
            self._names = texts

    def _header(self, line: Line, found: Sequence[Cell], texts: Sequence[str]) -> Iterator[Rejected]:
        dialect = self._dialect
        for cell, text in zip(found, texts, strict=True):
            if text not in dialect.columns and not dialect.others:
                where, allowed = place(line, cell.start), f"one of {', '.join(dialect.columns)}"
                yield Rejected("E_CSV_HEADER", f"unknown column {shown(text)}", where, allowed)
        missing = [one for one in dialect.columns if one not in texts and one not in dialect.optional]
        if missing:
            yield Rejected("E_CSV_HEADER", f"no column {', '.join(missing)}", place(line, 0))

    def _ragged(self, line: Line, texts: Sequence[str]) -> Iterator[Rejected]:
        want = len(self._names)
        if len(texts) != want:
            yield Rejected("E_CSV_COLUMNS", f"{len(texts)} columns", place(line, 0), f"{want} columns")

    def _text(self, line: Line, cell: Cell) -> str:
        quote = self._dialect.quote
        text = line.data[cell.first : cell.last].decode(self._dialect.codec, "replace")
        return text.replace(quote * 2, quote) if cell.quoted else text
