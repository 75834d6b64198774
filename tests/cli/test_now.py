"""``orderloom now``: what waits, on one screen."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orderloom.clock_marks import SWEEP, mark
from orderloom.correlation.breaker_port import Breaker, BreakerChanges
from orderloom.correlation.port import Changes, OutboxRow
from orderloom.correlation.sqlite import SqliteStore
from tests.cli.hub import NOW, PO, parked_changes, record

AGO = re.compile(r"\d+ (d|h|min|s)( \d+ (h|min|s))?")


def test_an_idle_hub_says_so(place):
    """
    Every section is there, so that nobody wonders whether it was left out.
    """
    lines = place.run("now").stdout.splitlines()

    assert lines[0].endswith("Z  0 orders")
    assert [
        "orders by state: none",
        "waiting longest: none",
        "parked, by code: none",
        "systems overdue: none",
        "unsent: none",
        "paused: none",
        "workers: none, nothing is taken and nothing leaves (orderloom worker)",
        "clock: none, workers keep the time",
    ] == [line for line in lines[1:] if line]


def test_one_screen_has_all_that_waits(place):
    """
    An order on backorder, a parked message, a system that owes an answer, a message that has not left.
    """
    changes = parked_changes()
    changes.records = [(None, record())]
    changes.outbox = [
        OutboxRow("OL1", "channel.web.out", "", "channel.web.out", b"{}", True, NOW, body=b"x" * 2048)
    ]
    place.write(changes)
    shown = AGO.sub("AGE", place.run("now").stdout.split("1 order", 1)[1])

    assert (
        "\n\n"
        "orders by state\n"
        "  inProgress  1\n"
        "\n"
        "waiting longest\n"
        f"  OL7M2K4Q9XH3TZ8RWA  {PO}  inProgress  for AGE  warehouse held [E_SYSTEM_HELD]\n"
        "\n"
        "parked, by code\n"
        "  E_OFFERING  1  oldest AGE ago\n"
        "\n"
        "systems overdue\n"
        "  warehouse  1 instruction  oldest sent AGE ago\n"
        "\n"
        "unsent\n"
        "  channel.web.out  1 message  2.0 KiB  oldest AGE\n"
        "\n"
        "paused: none\n"
        "\n"
        "workers: none, nothing is taken and nothing leaves (orderloom worker)\n"
        "clock: none, workers keep the time\n"
    ) == shown


def test_it_names_the_systems_that_calls_do_not_reach(place):
    """
    Since when, why, and when the next call is tried.
    """
    at = datetime.now(UTC)
    few = Breaker("crm", 1, at, at, "E_CALL_FAILED", "crm: answered 503", at)
    away = replace(
        few,
        system="oss.internet",
        failures=7,
        since=at - timedelta(minutes=6, seconds=30),
        next_probe=at + timedelta(seconds=40.9),
        opened=at - timedelta(minutes=5),
    )
    probed = replace(away, system="tv", probe="call-1")
    place.write(Changes(breakers=BreakerChanges({one.system: one for one in (few, away, probed)})))
    shown = AGO.sub("AGE", re.sub(" +", " ", place.run("now").stdout))

    assert (
        "systems that calls do not reach\n"
        " crm 1 call failed, the first AGE ago called as ever crm: answered 503\n"
        " oss.internet 7 calls failed, the first AGE ago next try in AGE crm: answered 503\n"
        " tv 7 calls failed, the first AGE ago one call is under way, to see crm: answered 503\n"
    ) in shown


def test_it_names_the_workers_that_live(place):
    """
    By their names on the broker; one whose lease has ended is not among them.
    """
    place.write(Changes())
    store = SqliteStore(place.path)
    store.register("hub-1", "hub.example", 1, datetime.now(UTC), 60.0)
    living = place.run("now").stdout.splitlines()[-2]
    store.close()

    assert "workers: hub-1" == living


def test_it_says_when_the_clock_last_swept(place):
    """
    And who keeps the time when that is long ago.
    """
    place.write(Changes())
    store = SqliteStore(place.path)
    mark(store, SWEEP, datetime.now(UTC))
    living = place.run("now").stdout.splitlines()[-1]
    mark(store, SWEEP, NOW)
    dead = place.run("now").stdout.splitlines()[-1]
    store.close()

    assert "clock: swept AGE ago" == AGO.sub("AGE", living)
    assert "clock: swept AGE ago, workers keep the time" == AGO.sub("AGE", dead)


def test_a_store_that_is_not_there_is_named(place):
    """
    Nothing is created by looking.
    """
    place.environment["ORDERLOOM_STORE"] = str(place.folder / "no.db")
    shown = place.run("now")

    assert 2 == shown.exit_code
    assert "no.db: there is no such store" in shown.stderr
    assert not (place.folder / "no.db").exists()


def test_writing_nothing_leaves_an_empty_store(place):
    """
    The place of these tests is what it says it is.
    """
    place.write(Changes())

    assert 0 == place.run("now").exit_code
