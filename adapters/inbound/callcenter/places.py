"""
Addresses: five elements side by side, whose names begin with what the address is for.
"""

from __future__ import annotations

from adapters.formats.xml_node import XmlNode
from canonical.order import Address

__all__ = ["place_fields", "place_of"]

# The end of an element's name, and the canonical field.
_PARTS = {
    "Address": "street",
    "City": "city",
    "State": "state_or_province",
    "PostalCode": "postcode",
    "Country": "country",
}


def place_fields(beginning: str) -> tuple[str, ...]:
    """
    The names of the elements: ``ShipToAddress``, ``ShipToCity`` and so on.
    """
    return tuple(beginning + part for part in _PARTS)


def place_of(node: XmlNode, beginning: str) -> Address | None:
    """
    The address in ``node``, or None when it has none.

    Raises:
        Rejected: A part is too long, or stands there twice.
    """
    found = {field: one.text() for part, field in _PARTS.items() if (one := node.get(beginning + part))}
    return Address(**found) if found else None
