"""
Rows of a CSV file, cut on bytes: where a row ends, where its cells stand, and what is wrong with its quotes.

A file is read in pieces and never held whole.  Rows end with the declared line end only: U+2028, NEL or a
form feed are data or refused, and never a row's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from canonical.errors import Rejected, shown

from .csv_dialect import MAX_COLUMNS, MAX_FIELD, Dialect

__all__ = ["MAX_ROW", "Cell", "Line", "cells", "cut_rows", "place"]

# Bytes of one row, line ends within its quotes included.
MAX_ROW = 1024 * 1024


class Line(NamedTuple):
    """
    One row as bytes, without its line end.

    ``number``: line it begins on, 1-based; ``offset``: byte it begins at; ``ended``: its line end was there.
    """

    number: int
    offset: int
    data: bytes
    ended: bool


class Cell(NamedTuple):
    """
    Where a cell's text stands in its row, without quotes; ``start`` is where the cell itself begins.
    """

    start: int
    first: int
    last: int
    quoted: bool


@dataclass(slots=True)
class _Reading:
    """Where the cutting stands."""

    number: int = 1
    offset: int = 0


def cut_rows(chunks: Iterable[bytes], dialect: Dialect, offset: int = 0) -> Iterator[Line]:
    """
    The rows in ``chunks``, wherever these break.

    Args:
        offset: Where the first chunk begins in the file.

    Raises:
        Rejected: ``E_CSV_QUOTE``, ``E_CSV_EOL`` or ``E_FIELD_SIZE``, when it is come to.
    """
    at = _Reading(offset=offset)
    quote = dialect.quote.encode()
    held: list[bytes] = []
    size = quotes = 0
    for raw in _physical(chunks, at, dialect):
        held.append(raw)
        size += len(raw)
        quotes += raw.count(quote) if quote else 0
        if quotes % 2:
            if len(held) == 1:  # quotes that can never be right are told where they stand
                _cells(_line(raw, at, dialect), dialect, whole=False)
            if size <= MAX_ROW:
                continue
        yield _finished(b"".join(held), at, dialect)
        held, size, quotes = [], 0, 0
    if held:
        yield _finished(b"".join(held), at, dialect)


def cells(line: Line, dialect: Dialect) -> tuple[Cell, ...]:
    """
    Where the cells of a row stand.

    Raises:
        Rejected: ``E_CSV_QUOTE``, ``E_CSV_COLUMNS`` (more than a table may have), ``E_FIELD_SIZE``.
    """
    return _cells(line, dialect, whole=True)


def place(line: Line, at: int, name: str = "") -> str:
    """
    Byte ``at`` of a row in the sender's terms: ``line 3 column 17 QTY at byte 57``.

    Columns count characters from 1, in the line in which the byte stands.
    """
    before = line.data[:at]
    number = line.number + before.count(b"\n")
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    named = f" {name}" if name else ""
    return f"line {number} column {column}{named} at byte {line.offset + at}"


def _physical(chunks: Iterable[bytes], at: _Reading, dialect: Dialect) -> Iterator[bytes]:
    """Pieces that end with a line feed, the last perhaps without."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for raw in whole:
            yield raw + b"\n"
        if len(rest) > MAX_ROW:
            line = _line(rest, at, dialect)
            what = f"no line end within {MAX_ROW} bytes"
            raise Rejected("E_CSV_EOL", what, place(line, 0), shown(dialect.line_end))
    if rest:
        yield rest


def _line(raw: bytes, at: _Reading, dialect: Dialect) -> Line:
    end = dialect.line_end.encode()
    ended = raw.endswith(b"\n")
    data = raw.removesuffix(end) if ended else raw
    return Line(at.number, at.offset, data.removesuffix(b"\n") if data is raw and ended else data, ended)


def _finished(raw: bytes, at: _Reading, dialect: Dialect) -> Line:
    line = _line(raw, at, dialect)
    if line.ended and len(raw) - len(line.data) != len(dialect.line_end):
        raise _wrong_end(line, len(line.data), "LF", dialect)
    if b"\r" in line.data:
        _refuse_returns(line, dialect)
    at.number += raw.count(b"\n")
    at.offset += len(raw)
    return line


def _refuse_returns(line: Line, dialect: Dialect) -> None:
    """A carriage return is half of a line end within quotes, and nothing anywhere else."""
    inside = [one for one in _cells(line, dialect, whole=True) if one.quoted]
    for found in re.finditer(rb"\r", line.data):
        at = found.start()
        paired = line.data[at + 1 : at + 2] == b"\n" and dialect.line_end == "\r\n"
        if not paired or not any(one.first <= at < one.last for one in inside):
            last = at == len(line.data) - 1 and line.ended
            raise _wrong_end(line, at, "CR LF" if last else "CR", dialect)


def _wrong_end(line: Line, at: int, found: str, dialect: Dialect) -> Rejected:
    agreed = "CR LF" if dialect.line_end == "\r\n" else "LF"
    return Rejected("E_CSV_EOL", f"a line ends with {found}", place(line, at), f"{agreed} behind every row")


def _cells(line: Line, dialect: Dialect, *, whole: bool) -> tuple[Cell, ...]:
    """The cells; of a row that is not whole yet, only what can never be right is refused."""
    data = line.data
    delimiter = dialect.delimiter.encode()
    pattern = _pattern(dialect.delimiter, dialect.quote)
    found: list[Cell] = []
    at = 0
    while True:
        match = pattern.match(data, at)
        if match is None or (match["open"] is not None and (whole or match.end() < len(data))):
            raise _wrong_quote(line, dialect, at)
        if match["open"] is not None:
            return tuple(found)
        quoted = match["quoted"] is not None
        first, last = match.span("quoted" if quoted else "bare")
        if last - first > MAX_FIELD:
            what, allowed = f"a field of {last - first} bytes", f"at most {MAX_FIELD} bytes"
            raise Rejected("E_FIELD_SIZE", what, place(line, first), allowed)
        found.append(Cell(at, first, last, quoted))
        if len(found) > MAX_COLUMNS:
            where = place(line, at)
            raise Rejected("E_CSV_COLUMNS", "too many columns", where, f"at most {MAX_COLUMNS}")
        if match.end() == len(data) and not data.endswith(delimiter, match.end("cell")):
            return tuple(found)
        at = match.end()


@lru_cache(maxsize=64)
def _pattern(delimiter: str, quote: str) -> re.Pattern[bytes]:
    """
    One cell with the delimiter behind it; ``open`` is a quote that nothing closes.
    """
    d = re.escape(delimiter.encode())
    bare = rb"(?P<bare>[^%b]*)" % d
    if not quote:
        return re.compile(rb"(?P<cell>(?P<quoted>(?!))|(?P<open>(?!))|%b)(?:%b|\Z)" % (bare, d))
    q = re.escape(quote.encode())
    quoted = rb"%b(?P<quoted>[^%b]*(?:%b%b[^%b]*)*)%b(?=%b|\Z)" % (q, q, q, q, q, q, d)
    opened = rb"(?P<open>%b[^%b]*(?:%b%b[^%b]*)*\Z)" % (q, q, q, q, q)
    bare = rb"(?P<bare>[^%b%b]*)" % (d, q)
    return re.compile(rb"(?P<cell>%b|%b|%b)(?:%b|\Z)" % (quoted, opened, bare, d))


def _wrong_quote(line: Line, dialect: Dialect, at: int) -> Rejected:
    """Three ways to be wrong: never closed, something behind the closing one, within a bare cell."""
    q = re.escape(dialect.quote.encode())
    allowed = f"{dialect.quote} around the whole field, and doubled within it"
    closed = re.compile(rb"%b[^%b]*(?:%b%b[^%b]*)*%b" % (q, q, q, q, q, q)).match(line.data, at)
    if closed:
        where = place(line, closed.end())
        what = f"{shown(line.data[closed.end() : closed.end() + 8])} behind a closing quote"
        return Rejected("E_CSV_QUOTE", what, where, allowed)
    if line.data.startswith(dialect.quote.encode(), at):
        return Rejected("E_CSV_QUOTE", "a quote that is never closed", place(line, at), allowed)
    where = place(line, line.data.index(dialect.quote.encode(), at))
    return Rejected("E_CSV_QUOTE", "a quote within a field that has none around it", where, allowed)
