"""
What is due: the sweep's side of the engine.  Deadlines are rows; this decides what they mean now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from canonical.errors import Fault
from canonical.systems import Verb
from orderloom.correlation.drafts import ABANDON, ANSWER_BY
from orderloom.correlation.fold import answer_due, fold_timer
from orderloom.correlation.outage import hold_unreached
from orderloom.correlation.port import Changes, Store, Timer
from orderloom.correlation.record import Record
from orderloom.correlation.tell import endpoints_of
from orderloom.pauses import Kind

from .breaking import away_since, hold_waiting
from .items import FromTimer
from .outgoing import last_word
from .recommending import draft_due
from .replying import early_timer, park_waiting
from .unit import HOLD, OUTAGE, Unit

__all__ = ["put_off", "take_timer"]

# Before a timer whose handling failed by a fault of ours is looked at again.
_PAUSE = timedelta(minutes=5)

# While a system is paused its deadlines are looked at so often.
_LOOK_AGAIN = timedelta(seconds=30)


def take_timer(unit: Unit, item: FromTimer) -> None:
    """Carry out one timer; it is cleared in the same transaction."""
    timer = item.timer
    if (
        unit.due.get(timer.key) != timer
        or timer.key in unit.changes.timers_cleared | unit.changes.timers.keys()
    ):
        return  # somebody else has carried it out, or what it waited for has come in this very batch
    unit.changes.timers_cleared.add(timer.key)
    if timer.kind == "early":
        _nobody_came(unit, timer)
        return
    if timer.kind == OUTAGE:
        hold_waiting(unit, timer)
        return
    record = unit.records.get(timer.order_id)
    if record is None:
        return
    if (later := _not_its_silence(unit, record, timer)) is not None:
        unit.later(replace(timer, due=later))
    elif timer.kind == HOLD:
        _not_reached(unit, record, timer)
    elif timer.kind in (ABANDON, ANSWER_BY):
        draft_due(unit, record, timer)
    elif timer.kind == "tell-again":
        words = (last_word(record, endpoint) for endpoint in endpoints_of(record.order))
        unit.outgoing += [one for one in words if one is not None]
    else:
        unit.take(fold_timer(record, timer, unit.world, unit.now), f"{timer.key}|{timer.due.isoformat()}")


def _not_reached(unit: Unit, record: Record, timer: Timer) -> None:
    """Held, unless its system is back by now."""
    since = away_since(unit, timer.data["system"])
    if since is not None:
        folded = hold_unreached(record, timer.data["key"], since, unit.world, unit.now)
        unit.take(folded, f"{timer.key}|{since.isoformat()}")


def put_off(store: Store, timer: Timer, now: datetime) -> None:
    """
    Look at a timer again later: its handling has failed by a fault of ours.

    Raises:
        StoreError: The store could not take that either.
    """
    with store.begin() as tx:
        tx.apply(Changes(timers={timer.key: replace(timer, due=now + _PAUSE)}))


def _not_its_silence(unit: Unit, record: Record, timer: Timer) -> datetime | None:
    """
    When an answer is due whose system was paused: not while it is, and in full after the pause.

    What was to be sent in the meantime was not, and a question would not be sent either; so it is while the
    calls of a system are stopped that has not got this one.
    """
    if timer.kind != "answer-by":
        return None
    sent = next((one for one in record.instructions if one.key == timer.data["key"]), None)
    if sent is None:
        return None
    unreached = away_since(unit, sent.system) is not None and sent.verb is Verb.DO and not sent.received
    if unreached or unit.pauses.get(Kind.SYSTEM, sent.system) is not None:
        return unit.now + _LOOK_AGAIN
    ended = unit.pauses.ended(Kind.SYSTEM, sent.system)
    if ended is None or sent.sent_at > ended:
        return None
    due = answer_due(record, sent, unit.world, ended).due
    return due if due > unit.now else None


def _nobody_came(unit: Unit, timer: Timer) -> None:
    """The order that a reply was early for has not come: the reply is parked."""
    alias = timer.data["alias"]
    for waiting in unit.tx.waiting([alias]):
        if timer.key == early_timer(waiting.id):
            what = (
                f"{waiting.system} speaks of {alias.split('|', 1)[1].replace('|', ' ')}, which no order has"
            )
            park_waiting(unit, waiting, Fault(code="E_UNMATCHED", what=what))
            unit.changes.waited.append(waiting.id)
