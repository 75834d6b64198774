"""
Reads that transactions and people share: records, natives, aliases, by sets of keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .intake_files import FilePiece, IntakeFile
from .port import NativeRow
from .postgres_connection import Session
from .postgres_sql import PORT, RECORDS, keys, select
from .record import Alias, Record
from .rows import CHILDREN, MOST_FOUND, ORDERS, Row
from .rows_port import FURTHEST_FIRST, INTAKE_FILE, INTAKE_PIECE, NATIVE

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
_ORDERS_LOCKED = f"{_ORDERS} for update"
_CHILDREN = tuple(
    (
        table.name,
        select(
            table, "where order_id = any($1) order by order_id, position", names=("order_id", *table.others)
        ),
    )
    for table in CHILDREN
)
_NATIVES = select(NATIVE)

_OPEN_FILES = select(INTAKE_FILE, "where state not in ('done', 'refused') order by at, id limit $1")
_BY_ENDPOINT = select(
    INTAKE_FILE,
    f"""
    where id in (
        select id from (
            select id, row_number() over (partition by endpoint order by {FURTHEST_FIRST}) as place
            from intake_file where state not in ('done', 'refused')
        ) as placed where place <= $1
    )
    order by {FURTHEST_FIRST}
    """,  # noqa: S608 -- words of ours
)
_FILE = select(INTAKE_FILE, "where id = $1")
_PIECES = select(INTAKE_PIECE, "where file = $1 and number > $2 order by number limit $3")
_ANSWERED = select(
    INTAKE_FILE,
    """
    where endpoint = $1 and hash = $2 and same_as = '' and state in ('done', 'refused')
    order by changed desc, id limit 1
    """,
)

_IDS = f"""
select value, order_id from (
    select value, order_id, row_number() over (
        partition by value order by own desc, created desc, order_id
    ) as place from (
        select a.value, a.order_id, bool_or(a.owner = any($2)) as own, max(o.created) as created
        from alias a join orders o on o.id = a.order_id
        where a.value = any($1) group by a.value, a.order_id
        union all
        select id, id, true, created from orders where id = any($1)
    ) as held
) as placed where place <= {MOST_FOUND}
group by value, order_id order by value, order_id
"""  # noqa: S608 -- a number of ours

_FOUND = """
select a.owner, a.type, a.value, a.part, a.order_id from alias a where a.value = $1
union all
select 'hub', 'orderId', o.id, '', o.id from orders o where o.id = $1
order by 1, 2, 5
"""


def records(db: Session, ids: Iterable[str], *, locked: bool = False) -> dict[str, Record]:
    """
    The orders with these ids, by id and in its order; unknown ids are left out.

    Args:
        locked: Wait for whoever works on them, in the order of ids; what hangs on them is read after that.
    """
    wanted = keys(ids)
    statements = (_ORDERS_LOCKED if locked else _ORDERS, *(statement for _, statement in _CHILDREN))
    orders, *children = db.together([(one, (wanted,)) for one in statements])
    if not orders:
        return {}
    by_table = {name: _by_order(rows) for (name, _), rows in zip(_CHILDREN, children, strict=True)}
    return {
        row[0]: RECORDS.record(row, {name: rows.get(row[0], ()) for name, rows in by_table.items()})
        for row in orders
    }


def natives(db: Session, hashes: Iterable[str]) -> dict[str, NativeRow]:
    """The native bytes with these hashes, by hash."""
    return {row[0]: PORT.native(row) for row in db.rows(_NATIVES, keys(hashes))}


def ids_by_value(db: Session, values: Iterable[str], owners: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """
    Order ids, sorted, by alias value or hub order id; values that nobody knows are left out.

    Of a value that more than :data:`MOST_FOUND` have, the newest; first those with an alias of ``owners``.
    """
    ids: dict[str, list[str]] = defaultdict(list)
    for value, order_id in db.rows(_IDS, keys(values), keys(owners)):
        ids[value].append(order_id)
    return {value: tuple(known) for value, known in ids.items()}


def found(db: Session, value: str) -> tuple[tuple[Alias, str], ...]:
    """Every (alias, order id) with this value."""
    rows = db.rows(_FOUND, value)
    return tuple((Alias(owner, type_, value, part), order) for owner, type_, value, part, order in rows)


def open_files(db: Session, limit: int) -> tuple[IntakeFile, ...]:
    """Files that are not done with, oldest first."""
    return tuple(map(PORT.file, db.rows(_OPEN_FILES, limit)))


def files_by_endpoint(db: Session, each: int) -> tuple[IntakeFile, ...]:
    """Of each endpoint at most ``each`` files that are not done with, what has come furthest first."""
    return tuple(map(PORT.file, db.rows(_BY_ENDPOINT, each)))


def file(db: Session, file_id: str) -> IntakeFile | None:
    """The file with this id."""
    return next(map(PORT.file, db.rows(_FILE, file_id)), None)


def file_pieces(db: Session, file_id: str, after: int, limit: int) -> tuple[FilePiece, ...]:
    """What hangs on a file behind piece ``after``, in order."""
    return tuple(map(PORT.piece, db.rows(_PIECES, file_id, after, limit)))


def answered_file(db: Session, endpoint: str, hash_: str) -> IntakeFile | None:
    """The last file with these bytes that was judged and answered itself."""
    return next(map(PORT.file, db.rows(_ANSWERED, endpoint, hash_)), None)


def _by_order(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for order_id, *row in rows:
        found[order_id].append(tuple(row))
    return found
