"""
What a kiosk is told: small JSON objects, each with the transaction that it is about.

Equal input gives equal bytes: properties stand in the order in which they are written here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.kit.contract import Native, Stamp
from canonical.errors import Fault
from canonical.order import Order, every_item
from canonical.states import Cause, State

__all__ = ["answer", "kiosk_of", "native", "refusal", "said"]

_ENCODER = msgspec.json.Encoder()
_CONTENT_TYPE = "application/json"


def answer(
    kind: str, order: Order, number: str, stamp: Stamp, *, reason: str = "", asked: str = "", **more: Any
) -> Native:
    """
    How ``order`` stands; ``number`` is the kiosk's transaction.

    Lines are told by the ids they have in the order: those of the kiosk's own cart are its line numbers.
    ``more`` stands behind them.
    """
    document = said(
        kioskId=kiosk_of(stamp),
        txn=number,
        answer=kind,
        asked=asked,
        order=order.id,
        state=order.state.value,
        done=order.progress.done,
        total=order.progress.total,
        expected=order.expected_completion_date,
        reason=_because(order, reason),
        lines=[
            {"line": item.line_ref or item.id, "state": item.state.value}
            for item in every_item(order.product_order_item)
            if item.state and item.state is not State.DRAFT
        ],
        **more,
    )
    return native(document, f"{kind} {number}: {order.id} {order.state.value}")


def refusal(fault: Fault, number: str, stamp: Stamp, *, asked: str = "") -> Native:
    """Why the document with this transaction was not taken, or the question not answered."""
    error = said(code=fault.code, where=fault.where, what=fault.what, allowed=fault.allowed)
    document = said(kioskId=kiosk_of(stamp), txn=number, answer="refused", asked=asked, error=error)
    return native(document, f"refused {number}: {fault.code}")


def _because(order: Order, reason: str) -> str:
    """A cancelled order says on whose account, if nothing else is said."""
    if reason or order.cause is None:
        return reason
    return "cancelled by the customer" if order.cause is Cause.CUSTOMER else "cancelled: it cannot be done"


def kiosk_of(stamp: Stamp) -> str:
    """The ``kioskId`` of the receiver."""
    known = stamp.endpoint.identifiers if stamp.endpoint else ()
    return known[0].value if known else ""


def said(**members: Any) -> dict[str, Any]:
    """An object without what is unknown or empty; a zero is neither."""
    return {name: value for name, value in members.items() if value not in ("", None, [], {})}


def native(document: dict[str, Any], summary: str) -> Native:
    """The bytes of an answer."""
    return Native(body=_ENCODER.encode(document), content_type=_CONTENT_TYPE, summary=summary)
