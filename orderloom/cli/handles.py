"""
The handles of parked messages in the console: removed when their row is done with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from broker.address import AddressRefused
from broker.port import BrokerUnavailable, Delivery
from orderloom.correlation.port import ParkedRow
from orderloom.settings import Settings

__all__ = ["sweep_handles"]


def sweep_handles(settings: Settings, rows: Sequence[ParkedRow]) -> Iterator[str]:
    """Take the handles of ``rows`` out of their queues; a sentence for each queue where it failed."""
    from broker.tools import sweep
    from orderloom.hub_topology import parked_queue

    url = settings.broker.url
    for source in dict.fromkeys(row.queue for row in rows):
        queue = parked_queue(source)
        if url is None:
            yield f"{queue}: the handle stays there, no broker is set"
            continue
        keep = _others({row.id: row.times for row in rows if row.queue == source})
        try:
            swept = sweep(
                url.value, queue, keep, name="orderloom parked", allow_plain=settings.broker.allow_plain
            )
        except (BrokerUnavailable, AddressRefused) as error:
            yield f"{queue}: the handle stays there: {error}"
        else:
            if swept.stopped:
                yield f"{queue}: the handle may still be there: {swept.stopped}"


def _others(times: Mapping[str, int]) -> Callable[[Delivery], bool]:
    """What stays: handles of other rows, and one made since, for a message that was parked again."""

    def keep(handle: Delivery) -> bool:
        headers = handle.properties.headers
        known = times.get(str(headers.get("x-parked-id")))
        attempt = headers.get("x-attempt")
        return known is None or (isinstance(attempt, int) and attempt > known)

    return keep
