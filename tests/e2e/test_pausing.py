"""
A system and a channel are paused while orders come, on a real broker: nothing is sent, nothing is lost.
"""

from __future__ import annotations

import pytest

from tests.e2e.documents import web_order

pytestmark = pytest.mark.rabbitmq

WHY = ("--why", "a release")


def dropped(hub, *numbers):
    hub.drop(*(("web", web_order(number, "CASE-01")) for number in numbers))
    return len(numbers)


def test_a_paused_system_is_told_nothing_and_then_everything(hub):
    """Its instructions wait in the store, through a restart of the worker; nobody else's do."""
    hub.simulators()
    worker = hub.worker()
    said = hub.cli("pause", "system", "warehouse", *WHY)
    assert (0, 1) == (said.status, said.out.count(": obeys")), said
    count = dropped(hub, *(f"W-{number}" for number in range(20)))
    hub.until(
        "the crm has answered all",
        lambda: (
            sum(one.rows for one in hub.store.unsent() if one.destination == "system.warehouse.in") == count
        ),
        30,
    )
    assert {"crm"} == {one["system"] for one in hub.entries() if "outcome" in one}
    assert "system  warehouse" in hub.cli("now").out

    assert 0 == worker.stop()
    hub.worker("second")
    said = hub.cli("drain", "system", "warehouse", *WHY, "--limit", "20")
    assert 0 == said.status, said
    assert {"crm"} == {one["system"] for one in hub.entries() if "outcome" in one}

    said = hub.cli("resume", "system", "warehouse", *WHY)
    assert 0 == said.status, said
    hub.until("all completed", lambda: {"completed": count} == dict(hub.states()), 60)
    told = [one["key"] for one in hub.entries() if one.get("outcome") and one["system"] == "warehouse"]
    assert count == len(told) == len(set(told))


def test_a_paused_channel_is_left_alone_and_then_taken(hub):
    """Its messages wait in its queue; what was taken before is answered, and the drain says when."""
    hub.simulators()
    hub.worker()
    first = dropped(hub, *(f"A-{number}" for number in range(10)))
    hub.until("all accepted", lambda: first == sum(hub.states().values()), 30)
    said = hub.cli("drain", "channel", "web", *WHY, "--limit", "30")
    assert (0, "channel web: nothing is under way") == (said.status, said.out.splitlines()[-1]), said

    second = dropped(hub, *(f"B-{number}" for number in range(10)))
    hub.until("all are in the queue", lambda: second == hub.depths()["channel.web.in"], 30)
    hub.until("the first are completed", lambda: {"completed": first} == dict(hub.states()), 30)
    assert second == hub.depths()["channel.web.in"]

    assert 0 == hub.cli("resume", "channel", "web", *WHY).status
    hub.until("all completed", lambda: {"completed": first + second} == dict(hub.states()), 60)
