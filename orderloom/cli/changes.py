"""
What changes an order, on the screen: amendments piece by piece, cancels, and what is being told of them.

Of each piece that is open it says what it waits for, of whom, and until when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from canonical.amendments import (
    SETTLED,
    Amendment,
    CancelTask,
    ChangeKind,
    ItemChange,
    OrderPatch,
    Piece,
    PieceState,
)
from canonical.order import OrderItem, every_item
from orderloom.correlation.record import Record, Step, StepState

from .text import counted, instant, one_line, table

__all__ = ["changes_of"]

# Decided amendments that are shown, the newest; an order may have a thousand.
_DECIDED = 5


def changes_of(record: Record, unreached: Mapping[str, str]) -> Iterator[str]:
    """
    Amendments and cancels of an order; nothing when it has had none.

    Args:
        unreached: Systems that get nothing for now, and why: ``is paused``.
    """
    asked_for = [one.amendment for one in record.amendments]
    decided = [one.id for one in asked_for if one.settled]
    passed_over = set(decided[:-_DECIDED])
    if passed_over:
        yield ""
        yield f"{counted(len(passed_over), 'earlier change')}, all decided: orderloom journal {record.id}"
    for amendment in asked_for:
        if amendment.id in passed_over:
            continue
        yield ""
        asked = f"{instant(amendment.at)}  {amendment.endpoint} {one_line(amendment.document)}".rstrip()
        kind = f"question about {amendment.part}" if amendment.part else "amendment"
        yield f"{kind} {amendment.id}  {amendment.state}  {asked}"
        yield from table(_facts(amendment), indent="  ")
        for piece in amendment.pieces:
            what = "; ".join(_change(record, amendment, piece, one) for one in piece.changes)
            yield from table(
                [(str(piece.number), what, piece.state, *_said(amendment, piece))], indent="    "
            )
            yield from table(_steps(record, unreached, amendment.id, piece.number), indent="      ")
    for cancelling in record.cancels:
        task = cancelling.task
        what = f"item {', '.join(task.items)}" if task.items else "the order"
        yield ""
        asked = f"{instant(task.at)}  {task.endpoint} {one_line(task.document)}".rstrip()
        yield f"cancel {task.id} of {what}  {task.state}  {asked}"
        yield from table(_of_cancel(task), indent="  ")
        yield from table(_steps(record, unreached, task.id, 0), indent="    ")


def _facts(amendment: Amendment) -> Iterator[tuple[str, str]]:
    if amendment.waits_for and not amendment.settled:
        yield "waits for", f"{', '.join(amendment.waits_for)}, which came before and touches the same"
    if amendment.fault is not None and all(one.fault != amendment.fault for one in amendment.pieces):
        yield "refused", one_line(str(amendment.fault))


def _of_cancel(task: CancelTask) -> Iterator[tuple[str, str]]:
    if task.reason:
        yield "reason", one_line(task.reason)
    if task.fault is not None:
        yield "refused", one_line(str(task.fault))
    elif task.past:
        yield "goes on", f"{', '.join(task.past)}: past the point of no return"
    if task.version is not None:
        yield "made", f"version {task.version}"


def _said(amendment: Amendment, piece: Piece) -> Iterator[str]:
    """Why, and what it waits for; at the end what came of it."""
    said = [one_line(str(piece.fault))] if piece.fault is not None else []
    if piece.state is PieceState.AWAITING_CUSTOMER:
        if piece.charge is not None:
            said.insert(0, f"costs {piece.charge.value} {piece.charge.unit}")
        until = f" until {instant(piece.answer_by)}, then it lapses" if piece.answer_by is not None else ""
        said.append(f"waits for the customer's answer to {one_line(piece.question)}{until}")
    if piece.version is not None:
        said.append(f"version {piece.version}")
    if piece.follow_on:
        said.append(f"kept as draft {piece.follow_on}")
    if said:
        yield ", ".join(said)


def _change(record: Record, amendment: Amendment, piece: Piece, change: ItemChange) -> str:
    """What is wanted; while it is open beside what is in force: ``change item 2: quantity 1 -> 3``."""
    if change.kind is ChangeKind.ORDER:
        named = (_of_order(amendment.fields, field) for field in change.fields)
        return f"order: {', '.join(named)}"
    there = {item.id: item for item in every_item(record.order.product_order_item)}.get(change.item)
    shown = change.wanted or there
    what = f"{change.kind} item {one_line(change.item)}"
    if shown is not None:
        what += f" {one_line(shown.product_offering.id)}"
    if change.wanted is None or not change.fields:
        return what
    before = there if piece.state not in SETTLED else None
    return f"{what}: {', '.join(_field(before, change.wanted, field) for field in change.fields)}"


def _field(before: OrderItem | None, wanted: OrderItem, field: str) -> str:
    """A field and its value, where it has one that is no person's."""
    new = _value(wanted, field)
    old = _value(before, field) if before is not None else new
    name = one_line(field.removeprefix("productCharacteristic."))
    if new == old:
        return f"{name} {new}".rstrip()
    return f"{name} {old or 'none'} -> {new or 'none'}"


def _value(item: OrderItem, field: str) -> str:
    match field.partition("."):
        case "quantity", _, _:
            return str(item.quantity)
        case "productOffering", _, _:
            return one_line(item.product_offering.id)
        case "productCharacteristic", _, name:
            values = (one.value for one in item.product.product_characteristic if one.name == name)
            return one_line(str(next(values, "")))
    return ""


def _of_order(fields: OrderPatch | None, field: str) -> str:
    if fields is not None:
        days = {
            "requestedStartDate": fields.requested_start_date,
            "requestedCompletionDate": fields.requested_completion_date,
        }
        if days.get(field) is not None:
            return f"{field} {instant(days[field])}"
    return one_line(field)


def _steps(record: Record, unreached: Mapping[str, str], cause: str, piece: int) -> list[tuple[str, ...]]:
    return [_step(record, unreached, one) for one in record.steps if (one.cause, one.piece) == (cause, piece)]


def _step(record: Record, unreached: Mapping[str, str], step: Step) -> tuple[str, ...]:
    verb = f"{step.verb} back" if step.back else step.verb or "here only"
    return f"{step.part}/{one_line(step.item)}", verb, step.state, _waits(record, unreached, step)


def _waits(record: Record, unreached: Mapping[str, str], step: Step) -> str:
    if step.fault is not None:
        return f"{one_line(str(step.fault))}: orderloom fallout show {record.id}"
    if step.state is StepState.WAITING:
        return "waits its turn"
    told = next((one for one in record.instructions if one.key == step.key), None)
    if step.state is StepState.SENT and told is not None:
        why = f", which {unreached[told.system]}" if told.system in unreached else ""
        return f"waits for {told.system}{why}, told {instant(told.sent_at)} as {told.reference}"
    return ""
