"""
What the clock says of itself in the store: when each chore was last done, which tells whether it lives.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orderloom.correlation.port import Store

__all__ = ["CLOCK_GONE", "SWEEP", "keeps_time", "last_run", "mark"]

SWEEP = "sweep"

# Without a sweep for so long there is no clock: fifteen of its periods.  Until then what is due waits.
CLOCK_GONE = timedelta(seconds=15)

# In `setting`: when a chore was last done.
_MARK = "clock."


def mark(store: Store, chore: str, now: datetime) -> None:
    """Say that a chore was done: what workers and people go by."""
    store.save_setting(_MARK + chore, now.isoformat())


def last_run(store: Store, chore: str) -> datetime | None:
    """When a chore was last done; None when it never was."""
    said = store.setting(_MARK + chore)
    return datetime.fromisoformat(said) if said else None


def keeps_time(swept: datetime | None, now: datetime) -> bool:
    """Whether a clock lives that last swept then; the clocks of two machines may disagree a little."""
    return swept is not None and abs(now - swept) < CLOCK_GONE
