"""
Plain text for people: aligned columns, UTC instants, ages and sizes; nothing that moves a terminal's cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

__all__ = ["age", "counted", "instant", "one_line", "size", "table"]

_KIB = 1024
_GAP = "  "


def instant(at: datetime | None) -> str:
    """``2026-11-21 20:17:00Z``; ``-`` for None."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}Z"


def age(span: timedelta) -> str:
    """The two largest units: ``2 d 3 h``, ``5 min``, ``12 s``."""
    seconds = max(0, int(span.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number) or "0 s"


def size(count: int) -> str:
    """Bytes with a unit: ``512 B``, ``1.5 KiB``, ``8.0 MiB``."""
    if count < _KIB:
        return f"{count} B"
    number, units = float(count), iter(("KiB", "MiB", "GiB", "TiB"))
    unit = ""
    while number >= _KIB:
        number, unit = number / _KIB, next(units)
    return f"{number:.1f} {unit}"


def counted(number: int, noun: str) -> str:
    """``1 order``, ``2 orders``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """Text of a sender's: control characters and bidirectional marks escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), indent: str = _GAP) -> Iterator[str]:
    """Columns as wide as their widest cell; the last is not padded, and empty cells are ``-``."""
    cells = [[one_line(cell) or "-" for cell in row] for row in rows]
    lines = [list(head), *cells] if head and cells else cells
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        yield f"{indent}{_GAP.join(padded)}".rstrip()
