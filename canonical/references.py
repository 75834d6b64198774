"""
Reference data that translation needs: the catalogue and the endpoint profiles of one version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .base import Canonical, Count, Id, Text
from .errors import Rejected, shown
from .notices import NoticeKind

__all__ = ["Code", "Endpoint", "Identifier", "Offering", "References"]

_ALL_KINDS = tuple(kind for kind in NoticeKind if kind is not NoticeKind.STATUS)


class Code(Canonical, frozen=True):
    """
    A code for an offering: ``VP`` ``HX-BLK`` at ``partner.acme``.

    ``owner`` is an endpoint (``partner.acme``) or a whole channel (``partner``).
    """

    owner: Id
    type: Id
    code: Id


class Offering(Canonical, frozen=True):
    """One offering of the catalogue; ``max_quantity`` is the most that one line may ask for."""

    id: Id
    name: Text
    category: Id
    specification: Text = ""
    max_quantity: Count = 100
    codes: tuple[Code, ...] = ()


class Identifier(Canonical, frozen=True):
    """A qualified id that a sender puts into its envelope: ``ZZ`` / ``ACME`` (X12 I05, I06)."""

    qualifier: Id
    value: Id


class Endpoint(Canonical, frozen=True):
    """
    The profile of one sender on a channel.

    Args:
        id: ``<channel>.<name>``.
        identifiers: What it calls itself in envelopes.
        hub: What it calls the hub.
        out_queue: Where its notices and acknowledgements go.
        out_folder: They go into its drop folder instead, as files, where its channel has one; also
            acknowledgements of what came by queue.
        notices: Kinds it wants.
        respond_by: Seconds after which ``accepted`` is told even when items are still undecided.
        recommendations: It is told what to propose to customers although it is a partner or an agent.
        format: Settings of its format (separators, version, test indicator), read by its adapter only.
    """

    id: Id
    channel: Id
    out_queue: Id
    name: Text = ""
    identifiers: tuple[Identifier, ...] = ()
    hub: Identifier | None = None
    notices: tuple[NoticeKind, ...] = _ALL_KINDS
    respond_by: int = 7200
    out_folder: bool = False
    recommendations: bool = False
    format: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class References:
    """
    Catalogue and endpoints of one pinned version, indexed for look-up.

    Build it with :meth:`of`; look-ups raise :class:`Rejected` naming the value and the place.
    """

    version: str
    offerings: Mapping[str, Offering]
    endpoints: Mapping[str, Endpoint]
    _codes: Mapping[tuple[str, str, str], str]
    _senders: Mapping[tuple[str, str, str], str]

    @classmethod
    def of(cls, version: str, offerings: Iterable[Offering], endpoints: Iterable[Endpoint]) -> References:
        """Index the two; the loader has checked that no code and no identifier stands twice."""
        by_id = {one.id: one for one in offerings}
        profiles = {one.id: one for one in endpoints}
        codes = {(c.owner, c.type, c.code): one.id for one in by_id.values() for c in one.codes}
        senders = {
            (one.channel, ident.qualifier, ident.value): one.id
            for one in profiles.values()
            for ident in one.identifiers
        }
        return cls(version, by_id, profiles, codes, senders)

    def offering(self, offering_id: str, where: str) -> Offering:
        """
        The offering with this id.

        Raises:
            Rejected: ``E_OFFERING``, naming the id.
        """
        found = self.offerings.get(offering_id)
        if found is None:
            raise Rejected(
                "E_OFFERING", f"unknown offering {shown(offering_id)}", where, "an id of the catalogue"
            )
        return found

    def offering_by_code(self, endpoint: Endpoint, code_type: str, code: str, where: str) -> Offering:
        """
        The offering that ``endpoint`` (or, failing that, its channel) calls by ``code``.

        Raises:
            Rejected: ``E_OFFERING``, naming the code.
        """
        for owner in (endpoint.id, endpoint.channel):
            found = self._codes.get((owner, code_type, code))
            if found is not None:
                return self.offerings[found]
        what = f"unknown {code_type} code {shown(code)}"
        raise Rejected(
            "E_OFFERING", what, where, f"one of the catalogue's {code_type} codes for {endpoint.id}"
        )

    def sender(self, channel: str, qualifier: str, value: str) -> Endpoint | None:
        """The endpoint that calls itself so on ``channel``, or None."""
        found = self._senders.get((channel, qualifier, value))
        return self.endpoints[found] if found else None

    def of_channel(self, channel: str) -> tuple[Endpoint, ...]:
        """All endpoints of ``channel``, by id."""
        return tuple(one for key, one in sorted(self.endpoints.items()) if one.channel == channel)
