"""
The folds of an outage: lines that cannot reach their system are held, and go on by themselves when it is
back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from canonical.errors import Fault
from canonical.states import State

from .folded import Folded, World
from .holding import open_lines, set_aside, silent_lines
from .record import Instructed, Record
from .working import Working

__all__ = ["hold_unreached", "reached"]

_DOWN: Final = "E_SYSTEM_DOWN"


def hold_unreached(record: Record, key: str, since: datetime, world: World, now: datetime) -> Folded:
    """
    Hold what an instruction is about, whose system nobody has reached ``since`` then.

    Never failed, whatever its route says of fallout: nothing went wrong but that it takes longer.
    """
    work = Working(record, world, now)
    sent = work.instructions.get(key)
    lines = silent_lines(work, sent) if sent is not None and not sent.received else []
    if sent is None or not lines:
        return work.finish()
    fault = Fault(code=_DOWN, what=f"{sent.system} cannot be reached since {since:%Y-%m-%d %H:%M:%S} UTC")
    set_aside(work, lines, fault)
    work.note("outage_held", f"{sent.part}: {fault}", code=_DOWN, key=key)
    return work.finish()


def reached(work: Working, sent: Instructed) -> None:
    """Its system has the instruction: what an outage had held goes on."""
    for line in open_lines(work, sent):
        if line.state is State.HELD and line.code == _DOWN:
            work.move(line, State.IN_PROGRESS, code="", reason="")
