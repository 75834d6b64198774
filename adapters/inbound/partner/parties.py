"""
Parties and places of a purchase order: the N1 loops.

Source: X12 release 004010, segments N1 to N4; code list 98 (N101) for ``ST`` ship to, ``BY`` buying party,
``BT`` bill to.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.formats.x12 import Turn
from canonical.order import Address, PartyRef, Place, RelatedParty

__all__ = ["buyer_of", "customer_of", "delivery_of"]

# Who the order is for, the first that is named: the buyer, who pays, who gets the goods.
_CUSTOMERS = ("BY", "BT", "ST")
_SHIP_TO = "ST"


def customer_of(order: Turn) -> tuple[RelatedParty, ...]:
    """
    The customer: the first of ``BY``, ``BT`` and ``ST`` that has an id or a name.

    Raises:
        Rejected: An element of an N1 is missing or too long.
    """
    named = {code: party for code, _, party in map(_party, order.loops("N1")) if party}
    code = next((code for code in _CUSTOMERS if code in named), None)
    return (RelatedParty(role="customer", party_or_party_role=named[code]),) if code else ()


def buyer_of(change: Turn) -> tuple[RelatedParty, ...] | None:
    """
    The ``BY`` of a change as the customer.  None when it names none: who pays and who gets the goods stand in
    for the buyer in a whole order only.

    Raises:
        Rejected: An element of an N1 is missing or too long.
    """
    named = next((party for code, _, party in map(_party, change.loops("N1")) if code == "BY"), None)
    return (RelatedParty(role="customer", party_or_party_role=named),) if named else None


def delivery_of(turn: Turn) -> tuple[Place, ...]:
    """
    The ``ST`` of an order or of a line, as its delivery address.

    Raises:
        Rejected: An element of N1, N3 or N4 is missing or too long.
    """
    found = (loop for code, loop, _ in map(_party, turn.loops("N1")) if code == _SHIP_TO)
    return tuple(Place(role="deliveryAddress", place=_address(loop)) for loop in found)[:1]


def _party(loop: Turn) -> tuple[str, Turn, PartyRef | None]:
    code = loop.head.required(1, 3)
    name, id_ = loop.head.text(2, 60), loop.head.text(4, 80)
    return code, loop, PartyRef(id=id_ or name, name=name) if id_ or name else None


def _address(loop: Turn) -> Address:
    town = loop.first("N4")
    return Address(
        id=loop.head.text(4, 80),
        name=loop.head.text(2, 60),
        street=", ".join(_street(loop)),
        city=town.text(1, 30) if town else "",
        state_or_province=town.text(2, 2) if town else "",
        postcode=town.text(3, 15) if town else "",
        country=town.text(4, 3) if town else "",
    )


def _street(loop: Turn) -> Iterator[str]:
    for segment in loop.each("N3"):
        yield from filter(None, (segment.text(1, 55), segment.text(2, 55)))
