"""
What a profile says about a call centre's messages, and who sent one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from adapters.formats.soap import Envelope, Version
from adapters.formats.xml_names import name_in
from adapters.formats.xml_node import XmlNode
from canonical.errors import Rejected, shown
from canonical.references import Endpoint, References
from canonical.zones import Zone, zone_of

from .vocabulary import CHANNEL

__all__ = ["FROM", "QUALIFIER", "Agreement", "only_endpoint", "sender_of"]

QUALIFIER = "FROM"
"""Qualifier of the identifier that stands in the header's ``From``."""

_ADDRESSING = "http://www.w3.org/2005/08/addressing"
FROM = name_in(_ADDRESSING, "From")

_FORM = "%m/%d/%Y %H:%M:%S"
# Years 1900 to 2199, as in every format.
_WRITTEN = re.compile(
    r"([0-9]{2})/([0-9]{2})/((?:19|20|21)[0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})", re.ASCII
)
_ALLOWED = "MM/DD/YYYY HH:MM:SS"


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    What was agreed: settings ``zone`` (UTC), ``currency`` (USD) and ``soap`` (1.1; for what is told unasked)
    of the profile.
    """

    endpoint: Endpoint
    zone: Zone
    currency: str
    version: Version

    @staticmethod
    def of(endpoint: Endpoint) -> Agreement:
        """
        What was agreed with ``endpoint``.

        Raises:
            Rejected: ``E_CONFIG``: its profile is wrong.
        """
        zone = zone_of(endpoint.format.get("zone", "UTC"), f"{endpoint.id} zone")
        soap = endpoint.format.get("soap", "1.1")
        if soap not in _VERSIONS:
            raise Rejected("E_CONFIG", f"unknown version {shown(soap)}", f"{endpoint.id} soap", "1.1 or 1.2")
        return Agreement(endpoint, zone, endpoint.format.get("currency", "USD"), _VERSIONS[soap])

    def instant(self, node: XmlNode) -> dt.datetime:
        """
        An instant written in the endpoint's zone, given in UTC; where clocks are set back, the first of two.

        Raises:
            Rejected: ``E_DATE``, also for an hour that the zone leaves out.
        """
        text = node.text()
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise node.reject("E_DATE", f"{shown(text)} is not an instant", _ALLOWED)
        month, day, year, hour, minute, second = map(int, written.groups())
        try:
            there = self.zone.instant(dt.datetime(year, month, day, hour, minute, second))  # noqa: DTZ001
        except ValueError:
            raise node.reject("E_DATE", f"{shown(text)} is not an instant", _ALLOWED) from None
        if there is None:
            what = f"{shown(text)} is left out by the clocks of {self.zone.name}"
            raise node.reject("E_DATE", what, _ALLOWED)
        return there

    def written(self, at: dt.datetime) -> str:
        """
        An instant as the endpoint writes it.
        """
        return self.zone.shown(at).strftime(_FORM)


_VERSIONS = {"1.1": Version.V1_1, "1.2": Version.V1_2}


def sender_of(envelope: Envelope, references: References) -> Endpoint:
    """
    The endpoint whose ``From`` address the header names, else the only one of the channel.

    Raises:
        Rejected: ``E_IDENTITY``.
    """
    named = next((block for block in envelope.headers if block.name == FROM), None)
    if named is not None:
        address = named.child("Address")
        found = references.sender(CHANNEL, QUALIFIER, address.text(128))
        if found is None:
            raise address.reject(
                "E_IDENTITY", f"unknown sender {shown(address.text(128))}", "a FROM of a profile"
            )
        return found
    only = only_endpoint(references)
    if only is None:
        what = "the message does not tell its sender"
        raise envelope.body.reject("E_IDENTITY", what, "a header From with an Address")
    return only


def only_endpoint(references: References) -> Endpoint | None:
    """
    The channel's endpoint; None when there are several, or none.
    """
    endpoints = references.of_channel(CHANNEL)
    return endpoints[0] if len(endpoints) == 1 else None
