"""
Workers on PostgreSQL: any number, each with a lease, and the unsent rows that one takes over from another.

A lane (order, destination) stays in order whoever publishes: a row goes to whoever adopts it only when every
older one of its lane is that worker's too.  One worker adopts at a time; another finds nothing just then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .port import Adopted, UnsentSummary
from .postgres_arrays import texts
from .postgres_connection import Session
from .postgres_migrate import LOCK
from .postgres_sql import PORT, keys, numbers, select
from .rows import Row
from .rows_port import NATIVE, OUTBOX

__all__ = ["adopt", "enter", "leave", "orphaned", "renew", "unsent"]

_ENTER = """
insert into worker (id, host, pid, since, lease) values ($1, $2, $3, $4, $5)
on conflict (id) do update
set host = excluded.host, pid = excluded.pid, since = excluded.since, lease = excluded.lease
"""
_LEFT = "update outbox set owner = '' where owner = $1"
# A call ends with its process: its key may be called under again before the claim has run out.
_CALLS_ENDED = """
update claim set lease = $1
where lease > $1 and (worker = $2 or not exists (select 1 from worker where id = claim.worker and lease > $1))
"""
# Of workers that were not heard of in time; one that has another name by now may still be calling.
_CALLS_EXPIRED = """
update claim set lease = $1
where lease > $1 and exists (select 1 from worker where id = claim.worker and lease <= $1)
"""
# Files of a worker that is no more may be worked on at once.
_FILES_FREE = """
update intake_file set lease = $1 where lease > $1
and (worker = $2 or not exists (select 1 from worker where id = intake_file.worker and lease > $1))
"""
_EXPIRED = "delete from worker where lease <= $1"
_RENEW = "update worker set lease = $1 where id = $2 and lease > $3"
_LEAVE = "delete from worker where id = $1"
_FILES_LEFT = "update intake_file set worker = '' where worker = $1 and lease is not null"

# Every owner in the outbox, found by skipping through the index: as many steps as there are owners.
_OWNERS = """
with recursive owners (owner) as (
    select min(owner) from outbox
    union all
    select (select min(outbox.owner) from outbox where outbox.owner > owners.owner)
    from owners where owners.owner is not null
)
select owner from owners where owner is not null and owner <> $1
and owner not in (select id from worker where lease > $2)
"""
_ADOPTS = "select pg_try_advisory_xact_lock($1, hashtext('adopt ' || current_schema()))"
# `skip locked`: what its owner is marking as sent at this moment.
_ORPHANS = select(
    OUTBOX,
    """
    where owner = any($1) and not exists (
        select 1 from outbox older
        where older.order_id = outbox.order_id and older.destination = outbox.destination
        and older.seq < outbox.seq and older.owner <> all($1) and older.owner <> $2
    )
    order by seq limit $3 for update skip locked
    """,
)
_TAKE = "update outbox set owner = $1 where seq = any($2)"
_BODIES = select(NATIVE, names=("hash", "body"))
_UNSENT = """
select o.destination, count(*), sum(length(coalesce(o.body, n.body)))::bigint, min(o.at)
from outbox o left join native n on n.hash = o.native
group by o.destination order by o.destination
"""


def enter(db: Session, worker: str, place: tuple[str, int], now: datetime, lease: float) -> None:
    """
    Enter ``worker``; what an earlier one of this name left is nobody's now, and the claims of all that are
    no more have run out.

    Args:
        place: Host and process id, for people.
        lease: Seconds.
    """
    db.rows(_CALLS_ENDED, now, worker)
    db.rows(_FILES_FREE, now, worker)
    db.rows(_EXPIRED, now)
    db.rows(_LEFT, worker)
    db.rows(_ENTER, worker, *place, now, _end(now, lease))


def renew(db: Session, worker: str, now: datetime, lease: float) -> bool:
    """Move the lease, and end the claims of those whose own ran out; False when it has run out itself."""
    if db.count(_RENEW, _end(now, lease), worker, now) != 1:
        return False
    db.rows(_CALLS_EXPIRED, now)
    return True


def leave(db: Session, worker: str) -> None:
    """Strike ``worker`` off."""
    db.rows(_LEAVE, worker)
    db.rows(_FILES_LEFT, worker)


def orphaned(db: Session, worker: str, now: datetime) -> list[str]:
    """Owners of unsent rows that are nobody, or have no lease any more; never ``worker`` itself."""
    return [row[0] for row in db.rows(_OWNERS, worker, now)]


def adopt(db: Session, worker: str, now: datetime, limit: int) -> tuple[Adopted, ...]:
    """Take over up to ``limit`` rows, oldest first, with their bodies; none while another worker does."""
    if db.rows(_ADOPTS, LOCK) == [(False,)]:
        return ()
    rows = db.rows(_ORPHANS, keys(orphaned(db, worker, now)), worker, limit)
    db.rows(_TAKE, worker, numbers(row[0] for row in rows))
    return _with_bodies(db, rows)


def unsent(db: Session) -> tuple[UnsentSummary, ...]:
    """What waits, by destination; sizes in bytes."""
    return tuple(UnsentSummary(*row) for row in db.rows(_UNSENT))


def _with_bodies(db: Session, rows: Sequence[Row]) -> tuple[Adopted, ...]:
    found = [PORT.outbox(row) for row in rows]
    hashes = [one.native for one in found if one.native]
    bodies: dict[str, bytes] = dict(db.rows(_BODIES, texts(sorted(set(hashes)))))
    return tuple(Adopted(one, bodies[one.native] if one.body is None else one.body) for one in found)


def _end(now: datetime, lease: float) -> datetime:
    return now + timedelta(seconds=lease)
