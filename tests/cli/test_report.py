"""``orderloom report``: sums as tables and as JSON; what they count: tests/reports, tests/store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from canonical.states import State
from orderloom.correlation.port import Changes, JournalEntry
from orderloom.correlation.record import Record
from orderloom.correlation.sqlite import SqliteStore
from tests.cli.hub import ORDER, ORDER_B, Place, record


def at_work() -> Record:
    """An order for two handsets, of which one is shipped."""
    return record()


def ended(hours_ago: float) -> Record:
    """An order that completed, wished for by then."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    made = record(ORDER_B, "web.portal", "W-1")
    lines = tuple(replace(one, state=State.COMPLETED, since=at, code="", quantity=None) for one in made.lines)
    order = replace(
        made.order, state=State.COMPLETED, creation_date=at - timedelta(hours=2), requested_completion_date=at
    )
    return replace(made, lines=lines, order=order)


@pytest.fixture
def shop(place) -> Place:
    """One order at work, and one that ended an hour ago."""
    done = ended(1)
    fallout = JournalEntry(
        ORDER_B, done.order.creation_date, "fallout", "warehouse: silent", {"code": "E_NO_ANSWER"}
    )
    place.write(Changes(records=[(None, at_work()), (None, done)], journal=[fallout]))
    return place


def test_demand_is_a_table_with_its_sum(shop):
    """What is left to do, at each system."""
    assert (
        "offering   action  system        place  week  open  promised\n"
        "HANDSET-A  add     oss.internet  -      -     2     0\n"
        "HANDSET-A  add     warehouse     -      -     1     0\n"
        "3 open, 0 of them promised\n"
    ) == shop.run("report", "demand").stdout
    assert "1 open" in shop.run("report", "demand", "--system", "warehouse").stdout


def test_programs_get_a_line_of_json_for_each_sum(shop):
    """With the names of the columns."""
    lines = shop.run("report", "demand", "--json").stdout.splitlines()

    assert [2, 1] == [json.loads(one)["open"] for one in lines]


def test_leakage_is_of_what_is_so_for_as_long(shop):
    """An order that ended an hour ago, and that no part bills."""
    assert "0 items\n" == shop.run("report", "leakage", "--after", "2h").stdout
    head, row, count = shop.run("report", "leakage", "--after", "30m").stdout.splitlines()
    assert ["what", "order", "number", "item", "offering", "by", "for", "why"] == head.split()
    assert ORDER_B in row
    assert "no part bills it" in row
    assert "1 item" == count

    assert "0 items\n" == shop.run("report", "leakage", "--after", "30m", "--since", "10m").stdout
    billed = ("--billing", "crm", "--provisioning", "warehouse")
    assert "0 items\n" == shop.run("report", "leakage", "--after", "30m", *billed).stdout


def test_flow_says_how_orders_went(shop):
    """Of those that ended in that time."""
    said = shop.run("report", "flow", "--since", "1d").stdout

    assert said.startswith("1 order ended since ")
    assert "  completed  1\n" in said
    assert "  all      1       2 h  2 h  2 h\n" in said
    assert "  warehouse  E_NO_ANSWER  1 of 1  100.0 %\n" in said
    assert "  right first time      0 of 1  0.0 %\n" in said
    assert "  promises kept         1 of 1  100.0 %\n" in said
    assert "  open past their date  0 of 0  -\n" in said
    assert shop.run("report", "flow", "--since", "30m").stdout.startswith("0 orders ended since ")


def test_flow_is_one_json_document(shop):
    """For programs."""
    found = json.loads(shop.run("report", "flow", "--json").stdout)

    assert {"completed": 1} == found["ended"]
    assert {"count": 1, "of": 1} == found["promises"]


def test_what_somebody_locks_does_not_keep_reports_waiting(shop):
    """They take no lock, and see what was committed."""
    store = SqliteStore(shop.path)
    with store.begin() as tx:
        tx.apply(Changes(records=[(at_work(), replace(at_work(), lines=()))]))
        assert "3 open" in shop.run("report", "demand").stdout
    store.close()
    assert ORDER not in shop.run("report", "demand").stdout
