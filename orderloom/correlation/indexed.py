"""
Lines and steps of an order on the bench, found by what they are about.

An order may have a thousand items, and one amendment may change each of them in a piece of its own: whoever
looked through all steps for the few on one line would look through them a million times.
"""

from __future__ import annotations

from collections.abc import Iterable

from .record import Line, Step

__all__ = ["Key", "Lines", "Steps"]

Key = tuple[str, str]
"""Part and item of a line."""

StepId = tuple[str, int, str, str]


class Lines(dict[Key, Line]):
    """Lines by their keys; none is ever taken away."""

    def __init__(self, lines: Iterable[Line]) -> None:
        super().__init__((one.key, one) for one in lines)
        self._items: dict[str, list[Key]] | None = None

    def __setitem__(self, key: Key, line: Line) -> None:
        if self._items is not None and key not in self:
            self._items.setdefault(key[1], []).append(key)
        super().__setitem__(key, line)

    def of(self, item: str) -> list[Line]:
        """The lines of one item."""
        if self._items is None:
            self._items = {}
            for key in self:
                self._items.setdefault(key[1], []).append(key)
        return [self[key] for key in self._items.get(item, ())]


class Steps(dict[StepId, Step]):
    """Steps by their ids; they come by :meth:`put` and go by :meth:`drop` alone."""

    def __init__(self, steps: Iterable[Step]) -> None:
        super().__init__()
        self._pieces: dict[tuple[str, int], dict[StepId, None]] = {}
        self._lines: dict[Key, dict[StepId, None]] = {}
        self._told: dict[str, dict[StepId, None]] = {}
        for one in steps:
            self.put(one)

    def put(self, step: Step) -> None:
        """A step comes, or has come further."""
        known = self.get(step.id)
        if known is not None and known.key != step.key:
            self._told[known.key].pop(step.id)
        self[step.id] = step
        self._pieces.setdefault((step.cause, step.piece), {})[step.id] = None
        self._lines.setdefault(step.line, {})[step.id] = None
        self._told.setdefault(step.key, {})[step.id] = None

    def drop(self, step: Step) -> None:
        """A step is over; nothing for one that is not there."""
        known = self.pop(step.id, None)
        if known is not None:
            self._pieces[step.cause, step.piece].pop(step.id)
            self._lines[step.line].pop(step.id)
            self._told[known.key].pop(step.id)

    def of(self, cause: str, piece: int) -> list[Step]:
        """The steps of one piece, or of a cancel."""
        return [self[id_] for id_ in self._pieces.get((cause, piece), ())]

    def on(self, line: Key) -> list[Step]:
        """The steps on one line."""
        return [self[id_] for id_ in self._lines.get(line, ())]

    def told(self, key: str) -> list[Step]:
        """The steps that one instruction tells of."""
        return [self[id_] for id_ in self._told.get(key, ())]
