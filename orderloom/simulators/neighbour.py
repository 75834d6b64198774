"""
What all simulated systems have in common: an instruction is applied once per key, and its answers are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .answers import Told, Vocabulary
from .calls import CallLog
from .script import Behaviour, Script

__all__ = ["Neighbour", "Reply", "Taken", "token"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as bytes-to-be, ``after`` so many seconds; ``id`` is the key a receiver knows it by."""

    id: str
    after: float
    body: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one call; ``replies`` are due in so many seconds from now (negative: at once)."""

    behaviour: Behaviour
    repeat: bool
    replies: tuple[Reply, ...]


def token(prefix: str, *words: str) -> str:
    """An id that depends on nothing but these words, so that a restart makes it again."""
    return prefix + hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:12].upper()


class Neighbour:
    """One simulated system without its wire; subclasses read and render."""

    name = ""
    vocabulary: Vocabulary

    def __init__(self, script: Script, log: CallLog, now: Callable[[], datetime]) -> None:
        self._script = script
        self._log = log
        self._now = now

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """All answers to an instruction; control numbers taken are put into ``numbers``."""
        raise NotImplementedError

    def encode(self, body: str) -> bytes:
        """A reply's body as it goes over the wire."""
        return body.encode()

    def take(self, told: Told, body: bytes) -> Taken:
        """Apply an instruction, or find that it was applied, and say what is to be answered when."""
        behaviour = self._behaviour(told)
        with self._log.lock:
            at = self._now()
            applied = self._log.applied(self.name, told.key)
            entry = self._entry(told, body, at, "repeat" if applied else "applied")
            if applied is None:
                numbers: dict[str, int] = {}
                replies = self.render(told, behaviour, at, numbers)
                entry |= {"numbers": numbers, "answers": [_stored(one) for one in replies]}
            self._log.append(entry)
        quiet = behaviour.kind == "silent" and not (applied and behaviour.answers_repeat)
        return Taken(behaviour, applied is not None, () if quiet else self._due(applied or entry, at))

    def turn_away(self, told: Told, body: bytes, outcome: str) -> None:
        """Log a call that was not let through."""
        self._log.append(self._entry(told, body, self._now(), outcome))

    def unreadable(self, body: bytes, why: str) -> None:
        """Log a message that was not understood."""
        told = Told("", "", "", "", (), {})
        self._log.append(self._entry(told, body, self._now(), "unreadable") | {"why": why})

    def calls(self, told: Told) -> int:
        """How often this key came before."""
        return self._log.calls(self.name, told.key)

    def _behaviour(self, told: Told) -> Behaviour:
        return self._script.behaviour(self.name, told.order_number, told.offerings)

    def _due(self, applied: Mapping[str, Any], at: datetime) -> tuple[Reply, ...]:
        passed = (at - datetime.fromisoformat(applied["at"])).total_seconds()
        return tuple(Reply(one["id"], one["after"] - passed, one["body"]) for one in applied["answers"])

    def _entry(self, told: Told, body: bytes, at: datetime, outcome: str) -> dict[str, Any]:
        return {
            "system": self.name,
            "key": told.key,
            "reference": told.reference,
            "order_number": told.order_number,
            "verb": told.verb,
            "applied": outcome == "applied",
            "outcome": outcome,
            "control": dict(told.control),
            "lines": len(told.lines),
            "sha256": hashlib.sha256(body).hexdigest(),
            "at": at.isoformat(),
        }


def _stored(reply: Reply) -> dict[str, Any]:
    return {"id": reply.id, "after": reply.after, "body": reply.body}
