"""
Circuit breakers: a system whose calls fail is left alone, and everything for it waits.

After so many failures in a row its calls stop; one at a time is made as a probe, to see, and the first that
gets through lets all others go.  An outage that lasts longer than ``hold_after`` holds the lines that have
not reached the system; they go on by themselves when it is back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from canonical.errors import Fault
from orderloom.calls import CallKind
from orderloom.correlation.breaker_port import Breaker
from orderloom.correlation.port import JournalEntry, Timer

from .hub import Limits
from .items import FromCall, FromWork
from .unit import HOLD, OUTAGE, Unit

__all__ = ["away_since", "begin_probe", "give_back", "hear", "hold_waiting", "until_probe"]

# Before each probe: doubling, up to a minute.
_FIRST = 5.0
_LONGEST = 60.0

# So many are held in one transaction; the next ones when these are.
_AT_ONCE = 200
_LOOK_AGAIN = timedelta(seconds=1)

# Of a reason, for people.
_SHOWN = 300


def away_since(unit: Unit, system: str) -> datetime | None:
    """Since when the calls of a system fail; None while they are not stopped for it."""
    known = unit.breakers.get(system)
    return known.since if known is not None and known.opened is not None else None


def begin_probe(unit: Unit, item: FromWork, lease: timedelta) -> bool:
    """
    Whether a call may be made now: its system is well, or it is the one probe.

    Args:
        lease: After that time a probe of which nobody has heard was none.
    """
    known = unit.breakers.get(item.system)
    if known is None or known.opened is None:
        return True
    if unit.now < known.next_probe:
        return False
    _write(unit, replace(known, probe=item.call_id, next_probe=unit.now + lease))
    return True


def give_back(unit: Unit, item: FromWork) -> None:
    """A call that was begun as a probe is not made: the next one is."""
    known = unit.breakers.get(item.system)
    if known is not None and known.probe == item.call_id:
        _write(unit, replace(known, probe="", next_probe=unit.now))


def hear(unit: Unit, item: FromCall) -> None:
    """Learn from the end of a call how its system is."""
    through = _got_through(item)
    if through:
        _well(unit, item.result.system)
    elif through is not None:
        _failed(unit, item)


def _got_through(item: FromCall) -> bool | None:
    """None when the call never left: then it says nothing of its system."""
    kind = item.result.kind
    if kind is CallKind.ANSWERED:
        return bool(item.said)
    if kind is CallKind.OPERATOR:
        return False if item.result.status is not None else None
    return kind is CallKind.REFUSED


def _well(unit: Unit, system: str) -> None:
    known = unit.breakers.pop(system, None)
    if known is None:
        return
    unit.changes.breakers.rows.pop(system, None)
    unit.changes.breakers.closed.add(system)
    unit.forget(_timer(system))
    if known.opened is not None:
        lasted = (unit.now - known.since).total_seconds()
        text = f"{system} answers again, after {lasted:.0f} s and {known.failures} failed calls"
        unit.changes.journal.append(JournalEntry("", unit.now, "breaker_closed", text, {"system": system}))


def _failed(unit: Unit, item: FromCall) -> None:
    result, limits = item.result, unit.hub.limits
    fault = item.fault or Fault(code="E_CALL_FAILED", what="no answer that can be read")
    fresh = Breaker(result.system, 0, unit.now, unit.now, "", "", unit.now)
    known = unit.breakers.get(result.system, fresh)
    failures = known.failures + 1
    probing = known.probe == result.id
    failed = replace(
        known,
        failures=failures,
        at=unit.now,
        code=fault.code,
        reason=str(fault)[:_SHOWN],
        probe="" if probing else known.probe,
    )
    opens = known.opened is None and failures >= limits.breaker_after
    if opens or probing:
        pause = _pause(failures, limits, result.retry_after)
        failed = replace(failed, opened=known.opened or unit.now, next_probe=unit.now + pause)
    _write(unit, failed)
    if opens:
        _opened(unit, failed)
    # Only what has failed after so long shows that it has lasted so long.
    if failed.opened is not None and failed.at - failed.since >= timedelta(seconds=limits.hold_after):
        unit.later(Timer(_timer(result.system), unit.now, OUTAGE, "", {"system": result.system}))


def _pause(failures: int, limits: Limits, asked: float | None) -> timedelta:
    seconds = min(_FIRST * 2.0 ** min(failures - limits.breaker_after, 10), _LONGEST)
    return timedelta(seconds=max(seconds, asked or 0.0))


def _opened(unit: Unit, known: Breaker) -> None:
    text = f"{known.system}: {known.failures} calls have failed; one at a time is made until one gets through"
    facts = {"system": known.system, "code": known.code}
    unit.changes.journal.append(JournalEntry("", unit.now, "breaker_opened", text, facts))


def _write(unit: Unit, row: Breaker) -> None:
    unit.breakers[row.system] = unit.changes.breakers.rows[row.system] = row


def _timer(system: str) -> str:
    return f"{OUTAGE}|{system}"


def until_probe(unit: Unit, system: str) -> float | None:
    """Seconds until the next probe of a system; None while its calls are not stopped."""
    known = unit.breakers.get(system)
    if known is None or known.opened is None:
        return None
    return max(1.0, (known.next_probe - unit.now).total_seconds())


def hold_waiting(unit: Unit, timer: Timer) -> None:
    """
    An outage has lasted: have the lines held that wait for its end, by timers of their orders.

    What has got through meanwhile is not held: that is looked at when those timers come.  Orders that begin
    later are found with the next probe that fails.
    """
    system = timer.data["system"]
    known = unit.breakers.get(system)
    if known is None or known.opened is None:
        return
    before = unit.now - timedelta(seconds=unit.hub.limits.hold_after)
    found = unit.tx.unreached(system, before, _AT_ONCE)
    since = known.since.isoformat()
    for order_id, key in found:
        facts = {"key": key, "system": system, "since": since}
        unit.later(Timer(f"{HOLD}|{key}", unit.now, HOLD, order_id, facts))
    if len(found) == _AT_ONCE:
        unit.later(replace(timer, due=unit.now + _LOOK_AGAIN))
