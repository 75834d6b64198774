"""
The examples in the page on stores are what their adapter really reads and writes.
"""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.inbound.store import StoreAdapter
from adapters.kit import Native, Stamp
from canonical.amendments import CancelTask, ChangeKind, TaskState
from canonical.commands import AmendOrder, Answer, AskStatus, CancelOrder, RejectedDocument, SubmitOrder
from canonical.errors import Fault
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import ChannelRef, ChannelRole, JeopardyAlert, Order, Progress, RelatedChannel
from canonical.states import State
from orderloom.rules import default_folder, load
from tests.adapters.amendments import amendment_of, applied, change_of, quote, refused
from tests.routes.builders import PROFILES

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "store.md"
EXAMPLE = re.compile(r"<!-- example: ([^>]+) -->\n+```(?:xml|text)\n(.*?)```", re.DOTALL)
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


def told_of_a_change(kind, command, **said):
    """The part of a message behind the order's own status."""
    notice = Notice(kind=kind, endpoint=STORE.id, at=AT, order=order(command, State.IN_PROGRESS), **said)
    whole = StoreAdapter().render(notice, Stamp(at=AT, endpoint=STORE)).body.decode()
    part = re.search(r"^ +<ol:(Change|Cancel) .*</ol:\1>\n", whole, re.DOTALL | re.MULTILINE)
    assert part is not None
    return textwrap.dedent(part[0])


def changes(command):
    """What became of the page's change and of its cancel."""
    [case] = command.order.product_order_item
    more = change_of(ChangeKind.CHANGE, replace(case, quantity=3), fields=("quantity",))
    [change] = read("store change")
    new = change_of(ChangeKind.ADD, *change.add)
    asked = {"document": change.origin.document}
    task = CancelTask(
        id="C-1",
        endpoint=STORE.id,
        at=AT,
        state=TaskState.TERMINATED_WITH_ERROR,
        document="0117.4.20260903.2312.1",
        fault=Fault(code="E_TOO_LATE", what="the order cannot be cancelled any more"),
        past=("warehouse",),
    )
    return {
        "store changed": told_of_a_change(
            NoticeKind.CHANGED,
            command,
            amendment=amendment_of(STORE.id, refused(more), applied(new, number=2), **asked),
        ),
        "store quote": told_of_a_change(
            NoticeKind.INFORMATION_REQUIRED, command, amendment=amendment_of(STORE.id, quote(more), **asked)
        ),
        "store cancelled": told_of_a_change(NoticeKind.CHANGED, command, cancel=task),
    }


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
        **changes(command),
        "store outcomes": StoreAdapter().acknowledge(intake, stamp).body.decode(),
        "store delayed": StoreAdapter().render(notice, stamp).body.decode(),
    }


@pytest.mark.parametrize("name", sorted(made()))
def test_what_the_hub_writes(name):
    """The page shows what comes out, to the last byte."""
    assert made()[name] == written()[name]


SENT = {
    "store change": AmendOrder,
    "store cancel": CancelOrder,
    "store answer": Answer,
    "store question": AskStatus,
}


def test_what_stores_send():
    """What the page says to send is read as it says."""
    assert [RejectedDocument, SubmitOrder] == [type(one) for one in read("store log")]
    assert [[kind] for kind in SENT.values()] == [[type(one) for one in read(name)] for name in SENT]


def test_every_example_is_tested():
    """No example stands in the page that no test looks at."""
    assert {*made(), "store log", *SENT} == set(written())
