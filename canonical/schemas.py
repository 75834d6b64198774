"""
JSON Schemas of the canonical language, made from the types; ``canonical/schema`` holds them as files.

Whoever writes an adapter in another language reads these.  What the hub takes (commands, replies)
refuses unknown properties; what it announces (orders) may gain some, and readers must ignore them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from .commands import (
    AmendOrder,
    Answer,
    AskStatus,
    CancelOrder,
    CommandReceipt,
    RecordInteraction,
    RejectedDocument,
    Resume,
    SaveDraft,
    SubmitOrder,
)
from .instructions import Instruction
from .notices import Intake, Notice
from .order import Order
from .plan import Plan
from .references import Endpoint, Offering
from .replies import Receipt, Reply
from .systems import SystemProfile
from .translated import Translation

__all__ = ["schemas"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"

_TAKEN: Mapping[str, type] = {
    "command.submit-order": SubmitOrder,
    "command.save-draft": SaveDraft,
    "command.resume": Resume,
    "command.amend-order": AmendOrder,
    "command.cancel-order": CancelOrder,
    "command.answer": Answer,
    "command.ask-status": AskStatus,
    "command.record-interaction": RecordInteraction,
    "command.receipt": CommandReceipt,
    "rejected-document": RejectedDocument,
    "translation": Translation,
    "reply": Reply,
    "receipt": Receipt,
    "endpoint": Endpoint,
    "offering": Offering,
    "system-profile": SystemProfile,
}

_ANNOUNCED: Mapping[str, type] = {
    "order": Order,
    "instruction": Instruction,
    "notice": Notice,
    "intake": Intake,
    "plan": Plan,
}


def schemas() -> Mapping[str, dict[str, Any]]:
    """Every schema by file name, version 1."""
    taken = {name: _schema(name, kind) for name, kind in _TAKEN.items()}
    announced = {name: _open(_schema(name, kind)) for name, kind in _ANNOUNCED.items()}
    return {f"{name}.v1.json": schema for name, schema in sorted({**taken, **announced}.items())}


def _schema(name: str, kind: type) -> dict[str, Any]:
    # Through JSON and back, for msgspec leaves tuples where JSON has arrays.
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(kind)))
    return {"$schema": _DRAFT, "$id": f"urn:orderloom:{name}:v1", **made}


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the refusal of unknown properties, at every level."""
    for one in schema.get("$defs", {}).values():
        if one.get("additionalProperties") is False:
            del one["additionalProperties"]
    return schema
