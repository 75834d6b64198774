from __future__ import annotations

import json

from canonical.codec import encode
from routes.explain import explain, explained
from tests.routes.builders import PROFILES, item, order, part, route, rules_of

RULES = rules_of(
    route("devices", '{ item = { category = "device" } }', part("ship", 'items = { category = "device" }')),
    route(
        "partner-lines",
        '{ channel = "partner", item = { category = "internet" } }',
        part(
            "provide",
            'items = { category = "internet" }',
            'after = ["ship"]',
            'due = "2 days"',
            "optional = true",
        ),
    ),
)


def said(*items, **fields) -> list[str]:
    """The explanation of an order, as lines without the version."""
    first, *lines = explained(explain(order(RULES, *items, **fields), RULES, PROFILES))
    assert f"rules {RULES.version}" == first
    return lines


class TestExplain:
    def test_the_plan_comes_with_its_reasons(self):
        """Each part says what it serves, what it waits for, and which clause of which route brought it."""
        assert [
            "part 1/2 ship: crm, items 1",
            "  because route devices takes it (some item's category is device): reason of devices",
            "part 2/2 provide: crm, items 2, after ship, optional, due 2 days",
            (
                "  because route partner-lines takes it"
                " (channel is partner; some item's category is internet): reason of partner-lines"
            ),
        ] == said(item("1"), item("2", "LINE"), endpoint="partner.acme")[:4]

    def test_routes_that_do_not_match_say_why_not(self):
        """Condition by condition, with what was found in the order."""
        assert [
            "route partner-lines does not take the order (routes/rules-2.toml)",
            "  no   channel is partner (found: channel is 'web')",
            "  no   some item's category is internet (found: none of 1 items)",
        ] == said(item("1"))[-3:]

    def test_an_order_that_cannot_be_planned_is_explained_too(self):
        """This is when people ask."""
        lines = said(item("1"), item("2", "LINE"))

        assert "no plan: item 2: no part of the plan serves 'LINE' (add) [E_ITEM_NOT_ROUTED]" == lines[0]
        assert "  no   channel is partner (found: channel is 'web')" in lines

    def test_programs_get_the_same_as_data(self):
        """Parts, routes, clauses and what they saw."""
        found = json.loads(encode(explain(order(RULES, item("1")), RULES, PROFILES)))

        assert ["ship"] == [one["name"] for one in found["parts"]]
        assert [("devices", True), ("partner-lines", False)] == [
            (one["route"], one["takes"]) for one in found["routes"]
        ]
        assert {"clause": "channel is partner", "holds": False, "saw": "channel is 'web'"} == found["routes"][
            1
        ]["clauses"][0]
