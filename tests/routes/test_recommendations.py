"""
Recommendations: read, checked as a whole, pinned with the other rules, and when they fit.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from canonical.states import Action
from routes.recommendations import Happened, on_abandoned, on_interaction, on_order
from routes.rules import RulesError, read, version_of
from tests.routes.builders import EVERYTHING, NOON, PROFILES, item, order, rules_of, texts

RULE = """
[[recommendation]]
name = "stay"
why = "because"
when = { order = { action = "delete", category = "internet" } }
after = { interaction = "complaint", within = "2d" }
offer = "LINE"
text = "Stay."
channels = ["store", "web"]
valid_for = "14d"
at_most = 2
per = "30d"
ask_first = true
answer_by = "24h"
"""
NAME = "routes/recommendations/one.toml"


def files(text=RULE, **more):
    return texts(EVERYTHING) | {NAME: text} | more


def rule_of(text=RULE):
    [found] = read(files(text), PROFILES).recommendations
    return found


def changed(old, new):
    assert old in RULE
    return RULE.replace(old, new)


class TestReading:
    def test_every_key_has_its_effect(self):
        """Durations are seconds."""
        rule = rule_of()

        assert ("stay", "because", NAME) == (rule.name, rule.why, rule.file)
        assert (172_800, frozenset({"complaint"})) == (rule.after.within, rule.after.kinds)
        assert ("LINE", "Stay.", {"store", "web"}) == (rule.offering.id, rule.text, rule.channels)
        assert (14 * 86_400, 2, 30 * 86_400, True, 86_400) == (
            rule.valid_for,
            rule.at_most,
            rule.per,
            rule.ask_first,
            rule.answer_by,
        )

    def test_they_are_part_of_the_version(self):
        """What was proposed by a rule can be looked up."""
        assert version_of(files()) != version_of(texts(EVERYTHING))
        assert version_of(files()) != version_of(files(changed("Stay.", "Please stay.")))

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            pytest.param(changed("offer =", "offers ="), "unknown key 'offers'", id="a key"),
            pytest.param(changed('"LINE"', '"NOPE"'), "unknown offering 'NOPE'", id="an offering"),
            pytest.param(changed('"LINE"', '"BUNDLE"'), "no part serves BUNDLE", id="one that nobody serves"),
            pytest.param(RULE + RULE, "recommendation 'stay' stands twice", id="a name"),
            pytest.param(changed('"internet" }', '"nothing" }'), "no offering fits", id="a trigger"),
            pytest.param(changed('answer_by = "24h"', ""), "nobody says how long", id="no answer_by"),
            pytest.param(changed("ask_first = true", ""), "no order waits for the answer", id="not asked"),
            pytest.param(
                changed(
                    '{ order = { action = "delete", category = "internet" } }', '{ draft = "abandoned" }'
                ),
                "there is no order that could wait",
                id="nothing to wait",
            ),
            pytest.param(changed("2d", "2 days"), "a number and m, h or d", id="a duration"),
            pytest.param(changed('"web"]', '"shop"]'), "one of web, callcenter", id="a channel"),
            pytest.param(
                changed("{ order =", '{ interaction = "x", order ='), "one of interaction, order", id="two"
            ),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, text, fault):
        """By file, line and key."""
        with pytest.raises(RulesError) as raised:
            read(files(text), PROFILES)

        assert fault in str(raised.value)
        assert str(raised.value).startswith(f"{NAME}:")


class TestFitting:
    def test_something_must_have_happened_within_its_time(self):
        """Of that kind."""
        rule = rule_of()

        def fits(*happened):
            return rule.fits(
                [Happened(kind, NOON - timedelta(days=days)) for kind, days in happened], [], NOON
            )

        assert fits(("complaint", 2))
        assert not fits(("complaint", 2.01))
        assert not fits(("visit", 0))
        assert not fits()

    def test_not_more_often_than_it_says(self):
        """Twice in thirty days."""
        rule, happened = rule_of(), [Happened("complaint", NOON)]
        days = [NOON - timedelta(days=one) for one in (1, 29, 30, 31)]

        assert rule.fits(happened, days[1:], NOON)
        assert not rule.fits(happened, days, NOON)

    def test_what_triggers_it(self):
        """An item of an order, an interaction, a draft that lapsed: each its own rules."""
        trigger = '{ order = { action = "delete", category = "internet" } }'
        asked = 'ask_first = true\nanswer_by = "24h"\n'
        kinds = ('{ interaction = ["visit", "quote"] }', '{ draft = "abandoned" }')
        visit, lapsed = (
            changed(trigger, one).replace(asked, "").replace('"stay"', f'"r-{number}"')
            for number, one in enumerate(kinds)
        )
        rules = read(files(RULE + visit + lapsed), PROFILES).recommendations
        book = rules_of(EVERYTHING)
        leaving = order(book, item("1", "LINE", action=Action.DELETE))
        buying = order(book, item("1", "LINE"))

        assert ["stay"] == [one.name for one in on_order(rules, leaving)]
        assert [] == on_order(rules, buying)
        assert ["r-0"] == [one.name for one in on_interaction(rules, "quote")]
        assert [] == on_interaction(rules, "complaint")
        assert ["r-1"] == [one.name for one in on_abandoned(rules)]
