"""``orderloom conversation show``: what one customer has said across channels."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from canonical.keys import conversation_id
from orderloom.cli import main
from orderloom.correlation.port import Changes
from tests.cli.hub import ORDER, PO, Place, record
from tests.engine.talk_rig import TalkRig, customer, draft, item
from tests.engine.test_recommendations import RULES

WEB, DESK, STORE = "web.portal", "callcenter.desk", "store.0117"


@pytest.fixture
def talked(tmp_path):
    """A store in which a customer has begun, complained, come back and bought."""
    rig = TalkRig(tmp_path, rules=RULES)
    saved = rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7", "email:ada@example.com")))
    rig.happened(DESK, "complaint", "email:ada@example.com", "too slow")
    rig.resume(STORE, saved.token)
    rig.submit(STORE, "R-9", draft(item("1", "NET"), related_party=customer("C-7")))
    rig.crash()
    return saved


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, on that store."""
    monkeypatch.setenv("ORDERLOOM_STORE", str(tmp_path / "bench.db"))
    return lambda *words: CliRunner().invoke(main, ["conversation", "show", *words])


@pytest.mark.parametrize("key", ["C-7", "email:ada@example.com", " C-7 "])
def test_a_customer_has_all_that_is_his(talked, run, key):
    """By any of his aliases: drafts, orders, interactions, recommendations."""
    shown = run(key).stdout

    assert f"{conversation_id(talked.order_id)}  begun 2026-03-02 " in shown
    assert f"{talked.order_id}  draft  version 1  1 item  -  capture {WEB}, resume {STORE}" in shown
    assert "complaint  callcenter.desk  too slow" in shown
    assert "faster-line  open  until 2026-03-09 " in shown
    assert ["drafts", "orders", "interactions", "recommendations"] == [
        one for one in shown.splitlines() if one.isalpha()
    ]


@pytest.mark.parametrize("key", ["D-1", "the conversation"])
def test_a_conversation_has_what_belongs_to_it(talked, run, key):
    """By its id, or a number of its draft; the customer's other order is in another."""
    shown = run(conversation_id(talked.order_id) if key == "the conversation" else key).stdout

    assert talked.order_id in shown
    assert "orders" not in shown.splitlines()
    assert "complaint" in shown


def test_the_same_for_programs(talked, run):
    """One object."""
    told = json.loads(run("C-7", "--json").stdout)

    assert [talked.order_id] == [one["id"] for one in told["orders"] if one["state"] == "draft"]
    assert ["complaint"] == [one["kind"] for one in told["interactions"]]
    assert [("faster-line", "open")] == [(one["name"], one["state"]) for one in told["recommendations"]]


@pytest.mark.parametrize("key", ["nobody", "token"])
def test_what_nobody_knows(talked, run, key):
    """By a token nothing is found: only its hash is kept."""
    answer = run(talked.token if key == "token" else key)

    assert 1 == answer.exit_code
    assert "E_NOT_FOUND" in answer.stderr


def test_an_order_without_a_conversation_is_shown_alone(tmp_path, monkeypatch):
    """Nothing stands above its heading."""
    monkeypatch.setenv("ORDERLOOM_STORE", str(tmp_path / "hub.db"))
    changes = Changes(records=[(None, record())])
    Place(tmp_path).write(changes)
    shown = CliRunner().invoke(main, ["conversation", "show", PO]).stdout.splitlines()

    assert ["orders", ORDER] == [shown[0], shown[1].split()[0]]
