"""
A network element that loses commands and answers, on a real broker: every order ends, applied exactly once.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby

import pytest

from tests.e2e.documents import web_order
from tests.support.hub import running_hub
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq

# By the first letters of the order's number: what the element does.
SCRIPT = {
    "rules": [
        {"prefix": "SILENT-", "system": "oss.mobile", "behaviour": "silent", "answers_repeat": True},
        {"prefix": "ANSWER-", "system": "oss.mobile", "behaviour": "lose_answer"},
        {"prefix": "COMMAND-", "system": "oss.mobile", "behaviour": "lose_command", "times": 2},
    ]
}
MOODS = ("SILENT", "ANSWER", "COMMAND", "GOOD")
EACH = 3


@pytest.fixture
def hub(rabbit, tmp_path):
    """A hub whose systems have three seconds to answer."""
    with running_hub(rabbit, tmp_path, answer_within=3) as made:
        yield made


def outcomes(hub, number):
    """What the element did about an order, in its order; asked twice, for it was slow, counts once."""
    key = next(one.key for one in hub.order(number).instructions if one.system == "oss.mobile")
    own = [one for one in hub.entries() if (one["system"], one.get("key")) == ("oss.mobile", key)]
    return [outcome for outcome, _ in groupby(one["outcome"] for one in own)]


def test_whatever_the_element_loses_each_order_is_applied_once(hub):
    """It is asked, and told again only when it has never applied what it was told."""
    script = hub.folder / "script.json"
    script.write_text(json.dumps(SCRIPT), "utf-8")
    hub.simulators(script, "crm", "oss.mobile", "billing")
    hub.worker()
    numbers = [f"{mood}-{place}" for mood in MOODS for place in range(EACH)]
    hub.drop(*(("web", web_order(number, "MOBILE-20")) for number in numbers))
    hub.until("all completed", lambda: {"completed": len(numbers)} == dict(hub.states()), 90)

    for number in numbers:
        done = outcomes(hub, number)
        assert (1, 0) == (done.count("applied"), done.count("repeat")), (number, done)
    assert ["lost", "inquire", "lost", "inquire", "applied"] == outcomes(hub, "COMMAND-0")
    assert ["applied", "inquire"] == outcomes(hub, "ANSWER-0") == outcomes(hub, "SILENT-0")
    events = Counter(one.event for one in hub.store.journal(hub.order("COMMAND-1").id))
    assert 2 == events["not_applied"] <= events["inquired"]
    until("nothing left", lambda: not hub.store.unsent())
    assert [] == list(hub.store.parked())
