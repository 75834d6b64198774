"""
One line a message for the log: what it was, whose orders it touched, what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from orderloom.correlation.intake_files import IntakeFile

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
    item_delivery,
)
from .outgoing import Handle
from .unit import Unit

__all__ = ["EVENTS", "FACTS", "MESSAGE", "Before", "LogLine"]

LogLine = Mapping[str, str | int | bool]

MESSAGE = "message_taken"
EVENTS: Mapping[type, str] = {
    FileChecked: "file_checked",
    FromCall: "call_ended",
    FromFile: "file_chunk_taken",
    FromTimer: "timer_fired",
}

FACTS = frozenset(
    {
        "attempt",
        "bytes",
        "channel",
        "code",
        "count",
        "documents",
        "endpoint",
        "event",
        "file",
        "key",
        "kind",
        "order_id",
        "outcome",
        "parked_id",
        "queue",
        "records",
        "redelivered",
        "replies",
        "result",
        "rows",
        "state",
        "system",
    }
)
"""Everything that a line may hold; a part of what may be logged."""

# Order ids on one line; an interchange may hold a thousand.
_ORDERS = 5


class Before:
    """How far a unit had come before a message was worked on."""

    def __init__(self, unit: Unit) -> None:
        self._journal = len(unit.changes.journal)
        self._outgoing = len(unit.outgoing)
        self._calls = len(unit.calls)

    def line(self, unit: Unit, item: Item) -> LogLine:
        """The line of ``item``, once it was worked on."""
        orders = dict.fromkeys(one.order_id for one in unit.changes.journal[self._journal :] if one.order_id)
        line: dict[str, str | int | bool] = {"event": EVENTS.get(type(item), MESSAGE)}
        line.update(_about(item))
        if isinstance(item, FileChecked | FromFile):
            line.update(_file(unit.files.get(item.file)))
        if orders:
            line["order_id"] = " ".join(list(orders)[:_ORDERS])
            line["count"] = len(orders)
        return {**line, **self._outcome(unit)}

    def _outcome(self, unit: Unit) -> LogLine:
        handles = [one for one in unit.outgoing[self._outgoing :] if isinstance(one, Handle)]
        if handles:
            return {"outcome": "parked", "code": handles[0].fault.code, "parked_id": handles[0].parked_id}
        news = (
            len(unit.changes.journal) > self._journal
            or len(unit.outgoing) > self._outgoing
            or len(unit.calls) > self._calls
        )
        return {"outcome": "taken" if news else "nothing new"}


def _file(row: IntakeFile | None) -> LogLine:
    """How far a file has come."""
    if row is None:
        return {}
    done: dict[str, str | int | bool] = {"endpoint": row.endpoint, "file": row.name, "state": row.state.value}
    return {**done, "rows": row.judged, "records": row.records, **({"code": row.code} if row.code else {})}


def _about(item: Item) -> LogLine:
    delivery = item_delivery(item)
    line: dict[str, str | int | bool] = {}
    if delivery is not None:
        line = {"queue": delivery.queue, "bytes": len(delivery.body), "redelivered": delivery.redelivered}
    match item:
        case FromChannel():
            line |= {"channel": item.channel, "documents": len(item.documents)}
        case FromFile():
            line |= {"channel": item.channel, "documents": len(item.documents)}
        case FromSystem():
            line |= {"system": item.system, "replies": len(item.said)}
        case FromWork():
            line |= {"system": item.system, "attempt": item.attempt, "key": item.call_id}
        case FromCall():
            line |= {"system": item.result.system, "attempt": item.result.attempt, "key": item.result.id}
            line |= {"result": item.result.kind.value}
        case FromTimer():
            line |= {"kind": item.timer.kind}
        case FromOperator():
            line |= {"kind": item.act.kind.value, "key": item.act.id}
    return line
