"""
SQLite's statements, made from the tables of :mod:`.rows` and :mod:`.rows_port`, and how it keeps instants.

A set of keys is one JSON parameter (``json_each``): one statement for any number of keys, prepared once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from canonical.codec import encode

from .port import StoreError
from .rows import Instants, RecordRows, Table
from .rows_port import PortRows

__all__ = [
    "INSTANTS",
    "PORT",
    "RECORDS",
    "Key",
    "cut",
    "delete",
    "insert",
    "key_list",
    "select",
    "update",
    "upsert",
]

Key = TypeVar("Key", str, int)

# A set of keys: `key_list` makes the parameter.
_KEYS = "in (select value from json_each(?))"


# 'YYYY-MM-DDTHH:MM:SS.ffffff' without its zone.
_LENGTH = 26


# Most instants of a batch are one and the same "now".
@lru_cache(maxsize=256)
def _write(when: datetime) -> str:
    """``2026-11-21T20:17:00.123456Z``: as text in the same order as in time."""
    if when.tzinfo is not UTC:
        if when.tzinfo is None:
            raise StoreError(f"an instant without a zone cannot be kept: {when!r}")
        when = when.astimezone(UTC)
    return when.isoformat(timespec="microseconds")[:_LENGTH] + "Z"


INSTANTS = Instants(_write, datetime.fromisoformat)
PORT = PortRows(INSTANTS)
RECORDS = RecordRows(INSTANTS)


def key_list(keys: Iterable[Key]) -> str:
    """
    A set of keys as the one parameter of ``in (select value from json_each(?))``, sorted.

    Raises:
        StoreError: A key holds a NUL: ``json_each`` would cut it there and find another key.
    """
    chosen = sorted(set(keys))
    found = encode(chosen).decode()
    if "\\u0000" in found:
        for one in chosen:
            if "\0" in str(one):
                raise StoreError(f"a key cannot hold a NUL character: {one!r}")
    return found


# Names below are constants of ours; values are always parameters.


def select(table: Table, where: str = "", *, columns: tuple[str, ...] = ()) -> str:
    """All columns (or these), of the rows with a set of keys or of those that ``where`` says."""
    chosen = ", ".join(columns or table.columns)
    condition = where or f"where {table.key[0]} {_KEYS} order by {', '.join(table.key)}"
    return f"select {chosen} from {table.name} {condition}"  # noqa: S608


def insert(table: Table, *, once: bool = False) -> str:
    """A new row; with ``once`` a row whose key is there already stays as it is."""
    places = ", ".join("?" * len(table.columns))
    rest = " on conflict do nothing" if once else ""
    return f"insert into {table.name} ({', '.join(table.columns)}) values ({places}){rest}"  # noqa: S608


def upsert(table: Table) -> str:
    """A row, new or in the place of the one with its key."""
    values = ", ".join(f"{one} = excluded.{one}" for one in table.others)
    return f"{insert(table)} on conflict ({', '.join(table.key)}) do update set {values}"


def update(table: Table) -> str:
    """New values for the row with a key; the key comes last in the parameters."""
    values = ", ".join(f"{one} = ?" for one in table.others)
    return f"update {table.name} set {values} where {table.key[0]} = ?"  # noqa: S608


def delete(table: Table) -> str:
    """The rows with a set of keys are removed."""
    return f"delete from {table.name} where {table.key[0]} {_KEYS}"  # noqa: S608


def cut(table: Table) -> str:
    """What hangs on an order is removed from a position on."""
    return f"delete from {table.name} where order_id = ? and position >= ?"  # noqa: S608
