"""
Redelivered messages, which may be what killed the last worker.

They are taken in small batches; work on one that was started before is counted first and done alone, and
the third start without a finish parks it.  They get a third of the work: one for every two new messages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.port import Delivery
from canonical.errors import Fault
from canonical.keys import content_hash
from orderloom.correlation.port import Attempt, Changes, Store

__all__ = ["Lot", "PoisonLane", "attempt_key", "poison_fault"]

_LOT = 20

# A lot every so many turns, however few new messages there are; one redelivered for so many new ones, when
# there are many; and what a message alone in its transaction counts for.
_TURNS = 3
_NEW_FOR_ONE = 2
_ALONE = 5

# No more lots in one turn than a full batch of new messages has earned.
_MOST_CREDIT = 100.0


def attempt_key(delivery: Delivery) -> str:
    """Under which the starts on a message are counted: its queue and bytes, for legacy senders give no id."""
    return f"{delivery.queue}|{content_hash(delivery.body)}"


def poison_fault(starts: int) -> Fault:
    """Why a message is parked unread."""
    return Fault(
        code="E_POISON", what=f"work on it was started {starts} times and never finished", where="message"
    )


@dataclass(frozen=True, slots=True)
class Lot:
    """What is worked on next; ``poisoned`` ones are parked unread."""

    deliveries: tuple[Delivery, ...] = ()
    poisoned: tuple[Delivery, ...] = ()


class PoisonLane:
    """Redelivered messages that wait for their turn."""

    def __init__(self, store: Store, starts: int) -> None:
        self._store = store
        self._starts = starts
        self._waiting: deque[Delivery] = deque()
        self._alone: deque[Delivery] = deque()
        self._credit = 0.0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._alone)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Redelivered messages, in the order they came."""
        self._waiting.extend(deliveries)

    def holds(self, queue: str) -> bool:
        """Whether a message of this queue waits for its turn."""
        return any(one.queue == queue for one in (*self._waiting, *self._alone))

    def forget(self) -> None:
        """The connection was lost: everything not settled will come again."""
        self._waiting.clear()
        self._alone.clear()

    def earn(self, new: int) -> None:
        """``new`` messages were worked on; with none at all a whole lot may be taken."""
        earned = max(new / _NEW_FOR_ONE, _LOT / _TURNS) if new else _LOT
        self._credit = min(self._credit + earned, _MOST_CREDIT) if self else 0.0

    def lot(self, now: datetime) -> Lot | None:
        """
        The next messages to work on, their start committed; None when it is the new messages' turn.

        Raises:
            StoreError: The starts could not be counted; nothing was taken.
        """
        if not self or self._credit <= 0:
            return None
        lot = self._first_start(now) if self._waiting else self._start_alone(now)
        self._credit -= len(lot.deliveries) if len(lot.deliveries) > 1 else _ALONE
        return lot

    def _first_start(self, now: datetime) -> Lot:
        lot = [self._waiting[index] for index in range(min(_LOT, len(self._waiting)))]
        known = self._known(lot)
        fresh = tuple(one for one in lot if attempt_key(one) not in known)
        self._write([Attempt(attempt_key(one), 1, now) for one in fresh])
        for _ in lot:
            self._waiting.popleft()
        self._alone.extend(one for one in lot if attempt_key(one) in known)
        return Lot(fresh)

    def _start_alone(self, now: datetime) -> Lot:
        one = self._alone[0]
        key = attempt_key(one)
        attempt = self._known([one]).get(key)
        starts = (attempt.started if attempt is not None else 0) + 1
        if starts >= self._starts:
            self._alone.popleft()
            return Lot(poisoned=(one,))
        self._write([Attempt(key, starts, now)])
        self._alone.popleft()
        return Lot((one,))

    def _known(self, deliveries: Sequence[Delivery]) -> dict[str, Attempt]:
        with self._store.begin() as tx:
            return dict(tx.attempts([attempt_key(one) for one in deliveries]))

    def _write(self, attempts: list[Attempt]) -> None:
        if attempts:
            with self._store.begin() as tx:
                tx.apply(Changes(attempts=attempts))
