"""
What docs/runbook.md shows of an order that is being changed, and docs/routes.md of one for later, is said.
"""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from orderloom.cli import main
from tests.docs.pages import page
from tests.stories.stage import Stage

AGE = re.compile(r"\b\d+ (d|h|min|s)( \d+ (h|min|s))?\b")


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """The shipped hub, and the environment in which its store is asked."""
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    made = Stage(tmp_path)
    monkeypatch.setenv("ORDERLOOM_STORE", str(made.file))
    yield made
    made.close()


def item(number, offering, appointment=""):
    named = [{"name": "appointment", "value": appointment}] if appointment else []
    return {
        "id": str(number),
        "action": "add",
        "productOffering": {"id": offering},
        "product": {"productCharacteristic": named},
    }


def change(number, **fields):
    """A patch of order W-1: what becomes of one item."""
    said = {"@type": "ProductOrderPatchRequest", "requestId": number, "orderId": "W-1"}
    return json.dumps({**said, "productOrder": {"productOrderItem": [fields]}}).encode()


def moved(number, day):
    """The technician is wanted on another day."""
    product = {"productCharacteristic": [{"name": "appointment", "value": f"2026-03-{day}T09:00:00Z"}]}
    return change(number, id="1", product=product)


def excerpts(command):
    """What the page shows of it."""
    for fence in page("docs/runbook.md").fences:
        first, _, shown = fence.body.partition("\n")
        if fence.language == "console" and first == f"$ {command}" and "\n$ " not in fence.body:
            yield shown


def steady(text):
    lines = AGE.sub("AGE", text).splitlines()
    return [re.sub(r" {2,}", "  ", line).rstrip() for line in lines]


def told(command):
    return CliRunner().invoke(main, shlex.split(command)[1:]).output


def assert_shown(command):
    """Each line of the excerpt stands in the output, in its order; ``...`` stands for what is left out."""
    [shown] = excerpts(command)
    said = steady(told(command))
    at = 0
    for line in steady(shown):
        if line != "...":
            assert line in said[at:], (line, said)
            at = said.index(line, at) + 1


def test_an_order_with_changes_under_way(stage):
    """A quote, a change that a system is told of, and one that waits behind that."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    items = [item(1, "INTERNET-500", "2026-03-03T09:00:00Z"), item(2, "CASE-01")]
    stage.drop("web", json.dumps({**order, "productOrderItem": items}).encode())
    stage.answers("crm")
    stage.drop("web", moved("P-1", "05"))
    stage.drop("web", change("P-2", id="2", quantity=4))
    stage.drop("web", change("P-3", id="2", quantity=6))

    assert_shown("orderloom status W-1")
    assert_shown("orderloom now")


def test_a_change_that_needs_a_person(stage):
    """The warehouse is told of a change, and keeps silent."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    stage.drop("web", json.dumps({**order, "productOrderItem": [item(1, "CASE-01")]}).encode())
    stage.answers("crm")
    stage.will("warehouse", "silent", "modify")
    stage.drop("web", change("P-1", id="1", quantity=4))
    for _ in range(3):
        stage.later(days=2)

    assert_shown("orderloom fallout list")
    said = steady(told("orderloom fallout cancel W-1 --why given-up --dry-run"))
    assert "  modify of warehouse  item 1  held [E_NO_ANSWER] -> over" in said
    assert any(one.startswith("  amendment AM") and one.endswith("applying -> refused") for one in said)


def test_an_order_for_a_later_day(stage):
    """Nothing is sent before, and whoever looks sees why."""
    order = {
        "externalId": [{"id": "W-1"}],
        "@type": "ProductOrder",
        "requestedStartDate": "2030-03-10T08:00:00Z",
    }
    stage.drop("web", json.dumps({**order, "productOrderItem": [item(1, "CASE-01")]}).encode())
    assert ["web"] == list(stage.news())
    stage.drop("web", change("P-1", id="1", quantity=2))
    assert ["web"] == list(stage.news())

    said = steady(told("orderloom status W-1"))
    assert " wanted from 2030-03-10 08:00:00Z" in [re.sub(r" +", " ", one) for one in said]
    assert any("crm" in one and "not sent before 2030-03-10 08:00:00Z" in one for one in said)
    assert any("begins 2030-03-10 08:00:00Z" in one for one in told("orderloom now").splitlines())
    stage.later(days=1800)
    assert "crm" in stage.news()


def test_what_was_changed_meanwhile_is_named(stage):
    """Whoever is asked whether he wants his change all the same is told what of it is not as he saw it."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    stage.drop("web", json.dumps({**order, "productOrderItem": [item(1, "CASE-01")]}).encode())
    stage.drop("web", change("P-1", id="1", quantity=4))
    late = json.loads(change("P-2", id="1", quantity=5)) | {"version": 1}
    stage.drop("web", json.dumps(late).encode())
    told_last = json.loads(stage.letters[-1][1])["event"]["amendment"]["piece"][0]

    assert "item 1: changed since version 1" == told_last["error"]["reason"]
    assert "quantity 4 -> 5  awaitingCustomer  item 1: changed since version 1 [E_STALE]" in told(
        "orderloom status W-1"
    )


def test_a_change_that_is_refused_as_a_whole_says_why_once(stage):
    """It is the same for each piece."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    stage.drop("web", json.dumps({**order, "productOrderItem": [item(1, "CASE-01")]}).encode())
    stage.drop("web", json.dumps({"@type": "CancelProductOrder", "productOrder": {"id": "W-1"}}).encode())
    stage.drop("web", change("P-1", id="1", quantity=4))

    assert 1 == told("orderloom status W-1").count("the order is being cancelled [E_STATE]")


def test_what_a_paused_system_was_to_be_told_is_shown_so(stage):
    """Nobody looks for the answer of a system that has not got the question."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    stage.drop("web", json.dumps({**order, "productOrderItem": [item(1, "CASE-01")]}).encode())
    stage.answers("crm")
    told("orderloom pause system warehouse --why release")
    stage.news()
    stage.later(seconds=2)
    stage.drop("web", change("P-1", id="1", quantity=4))
    assert "warehouse" not in stage.news()

    said = told("orderloom status W-1")
    assert "no answer yet: it is paused" in said
    assert "waits for warehouse, which is paused, told" in said


def test_a_line_waits_for_no_item_that_was_taken_out(stage):
    """Of a part that has other items only those count that are still wanted."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    items = [item(1, "CASE-01"), item(2, "MOBILE-20")]
    stage.drop("web", json.dumps({**order, "productOrderItem": items}).encode())
    stage.answers("crm")
    stage.drop("web", change("P-1", id="2", action="delete"))
    for system in ("oss.mobile", "crm"):
        stage.answers(system)

    [billing] = [one for one in steady(told("orderloom status W-1")) if "billing-device" in one]
    assert "waits for warehouse  " in billing


def test_of_many_changes_the_last_are_shown(stage):
    """An order that was changed all day still fits a screen."""
    order = {"externalId": [{"id": "W-1"}], "@type": "ProductOrder"}
    stage.drop("web", json.dumps({**order, "productOrderItem": [item(1, "CASE-01")]}).encode())
    for number in range(2, 10):
        stage.drop("web", change(f"P-{number}", id="1", quantity=number))
    said = told("orderloom status W-1")

    assert re.search(r"^3 earlier changes, all decided: orderloom journal OL\w{16}$", said, re.MULTILINE)
    assert [f"P-{number}" for number in range(5, 10)] == re.findall(r"web.portal (P-\d)", said)
