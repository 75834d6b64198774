"""
The simulated CRM: customer orders in JSON on a queue, results in JSON on an exchange.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from .answers import Line, Told, Vocabulary, answers
from .neighbour import Neighbour, Reply, token
from .script import Behaviour

__all__ = ["Crm"]

_REASONS = {
    "BACKLOG": "waits for the nightly run",
    "REFUSED": "the account is locked",
    "INVALID": "the offering is not sold at this address",
    "NEEDS-CUSTOMER": "the customer has to sign again",
    "TOO-LATE": "the contract was signed",
}


class Crm(Neighbour):
    """Opens an account for each order, and says so for each line."""

    name = "crm"
    content_type = "application/json"
    vocabulary = Vocabulary(
        done="OK",
        rejected="INVALID",
        backorder="BACKLOG",
        refused="REFUSED",
        progress="BACKLOG",
        needs_customer="NEEDS-CUSTOMER",
        contrary="INVALID",
        changed="OK",
        unchanged="REFUSED",
        too_late="TOO-LATE",
    )

    def read(self, body: bytes) -> list[Told]:
        """
        Read a customer order.

        Raises:
            ValueError: It is none.
        """
        document: dict[str, Any] = json.loads(body)
        if document.get("messageType") != "customerOrder":
            raise ValueError(f"no customerOrder: {document.get('messageType')!r}")
        try:
            lines = tuple(_read_line(one) for one in document["lines"])
            return [
                Told(
                    key=document["requestId"],
                    reference=document["reference"],
                    order_number=document.get("purchaseOrder", ""),
                    verb=document["verb"],
                    lines=lines,
                    control={},
                    earlier=document.get("earlierRequestId", ""),
                )
            ]
        except KeyError as missing:
            raise ValueError(f"the order lacks {missing}") from missing

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One customerOrderResult for each answer."""
        return [
            self._result(told, f"{answer.reply}", answer.words, answer.after)
            for answer in answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes)
        ]

    def _result(self, told: Told, number: str, words: tuple[str, ...], after: float) -> Reply:
        spoken = told.spoken(words)
        word = spoken[0][1]
        result: dict[str, Any] = {
            "messageType": "customerOrderResult",
            "resultId": token("R-", told.key, number),
            "requestId": told.key,
            "reference": told.reference,
            "result": word,
            "accountId": token("A-", told.order_number or told.reference),
        }
        if told.changes:
            result["verb"] = told.verb
        if word in _REASONS:
            result["reason"] = _REASONS[word]
        if told.gone or len(set(words)) > 1:
            result["lines"] = [_line(line, each) for line, each in spoken]
        return Reply(result["resultId"], after, json.dumps(result))


def _read_line(said: dict[str, Any]) -> Line:
    properties = tuple((str(one["name"]), str(one["value"])) for one in said.get("characteristics", ()))
    return Line(str(said["line"]), str(said["offering"]), int(said["quantity"]), properties)


def _line(line: Line, word: str) -> dict[str, Any]:
    said: dict[str, Any] = {"line": int(line.number), "result": word}
    return said | {"reason": _REASONS[word]} if word in _REASONS else said
