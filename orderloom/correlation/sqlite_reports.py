"""
People's questions over all orders, on SQLite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .reports_port import HeldLine
from .rows import Row
from .sqlite_connection import Connections
from .sqlite_sql import INSTANTS

__all__ = ["SqliteReports"]

# Behind every instant.
_LAST = "9999"
_NO_LIMIT = -1

# Lines that are held, and lines of which a change is.
_HELD = """
select l.order_id, coalesce((
    select value from alias a where a.order_id = o.id and a.owner = o.endpoint order by position limit 1
), ''), o.endpoint, l.part, p.system, l.item, held.verb, held.code, held.reason, l.since
from (
    select order_id, position, '' as verb, code, reason from line where state = 'held'
    union all
    select c.order_id, l.position, coalesce(json_extract(c.doc, '$.verb'), 'modify'),
        coalesce(json_extract(c.doc, '$.fault.code'), ''), coalesce(json_extract(c.doc, '$.fault.what'), '')
    from change c join line l on l.order_id = c.order_id
        and l.part = json_extract(c.doc, '$.part') and l.item = json_extract(c.doc, '$.item')
    where c.kind = 'step' and c.state = 'held'
) as held
join line l on l.order_id = held.order_id and l.position = held.position
join part p on p.order_id = l.order_id and p.name = l.part
join orders o on o.id = l.order_id
where l.since <= ?1 and ?2 in ('', held.code) and ?3 in ('', p.system)
order by l.since, l.order_id, l.position, held.verb limit ?4
"""


class SqliteReports:
    """Implements :class:`~orderloom.correlation.reports_port.Reports`."""

    _connections: Connections

    def held_lines(
        self, *, code: str = "", system: str = "", held_by: datetime | None = None, limit: int | None = None
    ) -> Sequence[HeldLine]:
        by = INSTANTS.write(held_by) if held_by is not None else _LAST
        asked = (by, code, system, _NO_LIMIT if limit is None else limit)
        with self._connections.read() as db:
            return tuple(_held(row) for row in db.execute(_HELD, asked))


def _held(row: Row) -> HeldLine:
    order_id, number, endpoint, part, system, item, verb, code, reason, since = row
    return HeldLine(order_id, number, endpoint, part, system, item, verb, code, reason, INSTANTS.read(since))
