"""
The store port: what the hub asks of its database, in batches.

SQLite and PostgreSQL fill it.  No query per message: each method takes all keys of a batch.  In a transaction
they are called in this order: inbox, aliases, waiting, tokens, recommendations, orders, parked, claims,
breakers, timers, files, counters, apply; each sorts its keys, so that no two workers wait in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from .aging import Aging
from .breaker_port import BreakerChanges, BreakerReads, BreakerTransaction
from .conversation_port import ConversationChanges, ConversationReads, ConversationTransaction
from .forgetting_port import Forgetting, Removed
from .intake_files import FilePiece, FileReads, FileTransaction, IntakeFile
from .record import Alias, Record
from .reports_port import Reports
from .settings_port import SettingsPort

__all__ = [
    "Adopted",
    "Attempt",
    "Changes",
    "Claim",
    "CommitUnknown",
    "InboxRow",
    "IntakeRow",
    "JournalEntry",
    "NativeRow",
    "OutboxRow",
    "ParkedRow",
    "ParkedState",
    "Store",
    "StoreBusy",
    "StoreError",
    "Timer",
    "Transaction",
    "UnsentSummary",
    "WaitingReply",
]


class StoreError(Exception):
    """The store refuses or is broken; the text says which file or server and what mends it."""


class StoreBusy(StoreError):
    """Locked, deadlocked or serialization failure: nothing was written; the same batch may be tried again."""


class CommitUnknown(StoreError):
    """The commit failed in a way that may have been durable: settle by key, never assume no."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """
    A key that has been taken.

    Args:
        key: ``envelope|…``, ``business|…`` or ``reply|…``.
        hash: Of the content that took it: native bytes of an envelope, canonical content of a document or a
            reply.
        ref: Intake id of an envelope, order id of a document or a reply.
        whole: Envelope only: every document of it was accepted, so other bytes under it are a fault.
        answered_at: When its answer was last given (again).
    """

    key: str
    hash: str
    ref: str
    at: datetime
    whole: bool = True
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NativeRow:
    """
    Native bytes, named by their SHA-256; kept once, from the last time that they came.

    Args:
        answer: An endpoint was told this: it is kept as long as the key under which it is asked for again.
    """

    hash: str
    body: bytes
    content_type: str
    at: datetime
    answer: bool = False


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """
    One native message taken in: who, under which envelope, and what became of its documents.

    ``verdicts`` is JSON of ``tuple[Verdict, ...]`` without their orders; ``ack`` is the hash of the
    acknowledgement, empty when it had none.
    """

    id: str
    channel: str
    endpoint: str
    envelope: str
    queue: str
    native: str
    verdicts: bytes
    at: datetime
    ack: str = ""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """
    One line of an order's story; never changed, never copies names of people.

    Args:
        order_id: Empty for what belongs to no order.
        event: Short, lower case, past tense: ``order_accepted``, ``reply_late``.
        text: One sentence for people.
        data: Facts: ids, states, hashes.
        actor: ``hub``, an endpoint, a system, or ``cli:<user>``.
    """

    order_id: str
    at: datetime
    event: str
    text: str
    data: Mapping[str, str] = field(default_factory=dict)
    actor: str = "hub"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """
    One message to be published.

    ``order_id`` with ``destination`` is its lane: it goes out only when nothing older in its lane is unsent.
    The body is either inline (``body``) or native bytes (``native`` hash), never both.

    Args:
        seq: 0 until the store has given it one; grows in the order of writing.
        destination: Queue or exchange, for lanes, watermarks and people.
        properties: JSON of the message properties.
    """

    order_id: str
    destination: str
    exchange: str
    routing_key: str
    properties: bytes
    mandatory: bool
    at: datetime
    body: bytes | None = None
    native: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Adopted:
    """An unsent row that has a new owner, with its body looked up."""

    row: OutboxRow
    body: bytes


@dataclass(frozen=True, slots=True)
class Timer:
    """Something due, of a ``kind`` (respond-by, answer-by, retry…); set again under its ``key`` it moves."""

    key: str
    due: datetime
    kind: str
    order_id: str
    data: Mapping[str, str] = field(default_factory=dict)


class ParkedState(StrEnum):
    """Where a parked message stands."""

    OPEN = "open"
    REPLAYING = "replaying"
    CLOSED = "closed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """
    A message nobody could understand, set aside with its reason.

    The row is the truth; the message in ``<queue>.parked`` is only its handle.

    Args:
        id: Deterministic: the same message parked again is the same row, with ``times`` one higher.
        fault: JSON of the Fault.
        properties: JSON of the message properties as received.
    """

    id: str
    queue: str
    code: str
    fault: bytes
    native: str
    content_type: str
    properties: bytes
    at: datetime
    times: int = 1
    order_id: str = ""
    state: ParkedState = ParkedState.OPEN
    closed_at: datetime | None = None
    actor: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How often work on a redelivered message was started; removed in the transaction that finishes it."""

    key: str
    started: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """One call under way: no other worker may call under this key and attempt until the lease ends."""

    key: str
    order_id: str
    attempt: int
    worker: str
    lease: datetime


@dataclass(frozen=True, slots=True)
class WaitingReply:
    """A reply (JSON of ``Reply | Receipt``) to an order not known yet, kept under the alias it names."""

    id: str
    alias: str
    system: str
    reply: bytes
    native: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnsentSummary:
    """What has not left yet, by destination."""

    destination: str
    rows: int
    size: int
    oldest: datetime


@dataclass(slots=True)
class Changes:
    """
    Everything one transaction writes.

    Args:
        records: (before, after); before is None for a new order.  Only differences are written.
        counters: New values by name.
        sent: Outbox seqs that the broker has taken; they are removed.
        inbox: Rows to insert or update by key; so are intakes, timers, parked, attempts, claims.
        timers_cleared, claims_done: Removed before ``timers`` and ``claims`` are written.
        waited: Ids of waiting replies that have been folded; removed after ``waiting`` is written.
        attempts, attempts_done: Poison counting; the keys are removed after ``attempts`` is written.
        files_seen: Files that are new; one that is there already stays as it is.
        files, files_gone: Files by id; the latter are removed, with what hangs on them.
        pieces: What hangs on files; one that is there already stays as it is.
        conversation: What is written of drafts, tokens, parties, interactions and recommendations.
        breakers: What is written of circuit breakers.
        settings: Settings of the store by name; None takes one away.
        removed: What is removed for somebody who is forgotten.
        owner: Worker id that owns the outbox rows; None leaves them for adoption.
    """

    records: list[tuple[Record | None, Record]] = field(default_factory=list)
    inbox: list[InboxRow] = field(default_factory=list)
    natives: dict[str, NativeRow] = field(default_factory=dict)
    intakes: list[IntakeRow] = field(default_factory=list)
    journal: list[JournalEntry] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    outbox: list[OutboxRow] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    timers: dict[str, Timer] = field(default_factory=dict)
    timers_cleared: set[str] = field(default_factory=set)
    parked: dict[str, ParkedRow] = field(default_factory=dict)
    waiting: list[WaitingReply] = field(default_factory=list)
    waited: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    attempts_done: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    claims_done: list[str] = field(default_factory=list)
    files_seen: list[IntakeFile] = field(default_factory=list)
    files: list[IntakeFile] = field(default_factory=list)
    files_gone: list[str] = field(default_factory=list)
    pieces: list[FilePiece] = field(default_factory=list)
    conversation: ConversationChanges = field(default_factory=ConversationChanges)
    breakers: BreakerChanges = field(default_factory=BreakerChanges)
    settings: dict[str, str | None] = field(default_factory=dict)
    removed: Removed = field(default_factory=Removed)
    owner: str | None = None


class Transaction(FileTransaction, ConversationTransaction, BreakerTransaction, Protocol):
    """One transaction; it commits when the context ends without an exception."""

    def inbox(self, keys: Iterable[str]) -> Mapping[str, InboxRow]:
        """Lock these keys; return those that are taken already."""
        ...

    def aliases(self, keys: Iterable[str]) -> Mapping[str, str | None]:
        """
        Lock these alias keys (``owner|type|value``) and return the order id of each, None when unknown.

        A key that several orders carry leads to the one that had it first; ``find`` names all of them.
        """
        ...

    def find(self, values: Iterable[str], owners: Iterable[str] = ()) -> Mapping[str, tuple[str, ...]]:
        """At most ``MOST_FOUND`` order ids by alias value or hub id, ``owners``' first; takes no lock."""
        ...

    def waiting(self, aliases: Iterable[str]) -> Sequence[WaitingReply]:
        """Replies that wait under these alias keys, oldest first, locked."""
        ...

    def orders(self, ids: Iterable[str]) -> Mapping[str, Record]:
        """Lock and load these orders, in id order; unknown ids are left out."""
        ...

    def intakes(self, ids: Iterable[str]) -> Mapping[str, IntakeRow]:
        """These intakes."""
        ...

    def natives(self, hashes: Iterable[str]) -> Mapping[str, NativeRow]:
        """These native bytes."""
        ...

    def counters(self, names: Iterable[str]) -> Mapping[str, int]:
        """Lock these counters and return their present values, 0 when new."""
        ...

    def attempts(self, keys: Iterable[str]) -> Mapping[str, Attempt]:
        """These attempts."""
        ...

    def parked(self, ids: Iterable[str]) -> Mapping[str, ParkedRow]:
        """These parked rows, locked."""
        ...

    def claims(self, keys: Iterable[str]) -> Mapping[str, Claim]:
        """These claims, locked."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        """
        Timers that are due, oldest first; those that another transaction is carrying out are left out.

        Whoever carries one out locks its order first, and then the timer by :meth:`timers`.
        """
        ...

    def timers(self, keys: Iterable[str]) -> Mapping[str, Timer]:
        """These timers, locked; those that another transaction has locked are left out."""
        ...

    def apply(self, changes: Changes) -> Sequence[int]:
        """
        Write everything; returns the seq of each outbox row, in the order given.

        The seq is 0 for a row that is not its owner's to publish: an older row of its lane is somebody
        else's.  Such a row is nobody's, and is adopted when its turn has come.
        """
        ...


class Store(Aging, BreakerReads, ConversationReads, FileReads, Forgetting, Reports, SettingsPort, Protocol):
    """The correlation store."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """
        A write transaction (SQLite: BEGIN IMMEDIATE).

        Raises:
            StoreBusy: Nothing was written; try the same again.
            CommitUnknown: The commit may or may not be durable.
            StoreError: Anything else: full, read-only, corrupt.
        """
        ...

    def register(self, worker: str, host: str, pid: int, now: datetime, lease: float) -> None:
        """
        Enter this worker with a lease of ``lease`` seconds.

        Raises:
            StoreError: On SQLite when another live worker has the store.
        """
        ...

    def renew(self, worker: str, now: datetime, lease: float) -> bool:
        """
        Move the lease; False when it was lost (the worker must stop publishing).

        One that has run out is lost where another worker may own its rows by now; a store of one worker,
        which nobody else can have entered meanwhile, renews it all the same.
        """
        ...

    def retire(self, worker: str) -> None:
        """Give the lease up; its unsent rows may be adopted at once."""
        ...

    def adopt(self, worker: str, now: datetime, limit: int) -> Sequence[Adopted]:
        """
        Take over unsent rows of no owner or of an expired lease, oldest first; never the worker's own, and
        never one while an older row of its lane is another live worker's.  Quick when there are none.
        While one worker adopts, another may be given none.
        """
        ...

    def unsent(self) -> Sequence[UnsentSummary]:
        """What waits in the outbox, by destination; takes no lock."""
        ...

    def load_rules(self, version: str) -> Mapping[str, str] | None:
        """The texts of a pinned version of the rules (name to text), or None."""
        ...

    def save_rules(self, version: str, texts: Mapping[str, str], now: datetime) -> None:
        """Keep a version and make it the current one for new orders."""
        ...

    def current_rules(self) -> str | None:
        """The version that new orders are pinned to."""
        ...

    # Reads for people: no locks, each its own snapshot.

    def order(self, order_id: str) -> Record | None:
        """One order."""
        ...

    def find(self, value: str) -> Sequence[tuple[Alias, str]]:
        """Every (alias, order id) with this value; the hub's own id is the alias (hub, orderId, id)."""
        ...

    def journal(self, order_id: str) -> Sequence[JournalEntry]:
        """The story of an order, oldest first."""
        ...

    def oldest_open(self, limit: int) -> Sequence[Record]:
        """Orders that are neither drafts nor terminal, oldest change first."""
        ...

    def parked(self, state: ParkedState | None = ParkedState.OPEN) -> Sequence[ParkedRow]:
        """Parked messages, newest first."""
        ...

    def native(self, hash_: str) -> NativeRow | None:
        """Native bytes."""
        ...

    def overdue(self, now: datetime) -> Mapping[str, tuple[int, datetime]]:
        """
        By system: how many unanswered instructions have run out of their time at least once, and the oldest
        sending among them.  Only of orders that are not terminal.
        """
        ...

    def unanswered(self, limit: int) -> Sequence[tuple[str, str]]:
        """(order id, instruction key) of what open orders were told and not answered, oldest first."""
        ...

    def told_since(self, since: datetime, limit: int) -> Sequence[str]:
        """
        Ids of orders of which somebody was told, and that are not terminal or changed at or after ``since``;
        oldest change first.  For a lost broker: their last notices are told once more.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """Orders by state."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
