"""
What PostgreSQL lets go: one slice of one table in each transaction, found by its age.

What somebody else has locked at that moment is left for the next time; nobody waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from .aging import ATTEMPTS_STAY, DEAD_STAY, MOST_BYTES, Aged, Cursor, Held, Kind
from .postgres_connection import Session
from .postgres_sql import INSTANTS, keys, numbers
from .rows import Row

__all__ = ["age", "held", "tidy"]

_ENDED = "('completed', 'partial', 'failed', 'rejected', 'cancelled')"
_ORDERS = f"""
select id from orders where created <= $1 and state not in {_ENDED}
union all
select id from orders where created <= $1 and changed > $1 and state in {_ENDED}
"""  # noqa: S608 -- names of ours
_OPEN_PARKED = "select id, native from parked where state in ('open', 'replaying')"
_OF_ORDERS = """
select native from instruction where order_id = any($1)
union select native from told where order_id = any($1)
union select data::json ->> 'native' from journal where order_id = any($1)
union select ack from intake where id in (
    select data::json ->> 'intake' from journal where order_id = any($1)
)
union select native from reply
"""
_INTAKES = """
select distinct data::json ->> 'intake' from journal
where order_id = any($1) and data::json ->> 'intake' is not null
"""

_LOCKED = " for update skip locked"
_OLD_NATIVES = """
select at, hash, hash, length(body) from native
where answer = $5 and at <= $1 and (at, hash) > ($2, $3)
and not exists (select from outbox where outbox.native = native.hash)
order by at, hash limit $4
"""
_OLD_KEYS = """
select at, key, ref, length(key) from inbox
where at <= $1 and (at, key) > ($2, $3) and key not like 'business|%' order by at, key limit $4
"""
_OLD_INTAKES = """
select at, id, id, length(verdicts) from intake
where at <= $1 and (at, id) > ($2, $3) order by at, id limit $4
"""
_OLD_ENTRIES = """
select id, at, order_id, length(text) + length(data) from journal where id > $1 order by id limit $2
"""
_GONE = {
    Kind.NATIVE: "delete from native where hash = any($1)",
    Kind.ANSWER: "delete from native where hash = any($1)",
    Kind.KEY: "delete from inbox where key = any($1)",
    Kind.INTAKE: "delete from intake where id = any($1)",
}
_ENTRIES_GONE = "delete from journal where id = any($1)"
_TIDY = (
    ("delete from worker where lease <= $1", DEAD_STAY),
    ("delete from claim where lease <= $1", DEAD_STAY),
    ("delete from attempt where at <= $1", ATTEMPTS_STAY),
    ("delete from token where expires <= $1", DEAD_STAY),
    ("delete from breaker where opened is null and at <= $1", DEAD_STAY),
)

_FIRST = (datetime.min.replace(tzinfo=UTC), "")


def held(db: Session, before: datetime) -> Held:
    """What stays although it is as old."""
    orders = {row[0] for row in db.rows(_ORDERS, before)}
    chosen = keys(orders)
    parked = db.rows(_OPEN_PARKED)
    natives = {row[0] for row in db.rows(_OF_ORDERS, chosen)} | {row[1] for row in parked}
    intakes = {row[0] for row in db.rows(_INTAKES, chosen)}
    return Held(orders | {row[0] for row in parked}, natives, intakes)


def age(
    db: Session, kind: Kind, before: datetime, held: Held, *, after: Cursor | None, limit: int, dry: bool
) -> Aged:
    """One slice; within the caller's transaction."""
    if kind is Kind.JOURNAL:
        return _entries(db, before, held, after if isinstance(after, int) else 0, limit, dry=dry)
    place = (before, *(after if isinstance(after, tuple) else _FIRST), limit)
    lock = "" if dry else _LOCKED
    stays = held.natives
    match kind:
        case Kind.KEY:
            rows = db.rows(_OLD_KEYS + lock, *place)
            stays = {*held.orders, *held.intakes}
        case Kind.INTAKE:
            rows = db.rows(_OLD_INTAKES + lock, *place)
            stays = held.intakes
        case _:
            rows = db.rows(_OLD_NATIVES + lock, *place, kind is Kind.ANSWER)
    whole = len(rows)
    rows = list(_within(rows))
    gone = [(row[1], row[3]) for row in rows if row[2] not in stays]
    if gone and not dry:
        db.rows(_GONE[kind], keys(one for one, _ in gone))
    more = whole == limit or len(rows) < whole
    last = (INSTANTS.read(rows[-1][0]), rows[-1][1]) if more else None
    return Aged(len(gone), sum(size for _, size in gone), last)


def tidy(db: Session, now: datetime) -> int:
    """Of each table what ended long ago."""
    return sum(db.count(delete, now - stay) for delete, stay in _TIDY)


def _within(rows: Iterable[Row]) -> Iterable[Row]:
    """As many as have the bytes of one transaction; one at least."""
    size = 0
    for row in rows:
        if size and size + row[3] > MOST_BYTES:
            return
        size += row[3]
        yield row


def _entries(db: Session, before: datetime, held: Held, after: int, limit: int, *, dry: bool) -> Aged:
    """They are in order of time, as good as: a slice without an old one is the last."""
    rows = db.rows(_OLD_ENTRIES, after, limit)
    old = [row for row in rows if row[1] <= before]
    gone = [row for row in old if row[2] not in held.orders]
    if gone and not dry:
        db.rows(_ENTRIES_GONE, numbers(row[0] for row in gone))
    return Aged(len(gone), sum(row[3] for row in gone), rows[-1][0] if old and len(rows) == limit else None)
