"""
Past orders by other rules: what would change, and what would not.
"""

from __future__ import annotations

import msgspec
import pytest

from canonical.states import Cause, State
from routes.plan import make_plan
from routes.rehearse import Rehearsed, rehearse, told
from routes.rules import RuleSet
from tests.routes.builders import CATALOGUE, PROFILES, item, order, part, route, rules_of

DEVICES = route("devices", "{ }", part("ship", 'items = { category = "device" }', system="warehouse"))
LINES = route(
    "lines",
    '{ channel = "web" }',
    part("provide", 'items = { category = "internet" }', 'after = ["ship"]', system="oss.internet"),
)
CHECKED = route(
    "fraud", "{ }", part("fraud", 'items = { category = "device" }', "check = true", system="crm")
)

OLD = rules_of(DEVICES, LINES)


def again(new: RuleSet, *items, state: str = "", **fields) -> Rehearsed | None:
    """An order of these items, planned by the old rules and then by new ones."""
    made = order(OLD, *(items or (item("1"), item("2", "LINE"))), **fields)
    return rehearse(made, make_plan(made, OLD, PROFILES), new, PROFILES)


def lines(new: RuleSet, *items, **fields) -> tuple[str, ...]:
    """What is told of it."""
    found = again(new, *items, **fields)
    assert found is not None
    return told(found)


def test_by_the_same_rules_nothing_changes():
    """Whatever the order."""
    found = again(OLD)

    assert ((), True, OLD.version) == (found.changes, found.same, found.rules)


def test_a_part_more_and_a_part_less_are_told_with_their_reasons():
    """Whose plan it is in says which reason."""
    found = again(rules_of(DEVICES, CHECKED), item("1"))
    assert (("+", "fraud"), ("~", "ship")) == tuple((one.sign, one.part) for one in found.changes)
    assert ("+ fraud (crm): fraud, any order", "~ ship after: none -> fraud") == told(found)

    fewer = rules_of(DEVICES, route("lines", '{ channel = "partner" }', part("provide")))
    assert () == lines(fewer, item("1"))


@pytest.mark.parametrize(
    ("lines_then", "said"),
    [
        (
            part("provide", 'items = { category = "internet" }', system="oss.internet"),
            "~ provide after: ship -> none",
        ),
        (
            part("provide", 'items = { category = "internet" }', 'after = ["ship"]', system="crm"),
            "~ provide system: oss.internet -> crm",
        ),
        (
            part(
                "provide",
                'items = { category = ["internet", "device"] }',
                'after = ["ship"]',
                "optional = true",
                system="oss.internet",
            ),
            "~ provide items: 2 -> 1, 2",
        ),
        (
            part(
                "provide",
                'items = { category = "internet" }',
                'after = ["ship"]',
                'concerns = ["quantity"]',
                system="oss.internet",
            ),
            "~ provide concerns: everything -> quantity",
        ),
        (
            part(
                "provide",
                'items = { category = "internet" }',
                'after = ["ship"]',
                'soft_ponr = "24h before appointment"',
                'change_charge = { amount = "30.00", currency = "USD", valid_for = "1h" }',
                system="oss.internet",
            ),
            "~ provide change_charge: none -> 30.00 USD, good for 3600 s",
        ),
    ],
)
def test_a_part_that_is_otherwise_says_in_which_field(lines_then, said):
    """As it was, and as it would be."""
    new = rules_of(DEVICES, route("lines", '{ channel = "web" }', lines_then))

    assert said in lines(new)


def test_another_number_is_no_difference():
    """A part whose name comes first moves all others behind it."""
    found = again(rules_of(route("audits", "{ }", part("audit")), DEVICES, LINES))

    assert ["audit"] == [one.part for one in found.changes]


def test_the_same_for_another_reason_is_told_and_changes_nothing():
    """No system would notice."""
    ship = part("ship", 'items = { category = "device" }', system="warehouse")
    renamed = route("parcels", '{ channel = "web" }', ship)
    found = again(rules_of(renamed, LINES))

    assert found.same
    assert ("~ ship reason: devices, any order -> parcels, channel is web",) == told(found)


def test_an_order_that_no_route_would_take_is_refused_by_name():
    """So is one whose offering is not sold any more."""
    found = again(rules_of(DEVICES))
    assert ("E_ITEM_NOT_ROUTED", False) == (found.fault.code, found.same)
    assert told(found)[0].startswith("! ")

    without_case = CATALOGUE.replace('id = "CASE"', 'id = "BAG"')
    assert (
        "E_OFFERING" == again(rules_of(DEVICES, LINES, catalogue=without_case), item("1", "CASE")).fault.code
    )


def test_the_catalogue_of_the_new_rules_says_the_category():
    """As it will of new orders."""
    moved = CATALOGUE.replace(
        'name = "Case"\n    category = "device"', 'name = "Case"\n    category = "internet"'
    )
    found = again(rules_of(DEVICES, LINES, catalogue=moved), item("1", "CASE"))

    assert [
        "+ provide (oss.internet): lines, channel is web",
        "- ship (warehouse): devices, any order",
    ] == [*told(found)]


def test_what_the_customer_has_taken_away_is_not_looked_at():
    """Neither wanted nor missed; an order of nothing else has nothing to plan."""
    made = order(OLD, item("1"), item("2", "LINE"))
    plan = make_plan(made, OLD, PROFILES)

    def taken(*names: str):
        items = tuple(
            msgspec.structs.replace(one, state=State.CANCELLED, cause=Cause.CUSTOMER)
            if one.id in names
            else one
            for one in made.product_order_item
        )
        return rehearse(
            msgspec.structs.replace(made, product_order_item=items), plan, rules_of(DEVICES), PROFILES
        )

    assert () == taken("2").changes
    assert taken("1", "2") is None


def test_what_the_hub_has_written_into_an_order_does_not_matter():
    """States, milestones, a version."""
    made = order(OLD, item("1"), item("2", "LINE"))
    items = tuple(msgspec.structs.replace(one, state=State.COMPLETED) for one in made.product_order_item)
    ended = msgspec.structs.replace(made, product_order_item=items, state=State.COMPLETED, version=7)

    assert rehearse(ended, make_plan(made, OLD, PROFILES), OLD, PROFILES).same
