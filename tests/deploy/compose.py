"""
docker-compose.yml read by as much of YAML as it uses: mappings, lists of scalars, flow lists, ``|``.

Whatever else stands there is an error, so that nothing is read wrongly.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["interpolated", "read"]

_KEY = re.compile(r"([A-Za-z_][\w.-]*):(?: (.+))?")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def read(text: str) -> dict[str, Any]:
    """The document; scalars stay text, but for quotation marks, and nothing is None."""
    lines = [line.rstrip() for line in text.splitlines()]
    found, rest = _mapping(lines, 0, 0)
    assert rest == len(lines), f"line {rest + 1}: not understood"
    return found


def interpolated(text: str, environment: dict[str, str]) -> str:
    """Compose's ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}``; an unset one may be an error."""

    def value(found: re.Match[str]) -> str:
        name, kind, more = found.groups()
        if environment.get(name):
            return environment[name]
        assert kind != "?", f"{name}: {more}"
        return more or ""

    return _VARIABLE.sub(value, text)


def _next(lines: list[str], at: int) -> int:
    while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
        at += 1
    return at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _mapping(lines: list[str], at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while (at := _next(lines, at)) < len(lines) and _indent(lines[at]) == depth:
        match = _KEY.fullmatch(lines[at].strip())
        assert match, f"line {at + 1}: {lines[at]!r} is no key"
        key, value = match.groups()
        assert key not in found, f"line {at + 1}: {key!r} stands twice"
        found[key], at = _value(lines, at + 1, depth, value)
    return found, at


def _value(lines: list[str], at: int, depth: int, value: str | None) -> tuple[Any, int]:
    if value == "|":
        return _literal(lines, at, depth)
    if value is not None:
        return _scalar(value), at
    inner = _next(lines, at)
    if inner == len(lines) or _indent(lines[inner]) <= depth:
        return "", at
    if lines[inner].lstrip().startswith("- "):
        return _list(lines, inner, _indent(lines[inner]))
    return _mapping(lines, inner, _indent(lines[inner]))


def _list(lines: list[str], at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while (at := _next(lines, at)) < len(lines) and _indent(lines[at]) == depth:
        text = lines[at].strip().removeprefix("- ")
        if re.fullmatch(r"source: \S+", text):
            lines[at] = lines[at].replace("- ", "  ", 1)
            entry, at = _mapping(lines, at, depth + 2)
            found.append(entry)
        else:
            found.append(_scalar(text))
            at += 1
    return found, at


def _literal(lines: list[str], at: int, depth: int) -> tuple[str, int]:
    taken = []
    while at < len(lines) and (not lines[at] or _indent(lines[at]) > depth):
        taken.append(lines[at])
        at += 1
    return "\n".join(taken), at


def _scalar(text: str) -> Any:
    return json.loads(text) if text[0] in '["' else text
