"""
Reads that transactions and people share: records, natives, aliases, by sets of keys.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping

from .intake_files import FilePiece, IntakeFile
from .port import NativeRow
from .record import Alias, Record
from .rows import CHILDREN, MOST_FOUND, ORDERS, Row
from .rows_port import FURTHEST_FIRST, INTAKE_FILE, INTAKE_PIECE, NATIVE
from .sqlite_sql import PORT, RECORDS, key_list, select

__all__ = [
    "answered_file",
    "file",
    "file_pieces",
    "files_by_endpoint",
    "found",
    "ids_by_value",
    "natives",
    "open_files",
    "records",
]

_ORDERS = select(ORDERS)
_CHILDREN = tuple((table.name, select(table, columns=("order_id", *table.others))) for table in CHILDREN)
_NATIVES = select(NATIVE)

_OPEN_FILES = select(INTAKE_FILE, "where state not in ('done', 'refused') order by at, id limit ?")
_BY_ENDPOINT = select(
    INTAKE_FILE,
    f"""
    where id in (
        select id from (
            select id, row_number() over (partition by endpoint order by {FURTHEST_FIRST}) as place
            from intake_file where state not in ('done', 'refused')
        ) as placed where place <= ?
    )
    order by {FURTHEST_FIRST}
    """,  # noqa: S608 -- words of ours
)
_FILE = select(INTAKE_FILE, "where id = ?")
_PIECES = select(INTAKE_PIECE, "where file = ? and number > ? order by number limit ?")
_ANSWERED = select(
    INTAKE_FILE,
    """
    where endpoint = ? and hash = ? and same_as = '' and state in ('done', 'refused')
    order by changed desc, id limit 1
    """,
)

_IDS = f"""
select value, order_id from (
    select value, order_id, row_number() over (
        partition by value order by own desc, created desc, order_id
    ) as place from (
        select a.value, a.order_id,
            max(a.owner in (select value from json_each(?2))) as own, max(o.created) as created
        from alias a join orders o on o.id = a.order_id
        where a.value in (select value from json_each(?1)) group by a.value, a.order_id
        union all
        select id, id, 1, created from orders where id in (select value from json_each(?1))
    ) as held
) as placed where place <= {MOST_FOUND}
group by value, order_id order by value, order_id
"""  # noqa: S608 -- a number of ours

_FOUND = """
select a.owner, a.type, a.value, a.part, a.order_id from alias a where a.value = ?1
union all
select 'hub', 'orderId', o.id, '', o.id from orders o where o.id = ?1
order by 1, 2, 5
"""


def records(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Record]:
    """The orders with these ids, by id and in its order; unknown ids are left out."""
    wanted = key_list(ids)
    orders = db.execute(_ORDERS, (wanted,)).fetchall()
    if not orders:
        return {}
    children = {name: _by_order(db.execute(statement, (wanted,))) for name, statement in _CHILDREN}
    return {
        row[0]: RECORDS.record(row, {name: rows.get(row[0], ()) for name, rows in children.items()})
        for row in orders
    }


def natives(db: sqlite3.Connection, hashes: Iterable[str]) -> dict[str, NativeRow]:
    """The native bytes with these hashes, by hash."""
    return {row[0]: PORT.native(row) for row in db.execute(_NATIVES, (key_list(hashes),))}


def ids_by_value(
    db: sqlite3.Connection, values: Iterable[str], owners: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """
    Order ids, sorted, by alias value or hub order id; values that nobody knows are left out.

    Of a value that more than :data:`MOST_FOUND` have, the newest; first those with an alias of ``owners``.
    """
    ids: dict[str, list[str]] = defaultdict(list)
    for value, order_id in db.execute(_IDS, (key_list(values), key_list(owners))):
        ids[value].append(order_id)
    return {value: tuple(found) for value, found in ids.items()}


def found(db: sqlite3.Connection, value: str) -> tuple[tuple[Alias, str], ...]:
    """Every (alias, order id) with this value."""
    rows = db.execute(_FOUND, (value,))
    return tuple((Alias(owner, type_, value, part), order) for owner, type_, value, part, order in rows)


def open_files(db: sqlite3.Connection, limit: int) -> tuple[IntakeFile, ...]:
    """Files that are not done with, oldest first."""
    return tuple(map(PORT.file, db.execute(_OPEN_FILES, (limit,))))


def files_by_endpoint(db: sqlite3.Connection, each: int) -> tuple[IntakeFile, ...]:
    """Of each endpoint at most ``each`` files that are not done with, what has come furthest first."""
    return tuple(map(PORT.file, db.execute(_BY_ENDPOINT, (each,))))


def file(db: sqlite3.Connection, file_id: str) -> IntakeFile | None:
    """The file with this id."""
    return next(map(PORT.file, db.execute(_FILE, (file_id,))), None)


def file_pieces(db: sqlite3.Connection, file_id: str, after: int, limit: int) -> tuple[FilePiece, ...]:
    """What hangs on a file behind piece ``after``, in order."""
    return tuple(map(PORT.piece, db.execute(_PIECES, (file_id, after, limit))))


def answered_file(db: sqlite3.Connection, endpoint: str, hash_: str) -> IntakeFile | None:
    """The last file with these bytes that was judged and answered itself."""
    return next(map(PORT.file, db.execute(_ANSWERED, (endpoint, hash_))), None)


def _by_order(cursor: sqlite3.Cursor) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for order_id, *row in cursor:
        rows[order_id].append(tuple(row))
    return rows
