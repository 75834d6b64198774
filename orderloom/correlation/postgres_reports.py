"""
People's questions over all orders, on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from canonical.amendments import Amendment
from canonical.codec import decode
from canonical.order import Order
from canonical.plan import Plan

from .postgres_connection import Connections
from .postgres_sql import INSTANTS, keys
from .record import Amending
from .reports_port import EVENTS, HeldLine, OpenChange, ReportedOrder, Span
from .rows_reports import ReportRows, open_change

__all__ = ["PostgresReports"]

_ROWS: Final = ReportRows(INSTANTS)

_NUMBER = """coalesce((
    select value from alias a where a.order_id = o.id and a.owner = o.endpoint order by position limit 1
), '')"""

# Lines that are held, and changes of lines that are: of a line that is changed only the change counts, and of
# one that was taken back nothing.  Parameters have their types: null has none of its own.
_HELD = f"""
select l.order_id, {_NUMBER}, o.endpoint, l.part, p.system, l.item,
    held.verb, held.code, held.reason, held.since
from (
    select order_id, position, '' as verb, code, reason, since from line
    where state = 'held' and not exists (
        select 1 from change c where c.order_id = line.order_id and c.kind = 'step'
        and c.doc::json ->> 'part' = line.part and c.doc::json ->> 'item' = line.item
        and (c.state = 'held' or c.state = 'done' and c.doc::json ->> 'verb' = 'undo')
    )
    union all
    select c.order_id, l.position, coalesce(c.doc::json ->> 'verb', 'modify'),
        coalesce(c.doc::json #>> '{{fault,code}}', ''), coalesce(c.doc::json #>> '{{fault,what}}', ''),
        coalesce(asked.at, l.since)
    from change c join line l on l.order_id = c.order_id
        and l.part = c.doc::json ->> 'part' and l.item = c.doc::json ->> 'item'
    left join change asked on asked.order_id = c.order_id
        and asked.kind in ('amendment', 'cancel') and asked.ref = c.doc::json ->> 'cause'
    where c.kind = 'step' and c.state = 'held'
) as held
join line l on l.order_id = held.order_id and l.position = held.position
join part p on p.order_id = l.order_id and p.name = l.part
join orders o on o.id = l.order_id
where ($1::timestamptz is null or held.since <= $1)
and $2::text in ('', held.code) and $3::text in ('', p.system)
order by held.since, l.order_id, l.position, held.verb limit $4::bigint
"""  # noqa: S608 -- words of ours

_SPANS: Final = {
    Span.OPEN: "o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled', 'draft')",
    Span.ENDED: "o.state in ('completed', 'partial', 'failed', 'rejected', 'cancelled')",
    Span.ALL: "o.state <> 'draft'",
}
# A draft that was given up is cancelled; nothing of it was ever planned.
_PLANNED = "exists (select 1 from part where part.order_id = o.id)"
# A page in the order of ids, whatever else is asked for: no sorting, and the next page goes on behind it.
_ORDERS: Final = {
    span: f"""
    select o.id, {_NUMBER}, o.endpoint, o.channel, o.state, o.created, o.changed, o.requested, o.expected,
        (select max(attempt) from instruction i where i.order_id = o.id), o.doc
    from orders o where o.id > $1 and ($2::timestamptz is null or o.changed >= $2)
    and {condition} and {_PLANNED}
    order by o.id limit $3
    """  # noqa: S608 -- words of ours
    for span, condition in _SPANS.items()
}
_LINES = """
select l.order_id, l.part, p.system, p.optional, l.item, i.offering, i.action, i.quantity, l.quantity,
    l.state, l.cause, l.code, l.since
from line l
join part p on p.order_id = l.order_id and p.name = l.part
join item i on i.order_id = l.order_id and i.id = l.item
where l.order_id = any($1) order by l.order_id, l.position
"""
_EVENTS = """
select order_id, event, actor, text, data from journal
where order_id = any($1) and event = any($2)
and (event not in ('reply_folded', 'reply_late') or data::json ->> 'state' = 'held')
order by order_id, id
"""

_PLANNED_SINCE = """
select doc, plan from orders o where o.id > $1 and o.created >= $2 and o.state <> 'draft'
order by o.id limit $3
"""
_AMENDMENTS = "select doc from change where kind = 'amendment' and at >= $1 order by at, ref"

_OPEN_CHANGES = f"""
select c.order_id, {_NUMBER}, c.kind, c.doc from orders o join change c on c.order_id = o.id
where o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled', 'draft')
and c.kind in ('amendment', 'question', 'cancel')
and c.state in ('assessing', 'awaitingCustomer', 'applying', 'acknowledged', 'inProgress')
order by c.at, c.ref limit $1
"""  # noqa: S608 -- words of ours

_ABANDONED = f"""
select count(*) from orders o where o.state = 'cancelled' and not {_PLANNED}
and exists (
    select 1 from journal j where j.order_id = o.id and j.event = 'draft_abandoned' and j.at >= $1
)
"""  # noqa: S608 -- words of ours


class PostgresReports:
    """Implements :class:`~orderloom.correlation.reports_port.Reports`."""

    _connections: Connections

    def held_lines(
        self, *, code: str = "", system: str = "", held_by: datetime | None = None, limit: int | None = None
    ) -> Sequence[HeldLine]:
        with self._connections.read() as db:
            rows = db.rows(_HELD, held_by, code, system, limit)
        return tuple(_ROWS.held(row) for row in rows)

    def reported(
        self,
        span: Span,
        *,
        after: str = "",
        limit: int,
        since: datetime | None = None,
        events: bool = False,
    ) -> Sequence[ReportedOrder]:
        with self._connections.snapshot() as db:
            orders = db.rows(_ORDERS[span], after, since, limit)
            ids = keys(row[0] for row in orders)
            lines = db.rows(_LINES, ids)
            told = db.rows(_EVENTS, ids, keys(EVENTS)) if events else ()
        return tuple(_ROWS.orders(orders, lines, told))

    def amendments(self, since: datetime) -> Sequence[Amendment]:
        with self._connections.read() as db:
            rows = db.rows(_AMENDMENTS, since)
        return tuple(decode(doc, Amending).amendment for (doc,) in rows)

    def open_changes(self, limit: int) -> Sequence[OpenChange]:
        with self._connections.read() as db:
            rows = db.rows(_OPEN_CHANGES, limit)
        return tuple(map(open_change, rows))

    def drafts_abandoned(self, since: datetime) -> int:
        with self._connections.read() as db:
            return int(db.rows(_ABANDONED, since)[0][0])

    def planned_since(self, since: datetime, *, after: str = "", limit: int) -> Sequence[tuple[Order, Plan]]:
        with self._connections.read() as db:
            rows = db.rows(_PLANNED_SINCE, after, since, limit)
        return tuple((decode(doc, Order), decode(plan, Plan)) for doc, plan in rows)
