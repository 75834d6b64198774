"""
What all simulated systems have in common: an instruction is applied once per key, and its answers are kept.

One that changes an earlier one, or takes lines of it back, makes those answers anew that are not due yet.
Who waits for the customer goes on when told of a change, or told anew: that is the customer's answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .answers import Told, Vocabulary
from .calls import CallLog
from .script import Behaviour, Script
from .standing import after, as_data, changed, made, of_data

__all__ = ["Neighbour", "Reply", "Taken", "token"]


# Behaviours that end with a question to the customer.
_ASKING = ("needs_customer", "counter_offer")
# Seconds after a change in which its consequences are told.
_SOON = 0.001


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as bytes-to-be, ``after`` so many seconds; ``id`` is the key a receiver knows it by."""

    id: str
    after: float
    body: str


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What became of one call.

    Args:
        replies: Due in so many seconds from now (negative: at once).
        others: To the instruction that was changed, where the change has to do with them; due alike.
    """

    behaviour: Behaviour
    repeat: bool
    replies: tuple[Reply, ...]
    others: tuple[Reply, ...] = ()


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
        with self._log.lock:
            at = self._now()
            applied = self._log.applied(self.name, told.key)
            behaviour = self._meant(told, applied)
            entry = self._entry(told, body, at, "repeat" if applied else "applied")
            if applied is None:
                numbers: dict[str, int] = {}
                replies = self.render(told, behaviour, at, numbers)
                entry |= self._kept(told, behaviour, at, numbers)
                entry |= {"numbers": numbers, "answers": [_stored(one) for one in replies]}
            self._log.append(entry)
            quiet = behaviour.kind == "silent" and not (applied and behaviour.answers_repeat)
            own = () if quiet else self._due(applied or entry, at)
            return Taken(behaviour, applied is not None, own, self._others(told, behaviour, at))

    def stands(self, reply: Reply) -> bool:
        """Whether an answer that was not due yet is still to be given."""
        return not self._log.withdrawn(reply.id, reply.body)

    def _meant(self, told: Told, applied: Mapping[str, Any] | None) -> Behaviour:
        """How it is treated: a repeat as the first time, and a change of what there is not is refused."""
        behaviour = self._behaviour(told)
        if not told.changes:
            anew = behaviour.kind in _ASKING and told.part != told.reference
            return replace(behaviour, kind="ok") if anew else behaviour
        if applied is not None:
            return replace(behaviour, kind=applied["behaviour"])
        refused = made(behaviour) and self._first(told) is None
        return replace(behaviour, kind="refused") if refused else behaviour

    def _first(self, told: Told) -> Mapping[str, Any] | None:
        """The entry of the instruction that a change, or a change of a change, is about in the end."""
        entry = self._log.applied(self.name, told.earlier) if told.changes else None
        while entry is not None and entry["earlier"]:
            entry = self._log.applied(self.name, entry["earlier"])
        return entry

    def _kept(
        self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]
    ) -> dict[str, Any]:
        """What the log must know of an instruction beside its answers."""
        has = after(self._log.has(self.name, told.part), told, behaviour, self.vocabulary)
        kept = as_data(told) | {"part": told.part, "has": has, "behaviour": behaviour.kind}
        first = self._first(told)
        if not told.changes:
            return kept
        if first is None or not made(behaviour):
            return kept | {"made": False}
        revised = self._revised(told, first, at, numbers)
        return kept | {"made": True, "first": first["key"], "revised": revised}

    def _revised(
        self, told: Told, first: Mapping[str, Any], at: datetime, numbers: dict[str, int]
    ) -> list[dict[str, Any]]:
        """What is answered to the instruction that is changed: as given, and anew what is not due yet."""
        key, passed = first["key"], _passed(first, at)
        given = self._log.answers(self.name, key)
        past = [one for one in given if one["after"] <= passed]
        behaviour = self._behaviour(of_data(first))
        asked = behaviour.kind in _ASKING and told.verb == "modify"
        if len(past) == len(given) and not asked:
            return past
        changes = [of_data(one) for one in self._log.changes(self.name, key)]
        now = changed(of_data(first), (*changes, told))
        if not now.gone.issuperset(line.number for line in now.lines):
            if asked:
                past, later = list(given), max(behaviour.delay, passed + _SOON)
                behaviour = replace(behaviour, kind="answered", delay=later)
            replies = self.render(now, behaviour, at, numbers)
            known = {(one["id"], one["body"]) for one in given}
            owed = (one for one in replies if one.after > passed)
            past += [_stored(one) | {"anew": (one.id, one.body) not in known} for one in owed]
        return past

    def _others(self, told: Told, behaviour: Behaviour, at: datetime) -> tuple[Reply, ...]:
        """
        Answers to the instruction that a change is about.

        All of them at once when the change crosses the work; what is not due yet when it was made anew.
        """
        first = self._first(told)
        if first is None or not (made(behaviour) or behaviour.kind == "crossing"):
            return ()
        passed = _passed(first, at)
        stand = self._log.answers(self.name, first["key"])
        if behaviour.kind != "crossing":
            return tuple(_due(one, passed) for one in stand if one.get("anew") and one["after"] > passed)
        return tuple(replace(_due(one, passed), after=-1.0) for one in stand)

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
        return self._script.behaviour(self.name, told.order_number, told.offerings, told.verb)

    def _due(self, applied: Mapping[str, Any], at: datetime) -> tuple[Reply, ...]:
        passed = _passed(applied, at)
        return tuple(_due(one, passed) for one in self._log.answers(self.name, applied["key"]))

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


def _due(stored: Mapping[str, Any], passed: float) -> Reply:
    """An answer of the log, so many seconds after its instruction was applied."""
    return Reply(stored["id"], stored["after"] - passed, stored["body"])


def _passed(entry: Mapping[str, Any], at: datetime) -> float:
    """Seconds since a call was applied."""
    return (at - datetime.fromisoformat(entry["at"])).total_seconds()
