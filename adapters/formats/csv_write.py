"""
Rows to CSV: what :mod:`.csv_read` reads, written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from canonical.errors import Rejected, shown

from .csv_dialect import MAX_FIELD, Dialect, guarded

__all__ = ["write_rows"]

_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def write_rows(rows: Iterable[Mapping[str, str]], dialect: Dialect) -> Iterator[bytes]:
    """
    ``rows`` as a file, piece by piece: the header, the rows with a blank cell for what is not given, and the
    trailer.

    Raises:
        Rejected: ``E_UNKNOWN`` (no such column), ``E_CONTROL_CHAR``, ``E_ENCODING``, ``E_FIELD_SIZE``, or
            ``E_VALUE`` for what would need quotes, where there are none.
    """
    mark = _MARK if dialect.mark else ""
    if dialect.header:
        yield _encoded(mark + _row(dialect.columns, dialect, dialect.columns), dialect)
        mark = ""
    count = 0
    for row in rows:
        if odd := set(row) - set(dialect.columns):
            raise Rejected("E_UNKNOWN", f"no column {shown(min(odd))}", "row", ", ".join(dialect.columns))
        texts = [row.get(name, "") for name in dialect.columns]
        texts = [guarded(text) for text in texts] if dialect.guard else texts
        yield _encoded(mark + _row(texts, dialect, dialect.columns), dialect)
        mark = ""
        count += 1
    if trailer := dialect.trailer:
        more = [""] * (trailer.count - 2) + [str(count)] if trailer.count else []
        yield _encoded(_row([trailer.word, *more], dialect, ()), dialect)


def _row(texts: Iterable[str], dialect: Dialect, names: tuple[str, ...]) -> str:
    written = [_cell(text, dialect, names[n] if n < len(names) else "") for n, text in enumerate(texts)]
    if written == [""] and dialect.quote:
        written = [dialect.quote * 2]  # a blank line is no row
    return dialect.delimiter.join(written) + dialect.line_end


def _cell(text: str, dialect: Dialect, name: str) -> str:
    if found := _BAD.search(text):
        raise Rejected("E_CONTROL_CHAR", f"control character {shown(found[0])}", name, "printable text")
    if len(text.encode(dialect.codec, "replace")) > MAX_FIELD:
        raise Rejected("E_FIELD_SIZE", f"{len(text)} characters", name, f"at most {MAX_FIELD} bytes")
    if "\r" in text and dialect.line_end == "\n":
        raise Rejected("E_CONTROL_CHAR", "control character '\\r'", name, "line feeds only")
    quote = dialect.quote
    if not any(sign in text for sign in (dialect.delimiter, quote or "\n", "\n")):
        return text
    if not quote:
        raise Rejected("E_VALUE", f"{shown(text)} cannot be written", name, "no delimiter and no line end")
    return quote + text.replace(quote, quote * 2) + quote


def _encoded(text: str, dialect: Dialect) -> bytes:
    try:
        return text.encode(dialect.codec)
    except UnicodeEncodeError as error:
        what = f"{shown(text[error.start])} is no character of {dialect.encoding}"
        raise Rejected("E_ENCODING", what, "row", dialect.encoding) from None
