"""
Retention: what the store lets go, and after how long.

Native bytes first, then the journal, keys and the answers they repeat last; each only when its order ended so
long ago.  In short transactions, so that nobody waits; broken off anywhere, the next run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderloom.correlation.aging import Aging, Cursor, Kind

__all__ = ["Gone", "Policy", "retain"]

# Rows looked at in one transaction: some milliseconds on either database.
_SLICE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    Days that each is kept after its order has ended; 0 keeps it for ever.

    Args:
        native: What was received, and what systems were told.
        journal: Entries.
        keys: Of envelopes and replies, and the answers that are repeated under them.
    """

    native: int = 90
    journal: int = 400
    keys: int = 800

    def stages(self) -> tuple[tuple[int, tuple[Kind, ...]], ...]:
        """Days, and what goes then, in the order in which it goes."""
        return (
            (self.native, (Kind.NATIVE,)),
            (self.journal, (Kind.JOURNAL,)),
            (self.keys, (Kind.KEY, Kind.INTAKE, Kind.ANSWER)),
        )


@dataclass(frozen=True, slots=True)
class Gone:
    """What one slice let go."""

    kind: Kind
    before: datetime
    rows: int
    size: int


def retain(store: Aging, policy: Policy, now: datetime, *, dry: bool = False) -> Iterator[Gone]:
    """
    Let go of what is old enough, one slice a step.

    Args:
        dry: Only say what would go.

    Raises:
        StoreError: The store could not take it; what went before is gone.
    """
    for days, kinds in policy.stages():
        if not days:
            continue
        before = now - timedelta(days=days)
        held = store.held(before)
        for kind in kinds:
            after: Cursor | None = None
            while True:
                aged = store.age(kind, before, held, after=after, limit=_SLICE, dry=dry)
                yield Gone(kind, before, aged.rows, aged.size)
                after = aged.after
                if after is None:
                    break
