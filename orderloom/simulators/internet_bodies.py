"""
What the simulated internet provisioning says: answers to calls, and events.

Source: TMF641 Service Ordering v4.1, ``ServiceOrder``, ``CancelServiceOrder``, ``Error`` and the events about
them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .answers import Answer, Line, Told
from .neighbour import Reply, token
from .script import Behaviour

__all__ = ["answer_to_change", "error", "event", "service_order"]

_NOTHING: Mapping[str, str] = {}
_DONE, _CREATED, _ACCEPTED, _CONFLICT = 200, 201, 202, 409

# Why a change was not made: code and reason.
_REASONS = {
    "refused": ("22", "the exchange has no such port"),
    "tooLate": ("PONR", "past the point of no return"),
}
# The words of behaviours for a change.
_WORDS = {"refused": "refused", "too_late": "tooLate", "crossing": "tooLate"}


def service_order(reference: str, key: str) -> bytes:
    """The answer to a new service order."""
    order = {
        "id": token("SO-", key),
        "externalId": key,
        "state": "acknowledged",
        "externalReference": [{"id": reference, "externalReferenceType": "hubReference"}],
        "@type": "ServiceOrder",
    }
    return json.dumps(order).encode()


def answer_to_change(told: Told, behaviour: Behaviour) -> tuple[int, bytes]:
    """Status and body of the answer to a change or a cancel; what follows by an event is only taken."""
    word = _WORDS.get(behaviour.kind, "changed")
    if told.verb == "undo":
        status = _CREATED if behaviour.at_once else _ACCEPTED
        return status, json.dumps(_task(told, word if behaviour.at_once else "")).encode()
    if not behaviour.at_once:
        return _ACCEPTED, b""
    if word in _REASONS:
        return _CONFLICT, error(*_REASONS[word], "the order goes on as it was")
    return _DONE, json.dumps(_changed(told, word)).encode()


def error(code: str, reason: str, message: str) -> bytes:
    """An error as the body of a 4xx or 5xx."""
    said = {"code": code, "reason": reason, "message": message, "@type": "Error"}
    return json.dumps(said | ({"status": code} if code.isdigit() and len(code) == 3 else {})).encode()


def event(told: Told, answer: Answer, at: datetime, offer: Mapping[str, str] = _NOTHING) -> Reply:
    """One event, about a service order, a change of one or a cancel; or what could be done instead."""
    number = token("EV-", told.key, str(answer.reply))
    kind, about = {
        "modify": ("ServiceOrderAttributeValueChangeEvent", "serviceOrder"),
        "undo": ("CancelServiceOrderStateChangeEvent", "cancelServiceOrder"),
    }.get(told.verb, ("ServiceOrderStateChangeEvent", "serviceOrder"))
    content = {"modify": _changed, "undo": _task}
    said = content[told.verb](told, answer.words[0]) if told.changes else _order(told, answer.words, offer)
    document = {
        "eventId": number,
        "eventType": kind,
        "eventTime": at.isoformat(),
        "event": {about: said},
    }
    if told.changes:
        document["correlationId"] = told.key
    return Reply(number, answer.after, json.dumps(document))


def _order(told: Told, words: tuple[str, ...], offer: Mapping[str, str]) -> dict[str, Any]:
    spoken = told.spoken(words)
    states = {word for _, word in spoken}
    order: dict[str, Any] = {
        "id": token("SO-", told.key),
        "externalId": told.key,
        "state": spoken[0][1] if len(states) == 1 else "partial",
        "serviceOrderItem": [_item(line, word, offer) for line, word in spoken],
    }
    if bad := sorted(states & {"failed", "rejected", "held", "pending"}):
        order["note"] = [{"text": f"{word}: no free port at the exchange"} for word in bad]
    return order


def _item(line: Line, word: str, offer: Mapping[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {"id": line.number, "state": word}
    if not offer:
        return item
    values = [
        {"name": name, "value": value}
        for name, value in offer.items()
        if name not in ("quantity", "offering")
    ]
    if "quantity" in offer:
        item["quantity"] = int(offer["quantity"])
    name = offer.get("offering", line.offering)
    return item | {"service": {"name": name, "serviceCharacteristic": values}}


def _changed(told: Told, word: str) -> dict[str, Any]:
    """The service order that was to be changed, and why it was not."""
    order: dict[str, Any] = {
        "id": token("SO-", told.earlier),
        "externalId": told.earlier,
        "state": "inProgress",
        "@type": "ServiceOrder",
    }
    return order | {"errorMessage": [_error(word)]} if word in _REASONS else order


def _task(told: Told, word: str) -> dict[str, Any]:
    """A cancel: taken without a word, else done or refused."""
    refused = word in _REASONS
    task: dict[str, Any] = {
        "id": token("CSO-", told.key),
        "externalId": told.key,
        "state": "terminatedWithError" if refused else "done" if word else "accepted",
        "serviceOrder": {"id": token("SO-", told.earlier)},
        "@type": "CancelServiceOrder",
    }
    return task | {"errorMessage": _error(word)} if refused else task


def _error(word: str) -> dict[str, str]:
    code, reason = _REASONS[word]
    return {"code": code, "reason": reason}
