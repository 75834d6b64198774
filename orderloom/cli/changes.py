"""
What changes an order, on the screen: amendments piece by piece, cancels, and what is being told of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.amendments import Amendment, ChangeKind, ItemChange, Piece, PieceState
from orderloom.correlation.record import Record, Step

from .text import instant, one_line, table

__all__ = ["changes_of"]


def changes_of(record: Record) -> Iterator[str]:
    """Every amendment and cancel of an order; nothing when it has had none."""
    for amending in record.amendments:
        amendment = amending.amendment
        yield ""
        asked = f"{instant(amendment.at)}  {amendment.endpoint} {one_line(amendment.document)}".rstrip()
        kind = f"question about {amendment.part}" if amendment.part else "amendment"
        yield f"{kind} {amendment.id}  {amendment.state}  {asked}"
        yield from table(_facts(amendment), indent="  ")
        for piece in amendment.pieces:
            yield from table([_piece(piece)], indent="    ")
            yield from table(_steps(record, amendment.id, piece.number), indent="      ")
    for cancelling in record.cancels:
        task = cancelling.task
        what = f"item {', '.join(task.items)}" if task.items else "the order"
        yield ""
        yield f"cancel {task.id} of {what}  {task.state}  {instant(task.at)}  {task.endpoint}"
        if task.fault is not None:
            yield f"  {one_line(str(task.fault))}"
        yield from table(_steps(record, task.id, 0), indent="    ")


def _facts(amendment: Amendment) -> Iterator[tuple[str, str]]:
    if amendment.waits_for:
        yield "waits for", ", ".join(amendment.waits_for)
    if amendment.fault is not None:
        yield "refused", one_line(str(amendment.fault))


def _piece(piece: Piece) -> tuple[str, ...]:
    what = "; ".join(map(_change, piece.changes))
    said = [one_line(str(piece.fault))] if piece.fault is not None else []
    if piece.state is PieceState.AWAITING_CUSTOMER and piece.answer_by is not None:
        said.append(f"asked {piece.question}, until {instant(piece.answer_by)}")
    if piece.version is not None:
        said.append(f"version {piece.version}")
    if piece.follow_on:
        said.append(f"kept as draft {piece.follow_on}")
    return str(piece.number), what, piece.state, ", ".join(said)


def _change(change: ItemChange) -> str:
    if change.kind is ChangeKind.ORDER:
        return f"order {', '.join(change.fields)}"
    offering = f" {one_line(change.wanted.product_offering.id)}" if change.wanted is not None else ""
    fields = f" ({', '.join(map(one_line, change.fields))})" if change.fields else ""
    return f"{change.kind} item {one_line(change.item)}{offering}{fields}"


def _steps(record: Record, cause: str, piece: int) -> list[tuple[str, ...]]:
    return [_step(one) for one in record.steps if (one.cause, one.piece) == (cause, piece)]


def _step(step: Step) -> tuple[str, ...]:
    verb = f"{step.verb} back" if step.back else step.verb or "in place"
    why = one_line(str(step.fault)) if step.fault is not None else ""
    return f"{step.part}/{one_line(step.item)}", verb, step.state, why
