"""
What a system has now, and what of its earlier answers still stands once something was changed.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .answers import Line, Told, Vocabulary, answers
from .script import Behaviour

__all__ = ["Content", "after", "as_data", "changed", "made", "of_data", "standing"]

Content = dict[str, Any]
"""One line that a system has: ``offering``, ``quantity``, ``properties``."""

_NOT_MADE = ("refused", "too_late", "crossing", "http_refuse")


def made(behaviour: Behaviour) -> bool:
    """Whether a change that is treated so is made."""
    return behaviour.kind not in _NOT_MADE


def after(
    has: Mapping[str, Content], told: Told, behaviour: Behaviour, vocabulary: Vocabulary
) -> dict[str, Content]:
    """What the system has when it has applied an instruction, by line number."""
    now = dict(has)
    if told.changes and not made(behaviour):
        return now
    if told.verb == "undo":
        return {number: content for number, content in now.items() if number not in _numbers(told)}
    lines = (
        [line for line in told.lines if line.number in now]
        if told.changes
        else _taken(told, behaviour, vocabulary)
    )
    return now | {line.number: _content(line) for line in lines}


def _taken(told: Told, behaviour: Behaviour, vocabulary: Vocabulary) -> Sequence[Line]:
    """The lines that are not refused with the first answer: what comes after it changes nothing."""
    first = next(iter(answers(behaviour, vocabulary, len(told.lines))), None)
    if first is None:
        return told.lines
    refused = (vocabulary.rejected, vocabulary.refused)
    return [line for line, word in zip(told.lines, first.words, strict=True) if word not in refused]


def changed(told: Told, changes: Iterable[Told]) -> Told:
    """An instruction as it stands once these changes of it were made, in their order."""
    lines = {line.number: line for line in told.lines}
    gone = set(told.gone)
    for one in changes:
        if one.verb == "undo":
            gone |= _numbers(one)
        else:
            lines |= {
                line.number: replace(line, command=lines[line.number].command)
                for line in one.lines
                if line.number in lines
            }
    return replace(told, lines=tuple(lines.values()), gone=frozenset(gone), again=True)


def standing(entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, Content]]:
    """
    What each system has now, from its log: by system and part (``OL…-2``), line by line.

    A part of which every line was refused or taken back has none.
    """
    return {(entry["system"], entry["part"]): dict(entry["has"]) for entry in entries if "has" in entry}


def as_data(told: Told) -> dict[str, Any]:
    """What of an instruction its log entry must hold, so that its answers can be made anew."""
    return {"told": [_line(line) for line in told.lines], "earlier": told.earlier}


def of_data(entry: Mapping[str, Any]) -> Told:
    """The instruction of a log entry."""
    return Told(
        key=entry["key"],
        reference=entry["reference"],
        order_number=entry["order_number"],
        verb=entry["verb"],
        lines=tuple(
            Line(**one | {"properties": tuple((name, value) for name, value in one["properties"])})
            for one in entry["told"]
        ),
        control=entry["control"],
        earlier=entry["earlier"],
    )


def _line(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "offering": line.offering,
        "quantity": line.quantity,
        "properties": [list(one) for one in line.properties],
        "command": line.command,
    }


def _content(line: Line) -> Content:
    return {"offering": line.offering, "quantity": line.quantity, "properties": dict(line.properties)}


def _numbers(told: Told) -> set[str]:
    return {line.number for line in told.lines}
