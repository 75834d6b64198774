"""
What portals ask of an order that runs: a change, a cancel, an answer to a quote, its status.

``CancelProductOrder`` is TMF622's task.  For the others TMF622 has HTTP methods (PATCH, GET), which a queue
has not, or nothing: their ``@type`` is the hub's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from adapters.formats.json_node import Node
from canonical.amendments import CancelScope, Scope
from canonical.commands import AmendOrder, Answer, AskStatus, CancelOrder, Command, OrderRef, Origin
from canonical.errors import Rejected
from canonical.references import References

from .conversation import INTERACTION, RESUME, read_interaction, read_resume
from .members import Table, array, identifier, members, prose
from .patch import order_change
from .reader import external_ids

__all__ = ["ANSWER", "ASK", "CANCEL", "CHANGE", "ORDER", "REQUESTS", "number_of"]

ORDER = "ProductOrder"
ASK = "ProductOrderStatusRequest"
CHANGE = "ProductOrderPatchRequest"
CANCEL = "CancelProductOrder"
ANSWER = "ProductOrderAnswer"

# The property that numbers a request: whatever else is wrong, the answer can name it.
_NUMBERS = {
    ASK: "requestId",
    CHANGE: "requestId",
    CANCEL: "requestId",
    ANSWER: "question",
    RESUME: "requestId",
    INTERACTION: "id",
}


def number_of(node: Node, kind: str) -> str:
    """The request's number at the sender; empty when it has none that can be read."""
    try:
        found = node.get(_NUMBERS[kind])
        return identifier(found) if found else ""
    except Rejected:
        return ""


def _ask(node: Node, origin: Origin, references: References) -> AskStatus:
    """``requestId`` is the question's number; without one it is asked anew all the same."""
    table: Table = {"orderId": ("order", identifier), "requestId": ("request", identifier)}
    found = members(node, table, needed=("orderId",))
    asked = replace(origin, document=found.get("request", ""))
    return AskStatus(origin=asked, about=OrderRef(value=found["order"]))


def _change(node: Node, origin: Origin, references: References) -> AmendOrder:
    table: Table = {
        "requestId": ("request", Node.key),
        "orderId": ("order", identifier),
        "externalId": ("number", external_ids),
        "version": ("base", lambda each: each.integer(1)),
        "atomic": ("atomic", Node.boolean),
        "productOrder": ("patch", partial(_patch, references)),
    }
    found = members(node, table, needed=("requestId", "productOrder"))
    patch = found["patch"]
    return AmendOrder(
        origin=replace(origin, document=found["request"]),
        about=_about(node, found),
        scope=Scope.DELTA,
        add=tuple(patch.add),
        change=tuple(patch.change),
        remove=tuple(patch.remove),
        fields=patch.fields,
        base=found.get("base"),
        atomic=found.get("atomic", False),
    )


def _patch(references: References, node: Node) -> Any:
    return order_change(node, references)


def _about(node: Node, found: Mapping[str, Any]) -> OrderRef:
    """
    By any id; by its number at the sender, the change may come before its order.
    """
    if "order" in found and "number" in found:
        raise node.child("externalId").reject("E_VALUE", "the order is named twice", "orderId or externalId")
    if "number" in found:
        return OrderRef(value=found["number"][0].id, type=ORDER)
    if "order" not in found:
        raise Rejected("E_MISSING", "no order is named", f"{node.where}.orderId", "orderId or externalId")
    return OrderRef(value=found["order"])


def _cancel(node: Node, origin: Origin, references: References) -> CancelOrder:
    table: Table = {
        "requestId": ("request", Node.key),
        "productOrder": ("order", _order_ref),
        "cancellationReason": ("reason", prose),
        "requestedCancellationDate": ("", _later),
        "scope": ("scope", lambda each: CancelScope(each.enum(tuple(CancelScope)))),
        "productOrderItem": ("items", array(_item_ref)),
    }
    ignored = ("id", "href", "creationDate", "state", "effectiveCancellationDate")
    found = members(node, table, ignored=ignored, needed=("productOrder",))
    return CancelOrder(
        origin=replace(origin, document=found.get("request") or found["order"]),
        about=OrderRef(value=found["order"]),
        items=found.get("items", ()),
        scope=found.get("scope", CancelScope.ALL),
        reason=found.get("reason", ""),
    )


def _order_ref(node: Node) -> str:
    found: str = members(node, {"id": ("id", identifier)}, ignored=("href", "name"), needed=("id",))["id"]
    return found


def _item_ref(node: Node) -> str:
    table: Table = {"productOrderItemId": ("id", Node.key)}
    ignored = ("productOrderId", "productOrderHref", "productOrderItemHref")
    found: str = members(node, table, ignored=ignored, needed=table)["id"]
    return found


def _later(node: Node) -> str:
    raise node.reject("E_ACTION", "a cancel for a later day is not taken", "no date: it is done at once")


def _answer(node: Node, origin: Origin, references: References) -> Answer:
    table: Table = {
        "orderId": ("order", identifier),
        "question": ("question", identifier),
        "accepted": ("accepted", Node.boolean),
        "text": ("text", prose),
    }
    found = members(node, table, needed=("orderId", "question", "accepted"))
    return Answer(
        origin=replace(origin, document=found["question"]),
        about=OrderRef(value=found["order"]),
        question=found["question"],
        accepted=found["accepted"],
        text=found.get("text", ""),
    )


REQUESTS: Mapping[str, Callable[[Node, Origin, References], Command]] = {
    RESUME: read_resume,
    INTERACTION: read_interaction,
    ASK: _ask,
    CHANGE: _change,
    CANCEL: _cancel,
    ANSWER: _answer,
}
"""By ``@type``: how it is read.  They raise ``Rejected`` at the first fault."""
