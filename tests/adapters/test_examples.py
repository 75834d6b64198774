"""
The examples in the pages on channels and systems are what the adapters really read and write.

An example stands in a fenced block under a comment that names it: ``<!-- example: web order -->``.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Native, Stamp
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.amendments import CancelTask, ChangeKind, TaskState
from canonical.commands import RejectedDocument, SubmitOrder
from canonical.errors import Fault
from canonical.instructions import InstructionLine
from canonical.keys import instruction_key, order_id
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import (
    ChannelRef,
    ChannelRole,
    Characteristic,
    ExternalId,
    JeopardyAlert,
    Milestone,
    OfferingRef,
    Order,
    Product,
    Progress,
    RelatedChannel,
)
from canonical.states import State
from tests.adapters.amendments import amendment_of, applied, change_of, quote, refused
from tests.adapters.catalogue import WEB_PORTAL
from tests.adapters.instructions import CUSTOMER, DOOR, HOME, changing, instruction, line, turned, undoing
from tests.adapters.web_orders import read

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
PAGES = ("docs/channels/web.md", "docs/systems/crm.md", "docs/systems/oss-internet.md")
EXAMPLE = re.compile(r"<!-- example: ([^>]+) -->\n+```json\n(.*?)```", re.DOTALL)
AT = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)

CASE = read((FIXTURES / "web" / "case.json").read_bytes())
CASES = InstructionLine(number=1, item=CASE.order.product_order_item[0])
FIBRE = line(
    offering="INTERNET-500",
    product=Product(
        product_characteristic=(Characteristic(name="downloadMbps", value="500", value_type="integer"),),
        place=(HOME,),
    ),
)
ORDER = order_id("web.portal", "ProductOrder", "C-2291-08")


def written():
    """All examples by name, parsed."""
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    return {name: json.loads(block) for page in pages for name, block in EXAMPLE.findall(page)}


def order(state, **changes):
    """The order for two cases, as the hub has it."""
    content = {name: getattr(CASE.order, name) for name in CASE.order.__struct_fields__}
    items = [msgspec.structs.replace(item, state=state) for item in CASE.order.product_order_item]
    captured = RelatedChannel(
        role=ChannelRole.CAPTURE, channel=ChannelRef(id="web"), endpoint="web.portal", at=AT
    )
    said = {
        "id": ORDER,
        "state": state,
        "version": 1,
        "creation_date": AT,
        "rules_version": "1",
        "channel": (captured,),
        "progress": Progress(done=0, total=2),
        "product_order_item": tuple(items),
    }
    return Order(**content | said | changes)


def acknowledged(verdict):
    intake = Intake(endpoint="web.portal", channel="web", envelope="e", verdicts=(verdict,))
    return json.loads(WebAdapter().acknowledge(intake, Stamp(at=AT, endpoint=WEB_PORTAL)).body)


def told(kind, **changes):
    notice = Notice(kind=kind, endpoint="web.portal", at=AT + timedelta(hours=2), **changes)
    stamp = Stamp(at=AT + timedelta(hours=2, seconds=1), endpoint=WEB_PORTAL)
    return json.loads(WebAdapter().render(notice, stamp).body)


def instructed(adapter, one):
    return json.loads(adapter.instruct(one, Stamp(at=AT)).body)


def part(system, name, number, *lines):
    return instruction(
        system,
        name,
        key=instruction_key(ORDER, name, "do", 0),
        reference=f"{ORDER}-{number}",
        order_id=ORDER,
        position=f"{number}/2",
        lines=lines,
        related_party=(CUSTOMER,),
        place=(DOOR,),
        external_id=(ExternalId(owner="web", external_identifier_type="cartId", id="C-2291-08"),),
        requested_completion_date=datetime(2026, 9, 4, 18, tzinfo=UTC),
    )


def changed(told, *lines, verb="modify"):
    """What changes a part of the page's order, or takes it back, under the key that it has."""
    one = undoing(told, *lines) if verb == "undo" else changing(told, *lines)
    return msgspec.structs.replace(one, key=instruction_key(ORDER, told.part, verb, 1))


def told_of(what, kind=NoticeKind.CHANGED, **said):
    """What stands beside the order in an event about a change or a cancel."""
    return told(kind, order=order(State.IN_PROGRESS), **said)["event"][what]


def changes():
    """What became of the page's change: it was made, or half of it, or waits for a yes; and of its cancel."""
    more = change_of(ChangeKind.CHANGE, msgspec.structs.replace(CASES.item, quantity=3), fields=("quantity",))
    [router] = read((FIXTURES / "web" / "change.json").read_bytes()).add
    settled = (applied(more), refused(change_of(ChangeKind.ADD, router), number=2))
    task = CancelTask(
        id="9b2f7c1e",
        endpoint="web.portal",
        at=AT,
        state=TaskState.TERMINATED_WITH_ERROR,
        document="C-2291-08",
        reason="found it cheaper",
        fault=Fault(code="E_TOO_LATE", what="the order cannot be cancelled any more"),
        past=("warehouse",),
    )
    asked = {"document": "P-1", "base": 1}
    return {
        "web amendment": told_of("amendment", amendment=amendment_of("web.portal", *settled, **asked)),
        "web quote": told_of(
            "amendment",
            NoticeKind.INFORMATION_REQUIRED,
            amendment=amendment_of("web.portal", quote(more), **asked),
        ),
        "web cancelled": told_of("cancelProductOrder", cancel=task),
    }


def made():
    """All examples of what the hub writes, by name."""
    wrong = read((FIXTURES / "web" / "case.json").read_bytes().replace(b"CASE-01", b"CASE-99"))
    shipped = Milestone(
        id="1",
        name="shipped",
        milestone_date=AT + timedelta(hours=2),
        message="SHP-77120",
        product_order_item=("1",),
    )
    late = JeopardyAlert(
        id="1",
        name="late",
        alert_date=AT + timedelta(hours=2),
        message="warehouse: backordered until 8 September",
        product_order_item=("1",),
    )
    ended = AT + timedelta(hours=2)
    crm = part("crm", "crm", 1, CASES)
    internet = part("oss.internet", "internet", 2, FIBRE)
    faster = turned(FIBRE, product_offering=OfferingRef(id="INTERNET-1000"))
    return {
        "web accepted": acknowledged(
            Verdict(origin=CASE.origin, outcome=Outcome.ACCEPTED, order=order(State.ACKNOWLEDGED))
        ),
        "web error": acknowledged(Verdict(origin=wrong.origin, outcome=Outcome.REJECTED, fault=wrong.fault)),
        "web ended": told(
            NoticeKind.ENDED,
            order=order(
                State.COMPLETED,
                progress=Progress(done=2, total=2),
                completion_date=ended,
                product_order_milestone=(shipped,),
            ),
        ),
        "web delayed": told(
            NoticeKind.DELAYED,
            reason=late.message,
            order=order(
                State.HELD,
                expected_completion_date=datetime(2026, 9, 9, 18, tzinfo=UTC),
                product_order_jeopardy_alert=(late,),
            ),
        ),
        "web unknown": told(NoticeKind.STATUS, asked="C-2291-99"),
        **changes(),
        "crm instruction": instructed(CrmAdapter(), crm),
        "crm change": instructed(CrmAdapter(), changed(crm, turned(CASES, quantity=3))),
        "oss instruction": instructed(OssInternetAdapter(), internet),
        "oss change": instructed(OssInternetAdapter(), changed(internet, faster)),
        "oss cancel": instructed(OssInternetAdapter(), changed(internet, FIBRE, verb="undo")),
    }


@pytest.mark.parametrize("name", sorted(made()))
def test_what_the_hub_writes(name):
    """The page shows what comes out, to the last property."""
    assert made()[name] == written()[name]


PORTALS_SEND = ("web order", "web change", "web cancel", "web answer", "web question")


@pytest.mark.parametrize("name", PORTALS_SEND)
def test_what_portals_send(name):
    """What the page says to send is taken."""
    assert not isinstance(read(written()[name]), RejectedDocument)


def test_the_order_is_the_one_that_is_answered():
    """The page's order and its answers belong together."""
    found = read(written()["web order"])

    assert isinstance(found, SubmitOrder)
    assert CASE.order == found.order


@pytest.mark.parametrize(
    ("adapter", "name"),
    [
        (CrmAdapter(), "crm result"),
        (CrmAdapter(), "crm result by line"),
        (CrmAdapter(), "crm result of a change"),
        (OssInternetAdapter(), "oss answer"),
        (OssInternetAdapter(), "oss error"),
        (OssInternetAdapter(), "oss event"),
        (OssInternetAdapter(), "oss offer event"),
        (OssInternetAdapter(), "oss changed event"),
        (OssInternetAdapter(), "oss past"),
        (OssInternetAdapter(), "oss cancel answer"),
        (OssInternetAdapter(), "oss cancel event"),
    ],
)
def test_what_systems_say(adapter, name):
    """The page's replies are read, in words that the page's table has."""
    body = json.dumps(written()[name]).encode()
    found = list(adapter.read_reply(Native(body=body, content_type="application/json")))

    assert {adapter.profile.name} == {one.system for one in found}
    assert {getattr(one, "word", "OK") or "OK" for one in found} <= {*adapter.profile.words, "OK"}


def test_every_example_is_tested():
    """No example stands in a page that no test looks at."""
    read_ones = {
        *PORTALS_SEND,
        "crm result",
        "crm result by line",
        "crm result of a change",
        "oss answer",
        "oss error",
        "oss event",
        "oss offer event",
        "oss changed event",
        "oss past",
        "oss cancel answer",
        "oss cancel event",
    }

    assert read_ones | set(made()) == set(written())
