"""
The simulated systems of one process, started and stopped together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from .agenda import Agenda
from .billing import Billing
from .calls import CallLog
from .crm import Crm
from .internet import Internet
from .mobile import Mobile
from .posts import Counter
from .script import ALL_SYSTEMS, Script
from .services import Television, Voice
from .site import InternetSite, callback_sender, exchange_sender
from .transport import Transport
from .warehouse import Warehouse

__all__ = ["ALL_SYSTEMS", "Neighbourhood", "utc_now"]


def utc_now() -> datetime:
    """The time of day, for whoever is not given another clock."""
    return datetime.now(UTC)


class Neighbourhood:
    """
    Simulated systems on one transport, with one script and one log.

    Args:
        log: File that remembers what was applied; None forgets it with the process.
        http_port: Where ``oss.internet`` listens; 0 takes a free port.
        callback_url: Where ``oss.internet`` posts its events; without one it publishes them.
        now, seconds: Their clock, as a time of day and as seconds that go forward.

    The transport is stopped with them.
    """

    def __init__(
        self,
        transport: Transport,
        script: Script,
        log: Path | None = None,
        *,
        systems: Collection[str] = ALL_SYSTEMS,
        http_port: int = 0,
        callback_url: str | None = None,
        now: Callable[[], datetime] = utc_now,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._transport = transport
        self.log = CallLog(log)
        self.counters = [
            Counter(make(script, self.log, now), transport, seconds)
            for make in (Crm, Warehouse, Billing, Mobile, Voice, Television)
            if make.name in systems
        ]
        self._site: InternetSite | None = None
        if Internet.name in systems:
            send = callback_sender(callback_url) if callback_url else exchange_sender(transport)
            self._site = InternetSite(Internet(script, self.log, now), self.log, send, http_port, seconds)

    @property
    def http_url(self) -> str:
        """Where ``oss.internet`` listens; empty when it is not among the systems."""
        return self._site.url if self._site else ""

    @property
    def agendas(self) -> tuple[Agenda, ...]:
        """What each of them will still do, and when."""
        site = (self._site.agenda,) if self._site else ()
        return (*(one.agenda for one in self.counters), *site)

    def start(self) -> None:
        """Serve; returns when every queue is consumed and the port listens."""
        if self._site:
            self._site.open()
        for counter in self.counters:
            counter.open()

    def stop(self) -> None:
        """Give up at once whatever is being waited for; what was owed is owed again after the next start."""
        self._transport.stop()
        for counter in self.counters:
            counter.close()
        if self._site:
            self._site.close()
        self.log.close()
