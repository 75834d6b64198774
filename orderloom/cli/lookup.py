"""
Finding orders by any id, for somebody who may see everything or for one endpoint that may not.
"""

from __future__ import annotations

import msgspec

from canonical.errors import shown
from canonical.order import Order
from orderloom.correlation.port import Store
from orderloom.correlation.record import Record
from orderloom.pauses import Kind, read_pauses

from .context import Refused

__all__ = ["find_records", "not_found", "seen_by", "unreached"]


def find_records(store: Store, key: str, endpoint: str | None = None) -> tuple[Record, ...]:
    """
    Every order that is known as ``key``, by id.

    Args:
        endpoint: Only those on whose channel list it is.

    Raises:
        Refused: In the same words when there is none, and when there is none to be seen.
    """
    ids = sorted({order_id for _, order_id in store.find(key.strip())})
    records = [record for record in map(store.order, ids) if record is not None]
    if endpoint is not None:
        records = [record for record in records if _sees(record.order, endpoint)]
    if not records:
        raise not_found(key)
    return tuple(records)


def not_found(key: str) -> Refused:
    """What is said of an order that is not there, and of one that may not be seen."""
    return Refused("E_NOT_FOUND", f"no order {shown(key)}", "", "an id under which somebody knows it")


def seen_by(order: Order, endpoint: str) -> Order:
    """The order as an endpoint may see it: without the ids and channels of others."""
    return msgspec.structs.replace(
        order,
        external_id=tuple(one for one in order.external_id if one.owner == endpoint),
        channel=tuple(one for one in order.channel if one.endpoint == endpoint),
    )


def unreached(store: Store) -> dict[str, str]:
    """Systems that get nothing for now, and why, as it follows on their names: ``is paused``."""
    found = {one.system: "gets no calls" for one in store.breakers() if one.opened is not None}
    pauses = read_pauses(store).found.items()
    return found | {
        name: "is paused" for (kind, name), one in pauses if kind is Kind.SYSTEM and one.until is None
    }


def _sees(order: Order, endpoint: str) -> bool:
    return any(one.endpoint == endpoint for one in order.channel)
