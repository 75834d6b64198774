"""
The bench in its shortest form: that it runs, and that its figures are there.  No threshold.
"""

from __future__ import annotations

import pytest

from bench.flow.course import Course
from bench.flow.machine import cpu_seconds
from bench.flow.rounds import run

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]

CONTESTANTS = ("floor", "sqlite", "postgresql")
ORDERS = 40


def test_it_measures_both_stores_and_the_floor(rabbit_node, postgres_server, tmp_path):
    """
    One round of each; the relay sends what the hub sends, to every system and to the channel.
    """
    course = Course(rabbit_node, tmp_path)
    said: list[str] = []
    try:
        result = run(course, postgres_server, ORDERS, 1, said.append)
        figures, script = result["results"], course.script(tmp_path / "floor.pickle")
    finally:
        for name in CONTESTANTS:
            rabbit_node.management.delete_vhost(name)

    assert set(CONTESTANTS) == set(figures)
    assert 1.0 == figures["floor"]["of_floor"]
    for name in CONTESTANTS:
        used = figures[name]["cpu_seconds_per_1000_orders"]
        assert figures[name]["orders_per_second"] > 0
        assert {"worker", "broker", "systems", "senders"} <= set(used)
        assert used["worker"] > 0
        assert used["broker"] > 0
        assert any(line.startswith(name) for line in said)
    assert figures["postgresql"]["cpu_seconds_per_1000_orders"]["store"] > 0
    assert {
        "system.crm.in", "system.warehouse.in", "system.oss.mobile.in", "system.billing.in",
    } <= {key for messages in script.values() for _, key, _, _ in messages}  # fmt: skip
    ended = [one for messages in script.values() for one in messages if one[3].type == "notice.ended.v1"]
    assert 1 == len(ended)


def test_a_process_that_has_ended_has_used_nothing():
    """
    It is asked for between two looks at the list of all.
    """
    assert 0 == cpu_seconds([2**22 + 1])
