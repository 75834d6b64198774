"""
What SQLite lets go: one slice of one table in each transaction, found by its age.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from .aging import ATTEMPTS_STAY, DEAD_STAY, MOST_BYTES, Aged, Cursor, Held, Kind
from .sqlite_sql import INSTANTS, key_list

__all__ = ["age", "held", "tidy"]

_ENDED = "('completed', 'partial', 'failed', 'rejected', 'cancelled')"
# The text of the conditions is that of the indexes: only then SQLite uses them.
_ORDERS = f"""
select id from orders where created <= ?1 and state not in {_ENDED}
union all
select id from orders indexed by orders_ended where created <= ?1 and changed > ?1 and state in {_ENDED}
"""  # noqa: S608 -- names of ours
_OPEN_PARKED = "select id, native from parked where state in ('open', 'replaying')"
_OF_ORDERS = """
with held (id) as (select value from json_each(?))
select native from instruction where order_id in (select id from held)
union select native from told where order_id in (select id from held)
union select json_extract(data, '$.native') from journal where order_id in (select id from held)
union select ack from intake where id in (
    select json_extract(data, '$.intake') from journal where order_id in (select id from held)
)
union select native from reply
"""
_INTAKES = """
select distinct json_extract(data, '$.intake') from journal
where order_id in (select value from json_each(?)) and json_extract(data, '$.intake') is not null
"""

_OLD_NATIVES = """
select at, hash, hash, length(body) from native
where answer = ? and at <= ? and (at, hash) > (?, ?)
and not exists (select 1 from outbox where outbox.native = native.hash)
order by at, hash limit ?
"""
_OLD_KEYS = """
select at, key, ref, length(key) from inbox
where at <= ? and (at, key) > (?, ?) and key not like 'business|%' order by at, key limit ?
"""
_OLD_INTAKES = """
select at, id, id, length(verdicts) from intake
where at <= ? and (at, id) > (?, ?) order by at, id limit ?
"""
_OLD_ENTRIES = """
select id, at, order_id, length(text) + length(data) from journal where id > ? order by id limit ?
"""
_GONE = {
    Kind.NATIVE: "delete from native where hash in (select value from json_each(?))",
    Kind.ANSWER: "delete from native where hash in (select value from json_each(?))",
    Kind.KEY: "delete from inbox where key in (select value from json_each(?))",
    Kind.INTAKE: "delete from intake where id in (select value from json_each(?))",
    Kind.JOURNAL: "delete from journal where id in (select value from json_each(?))",
}
_TIDY = (
    ("delete from worker where lease <= ?", DEAD_STAY),
    ("delete from claim where lease <= ?", DEAD_STAY),
    ("delete from attempt where at <= ?", ATTEMPTS_STAY),
    ("delete from token where expires <= ?", DEAD_STAY),
    ("delete from breaker where opened is null and at <= ?", DEAD_STAY),
)


def held(db: sqlite3.Connection, before: datetime) -> Held:
    """What stays although it is as old."""
    orders = {row[0] for row in db.execute(_ORDERS, (INSTANTS.write(before),))}
    chosen = key_list(orders)
    parked = db.execute(_OPEN_PARKED).fetchall()
    natives = {row[0] for row in db.execute(_OF_ORDERS, (chosen,))} | {row[1] for row in parked}
    intakes = {row[0] for row in db.execute(_INTAKES, (chosen,))}
    return Held(orders | {row[0] for row in parked}, natives, intakes)


def age(
    db: sqlite3.Connection,
    kind: Kind,
    before: datetime,
    held: Held,
    *,
    after: Cursor | None,
    limit: int,
    dry: bool,
) -> Aged:
    """One slice; within the caller's transaction."""
    if kind is Kind.JOURNAL:
        return _entries(db, before, held, after if isinstance(after, int) else 0, limit, dry=dry)
    at, key = (INSTANTS.write(after[0]), after[1]) if isinstance(after, tuple) else ("", "")
    place = (INSTANTS.write(before), at, key, limit)
    stays = held.natives
    match kind:
        case Kind.KEY:
            rows = db.execute(_OLD_KEYS, place).fetchall()
            stays = {*held.orders, *held.intakes}
        case Kind.INTAKE:
            rows = db.execute(_OLD_INTAKES, place).fetchall()
            stays = held.intakes
        case _:
            rows = db.execute(_OLD_NATIVES, (int(kind is Kind.ANSWER), *place)).fetchall()
    whole = len(rows)
    rows = list(_within(rows))
    gone = [(row[1], row[3]) for row in rows if row[2] not in stays]
    if gone and not dry:
        db.execute(_GONE[kind], (key_list(one for one, _ in gone),))
    more = whole == limit or len(rows) < whole
    last = (INSTANTS.read(rows[-1][0]), rows[-1][1]) if more else None
    return Aged(len(gone), sum(size for _, size in gone), last)


def tidy(db: sqlite3.Connection, now: datetime) -> int:
    """Of each table what ended long ago."""
    return sum(db.execute(delete, (INSTANTS.write(now - stay),)).rowcount for delete, stay in _TIDY)


def _within(rows: Iterable[tuple[str, str, str, int]]) -> Iterable[tuple[str, str, str, int]]:
    """As many as have the bytes of one transaction; one at least."""
    size = 0
    for row in rows:
        if size and size + row[3] > MOST_BYTES:
            return
        size += row[3]
        yield row


def _entries(
    db: sqlite3.Connection, before: datetime, held: Held, after: int, limit: int, *, dry: bool
) -> Aged:
    """They are in order of time, as good as: a slice without an old one is the last."""
    rows = db.execute(_OLD_ENTRIES, (after, limit)).fetchall()
    old = [row for row in rows if row[1] <= INSTANTS.write(before)]
    gone = [row for row in old if row[2] not in held.orders]
    if gone and not dry:
        db.execute(_GONE[Kind.JOURNAL], (key_list(row[0] for row in gone),))
    return Aged(len(gone), sum(row[3] for row in gone), rows[-1][0] if old and len(rows) == limit else None)
