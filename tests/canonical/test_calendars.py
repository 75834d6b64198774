from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.calendars import MIDNIGHT, WHOLE_DAY, Calendar, Due, parse_due
from canonical.errors import Rejected
from canonical.zones import zone_of

CHICAGO = zone_of("America/Chicago", "zone")
FIELD = Calendar(
    name="field",
    zone=CHICAGO,
    opens=timedelta(hours=8),
    closes=timedelta(hours=17),
    holidays=frozenset({date(2026, 11, 26)}),
)
ROUND_THE_CLOCK = Calendar(name="all", zone=zone_of("UTC", "zone"), days=frozenset(range(7)))


def at(text):
    """An instant, by the clocks of Chicago."""
    return CHICAGO.instant(datetime.fromisoformat(text))


def shown(instant):
    return f"{CHICAGO.shown(instant):%a %Y-%m-%d %H:%M}"


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("begins", "days", "due"),
        [
            pytest.param("2026-11-16T15:00", 1, "Tue 2026-11-17 15:00", id="the same time of the next day"),
            pytest.param("2026-11-20T15:00", 1, "Mon 2026-11-23 15:00", id="over a weekend"),
            pytest.param("2026-11-25T15:00", 1, "Fri 2026-11-27 15:00", id="over a holiday"),
            pytest.param("2026-11-16T06:30", 1, "Mon 2026-11-16 17:00", id="before they open: that day"),
            pytest.param("2026-11-16T08:00", 2, "Tue 2026-11-17 17:00", id="as they open: two whole days"),
            pytest.param("2026-11-16T17:00", 1, "Tue 2026-11-17 17:00", id="as they close: the next day"),
            pytest.param("2026-11-21T10:00", 1, "Mon 2026-11-23 17:00", id="on a Saturday: Monday"),
            pytest.param("2026-11-26T10:00", 2, "Mon 2026-11-30 17:00", id="on a holiday before a weekend"),
            pytest.param("2026-12-31T16:59", 10, "Thu 2027-01-14 16:59", id="over the end of the year"),
        ],
    )
    def test_it_is_due_after_so_many_days_of_work(self, begins, days, due):
        """Whatever the day on which it begins."""
        assert due == shown(FIELD.after(at(begins), days))

    def test_clocks_that_are_turned_meanwhile_change_nothing_for_people(self):
        """Ten in the morning is ten in the morning, an hour earlier or later by UTC."""
        before, after = at("2026-03-06T10:00"), FIELD.after(at("2026-03-06T10:00"), 1)

        assert "Mon 2026-03-09 10:00" == shown(after)
        assert timedelta(days=3, hours=-1) == after - before

    def test_an_hour_that_the_clocks_skip_is_over_when_they_have_skipped_it(self):
        """On the second Sunday of March there is no half past two."""
        sundays = Calendar(name="night", zone=CHICAGO, days=frozenset(range(7)))

        assert "Sun 2026-03-08 03:30" == shown(sundays.after(at("2026-03-07T02:30"), 1))

    @given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.integers(1, 40))  # noqa: DTZ001
    def test_it_is_due_while_they_work_and_never_sooner_than_later_work(self, begins, days):
        """Over any weekends, holidays and turns of clocks; what begins later is not due earlier."""
        begins = begins.replace(tzinfo=UTC)
        due, later = FIELD.after(begins, days), FIELD.after(begins + timedelta(hours=1), days)
        local = CHICAGO.shown(due).replace(tzinfo=None)
        time = local - datetime.combine(local.date(), datetime.min.time())

        assert FIELD.works(local.date())
        assert FIELD.opens < time <= FIELD.closes
        assert begins < due <= later
        assert due < FIELD.after(begins, days + 1)

    @given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.integers(1, 40))  # noqa: DTZ001
    def test_whoever_never_rests_needs_days_of_24_hours(self, begins, days):
        """The two ways to count are one then."""
        begins = begins.replace(tzinfo=UTC)

        assert begins + days * WHOLE_DAY == ROUND_THE_CLOCK.after(begins, days)
        assert MIDNIGHT == ROUND_THE_CLOCK.opens


class TestDue:
    @pytest.mark.parametrize(
        ("text", "due"),
        [
            ("30m", Due(seconds=1800)),
            ("24h", Due(seconds=86_400)),
            ("2d", Due(seconds=172_800)),
            ("1 day", Due(seconds=86_400)),
            ("3 days", Due(seconds=259_200)),
            ("1 working day", Due(working_days=1)),
            ("2 working days", Due(working_days=2)),
        ],
    )
    def test_it_is_hours_days_or_working_days(self, text, due):
        """A day is 24 hours."""
        assert due == parse_due(text)

    @pytest.mark.parametrize(
        "text", ["", "soon", "0 days", "2 workdays", "2working days", "-1h", "1000 days"]
    )
    def test_anything_else_is_refused_with_examples(self, text):
        """Whoever wrote it sees how it is written."""
        with pytest.raises(Rejected, match="2 working days") as raised:
            parse_due(text)

        assert "E_VALUE" == raised.value.code

    def test_working_days_need_a_calendar(self):
        """Without one nobody knows when it is due; hours need none."""
        assert Due(working_days=2).after(at("2026-11-16T15:00"), None) is None
        assert at("2026-11-16T16:00") == Due(seconds=3600).after(at("2026-11-16T15:00"), None)

    def test_it_can_be_taken_several_times(self):
        """Twice one working day is two."""
        assert FIELD.after(at("2026-11-20T15:00"), 2) == Due(working_days=1).after(
            at("2026-11-20T15:00"), FIELD, times=2
        )
