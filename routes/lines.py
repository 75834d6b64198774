"""
Where in a TOML text each key stands, which the standard library's reader forgets.

It knows the layout of rule files (headers and keys begin a line); another one only costs precision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["KeyPath", "line_of", "lines_of", "no_toml"]

# A key's way from the top of the document: names of tables, indexes of arrays.
KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=")
_ERROR = re.compile(r"^(.*?) \(at line (\d+), column \d+\)$")
_LONG_STRING = re.compile(r'"""|' + "'''")


def lines_of(text: str) -> Mapping[KeyPath, int]:
    """The 1-based line of each table and of each key that begins a line."""
    found: dict[KeyPath, int] = {}
    seen: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in _outside_long_strings(text):
        if header := _HEADER.match(line):
            table = _table(header.group(2).split("."), seen, array=header.group(1) == "[[")
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key.group(1)), number)
    return found


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of ``path``, or of the nearest thing around it that has one."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def no_toml(file: str, message: str) -> tuple[str, str]:
    """
    Where and why a text is no TOML, as ``file:line`` and a sentence.

    Args:
        message: Of the standard library's reader, which ends with line and column, or with "end of document".
    """
    placed = _ERROR.match(message)
    said, where = (placed.group(1), f"{file}:{placed.group(2)}") if placed else (message, file)
    return where, f"no TOML: {said[:1].lower()}{said[1:]}"


def _outside_long_strings(text: str) -> Iterator[tuple[int, str]]:
    inside = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not inside:
            yield number, line
        if len(_LONG_STRING.findall(line)) % 2:
            inside = not inside


def _table(names: list[str], seen: dict[KeyPath, int], *, array: bool) -> KeyPath:
    path: KeyPath = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in seen:
            path = (*path, seen[path])
    path = (*path, names[-1])
    if not array:
        return path
    seen[path] = seen.get(path, -1) + 1
    return (*path, seen[path])
