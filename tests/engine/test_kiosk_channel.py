"""
Kiosks through the whole hub, in one process: taken, repeated, refused, asked, resumed.
"""

from __future__ import annotations

import json

import pytest

from broker.port import Properties
from orderloom.running import Embedded
from orderloom.settings import load

ORDER = {"kioskId": "MALL-1", "txn": "T-1", "cart": [{"line": 1, "sku": "CASE", "action": "ADD"}]}
OUT = "channel.kiosk.mall-1.out"


def answers(hub):
    """What the kiosk is told, as it comes."""
    while (answer := hub.broker.get(OUT, 15.0)) is not None:
        yield json.loads(answer.body)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """A way to send a document and read the next answer."""
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERLOOM_STORE", str(tmp_path / "orderloom.db"))
    with Embedded(load()) as hub:

        def send(**changes):
            body = json.dumps(ORDER | changes).encode()
            hub.broker.publish("drop.kiosk", "", body, Properties(content_type="application/json"))
            return next(answer for answer in answers(hub) if answer["answer"] != "accepted")

        yield send


def test_a_transaction_is_one_order(ask):
    """The same cart in other bytes has the same answer; another cart under its number is refused."""
    first = ask()
    again = ask(storeId=None)
    other = ask(cart=[{"line": 1, "sku": "CASE", "action": "ADD", "qty": 3}])

    assert ("taken", "T-1", "inProgress") == (first["answer"], first["txn"], first["state"])
    assert first == again
    assert ("refused", "E_DUPLICATE_ORDER") == (other["answer"], other["error"]["code"])


def test_a_question_is_answered_by_transaction_and_by_the_hubs_number(ask):
    """And by nobody else's."""
    taken = ask()
    questions = {"T-2": "T-1", "T-3": taken["order"], "T-4": "W-20001"}
    found = [ask(txn=txn, statusOf=asked, cart=None) for txn, asked in questions.items()]

    assert [("T-2", "status"), ("T-3", "status"), ("T-4", "refused")] == [
        (one["txn"], one["answer"]) for one in found
    ]
    assert taken["order"] == found[0]["order"] == found[1]["order"]
    assert "E_NOT_FOUND" == found[2]["error"]["code"]


def test_a_token_of_several_orders_says_so(ask):
    """Each is found by its own number; which of them is meant by the token nobody can know."""
    for txn in ("T-8", "T-9"):
        ask(txn=txn, resumeToken="R-2")
    found = ask(txn="T-10", statusOf="R-2", cart=None)

    assert ("refused", "'R-2' is an id of 2 orders of yours") == (found["answer"], found["error"]["what"])
    assert "status" == ask(txn="T-11", statusOf="T-8", cart=None)["answer"]


def test_resume_is_not_taken_yet_and_says_so(ask):
    """A token without a cart; with a cart it is an order, which is found by the token."""
    resumed = ask(txn="T-5", resumeToken="R-1", cart=None)
    ordered = ask(txn="T-6", resumeToken="R-1")
    found = ask(txn="T-7", statusOf="R-1", cart=None)

    assert ("refused", "E_ACTION") == (resumed["answer"], resumed["error"]["code"])
    assert "taken" == ordered["answer"]
    assert ordered["order"] == found["order"]
