"""
One batch in one transaction: from load to commit, and what is to be done once it is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from orderloom.calls import Call
from orderloom.correlation.port import Changes, OutboxRow, Transaction
from orderloom.pauses import NOTHING_PAUSED, Pauses
from routes.model import RuleSet

from .acting import take_act
from .calling import take_call, take_work
from .due import take_timer
from .files import take_checked, take_chunk
from .hub import Hub
from .intake import take_intake
from .items import (
    FileChecked,
    FromCall,
    FromChannel,
    FromFile,
    FromOperator,
    FromSystem,
    FromTimer,
    FromWork,
    Item,
    Unreadable,
)
from .render import Renderer
from .replying import take_replies
from .said import Before, LogLine
from .unit import Unit

__all__ = ["Begins", "Done", "run_batch"]


class Begins(Protocol):
    """What a batch needs of a store."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """As :meth:`orderloom.correlation.port.Store.begin`."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """
    What a committed batch leaves to do.

    Args:
        outbox: Rows to publish, with their bodies.
        calls: Calls to make.
        deferred: Work that another worker has claimed; to be looked at again.
        lines: For the log, one a message.
        away: Systems of which something is deferred because their calls are stopped.
        behind: Some rows wait behind another worker's; they are to be adopted.
    """

    outbox: tuple[tuple[OutboxRow, bytes], ...]
    calls: tuple[Call, ...]
    deferred: tuple[FromWork, ...]
    lines: tuple[LogLine, ...] = ()
    away: frozenset[str] = frozenset()
    behind: bool = False


def run_batch(
    hub: Hub,
    rules: RuleSet,
    store: Begins,
    items: Sequence[Item],
    *,
    changes: Changes,
    now: datetime,
    under_way: Collection[str] = (),
    names: Collection[str] = (),
    tick: Callable[[], None] = lambda: None,
    pauses: Pauses = NOTHING_PAUSED,
) -> Done:
    """
    Work on all ``items`` and commit.

    Args:
        changes: What else this transaction writes (rows sent, attempts finished); added to.
        under_way: Ids of the calls that this process is making.
        names: Ids that this process has had as a worker.
        pauses: What people have paused.
        tick: Called between pieces of work, so that a long batch is not taken for a hang.

    Raises:
        StoreBusy: Nothing was written.
        CommitUnknown: It may have been.
        StoreError: The store cannot take it.
    """
    with store.begin() as tx:
        unit = Unit(hub, rules, tx, changes.owner or "", now)
        unit.changes = changes
        unit.under_way.update(under_way)
        unit.names.update(names)
        unit.tick = tick
        unit.pauses = pauses
        unit.load(items)
        lines = tuple(_taken(unit, item) for item in items)
        Renderer(unit).run()
        changes.records = unit.changed()
        seqs = tx.apply(changes)
    rows = [replace(row, seq=seq) for row, seq in zip(changes.outbox, seqs, strict=True) if seq]
    outbox = tuple((row, _body(row, changes)) for row in rows)
    calls, deferred = tuple(unit.calls), tuple(unit.deferred)
    return Done(outbox, calls, deferred, lines, frozenset(unit.away), behind=len(rows) < len(seqs))


def _taken(unit: Unit, item: Item) -> LogLine:
    unit.tick()
    before = Before(unit)
    _take(unit, item)
    return before.line(unit, item)


def _take(unit: Unit, item: Item) -> None:
    match item:
        case FromChannel():
            take_intake(unit, item)
        case FileChecked():
            take_checked(unit, item)
        case FromFile():
            take_chunk(unit, item)
        case FromSystem():
            take_replies(unit, item)
        case FromWork():
            take_work(unit, item)
        case FromCall():
            take_call(unit, item)
        case FromTimer():
            take_timer(unit, item)
        case FromOperator():
            take_act(unit, item)
        case Unreadable():
            unit.park(item.delivery, item.hash, item.fault)


def _body(row: OutboxRow, changes: Changes) -> bytes:
    return row.body if row.body is not None else changes.natives[row.native].body
