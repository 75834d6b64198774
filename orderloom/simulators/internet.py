"""
The simulated internet provisioning: TMF641 service orders by HTTP, changed and cancelled, answered by events.

Source: TMF641 Service Ordering v4.1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from .answers import Line, Told, Vocabulary, answers
from .internet_bodies import answer_to_change, error, event, service_order
from .neighbour import Neighbour, Reply, Taken
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
    """Takes service orders, changes and cancels; an Idempotency-Key that came before gets the same answer."""

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
        changed="changed",
        unchanged="refused",
        too_late="tooLate",
    )

    def call(self, key: str, body: bytes, method: str = "POST", path: str = "/serviceOrder") -> HttpAnswer:
        """Answer one call."""
        try:
            told = self._read(key, body, method, path)
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
        return service_order(applied["reference"], key) if applied else None

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One event for each answer; none for a change that the call's own answer decides."""
        if told.changes and behaviour.at_once:
            return []
        spoken = answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes)
        offer = behaviour.offer if behaviour.kind == "counter_offer" else {}
        return [event(told, answer, at, offer) for answer in spoken]

    def _answer(self, told: Told, taken: Taken, before: int) -> HttpAnswer:
        kind = taken.behaviour.kind
        status, body = _ACCEPTED, service_order(told.reference, told.key)
        if told.changes:
            status, body = answer_to_change(told, taken.behaviour)
        return HttpAnswer(
            status=status if kind == "http_error" else taken.behaviour.status or status,
            body=body,
            drop=kind == "lose_answer" and before < taken.behaviour.times,
            drip=taken.behaviour.seconds if kind == "slow_drip" else 0.0,
            events=(*taken.others, *taken.replies),
            early=kind == "early",
        )

    def _read(self, key: str, body: bytes, method: str, path: str) -> Told:
        document: dict[str, Any] = json.loads(body)
        if not key:
            raise ValueError("no Idempotency-Key")
        try:
            if method == "PATCH":
                told = self._change(key, document, unquote(path.rpartition("/")[2]))
            elif path.endswith("/cancelServiceOrder"):
                told = self._cancel(key, document)
            else:
                told = _order(key, document)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"it lacks {error}") from error
        if not told.lines:
            raise ValueError("it names no item")
        return told

    def _change(self, key: str, document: dict[str, Any], earlier: str) -> Told:
        lines = tuple(_line(one) for one in document["serviceOrderItem"])
        return Told(key, document["note"][0]["id"], self._number(earlier), "modify", lines, {}, earlier)

    def _cancel(self, key: str, document: dict[str, Any]) -> Told:
        """Of the items it says the numbers only; what they are, is known."""
        earlier = document["serviceOrder"]["id"]
        reference = document["cancellationReason"].rpartition(": ")[2]
        told = Told(key, reference, self._number(earlier), "undo", (), {}, earlier)
        has = self._log.has(self.name, told.part)
        return replace(told, lines=tuple(_held(one["id"], has) for one in document["serviceOrderItem"]))

    def _number(self, earlier: str) -> str:
        """The channel's number of the order, which only its first call says."""
        first = self._log.applied(self.name, earlier)
        return str(first["order_number"]) if first else ""


def _order(key: str, document: dict[str, Any]) -> Told:
    ids = {one.get("externalReferenceType"): one["id"] for one in document.get("externalReference", ())}
    lines = tuple(_line(one) for one in document["serviceOrderItem"])
    return Told(key, ids.get("hubReference", ""), ids.get("purchaseOrder", ""), "do", lines, {})


def _line(item: dict[str, Any]) -> Line:
    service = item["service"]
    properties = tuple((one["name"], one["value"]) for one in service.get("serviceCharacteristic", ()))
    return Line(item["id"], service["name"], int(item.get("quantity", 1)), properties)


def _held(number: str, has: Mapping[str, Any]) -> Line:
    known = has.get(number, {"offering": "", "quantity": 0, "properties": {}})
    return Line(number, known["offering"], known["quantity"], tuple(known["properties"].items()))


def _fault(status: int, reason: str, message: str) -> HttpAnswer:
    return HttpAnswer(status, error(str(status), reason, message))
