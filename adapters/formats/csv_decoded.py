"""
CSV files, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from canonical.errors import Rejected

from .csv_cut import Line, cells, cut_rows
from .csv_dialect import Dialect
from .decoded import DecodedField, unreadable
from .fixed_records import Source, pieces

__all__ = ["decode_csv"]


def decode_csv(source: Source, dialect: Dialect) -> Iterator[DecodedField]:
    """
    Each cell of each row under the name of its column (``column 3`` when it has none); a record is a row.

    A row whose cells cannot be told apart is given whole with its fault, and the next is read; without a
    row's end there is nothing to go on with.
    """
    rows = cut_rows(pieces(source), dialect)
    names: Sequence[str] = () if dialect.header else dialect.columns
    record = end = 0
    while True:
        try:
            line = next(rows, None)
        except Rejected as error:
            yield unreadable(error, record + 1, end)
            return
        if line is None:
            return
        record, end = record + 1, line.offset + len(line.data)
        found = list(_cells(line, record, names, dialect))
        yield from found
        if record == 1 and dialect.header:
            names = [one.value for one in found]


def _cells(line: Line, record: int, names: Sequence[str], dialect: Dialect) -> Iterator[DecodedField]:
    kind = "header" if record == 1 and dialect.header else ""
    try:
        found = cells(line, dialect)
    except Rejected as error:
        yield unreadable(error, record, line.offset, line.data)
        return
    for number, cell in enumerate(found):
        raw = line.data[cell.first : cell.last]
        name = names[number] if number < len(names) else f"column {number + 1}"
        value = raw.decode(dialect.encoding, "replace")
        if cell.quoted:
            value = value.replace(dialect.quote * 2, dialect.quote)
        yield DecodedField(record, kind, line.offset + cell.first, name, raw, value)
