"""
The migration runner on PostgreSQL: all migrations that are pending in one transaction.

Whoever starts first applies them, everybody else waits for it.  A process that dies half-way leaves
nothing behind, and the next start begins again.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from .migration import Migration, pending
from .migration import shipped as shipped_for

__all__ = ["LOCK", "migrate", "shipped"]

# First key of every advisory lock of ours, "loom" as a number; the second says what for, and in which schema.
LOCK = 0x6C6F6F6D

_HISTORY = """
create table if not exists migration (
    name text primary key,
    hash text not null,
    applied timestamptz not null default clock_timestamp()
)
"""
_KNOWN = "select 1 from pg_tables where schemaname = current_schema() and tablename = 'migration'"
_TURN = "select pg_advisory_xact_lock($1, hashtext('migration ' || current_schema()))"
_APPLIED = "insert into migration (name, hash) values ($1, $2)"


def shipped() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    return shipped_for("postgres")


def migrate(db: Connection[Any], where: str, migrations: tuple[Migration, ...]) -> tuple[str, ...]:
    """
    Apply what is pending; returns the names that were applied.

    Args:
        db: A connection in autocommit mode.
        where: The server, for messages.

    Raises:
        StoreError: An applied file was changed, or a newer version has been at work here.
        psycopg.Error: From the database; nothing was applied.
    """
    if not pending(_history(db), where, migrations):
        return ()
    with db.transaction():
        db.execute(_TURN, (LOCK,))
        db.execute(_HISTORY)
        missing = pending(_history(db), where, migrations)
        for one in missing:
            # Without parameters it goes as it is: many statements at once, in files of ours.
            db.execute(one.text, prepare=False)
            db.execute(_APPLIED, (one.name, one.hash))
    return tuple(one.name for one in missing)


def _history(db: Connection[Any]) -> dict[str, str]:
    known = db.execute(_KNOWN).fetchone()
    return dict(db.execute("select name, hash from migration").fetchall()) if known else {}
