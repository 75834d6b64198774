"""
What a profile says about a store's messages, and which store sent one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from adapters.formats.values import FIRST_YEAR, LAST_YEAR
from adapters.formats.xml_node import XmlNode
from canonical.errors import shown
from canonical.references import Endpoint, References
from canonical.zones import Zone, zone_of

from .vocabulary import CHANNEL

__all__ = ["QUALIFIER", "Agreement", "sender_of"]

QUALIFIER = "STORE"
"""Qualifier of the identifier that stands in RetailStoreID."""

_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    What was agreed: settings ``zone`` (UTC) and ``currency`` (USD) of the profile.
    """

    endpoint: Endpoint
    zone: Zone
    currency: str

    @staticmethod
    def of(endpoint: Endpoint) -> Agreement:
        """
        What was agreed with ``endpoint``.

        Raises:
            Rejected: ``E_CONFIG``: its profile is wrong.
        """
        zone = zone_of(endpoint.format.get("zone", "UTC"), f"{endpoint.id} zone")
        return Agreement(endpoint, zone, endpoint.format.get("currency", "USD"))

    @property
    def store(self) -> str:
        """
        The store's own number.
        """
        own = (one.value for one in self.endpoint.identifiers if one.qualifier == QUALIFIER)
        return next(own, self.endpoint.id)

    def instant(self, node: XmlNode) -> dt.datetime:
        """
        An instant with its zone, or without one as the store's clocks show it; given in UTC.

        Raises:
            Rejected: ``E_DATE``, also for an hour that the zone leaves out.
        """
        text = node.text()
        if not _LOCAL.fullmatch(text):
            return node.instant()
        try:
            local = dt.datetime.fromisoformat(text)
        except ValueError:
            local = None
        if local is None or not FIRST_YEAR <= local.year <= LAST_YEAR:
            raise node.reject("E_DATE", f"{shown(text)} is not an instant", "CCYY-MM-DDThh:mm:ss")
        found = self.zone.instant(local)
        if found is None:
            what = f"{shown(text)} is left out by the clocks of {self.zone.name}"
            raise node.reject("E_DATE", what, "an hour that there is")
        return found

    def written(self, at: dt.datetime) -> str:
        """
        An instant as the store's clocks show it, with its distance from UTC.
        """
        return self.zone.shown(at).isoformat(timespec="seconds")


def sender_of(transaction: XmlNode, references: References) -> Endpoint:
    """
    The endpoint that RetailStoreID names.

    Raises:
        Rejected: ``E_IDENTITY``, or what is wrong with the element.
    """
    node = transaction.child("RetailStoreID")
    found = references.sender(CHANNEL, QUALIFIER, node.text(64))
    if found is None:
        raise node.reject("E_IDENTITY", f"unknown store {shown(node.text(64))}", "a STORE of a profile")
    return found
