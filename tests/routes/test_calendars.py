"""
Calendars: read, checked as a whole, pinned with the other rules, and named by the parts that count by them.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from routes.explain import explain, explained
from routes.plan import make_plan
from routes.rules import RulesError, read, version_of
from tests.routes.builders import EVERYTHING, PROFILES, item, order, part, route, texts

FIELD = """
[[calendar]]
name = "field"
why = "because"
zone = "America/Chicago"
systems = ["warehouse"]
days = ["mon", "tue", "sat"]
hours = "08:00-17:30"
holidays = ["2026-11-26"]
"""
OFFICE = """
[[calendar]]
name = "office"
why = "because"
zone = "UTC"
days = ["mon"]
"""
NAME = "routes/calendars/one.toml"


def files(text=FIELD, *parts):
    found = (part("ship", 'due = "2 working days"', system="warehouse"), *parts)
    return texts(route("r", "{ }", *found)) | {NAME: text}


def changed(old, new):
    assert old in FIELD
    return FIELD.replace(old, new)


def planned(*parts):
    rules = read(files(FIELD + OFFICE, *parts), PROFILES)
    plan = make_plan(order(rules, item("1")), rules, PROFILES)
    return {one.name: one.calendar for one in plan.parts}


class TestReading:
    def test_every_key_has_its_effect(self):
        """Monday is day 0; times are since midnight."""
        found = read(files(), PROFILES).calendars["field"]

        assert ("field", "America/Chicago") == (found.name, found.zone.name)
        assert frozenset({0, 1, 5}) == found.days
        assert (timedelta(hours=8), timedelta(hours=17, minutes=30)) == (found.opens, found.closes)
        assert frozenset({date(2026, 11, 26)}) == found.holidays

    def test_without_hours_the_whole_day_is_worked(self):
        """As machines do."""
        found = read(files(FIELD + OFFICE), PROFILES).calendars["office"]

        assert (timedelta(0), timedelta(days=1)) == (found.opens, found.closes)

    def test_they_are_part_of_the_version(self):
        """By which dates an order reckons can be looked up."""
        assert version_of(files()) != version_of(files(changed("2026-11-26", "2026-11-27")))
        assert version_of(files()) != version_of(texts(EVERYTHING))

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            pytest.param(changed("zone =", "zones ="), "unknown key 'zones'", id="a key"),
            pytest.param(
                changed("America/Chicago", "Mars/Base"), "unknown time zone 'Mars/Base'", id="a zone"
            ),
            pytest.param(changed("America/Chicago", "UTC+2"), "unknown time zone 'UTC+2'", id="two meanings"),
            pytest.param(changed('"mon", ', '"monday", '), "one of mon, tue", id="a day"),
            pytest.param(changed('"mon", ', '"tue", '), "a list of different days", id="a day twice"),
            pytest.param(changed("17:30", "08:00"), "08:00-08:00 ends before it begins", id="no hours"),
            pytest.param(changed("17:30", "24:30"), "as in 08:00-17:00", id="an hour that there is not"),
            pytest.param(changed("11-26", "02-30"), "2026-02-30 is no day", id="a holiday"),
            pytest.param(changed('["2026-11-26"]', "[2026-11-26]"), "a day as a text", id="no text"),
            pytest.param(changed("warehouse", "nobody"), "unknown system 'nobody'", id="a system"),
            pytest.param(FIELD + FIELD, "calendar 'field' stands twice", id="a name"),
            pytest.param(
                FIELD + changed('"field"', '"other"'), "warehouse works by calendar 'field' already", id="two"
            ),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, text, fault):
        """By file, line and key."""
        with pytest.raises(RulesError) as raised:
            read(files(text), PROFILES)

        assert fault in str(raised.value)
        assert str(raised.value).startswith(f"{NAME}:")

    @pytest.mark.parametrize(
        ("lines", "fault"),
        [
            pytest.param(['due = "2 workdays"'], "how long it takes, as in 30m", id="no time"),
            pytest.param(
                ['due = "2 working days"'], "nobody says which days are working days of crm", id="no calendar"
            ),
            pytest.param(
                ['due = "2 working days"', 'calendar = "none"'], "unknown calendar 'none'", id="unknown"
            ),
            pytest.param(
                ['due = "2 days"', 'calendar = "field"'], "nothing is counted by it", id="not counted"
            ),
            pytest.param(['calendar = "field"'], "nothing is counted by it", id="nothing to count"),
        ],
    )
    def test_what_is_wrong_with_a_part_is_told_with_its_place(self, lines, fault):
        """A promise that nobody can reckon is none."""
        with pytest.raises(RulesError) as raised:
            read(files(FIELD, part("book", *lines)), PROFILES)

        assert fault in str(raised.value)
        assert "routes/rules-1.toml:" in str(raised.value)


class TestWarnings:
    def test_a_part_without_due_among_others_is_named(self):
        """Its orders have no forecast while it is not done; that can be meant."""
        [warning] = read(files(FIELD, part("book")), PROFILES).warnings

        assert "nobody says how long book takes" in str(warning)

    def test_rules_that_say_no_due_at_all_are_not_warned_of(self):
        """Nobody wanted a forecast."""
        assert () == read(texts(EVERYTHING), PROFILES).warnings


class TestPlanning:
    def test_a_part_counts_by_its_own_calendar_or_by_that_of_its_system(self):
        """The plan names it; only working days are counted by one."""
        found = planned(
            part("own", 'due = "1 working day"', 'calendar = "office"', system="warehouse"),
            part("plain", 'due = "3 days"', system="warehouse"),
        )

        assert {"ship": "field", "own": "office", "plain": ""} == found

    def test_an_explanation_says_by_which_calendar(self):
        """So that a date can be told to a customer who asks."""
        rules = read(files(), PROFILES)
        said = explained(explain(order(rules, item("1")), rules, PROFILES))

        assert "part 1/1 ship: warehouse, items 1, due 2 working days of calendar field" in said
