"""
The oracle itself, on orders small enough to work out by hand.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.oracle.oracle import SYSTEMS, Outcome, foretell

HERE = Path(__file__).parent


def line(id_, offering, quantity=1, action="add", lines=()):
    return {
        "id": id_,
        "offering": offering,
        "quantity": quantity,
        "action": action,
        "codes": [],
        "lines": list(lines),
    }


def order(*lines, number="N-1", endpoint="web.portal", counts_right=True):
    return {
        "number": number,
        "endpoint": endpoint,
        "message": 0,
        "position": 1,
        "customer": "C-1",
        "countsRight": counts_right,
        "lines": list(lines),
    }


def script(**behaviour_of_system):
    """One rule for each system; ``oss`` stands for oss.internet, ``mobile`` for oss.mobile."""
    names = {"oss": "oss.internet", "mobile": "oss.mobile"}
    return {"rules": [{"system": names.get(key, key), **value} for key, value in behaviour_of_system.items()]}


def told(*systems):
    """One instruction for each of these, as often as it is named."""
    return {system: systems.count(system) for system in SYSTEMS}


def outcome(dropped, played=None) -> Outcome:
    [found] = foretell([dropped], played or {"rules": []})
    return found


def states(dropped, played=None):
    return dict(outcome(dropped, played).items)


HANDSET = line("1", "HANDSET-A")
INTERNET = line("2", "INTERNET-500")
BUNDLE = line("1", "BUNDLE-HOME", lines=[line("1.1", "INTERNET-500"), line("1.2", "ROUTER-AX")])


@pytest.mark.parametrize("name", ["oracle", "rollup"])
def test_it_shares_no_code_with_anything_of_ours(name):
    """The oracle imports the standard library and itself."""
    tree = ast.parse((HERE / f"{name}.py").read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    foreign = {one for one in imported if one.partition(".")[0] not in sys.stdlib_module_names}

    assert foreign <= {"tests.oracle.rollup"}


def test_an_order_that_everybody_carries_out_is_completed_with_one_instruction_for_each_part():
    """The plain case; what is delivered apart is billed apart."""
    found = outcome(order(HANDSET, INTERNET))

    assert ("accepted", "completed") == (found.verdict, found.status)
    assert {"1": "completed", "2": "completed"} == dict(found.items)
    assert told("crm", "warehouse", "oss.internet", "billing", "billing") == dict(found.instructions)


@pytest.mark.parametrize(
    ("dropped", "verdict"),
    [
        pytest.param(order(line("1", "")), "rejected", id="unknown code"),
        pytest.param(order(line("1", "NO-SUCH-THING")), "rejected", id="unknown offering"),
        pytest.param(order(HANDSET, line("1", "CASE-01")), "rejected", id="one line number twice"),
        pytest.param(order(line("1", "HANDSET-A", 0)), "rejected", id="no quantity"),
        pytest.param(order(line("1", "HANDSET-A", -1)), "rejected", id="negative quantity"),
        pytest.param(order(line("1", "HANDSET-A", 101)), "rejected", id="more than is sold at once"),
        pytest.param(order(line("1", "CASE-01", 500)), "accepted", id="as many as are sold at once"),
        pytest.param(order(HANDSET, counts_right=False), "rejected", id="trailer counts wrongly"),
        pytest.param(order(HANDSET, line("2", "GADGET-Z")), "parked", id="no route for one item"),
    ],
)
def test_the_verdict_of_a_single_document(dropped, verdict):
    """Each fault, and its limit."""
    assert verdict == outcome(dropped).verdict


def test_a_number_is_taken_by_acceptance_only_and_for_one_endpoint_only():
    """A rejected document leaves its number free; the same content repeats, other content is refused."""
    bad, good, other = order(line("1", "")), order(HANDSET), order(line("1", "HANDSET-A", 2))
    elsewhere = {**other, "endpoint": "partner.acme"}
    found = foretell([bad, good, good, other, elsewhere], {"rules": []})

    assert ["rejected", "accepted", "repeated", "rejected", "accepted"] == [one.verdict for one in found]


def test_what_waits_on_a_rejected_line_is_cancelled_by_fallout_and_not_sent():
    """The CRM's word is final for the item; the warehouse never hears of it."""
    found = outcome(order(HANDSET), script(crm={"behaviour": "rejected"}))

    assert ("rejected", {"1": "rejected"}) == (found.status, dict(found.items))
    assert told("crm") == dict(found.instructions)


def test_a_part_goes_on_without_the_item_it_lost():
    """One of two handsets is refused by the CRM: the other is shipped, the order is partial."""
    played = script(crm={"behaviour": "lines", "words": {"1": "INVALID"}})
    found = outcome(order(HANDSET, line("2", "CASE-01")), played)

    assert ("partial", {"1": "rejected", "2": "completed"}) == (found.status, dict(found.items))
    assert 1 == dict(found.instructions)["warehouse"]


def test_an_item_that_was_booked_and_not_shipped_is_partial():
    """Completed at the CRM and rejected by the warehouse is neither."""
    assert {"1": "partial"} == states(order(HANDSET), script(warehouse={"behaviour": "rejected"}))


def test_places_in_a_rule_count_the_lines_that_are_left():
    """The first line was lost at the CRM: what the warehouse calls its first is the second."""
    played = script(
        crm={"behaviour": "lines", "words": {"1": "INVALID"}},
        warehouse={"behaviour": "lines", "words": {"1": "NS"}},
    )
    expected = {"1": "rejected", "2": "partial"}

    assert expected == states(order(HANDSET, line("2", "CASE-01")), played)


def test_a_system_that_never_answers_holds_the_order_and_all_that_wait_on_it():
    """Asked twice, no answer: held; what has ended stays ended."""
    found = outcome(order(HANDSET, INTERNET), script(crm={"behaviour": "silent"}))

    assert ("held", {"1": "held", "2": "held"}) == (found.status, dict(found.items))
    assert told("crm") == dict(found.instructions)
    assert "held" == outcome(order(HANDSET, INTERNET), script(oss={"behaviour": "silent"})).status


def test_a_system_that_answers_when_asked_again_has_only_been_slow():
    """The repeated question is no second instruction."""
    played = script(warehouse={"behaviour": "silent", "answers_repeat": True})

    assert "completed" == outcome(order(HANDSET), played).status


def test_the_customer_comes_before_us():
    """Pending here and held there: the order is pending."""
    played = script(
        warehouse={"behaviour": "backorder", "completes": False}, oss={"behaviour": "needs_customer"}
    )

    assert "pending" == outcome(order(HANDSET, INTERNET), played).status


@pytest.mark.parametrize("kind", ["duplicate", "out_of_order", "contradictory", "early", "backorder", "slow"])
def test_what_is_said_twice_late_early_or_against_the_end_changes_nothing(kind):
    """Once completed a line stays so."""
    behaviour = {"behaviour": kind}
    played = script(crm=behaviour, warehouse=behaviour, oss=behaviour)

    assert "completed" == outcome(order(HANDSET, INTERNET), played).status


def test_the_internet_of_a_bundle_waits_for_its_router():
    """No router, no internet; without a bundle the two have nothing to do with each other."""
    gone = script(warehouse={"behaviour": "rejected"})
    held = script(warehouse={"behaviour": "refused"})
    loose = order(line("1", "INTERNET-500"), line("2", "ROUTER-AX"))

    assert {"1": "partial", "1.1": "partial", "1.2": "partial"} == states(order(BUNDLE), gone)
    assert {"1": "held", "1.1": "held", "1.2": "held"} == states(order(BUNDLE), held)
    assert 0 == dict(outcome(order(BUNDLE), held).instructions)["oss.internet"]
    assert {"1": "completed", "2": "partial"} == states(loose, gone)


def test_only_what_was_delivered_is_billed_and_a_late_parcel_keeps_no_line_from_it():
    """The handset is on backorder for good; number and line are live, and cost from now on."""
    short = script(warehouse={"behaviour": "backorder", "completes": False})
    found = outcome(order(HANDSET, INTERNET, line("3", "MOBILE-20")), short)

    assert ("held", {"1": "held", "2": "completed", "3": "completed"}) == (found.status, dict(found.items))
    assert 2 == dict(found.instructions)["billing"]
    assert {"1": "partial"} == states(
        order(line("1", "MOBILE-20")), script(billing={"behaviour": "rejected"})
    )
    assert told("crm", "oss.mobile") == dict(
        outcome(order(line("1", "MOBILE-20")), script(mobile={"behaviour": "rejected"})).instructions
    )


def test_what_is_told_together_waits_together():
    """One of two numbers is live; the charges of both are one instruction, which waits for the other."""
    in_use = script(mobile={"behaviour": "lines", "words": {"1": "3003"}})
    found = outcome(order(line("1", "MOBILE-20"), line("2", "MOBILE-50")), in_use)

    assert ("held", {"1": "held", "2": "held"}) == (found.status, dict(found.items))
    assert told("crm", "oss.mobile") == dict(found.instructions)


def test_what_stays_as_it_is_does_not_count():
    """Nobody is told of it, and it has no state."""
    found = outcome(order(HANDSET, line("2", "ROUTER-AX", action="noChange")))

    assert ("completed", {"1": "completed"}) == (found.status, dict(found.items))


def test_the_first_rule_that_fits_decides():
    """By exact number, by prefix, by what is ordered, for one system or for all."""
    played = {
        "rules": [
            {"order": "N-1", "system": "crm", "behaviour": "ok"},
            {"offering": ["CASE-01"], "system": "warehouse", "behaviour": "rejected"},
            {"prefix": "N-", "behaviour": "refused"},
        ]
    }

    assert {"1": "held"} == states(order(HANDSET), played)
    assert {"1": "partial"} == states(order(line("1", "CASE-01")), played)
    assert "held" == outcome(order(HANDSET, number="N-2"), played).status
    assert "completed" == outcome(order(HANDSET, number="M-1"), played).status


def test_shares_spread_the_orders_as_they_say():
    """Of many numbers each share gets its part, the same ones every time."""
    played = {"rules": [{"system": "crm", "seeded": {"seed": 7, "shares": {"ok": 3, "rejected": 1}}}]}
    found = [outcome(order(HANDSET, number=f"N-{place}"), played).status for place in range(2000)]

    assert 450 < found.count("rejected") < 550
    assert 2000 == found.count("rejected") + found.count("completed")
