"""
Generated orders as a kiosk writes them: small JSON, described in docs/channels/kiosk.md.
"""

from __future__ import annotations

import json

from .order import GeneratedOrder

__all__ = ["KIOSK", "SKU", "cart"]

KIOSK = "kiosk.mall-1"
"""The one kiosk there is."""

SKU = "SKU"
"""Type of the codes in a cart."""

_ACTIONS = {"add": "ADD", "modify": "CHANGE", "delete": "REMOVE", "noChange": "KEEP"}


def cart(order: GeneratedOrder) -> bytes:
    """
    One cart; one that repeats another is spaced differently, so that its bytes are new.
    """
    document = {
        "kioskId": "MALL-1",
        "storeId": "0107",
        "txn": order.number,
        "customerRef": {"type": "customerId", "value": order.customer, "name": f"Customer {order.customer}"},
        "cart": [
            {
                "line": int(line.id),
                "sku": next(code for kind, code in line.codes if kind == SKU),
                "action": _ACTIONS[line.action],
                "qty": line.quantity,
            }
            for line in order.lines
        ],
        "deliverTo": {"street": "12 Mill Lane", "city": "Austin", "state": "TX", "postcode": "78701"},
    }
    return json.dumps(document, indent=1 if order.fault == "same" else None).encode()
