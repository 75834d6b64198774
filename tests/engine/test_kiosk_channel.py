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
    """The same cart in other bytes has the same answer, with a token of its own; another is refused."""
    first = ask()
    again = ask(storeId=None)
    other = ask(cart=[{"line": 1, "sku": "CASE", "action": "ADD", "qty": 3}])

    assert ("taken", "T-1", "inProgress") == (first["answer"], first["txn"], first["state"])
    assert first | {"resumeToken": again["resumeToken"]} == again
    assert first["resumeToken"] != again["resumeToken"]
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


def test_a_draft_is_resumed_by_its_token_and_completed(ask):
    """The token came with the draft; the cart under the other number is the same order."""
    kept = ask(txn="T-5", save=True)
    resumed = ask(txn="T-6", resumeToken=kept["resumeToken"], cart=None)
    ordered = ask(txn="T-7", resumeToken=resumed["resumeToken"])

    assert ("taken", "draft") == (kept["answer"], kept["state"])
    assert "conversation" == resumed["answer"]
    assert kept["order"] == resumed["draft"]["order"] == ordered["order"]
    assert ("taken", "inProgress") == (ordered["answer"], ordered["state"])


def test_a_token_that_nobody_gave_opens_nothing(ask):
    """Neither a conversation nor an order, and it names no order."""
    resumed = ask(txn="T-8", resumeToken="R-1", cart=None)
    ordered = ask(txn="T-9", resumeToken="R-1")
    found = ask(txn="T-10", statusOf="R-1", cart=None)

    assert ["E_TOKEN", "E_TOKEN", "E_NOT_FOUND"] == [
        one["error"]["code"] for one in (resumed, ordered, found)
    ]
