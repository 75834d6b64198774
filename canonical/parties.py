"""
Who a customer is: exact, typed aliases, and nothing that looks alike.

A party's id in an order is its alias: ``email:ada@example.com``, ``account:77``; one without a type of ours
is a customer id.  Nothing is normalised: a guess never joins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .keys import party_id
from .order import RelatedParty

__all__ = ["CUSTOMER_ID", "PARTY_TYPES", "PartyAlias", "alias_of", "aliases_of"]

CUSTOMER_ID = "customerId"
"""The alias of which a customer has one and no more."""

# A subscriber number is a telephone number.
PARTY_TYPES: Mapping[str, str] = {
    CUSTOMER_ID: CUSTOMER_ID,
    "account": "account",
    "email": "email",
    "phone": "phone",
    "msisdn": "phone",
    "loyaltyId": "loyaltyId",
}
"""By the word in front of the colon, the type of the alias."""

_CUSTOMER = "customer"


class PartyAlias(NamedTuple):
    """A value under which somebody is known, and of which type it is."""

    type: str
    value: str

    @property
    def id(self) -> str:
        """The party that is known by this alias and nothing else."""
        return party_id(self.type, self.value)


def alias_of(text: str) -> PartyAlias:
    """The alias that ``text`` is: ``type:value``, or a bare customer id."""
    kind, colon, value = text.partition(":")
    if colon and value and kind in PARTY_TYPES:
        return PartyAlias(PARTY_TYPES[kind], value)
    return PartyAlias(CUSTOMER_ID, text)


def aliases_of(parties: Iterable[RelatedParty]) -> tuple[PartyAlias, ...]:
    """The aliases that a document gives its customer, in its order, each once."""
    named = (alias_of(one.party_or_party_role.id) for one in parties if one.role == _CUSTOMER)
    return tuple(dict.fromkeys(named))
