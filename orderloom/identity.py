"""
Whether the broker is still the one it was: a random message in ``hub.identity``, known to the store.

When it is missing or another, the broker has lost what it held: what was sent and not answered goes out
again, and the last status of each order is told once more.  A store that knows no message while the broker
has one is a second hub's, or was put in the place of the first: it is refused, for the two would share the
orders between them and neither would know all answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

import structlog

from canonical.errors import HubError
from orderloom.correlation.port import Changes, ParkedState, Store, Timer

__all__ = ["IDENTITY_QUEUE", "Identity", "OtherHub", "recall", "remember", "same_broker"]

_log = structlog.get_logger()

IDENTITY_QUEUE = "hub.identity"
_SETTING = "broker.identity"
_CHUNK = 500

# Who was told of an end longer ago has read it.
_TELL_AGAIN = timedelta(days=1)


class OtherHub(HubError):
    """The broker is another store's; the worker does not start."""

    def __init__(self) -> None:
        super().__init__(
            "E_CONFIG",
            "the broker is that of a hub with another store: each of the two would have some of the orders",
            "store.path",
            "the store of that hub, or a virtual host of its own; if that store is gone for good, "
            f"purge the queue {IDENTITY_QUEUE}",
        )


class Identity:
    """
    Reads and writes the identity message.

    Args:
        read: The body of the message in :data:`IDENTITY_QUEUE`, left there; None when the queue is empty.
        write: Puts a message there and returns once the broker has confirmed it.
    """

    def __init__(self, read: Callable[[], bytes | None], write: Callable[[bytes], None]) -> None:
        self.read = read
        self.write = write


def same_broker(identity: Identity, store: Store, now: datetime, *, limit: int = 1_000_000) -> int:
    """
    Make sure that the broker holds what the store thinks it holds.

    Returns:
        How many unanswered instructions will go out again; 0 when the broker is the one it was.  Besides,
        the endpoints of every order that is open, or ended within the last day, are told its last status
        once more.

    Raises:
        OtherHub: The broker has an identity, and this store has never heard of it.
    """
    # The store is asked last, and written first: what another worker has just put there is known by then.
    found = identity.read()
    known = recall(store)
    if found is not None and known is None:
        raise OtherHub
    if found is not None and known == found.decode("ascii", "replace"):
        return 0
    again = _send_again(store, now, limit) if known is not None else 0
    token = secrets.token_hex(16)
    remember(store, token)
    identity.write(token.encode())
    if known is not None:
        _log.warning("broker_lost", instructions=again)
    return again


def recall(store: Store) -> str | None:
    """The identity of the broker that this store is the truth for."""
    return store.setting(_SETTING)


def remember(store: Store, token: str) -> None:
    """Keep it."""
    store.save_setting(_SETTING, token)


def _send_again(store: Store, now: datetime, limit: int) -> int:
    """Due timers: the sweep sends each instruction under its key, one attempt on, and tells each order."""
    wanted = store.unanswered(limit)
    _set(
        store,
        (
            Timer(f"retry|{key}", now, "retry", order_id, {"key": key, "lost": "broker"})
            for order_id, key in wanted
        ),
    )
    orders = store.told_since(now - _TELL_AGAIN, limit)
    _set(store, (Timer(f"tell-again|{order_id}", now, "tell-again", order_id) for order_id in orders))
    _open_replays(store)
    return len(wanted)


def _open_replays(store: Store) -> None:
    """Parked messages that were on their way back are where they were: somebody may replay them again."""
    ids = [row.id for row in store.parked(ParkedState.REPLAYING)]
    with store.begin() as tx:
        rows = [row for row in tx.parked(ids).values() if row.state is ParkedState.REPLAYING]
        opened = [replace(row, state=ParkedState.OPEN, closed_at=None, actor="", why="") for row in rows]
        tx.apply(Changes(parked={row.id: row for row in opened}))


def _set(store: Store, timers: Iterable[Timer]) -> None:
    rest = iter(timers)
    while chunk := {one.key: one for one in islice(rest, _CHUNK)}:
        with store.begin() as tx:
            tx.apply(Changes(timers=chunk))
