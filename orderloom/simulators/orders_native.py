"""
Generated orders in native bytes: an X12 850 interchange, a TMF622 v5 product order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from . import x12
from .order import GeneratedLine, GeneratedOrder

__all__ = ["interchange", "product_order"]

# When all these orders were written: the clock must not show in bytes that a seed shall make again.
_WRITTEN = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)

_HUB = ("ZZ", "ORDERLOOM")
_SENDERS: Mapping[str, tuple[tuple[str, str], x12.Separators]] = {
    "partner.acme": (("ZZ", "ACME"), x12.Separators()),
    "partner.globex": (("12", "5551230000"), x12.Separators("|", ">", "~\n")),
}

_STREETS = ("Harbour Road", "Mill Lane", "Station Square", "Orchard Way")


def interchange(
    endpoint: str, orders: Sequence[GeneratedOrder], control: int
) -> tuple[bytes, list[tuple[str, str, str]]]:
    """
    The 850s of one partner, release 004010, in one group.

    Returns:
        The bytes, and for each set ISA13, GS06 and ST02.
    """
    sender, separators = _SENDERS[endpoint]
    sets = [
        x12.Set("850", f"{place:04}", tuple(_purchase_order(order)), _wrong_count(order))
        for place, order in enumerate(orders, 1)
    ]
    group = x12.Group("PO", str(control), tuple(sets))
    whole = x12.Interchange(sender, _HUB, f"{control:09}", (group,), separators=separators)
    return x12.write(whole, _WRITTEN), [(whole.control, group.control, one.control) for one in sets]


def _wrong_count(order: GeneratedOrder) -> int | None:
    """One segment too many, when that is the fault of the day."""
    return len(list(_purchase_order(order))) + 3 if order.fault == "count" else None


def _purchase_order(order: GeneratedOrder) -> Iterator[tuple[str, ...]]:
    street, house = _address(order)
    yield ("BEG", "00", "SA", order.number, "", f"{_WRITTEN:%Y%m%d}")
    yield ("CUR", "BY", "USD")
    yield ("N1", "ST", f"Store of {order.customer}", "92", order.customer)
    yield ("N3", f"{house} {street}")
    yield ("N4", "Austin", "TX", "78701", "US")
    for line in order.lines:
        pairs = tuple(element for pair in line.codes for element in pair)
        yield ("PO1", line.id, str(line.quantity), "EA", "99.00", "", *pairs)
    yield ("CTT", str(len(order.lines)))


def product_order(order: GeneratedOrder) -> bytes:
    """
    A TMF622 v5 product order; one that repeats another is spaced differently, so that its bytes are new.
    """
    document = {
        "@type": "ProductOrder",
        "externalId": [{"owner": "web", "externalIdentifierType": "orderId", "id": order.number}],
        "relatedParty": [
            {
                "role": "customer",
                "partyOrPartyRole": {"id": order.customer, "name": f"Customer {order.customer}"},
            }
        ],
        "place": [{"role": "deliveryAddress", "place": _place(order)}],
        "productOrderItem": [_item(line) for line in order.lines],
    }
    return json.dumps(document, indent=1 if order.fault == "same" else None).encode()


def _item(line: GeneratedLine) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": line.id,
        "action": line.action,
        "quantity": line.quantity,
        "productOffering": {"id": line.offering},
    }
    return item | ({"productOrderItem": [_item(one) for one in line.lines]} if line.lines else {})


def _place(order: GeneratedOrder) -> dict[str, str]:
    street, house = _address(order)
    return {
        "@type": "GeographicAddress",
        "streetNr": house,
        "streetName": street,
        "city": "Austin",
        "stateOrProvince": "TX",
        "postcode": "78701",
        "country": "US",
    }


def _address(order: GeneratedOrder) -> tuple[str, str]:
    number = int(order.customer.removeprefix("C-"))
    return _STREETS[number % len(_STREETS)], str(number % 200 + 1)
