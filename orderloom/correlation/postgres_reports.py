"""
People's questions over all orders, on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .postgres_connection import Connections
from .postgres_sql import INSTANTS
from .reports_port import HeldLine
from .rows import Row

__all__ = ["PostgresReports"]

# Lines that are held, and lines of which a change is.  Parameters have their types: null has none of its own.
_HELD = """
select l.order_id, coalesce((
    select value from alias a where a.order_id = o.id and a.owner = o.endpoint order by position limit 1
), ''), o.endpoint, l.part, p.system, l.item, held.verb, held.code, held.reason, l.since
from (
    select order_id, position, '' as verb, code, reason from line where state = 'held'
    union all
    select c.order_id, l.position, coalesce(c.doc::json ->> 'verb', 'modify'),
        coalesce(c.doc::json #>> '{fault,code}', ''), coalesce(c.doc::json #>> '{fault,what}', '')
    from change c join line l on l.order_id = c.order_id
        and l.part = c.doc::json ->> 'part' and l.item = c.doc::json ->> 'item'
    where c.kind = 'step' and c.state = 'held'
) as held
join line l on l.order_id = held.order_id and l.position = held.position
join part p on p.order_id = l.order_id and p.name = l.part
join orders o on o.id = l.order_id
where ($1::timestamptz is null or l.since <= $1)
and $2::text in ('', held.code) and $3::text in ('', p.system)
order by l.since, l.order_id, l.position, held.verb limit $4::bigint
"""


class PostgresReports:
    """Implements :class:`~orderloom.correlation.reports_port.Reports`."""

    _connections: Connections

    def held_lines(
        self, *, code: str = "", system: str = "", held_by: datetime | None = None, limit: int | None = None
    ) -> Sequence[HeldLine]:
        with self._connections.read() as db:
            rows = db.rows(_HELD, held_by, code, system, limit)
        return tuple(_held(row) for row in rows)


def _held(row: Row) -> HeldLine:
    order_id, number, endpoint, part, system, item, verb, code, reason, since = row
    return HeldLine(order_id, number, endpoint, part, system, item, verb, code, reason, INSTANTS.read(since))
