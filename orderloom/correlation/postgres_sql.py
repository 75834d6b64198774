"""
PostgreSQL's statements, made from the tables of :mod:`.rows` and :mod:`.rows_port`.

Any number of rows or keys is one statement, with one array a column (:mod:`.postgres_arrays`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from .port import StoreError
from .postgres_arrays import Array, Column, blobs, bools, instants, ints, texts
from .rows import PART, Instants, RecordRows, Row, Table
from .rows_port import PortRows

__all__ = [
    "INSTANTS",
    "PORT",
    "RECORDS",
    "Asked",
    "columns",
    "cut",
    "delete",
    "insert",
    "keys",
    "latest",
    "numbers",
    "rows_of",
    "select",
    "upsert",
]

# A statement and its parameters.
Asked: TypeAlias = tuple[str, Sequence[object]]

_KINDS: Mapping[Column, str] = {
    ints: "accepted asked attempt done failures inquiries number place position quantity records rejected "
    "repeated revision seq size started times total version waiting",
    bools: "answer inquiring is_check mandatory optional received sent whole",
    instants: "answered_at at changed closed_at created due expected expires lease next_probe opened "
    "requested sent_at since used_at valid_until",
    blobs: "body",
}
_TYPES: Mapping[str, Column] = {name: kind for kind, names in _KINDS.items() for name in names.split()}


def _write(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise StoreError(f"an instant without a zone cannot be kept: {when!r}")
    return when


def _read(when: datetime) -> datetime:
    return when if when.tzinfo is UTC else when.astimezone(UTC)


INSTANTS = Instants(_write, _read)
PORT = PortRows(INSTANTS)
RECORDS = RecordRows(INSTANTS)


def columns(table: Table, rows: Sequence[Row]) -> list[Array]:
    """Rows as arrays, one a column; at least one row."""
    return [write(values) for write, values in zip(_types(table), zip(*rows, strict=True), strict=True)]


def _types(table: Table) -> list[Column]:
    due = {"due": texts} if table is PART else {}  # in the words of its route
    return [{**_TYPES, **due}.get(name, texts) for name in table.columns]


def keys(chosen: Iterable[str]) -> Array:
    """A set of keys, sorted as the database sorts them (collation "C")."""
    return texts(sorted(set(chosen)))


def numbers(chosen: Iterable[int]) -> Array:
    """A set of numbers, sorted."""
    return ints(sorted(set(chosen)))


def latest(rows: Iterable[Row]) -> list[Row]:
    """The last row of each key, sorted by key: locks are taken in this order."""
    found: dict[Any, Row] = {row[0]: row for row in rows}
    return [found[key] for key in sorted(found)]


# Names below are constants of ours; values are always parameters.


def select(table: Table, where: str = "", *, names: tuple[str, ...] = ()) -> str:
    """All columns (or these), of the rows with a set of keys or of those that ``where`` says."""
    chosen = ", ".join(names or table.columns)
    condition = where or f"where {table.key[0]} = any($1) order by {', '.join(table.key)}"
    return f"select {chosen} from {table.name} {condition}"  # noqa: S608


def rows_of(table: Table, first: int = 1) -> str:
    """The parameters from ``first`` on, one array a column, as rows named ``given``."""
    places = ", ".join(f"${at}" for at in range(first, first + len(table.columns)))
    return f"unnest({places}) as given ({', '.join(table.columns)})"


def insert(table: Table, *, once: bool = False) -> str:
    """New rows; with ``once`` a row whose key is there already stays as it is."""
    names = ", ".join(table.columns)
    rest = " on conflict do nothing" if once else ""
    return f"insert into {table.name} ({names}) select {names} from {rows_of(table)}{rest}"  # noqa: S608


def upsert(table: Table) -> str:
    """Rows, new or in the place of those with their keys."""
    values = ", ".join(f"{one} = excluded.{one}" for one in table.others)
    return f"{insert(table)} on conflict ({', '.join(table.key)}) do update set {values}"


def delete(table: Table) -> str:
    """The rows with a set of keys are removed."""
    return f"delete from {table.name} where {table.key[0]} = any($1)"  # noqa: S608


def cut(table: Table) -> str:
    """What hangs on orders is removed from a position on."""
    return (
        f"delete from {table.name} using unnest($1, $2) as given (order_id, position) "  # noqa: S608
        f"where {table.name}.order_id = given.order_id and {table.name}.position >= given.position"
    )
