"""
JSON documents, value by value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from canonical.errors import Rejected, shown

from .decoded import DecodedField, unreadable
from .fixed_records import Source, pieces
from .json_node import step
from .json_strict import MAX_DEPTH, read_json
from .sniff import MAX_MESSAGE, refuse_unreadable

__all__ = ["decode_json"]

# RFC 8259; a string may hold what a strict reader refuses, so that it can be shown.
_TOKEN = re.compile(
    rb"[ \t\r\n]*+(?:(?P<string>\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\")"
    rb"|(?P<plain>-?[0-9][0-9.eE+-]*|true|false|null)|(?P<mark>[\[\]{}:,]))",
    re.DOTALL,
)
# Pieces of 64 KiB: a document is read whole, and a message has no more.
_MOST_PIECES = MAX_MESSAGE // (64 * 1024) + 1
# Brackets, colons and commas in a row without a value: so many to go up and down again, and a few between.
_MOST_MARKS = 3 * MAX_DEPTH


def decode_json(source: Source) -> Iterator[DecodedField]:
    """
    Each text, number, ``true``, ``false`` and ``null`` under its path, and each empty object and array; a
    record is one of them.

    It goes as far as the document is JSON; then, or at its end, comes what a strict reader refuses.
    """
    data = source if isinstance(source, bytes) else b"".join(islice(pieces(source), _MOST_PIECES))
    try:
        refuse_unreadable(data, "JSON")
    except Rejected as error:
        yield unreadable(error, 1, 0, data[:64])
        return
    scan = _Scan(data)
    yield from scan.values()
    try:
        read_json(data)
    except Rejected as error:
        yield unreadable(error, scan.count + 1, scan.at, data[scan.at : scan.at + 64])


class _Scan:
    """A way through the tokens that follows the grammar just so far as a path needs it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._path: list[str | int | None] = []  # None: an object that waits for a name
        self._fresh = False
        self._marks = 0
        self.at = 0
        self.count = 0

    def values(self) -> Iterator[DecodedField]:
        """Until the first token that is none; what the grammar forbids, the strict reader tells."""
        while not self._lost() and (token := _TOKEN.match(self._data, self.at)) is not None:
            text, start = token[0].lstrip(b" \t\r\n"), token.end() - len(token[0].lstrip(b" \t\r\n"))
            if token["mark"]:
                yield from self._mark(text, start)
            elif token["string"] and self._names():
                self._path[-1] = _text(text)
            else:
                yield self._told(start, text, _text(text))
            self.at = token.end()

    def _lost(self) -> bool:
        """Whether no document of ours looks so; the strict reader says why."""
        return self._marks > _MOST_MARKS or len(self._path) > MAX_DEPTH

    def _mark(self, mark: bytes, start: int) -> Iterator[DecodedField]:
        self._marks += 1
        match mark:
            case b"{" | b"[":
                self._path.append(None if mark == b"{" else 0)
                self._fresh = True
            case b"}" | b"]" if self._path:
                empty = self._fresh
                self._path.pop()
                self._fresh = False
                if empty:
                    yield self._told(start, mark, "empty")
            case b"," if self._path:
                last = self._path[-1]
                self._path[-1] = last + 1 if isinstance(last, int) else None
            case _:
                pass

    def _names(self) -> bool:
        """Whether a text here is a property's name: its object waits for one."""
        return bool(self._path) and self._path[-1] is None

    def _told(self, start: int, raw: bytes, value: str) -> DecodedField:
        self._fresh = False
        self._marks = 0
        self.count += 1
        path = "".join(f"[{one}]" if isinstance(one, int) else step(one or "") for one in self._path)
        return DecodedField(self.count, "", start, f"${path}", raw, value)


def _text(token: bytes) -> str:
    if not token.startswith(b'"'):
        return token.decode("ascii")
    try:
        return str(json.loads(token))
    except ValueError:
        return shown(token)
