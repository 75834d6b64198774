"""
What one transaction writes, table by table, all statements sent at once.

Tables come in the order of locks, rows in the order of keys: a transaction that has locked nothing before
takes its locks here, and must not meet another one coming the other way.  Natives stand before the outbox,
whose rows refer to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .port import Changes, OutboxRow
from .postgres_arrays import ints, texts
from .postgres_connection import Session
from .postgres_conversation import writes
from .postgres_sql import (
    PORT,
    RECORDS,
    Asked,
    columns,
    cut,
    delete,
    insert,
    keys,
    latest,
    numbers,
    rows_of,
    upsert,
)
from .record import Record
from .rows import ALIAS, CHANGE, INSTRUCTION, ITEM, LINE, ORDERS, PART, TOLD, Row, Table
from .rows_changes import RecordChanges, record_changes
from .rows_port import (
    ATTEMPT,
    BREAKER,
    CLAIM,
    INBOX,
    INTAKE,
    INTAKE_FILE,
    INTAKE_PIECE,
    JOURNAL,
    NATIVE,
    OUTBOX,
    PARKED,
    REPLY,
    TIMER,
)

__all__ = ["Entered", "forget", "write"]

_CHILDREN = (ITEM, PART, LINE, INSTRUCTION, TOLD, ALIAS, CHANGE)

_PLAIN = (INBOX, INTAKE, TIMER, PARKED, ATTEMPT, CLAIM, BREAKER, INTAKE_FILE)
_UPSERT = {table.name: upsert(table) for table in (*_CHILDREN, *_PLAIN)}
_INSERT = {table.name: insert(table) for table in (*_CHILDREN, ORDERS, JOURNAL)}
# The same bytes again: kept once, from then on, and as an answer if they ever were one.
_KEEP = (
    f"{insert(NATIVE)} on conflict (hash) do update "
    "set at = greatest(native.at, excluded.at), answer = native.answer or excluded.answer "
    "where native.at < excluded.at or native.answer < excluded.answer"
)
# Kept once: the same early reply may come again.
_ONCE = {table.name: insert(table, once=True) for table in (REPLY, INTAKE_FILE, INTAKE_PIECE)}
_CUT = {table.name: cut(table) for table in _CHILDREN}
_SET = "insert into setting values ($1, $2) on conflict (name) do update set value = excluded.value"
_UNSET = "delete from setting where name = $1"
_DELETE = {
    table.name: delete(table)
    for table in (OUTBOX, TIMER, ATTEMPT, CLAIM, BREAKER, REPLY, INTAKE_FILE, INBOX, INTAKE, NATIVE)
}
_STORIES_GONE = "delete from journal where order_id = any($1)"
_ALIAS_KEYS_GONE = "delete from alias_key where key = any($1)"

# An unchanged plan comes as null: what is stored out of line is then not written again.
_UPDATE_ORDERS = (
    "update orders set "  # noqa: S608 -- names of ours
    + ", ".join(
        "plan = coalesce(given.plan, orders.plan)" if name == "plan" else f"{name} = given.{name}"
        for name in ORDERS.others
    )
    + f" from {rows_of(ORDERS)} where orders.id = given.id"
)
# A key that some order has already leads there for good.
_ALIAS_KEYS = """
insert into alias_key (key, order_id) select key, order_id from unnest($1, $2) as given (key, order_id)
on conflict (key) do update set order_id = excluded.order_id where alias_key.order_id is null
"""
_COUNTERS = """
insert into counter (name, value) select name, value from unnest($1, $2) as given (name, value)
on conflict (name) do update set value = excluded.value
"""
_NOT_TAKEN = "delete from inbox where key = any($1) and hash is null"
_NOT_GIVEN = "delete from alias_key where key = any($1) and order_id is null"

_SENT = Table(OUTBOX.name, ("place",), OUTBOX.others)
# A row behind an older one that is not its owner's to publish is nobody's: it is adopted when that one is.
_OUTBOX = f"""
insert into outbox ({", ".join(OUTBOX.others)})
select case when owner = '' or exists (
    select 1 from outbox older
    where older.order_id = given.order_id and older.destination = given.destination
    and older.owner <> given.owner
) then '' else owner end, {", ".join(OUTBOX.others[1:])}
from {rows_of(_SENT)} order by place
returning seq, owner
"""  # noqa: S608 -- names of ours


@dataclass(slots=True)
class Entered:
    """Keys and aliases that this transaction has entered only to lock them."""

    keys: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)


def write(db: Session, changes: Changes, entered: Entered) -> tuple[int, ...]:
    """
    Write everything; returns the seq of each outbox row, 0 where it is not the owner's to publish.

    Within one transaction timers and claims are cleared before they are set, attempts and waiting replies
    are written before they are removed.
    """
    asked = [
        *_inbox(changes, entered),
        *_delete(INBOX, changes.removed.keys),
        *_forgotten(_ALIAS_KEYS_GONE, changes.removed.alias_keys),
        *_records(changes.records, entered),
        *writes(changes.conversation),
        *_upsert(PARKED, map(PORT.parked_row, changes.parked.values())),
        *_delete(CLAIM, changes.claims_done),
        *_upsert(CLAIM, map(PORT.claim_row, changes.claims)),
        *_delete(BREAKER, changes.breakers.closed),
        *_upsert(BREAKER, map(PORT.breaker_row, changes.breakers.rows.values())),
        *_delete(TIMER, changes.timers_cleared),
        *_upsert(TIMER, map(PORT.timer_row, changes.timers.values())),
        *_delete(INTAKE_FILE, changes.files_gone),
        *_once(INTAKE_FILE, map(PORT.file_row, changes.files_seen)),
        *_upsert(INTAKE_FILE, map(PORT.file_row, changes.files)),
        *_many(_ONCE[INTAKE_PIECE.name], INTAKE_PIECE, list(map(PORT.piece_row, changes.pieces))),
        *_counters(changes),
        *_many(_KEEP, NATIVE, latest(map(PORT.native_row, changes.natives.values()))),
        *_delete(NATIVE, changes.removed.natives),
        *_upsert(INTAKE, map(PORT.intake_row, changes.intakes)),
        *_delete(INTAKE, changes.removed.intakes),
        *_forgotten(_STORIES_GONE, changes.removed.stories),
        *_insert(JOURNAL, list(map(PORT.journal_row, changes.journal))),
        *_once(REPLY, map(PORT.reply_row, changes.waiting)),
        *_delete(REPLY, changes.waited),
        *_upsert(ATTEMPT, map(PORT.attempt_row, changes.attempts)),
        *_delete(ATTEMPT, changes.attempts_done),
        *(
            (_UNSET, (name,)) if value is None else (_SET, (name, value))
            for name, value in sorted(changes.settings.items())
        ),
    ]
    if changes.sent:
        asked.append((_DELETE[OUTBOX.name], (numbers(changes.sent),)))
    if not changes.outbox:
        if asked:
            db.together(asked)
        return ()
    owner = changes.owner or ""
    *_, given = db.together([*asked, _outbox(changes.outbox, owner)])
    return tuple(seq if theirs == owner else 0 for seq, theirs in sorted(given))


def forget(db: Session, entered: Entered) -> None:
    """Take away what was entered and nobody took."""
    asked = [*_forgotten(_NOT_TAKEN, entered.keys), *_forgotten(_NOT_GIVEN, entered.aliases)]
    if asked:
        db.together(asked)


def _inbox(changes: Changes, entered: Entered) -> Iterable[Asked]:
    rows = latest(map(PORT.inbox_row, changes.inbox))
    entered.keys.difference_update(row[0] for row in rows)
    yield from _many(_UPSERT[INBOX.name], INBOX, rows)
    yield from _forgotten(_NOT_TAKEN, entered.keys)
    entered.keys.clear()


def _records(pairs: Sequence[tuple[Record | None, Record]], entered: Entered) -> Iterable[Asked]:
    changes = record_changes(RECORDS, pairs)
    given = dict(reversed(changes.alias_keys))  # who came first has it
    if given:
        chosen = sorted(given)
        yield _ALIAS_KEYS, (texts(chosen), texts([given[key] for key in chosen]))
    yield from _forgotten(_NOT_GIVEN, entered.aliases - given.keys())
    entered.aliases.clear()
    yield from _insert(ORDERS, changes.new)
    yield from _many(_UPDATE_ORDERS, ORDERS, _updates(changes))
    fresh = {row[0] for row in changes.new}
    for table in _CHILDREN:
        rows = changes.rows[table.name]
        # A new order has nothing to replace: to insert costs a quarter less than to look first.
        yield from _insert(table, [row for row in rows if row[0] in fresh])
        yield from _many(_UPSERT[table.name], table, [row for row in rows if row[0] not in fresh])
        if ends := changes.cuts[table.name]:
            orders, positions = zip(*ends, strict=True)
            yield _CUT[table.name], (texts(orders), ints(positions))


def _updates(changes: RecordChanges) -> list[Row]:
    at = ORDERS.columns.index("plan")
    return [
        row if row[0] in changes.replanned else (*row[:at], None, *row[at + 1 :]) for row in changes.updated
    ]


def _counters(changes: Changes) -> Iterable[Asked]:
    if changes.counters:
        names = sorted(changes.counters)
        yield _COUNTERS, (texts(names), ints([changes.counters[name] for name in names]))


def _outbox(rows: Sequence[OutboxRow], owner: str) -> Asked:
    """Numbers are given as they are written: in the order given, whoever writes beside."""
    return _OUTBOX, columns(_SENT, [PORT.outbox_row(one, at, owner) for at, one in enumerate(rows)])


def _many(statement: str, table: Table, rows: Sequence[Row]) -> Iterable[Asked]:
    if rows:
        yield statement, columns(table, rows)


def _insert(table: Table, rows: Sequence[Row]) -> Iterable[Asked]:
    return _many(_INSERT[table.name], table, rows)


def _upsert(table: Table, rows: Iterable[Row]) -> Iterable[Asked]:
    return _many(_UPSERT[table.name], table, latest(rows))


def _once(table: Table, rows: Iterable[Row]) -> Iterable[Asked]:
    return _many(_ONCE[table.name], table, latest(rows))


def _delete(table: Table, chosen: Iterable[str]) -> Iterable[Asked]:
    wanted = keys(chosen)
    if chosen:
        yield _DELETE[table.name], (wanted,)


def _forgotten(statement: str, chosen: Iterable[str]) -> Iterable[Asked]:
    if chosen:
        yield statement, (keys(chosen),)
