from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import Rejected
from canonical.zone_names import NAMED
from canonical.zones import zone_of

NAIVE = datetime.fromisoformat
CHICAGO = zone_of("America/Chicago", "zone")

# Since when all of these do what they do now.
STEADY = """
    UTC America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage
    Pacific/Honolulu Europe/London Europe/Dublin Europe/Berlin Europe/Madrid Europe/Paris Europe/Rome
    Europe/Athens Asia/Kolkata Australia/Lord_Howe Pacific/Auckland
""".split()  # noqa: SIM905 - a list of names reads better as prose
SINCE, UNTIL = datetime(2010, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC)
INSTANTS = st.datetimes(SINCE.replace(tzinfo=None), UNTIL.replace(tzinfo=None), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        (NAIVE("2026-01-05T09:00:00"), datetime(2026, 1, 5, 15, tzinfo=UTC)),
        (NAIVE("2026-07-05T09:00:00"), datetime(2026, 7, 5, 14, tzinfo=UTC)),
        (NAIVE("2026-03-08T02:30:00"), None),
        (NAIVE("2026-03-08T03:00:00"), datetime(2026, 3, 8, 8, tzinfo=UTC)),
        (NAIVE("2026-11-01T01:30:00"), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ],
    ids=["winter", "summer", "left out", "just after", "twice"],
)
def test_what_the_clocks_show(local, instant):
    """
    An hour that is left out is none, and of two that are the same it is the first.
    """
    assert instant == CHICAGO.instant(local)


@pytest.mark.parametrize("name", STEADY)
def test_the_rules_are_those_of_the_zones_that_they_are_named_for(name):
    """
    As the machine's database has them, at each hour around each turn of some years.
    """
    ours, theirs = zone_of(name, "zone"), ZoneInfo(name)
    hours = (SINCE + timedelta(hours=n) for year in (2024, 2026, 2031) for n in _spring_and_autumn(year))

    assert [] == [at for at in hours if ours.shown(at).isoformat() != at.astimezone(theirs).isoformat()]


def _spring_and_autumn(year):
    for month in (3, 10, 11):
        first = int((datetime(year, month, 1, tzinfo=UTC) - SINCE).total_seconds()) // 3600
        yield from range(first, first + 31 * 24)


@pytest.mark.parametrize("month", [7, 12])
def test_every_name_has_the_rule_of_its_place(month):
    """
    As the machine's database has it, of a summer and a winter that are past and change no more.
    """
    at = datetime(2025, month, 15, 12, tzinfo=UTC)
    known = sorted(NAMED.keys() & available_timezones())

    assert len(known) > 400
    assert [] == [
        name
        for name in known
        if zone_of(name, "zone").shown(at).isoformat() != at.astimezone(ZoneInfo(name)).isoformat()
    ]


@given(st.sampled_from(sorted(NAMED)), INSTANTS)
def test_every_instant_is_shown_by_some_clock(name, instant):
    """
    There and back, but for the hour that is shown twice.
    """
    zone = zone_of(name, "zone")

    found = zone.instant(zone.shown(instant).replace(tzinfo=None))

    assert (instant - found) in {timedelta(0), timedelta(hours=1)}


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("<-03>3", "America/Argentina/Buenos_Aires"),
        ("NZST-12NZDT,M9.5.0,M4.1.0/3", "Pacific/Auckland"),
        ("IST-5:30", "Asia/Kolkata"),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "Australia/Lord_Howe"),
    ],
)
@given(instant=INSTANTS)
def test_a_rule_of_ones_own(rule, name, instant):
    """
    South of the equator, half hours, summer time of half an hour.
    """
    shown = zone_of(rule, "zone").shown(instant)

    assert instant.astimezone(ZoneInfo(name)).isoformat() == shown.isoformat()


@pytest.mark.parametrize(
    "name",
    [
        "Mars/Olympus",
        "",
        "../../etc/passwd",
        "CST",
        "CST6CDT",
        "CST6CDT,M13.2.0,M11.1.0",
        "CST99",
        "CST6\n",
        "UTC+2",
        "GMT-1",
        "Africa/Casablanca",
    ],
)
def test_a_zone_that_is_none(name):
    """
    Told in words, where it was configured; a summer time without days is none.
    """
    with pytest.raises(Rejected) as caught:
        zone_of(name, "store.0117 zone")

    assert ("E_CONFIG", "store.0117 zone") == (caught.value.code, caught.value.where)
