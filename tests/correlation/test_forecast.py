"""
When an order will be complete, and who hears that it will not be on the day that was promised.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.calendars import Calendar
from canonical.notices import NoticeKind
from canonical.states import State
from canonical.zones import zone_of
from orderloom.correlation.fold import fold_timer
from orderloom.correlation.jeopardy import JEOPARDY, forecast_timer
from tests.correlation.build import NOON, Story, order_of, part, world

# Noon is on a Monday.
OFFICE = Calendar(name="office", zone=zone_of("UTC", "zone"))
DELAYED = NoticeKind.DELAYED


def hours(count):
    return NOON + timedelta(hours=count)


def story(*parts, wanted_by=None, starts=None, among=None, items=("1",)):
    return Story(order_of(*items, wanted_by=wanted_by, starts=starts), *parts, among=among or world())


def chain(**more):
    """A day for the line, an hour each for account and bill."""
    return story(
        part("crm", ["1"], due="1h"),
        part("net", ["1"], "crm", due="24h"),
        part("bill", ["1"], "net", due="1h"),
        **more,
    )


def alerts(one):
    return [alert for alert in one.order.product_order_jeopardy_alert if alert.name == JEOPARDY]


class TestForecast:
    def test_it_is_the_sum_of_what_waits_for_each_other(self):
        """From the first part to the last."""
        assert hours(26) == chain().order.expected_completion_date

    def test_it_is_the_longest_of_what_goes_side_by_side(self):
        """And of items, of which each waits for its own."""
        one = story(
            part("crm", ["1", "2"], due="1h"),
            part("net", ["1"], "crm", due="24h"),
            part("store", ["2"], "crm", due="48h"),
            part("bill", ["1", "2"], "net", "store", due="1h"),
            items=("1", "2"),
        )

        assert hours(50) == one.order.expected_completion_date

    def test_what_is_done_sooner_brings_it_forward_and_later_puts_it_off(self):
        """Each line is counted from when it is told."""
        one = chain()
        one.says("crm", "done")

        assert NOON + timedelta(minutes=1, hours=25) == one.order.expected_completion_date

    def test_working_days_are_counted_by_the_calendar_of_the_order_s_rules(self):
        """Monday noon and five working days is Monday noon."""
        one = story(
            part("net", ["1"], due="5 working days", calendar="office"), among=world(calendars=[OFFICE])
        )

        assert NOON + timedelta(days=7) == one.order.expected_completion_date

    @pytest.mark.parametrize(
        ("due", "calendar"), [("", ""), ("by the end of the week", ""), ("5 working days", "lost")]
    )
    def test_when_nobody_says_how_long_a_part_takes_there_is_no_forecast(self, due, calendar):
        """A date that leaves a part out would be a wrong one; so would one by rules that cannot be read."""
        one = story(part("crm", ["1"], due="1h"), part("net", ["1"], "crm", due=due, calendar=calendar))

        assert one.order.expected_completion_date is None
        assert State.IN_PROGRESS is one.state

    def test_once_that_part_is_done_there_is_one(self):
        """By what is left; and it is looked at again when that is late."""
        one = story(part("crm", ["1"]), part("net", ["1"], due="24h"))
        one.says("crm", "done")

        assert hours(24) == one.order.expected_completion_date
        assert [hours(24)] == [timer.due for timer in one.timers("forecast", one.order.id)]

    def test_nothing_begins_before_the_day_from_which_it_is_wanted(self):
        """A future-dated order is expected that much later."""
        assert hours(72 + 26) == chain(starts=hours(72)).order.expected_completion_date

    def test_what_is_late_takes_twice_as_long_as_was_said_then_four_times(self):
        """A forecast is never in the past, and a long silence is not looked at again and again."""
        one = chain()
        seen = []
        for _ in range(4):
            one.due("forecast", one.order.id)
            seen.append((one.now, one.order.expected_completion_date))

        assert [
            (hours(1), hours(27)),
            (hours(2), hours(29)),
            (hours(4), hours(33)),
            (hours(8), hours(41)),
        ] == seen

    def test_it_is_kept_while_a_line_is_held_and_ends_with_the_order(self):
        """Who mends it has as long as the system had."""
        one = story(part("net", ["1"], due="24h"))
        one.says("net", "backorder")
        held = one.order.expected_completion_date
        one.says("net", "done")

        assert NOON + timedelta(hours=24, minutes=1) == held
        assert one.order.expected_completion_date is None

    def test_optional_and_cut_lines_are_left_out_once_they_have_ended(self):
        """What is lost takes no more time."""
        one = story(
            part("crm", ["1", "2"], due="1h"),
            part("net", ["1"], "crm", due="24h"),
            part("store", ["2"], "crm", due="48h"),
            items=("1", "2"),
        )
        one.says("crm", line_1="done", line_2="no")

        assert NOON + timedelta(minutes=1, hours=24) == one.order.expected_completion_date

    @given(
        st.lists(
            st.tuples(st.integers(1, 90), st.sets(st.integers(0, 7), max_size=3)), min_size=1, max_size=8
        )
    )
    def test_it_is_the_longest_way_through_any_plan(self, drawn):
        """Held against every way there is, walked one by one."""
        parts = [
            part(
                f"p{n}", ["1"], *(f"p{one}" for one in sorted(after) if one < n), system="net", due=f"{due}h"
            )
            for n, (due, after) in enumerate(drawn)
        ]

        def longest(n):
            return drawn[n][0] + max((longest(one) for one in drawn[n][1] if one < n), default=0)

        whole = max(longest(n) for n in range(len(drawn)))
        assert hours(whole) == story(*parts).order.expected_completion_date


class TestTimer:
    def test_there_is_one_an_order_and_it_is_not_moved_with_every_step(self):
        """It may come too soon; then it is set by what it finds."""
        one = chain()
        one.says("crm", "done")
        one.says("net", "working")
        assert [hours(1)] == [timer.due for timer in one.timers("forecast", one.order.id)]

        one.due("forecast", one.order.id)

        assert NOON + timedelta(minutes=1, hours=24) == one.timers("forecast", one.order.id)[-1].due

    def test_it_is_set_sooner_when_something_sooner_comes(self):
        """Else silence would be noticed too late."""
        one = story(
            part("crm", ["1"], due="1h"), part("net", ["2"], due="48h"), items=("1", "2"), wanted_by=hours(60)
        )
        two = story(part("net", ["1"], due="48h"), part("bill", ["1"], "net", due="1h"), wanted_by=hours(60))
        two.says("net", "done")

        assert hours(1) == one.timers("forecast", one.order.id)[-1].due
        assert NOON + timedelta(minutes=61) == two.timers("forecast", two.order.id)[-1].due

    def test_it_is_forgotten_with_the_order_s_end(self):
        """Nothing is left to be forecast."""
        one = story(part("net", ["1"], due="24h"))
        one.says("net", "done")

        assert forecast_timer(one.order.id) in one.last.cleared

    def test_an_order_without_any_due_has_none(self):
        """It costs nothing where nobody has said how long things take."""
        one = story(part("net", ["1"]))

        assert [] == one.timers("forecast", one.order.id)


class TestJeopardy:
    def test_while_all_goes_well_nobody_is_told(self):
        """The forecast is before the day."""
        one = chain(wanted_by=hours(26))
        for name in ("crm", "net", "bill"):
            one.says(name, "done")

        assert [] == alerts(one)
        assert DELAYED not in {kind for kind, _ in one.told()}

    def test_a_silent_system_is_noticed_before_the_day_although_nothing_comes(self):
        """Channels hear of the new date and of the reason; the order is no other than before."""
        one = chain(wanted_by=hours(40))
        one.says("crm", "done")
        one.due("forecast", one.order.id)
        one.due("forecast", one.order.id)
        [alert] = alerts(one)

        assert one.now < hours(40) < one.order.expected_completion_date
        assert (
            "net was due 2026-03-03 12:01 UTC; expected 2026-03-04 13:01 UTC, wanted by 2026-03-04 04:00 UTC"
            == alert.message
        )
        assert (one.now, ("1",)) == (alert.alert_date, alert.product_order_item)
        assert ("delayed", "inProgress") == one.told()[-1]
        assert [alert.message] == [told.reason for told in one.last.notices]
        assert "status inProgress" == one.announced()[-1]
        assert "jeopardy_noticed" in one.journal()

    def test_it_is_told_once_for_a_version(self):
        """However much later it becomes."""
        one = chain(wanted_by=hours(40))
        one.says("crm", "done")
        for _ in range(5):
            one.due("forecast", one.order.id)

        assert 1 == len(alerts(one))
        assert 1 == one.told().count(("delayed", "inProgress"))

    def test_an_order_that_cannot_be_ready_in_time_says_so_at_once(self):
        """A day is asked for, and the line alone takes one."""
        one = chain(wanted_by=hours(20))
        [alert] = alerts(one)

        assert alert.message.startswith("crm, then net, then bill take so long; expected ")
        assert [("delayed", "inProgress")] == [told for told in one.told() if told[0] == "delayed"]

    def test_a_day_that_had_passed_when_the_order_came_was_never_promised(self):
        """Nobody hears of a delay of something that could not be."""
        assert [] == alerts(chain(wanted_by=hours(-1)))

    def test_a_held_line_is_the_reason_when_it_is_what_everything_waits_for(self):
        """The delay and the new date are told in one notice."""
        one = chain(wanted_by=hours(26))
        one.says("crm", "backorder", reason="the account is being moved")
        [alert] = alerts(one)

        assert alert.message.startswith("the account is being moved; expected ")
        [told] = [notice for act in one.acts for notice in act.notices if notice.kind is DELAYED]
        assert alert.message == told.reason

    def test_only_who_wants_to_hear_of_delays_is_told(self):
        """The alert is on the order all the same."""
        one = chain(wanted_by=hours(20), among=world(notices=[NoticeKind.ACCEPTED, NoticeKind.ENDED]))

        assert 1 == len(alerts(one))
        assert [] == [told for told in one.told() if told[0] == "delayed"]

    def test_a_hold_after_it_is_told_too(self):
        """The last notice is the last status."""
        one = chain(wanted_by=hours(20))
        one.says("crm", "backorder")

        assert [("delayed", "inProgress"), ("delayed", "held")] == [
            told for told in one.told() if told[0] == "delayed"
        ]
        said = "crm: A system refused the instruction [E_SYSTEM_REFUSED]"
        assert [said] == [told.reason for told in one.last.notices]

    def test_a_timer_that_comes_after_the_end_changes_nothing(self):
        """It was on its way when the last reply came."""
        one = story(part("net", ["1"], due="24h"), wanted_by=hours(25))
        [timer] = one.timers("forecast", one.order.id)
        one.says("net", "done")
        before = one.record
        folded = one.took(fold_timer(one.record, timer, one.world, hours(24)))

        assert before == folded.record
        assert () == folded.timers + folded.notices
