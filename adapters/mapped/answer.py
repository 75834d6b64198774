"""
What is written back: rows of declared columns, from the verdicts on a message or from a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from canonical.commands import Origin
from canonical.errors import Fault
from canonical.notices import Intake, Notice, Outcome
from canonical.order import Order, OrderItem, every_item

from .days import Zones, write_day
from .model import Answer, Column

__all__ = ["ACKNOWLEDGEMENT", "TOKEN", "Cells", "acknowledged", "noticed"]

ACKNOWLEDGEMENT = "acknowledgement"

TOKEN = "conversation.token"  # noqa: S105 - the name of a value, not a secret
"""What a column says that hands out a customer's token."""

Cells = Mapping[str, str]
"""One row: the texts by name of the column."""


class _Said(NamedTuple):
    """What a row is about."""

    event: str
    at: datetime
    origin: Origin | None
    order: Order | None
    fault: Fault | None
    item: OrderItem | None = None
    outcome: str = ""
    reason: str = ""
    number: str = ""
    token: str = ""


def acknowledged(intake: Intake, answer: Answer, zones: Zones, at: datetime) -> tuple[Cells, ...]:
    """A row for each document, or each of its lines; none for what is parked, which somebody looks at."""
    told = (one for one in intake.verdicts if one.outcome is not Outcome.PARKED)
    said = (
        _Said(
            ACKNOWLEDGEMENT,
            at,
            one.origin,
            one.order,
            one.fault,
            None,
            one.outcome.value,
            "",
            one.origin.document,
            one.token,
        )
        for one in told
    )
    return tuple(_row(each, answer, zones) for one in said for each in _lines(one, answer))


def noticed(notice: Notice, answer: Answer, zones: Zones) -> tuple[Cells, ...]:
    """The rows of a notice."""
    number = notice.document or notice.asked
    said = _Said(
        notice.kind.value,
        notice.at,
        notice.origin,
        notice.order,
        notice.fault,
        None,
        "",
        notice.reason,
        number,
    )
    return tuple(_row(each, answer, zones) for each in _lines(said, answer))


def _lines(said: _Said, answer: Answer) -> Iterator[_Said]:
    """Itself, or one for each line of its order."""
    if answer.rows == "order" or said.order is None:
        yield said
        return
    for item in every_item(said.order.product_order_item):
        yield said._replace(item=item)


def _row(said: _Said, answer: Answer, zones: Zones) -> Cells:
    return {one.name: _cell(said, one, zones) for one in answer.columns}


def _cell(said: _Said, column: Column, zones: Zones) -> str:
    if column.value is None:
        return column.always
    found = _values(said, column.value)
    if isinstance(found, datetime):
        return write_day(found, column.form, zones[column.zone])
    text = found or ""
    return column.words.get(text, text)


def _values(said: _Said, name: str) -> str | datetime | None:
    """One of the values that a column may name; None where there is none."""
    group, _, last = name.partition(".")
    match group:
        case "order":
            return said.number if last == "number" else _of_order(said.order, last)
        case "line":
            return _of_line(said.item, last)
        case "conversation" if last == "id":
            return said.order.conversation_id if said.order else None
        case "conversation":
            return said.token
        case "error":
            return _of_fault(said, last)
        case "message":
            return said.origin.envelope if said.origin else None
        case _:
            told: Mapping[str, str | datetime] = {
                "event": said.event,
                "outcome": said.outcome,
                "at": said.at,
                "reason": said.reason,
            }
            return told[group]


def _of_order(order: Order | None, name: str) -> str | datetime | None:
    if order is None:
        return None
    told: Mapping[str, str | datetime | None] = {
        "id": order.id,
        "state": order.state.value,
        "done": str(order.progress.done),
        "total": str(order.progress.total),
        "expected": order.expected_completion_date,
        "completed": order.completion_date,
    }
    return told[name]


def _of_line(item: OrderItem | None, name: str) -> str | None:
    if item is None:
        return None
    told: Mapping[str, str | None] = {
        "number": item.line_ref or item.id,
        "offering": item.product_offering.id,
        "quantity": str(item.quantity),
        "serial": item.product.product_serial_number,
        "state": item.state.value if item.state else None,
    }
    return told[name]


def _of_fault(said: _Said, name: str) -> str | None:
    """Why a document was refused; else what the order's first error message says."""
    if said.fault is not None:
        told = {"code": said.fault.code, "where": said.fault.where, "text": str(said.fault)}
        return told[name]
    first = next(iter(said.order.product_order_error_message), None) if said.order else None
    if first is None:
        return None
    return {"code": first.code, "where": "", "text": first.reason}[name]
