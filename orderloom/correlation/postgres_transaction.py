"""
One transaction on PostgreSQL: READ COMMITTED, and a lock on everything that another worker could want too.

A row that is there is locked (``for update``).  A key that is not there is entered, so that whoever comes
second waits for the first, and taken away again before the commit if nobody took it.  Always in one order:
keys, aliases, early replies, tokens, recommendations, orders, parked, claims, files, counters, then what is
written, each sorted by key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from . import postgres_conversation as talk
from . import postgres_read as read
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
from .postgres_connection import Session
from .postgres_sql import PORT, keys, select
from .postgres_write import Entered, forget, write
from .record import Record
from .rows_port import ATTEMPT, BREAKER, CLAIM, INBOX, INTAKE, INTAKE_FILE, PARKED, REPLY, TIMER

__all__ = ["PostgresTransaction"]

_LOCKED = "for update"

_ENTER_KEYS = "insert into inbox (key) select key from unnest($1) as given (key) on conflict do nothing"
_INBOX = f"{select(INBOX)} {_LOCKED}"
_ENTER_ALIASES = (
    "insert into alias_key (key) select key from unnest($1) as given (key) on conflict do nothing"
)
_ALIASES = "select key, order_id from alias_key where key = any($1)"
_ENTER_COUNTERS = (
    "insert into counter (name, value) select name, 0 from unnest($1) as given (name) on conflict do nothing"
)
_COUNTERS = "select name, value from counter where name = any($1) order by name for update"
_WAITING = select(REPLY, f"where alias = any($1) order by id {_LOCKED}")
_INTAKES = select(INTAKE)
_ATTEMPTS = select(ATTEMPT)
_PARKED = f"{select(PARKED)} {_LOCKED}"
_CLAIMS = f"{select(CLAIM)} {_LOCKED}"
_BREAKERS = f"{select(BREAKER)} {_LOCKED}"
_DUE = select(TIMER, f"where due <= $1 order by due, key limit $2 {_LOCKED} skip locked")
_FILES = f"{select(INTAKE_FILE)} {_LOCKED}"
_TIMERS = f"{select(TIMER)} {_LOCKED} skip locked"

# One that was told and has not even been received; a change of a line is not looked for.
_UNREACHED = """
select i.order_id, i.key from instruction i join orders o on o.id = i.order_id
where i.answered_at is null and not i.received and i.verb = 'do' and i.system = $1
and o.state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled')
and exists (
    select 1 from line l
    where l.order_id = i.order_id and l.part = i.part and l.state = 'inProgress' and l.since <= $2
)
order by i.sent_at, 1, 2 limit $3
"""


class PostgresTransaction(talk.PostgresConversationReads):
    """Implements :class:`~orderloom.correlation.port.Transaction`; its methods raise ``psycopg.Error``."""

    def __init__(self, session: Session) -> None:
        self._session: Session | None = session
        self._entered = Entered()

    def look(self) -> AbstractContextManager[Session]:
        return nullcontext(self._db)

    def tokens(self, hashes: Iterable[str]) -> Mapping[str, TokenRow]:
        return talk.tokens(self._db, hashes)

    def recommendations(self, ids: Iterable[str]) -> Mapping[str, RecommendationRow]:
        return talk.locked_recommendations(self._db, ids)

    def inbox(self, keys_: Iterable[str]) -> Mapping[str, InboxRow]:
        wanted = keys(keys_)
        _, rows = self._db.together([(_ENTER_KEYS, (wanted,)), (_INBOX, (wanted,))])
        self._entered.keys.update(row[0] for row in rows if row[1] is None)
        return {row[0]: PORT.inbox(row) for row in rows if row[1] is not None}

    def aliases(self, keys_: Iterable[str]) -> Mapping[str, str | None]:
        wanted = keys(keys_)
        _, rows = self._db.together([(_ENTER_ALIASES, (wanted,)), (_ALIASES, (wanted,))])
        self._entered.aliases.update(key for key, order_id in rows if order_id is None)
        return dict(rows)

    def find(self, values: Iterable[str], owners: Iterable[str] = ()) -> Mapping[str, tuple[str, ...]]:
        return read.ids_by_value(self._db, values, owners)

    def waiting(self, aliases: Iterable[str]) -> Sequence[WaitingReply]:
        found = map(PORT.reply, self._db.rows(_WAITING, keys(aliases)))
        return tuple(sorted(found, key=lambda one: (one.at, one.id)))

    def orders(self, ids: Iterable[str]) -> Mapping[str, Record]:
        return read.records(self._db, ids, locked=True)

    def intakes(self, ids: Iterable[str]) -> Mapping[str, IntakeRow]:
        return {row[0]: PORT.intake(row) for row in self._db.rows(_INTAKES, keys(ids))}

    def natives(self, hashes: Iterable[str]) -> Mapping[str, NativeRow]:
        return read.natives(self._db, hashes)

    def counters(self, names: Iterable[str]) -> Mapping[str, int]:
        wanted = keys(names)
        _, rows = self._db.together([(_ENTER_COUNTERS, (wanted,)), (_COUNTERS, (wanted,))])
        return dict(rows)

    def attempts(self, keys_: Iterable[str]) -> Mapping[str, Attempt]:
        return {row[0]: PORT.attempt(row) for row in self._db.rows(_ATTEMPTS, keys(keys_))}

    def parked(self, ids: Iterable[str]) -> Mapping[str, ParkedRow]:
        return {row[0]: PORT.parked(row) for row in self._db.rows(_PARKED, keys(ids))}

    def claims(self, keys_: Iterable[str]) -> Mapping[str, Claim]:
        return {row[0]: PORT.claim(row) for row in self._db.rows(_CLAIMS, keys(keys_))}

    def breakers(self, systems: Iterable[str]) -> Mapping[str, Breaker]:
        return {row[0]: PORT.breaker(row) for row in self._db.rows(_BREAKERS, keys(systems))}

    def unreached(self, system: str, before: datetime, limit: int) -> Sequence[tuple[str, str]]:
        return tuple((order, key) for order, key in self._db.rows(_UNREACHED, system, before, limit))

    def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        return tuple(map(PORT.timer, self._db.rows(_DUE, now, limit)))

    def timers(self, keys_: Iterable[str]) -> Mapping[str, Timer]:
        return {row[0]: PORT.timer(row) for row in self._db.rows(_TIMERS, keys(keys_))}

    def files(self, ids: Iterable[str]) -> Mapping[str, IntakeFile]:
        return {row[0]: PORT.file(row) for row in self._db.rows(_FILES, keys(ids))}

    def apply(self, changes: Changes) -> Sequence[int]:
        return write(self._db, changes, self._entered)

    def end(self) -> None:
        """Take away what was entered only to be waited for; nothing is asked or written after this."""
        forget(self._db, self._entered)
        self._session = None

    @property
    def _db(self) -> Session:
        if self._session is None:
            raise StoreError("this transaction has ended; begin another")
        return self._session
