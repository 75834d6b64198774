"""
The examples in the page on the call centre are what its adapter really reads and writes.
"""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.inbound.callcenter import CallCenterAdapter
from adapters.kit import Native, Stamp
from canonical.amendments import CancelTask, ChangeKind, TaskState
from canonical.commands import AmendOrder, Answer, AskStatus, CancelOrder, RejectedDocument, SubmitOrder
from canonical.errors import Fault
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import ChannelRef, ChannelRole, Milestone, Order, Progress, RelatedChannel
from canonical.states import State
from orderloom.rules import default_folder, load
from tests.adapters.amendments import amendment_of, change_of, quote, refused
from tests.routes.builders import PROFILES

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "callcenter.md"
EXAMPLE = re.compile(r"<!-- example: ([^>]+) -->\n+```(?:xml|text)\n(.*?)```", re.DOTALL)
REFERENCES = load(default_folder(), PROFILES).references
DESK = REFERENCES.endpoints["callcenter.desk"]
AT = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)


def written():
    """All examples by name."""
    return dict(EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))


def read(body):
    [found] = CallCenterAdapter().translate(Native(body=body, content_type="text/xml"), REFERENCES)
    return found


def order(command, state, **changes):
    """The order as the hub has it."""
    content = {name: getattr(command.order, name) for name in command.order.__struct_fields__}
    items = tuple(replace(item, state=state) for item in command.order.product_order_item)
    captured = RelatedChannel(
        role=ChannelRole.CAPTURE, channel=ChannelRef(id="callcenter"), endpoint=DESK.id, at=AT
    )
    said = {
        "id": "OL7M2K0V9C4T1XQ8RD",
        "state": state,
        "version": 1,
        "creation_date": AT,
        "rules_version": "1",
        "channel": (captured,),
        "progress": Progress(done=0, total=3),
        "product_order_item": items,
    }
    return Order(**content | said | changes)


def acknowledged(verdict):
    intake = Intake(endpoint=DESK.id, channel="callcenter", envelope="e", verdicts=(verdict,))
    return CallCenterAdapter().acknowledge(intake, Stamp(at=AT, endpoint=DESK)).body.decode()


def told(kind, **changes):
    notice = Notice(kind=kind, endpoint=DESK.id, at=AT, **changes)
    return CallCenterAdapter().render(notice, Stamp(at=AT, endpoint=DESK)).body.decode()


def told_of_a_change(kind, command, **said):
    """The part of a message behind the order's own status."""
    whole = told(kind, order=order(command, State.IN_PROGRESS), **said)
    part = re.search(r"^ +<data:(SWIOrder(?:Change|Cancel))>.*</data:\1>\n", whole, re.DOTALL | re.MULTILINE)
    assert part is not None
    return textwrap.dedent(part[0])


def changes(command):
    """What became of the page's change and of its cancel."""
    [case] = command.order.product_order_item
    more = change_of(ChangeKind.CHANGE, replace(case, quantity=3), fields=("quantity",))
    task = CancelTask(
        id="C-1",
        endpoint=DESK.id,
        at=AT,
        state=TaskState.TERMINATED_WITH_ERROR,
        document="1-70021",
        fault=Fault(code="E_TOO_LATE", what="the order cannot be cancelled any more"),
        past=("warehouse",),
    )
    return {
        "callcenter changed": told_of_a_change(
            NoticeKind.CHANGED, command, amendment=amendment_of(DESK.id, refused(more), document="1-70021/2")
        ),
        "callcenter quote": told_of_a_change(
            NoticeKind.INFORMATION_REQUIRED,
            command,
            amendment=amendment_of(DESK.id, quote(more), document="1-70021/2"),
        ),
        "callcenter cancelled": told_of_a_change(NoticeKind.CHANGED, command, cancel=task),
    }


def made():
    """All examples of what the hub writes, by name."""
    sent = written()["callcenter order"].encode()
    command, wrong = read(sent), read(sent.replace(b"Phone Case", b"Phone Cover"))
    shipped = Milestone(
        id="1", name="shipped", milestone_date=AT, message="SHP-77120", product_order_item=("1",)
    )
    return {
        "callcenter accepted": acknowledged(
            Verdict(origin=command.origin, outcome=Outcome.ACCEPTED, order=order(command, State.ACKNOWLEDGED))
        ),
        "callcenter fault": acknowledged(
            Verdict(origin=wrong.origin, outcome=Outcome.REJECTED, fault=wrong.fault)
        ),
        **changes(command),
        "callcenter ended": told(
            NoticeKind.ENDED,
            order=order(
                command,
                State.COMPLETED,
                progress=Progress(done=3, total=3),
                completion_date=AT,
                product_order_milestone=(shipped,),
            ),
        ),
    }


@pytest.mark.parametrize("name", sorted(made()))
def test_what_the_hub_writes(name):
    """The page shows what comes out, to the last byte."""
    assert made()[name] == written()[name]


SENT = {
    "callcenter order": SubmitOrder,
    "callcenter change": AmendOrder,
    "callcenter cancel": CancelOrder,
    "callcenter answer": Answer,
    "callcenter question": AskStatus,
}


@pytest.mark.parametrize(("name", "kind"), SENT.items(), ids=list(SENT))
def test_what_the_call_centre_sends(name, kind):
    """What the page says to send is taken."""
    found = read(written()[name].encode())

    assert not isinstance(found, RejectedDocument)
    assert isinstance(found, kind)


def test_every_example_is_tested():
    """No example stands in the page that no test looks at."""
    assert {*made(), *SENT} == set(written())
