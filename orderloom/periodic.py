"""
What is done because time has passed: plain functions over the store, each told the time.

The clock's tasks call them, and so does a worker while no clock keeps the time.  The store alone knows what
is due, so that a run that is lost costs one period, and two at once do what one would have done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from orderloom.clock_marks import SWEEP
from orderloom.correlation.aging import Kind
from orderloom.correlation.port import Changes, Store, StoreError, Timer
from orderloom.engine.batch import run_batch
from orderloom.engine.due import put_off
from orderloom.engine.hub import Hub
from orderloom.engine.items import FromTimer
from orderloom.engine.unit import DUE_AT_ONCE
from orderloom.pauses import read_pauses
from orderloom.retention import Policy, retain
from routes.model import RuleSet

__all__ = ["Chore", "chores", "sweep"]

_log = structlog.get_logger()

# Seconds between two runs.  Nothing that is due is urgent to a second: the shortest retry waits one.
_SWEEP_EVERY = 1.0

_TIDY_EVERY = 60.0
# A run of nothing looks through the orders of the longest time that is kept: a second for some millions.
_RETAIN_EVERY = 300.0

# Transactions of one run.  After an outage more is due than that: the next run is a second away.
_SWEEPS = 20


@dataclass(frozen=True, slots=True)
class Chore:
    """
    Something done again and again.

    Args:
        every: Seconds between two runs.
        steps: One run, step by step: each is a short transaction or two, and says how much it did.
    """

    name: str
    every: float
    steps: Callable[[datetime], Iterator[int]]


def chores(hub: Hub, store: Store, policy: Policy) -> tuple[Chore, ...]:
    """All that is done by the clock, or by workers without one (who look into drop folders in any case)."""
    return (
        Chore(SWEEP, _SWEEP_EVERY, partial(sweep, hub, store)),
        Chore("tidy", _TIDY_EVERY, partial(_tidied, store)),
        Chore("retain", _RETAIN_EVERY, partial(_retained, store, policy)),
    )


def _tidied(store: Store, now: datetime) -> Iterator[int]:
    yield store.tidy(now)


def _retained(store: Store, policy: Policy, now: datetime) -> Iterator[int]:
    """However it ends, what went is logged, by kind."""
    rows: Counter[Kind] = Counter()
    sizes: Counter[Kind] = Counter()
    try:
        for gone in retain(store, policy, now):
            rows[gone.kind] += gone.rows
            sizes[gone.kind] += gone.size
            yield gone.rows
    finally:
        for kind in (one for one in Kind if rows[one]):
            _log.info("let_go", kind=kind.value, rows=rows[kind], bytes=sizes[kind])


def sweep(hub: Hub, store: Store, now: datetime) -> Iterator[int]:
    """
    Carry out what is due: retries, overdue answers, answers by their time, replies that wait for an order.

    What it writes has no owner: a worker adopts it and publishes it.

    Raises:
        StoreError: The store could not take it; whatever is due stays due.
    """
    rules = hub.rules()
    for _ in range(_SWEEPS):
        with store.begin() as tx:
            due = tx.due(now, DUE_AT_ONCE)
        _carry_out(hub, rules, store, due, now)
        yield len(due)
        if len(due) < DUE_AT_ONCE:
            return


def _carry_out(hub: Hub, rules: RuleSet, store: Store, due: Sequence[Timer], now: datetime) -> None:
    """All in one transaction; one that fails by a fault of ours is put off, and does not stop the others."""
    if not due:
        return
    items = [FromTimer(timer) for timer in due]
    try:
        done = run_batch(hub, rules, store, items, changes=Changes(), now=now, pauses=read_pauses(store))
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - adapters are anybody's code: the culprit alone is put off
        failure = error
    else:
        for line in done.lines:
            _log.info(**line)
        return
    if len(due) == 1:
        _log.error("timer_failed", kind=due[0].kind, order_id=due[0].order_id, error=repr(failure))
        put_off(store, due[0], now)
        return
    middle = len(due) // 2
    _carry_out(hub, rules, store, due[:middle], now)
    _carry_out(hub, rules, store, due[middle:], now)
