"""
How a CSV file is written, declared and never guessed: delimiter, quotes, encoding, line ends, columns.

What is known of the format beyond that: RFC 4180.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from canonical.errors import Rejected, shown

from . import values

__all__ = ["ENCODINGS", "MAX_COLUMNS", "MAX_FIELD", "Dialect", "Trailer", "formula", "guarded", "unguarded"]

# The widest exports that we met have some hundred columns; each costs memory in every row.
MAX_COLUMNS = 1_000
# Bytes.  A field is a name, a number or a note; whoever means more has lost a quote.
MAX_FIELD = 64 * 1024

# In all of these an ASCII byte is that character and nothing else, so that rows can be cut before decoding.
ENCODINGS: Mapping[str, str] = MappingProxyType(
    {"utf-8": "utf-8", "ascii": "ascii", "cp1252": "cp1252", "iso8859-1": "latin-1"}
)

_DELIMITERS = ",;\t|:^~"
_QUOTES = "\"'"
_LINE_ENDS = ("\r\n", "\n")
# What a spreadsheet takes for the beginning of a formula (CWE-1236); our own mark may stand before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


class Trailer(msgspec.Struct, frozen=True):
    """
    The last row, when it is none of the table: its first cell is ``word``; ``count`` is the number (2, 3…) of
    the cell that says how many rows the table has, 0 when none does.
    """

    word: str
    count: int = 0


class Dialect(msgspec.Struct, frozen=True):
    """
    One agreed way of writing CSV.

    Args:
        columns: Their names, in the order in which they are written.
        optional: Columns that a file need not have.
        header: The first row names the columns, in any order; otherwise they stand in the order given.
        others: A file may have further columns, which are not read.
        quote: Empty: there are no quotes.
        line_end: Of rows; within quotes a line feed alone is one too.
        mark: A UTF-8 byte order mark may stand at the beginning, and is written.
        decimal, thousands: Marks within numbers; ``thousands`` empty: none.
        trailer: The row behind the table; None: there is none, and none is taken.
        open_end: The last row may lack its line end, which then cannot be told from a file that was cut.
        guard: A field that a spreadsheet would take for a formula is written with a ``'`` before it, which
            is taken off when the field is read.

    Raises:
        ValueError: What is declared contradicts itself.
    """

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    header: bool = True
    others: bool = False
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    mark: bool = False
    decimal: str = "."
    thousands: str = ""
    trailer: Trailer | None = None
    open_end: bool = False
    guard: bool = False

    def __post_init__(self) -> None:
        for fault in (*self._wrong_signs(), *self._wrong_columns()):
            raise ValueError(fault)

    @property
    def codec(self) -> str:
        """
        Python's name of the encoding.
        """
        return ENCODINGS[self.encoding]

    def number(self, text: str, where: str) -> Decimal:
        """
        A number as this dialect writes it; an exponent, or groups that are not of three, are none.

        Raises:
            Rejected: ``E_NUMBER`` or ``E_RANGE``.
        """
        plain = text
        if self.thousands and self.thousands in text:
            whole, point, rest = text.partition(self.decimal)
            if not re.fullmatch(rf"-?[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+", whole):
                raise self._no_number(text, where)
            plain = whole.replace(self.thousands, "") + point + rest
        if self.decimal != ".":
            if "." in plain:
                raise self._no_number(text, where)
            plain = plain.replace(self.decimal, ".")
        try:
            return values.decimal(plain, where)
        except Rejected as fault:
            if fault.code == "E_NUMBER":
                raise self._no_number(text, where) from None
            raise

    def _no_number(self, text: str, where: str) -> Rejected:
        groups = f", groups of three behind {shown(self.thousands)}" if self.thousands else ""
        allowed = f"digits, one {shown(self.decimal)}, a minus{groups}"
        return Rejected("E_NUMBER", f"{shown(text)} is not a plain number", where, allowed)

    def _wrong_signs(self) -> list[str]:
        found = []
        if self.delimiter not in _DELIMITERS or len(self.delimiter) != 1:
            found.append(f"delimiter {shown(self.delimiter)}: one of {shown(_DELIMITERS)}")
        if self.quote not in _QUOTES:
            found.append(f"quote {shown(self.quote)}: one of {shown(_QUOTES)}, or empty")
        if self.encoding not in ENCODINGS:
            found.append(f"encoding {shown(self.encoding)}: one of {', '.join(ENCODINGS)}")
        if self.line_end not in _LINE_ENDS:
            found.append(f"line end {shown(self.line_end)}: CR LF or LF")
        if self.decimal not in (".", ",") or self.thousands not in ("", ".", ",", " ", "'"):
            found.append("numbers: a point or a comma, and nothing, . , ' or a blank between thousands")
        if self.decimal == self.thousands:
            found.append(f"{shown(self.decimal)} cannot be both decimal mark and between thousands")
        return found

    def _wrong_columns(self) -> list[str]:
        found = []
        if not 1 <= len(self.columns) <= MAX_COLUMNS or not all(self.columns):
            found.append(f"columns: 1 to {MAX_COLUMNS} names, none of them empty")
        if len(set(self.columns)) < len(self.columns):
            found.append("columns: each name once")
        if odd := set(self.optional) - set(self.columns):
            found.append(f"optional: {shown(min(odd))} is no column")
        if not self.header and (self.optional or self.others):
            found.append("without a header every file has all columns and no others")
        if self.trailer and (not self.trailer.word or self.trailer.count == 1 or self.trailer.count < 0):
            found.append("trailer: a word, and a count in cell 2 or behind")
        if self.trailer and not self._holds(self.trailer.word):
            found.append(f"trailer: no row of this table can begin with {shown(self.trailer.word)}")
        return found

    def _holds(self, word: str) -> bool:
        """Whether a cell can."""
        if self.encoding not in ENCODINGS or "\r" in word or "\n" in word:
            return False
        quotable = self.quote or self.delimiter not in word
        return bool(quotable) and word.encode(self.codec, "replace").decode(self.codec) == word


def formula(text: str) -> bool:
    """
    Whether a spreadsheet that opens the file would run this text; a number with a sign it would not.
    """
    return _FORMULA.match(text) is not None and not _PLAIN_NUMBER.fullmatch(text)


def guarded(text: str) -> str:
    """
    ``text`` as a spreadsheet takes it for text: ``'`` before what would be a formula.
    """
    return f"'{text}" if formula(text) else text


def unguarded(text: str) -> str:
    """
    What :func:`guarded` was given.
    """
    return text[1:] if text[:1] == "'" and formula(text) else text
