"""
People's questions over all orders, on SQLite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from canonical.amendments import Amendment
from canonical.codec import decode
from canonical.order import Order
from canonical.plan import Plan

from .record import Amending
from .reports_port import EVENTS, HeldLine, OpenChange, ReportedOrder, Span
from .rows_reports import ReportRows, open_change
from .sqlite_connection import Connections
from .sqlite_sql import INSTANTS, key_list

__all__ = ["SqliteReports"]

_ROWS: Final = ReportRows(INSTANTS)

# Before and behind every instant.
_FIRST = ""
_LAST = "9999"
_NO_LIMIT = -1

_NUMBER = """coalesce((
    select value from alias a where a.order_id = o.id and a.owner = o.endpoint order by position limit 1
), '')"""

# Lines that are held, and changes of lines that are: of a line that is changed only the change counts, and of
# one that was taken back nothing.
_HELD = f"""
select l.order_id, {_NUMBER}, o.endpoint, l.part, p.system, l.item,
    held.verb, held.code, held.reason, held.since
from (
    select order_id, position, '' as verb, code, reason, since from line
    where state = 'held' and not exists (
        select 1 from change c where c.order_id = line.order_id and c.kind = 'step'
        and json_extract(c.doc, '$.part') = line.part and json_extract(c.doc, '$.item') = line.item
        and (c.state = 'held' or c.state = 'done' and json_extract(c.doc, '$.verb') = 'undo')
    )
    union all
    select c.order_id, l.position, coalesce(json_extract(c.doc, '$.verb'), 'modify'),
        coalesce(json_extract(c.doc, '$.fault.code'), ''), coalesce(json_extract(c.doc, '$.fault.what'), ''),
        coalesce(asked.at, l.since)
    from change c join line l on l.order_id = c.order_id
        and l.part = json_extract(c.doc, '$.part') and l.item = json_extract(c.doc, '$.item')
    left join change asked on asked.order_id = c.order_id
        and asked.kind in ('amendment', 'cancel') and asked.ref = json_extract(c.doc, '$.cause')
    where c.kind = 'step' and c.state = 'held'
) as held
join line l on l.order_id = held.order_id and l.position = held.position
join part p on p.order_id = l.order_id and p.name = l.part
join orders o on o.id = l.order_id
where held.since <= ?1 and ?2 in ('', held.code) and ?3 in ('', p.system)
order by held.since, l.order_id, l.position, held.verb limit ?4
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
    from orders o where o.id > ? and o.changed >= ? and {condition} and {_PLANNED}
    order by o.id limit ?
    """  # noqa: S608 -- words of ours
    for span, condition in _SPANS.items()
}
_LINES = """
select l.order_id, l.part, p.system, p.optional, l.item, i.offering, i.action, i.quantity, l.quantity,
    l.state, l.cause, l.code, l.since
from line l
join part p on p.order_id = l.order_id and p.name = l.part
join item i on i.order_id = l.order_id and i.id = l.item
where l.order_id in (select value from json_each(?)) order by l.order_id, l.position
"""
_EVENTS = """
select order_id, event, actor, text, data from journal
where order_id in (select value from json_each(?1)) and event in (select value from json_each(?2))
and (event not in ('reply_folded', 'reply_late') or json_extract(data, '$.state') = 'held')
order by order_id, id
"""

_PLANNED_SINCE = """
select doc, plan from orders o where o.id > ? and o.created >= ? and o.state <> 'draft'
order by o.id limit ?
"""
_AMENDMENTS = "select doc from change where kind = 'amendment' and at >= ? order by at, ref"

_OPEN_CHANGES = f"""
select c.order_id, {_NUMBER}, c.kind, c.doc from orders o join change c on c.order_id = o.id
where o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled', 'draft')
and c.kind in ('amendment', 'question', 'cancel')
and c.state in ('assessing', 'awaitingCustomer', 'applying', 'acknowledged', 'inProgress')
order by c.at, c.ref limit ?
"""  # noqa: S608 -- words of ours

_ABANDONED = f"""
select count(*) from orders o where o.state = 'cancelled' and not {_PLANNED}
and exists (
    select 1 from journal j where j.order_id = o.id and j.event = 'draft_abandoned' and j.at >= ?
)
"""  # noqa: S608 -- words of ours


class SqliteReports:
    """Implements :class:`~orderloom.correlation.reports_port.Reports`."""

    _connections: Connections

    def held_lines(
        self, *, code: str = "", system: str = "", held_by: datetime | None = None, limit: int | None = None
    ) -> Sequence[HeldLine]:
        by = INSTANTS.write(held_by) if held_by is not None else _LAST
        asked = (by, code, system, _NO_LIMIT if limit is None else limit)
        with self._connections.read() as db:
            return tuple(_ROWS.held(row) for row in db.execute(_HELD, asked))

    def reported(
        self,
        span: Span,
        *,
        after: str = "",
        limit: int,
        since: datetime | None = None,
        events: bool = False,
    ) -> Sequence[ReportedOrder]:
        changed = INSTANTS.write(since) if since is not None else _FIRST
        with self._connections.read() as db:
            orders = db.execute(_ORDERS[span], (after, changed, limit)).fetchall()
            ids = key_list(row[0] for row in orders)
            lines = db.execute(_LINES, (ids,)).fetchall()
            told = db.execute(_EVENTS, (ids, key_list(EVENTS))).fetchall() if events else ()
        return tuple(_ROWS.orders(orders, lines, told))

    def amendments(self, since: datetime) -> Sequence[Amendment]:
        with self._connections.read() as db:
            rows = db.execute(_AMENDMENTS, (INSTANTS.write(since),)).fetchall()
        return tuple(decode(doc, Amending).amendment for (doc,) in rows)

    def open_changes(self, limit: int) -> Sequence[OpenChange]:
        with self._connections.read() as db:
            return tuple(map(open_change, db.execute(_OPEN_CHANGES, (limit,)).fetchall()))

    def drafts_abandoned(self, since: datetime) -> int:
        with self._connections.read() as db:
            return int(db.execute(_ABANDONED, (INSTANTS.write(since),)).fetchone()[0])

    def planned_since(self, since: datetime, *, after: str = "", limit: int) -> Sequence[tuple[Order, Plan]]:
        with self._connections.read() as db:
            rows = db.execute(_PLANNED_SINCE, (after, INSTANTS.write(since), limit)).fetchall()
        return tuple((decode(doc, Order), decode(plan, Plan)) for doc, plan in rows)
