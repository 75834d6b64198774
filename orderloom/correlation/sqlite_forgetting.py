"""
Forgetting a customer, on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from canonical.order import RelatedParty

from .rows_reports import parties_of
from .sqlite_connection import Connections
from .sqlite_sql import INSTANTS, key_list

__all__ = ["SqliteForgetting"]

_PAGE = "select id, doc from orders where id > ? order by id limit ?"
_UNSENT = """
select order_id from outbox where order_id in (select value from json_each(?1))
union select native from outbox where native in (select value from json_each(?2))
"""
_NAMING = """
select hash from native where answer in (0, 1) and at >= ?1 and instr(body, cast(?2 as blob)) > 0
"""


class SqliteForgetting:
    """Implements :class:`~orderloom.correlation.forgetting_port.Forgetting`."""

    _connections: Connections

    def parties(self, *, after: str, limit: int) -> Sequence[tuple[str, tuple[RelatedParty, ...]]]:
        with self._connections.read() as db:
            return tuple((id_, parties_of(doc)) for id_, doc in db.execute(_PAGE, (after, limit)))

    def unsent_of(self, orders: Iterable[str], natives: Iterable[str]) -> frozenset[str]:
        with self._connections.read() as db:
            rows = db.execute(_UNSENT, (key_list(orders), key_list(natives))).fetchall()
        return frozenset(row[0] for row in rows)

    def natives_naming(self, word: str, since: datetime) -> frozenset[str]:
        with self._connections.read() as db:
            rows = db.execute(_NAMING, (INSTANTS.write(since), word)).fetchall()
        return frozenset(row[0] for row in rows)

    def scrub(self) -> None:
        self._connections.rewrite()
