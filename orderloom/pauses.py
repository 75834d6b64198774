"""
What people have paused: channels from which nothing is taken, systems to which nothing is sent.

A pause is a setting of the store, so that it outlives every process; workers look at all of them twice a
second and say when they obey.  Each act is one transaction with its journal entry: who, and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from canonical.base import Canonical, Instant, Text
from canonical.codec import decode, encode
from orderloom.correlation.port import Changes, JournalEntry, Store

__all__ = [
    "NOTHING_PAUSED",
    "OBEYED",
    "Kind",
    "Obeyed",
    "Pause",
    "Pauses",
    "obeyed_by",
    "pause",
    "read_pauses",
    "resume",
    "say_obeyed",
]

_PREFIX = "pause|"

OBEYED = "obeyed|"
"""Begins the name of the setting in which a worker says which pauses it obeys."""


class Kind(StrEnum):
    """What can be paused."""

    CHANNEL = "channel"
    SYSTEM = "system"


class Pause(Canonical, frozen=True):
    """
    One pause; ``until`` is when it ended, None while it is in force.

    Who has resumed, and why, is in the journal.
    """

    at: Instant
    by: Text
    why: Text
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Pauses:
    """
    Every pause that there is or was, the last of each channel and system.

    Args:
        token: Stands for exactly these: a worker that obeys them says it.
    """

    found: Mapping[tuple[Kind, str], Pause] = field(default_factory=dict)
    token: str = ""

    def get(self, kind: Kind, name: str) -> Pause | None:
        """The pause that is in force, if there is one."""
        found = self.found.get((kind, name))
        return found if found is not None and found.until is None else None

    def ended(self, kind: Kind, name: str) -> datetime | None:
        """When the last pause ended."""
        found = self.found.get((kind, name))
        return found.until if found is not None else None

    def names(self, kind: Kind) -> frozenset[str]:
        """What of this kind is paused."""
        return frozenset(name for of, name in self.found if of is kind and self.get(kind, name))


NOTHING_PAUSED = Pauses()


def read_pauses(store: Store) -> Pauses:
    """
    The pauses as the store has them.

    Raises:
        StoreError: It cannot be read.
    """
    rows = sorted(store.settings(_PREFIX).items())
    found = {}
    for name, text in rows:
        kind, _, what = name.removeprefix(_PREFIX).partition("|")
        found[Kind(kind), what] = decode(text.encode(), Pause)
    token = hashlib.sha256(repr(rows).encode()).hexdigest()[:16] if rows else ""
    return Pauses(found, token)


def pause(store: Store, kind: Kind, name: str, made: Pause) -> None:
    """
    Pause a channel or a system.

    Raises:
        StoreError: Nothing was changed.
    """
    _write(store, kind, name, made, JournalEntry("", made.at, f"{kind}_paused", made.why, {}, made.by))


def resume(store: Store, kind: Kind, name: str, over: Pause, *, at: datetime, by: str, why: str) -> None:
    """
    End the pause ``over``.

    Raises:
        StoreError: Nothing was changed.
    """
    ended = Pause(at=over.at, by=over.by, why=over.why, until=at)
    _write(store, kind, name, ended, JournalEntry("", at, f"{kind}_resumed", why, {}, by))


def _write(store: Store, kind: Kind, name: str, made: Pause, entry: JournalEntry) -> None:
    said = JournalEntry("", entry.at, entry.event, f"{name}: {entry.text}", {kind.value: name}, entry.actor)
    with store.begin() as tx:
        tx.apply(Changes(settings={f"{_PREFIX}{kind}|{name}": encode(made).decode()}, journal=[said]))


class Obeyed(Canonical, frozen=True):
    """
    What a worker says: the pauses that it obeys, and the paused channels of which it has messages in hand.
    """

    token: Text = ""
    busy: tuple[Text, ...] = ()


def say_obeyed(store: Store, worker: str, said: Obeyed) -> None:
    """
    Say what a worker obeys.

    Raises:
        StoreError: It was not said.
    """
    store.save_setting(f"{OBEYED}{worker}", encode(said).decode())


def obeyed_by(store: Store, now: datetime) -> Mapping[str, Obeyed]:
    """
    What each live worker says.

    Raises:
        StoreError: The store cannot be read.
    """
    said = store.settings(OBEYED)
    texts = {name: said.get(f"{OBEYED}{name}") for name in store.workers(now)}
    return {name: decode(text.encode(), Obeyed) if text else Obeyed() for name, text in texts.items()}
