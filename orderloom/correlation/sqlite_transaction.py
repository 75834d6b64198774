"""
One transaction on SQLite.

``BEGIN IMMEDIATE`` is the one lock: there is a single writer, so that nothing here locks rows or keys, and
no key has to be entered only to be waited for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from . import sqlite_conversation as talk
from . import sqlite_read as read
from .breaker_port import Breaker
from .conversation_port import RecommendationRow, TokenRow
from .intake_files import IntakeFile
from .port import (
    Attempt,
    Changes,
    Claim,
    InboxRow,
    IntakeRow,
    NativeRow,
    ParkedRow,
    StoreError,
    Timer,
    WaitingReply,
)
from .record import Record
from .rows import Row
from .rows_port import ATTEMPT, BREAKER, CLAIM, INBOX, INTAKE, INTAKE_FILE, PARKED, REPLY, TIMER
from .sqlite_sql import INSTANTS, PORT, key_list, select
from .sqlite_write import write

__all__ = ["SqliteTransaction"]

_INBOX = select(INBOX)
_INTAKES = select(INTAKE)
_ATTEMPTS = select(ATTEMPT)
_PARKED = select(PARKED)
_CLAIMS = select(CLAIM)
_BREAKERS = select(BREAKER)
_WAITING = select(REPLY, "where alias in (select value from json_each(?)) order by at, id")
_DUE = select(TIMER, "where due <= ? order by due, key limit ?")
_TIMERS = select(TIMER)
_FILES = select(INTAKE_FILE)
# One that was told and has not even been received; a change of a line is not looked for.
_UNREACHED = """
select i.order_id, i.key from instruction i join orders o on o.id = i.order_id
where i.answered_at is null and i.received = 0 and i.verb = 'do' and i.system = ?
and o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
and exists (
    select 1 from line l
    where l.order_id = i.order_id and l.part = i.part and l.state = 'inProgress' and l.since <= ?
)
order by i.sent_at, 1, 2 limit ?
"""
_ALIASES = "select key, order_id from alias_key where key in (select value from json_each(?))"
_COUNTERS = "select name, value from counter where name in (select value from json_each(?))"


class SqliteTransaction(talk.SqliteConversationReads):
    """Implements :class:`~orderloom.correlation.port.Transaction`; its methods raise ``sqlite3.Error``."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def look(self) -> AbstractContextManager[sqlite3.Connection]:
        return nullcontext(self._db)

    def tokens(self, hashes: Iterable[str]) -> Mapping[str, TokenRow]:
        return talk.tokens(self._db, hashes)

    def recommendations(self, ids: Iterable[str]) -> Mapping[str, RecommendationRow]:
        return talk.locked_recommendations(self._db, ids)

    def inbox(self, keys: Iterable[str]) -> Mapping[str, InboxRow]:
        return {row[0]: PORT.inbox(row) for row in self._rows(_INBOX, keys)}

    def aliases(self, keys: Iterable[str]) -> Mapping[str, str | None]:
        wanted = tuple(keys)
        known: dict[str, str] = dict(self._rows(_ALIASES, wanted))
        return {key: known.get(key) for key in wanted}

    def find(self, values: Iterable[str], owners: Iterable[str] = ()) -> Mapping[str, tuple[str, ...]]:
        return read.ids_by_value(self._db, values, owners)

    def waiting(self, aliases: Iterable[str]) -> Sequence[WaitingReply]:
        return tuple(PORT.reply(row) for row in self._rows(_WAITING, aliases))

    def orders(self, ids: Iterable[str]) -> Mapping[str, Record]:
        return read.records(self._db, ids)

    def intakes(self, ids: Iterable[str]) -> Mapping[str, IntakeRow]:
        return {row[0]: PORT.intake(row) for row in self._rows(_INTAKES, ids)}

    def natives(self, hashes: Iterable[str]) -> Mapping[str, NativeRow]:
        return read.natives(self._db, hashes)

    def counters(self, names: Iterable[str]) -> Mapping[str, int]:
        wanted = tuple(names)
        known: dict[str, int] = dict(self._rows(_COUNTERS, wanted))
        return {name: known.get(name, 0) for name in wanted}

    def attempts(self, keys: Iterable[str]) -> Mapping[str, Attempt]:
        return {row[0]: PORT.attempt(row) for row in self._rows(_ATTEMPTS, keys)}

    def parked(self, ids: Iterable[str]) -> Mapping[str, ParkedRow]:
        return {row[0]: PORT.parked(row) for row in self._rows(_PARKED, ids)}

    def claims(self, keys: Iterable[str]) -> Mapping[str, Claim]:
        return {row[0]: PORT.claim(row) for row in self._rows(_CLAIMS, keys)}

    def breakers(self, systems: Iterable[str]) -> Mapping[str, Breaker]:
        return {row[0]: PORT.breaker(row) for row in self._rows(_BREAKERS, systems)}

    def unreached(self, system: str, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
        return tuple(self._db.execute(_UNREACHED, (system, INSTANTS.write(before), limit)))

    def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        rows = self._db.execute(_DUE, (INSTANTS.write(now), limit))
        return tuple(map(PORT.timer, rows))

    def timers(self, keys: Iterable[str]) -> Mapping[str, Timer]:
        return {row[0]: PORT.timer(row) for row in self._rows(_TIMERS, keys)}

    def files(self, ids: Iterable[str]) -> Mapping[str, IntakeFile]:
        return {row[0]: PORT.file(row) for row in self._rows(_FILES, ids)}

    def apply(self, changes: Changes) -> Sequence[int]:
        if not self._db.in_transaction:
            raise StoreError("this transaction has ended; begin another")
        return write(self._db, changes)

    def _rows(self, statement: str, keys: Iterable[str]) -> Iterable[Row]:
        chosen = key_list(keys)
        return () if chosen == "[]" else self._db.execute(statement, (chosen,))
