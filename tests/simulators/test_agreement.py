"""
The simulators do what the oracle says: for each system and behaviour, by the words that were really sent.
"""

from __future__ import annotations

import http.client
import json
import re
from urllib.parse import urlsplit

import pytest

from orderloom.simulators import x12
from orderloom.simulators.script import ALL_SYSTEMS
from tests.oracle.oracle import MEANING, chosen, line_end
from tests.oracle.rollup import ENDS
from tests.simulators.support import (
    DictBroker,
    charges,
    crm_order,
    mobile_commands,
    mobile_inquiry,
    neighbourhood,
    service_order,
    shipping_order,
)

SETTINGS = [
    {"behaviour": "ok"},
    {"behaviour": "slow", "delay": 0.02},
    {"behaviour": "silent"},
    {"behaviour": "silent", "answers_repeat": True},
    {"behaviour": "duplicate", "repeat": "both"},
    {"behaviour": "out_of_order"},
    {"behaviour": "contradictory"},
    {"behaviour": "early"},
    {"behaviour": "backorder", "then": 0.02},
    {"behaviour": "backorder", "completes": False},
    {"behaviour": "rejected"},
    {"behaviour": "refused"},
    {"behaviour": "needs_customer"},
    {"behaviour": "counter_offer", "offer": {"downloadMbps": "100"}},
    {"behaviour": "header_only"},
    {"behaviour": "http_error", "times": 1},
    {"behaviour": "lose_answer"},
    {"behaviour": "lose_command"},
    {"behaviour": "slow_drip", "seconds": 0.05},
    {"behaviour": "http_refuse"},
    {"behaviour": "lines"},
]
LINES = {
    "crm": "INVALID",
    "warehouse": "NS",
    "oss.internet": "rejected",
    "oss.mobile": "3003",
    "billing": "30",
}


def tell(broker, systems, system):
    """
    Tell a system one instruction with two lines, twice, as somebody does who asks again.

    Mobile carries out what it gets as often as it gets it: there the second time is an inquiry, the third a
    telling again of what it says that it never carried out.
    """
    for again in (False, True):
        if system == "oss.mobile":
            broker.tell(system, mobile_inquiry("K1") if again else mobile_commands("K1"))
        elif system == "billing":
            broker.tell(system, charges("K1"))
        elif system == "crm":
            broker.tell(system, crm_order("K1", offerings=("HANDSET-A", "CASE-01")))
        elif system == "warehouse":
            broker.tell(system, shipping_order("K1", lines=(("HANDSET-A", 2), ("CASE-01", 1))))
        else:
            call(systems.http_url, broker)
    assert broker.settled()
    if any(b"RETCODE = 3002" in body for body in broker.seen["system.oss.mobile.replies"]):
        broker.tell(system, mobile_commands("K1"))
        assert broker.settled()


def call(url, broker):
    """One call; a refusal is the system's word, a lost answer and a server's error are none."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        body = service_order("K1", offerings=("INTERNET-100", "INTERNET-500"))
        connection.request("POST", "/serviceOrder", body, {"Idempotency-Key": "K1"})
        answer = connection.getresponse()
        answer.read()
        if 400 <= answer.status < 500:
            refusal = {"event": {"serviceOrder": {"serviceOrderItem": [{"state": "failed"}] * 2}}}
            broker.publish("reply.oss.internet", "", json.dumps(refusal).encode(), "", {})
    except (http.client.HTTPException, ConnectionError):
        pass
    finally:
        connection.close()


def words(system, body):
    """What one reply says of the two lines; None says nothing, of a line or of both."""
    if system == "oss.mobile":
        return subscribers(body.decode())
    if system == "billing":
        return booked(body.decode("cp037"))
    if system == "crm":
        result = json.loads(body)
        named = {one["line"]: one["result"] for one in result.get("lines", ())}
        return [named.get(place, result["result"]) for place in (1, 2)]
    if system == "oss.internet":
        return [one["state"] for one in json.loads(body)["event"]["serviceOrder"]["serviceOrderItem"]]
    return shipped(body)


def subscribers(answer):
    """The command that is repeated names its line; an inquiry's answer lists lines, the first word first."""
    told = re.findall(r"LINE=(\d);%%\nRETCODE = (\d+)", answer)
    listed = re.findall(r"^LINE = (\d)\nRESULT = (\d+)$", answer, re.MULTILINE)
    said = dict(reversed([*told, *listed]))
    return [said.get("1"), said.get("2")]


def booked(result):
    """One word for both lines, or a record for each."""
    lines = [result[at : at + 160] for at in range(160, len(result) - 160, 160)]
    named = {int(line[1:5]): line[5:7] for line in lines}
    return [named.get(place, result[94:96]) for place in (1, 2)]


def shipped(body):
    """A 997 that rejects refuses, one that accepts says nothing; a header alone says that all is well."""
    [(_, one)] = x12.read(body).sets
    if one.kind == "997":
        return ["BK", "BK"] if ("AK5", "R", "5") in one.segments else None
    return [segment[1] for segment in one.segments if segment[0] == "W12"] or ["CC", "CC"]


def ends(system, bodies):
    """The states the words leave: an end stays, what is in progress for ever is held, and so is silence."""
    found = ["inProgress", "inProgress"]
    for said in filter(None, (words(system, body) for body in bodies)):
        found = [
            old if old in ENDS or word is None else MEANING[system][word]
            for old, word in zip(found, said, strict=True)
        ]
    return ["held" if state == "inProgress" else state for state in found]


@pytest.mark.parametrize("system", ALL_SYSTEMS)
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda one: "-".join(map(str, one.values())))
def test_the_words_sent_leave_the_lines_as_the_oracle_says(system, settings):
    """First line and second line, over every behaviour of every system."""
    rule = settings | ({"words": {"2": LINES[system]}} if settings["behaviour"] == "lines" else {})
    broker = DictBroker()
    with neighbourhood(broker, [rule]) as systems:
        tell(broker, systems, system)
        behaviour = chosen({"rules": [rule]}, system, "PO-1", ["HANDSET-A"])
        expected = [line_end(behaviour, system, place) for place in (1, 2)]
        if system == "oss.internet":
            wait_for_events(broker, systems, behaviour["behaviour"])

        assert expected == ends(system, broker.seen[f"system.{system}.replies"])
        assert len([one for one in systems.log.entries if one.get("applied")]) <= 1


def wait_for_events(broker, systems, kind):
    """Events come after the call is answered, those of a silent system for the repeated call only."""
    outcomes = {"repeat"} if kind == "silent" else {"applied", "repeat"}
    calls = [entry for entry in systems.log.entries if entry.get("outcome") in outcomes]
    owed = [answer for entry in systems.log.entries for answer in entry.get("answers", ())]
    broker.replies("oss.internet", len(calls) * len(owed))
