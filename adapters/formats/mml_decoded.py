"""
MML, commands and answers: parameter by parameter, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from canonical.errors import Rejected

from .decoded import DecodedField, unreadable
from .fixed_records import Source, pieces
from .mml import read_answers

__all__ = ["decode_mml", "looks_like_mml"]

_COMMAND = re.compile(rb"(?:%%)?(?P<name>[A-Z]+ [A-Z][A-Z0-9_]*)\s*[:;]")
# A name begins where no name is: else each of its letters would be tried as the first.
_PARAMETER = re.compile(rb"(?<![A-Z0-9_])(?P<name>[A-Z][A-Z0-9_]*)\s*=\s*(?P<value>\"[^\"]*\"|[^\s\",;%]*)")
_LINE = re.compile(rb"\s*(?P<name>[A-Z][A-Z0-9_ ]*?)\s*=\s*(?P<value>.*\S)?")
_AT_LINE = re.compile(r"line ([0-9]+)")
_MOST_PIECES = 64  # 4 MiB: no more is ever read of one message


def looks_like_mml(head: bytes) -> bool:
    """Whether a message begins with a command, or has one repeated in its first lines."""
    text = head.lstrip()
    return bool(_COMMAND.match(text)) or (text.startswith(b"+++") and b"%%" in text)


def decode_mml(source: Source) -> Iterator[DecodedField]:
    """
    Each parameter and each ``NAME = value`` under its name, other lines as they are; a record is a line.

    What a strict reader refuses of the answers stands at the line it is about.
    """
    data = source if isinstance(source, bytes) else b"".join(islice(pieces(source), _MOST_PIECES))
    faults = dict(_faults(data)) if b"%%" in data or b"RETCODE" in data else {}
    offset = number = 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        yield from _line(line.rstrip(b"\r\n"), number, offset)
        if number in faults:
            yield unreadable(faults.pop(number), number, offset, line.rstrip(b"\r\n"))
        offset += len(line)
    for fault in faults.values():
        yield unreadable(fault, number + 1, offset)


def _line(line: bytes, number: int, offset: int) -> Iterator[DecodedField]:
    text = line.strip()
    command = _COMMAND.match(text)
    if command is not None:
        start = offset + line.find(text) + command.start("name")
        name = command["name"].decode()
        yield DecodedField(number, name, start, "command", command["name"], name)
        for one in _PARAMETER.finditer(line):
            yield _told(one, number, name, offset)
    elif (said := _LINE.fullmatch(line)) is not None:
        yield _told(said, number, "", offset)
    elif text:
        yield DecodedField(number, "", offset + line.find(text), "", text, text.decode("utf-8", "replace"))


def _told(found: re.Match[bytes], number: int, kind: str, offset: int) -> DecodedField:
    raw = found["value"] or b""
    start = found.start("value") if found["value"] is not None else found.end()
    value = raw.decode("utf-8", "replace").strip('"')
    return DecodedField(number, kind, offset + start, found["name"].decode(), raw, value)


def _faults(data: bytes) -> Iterator[tuple[int, Rejected]]:
    """What is refused, by the line it is about; the whole by its last."""
    try:
        found = [one for one in read_answers(data) if isinstance(one, Rejected)]
    except Rejected as error:
        found = [error]
    for one in found:
        place = _AT_LINE.search(one.where)
        yield int(place[1]) if place else 0, one
