"""
Pieces of a TMF622 v5 order that an order and a change of one have alike: parties, places, notes, prices.
"""

from __future__ import annotations

from adapters.formats.json_node import Node
from canonical.order import Address, ItemPrice, Money, Note, PartyRef, Place, RelatedParty
from canonical.states import Action

from .members import Table, currency, identifier, line, members, prose

__all__ = ["PRIORITIES", "action", "note", "party", "place", "price"]

PRIORITIES = ("0", "1", "2", "3", "4")
"""TMF622: 0 is the highest."""

_PRICE_TYPES = ("oneTime", "recurring", "usage")
# ISO 4217 knows at most 4 decimals; rates for usage are finer.
_MONEY_SCALE = 6
_MONEY_LIMIT = 10**12


def action(node: Node) -> Action:
    """What an item asks for; ``E_ACTION`` for anything else."""
    return Action(node.enum(tuple(Action), code="E_ACTION"))


def party(node: Node) -> RelatedParty:
    """One party in its role."""
    table: Table = {"role": ("role", identifier), "partyOrPartyRole": ("party_or_party_role", _party_ref)}
    return RelatedParty(**members(node, table, needed=table))


def _party_ref(node: Node) -> PartyRef:
    table: Table = {"id": ("id", identifier), "name": ("name", line)}
    return PartyRef(**members(node, table, ignored=("href", "partyId", "partyName"), needed=("id",)))


def place(node: Node) -> Place:
    """One place in its role."""
    table: Table = {"role": ("role", identifier), "place": ("place", _address)}
    return Place(**members(node, table, needed=table))


# The parts of the canonical street line, in the order in which they are written.
_STREET = ("streetNr", "streetNrSuffix", "streetName", "streetType", "streetSuffix")


def _address(node: Node) -> Address:
    """A ``GeographicAddress``, a ``PlaceRef``, or anything else made of their properties."""
    table: Table = {
        "id": ("id", identifier),
        "name": ("name", line),
        "city": ("city", line),
        "stateOrProvince": ("state_or_province", line),
        "postcode": ("postcode", line),
        "country": ("country", line),
        **{part: (part, line) for part in _STREET},
    }
    found = members(node, table, ignored=("href",))
    street = [found.pop(part, "") for part in _STREET]
    address = Address(**found, street=" ".join(filter(None, street)))
    if address == Address():
        raise node.reject("E_MISSING", "the place is empty", "an id or an address")
    return address


def note(node: Node) -> Note:
    """One note."""
    table: Table = {"text": ("text", prose), "author": ("author", line)}
    return Note(**members(node, table, ignored=("id", "date"), needed=("text",)))


def price(node: Node) -> ItemPrice:
    """One price of an item."""
    table: Table = {
        "priceType": ("price_type", lambda each: each.enum(_PRICE_TYPES)),
        "price": ("price", _net_amount),
        "name": ("name", line),
        "recurringChargePeriod": ("recurring_charge_period", line),
    }
    return ItemPrice(**members(node, table, ignored=("description",), needed=("priceType", "price")))


def _net_amount(node: Node) -> Money:
    """The amount without duty: the one amount that everybody downstream counts with."""
    table: Table = {"dutyFreeAmount": ("money", _money)}
    found: Money = members(node, table, ignored=("taxIncludedAmount", "taxRate"), needed=table)["money"]
    return found


def _money(node: Node) -> Money:
    table: Table = {
        "unit": ("unit", currency),
        "value": ("value", lambda each: each.decimal(-_MONEY_LIMIT, _MONEY_LIMIT, scale=_MONEY_SCALE)),
    }
    return Money(**members(node, table, needed=table))
