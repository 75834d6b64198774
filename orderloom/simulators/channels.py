"""
The other ends of the channels: senders that drop native messages, readers that keep all they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Condition

from .neighbourhood import utc_now
from .told import ToldOfOrder, understand
from .transport import Message, Transport

__all__ = ["OUT_QUEUES", "Kept", "Readers", "drop"]

OUT_QUEUES = (
    "channel.web.out",
    "channel.partner.acme.out",
    "channel.partner.globex.out",
    "channel.directmail.printco.out",
    "channel.callcenter.out",
    "channel.store.0117.out",
    "channel.kiosk.mall-1.out",
)

_CONTENT_TYPES = {
    "web": "application/json",
    "partner": "application/edi-x12",
    "directmail": "application/octet-stream",
    "callcenter": "text/xml",
    "store": "application/xml",
    "kiosk": "application/json",
}


def drop(transport: Transport, messages: Iterable[tuple[str, bytes]]) -> int:
    """Drop native messages, each on ``drop.<channel>``; how many there were, when the broker has them all."""
    count = 0
    for channel, body in messages:
        transport.publish(f"drop.{channel}", "", body, _CONTENT_TYPES[channel], {})
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as it was read; ``records`` is empty and ``fault`` says why when it was not understood."""

    queue: str
    at: datetime
    body: bytes
    records: tuple[ToldOfOrder, ...]
    fault: str = ""


class Readers:
    """
    Readers of out queues.

    Args:
        keep: Called with every message, after it was kept and before it is acknowledged.
    """

    def __init__(
        self,
        transport: Transport,
        queues: Iterable[str] = OUT_QUEUES,
        keep: Callable[[Kept], None] = lambda kept: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._transport = transport
        self._queues = tuple(queues)
        self._keep = keep
        self._now = now
        self._changed = Condition()
        self._kept: list[Kept] = []

    def start(self) -> None:
        """Read."""
        for queue in self._queues:
            self._transport.consume(queue, self._read)

    @property
    def kept(self) -> list[Kept]:
        """All messages so far, in the order of reading."""
        with self._changed:
            return list(self._kept)

    @property
    def records(self) -> list[ToldOfOrder]:
        """All that was understood so far."""
        return [record for one in self.kept for record in one.records]

    def last(self) -> dict[tuple[str, str], ToldOfOrder]:
        """The last word about each order, by endpoint and document number; receipts are about messages."""
        return {
            (record.endpoint, record.document): record
            for record in self.records
            if record.kind not in {"997", "TA1", "VER", "Error", "Fault", "Outcome", "refused"}
        }

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until ``condition()`` holds; it is looked at after every message."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    def _read(self, message: Message) -> None:
        try:
            records, fault = tuple(understand(message.queue, message.body)), ""
        except (ValueError, KeyError) as error:
            records, fault = (), repr(error)
        kept = Kept(message.queue, self._now(), message.body, records, fault)
        self._keep(kept)
        with self._changed:
            self._kept.append(kept)
            self._changed.notify_all()
        message.ack()
