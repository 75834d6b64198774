"""``routes load``, ``routes diagram``, ``catalogue check`` and ``endpoints check``."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from broker.port import Properties
from orderloom.running import Embedded
from orderloom.settings import load
from routes.diagram import diagram
from tests.cli.hub import Place
from tests.cli.test_worker_process import ORDER, write_rules
from tests.routes.builders import EVERYTHING, rules_of
from tests.support.rabbit import until


@pytest.fixture
def hub(place, monkeypatch) -> Place:
    """Channel web and system crm; gadgets are sold, and no route takes them."""
    (place.folder / "hub.toml").write_text("[channels.web]\n[systems.crm]\n[rules]\nfolder = '.'\n")
    write_rules(place.folder, gadgets_are_routed=False)
    place.environment["ORDERLOOM_CONFIG"] = str(place.folder / "hub.toml")
    monkeypatch.setenv("ORDERLOOM_STORE", str(place.path))
    return place


@pytest.fixture
def sound(hub) -> Place:
    """The same with a route for gadgets, whose test passes."""
    write_rules(hub.folder, gadgets_are_routed=True)
    return hub


def cart(number: str) -> bytes:
    """An order of one gadget from the web."""
    known = [{**ORDER["externalId"][0], "id": number}]
    return json.dumps({**ORDER, "externalId": known}).encode()


class TestLoad:
    def test_a_running_worker_plans_the_next_order_with_it(self, hub):
        """
        The first order finds no route; rules are loaded, nothing is started again, and the second goes on.
        """
        with Embedded(load(hub.folder / "hub.toml")) as running:

            def drop(body: bytes) -> None:
                running.broker.publish("drop.web", "", body, Properties(content_type="application/json"))

            drop(cart("cart-1"))
            until("the first is parked", lambda: running.store.parked(None))
            before = running.store.current_rules()
            write_rules(hub.folder, gadgets_are_routed=True)
            loaded = hub.run("routes", "load")
            drop(cart("cart-2"))
            told = running.broker.get("system.crm.in", 15.0)
            status = json.loads(hub.run("status", "cart-2", "--json").stdout)
            now = running.store.current_rules()

        assert (0, "") == (loaded.exit_code, loaded.stderr)
        assert f"{now} is current now; it was {before}\n" in loaded.stdout
        assert told is not None
        assert now != before
        assert f'"{now}"' in json.dumps(status)

    def test_the_same_again_changes_nothing(self, sound):
        """
        One line says so.
        """
        sound.run("routes", "load")
        shown = sound.run("routes", "load")

        assert 0 == shown.exit_code
        assert shown.stdout.endswith(" is current already\n")

    def test_wrong_rules_are_not_loaded(self, sound):
        """
        K-04: every fault with file and key; what was current stays.
        """
        sound.run("routes", "load")
        route = sound.folder / "routes/all.toml"
        good = route.read_text()
        route.write_text(good.replace('system = "crm"', 'system = "crmm"'))
        shown = sound.run("routes", "load")
        route.write_text(good)
        again = sound.run("routes", "load")

        assert 1 == shown.exit_code
        assert re.match(
            r"routes/all\.toml:[0-9]+ route\[0\]\.part\[0\]\.system: unknown system 'crmm'", shown.stderr
        )
        assert again.stdout.endswith(" is current already\n")

    def test_rules_whose_own_test_fails_are_not_loaded(self, sound):
        """
        A route that no longer does what its author wanted.
        """
        route = sound.folder / "routes/all.toml"
        route.write_text(route.read_text().replace('expect = ["crm"]', 'expect_error = "E_NO_ROUTE"'))
        shown = sound.run("routes", "load")

        assert 1 == shown.exit_code
        assert "failed: nothing is loaded" in shown.stderr

    def test_a_new_out_queue_is_named(self, sound):
        """
        Until it is declared, what is told there stays unsent.
        """
        sound.run("routes", "load")
        (sound.folder / "endpoints/web.kiosk.toml").write_text(
            'id = "web.kiosk"\nchannel = "web"\nname = "Kiosk"\nout_queue = "channel.web.kiosk.out"\n'
        )
        shown = sound.run("routes", "load")

        assert 0 == shown.exit_code
        assert "new out queues: channel.web.kiosk.out; `orderloom topology apply`" in shown.stdout


class TestDiagram:
    def test_it_is_a_flowchart_of_parts_and_what_waits(self, place):
        """
        The rules that ship: the home bundle's internet waits for the customer record.
        """
        shown = place.run("routes", "diagram")
        lines = [line.strip() for line in shown.stdout.splitlines()]
        boxes = {line.partition("[")[0]: line for line in lines if line.startswith("r") and "-->" not in line}
        arrows = [line.split(" --> ") for line in lines if "-->" in line]

        assert 0 == shown.exit_code
        assert "flowchart LR" == lines[0]
        assert lines.count("end") == sum(line.startswith("subgraph ") for line in lines)
        assert any('"crm"' in boxes[first] and "oss.internet" in boxes[then] for first, then in arrows)

    def test_a_label_cannot_end_itself(self):
        """
        Neither by a quotation mark nor by a tag.
        """
        rules = rules_of(EVERYTHING)
        [route] = rules.routes
        drawn = list(diagram(replace(rules, routes=(replace(route, name='say "<b>"'),))))

        assert drawn[1].startswith('  subgraph r0["say #quot;#lt;b#gt;#quot;: ')


class TestCatalogueAndEndpoints:
    def test_sound_ones_are_counted(self, hub):
        """
        With what no part serves as a warning.
        """
        catalogue, endpoints = hub.run("catalogue", "check"), hub.run("endpoints", "check")

        assert (0, 0) == (catalogue.exit_code, endpoints.exit_code)
        assert "no part serves GADGET" in catalogue.stdout
        assert catalogue.stdout.endswith(": 2 offerings in 2 categories, 0 codes\n")
        assert endpoints.stdout.endswith(": 1 endpoints of 1 channels\n")

    def test_each_tells_its_own_faults_only(self, hub):
        """
        File and key; others are counted.
        """
        profile = hub.folder / "endpoints/web.portal.toml"
        profile.write_text(profile.read_text().replace("name =", "nmae ="))
        catalogue, endpoints = hub.run("catalogue", "check"), hub.run("endpoints", "check")

        assert 0 == catalogue.exit_code
        assert "in other files: `orderloom routes check` has them" in catalogue.stdout
        assert 1 == endpoints.exit_code
        assert "endpoints/web.portal.toml:3 nmae: unknown key 'nmae'" in endpoints.stdout
        assert endpoints.stdout.endswith("2 faults here\n")

    def test_an_endpoint_without_an_adapter_is_a_warning(self, hub):
        """
        Its channel is not in the settings.
        """
        profile = (hub.folder / "endpoints/web.portal.toml").read_text().replace("web", "kiosk")
        (hub.folder / "endpoints/kiosk.portal.toml").write_text(profile)
        shown = hub.run("endpoints", "check")

        assert 0 == shown.exit_code
        assert "warning: kiosk.portal: channel 'kiosk' has no adapter in the settings\n" in shown.stdout
