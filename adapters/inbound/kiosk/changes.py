"""
What a kiosk asks of an order that runs: a change, a cancel, an answer to a quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from adapters.formats.json_node import Node
from canonical.amendments import CancelScope, ItemPatch, OrderPatch, Scope
from canonical.commands import AmendOrder, Answer, CancelOrder, Command, OrderRef, Origin
from canonical.errors import shown
from canonical.order import Characteristic, OfferingRef
from canonical.references import Endpoint, Offering, References

from .reader import CODE_TYPE, MAX_LINES, Lines, delivery, options

__all__ = ["ANSWER", "CANCEL", "CHANGE", "ORDER", "WISHES"]

# Document types; the order is named by the transaction that brought it.
ORDER, CHANGE, CANCEL, ANSWER = "kioskOrder", "kioskChange", "kioskCancel", "kioskAnswer"

_SCOPES = {"ALL": CancelScope.ALL, "WHAT_IS_POSSIBLE": CancelScope.WHAT_IS_POSSIBLE}
# The hub's own numbers: anything else is a transaction of the kiosk's.
_HUBS = re.compile(r"OL[0-9A-HJKMNP-TV-Z]{16}", re.ASCII)
_MOST = 1_000_000
_ENVELOPE = ("kioskId", "storeId", "txn")


def _change(document: Node, absent: Sequence[str], origin: Origin, references: References) -> AmendOrder:
    document.refuse_unknown(
        (*_ENVELOPE, *absent, "changeOf", "add", "change", "remove", "deliverTo", "atomic")
    )
    endpoint = references.endpoints[origin.endpoint]
    seen: dict[str, str] = {}
    change = tuple(
        _patch(one, seen, endpoint, references) for one in document.children("change", high=MAX_LINES)
    )
    remove = tuple(_line(one, seen) for one in document.children("remove", high=MAX_LINES))
    lines = Lines(endpoint, references, seen)
    add = tuple(lines.item(one) for one in document.children("add", high=MAX_LINES))
    place, atomic = tuple(delivery(document)), document.get("atomic")
    if not (add or change or remove or place):
        raise document.reject("E_NO_ORDER", "nothing is changed", "add, change, remove or deliverTo")
    return AmendOrder(
        origin=origin,
        about=_about(document.child("changeOf")),
        scope=Scope.DELTA,
        add=add,
        change=change,
        remove=remove,
        fields=OrderPatch(place=place) if place else None,
        atomic=atomic is not None and atomic.boolean(),
    )


def _patch(line: Node, seen: dict[str, str], endpoint: Endpoint, references: References) -> ItemPatch:
    line.refuse_unknown(("line", "sku", "qty", "options"))
    item = _line(line.child("line"), seen)
    offering = _offering(line, endpoint, references)
    quantity, said = line.get("qty"), list(options(line))
    patch = ItemPatch(
        item=item,
        product_offering=OfferingRef(id=offering.id, name=offering.name) if offering else None,
        quantity=quantity.integer(1, offering.max_quantity if offering else _MOST) if quantity else None,
        product_characteristic=tuple(one for one in said if isinstance(one, Characteristic)),
        removed_characteristic=tuple(one for one in said if isinstance(one, str)),
    )
    if patch == ItemPatch(item=item):
        raise line.reject("E_NO_ORDER", "nothing of the line is changed", "sku, qty or options")
    return patch


def _offering(line: Node, endpoint: Endpoint, references: References) -> Offering | None:
    sku = line.get("sku")
    return references.offering_by_code(endpoint, CODE_TYPE, sku.key(), sku.where) if sku else None


def _line(node: Node, seen: dict[str, str]) -> str:
    """A line of the order: by its number, or by the id that it has from another channel."""
    line = str(node.integer(1, 9999)) if isinstance(node.value, int) else node.key(128)
    if line in seen:
        what = f"line {shown(line)} was there before, at {seen[line]}"
        raise node.reject("E_DUPLICATE_LINE", what, "each line once")
    seen[line] = node.where
    return line


def _cancel(document: Node, absent: Sequence[str], origin: Origin, references: References) -> CancelOrder:
    document.refuse_unknown((*_ENVELOPE, *absent, "cancelOf", "lines", "scope", "reason"))
    scope, reason, seen = document.get("scope"), document.get("reason"), dict[str, str]()
    return CancelOrder(
        origin=origin,
        about=_about(document.child("cancelOf")),
        items=tuple(_line(one, seen) for one in document.children("lines", high=MAX_LINES)),
        scope=_SCOPES[scope.enum(_SCOPES)] if scope else CancelScope.ALL,
        reason=reason.text() if reason else "",
    )


def _answer(document: Node, absent: Sequence[str], origin: Origin, references: References) -> Answer:
    document.refuse_unknown((*_ENVELOPE, *absent, "answerTo", "order", "accept"))
    return Answer(
        origin=origin,
        about=_about(document.child("order")),
        question=_question(document.child("answerTo")),
        accepted=document.child("accept").boolean(),
    )


def _question(node: Node) -> str:
    question = node.text(128)
    if question != question.strip():
        raise node.reject("E_KEY_FORMAT", f"{shown(question)} is no quote of ours", "as it was told")
    return question


def _about(node: Node) -> OrderRef:
    """By its transaction an order can be waited for that has not come yet."""
    value = node.key()
    return OrderRef(value=value, type="" if _HUBS.fullmatch(value) else ORDER)


_Read = Callable[[Node, Sequence[str], Origin, References], Command]

WISHES: Mapping[str, tuple[str, _Read]] = {
    "changeOf": (CHANGE, _change),
    "cancelOf": (CANCEL, _cancel),
    "answerTo": (ANSWER, _answer),
}
"""
By the property that tells them: document type, and how it is read, given the names that are absent or null.
They raise ``Rejected`` at the first fault.
"""
