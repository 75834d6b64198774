"""
What a store lets go: native bytes first, then the journal, keys and the answers they repeat last.

Age alone decides little.  Whatever an order needs that has not ended, or not for so long, is held; so is what
an open parked row, an early reply or an unsent message needs.  Orders themselves stay, and with each the
business key that keeps a second one out; so do all hashes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

__all__ = ["ATTEMPTS_STAY", "DEAD_STAY", "MOST_BYTES", "Aged", "Aging", "Cursor", "Held", "Kind"]

# How long after its lease a worker's row stays, and a claim's: others have taken over within seconds.  A
# few calls that failed so long ago say nothing of a system any more.
DEAD_STAY = timedelta(hours=1)

# How long the count of starts stays of a message that never came again.
ATTEMPTS_STAY = timedelta(days=30)

# Of native bytes in one transaction: somebody may wait for it.
MOST_BYTES = 16 * 1024 * 1024

# Where a slice ended: an instant with a key, or a number.
Cursor: TypeAlias = tuple[datetime, str] | int


class Kind(StrEnum):
    """What is let go, in the order in which it is."""

    NATIVE = "native bytes"
    JOURNAL = "journal entries"
    KEY = "keys"
    INTAKE = "intakes"
    ANSWER = "answers"


@dataclass(frozen=True, slots=True)
class Held:
    """
    What stays, however old: see :meth:`Aging.held`.

    Args:
        orders: Ids of orders, and of parked rows, whose journal stays.
        natives: Hashes.
        intakes: Ids.
    """

    orders: Collection[str]
    natives: Collection[str]
    intakes: Collection[str]


@dataclass(frozen=True, slots=True)
class Aged:
    """
    What one slice came to.

    Args:
        rows: Let go, or to be let go.
        size: Of their bytes and texts.
        after: Where the next slice begins; None when nothing older is left.
    """

    rows: int
    size: int
    after: Cursor | None


class Aging(Protocol):
    """The part of the store port that lets go."""

    def held(self, before: datetime) -> Held:
        """
        What stays although it is from ``before`` or older.

        What is needed by orders that came by then and have not ended, or ended since; by parked rows that are
        open; by early replies.  A younger order needs only what was kept since: bytes that come again count
        from then.
        """
        ...

    def age(
        self, kind: Kind, before: datetime, held: Held, *, after: Cursor | None, limit: int, dry: bool = False
    ) -> Aged:
        """
        Let go of what is from ``before`` or older, in one short transaction.

        Args:
            after: Where the last slice ended; None begins with the oldest.
            limit: Rows that are looked at.
            dry: Only count.

        Raises:
            StoreBusy: Nothing was written.
            StoreError: The store cannot take it.
        """
        ...

    def tidy(self, now: datetime) -> int:
        """
        Strike off workers and claims that ended long ago, counts of messages that never came again, and of
        calls that failed long ago.
        """
        ...
