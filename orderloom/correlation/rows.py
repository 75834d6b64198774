"""
A record as rows: which tables an order is kept in, and how each value stands in a column.

Both databases share this module; they differ only in how an instant is written (:class:`Instants`).
What hangs on an order is keyed by (order, position), so that a record comes back exactly as it was saved
and a change writes the rows that differ and no others.  ``orders.doc`` and ``orders.plan`` are the truth for
document and plan; rows are the truth for lines, instructions, what was told, and aliases; items and parts
are rows too, for reports and for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from canonical.base import Id
from canonical.codec import decode, encode
from canonical.instructions import InstructionLine
from canonical.notices import NoticeKind
from canonical.order import Order, OrderItem
from canonical.plan import PartPlan, Plan
from canonical.states import Cause, State
from canonical.systems import Verb

from .record import Alias, Amending, Cancelling, Instructed, Line, Offered, Record, Step, Told

__all__ = [
    "ALIAS",
    "CHANGE",
    "CHILDREN",
    "INSTRUCTION",
    "ITEM",
    "LINE",
    "MOST_FOUND",
    "ORDERS",
    "PART",
    "TOLD",
    "Instants",
    "RecordRows",
    "Row",
    "Table",
    "differences",
    "mapping",
    "mapping_text",
]

Row: TypeAlias = tuple[Any, ...]

# Enum look-ups by value cost more than everything else of a row.
_STATES: Mapping[str, State] = {one.value: one for one in State}
_CAUSES: Mapping[str | None, Cause | None] = {None: None} | {one.value: one for one in Cause}
_KINDS: Mapping[str, NoticeKind] = {one.value: one for one in NoticeKind}
_VERBS: Mapping[str, Verb] = {one.value: one for one in Verb}


@dataclass(frozen=True, slots=True)
class Instants:
    """How a database takes an instant and gives it back: exact to the microsecond, always UTC."""

    write: Callable[[datetime], Any]
    read: Callable[[Any], datetime]

    def write_maybe(self, when: datetime | None) -> Any:
        """As ``write``; None stays None."""
        return None if when is None else self.write(when)

    def read_maybe(self, value: Any) -> datetime | None:
        """As ``read``; None stays None."""
        return None if value is None else self.read(value)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``key`` columns first, then the ``others``."""

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order of a row."""
        return self.key + self.others


def _child(name: str, others: str) -> Table:
    return Table(name, ("order_id", "position"), tuple(others.split()))


ORDERS = Table(
    "orders",
    ("id",),
    (
        "state",
        "cause",
        "version",
        "channel",
        "endpoint",
        "conversation_id",
        "rules_version",
        "created",
        "changed",
        "requested",
        "expected",
        "done",
        "total",
        "doc",
        "plan",
        "outputs",
    ),
)
MOST_FOUND = 20
"""So many orders are found by one value, the newest: who numbers all orders alike asks about none."""

ITEM = _child("item", "id parent action offering name category quantity state cause line_ref choice_group")
PART = _child("part", "name number system items after due optional is_check route clause why")
LINE = _child("line", "part item number state since revision sent cause word code reason quantity milestone")
INSTRUCTION = _child(
    "instruction",
    "key part system verb reference sent_at revision attempt native received answered_at asked numbers"
    " inquiries inquiring items undoes lines",
)
TOLD = _child("told", "endpoint kind version at state native about")
ALIAS = _child("alias", "owner type value part")
CHANGE = _child("change", "kind ref state endpoint at doc")

# What a record is loaded from, besides its row in ``orders``; items and parts are in the documents there.
CHILDREN = (LINE, INSTRUCTION, TOLD, ALIAS, CHANGE)

# What a row of `change` holds, by its kind.
_CHANGES: Mapping[str, type[Any]] = {
    "amendment": Amending,
    "question": Amending,
    "cancel": Cancelling,
    "step": Step,
    "offer": Offered,
}


def mapping_text(values: Mapping[str, Any]) -> str:
    """A mapping as JSON text."""
    return encode(values).decode() if values else "{}"


def mapping(text: str) -> dict[str, str]:
    """Text to text, from its JSON."""
    return {} if text == "{}" else decode(text, dict[str, str])


def differences(
    before: Sequence[Any], after: Sequence[Any], row: Callable[[Any], Row]
) -> Iterator[tuple[int, Row]]:
    """
    (position, row) of each value in ``after`` that is new or not what it was.

    A value that was not touched is the same object, so that most comparisons end at once.
    """
    if after is before:
        return
    known = len(before)
    for position, new in enumerate(after):
        if position < known:
            old = before[position]
            if new is old or new == old:
                continue
        yield position, row(new)


def _with_parents(items: Sequence[OrderItem], parent: str = "") -> Iterator[tuple[str, OrderItem]]:
    for item in items:
        yield parent, item
        if item.product_order_item:
            yield from _with_parents(item.product_order_item, item.id)


class RecordRows:
    """Records to rows and back, with the instants of one database."""

    def __init__(self, instants: Instants) -> None:
        self._at = instants

    def children(
        self, before: Record | None, after: Record
    ) -> Iterator[tuple[Table, Sequence[Any], Sequence[Any], Callable[[Any], Row]]]:
        """For each table that hangs on an order: what it held, what it is to hold, and how a row is made."""
        old = before or _NOTHING
        yield ITEM, *_items(before, after), _item_row
        yield PART, old.plan.parts, after.plan.parts, _part_row
        yield LINE, old.lines, after.lines, self._line_row
        yield INSTRUCTION, old.instructions, after.instructions, self._instruction_row
        yield TOLD, old.told, after.told, self._told_row
        yield ALIAS, old.aliases, after.aliases, _alias_row
        yield CHANGE, _changes(old), _changes(after), self._change_row

    def order_row(self, record: Record) -> Row:
        """
        The row in ``orders``; ``changed`` is the newest change of any line.

        Equal records give equal rows.
        """
        order, write = record.order, self._at.write
        first = order.channel[0] if order.channel else None
        return (
            order.id,
            order.state.value,
            order.cause and order.cause.value,
            order.version,
            first.channel.id if first else "",
            first.endpoint if first else "",
            order.conversation_id,
            order.rules_version,
            write(order.creation_date),
            write(
                max(
                    (line.since for line in record.lines),
                    default=order.cancellation_date or order.creation_date,
                )
            ),
            self._at.write_maybe(order.requested_completion_date),
            self._at.write_maybe(order.expected_completion_date),
            order.progress.done,
            order.progress.total,
            encode(order).decode(),
            encode(record.plan).decode(),
            mapping_text(record.outputs),
        )

    def record(self, row: Row, children: Mapping[str, Sequence[Row]]) -> Record:
        """
        The record with this row in ``orders``.

        Args:
            row: Columns of :data:`ORDERS`.
            children: By table name, rows without order id and position, in order of position.
        """
        doc, plan, outputs = row[-3:]
        changes = [decode(one[-1], _CHANGES[one[0]]) for one in children[CHANGE.name]]
        return Record(
            order=decode(doc, Order),
            plan=decode(plan, Plan),
            lines=tuple(map(self._line, children[LINE.name])),
            instructions=tuple(map(self._instruction, children[INSTRUCTION.name])),
            told=tuple(map(self._told, children[TOLD.name])),
            aliases=tuple(Alias(*one) for one in children[ALIAS.name]),
            outputs=mapping(outputs),
            amendments=tuple(one for one in changes if isinstance(one, Amending)),
            cancels=tuple(one for one in changes if isinstance(one, Cancelling)),
            steps=tuple(one for one in changes if isinstance(one, Step)),
            offers=tuple(one for one in changes if isinstance(one, Offered)),
        )

    def _line_row(self, line: Line) -> Row:
        return (
            line.part,
            line.item,
            line.number,
            line.state.value,
            self._at.write(line.since),
            line.revision,
            int(line.sent),
            line.cause and line.cause.value,
            line.word,
            line.code,
            line.reason,
            line.quantity,
            line.milestone,
        )

    def _line(self, row: Row) -> Line:
        part, item, number, state, since, revision, sent, cause, word, code, *rest = row
        reason, quantity, milestone = rest
        return Line(
            part=part,
            item=item,
            number=number,
            state=_STATES[state],
            since=self._at.read(since),
            revision=revision,
            sent=bool(sent),
            cause=_CAUSES[cause],
            word=word,
            code=code,
            reason=reason,
            quantity=quantity,
            milestone=milestone,
        )

    def _instruction_row(self, one: Instructed) -> Row:
        return (
            one.key,
            one.part,
            one.system,
            one.verb.value,
            one.reference,
            self._at.write(one.sent_at),
            one.revision,
            one.attempt,
            one.native,
            int(one.received),
            self._at.write_maybe(one.answered_at),
            one.asked,
            mapping_text(one.numbers),
            one.inquiries,
            int(one.inquiring),
            encode(one.items).decode(),
            one.undoes,
            encode(one.lines).decode() if one.lines else "[]",
        )

    def _instruction(self, row: Row) -> Instructed:
        key, part, system, verb, reference, sent_at, revision, attempt, native, *rest = row
        received, answered_at, asked, numbers, inquiries, inquiring, items, undoes, lines = rest
        return Instructed(
            key=key,
            part=part,
            system=system,
            verb=_VERBS[verb],
            reference=reference,
            sent_at=self._at.read(sent_at),
            revision=revision,
            attempt=attempt,
            native=native,
            received=bool(received),
            answered_at=self._at.read_maybe(answered_at),
            asked=asked,
            numbers={} if numbers == "{}" else decode(numbers, dict[str, int]),
            inquiries=inquiries,
            inquiring=bool(inquiring),
            items=decode(items, tuple[Id, ...]),
            undoes=undoes,
            lines=() if lines == "[]" else decode(lines, tuple[InstructionLine, ...]),
        )

    def _told_row(self, told: Told) -> Row:
        at = self._at.write(told.at)
        return (told.endpoint, told.kind.value, told.version, at, told.state.value, told.native, told.about)

    def _told(self, row: Row) -> Told:
        endpoint, kind, version, at, state, native, about = row
        return Told(
            endpoint=endpoint,
            kind=_KINDS[kind],
            version=version,
            at=self._at.read(at),
            state=_STATES[state],
            native=native,
            about=about,
        )

    def _change_row(self, one: Amending | Cancelling | Step | Offered) -> Row:
        doc = encode(one).decode()
        if isinstance(one, Offered):
            return ("offer", one.part, "", "", None, doc)
        if isinstance(one, Step):
            return ("step", one.cause, one.state.value, "", None, doc)
        kind, what = ("amendment", one.amendment) if isinstance(one, Amending) else ("cancel", one.task)
        if isinstance(one, Amending) and one.amendment.part:
            kind = "question"
        return (kind, what.id, what.state.value, what.endpoint, self._at.write(what.at), doc)


@dataclass(frozen=True, slots=True)
class _NothingYet:
    """What a new order was before."""

    plan: Plan
    lines: tuple[Line, ...] = ()
    instructions: tuple[Instructed, ...] = ()
    told: tuple[Told, ...] = ()
    aliases: tuple[Alias, ...] = ()
    amendments: tuple[Amending, ...] = ()
    cancels: tuple[Cancelling, ...] = ()
    steps: tuple[Step, ...] = ()
    offers: tuple[Offered, ...] = ()


_NOTHING = _NothingYet(Plan(rules_version="none", parts=()))


def _changes(record: Record | _NothingYet) -> Sequence[Any]:
    return record.amendments + record.cancels + record.steps + record.offers


def _items(before: Record | None, after: Record) -> tuple[Sequence[Any], Sequence[Any]]:
    new = after.order.product_order_item
    if before is None:
        return (), tuple(_with_parents(new))
    old = before.order.product_order_item
    if old is new:
        return (), ()
    return tuple(_with_parents(old)), tuple(_with_parents(new))


def _item_row(one: tuple[str, OrderItem]) -> Row:
    parent, item = one
    return (
        item.id,
        parent,
        item.action.value,
        item.product_offering.id,
        item.product_offering.name,
        item.category,
        item.quantity,
        item.state and item.state.value,
        item.cause and item.cause.value,
        item.line_ref,
        item.choice_group,
    )


def _part_row(part: PartPlan) -> Row:
    return (
        part.name,
        part.number,
        part.system,
        encode(part.items).decode(),
        encode(part.after).decode(),
        part.due,
        int(part.optional),
        int(part.check),
        part.reason.route,
        part.reason.clause,
        part.reason.why,
    )


def _alias_row(alias: Alias) -> Row:
    return (alias.owner, alias.type, alias.value, alias.part)
