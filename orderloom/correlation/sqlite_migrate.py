"""
The migration runner on SQLite: all migrations that are pending in one transaction.

A process that dies half-way leaves nothing behind, and the next start begins again.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from .migration import Migration, pending
from .migration import shipped as shipped_for

__all__ = ["Migration", "migrate", "shipped", "statements"]

_HISTORY = """
create table if not exists migration (
    name text primary key,
    hash text not null,
    applied text not null default (strftime('%Y-%m-%dT%H:%M:%fZ'))
) strict
"""


def shipped() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    return shipped_for("sqlite")


def migrate(db: sqlite3.Connection, path: Path, migrations: tuple[Migration, ...]) -> tuple[str, ...]:
    """
    Apply what is pending; returns the names that were applied.

    Args:
        db: A connection in autocommit mode.
        path: Of the database file, for messages.

    Raises:
        StoreError: An applied file was changed, or a newer version has been at work here.
        sqlite3.Error: From the database; nothing was applied.
    """
    if not pending(_history(db), path, migrations):
        return ()
    db.execute("begin immediate")
    try:
        db.execute(_HISTORY)
        missing = pending(_history(db), path, migrations)
        for one in missing:
            _apply(db, one)
        db.execute("commit")
    finally:
        if db.in_transaction:
            db.execute("rollback")
    return tuple(one.name for one in missing)


def statements(text: str) -> Iterator[str]:
    """The statements of ``text``, one by one; ``executescript`` would commit before it begins."""
    begun = ""
    for piece in re.split("(?<=;)", text):
        begun += piece
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""
    if begun.strip():
        yield begun  # SQLite says what is missing


def _history(db: sqlite3.Connection) -> dict[str, str]:
    known = db.execute("select 1 from sqlite_schema where type = 'table' and name = 'migration'").fetchone()
    return dict(db.execute("select name, hash from migration")) if known else {}


def _apply(db: sqlite3.Connection, one: Migration) -> None:
    for statement in statements(one.text):
        db.execute(statement)
    db.execute("insert into migration (name, hash) values (?, ?)", (one.name, one.hash))
