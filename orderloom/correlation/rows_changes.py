"""
What changed in records, as rows: new orders, changed ones, and what is added to or cut from their tables.

Both databases share it; each writes the outcome in its own way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .record import Record
from .rows import ALIAS, RecordRows, Row, differences

__all__ = ["RecordChanges", "record_changes"]


@dataclass(slots=True)
class RecordChanges:
    """
    Rows to write.

    Args:
        new: Of ``orders``, by id.
        updated: As ``new``, of orders that are known.
        replanned: Ids of those among ``updated`` whose plan is another.
        rows: By table, rows to insert or replace by (order id, position).
        cuts: By table, (order id, position) from which on nothing is left.
        alias_keys: (alias key, order id).
    """

    new: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    replanned: set[str] = field(default_factory=set)
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    cuts: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    alias_keys: list[tuple[str, str]] = field(default_factory=list)


def record_changes(records: RecordRows, pairs: Sequence[tuple[Record | None, Record]]) -> RecordChanges:
    """What the pairs (before, after) change; only differences, in the order of order ids."""
    found = RecordChanges()
    for before, after in _collapsed(pairs):
        if before is None:
            found.new.append(records.order_row(after))
        elif _order_differs(before, after):
            found.updated.append(records.order_row(after))
            if _plan_differs(before, after):
                found.replanned.add(after.id)
        _children(records, before, after, found)
    return found


def _children(records: RecordRows, before: Record | None, after: Record, found: RecordChanges) -> None:
    for table, old, held, row in records.children(before, after):
        rows = [(after.id, at, *values) for at, values in differences(old, held, row)]
        found.rows[table.name] += rows
        if len(held) < len(old):
            found.cuts[table.name].append((after.id, len(held)))
        if table is ALIAS:
            found.alias_keys += [(held[one[1]].key, after.id) for one in rows]


def _collapsed(pairs: Iterable[tuple[Record | None, Record]]) -> list[tuple[Record | None, Record]]:
    """One pair an order: as it was first, as it is at last."""
    merged: dict[str, tuple[Record | None, Record]] = {}
    for before, after in pairs:
        known = merged.get(after.id)
        merged[after.id] = (known[0] if known else before, after)
    return [merged[one] for one in sorted(merged)]


def _order_differs(before: Record, after: Record) -> bool:
    return (
        (before.order is not after.order and before.order != after.order)
        or (before.lines is not after.lines and before.lines != after.lines)
        or _plan_differs(before, after)
        or before.outputs != after.outputs
    )


def _plan_differs(before: Record, after: Record) -> bool:
    return before.plan is not after.plan and before.plan != after.plan
