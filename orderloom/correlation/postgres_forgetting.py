"""
Forgetting a customer, on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from canonical.order import RelatedParty

from .postgres_connection import Connections
from .postgres_sql import keys
from .rows_reports import parties_of

__all__ = ["PostgresForgetting"]

_PAGE = "select id, doc from orders where id > $1 order by id limit $2"
_UNSENT = """
select order_id from outbox where order_id = any($1) union select native from outbox where native = any($2)
"""
_NAMING = """
select hash from native where answer in (false, true) and at >= $1 and position($2::bytea in body) > 0
"""
# What held something of the customer.
_TABLES = (
    "orders",
    "item",
    "line",
    "instruction",
    "alias",
    "alias_key",
    "change",
    "native",
    "inbox",
    "intake",
    "journal",
    "parked",
    "draft",
    "interaction",
)


class PostgresForgetting:
    """Implements :class:`~orderloom.correlation.forgetting_port.Forgetting`."""

    _connections: Connections

    def parties(self, *, after: str, limit: int) -> Sequence[tuple[str, tuple[RelatedParty, ...]]]:
        with self._connections.read() as db:
            return tuple((id_, parties_of(doc)) for id_, doc in db.rows(_PAGE, after, limit))

    def unsent_of(self, orders: Iterable[str], natives: Iterable[str]) -> frozenset[str]:
        with self._connections.read() as db:
            return frozenset(row[0] for row in db.rows(_UNSENT, keys(orders), keys(natives)))

    def natives_naming(self, word: str, since: datetime) -> frozenset[str]:
        with self._connections.read() as db:
            return frozenset(row[0] for row in db.rows(_NAMING, since, word.encode()))

    def scrub(self) -> None:
        with self._connections.read() as db:
            for table in _TABLES:
                db.rows(f"vacuum {table}")
