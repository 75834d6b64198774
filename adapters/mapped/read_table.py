"""
Messages that are tables: rows of CSV.  Adjacent rows with one order number are one order.
"""

from __future__ import annotations

from itertools import groupby

from adapters.formats.csv_dialect import Dialect, Trailer
from adapters.formats.csv_read import Row, read_rows
from adapters.formats.sniff import MAX_MESSAGE
from canonical.errors import Rejected

from .entry import Document, Message
from .model import ChannelMap, CsvShape

__all__ = ["dialect_of", "read_table"]

# Of one message, which is worked on at once: a thousand orders of ten lines.
_MOST = 10_000


def dialect_of(shape: CsvShape, columns: tuple[str, ...] = ()) -> Dialect:
    """
    The agreed CSV; with ``columns`` that of our answers, which have these, no trailer, and no formulas.

    Raises:
        ValueError: It contradicts itself.
    """
    trailer = Trailer(shape.trailer.word, shape.trailer.count) if shape.trailer else None
    return Dialect(
        columns=columns or shape.columns,
        optional=() if columns else shape.optional,
        header=shape.header,
        others=shape.others and not columns,
        delimiter=shape.delimiter,
        quote=shape.quote,
        encoding=shape.encoding,
        line_end=shape.line_end,
        mark=shape.mark,
        decimal=shape.decimal,
        thousands=shape.thousands,
        trailer=None if columns else trailer,
        open_end=shape.open_end,
        guard=bool(columns),
    )


def read_table(body: bytes, mapping: ChannelMap, dialect: Dialect) -> Message:
    """
    The orders of a table.

    Raises:
        Rejected: As :func:`~adapters.formats.csv_read.read_rows`: nothing of the table is taken.
    """
    if len(body) > MAX_MESSAGE:
        raise Rejected("E_TOO_LARGE", f"{len(body)} bytes", allowed=f"at most {MAX_MESSAGE} bytes")
    number = mapping.order.number
    rows = [_Cells(row, dialect) for row in read_rows(body, dialect, most=_MOST)]
    grouped = (tuple(group) for _, group in groupby(rows, key=lambda one: one.row.values.get(number, "")))
    documents = tuple(
        Document.of_rows(group, tuple(one.row.tail for one in group if one.row.tail)) for group in grouped
    )
    return Message(rows[0], documents, repeated=True)


class _Cells:
    """One row."""

    def __init__(self, row: Row, dialect: Dialect) -> None:
        self.row = row
        self._dialect = dialect

    def text(self, path: str, *, loose: bool = False) -> str | None:
        """The cell; none where it is blank, or its column is not there."""
        return self.row.values.get(path, "").strip(" ") or None

    def where(self, path: str = "") -> str:
        """Line, column, field and byte."""
        return self.row.where(path)

    def number(self, path: str) -> str | None:
        """The cell as the dialect writes numbers."""
        text = self.text(path)
        if text is None:
            return None
        try:
            return format(self._dialect.number(text, ""), "f")
        except Rejected as error:  # its place costs more to find than the number to read
            raise Rejected(error.code, error.what, self.where(path), error.allowed) from None

    def check(self) -> None:
        """Rows were looked at when they were read."""
