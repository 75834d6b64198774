"""``orderloom routes rehearse``: what new rules would make of the orders of the last days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from orderloom.correlation.forgetting import forgotten
from orderloom.correlation.port import Changes
from orderloom.correlation.record import Record
from routes.plan import make_plan
from tests.cli.hub import Place
from tests.routes.builders import PROFILES, item, order, part, route, rules_of, texts

SHIP = route("devices", "{ }", part("ship", 'items = { category = "device" }'))
CHECK = route("fraud", '{ channel = "web" }', part("fraud", "check = true"))


@pytest.fixture
def shop(place) -> Place:
    """Three orders of this week, one of last year, and one that was forgotten; one system, crm."""
    (place.folder / "hub.toml").write_text(
        "[channels.web]\n[channels.partner]\n[systems.crm]\n[rules]\nfolder = '.'\n"
    )
    place.environment["ORDERLOOM_CONFIG"] = str(place.folder / "hub.toml")
    now = datetime.now(UTC)
    kept = [
        of(1, now - timedelta(days=1)),
        of(2, now - timedelta(days=2), "partner.acme"),
        of(3, now - timedelta(days=6)),
        of(4, now - timedelta(days=300)),
        forgotten(of(5, now)),
    ]
    place.write(Changes(records=[(None, one) for one in kept]))
    write(place, SHIP)
    return place


def of(number: int, at: datetime, endpoint: str = "web.portal") -> Record:
    """An order as it was planned by the rules of then."""
    rules = rules_of(SHIP)
    made = replace(order(rules, item("1"), endpoint=endpoint), id=f"OL{number:016}", creation_date=at)
    return Record(order=made, plan=make_plan(made, rules, PROFILES), lines=())


def write(place: Place, *routes: str) -> None:
    """The rules of the folder."""
    for name, text in texts(*routes).items():
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_same_rules_change_nothing(shop):
    """Status 0: they may be loaded."""
    ran = shop.run("routes", "rehearse")

    assert 0 == ran.exit_code, ran.output
    assert (
        f"3 orders planned by {rules_of(SHIP).version} (1 forgotten, not looked at)\n"
        "0 would be planned otherwise, 0 would be refused, 0 would be planned the same for other reasons\n"
    ) == ran.stdout


def test_what_would_change_is_shown_and_counted(shop):
    """Order by order, then by part; status 1."""
    write(shop, SHIP, CHECK)
    ran = shop.run("routes", "rehearse", "--since", "3d")

    assert 1 == ran.exit_code
    old, new = rules_of(SHIP).version, rules_of(SHIP, CHECK).version
    assert (
        f"OL{1:016}  -  planned by {old}\n"
        "  + fraud (crm): fraud, channel is web\n"
        "  ~ ship after: none -> fraud\n"
        "parts: + fraud 1, ~ ship 1\n"
        f"2 orders planned by {new} (1 forgotten, not looked at)\n"
        "1 would be planned otherwise, 0 would be refused, 0 would be planned the same for other reasons\n"
    ) == ran.stdout


def test_orders_that_would_be_refused_are_counted(shop):
    """A catalogue or a route has lost something."""
    write(shop, route("lines", "{ }", part("provide", 'items = { category = "internet" }')))
    ran = shop.run("routes", "rehearse", "--limit", "1")

    assert 1 == ran.exit_code
    assert 1 == ran.stdout.count("[E_ITEM_NOT_ROUTED]")
    assert "0 would be planned otherwise, 3 would be refused" in ran.stdout


def test_the_rules_of_another_folder_are_rehearsed_and_not_loaded(shop, tmp_path_factory):
    """Those that are in force stay."""
    elsewhere = Place(tmp_path_factory.mktemp("new"))
    write(elsewhere, SHIP, CHECK)
    ran = shop.run("routes", "rehearse", "--since", "7d", "--rules", str(elsewhere.folder))

    assert "2 would be planned otherwise" in ran.stdout
    assert 0 == shop.run("routes", "rehearse").exit_code


def test_programs_get_each_order_as_json(shop):
    """With the parts as they were and would be."""
    write(shop, SHIP, CHECK)
    lines = shop.run("routes", "rehearse", "--json").stdout.splitlines()

    [first, _] = [json.loads(one) for one in lines]
    assert ("fraud", None) == (first["changes"][0]["part"], first["changes"][0]["before"])


def test_rules_that_cannot_be_read_are_told(shop):
    """As by `routes check`."""
    write(shop, SHIP.replace('system = "crm"', 'system = "nowhere"'))
    ran = shop.run("routes", "rehearse")

    assert (1, True) == (ran.exit_code, "nowhere" in ran.stderr)
