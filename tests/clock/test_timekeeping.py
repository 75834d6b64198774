"""
Who keeps the time: the clock while it lives, else the workers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import structlog

from orderloom.clock_marks import CLOCK_GONE, SWEEP, last_run, mark
from orderloom.correlation.port import StoreError
from orderloom.correlation.sqlite import SqliteStore
from orderloom.periodic import Chore
from orderloom.timekeeping import Timekeeping

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GONE = CLOCK_GONE.total_seconds()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def store(tmp_path):
    """A store that is closed when the test ends."""
    opened = SqliteStore(tmp_path / "hub.db")
    yield opened
    opened.close()


@pytest.fixture
def said():
    """The events that were logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def turns(time: Timekeeping, *seconds: float) -> list[float]:
    """The moments of these at which the worker swept."""
    swept = []
    for one in seconds:
        time.turn(at(one), lambda now: swept.append((now - START).total_seconds()) or 0)
    return swept


def events(said) -> list[str]:
    return [one["event"] for one in said]


def test_without_a_clock_a_worker_sweeps_and_says_nothing(store, said):
    """It is what a small hub is: one worker, no clock."""
    assert [0, 1, 2] == turns(Timekeeping(store), 0, 1, 2)
    assert [] == said


def test_while_the_clock_sweeps_the_worker_does_not(store, said):
    """Up to the last instant of its mark's life."""
    mark(store, SWEEP, at(0))

    assert [] == turns(Timekeeping(store, expected=True), 0, 5, GONE - 0.001)
    assert [] == said


def test_when_its_mark_is_old_the_worker_sweeps_and_says_so_once(store, said):
    """From the very instant, and as often as it would without a clock."""
    mark(store, SWEEP, at(0))

    assert [GONE, GONE + 0.5, GONE + 1] == turns(
        Timekeeping(store, expected=True), GONE - 1.001, GONE, GONE + 0.5, GONE + 1
    )
    assert ["clock_missing"] == events(said)


def test_when_the_clock_is_back_the_worker_leaves_it_to_it(store, said):
    """And says clock_missing again when it goes again."""
    time = Timekeeping(store, expected=True)

    assert [0] == turns(time, 0)

    mark(store, SWEEP, at(1))

    assert [] == turns(time, 2, 10)
    assert [1 + GONE + 1] == turns(time, 1 + GONE + 1)
    assert ["clock_missing", "clock_back", "clock_missing"] == events(said)


def test_a_clock_that_nobody_has_set_counts_too(store, said):
    """The store decides, not the settings of one worker."""
    mark(store, SWEEP, at(0))

    assert [] == turns(Timekeeping(store), 0, 1)
    assert [20] == turns(Timekeeping(store), 20)
    assert [] == said


def test_a_machine_whose_clock_is_ahead_is_believed_for_as_long(store):
    """A mark of the far future, after somebody set a clock wrong, does not stop the hub."""
    mark(store, SWEEP, at(GONE - 1))

    assert [] == turns(Timekeeping(store), 0)

    mark(store, SWEEP, at(3600))

    assert [2] == turns(Timekeeping(store), 2)


def test_a_store_that_is_away_changes_nobodys_mind(store, monkeypatch):
    """Nothing can be swept meanwhile; it is asked again a second later."""
    time = Timekeeping(store)
    turns(time, 0)

    def away(_):
        raise StoreError("away")

    monkeypatch.setattr(store, "setting", away, raising=False)

    assert [1, 2] == turns(time, 1, 2)


def chore(done: list, every: float = 60.0, steps: int = 3) -> Chore:
    """One of three steps that notes them."""

    def run(now):
        for step in range(steps):
            done.append(((now - START).total_seconds(), step))
            yield 1

    return Chore("tidy", every, run)


def test_the_worker_does_a_chore_step_by_step_and_marks_its_end(store):
    """One short transaction a turn: it has messages to carry."""
    done: list = []
    time = Timekeeping(store, (chore(done),))
    turns(time, 0)

    assert [(0, 0)] == done

    turns(time, 1, 2)

    assert last_run(store, "tidy") is None

    turns(time, 3, 4, 5)

    assert [(0, 0), (0, 1), (0, 2)] == done
    assert at(3) == last_run(store, "tidy")


def test_a_chore_comes_again_after_its_period_whoever_did_it_last(store):
    """Another worker, or this one before it was started again."""
    done: list = []
    mark(store, "tidy", at(0))
    turns(Timekeeping(store, (chore(done, steps=1),)), 1, 59.9)

    assert [] == done

    turns(Timekeeping(store, (chore(done, steps=1),)), 60)

    assert [(60, 0)] == done


def test_a_chore_that_fails_is_done_in_its_next_period(store, said):
    """The store was busy, say."""
    began: list = []

    def failing(now):
        began.append((now - START).total_seconds())
        raise StoreError("busy")
        yield

    turns(Timekeeping(store, (Chore("tidy", 60.0, failing),)), 0, 1, 59, 60)

    assert [0, 60] == began
    assert ["chore_failed", "chore_failed"] == events(said)


def test_with_a_living_clock_the_worker_does_no_chores(store):
    """They are the clock's."""
    done: list = []
    mark(store, SWEEP, at(0))
    turns(Timekeeping(store, (chore(done),)), 0, 5, 10)

    assert [] == done
