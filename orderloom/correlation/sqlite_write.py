"""
What one transaction writes, table by table, with one ``executemany`` for each.

Of a record only differences are written.  Natives come first, because outbox rows refer to them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from . import sqlite_conversation as talk
from .port import Changes, OutboxRow
from .record import Record
from .rows import ALIAS, CHANGE, INSTRUCTION, ITEM, LINE, ORDERS, PART, TOLD, Row, Table
from .rows_changes import record_changes
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
from .sqlite_sql import PORT, RECORDS, Key, cut, delete, insert, key_list, update, upsert

__all__ = ["write"]

_CHILDREN = (ITEM, PART, LINE, INSTRUCTION, TOLD, ALIAS, CHANGE)

_PLAIN = (INBOX, INTAKE, TIMER, PARKED, ATTEMPT, CLAIM, BREAKER, INTAKE_FILE)
_UPSERT = {table.name: upsert(table) for table in (*_CHILDREN, *_PLAIN)}
_INSERT = {table.name: insert(table) for table in (ORDERS, JOURNAL, OUTBOX)}
# The same bytes again: kept once, from then on, and as an answer if they ever were one.
_KEEP = (
    f"{insert(NATIVE)} on conflict (hash) do update "
    "set at = max(native.at, excluded.at), answer = max(native.answer, excluded.answer) "
    "where native.at < excluded.at or native.answer < excluded.answer"
)
# Kept once: the same early reply may come again.
_ONCE = {table.name: insert(table, once=True) for table in (REPLY, INTAKE_FILE, INTAKE_PIECE)}
_UPDATE_ORDER = update(ORDERS)
_CUT = {table.name: cut(table) for table in _CHILDREN}
_SET = "insert into setting values (?, ?) on conflict (name) do update set value = excluded.value"
_UNSET = "delete from setting where name = ?"
_DELETE = {
    table.name: delete(table)
    for table in (OUTBOX, TIMER, ATTEMPT, CLAIM, BREAKER, REPLY, INTAKE_FILE, INBOX, INTAKE, NATIVE)
}
_STORIES_GONE = "delete from journal where order_id in (select value from json_each(?))"
_ALIAS_KEYS_GONE = "delete from alias_key where key in (select value from json_each(?))"
_ALIAS_KEY = "insert into alias_key (key, order_id) values (?, ?) on conflict (key) do nothing"
_COUNTER = "insert into counter values (?, ?) on conflict (name) do update set value = excluded.value"
# A row behind an older one that is not its owner's to publish is nobody's: it is adopted when that one is.
_OTHERS_LANES = """
select order_id, destination from outbox where owner < ?1
union select order_id, destination from outbox where owner > ?1
"""
_LAST_SEQ = "select seq from sqlite_sequence where name = 'outbox'"


def write(db: sqlite3.Connection, changes: Changes) -> tuple[int, ...]:
    """
    Write everything; returns the seq of each outbox row, 0 where it is not the owner's to publish.

    Within one transaction timers and claims are cleared before they are set, attempts and waiting replies
    are written before they are removed.
    """
    _many(db, _KEEP, list(map(PORT.native_row, changes.natives.values())))
    if changes.removed.alias_keys:
        db.execute(_ALIAS_KEYS_GONE, (key_list(changes.removed.alias_keys),))
    _records(db, changes.records)
    talk.write(db, changes.conversation)
    _upsert(db, INBOX, map(PORT.inbox_row, changes.inbox))
    _upsert(db, INTAKE, map(PORT.intake_row, changes.intakes))
    _many(db, _COUNTER, list(changes.counters.items()))
    if changes.removed.stories:
        db.execute(_STORIES_GONE, (key_list(changes.removed.stories),))
    _many(db, _INSERT[JOURNAL.name], list(map(PORT.journal_row, changes.journal)))
    _delete(db, TIMER, changes.timers_cleared)
    _upsert(db, TIMER, map(PORT.timer_row, changes.timers.values()))
    _delete(db, CLAIM, changes.claims_done)
    _upsert(db, CLAIM, map(PORT.claim_row, changes.claims))
    _delete(db, BREAKER, changes.breakers.closed)
    _upsert(db, BREAKER, map(PORT.breaker_row, changes.breakers.rows.values()))
    _upsert(db, PARKED, map(PORT.parked_row, changes.parked.values()))
    _once(db, REPLY, map(PORT.reply_row, changes.waiting))
    _delete(db, REPLY, changes.waited)
    _upsert(db, ATTEMPT, map(PORT.attempt_row, changes.attempts))
    _delete(db, ATTEMPT, changes.attempts_done)
    _delete(db, INTAKE_FILE, changes.files_gone)
    _once(db, INTAKE_FILE, map(PORT.file_row, changes.files_seen))
    _upsert(db, INTAKE_FILE, map(PORT.file_row, changes.files))
    _once(db, INTAKE_PIECE, map(PORT.piece_row, changes.pieces))
    for name, value in sorted(changes.settings.items()):
        if value is None:
            db.execute(_UNSET, (name,))
        else:
            db.execute(_SET, (name, value))
    _delete(db, INBOX, changes.removed.keys)
    _delete(db, INTAKE, changes.removed.intakes)
    _delete(db, NATIVE, changes.removed.natives)
    _delete(db, OUTBOX, changes.sent)
    return _outbox(db, changes.outbox, changes.owner or "")


def _outbox(db: sqlite3.Connection, rows: Sequence[OutboxRow], owner: str) -> tuple[int, ...]:
    """Numbers are given here: there is one writer, so that they grow in the order of commits."""
    if not rows:
        return ()
    last = db.execute(_LAST_SEQ).fetchone()
    first = last[0] + 1 if last else 1
    behind = set(db.execute(_OTHERS_LANES, (owner,))) if owner else set()
    waits = [(one.order_id, one.destination) in behind for one in rows]
    numbered = [
        PORT.outbox_row(one, seq, "" if wait else owner)
        for seq, (one, wait) in enumerate(zip(rows, waits, strict=True), first)
    ]
    db.executemany(_INSERT[OUTBOX.name], numbered)
    return tuple(0 if wait else seq for seq, wait in enumerate(waits, first))


def _records(db: sqlite3.Connection, pairs: Sequence[tuple[Record | None, Record]]) -> None:
    changes = record_changes(RECORDS, pairs)
    _many(db, _INSERT[ORDERS.name], changes.new)
    _many(db, _UPDATE_ORDER, [(*values, order_id) for order_id, *values in changes.updated])
    for name, found in changes.rows.items():
        _many(db, _UPSERT[name], found)
    for name, ends in changes.cuts.items():
        _many(db, _CUT[name], ends)
    _many(db, _ALIAS_KEY, changes.alias_keys)


def _many(db: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    if rows:
        db.executemany(statement, rows)


def _upsert(db: sqlite3.Connection, table: Table, rows: Iterable[Row]) -> None:
    _many(db, _UPSERT[table.name], list(rows))


def _once(db: sqlite3.Connection, table: Table, rows: Iterable[Row]) -> None:
    _many(db, _ONCE[table.name], list(rows))


def _delete(db: sqlite3.Connection, table: Table, keys: Iterable[Key]) -> None:
    chosen = list(keys)
    if chosen:
        db.execute(_DELETE[table.name], (key_list(chosen),))
