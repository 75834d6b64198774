"""
A second reading of what a change does to an order under way, written from the design's table and its prose.

Standard library only, plain data throughout; not a line of it is the hub's.

A line is ``{"part", "item", "state", "point", "able", "concerns"}``: ``state`` is ``unsent``, ``sent``,
``held`` (silent), ``completed``, ``refused`` (held by its system's refusal) or ``rejected``; ``point`` is
``before``, ``soft`` or ``hard``: how far it is; ``able`` is what its system can be told beside the work.  A
change is ``{"item", "kind", "fields"}``: ``change``, ``remove``, or ``order`` (item ``""``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["CHARGE", "foretold"]

Data = dict[str, Any]

CHARGE = 10
"""What a change of one part costs past its soft point of no return."""

NOTHING_THERE = ("unsent", "refused", "rejected")


def foretold(
    lines: Sequence[Data], changes: Sequence[Data], relies: Sequence[tuple[str, str]], *, atomic: bool
) -> list[Data]:
    """
    The pieces that the changes fall into, and what becomes of each and of every line.

    Args:
        relies: Pairs of items of which the first relies on the second.
    """
    return [fate(lines, piece, relies) for piece in pieces(changes, relies, atomic=atomic)]


def pieces(changes: Sequence[Data], relies: Sequence[tuple[str, str]], *, atomic: bool) -> list[list[Data]]:
    """Changes of items that are tied stand or fall together; or all do."""
    if atomic:
        return [list(changes)] if changes else []
    found: list[list[Data]] = []
    for change in changes:
        near = [one for one in found if tied(one, [change], relies)]
        found = [one for one in found if one not in near]
        found.append([*(each for one in near for each in one), change])
    return found


def tied(one: Sequence[Data], other: Sequence[Data], relies: Sequence[tuple[str, str]]) -> bool:
    """Whether an item of the one relies on one of the other, or the other way round."""
    mine, theirs = {change["item"] for change in one}, {change["item"] for change in other}
    return any(
        (first in mine and second in theirs) or (first in theirs and second in mine)
        for first, second in relies
    )


def fate(lines: Sequence[Data], piece: Sequence[Data], relies: Sequence[tuple[str, str]]) -> Data:
    """What becomes of one piece."""
    done = {name(line): act(line, piece) for line in lines}
    acts = [act for act in done.values() if act != "untouched"]
    charged = {line["part"] for line in lines if costs(line, done[name(line)])}
    found: Data = {"items": sorted(change["item"] for change in piece), "charge": 0, "lines": {}}
    if leaves_something_alone(piece, relies) or "tooLate" in acts or "impossible" in acts:
        return found | {"becomes": "refused"}
    if charged:
        return found | {"becomes": "asked", "charge": CHARGE * len(charged)}
    told = any(act != "inPlace" for act in acts)
    return found | {"becomes": "applying" if told else "applied", "lines": done}


def name(line: Data) -> str:
    """``part/item``."""
    return f"{line['part']}/{line['item']}"


def leaves_something_alone(piece: Sequence[Data], relies: Sequence[tuple[str, str]]) -> bool:
    """Whether something goes on which relies on what goes."""
    gone = {change["item"] for change in piece if change["kind"] == "remove"}
    return any(second in gone and first not in gone for first, second in relies)


def act(line: Data, piece: Sequence[Data]) -> str:
    """What is done to one line: the table."""
    about = [change for change in piece if change["item"] in (line["item"], "")]
    removed = any(change["kind"] == "remove" for change in about)
    fields = [field for change in about if change["kind"] != "remove" for field in change["fields"]]
    if not removed and not set(fields) & set(line["concerns"]):
        return "untouched"
    if line["state"] in NOTHING_THERE:
        return "inPlace"
    if line["point"] == "hard":
        return "tooLate"
    if removed:
        return "undo" if "undo" in line["able"] else "byHand"
    if "modify" in line["able"]:
        return "modify"
    return "undoRedo" if "undo" in line["able"] else "impossible"


def costs(line: Data, act: str) -> bool:
    """Whether it is past the point from which on a change of it costs."""
    return act in ("modify", "undo", "undoRedo", "byHand") and line["point"] == "soft"
