"""
Checks: parts that run before all others (is there stock, can the line be built, is the number free).

A no rejects the item, with nothing to undo: nobody else was told of it.  A yes may reserve something for a
time; if nothing was begun with it by then, the check is made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from canonical.plan import PartPlan
from canonical.states import State
from canonical.systems import Meaning

from .pieces import anew
from .record import Line
from .waits import behind

if TYPE_CHECKING:
    from .working import Working

__all__ = ["CHECK", "await_expiry", "expire", "verdict"]

CHECK: Final = "check"
"""Kind of the timer at which a reservation runs out."""

_REFUSED: Final = "E_SYSTEM_REFUSED"


def verdict(part: PartPlan, meaning: Meaning) -> State:
    """The state that a word gives to a line: for a check every refusal is final."""
    refused = meaning.state is State.HELD and meaning.code == _REFUSED
    return State.REJECTED if part.check and refused else meaning.state


def await_expiry(work: Working) -> None:
    """Look again when what a check has just reserved runs out."""
    if all(part.valid_for is None for part in work.parts.values()):
        return
    before = {line.key: line for line in work.before.lines}
    fresh = {
        line.part
        for line in work.lines.values()
        if line.state is State.COMPLETED and before.get(line.key) is not line
    }
    for name in fresh:
        _look_again(work, work.parts[name])


def expire(work: Working, name: str) -> None:
    """Reservations run out: the check is made again for what nothing was begun with."""
    part = work.parts.get(name)
    if part is None:
        return
    gone = [line for line, ends in _reserved(work, part) if ends <= work.now]
    for line in gone:
        anew(work, line)
    if gone:
        items = ", ".join(line.item for line in gone)
        text = f"{name} was good until now, and nothing was begun with it: made again for item {items}"
        work.note("check_expired", text, part=name, items=items)
    _look_again(work, part)


def _look_again(work: Working, part: PartPlan) -> None:
    ends = min((ends for _, ends in _reserved(work, part)), default=None)
    if ends is not None:
        timer = f"{CHECK}|{work.order.id}|{part.name}"
        work.set_timer(timer, CHECK, (ends - work.now).total_seconds(), part=part.name)


def _reserved(work: Working, part: PartPlan) -> Iterator[tuple[Line, datetime]]:
    """What a check has reserved, and nothing was begun with; until when."""
    if part.valid_for is None:
        return
    for line in work.lines.values():
        if line.part == part.name and line.state is State.COMPLETED and _awaited(work, line):
            yield line, line.since + timedelta(seconds=part.valid_for)


def _awaited(work: Working, line: Line) -> bool:
    """Whether others wait behind the check still, and none of them was told."""
    waiting = [work.lines[key] for key in behind(line.key, work.waits) if key in work.lines]
    return any(not one.state.terminal for one in waiting) and not any(one.sent for one in waiting)
