"""
The simulated internet provisioning: TMF641 service orders by HTTP, answered later by an event.

Source: TMF641 Service Ordering v4.1, ``ServiceOrder`` and ``ServiceOrderStateChangeEvent``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .answers import Answer, Line, Told, Vocabulary, answers
from .neighbour import Neighbour, Reply, Taken, token
from .script import Behaviour

__all__ = ["HttpAnswer", "Internet"]

_ACCEPTED = 202
_UNAVAILABLE = 503
_REFUSED = 422
_BAD = 400


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """
    What a call is answered.

    Args:
        drop: Close the connection instead, without a byte.
        drip: Seconds over which the bytes are spread.
        events: To be sent later; those that come ``early`` are sent before the answer.
    """

    status: int
    body: bytes
    drop: bool = False
    drip: float = 0.0
    events: tuple[Reply, ...] = ()
    early: bool = False


class Internet(Neighbour):
    """Takes service orders; an Idempotency-Key that came before gets the answer it got."""

    name = "oss.internet"
    content_type = "application/json"
    vocabulary = Vocabulary(
        done="completed",
        rejected="rejected",
        backorder="held",
        refused="failed",
        progress="inProgress",
        needs_customer="pending",
        contrary="failed",
    )

    def call(self, key: str, body: bytes) -> HttpAnswer:
        """Answer one ``POST /serviceOrder``."""
        try:
            told = self._read(key, body)
        except ValueError as error:
            self.unreadable(body, str(error))
            return _fault(_BAD, "the service order cannot be read", str(error))
        behaviour, before = self._behaviour(told), self.calls(told)
        if behaviour.kind == "http_error" and before < behaviour.times:
            self.turn_away(told, body, "error")
            return _fault(behaviour.status or _UNAVAILABLE, "the service is unavailable", "try again later")
        if behaviour.kind == "http_refuse":
            self.turn_away(told, body, "refused")
            return _fault(
                behaviour.status or _REFUSED, "the order is refused", "no port is free at this address"
            )
        return self._answer(told, self.take(told, body), before)

    def find(self, key: str) -> bytes | None:
        """The recorded answer to the service order with this key, if it was applied."""
        applied = self._log.applied(self.name, key)
        return _service_order(applied["reference"], key) if applied else None

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One state change event for each answer."""
        spoken = answers(behaviour, self.vocabulary, len(told.lines))
        return [self._event(told, answer, at) for answer in spoken]

    def _answer(self, told: Told, taken: Taken, before: int) -> HttpAnswer:
        kind = taken.behaviour.kind
        return HttpAnswer(
            status=_ACCEPTED if kind == "http_error" else taken.behaviour.status or _ACCEPTED,
            body=_service_order(told.reference, told.key),
            drop=kind == "lose_answer" and before < taken.behaviour.times,
            drip=taken.behaviour.seconds if kind == "slow_drip" else 0.0,
            events=taken.replies,
            early=kind == "early",
        )

    def _read(self, key: str, body: bytes) -> Told:
        document: dict[str, Any] = json.loads(body)
        if not key:
            raise ValueError("no Idempotency-Key")
        ids = {one.get("externalReferenceType"): one["id"] for one in document.get("externalReference", ())}
        try:
            lines = tuple(
                Line(one["id"], one["service"]["name"], int(one.get("quantity", 1)))
                for one in document["serviceOrderItem"]
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"an item lacks {error}") from error
        return Told(key, ids.get("hubReference", ""), ids.get("purchaseOrder", ""), "do", lines, {})

    def _event(self, told: Told, answer: Answer, at: datetime) -> Reply:
        number = token("EV-", told.key, str(answer.reply))
        words = answer.words
        order: dict[str, Any] = {
            "id": token("SO-", told.key),
            "externalId": told.key,
            "state": words[0] if len(set(words)) == 1 else "partial",
            "serviceOrderItem": [
                {"id": line.number, "state": word} for line, word in zip(told.lines, words, strict=True)
            ],
        }
        if bad := sorted(set(words) & {"failed", "rejected", "held", "pending"}):
            order["note"] = [{"text": f"{word}: no free port at the exchange"} for word in bad]
        event = {
            "eventId": number,
            "eventType": "ServiceOrderStateChangeEvent",
            "eventTime": at.isoformat(),
            "event": {"serviceOrder": order},
        }
        return Reply(number, answer.after, json.dumps(event))


def _service_order(reference: str, key: str) -> bytes:
    order = {
        "id": token("SO-", key),
        "externalId": key,
        "state": "acknowledged",
        "externalReference": [{"id": reference, "externalReferenceType": "hubReference"}],
        "@type": "ServiceOrder",
    }
    return json.dumps(order).encode()


def _fault(status: int, reason: str, message: str) -> HttpAnswer:
    body = {
        "code": str(status),
        "reason": reason,
        "message": message,
        "status": str(status),
        "@type": "Error",
    }
    return HttpAnswer(status, json.dumps(body).encode())
