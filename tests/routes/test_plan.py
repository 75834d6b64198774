from __future__ import annotations

import re
import timeit
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.errors import Rejected
from canonical.order import every_item
from canonical.plan import AskRule, Declined, OnFallout, PartPlan, Reason, Unanswered
from canonical.states import Action
from routes.plan import make_plan
from routes.rules import RulesError, read
from tests.routes.builders import EVERYTHING, PROFILES, item, order, part, route, rules_of, texts


def plan_of(rules, *items, **fields):
    """The parts of an order of these items."""
    return make_plan(order(rules, *items, **fields), rules, PROFILES).parts


def refused(rules, *items, **fields) -> Rejected:
    """Why the order of these items cannot be planned."""
    with pytest.raises(Rejected) as caught:
        plan_of(rules, *items, **fields)
    return caught.value


DEVICES = route("devices", "{ }", part("ship", 'items = { category = "device" }'))
INTERNET = route(
    "lines", '{ channel = "web" }', part("provide", 'items = { category = "internet" }', 'after = ["ship"]')
)


class TestMatching:
    def test_all_matching_routes_add_their_parts(self):
        """Not the first, and not the best: all."""
        parts = plan_of(rules_of(DEVICES, INTERNET), item("1"), item("2", "LINE"))

        assert [("ship", ("1",)), ("provide", ("2",))] == [(one.name, one.items) for one in parts]

    def test_a_route_that_does_not_match_adds_nothing(self):
        """The line stays unserved, which is told."""
        assert (
            "E_ITEM_NOT_ROUTED"
            == refused(
                rules_of(DEVICES, INTERNET), item("1"), item("2", "LINE"), endpoint="partner.acme"
            ).code
        )

    def test_a_part_that_would_serve_nothing_is_left_out(self):
        """And nobody waits for it."""
        [provide] = plan_of(rules_of(DEVICES, INTERNET), item("1", "LINE"))

        assert ("provide", ()) == (provide.name, provide.after)

    def test_a_part_without_items_serves_every_item_that_asks_for_something(self):
        """Bundles and noChange items are not served; what a bundle holds is."""
        bundle = item("1", "BUNDLE", "add", item("2"), item("3", "LINE", "noChange"))
        [crm] = plan_of(
            rules_of(EVERYTHING), bundle, item("4", "LINE", "delete"), item("5", "CASE", "noChange")
        )

        assert ("2", "4") == crm.items

    def test_one_item_may_be_served_by_several_parts(self):
        """Each (part, item) is a line of its own."""
        parts = plan_of(rules_of(EVERYTHING, DEVICES), item("1"))

        assert [("crm", ("1",)), ("ship", ("1",))] == [(one.name, one.items) for one in parts]

    def test_what_a_part_declares_is_on_the_plan(self):
        """The engine carries out the plan and never looks into the rules again."""
        lines = [
            'items = { action = "add" }',
            'due = "2 days"',
            "answer_within = 60",
            "optional = true",
            "check = true",
            'ask = { answer_within = "4h", unanswered = "accept", declined = "hold" }',
        ]
        rules = rules_of(
            route("r", '{ channel = "web" }', part("a", *lines, 'on_fallout = "fail"', system="warehouse"))
        )

        assert [
            PartPlan(
                name="a",
                number=1,
                system="warehouse",
                items=("1",),
                reason=Reason(
                    route="r", rules_version=rules.version, clause="channel is web", why="reason of r"
                ),
                due="2 days",
                answer_within=60,
                optional=True,
                check=True,
                on_fallout=OnFallout.FAIL,
                ask=AskRule(answer_within=14_400, unanswered=Unanswered.ACCEPT, declined=Declined.HOLD),
            )
        ] == list(plan_of(rules, item("1")))

    def test_the_plan_names_the_version_of_its_rules(self):
        """A version is pinned to each order."""
        rules = rules_of(EVERYTHING)

        assert rules.version == make_plan(order(rules, item()), rules, PROFILES).rules_version


class TestOrder:
    def test_parts_come_after_what_they_wait_for(self):
        """Whatever their names and files."""
        rules = rules_of(
            route("r", "{ }", part("a", 'after = ["b"]'), part("b", 'after = ["c"]')),
            route("s", "{ }", part("c")),
        )

        assert [(1, "c", ()), (2, "b", ("c",)), (3, "a", ("b",))] == [
            (one.number, one.name, one.after) for one in plan_of(rules, item())
        ]

    def test_what_a_part_waits_for_is_named_in_one_order(self):
        """However the route lists it, the plan is the same."""
        rules = rules_of(route("r", "{ }", part("a", 'after = ["c", "b"]'), part("b"), part("c")))

        assert ("b", "c") == plan_of(rules, item())[-1].after

    def test_checks_come_first(self):
        """A no to a check has nothing to undo."""
        rules = rules_of(route("r", "{ }", part("a"), part("z", "check = true"), part("b", 'after = ["z"]')))

        assert ["z", "a", "b"] == [one.name for one in plan_of(rules, item())]

    def test_whatever_serves_an_item_waits_for_the_checks_of_it(self):
        """Its route need not say so; a part for other items does not wait, and one check not for another."""
        rules = rules_of(
            route(
                "r",
                "{ }",
                part("all"),
                part("lines", 'items = { category = "internet" }', 'after = ["all"]'),
                part("stock", 'items = { category = "device" }', "check = true"),
                part("credit", 'items = { category = "device" }', "check = true", 'valid_for = "30m"'),
            )
        )
        found = {one.name: (one.after, one.valid_for) for one in plan_of(rules, item(), item("2", "LINE"))}

        assert {
            "all": (("credit", "stock"), None),
            "credit": ((), 1800),
            "stock": ((), None),
            "lines": (("all",), None),
        } == found

    def test_parts_that_wait_for_nothing_come_by_name(self):
        """So that a plan looks the same wherever its routes are written."""
        assert ["a", "b", "c"] == [
            one.name for one in plan_of(rules_of(route("r", "{ }", part("c"), part("a"), part("b"))), item())
        ]

    def test_routes_that_exclude_each_other_may_order_the_same_parts_differently(self):
        """A bundle waits for the parcel, a line alone does not."""
        rules = rules_of(
            route("r", '{ channel = "web" }', part("a", 'after = ["b"]'), part("b")),
            route("s", '{ channel = "partner" }', part("a"), part("b", 'after = ["a"]')),
        )

        assert ["b", "a"] == [one.name for one in plan_of(rules, item())]
        assert ["a", "b"] == [one.name for one in plan_of(rules, item(), endpoint="partner.acme")]


class TestRefusals:
    def test_an_order_that_no_route_takes_is_refused(self):
        """It is parked with what routes look at first."""
        rules = rules_of(route("r", '{ channel = "store" }', part("a")))

        assert "order: no route takes channel 'web' with category 'residential' [E_NO_ROUTE]" == str(
            refused(rules, item(), category="residential")
        )

    def test_an_item_that_no_part_serves_is_named(self):
        """By the sender's own line id, else by ours."""
        fault = refused(
            rules_of(DEVICES), item("1"), item("2", "LINE", line_ref="20"), item("3", "LINE", "delete")
        )

        assert (
            "item 20, 3: no part of the plan serves 'LINE' (add), 'LINE' (delete) [E_ITEM_NOT_ROUTED]"
            == str(fault)
        )

    def test_of_many_unserved_items_the_first_five_are_named(self):
        """A thousand ids help nobody."""
        fault = refused(rules_of(DEVICES), *(item(str(number), "LINE") for number in range(1, 9)))

        assert "item 1, 2, 3, 4, 5 and 3 more" == fault.where

    def test_a_matching_route_without_work_is_no_missing_route(self):
        """The order is known; it is the item that nobody wants."""
        assert "E_ITEM_NOT_ROUTED" == refused(rules_of(DEVICES), item("1", "LINE")).code

    def test_an_order_without_work_is_refused(self):
        """An empty plan would be an order that never ends."""
        rules = rules_of(EVERYTHING)
        idle = order(rules, item("1"))
        idle = msgspec.structs.replace(idle, product_order_item=(item("1", action="noChange"),))

        with pytest.raises(Rejected, match="no item of the order asks for anything"):
            make_plan(idle, rules, PROFILES)

    def test_a_system_that_is_gone_is_told(self):
        """Pinned rules may name a system that was taken away since."""
        rules = rules_of(EVERYTHING)

        with pytest.raises(
            Rejected, match=r"route everything part crm: system 'crm' is not there .* \[E_CONFIG\]"
        ):
            make_plan(order(rules, item()), rules, {})


# Slowness on a busy machine is no fault of an example.
CALM = settings(deadline=None)
NAMES = ["a", "b", "c", "d", "e"]
OFFERED = ["PHONE", "CASE", "LINE"]
SERVED = st.sampled_from(
    [
        "",
        'items = { category = "device" }',
        'items = { offering = ["LINE", "CASE"] }',
        'items = { action = "add" }',
    ]
)
WHENS = st.sampled_from(
    [
        "{ }",
        '{ channel = "web" }',
        '{ item = { category = "internet" } }',
        '{ no_item = { offering = "CASE" } }',
    ]
)


@st.composite
def route_texts(draw, *, circles: bool = False):
    """Routes that share out five parts; without ``circles``, parts wait for earlier ones only."""
    routes: dict[str, list[str]] = {}
    whens = {name: draw(WHENS) for name in ("p", "q", "r")}
    for place, name in enumerate(NAMES):
        others = NAMES if circles else NAMES[:place]
        after = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
        check = "check = true" if not after and draw(st.booleans()) else ""
        lines = [draw(SERVED), f"after = {after}".replace("'", '"'), check]
        routes.setdefault(draw(st.sampled_from(sorted(whens))), []).append(part(name, *lines))
    return [route(name, whens[name], *parts) for name, parts in routes.items()]


@st.composite
def some_items(draw):
    """Up to four items, some in a bundle, with any action."""
    action = st.sampled_from([one.value for one in Action])
    items = [
        item(f"{number}", draw(st.sampled_from(OFFERED)), draw(action))
        for number in range(draw(st.integers(0, 3)))
    ]
    if items and draw(st.booleans()):
        items = [item("bundle", "BUNDLE", draw(action), *items)]
    return [item("x", "LINE"), *items]


def planned(rules, items):
    """The plan's parts without the version, or the code of the refusal."""
    try:
        parts = make_plan(order(rules, *items), rules, PROFILES).parts
    except Rejected as error:
        return error.code
    return [
        msgspec.structs.replace(one, reason=msgspec.structs.replace(one.reason, rules_version=""))
        for one in parts
    ]


class TestAlways:
    @CALM
    @given(route_texts(), some_items())
    def test_every_item_that_asks_for_something_is_served_and_no_other(self, routes, items):
        """Nothing of an order is ever forgotten, and nothing is done twice by one part."""
        parts = planned(rules_of(*routes), items)
        work = {
            one.id
            for one in every_item(items)
            if one.action is not Action.NO_CHANGE and not one.product_order_item
        }

        if isinstance(parts, str):
            assert parts in {"E_ITEM_NOT_ROUTED", "E_NO_ROUTE"}
        else:
            assert work == {served for one in parts for served in one.items}
            assert all(one.items and len(set(one.items)) == len(one.items) for one in parts)

    @CALM
    @given(route_texts(), some_items())
    def test_numbers_are_topological_and_checks_first(self, routes, items):
        """A part waits only for parts with lower numbers, which are counted from 1."""
        parts = planned(rules_of(*routes), items)
        if isinstance(parts, str):
            return
        numbers = {one.name: one.number for one in parts}

        assert list(range(1, len(parts) + 1)) == [one.number for one in parts]
        assert all(numbers[name] < one.number for one in parts for name in one.after)
        assert all(one.check or not other.check for one, other in pairwise(parts))

    @CALM
    @given(st.data(), route_texts(), some_items())
    def test_files_and_the_order_of_routes_in_them_do_not_matter(self, data, routes, items):
        """One file or many, this way or that: the same plan."""
        shuffled = data.draw(st.permutations(routes))
        apart, together = rules_of(*routes), rules_of("\n".join(shuffled))

        assert planned(apart, items) == planned(together, items)

    @CALM
    @given(route_texts(), some_items())
    def test_planning_twice_gives_the_same_plan(self, routes, items):
        """Rules read again and an order planned again change nothing."""
        assert planned(rules_of(*routes), items) == planned(rules_of(*routes), items)

    @settings(CALM, max_examples=200)
    @given(route_texts(circles=True), some_items())
    def test_circles_are_found_when_rules_are_read(self, routes, items):
        """What can be read can be planned: no order meets a circle."""
        try:
            rules = read(texts(*routes), PROFILES)
        except RulesError as error:
            said = [re.search("circle|check", str(fault)) for fault in error.faults]
        else:
            parts = planned(rules, items)
            numbers = {} if isinstance(parts, str) else {one.name: one.number for one in parts}
            said = [numbers[name] < one.number for one in parts if numbers for name in one.after]

        assert all(said)


def test_planning_is_quick():
    """Four items take well under 100 microseconds (best of many runs, to leave out the machine)."""
    rules = rules_of(EVERYTHING, DEVICES, INTERNET)
    one = order(rules, item("1"), item("2", "CASE"), item("3", "LINE"), item("4", "BUNDLE", "add", item("5")))

    assert 100e-6 > min(timeit.repeat(lambda: make_plan(one, rules, PROFILES), number=20, repeat=50)) / 20
