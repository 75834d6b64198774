"""
Native messages by hand: what a web portal and two trading partners send.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orderloom.simulators import x12
from orderloom.simulators.order import GeneratedLine, GeneratedOrder
from orderloom.simulators.orders_native import interchange

__all__ = ["inquiry", "purchase_order", "web_order"]

_WRITTEN = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
_SENDERS = {"partner.acme": ("ZZ", "ACME"), "partner.globex": ("12", "5551230000")}
_HUB = ("ZZ", "ORDERLOOM")

# What the partners call the catalogue's offerings.
_CODES: Mapping[tuple[str, str], str] = {
    ("partner.acme", "HANDSET-A"): "HX-A-BLK",
    ("partner.acme", "CASE-01"): "CS-01",
    ("partner.acme", "INTERNET-500"): "NET-500",
    ("partner.globex", "HANDSET-A"): "G-HANDSET-A",
    ("partner.globex", "INTERNET-500"): "G-NET500",
}


def web_order(number: str, *offerings: str, **more: Any) -> bytes:
    """A TMF622 order with one item for each offering; ``more`` are further properties."""
    items = [
        {"id": str(place), "action": "add", "quantity": 1, "productOffering": {"id": offering}}
        for place, offering in enumerate(offerings, 1)
    ]
    document = {"@type": "ProductOrder", "externalId": [{"id": number}], "productOrderItem": items}
    return json.dumps(document | more).encode()


def purchase_order(endpoint: str, control: int, *orders: tuple[str, str]) -> bytes:
    """An interchange with one 850 of one line for each number and offering."""
    made = [
        GeneratedOrder(
            number,
            endpoint,
            (GeneratedLine("1", offering, codes=(("VP", _CODES.get((endpoint, offering), offering)),)),),
            "C-1001",
        )
        for number, offering in orders
    ]
    return interchange(endpoint, made, control)[0]


def inquiry(endpoint: str, control: int, number: str) -> bytes:
    """An interchange with one 869 about a purchase order."""
    segments = (("BSI", "Q-1", "20261102", "PA"), ("HL", "1", "", "O"), ("PRF", number))
    group = x12.Group("RS", str(control), (x12.Set("869", "0001", segments),))
    whole = x12.Interchange(_SENDERS[endpoint], _HUB, f"{control:09}", (group,))
    return x12.write(whole, _WRITTEN)
