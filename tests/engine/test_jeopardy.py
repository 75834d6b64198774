"""
A promised day that will be missed, seen by the sweep: the order's channel hears of it before that day.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.engine.rig import RULES, START, Rig, order

CALENDAR = """
[[calendar]]
name = "field"
why = "technicians"
zone = "America/Chicago"
systems = ["oss.internet"]
days = ["mon", "tue", "wed", "thu", "fri"]
"""
DUE = RULES | {
    "routes/all.toml": RULES["routes/all.toml"]
    .replace('system = "crm"', 'system = "crm"\n  due = "1h"')
    .replace('system = "oss.internet"', 'system = "oss.internet"\n  due = "2 working days"'),
    "routes/calendars/field.toml": CALENDAR,
}


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path, rules=DUE)
    yield made
    made.crash()


def wanted(day):
    """An order that is to be complete by an instant."""
    return json.dumps(json.loads(order()) | {"requestedCompletionDate": day.isoformat()}).encode()


def events(rig):
    """What the web shop was told: (event type, expected date)."""
    found = [json.loads(one.body) for one in rig.taken("channel.web.out")]
    return [
        (one["eventType"], one["event"]["productOrder"].get("expectedCompletionDate"))
        for one in found
        if "eventType" in one
    ]


def pass_time(rig, until):
    """Nothing comes; the sweep looks every hour."""
    while rig.now < until:
        rig.step(min(3600.0, (until - rig.now).total_seconds()))
        rig.engine.sweep(rig.now)
        rig.settle()


def test_a_silent_system_is_told_of_before_the_promised_day(rig):
    """
    Ordered on Monday; the line is due on Wednesday and wanted by Friday. Nothing is heard, and on Wednesday
    the shop hears that it will be the next week's Friday instead.
    """
    promised = START + timedelta(days=4)
    rig.oss.profile = msgspec.structs.replace(rig.oss.profile, answer_within=30 * 86_400)
    rig.restart()
    rig.drop(wanted(promised))
    rig.settle()
    rig.answer_crm()
    rig.settle()
    rig.answer_call()
    rig.settle()
    events(rig)
    due = rig.record().order.expected_completion_date
    pass_time(rig, due - timedelta(minutes=5))
    assert [] == events(rig)
    pass_time(rig, due + timedelta(minutes=5))
    [(event, expected)] = events(rig)

    assert "ProductOrderJeopardyAlertEvent" == event
    assert rig.now < promised < datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert "inProgress" == rig.states()["order"]
    pass_time(rig, promised)
    assert [] == events(rig)


def test_an_order_reckons_by_the_calendars_of_its_own_version(rig):
    """New holidays are for new orders: a version is pinned to each order and never mixed."""
    rig.drop(order("W-1"))
    rig.settle()
    old = rig.engine.hub.rules()
    rig.pinned = {old.version: old}
    rig.rules = DUE | {"routes/calendars/field.toml": CALENDAR + 'holidays = ["2026-03-03", "2026-03-04"]\n'}
    rig.restart()
    rig.drop(order("W-2"))
    rig.settle()
    rig.answer_crm()
    rig.settle()
    before, after = (rig.record(one).order.expected_completion_date for one in ("W-1", "W-2"))

    assert "2026-03-04" == f"{before:%Y-%m-%d}"
    assert timedelta(days=2) == after - before
