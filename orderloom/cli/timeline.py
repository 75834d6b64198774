"""
One order on the screen: its state, its items, and under each item the lines that make it true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from canonical.order import Order, OrderItem, every_item
from canonical.states import State
from orderloom.correlation.fallout import held
from orderloom.correlation.overlay import shown_lines
from orderloom.correlation.record import Line, Record
from orderloom.correlation.waits import passed, waits_of

from .changes import changes_of
from .text import instant, one_line, table

__all__ = ["endpoint_view", "timeline"]

_CONTRADICTION = "E_CONTRADICTION"
_LINES = ("part", "system", "state", "since", "said", "why")


def timeline(record: Record, unreached: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """
    Everything the hub knows, for the people who run it.

    Args:
        unreached: Systems that get nothing for now, and why: ``is paused``.
    """
    order = record.order
    yield from _head(order, _since(record))
    yield from table(_facts(record), indent="  ")
    lines = shown_lines({line.key: line for line in record.lines}, record.steps)
    for item in every_item(order.product_order_item):
        yield ""
        yield f"item {_item(item)}"
        rows = [_line(record, line, unreached) for line in lines.values() if line.item == item.id]
        yield from table(rows, _LINES, indent="    ")
        yield from _contradictions(record, item)
    yield from changes_of(record, unreached)
    if record.told:
        yield ""
        yield "told"
        rows = [(one.kind, one.endpoint, f"version {one.version}", instant(one.at)) for one in record.told]
        yield from table(rows, indent="    ")


def endpoint_view(order: Order) -> Iterator[str]:
    """What one endpoint may see: the order and its items, and nothing of who does the work."""
    yield from _head(order)
    rows = [("ordered", instant(order.creation_date))]
    rows += [("known as", f"{one.id} ({one.external_identifier_type})") for one in order.external_id]
    yield from table([*rows, *_dates(order)], indent="  ")
    yield ""
    yield from table([(f"item {_item(item)}",) for item in every_item(order.product_order_item)], indent="")
    for reached in order.product_order_milestone:
        yield f"  {one_line(reached.name)} {instant(reached.milestone_date)}"
    for error in order.product_order_error_message:
        yield f"  {one_line(error.reason)} [{one_line(error.code)}]"


def _head(order: Order, since: str = "") -> Iterator[str]:
    done = f"{order.progress.done}/{order.progress.total} lines done"
    yield f"{order.id}  {_state(order.state, order.cause)}  {done}{since}"


def _since(record: Record) -> str:
    return (
        f"  since {instant(max((line.since for line in record.lines), default=record.order.creation_date))}"
    )


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    order = record.order
    for one in order.channel:
        yield one.role, f"{instant(one.at)}  {one.endpoint}"
    yield from _known_as(record)
    yield from _dates(order)
    for reached in order.product_order_milestone:
        yield "reached", f"{instant(reached.milestone_date)}  {one_line(reached.id)}"
    for alert in order.product_order_jeopardy_alert:
        yield alert.name, f"{instant(alert.alert_date)}  {one_line(alert.message)}"
    yield "rules", f"{record.plan.rules_version}, order version {order.version}"
    if waiting := held(record):
        yield "held", f"{len(waiting)} for a person: orderloom fallout show {order.id}"


def _known_as(record: Record) -> Iterator[tuple[str, str]]:
    """What others gave it; not the hub's own keys and references, of which every instruction has two."""
    found: dict[tuple[str, str], list[str]] = {}
    for alias in record.aliases:
        if alias.type != "key" and not alias.value.startswith(record.id):
            found.setdefault((alias.value, alias.owner), []).append(alias.type)
    for (value, owner), types in found.items():
        yield "known as", f"{value} ({', '.join((*types, owner))})"


def _dates(order: Order) -> Iterator[tuple[str, str]]:
    if order.requested_start_date is not None:
        yield "wanted from", instant(order.requested_start_date)
    if order.requested_completion_date is not None:
        yield "wanted by", instant(order.requested_completion_date)
    if order.expected_completion_date is not None:
        yield "expected", instant(order.expected_completion_date)


def _item(item: OrderItem) -> str:
    ref = f" (their line {one_line(item.line_ref)})" if item.line_ref and item.line_ref != item.id else ""
    state = _state(item.state, item.cause) if item.state is not None else "-"
    wanted = f"{item.action} {item.quantity} x {one_line(item.product_offering.id)}"
    return f"{one_line(item.id)}  {wanted}{ref}  {state}"


def _state(state: State, cause: object) -> str:
    return f"{state} ({cause})" if cause is not None and state is State.CANCELLED else str(state)


def _line(record: Record, line: Line, unreached: Mapping[str, str]) -> tuple[str, ...]:
    part = record.part(line.part)
    why = f"{part.reason.route}: {part.reason.clause}"
    return (
        part.name,
        part.system,
        _state(line.state, line.cause),
        instant(line.since),
        _said(record, line, unreached.get(part.system, "")),
        why,
    )


def _contradictions(record: Record, item: OrderItem) -> Iterator[str]:
    """What was said against the end of a line: that moves nothing, so no line says it."""
    shown = {line.code for line in record.lines if line.item == item.id}
    for error in record.order.product_order_error_message:
        if error.code == _CONTRADICTION and error.code not in shown and item.id in error.product_order_item:
            yield f"    {instant(error.timestamp)}  {one_line(error.reason)} [{error.code}]"


def _said(record: Record, line: Line, unreached: str) -> str:
    """The system's word, code and reason; for what is not sent, what it waits for."""
    if not line.sent and not line.state.terminal:
        waits = _waits_for(record, line)
        return f"waits for {', '.join(waits)}" if waits else _not_sent(record)
    quantity = f"{line.quantity} done" if line.quantity is not None else ""
    code = f"[{line.code}]" if line.code else ""
    if line.reason.endswith(code):  # a fault of the hub's own is a whole sentence, its code at the end
        code = ""
    said = " ".join(one for one in (line.word, quantity, line.reason, code) if one)
    if said or line.state.terminal:
        return said
    return f"no answer yet: it {unreached}" if unreached else "no answer yet"


def _not_sent(record: Record) -> str:
    """An order that is wanted from a later day on has sent nothing."""
    start = record.order.requested_start_date
    early = start is not None and not any(line.sent for line in record.lines)
    return f"not sent before {instant(start)}" if early else "not sent"


def _waits_for(record: Record, line: Line) -> list[str]:
    """The parts that what is not sent of its part waits for: one instruction carries all of it."""
    plan = {part.name: part for part in record.plan.parts}
    lines = {one.key: one for one in record.lines}
    awaited = waits_of(record.plan)
    unsent = [one for one in record.lines_of(line.part) if not (one.sent or one.state.terminal)]
    before = {key for one in unsent for key in awaited.get(one.key, ())}
    open_ = {key[0] for key in before if key in lines and not passed(lines[key], plan)}
    return [name for name in plan[line.part].after if name in open_]
