"""
Whoever types the examples of a channel's page into the hub, one after the other, gets what the page says.

What each adapter reads and writes of them is held byte by byte in tests/adapters; here they meet the hub.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing

import pytest

from orderloom.rules import default_folder
from tests.docs.pages import page
from tests.stories.stage import Stage

EXAMPLE = re.compile(r"<!-- example: \S+ (.+?) -->\n+```(?:json|xml|text)\n(.*?)```", re.DOTALL)

# Who hears of the examples' orders, and what the first example is called.
FIRST = {
    "web": ("web", "order"),
    "partner": ("partner.acme", "orders"),
    "callcenter": ("callcenter", "order"),
    "store": ("store.0117", "log"),
    "kiosk": ("kiosk.mall-1", "order"),
}


def examples(channel: str) -> dict[str, bytes]:
    """Every example of a channel's page by its name."""
    return {name: text.encode() for name, text in EXAMPLE.findall(page(f"docs/channels/{channel}.md").text)}


class Typist:
    """Types the examples of one page."""

    def __init__(self, stage: Stage, channel: str) -> None:
        self.stage, self.channel = stage, channel
        self.who, self.first = FIRST[channel]
        self.heard: list[str] = []

    def types(self, name: str, old: bytes = b"", new: bytes = b"") -> list[str]:
        """What the sender is told of it, with ``new`` in the place of ``old``."""
        body = examples(self.channel)[name]
        assert old in body
        self.stage.drop(self.channel, body.replace(old, new) if old else body)
        return self._news()

    def everybody_answers(self) -> None:
        """All systems say what they have to say, until nobody has anything left to do."""
        for system in ("crm", "warehouse", "oss.mobile", "billing") * 4:
            self.stage.answers(system)
        self._news()

    def asked(self) -> bytes:
        """The number of the first quote that anybody was told."""
        return next(one for _, body in self.stage.letters for one in re.findall(rb"AM\w{12}-\d", body))

    def _news(self) -> list[str]:
        news = self.stage.news()
        assert "parked" not in news
        told = news.get(self.who, [])
        self.heard += told
        return told


@pytest.fixture
def page_of(tmp_path, monkeypatch):
    """Opens a page before the shipped hub, or before one where a shipped parcel is changed for money."""
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    opened = []

    def made(channel: str, rules: dict[str, str] | None = None) -> Typist:
        opened.append(Stage(tmp_path, rules))
        return Typist(opened[-1], channel)

    yield made
    for one in opened:
        with closing(one):
            pass


def charging() -> dict[str, str]:
    """Rules by which a change costs something as soon as the parcel has left."""
    name = "routes/devices.toml"
    charge = 'change_charge = { amount = "30.00", currency = "USD", valid_for = "48h" }'
    text = (default_folder() / name).read_text(encoding="utf-8")
    return {name: text.replace('hard_ponr = "shipped"', f'soft_ponr = "shipped"\n  {charge}')}


# What the sender is told of each example in turn; a change is done at once where nothing was sent yet.
TOLD = {
    "web": {
        "order": [
            "Order inProgress v1 0/3 | 1 inProgress CASE-01",
            "StateChange inProgress v1 0/3 | 1 inProgress CASE-01",
        ],
        "question": ["Order inProgress v1 0/3 | 1 inProgress CASE-01"],
        "change": [
            "Order inProgress v2 0/6 | 1 inProgress CASE-01 | 2 inProgress ROUTER-AX",
            (
                "AttributeValueChange inProgress v2 0/6 | 1 inProgress CASE-01 | 2 inProgress ROUTER-AX"
                " | P-1 applied | change 1 applied | add 2 applied | order order applied"
            ),
        ],
        "answer": ["Error E_NOT_FOUND"],
        "cancel": [
            (
                "Order pendingCancellation v2 0/2"
                " | 1 pendingCancellation CASE-01 | 2 pendingCancellation ROUTER-AX"
            )
        ],
    },
    "partner": {
        "orders": [
            "997 PO 77 | 850 0001 A | 850 0002 A",
            "855 AD 4500000042 | 1 x2 IA | 2 x2 IA",
            "855 AD PO 17/3-B | 10 x1 IA",
        ],
        "question": ["997 RS 78 | 869 0001 A", "870 4500000042 IN | 1 x2 IN | 2 x2 IN"],
        "change": ["997 PC 80 | 860 0001 A"],
        "answer": [
            "997 PC 83 | 860 0001 A | 860 0002 A",
            "865 RD 4500000042 E_NOT_FOUND",
            "865 RD 4500000042 E_NOT_FOUND",
        ],
        "cancel": [
            "997 PC 82 | 860 0001 A",
            "865 AC 4500000042/1 applied | 1 CA x3 IA | 2 DI IR withdrawn | 3 AI x1 IA",
        ],
    },
    "callcenter": {
        "order": [
            "Upsert 1-70021 In Progress",
            "UpdateLineItems 1-70021 In Progress accepted 0/3 | 1 In Progress",
        ],
        "question": ["1-70021 In Progress 0/3 | 1 In Progress"],
        "change": [
            "Upsert 1-70021 In Progress",
            (
                "UpdateLineItems 1-70021 In Progress changed 0/3 | 1 In Progress"
                " | change 1-70021/2 Applied | 1 Update Applied 3 | Order Applied"
            ),
        ],
        "answer": ["Fault 1-70021 E_NOT_FOUND"],
        "cancel": ["Upsert 1-70021 Pending Cancel"],
    },
    "store": {
        "log": [
            "2207 Ignored no line orders anything 2208 Accepted InProcess",
            "2208 accepted InProcess 0/3 | 1 InProcess",
        ],
        "question": ["2311 status InProcess 0/3 | 1 InProcess"],
        "change": [
            "2311 Accepted InProcess",
            (
                "2208 changed InProcess 0/6 | 1 InProcess | 0117.4.20260903.2311.3 InProcess"
                " | change Applied 0117.4.20260903.2311"
                " | 1 Change Applied 1 3 | 2 Add Applied 0117.4.20260903.2311.3 1"
            ),
        ],
        "answer": ["2313 Rejected the order asks no question 'Q-1'"],
        "cancel": ["2312 Accepted Canceling"],
    },
    "kiosk": {
        "order": [
            "20261102-0007 taken inProgress | 1 inProgress | 2 inProgress",
            "20261102-0007 accepted inProgress | 1 inProgress | 2 inProgress",
        ],
        "question": ["20261102-0010 status inProgress | 1 inProgress | 2 inProgress"],
        "change": [
            "20261102-0011 taken inProgress | 1 pendingCancellation | 2 inProgress | 3 inProgress",
        ],
        "reply": ["20261102-0014 refused E_NOT_FOUND"],
        "submit": ["20261102-0015 refused E_NOT_FOUND"],
        "resume": ["20261102-0008 refused E_TOKEN"],
        "interaction": ["20261102-0013 taken"],
        "cancel": [
            (
                "20261102-0012 taken pendingCancellation"
                " | 1 pendingCancellation | 2 pendingCancellation | 3 pendingCancellation"
            ),
            (
                "20261102-0007 changed pendingCancellation"
                " | 1 pendingCancellation | 2 pendingCancellation | 3 pendingCancellation"
                " | 20261102-0011 partlyApplied | change 2 applied | remove 1 withdrawn | add 3 applied"
            ),
        ],
    },
}
# What the sender is told when the customer has said yes, and everybody has done what is to be done.
CHANGED = {
    "web": "AttributeValueChange inProgress v3 4/6 | 1 inProgress CASE-01 | 2 inProgress ROUTER-AX"
    " | P-1 applied | change 1 applied costs 30.0 | add 2 applied | order order applied",
    "partner": "865 AC 4500000042/1 applied"
    " | 1 CA x3 costs 3000 IA | 2 DI costs 3000 IR E_STATE | 3 AI x1 IA",
    "callcenter": "UpdateLineItems 1-70021 In Progress changed 2/3 | 1 In Progress"
    " | change 1-70021/2 Applied | 1 Update Applied 3 30.00 | Order Applied",
    "store": "2208 changed InProcess 4/6 | 1 InProcess | 0117.4.20260903.2311.3 InProcess"
    " | change Applied 0117.4.20260903.2311"
    " | 1 Change Applied 1 3 | 2 Add Applied 0117.4.20260903.2311.3 1",
    "kiosk": "20261102-0007 changed inProgress | 1 cancelled | 2 inProgress | 3 completed"
    " | 20261102-0011 applied | change 2 applied costs 30.00 | remove 1 applied | add 3 applied",
}


@pytest.mark.parametrize("channel", TOLD)
def test_the_examples_of_a_page_are_taken_one_after_the_other(page_of, channel):
    """An order is asked about, changed and cancelled; an answer to what nobody asked is refused."""
    typist = page_of(channel)
    found = {name: typist.types(name) for name in TOLD[channel]}

    assert TOLD[channel] == found


def test_what_came_too_late_is_ordered_by_the_conversation_of_its_order(page_of):
    """As the kiosk's page says; the draft that the answer names becomes an order."""
    typist = page_of("kiosk")
    typist.types("order")
    typist.everybody_answers()
    typist.types("change", b'"remove": [1]', b'"remove": []')
    told = [json.loads(body) for who, body in typist.stage.letters if who == "kiosk.mall-1"]
    [late] = [line for line in told[-1]["change"]["lines"] if line["line"] == "2"]
    conversation = next(one["conversation"] for one in told if "conversation" in one)
    typist.types("submit", b"CV6555NN4VZ7VJJQ35", conversation.encode())
    orders = [json.loads(body).get("order") for who, body in typist.stage.letters if who == "kiosk.mall-1"]

    assert late["followOn"] == orders[-1]


@pytest.mark.parametrize("channel", [one for one in TOLD if one != "partner"])
def test_the_same_question_in_the_same_bytes_is_answered_as_things_stand(page_of, channel):
    """Where the format has no control numbers that tell one from the other."""
    typist = page_of(channel)
    typist.types(typist.first)
    [before] = typist.types("question")
    typist.everybody_answers()
    [after] = typist.types("question")

    assert before != after
    assert "complete" in after.lower()


@pytest.mark.parametrize("channel", TOLD)
def test_the_example_of_an_answer_has_a_change_made_that_costs_something(page_of, channel):
    """With the number of the quote that was told in the place of the page's."""
    typist = page_of(channel, charging())
    typist.types(typist.first)
    for system in ("crm", "warehouse"):
        typist.stage.answers(system)
    typist.types("change")

    typist.types("reply" if channel == "kiosk" else "answer", b"Q-1", typist.asked())
    typist.everybody_answers()
    assert CHANGED[channel] in typist.heard


def test_the_examples_are_tried_without_a_server(tmp_path):
    """As the page says: saved, and typed; the change and the cancel come while the order is under way."""
    for name in ("orders", "change", "cancel"):
        (tmp_path / name).write_bytes(examples("partner")[name])
    command = [sys.executable, "-m", "orderloom", "adapter", "try", "partner", "orders", "change", "cancel"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    told = [line.split("  ")[1] for line in ran.stdout.splitlines() if line[:2] in ("->", "<-")]

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert [
        *("orders, 738 B", "997 for PO 77: A, 2 of 2 accepted"),
        *("855 for PO 4500000042: AD IA IA", "855 for PO PO 17/3-B: AD IA"),
        *("change, 354 B", "997 for PC 80: A, 1 of 1 accepted", "865 for PO 4500000042: AD IA ID IA"),
        *("cancel, 297 B", "997 for PC 82: A, 1 of 1 accepted", "865 for PO 4500000042: AT"),
        "870 for PO 4500000042: ended, cancelled",
    ] == [one for one in told if "870 for PO PO 17" not in one]


@pytest.mark.parametrize("channel", TOLD)
def test_every_example_that_is_sent_is_typed(channel):
    """An example that nobody types grows wrong; those that the hub writes are held in tests/adapters."""
    written = {
        *("accepted", "error", "ended", "delayed", "amendment", "changed", "quote", "cancelled", "unknown"),
        *(
            "acknowledgement",
            "ta1",
            "decided",
            "shipped",
            "not found",
            "fault",
            "outcomes",
            "taken",
            "refused",
        ),
    }
    assert set(TOLD[channel]) == set(examples(channel)) - written
