"""
The examples in the page on stores are what their adapter really reads and writes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.inbound.store import StoreAdapter
from adapters.kit import Native, Stamp
from canonical.commands import AskStatus, RejectedDocument, SubmitOrder
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import ChannelRef, ChannelRole, JeopardyAlert, Order, Progress, RelatedChannel
from canonical.states import State
from orderloom.rules import default_folder, load
from tests.routes.builders import PROFILES

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "store.md"
EXAMPLE = re.compile(r"<!-- example: ([^>]+) -->\n+```xml\n(.*?)```", re.DOTALL)
REFERENCES = load(default_folder(), PROFILES).references
STORE = REFERENCES.endpoints["store.0117"]
AT = datetime(2026, 9, 2, 21, 45, tzinfo=UTC)


def written():
    """All examples by name."""
    return dict(EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))


def read(name):
    native = Native(body=written()[name].encode(), content_type="application/xml")
    return list(StoreAdapter().translate(native, REFERENCES))


def order(command, state, **changes):
    """The order as the hub has it."""
    content = {name: getattr(command.order, name) for name in command.order.__struct_fields__}
    items = tuple(replace(item, state=state) for item in command.order.product_order_item)
    captured = RelatedChannel(
        role=ChannelRole.CAPTURE, channel=ChannelRef(id="store"), endpoint=STORE.id, at=AT
    )
    said = {
        "id": "OL3C8XW5QZ0N6TJ2YK",
        "state": state,
        "version": 1,
        "creation_date": AT,
        "rules_version": "1",
        "channel": (captured,),
        "progress": Progress(done=1, total=3),
        "product_order_item": items,
    }
    return Order(**content | said | changes)


def made():
    """All examples of what the hub writes, by name."""
    sale, command = read("store log")
    stamp = Stamp(at=AT, endpoint=STORE)
    verdicts = (
        Verdict(origin=sale.origin, outcome=Outcome.REJECTED, fault=sale.fault),
        Verdict(origin=command.origin, outcome=Outcome.ACCEPTED, order=order(command, State.ACKNOWLEDGED)),
    )
    intake = Intake(endpoint=STORE.id, channel="store", envelope="e", verdicts=verdicts)
    late = JeopardyAlert(id="1", name="late", alert_date=AT, message="backordered", product_order_item=("1",))
    notice = Notice(
        kind=NoticeKind.DELAYED,
        endpoint=STORE.id,
        at=AT,
        reason="warehouse: backordered until 8 September",
        order=order(
            command,
            State.HELD,
            expected_completion_date=datetime(2026, 9, 8, 15, tzinfo=UTC),
            product_order_jeopardy_alert=(late,),
        ),
    )
    return {
        "store outcomes": StoreAdapter().acknowledge(intake, stamp).body.decode(),
        "store delayed": StoreAdapter().render(notice, stamp).body.decode(),
    }


@pytest.mark.parametrize("name", ["store outcomes", "store delayed"])
def test_what_the_hub_writes(name):
    """The page shows what comes out, to the last byte."""
    assert made()[name] == written()[name]


def test_what_stores_send():
    """What the page says to send is read as it says."""
    assert [RejectedDocument, SubmitOrder] == [type(one) for one in read("store log")]
    assert [AskStatus] == [type(one) for one in read("store question")]


def test_every_example_is_tested():
    """No example stands in the page that no test looks at."""
    assert {*made(), "store log", "store question"} == set(written())
