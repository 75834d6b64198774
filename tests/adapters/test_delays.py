"""
It will be late: every channel hears the new date and the reason, in its own format.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import msgspec
import pytest

from adapters.inbound.callcenter import CallCenterAdapter
from adapters.inbound.directmail import DirectMailAdapter
from adapters.inbound.kiosk import KioskAdapter
from adapters.inbound.partner import PartnerAdapter
from adapters.inbound.store import StoreAdapter
from adapters.inbound.web import WebAdapter
from adapters.kit import Stamp
from adapters.kit.specimens import AT, order_of
from canonical.commands import Origin
from canonical.notices import Notice, NoticeKind
from canonical.order import JeopardyAlert, OfferingRef, OrderContent, OrderItem
from canonical.states import Action, State
from orderloom.rules import default_folder, load
from tests.mapped.world import ONE, adapter
from tests.routes.builders import PROFILES

SHIPPED = load(default_folder(), PROFILES).references.endpoints
NEW_DATE = datetime(2026, 9, 9, 18, tzinfo=UTC)
WHY = "internet was due 2026-09-03 10:00 UTC"
MAPPED = adapter(
    "csv", ('value = "error.text"', 'value = "reason"'), ('value = "error.code"', 'value = "order.expected"')
)

TOLD = {
    "web.portal": (WebAdapter(), "utf-8"),
    "callcenter.desk": (CallCenterAdapter(), "utf-8"),
    "store.0117": (StoreAdapter(), "utf-8"),
    "kiosk.mall-1": (KioskAdapter(), "utf-8"),
    "directmail.printco": (DirectMailAdapter(), "cp037"),
    "partner.acme": (PartnerAdapter(), "ascii"),
    "agent.one": (MAPPED, "utf-8"),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_new_date_and_the_reason_are_told(name):
    """While nothing is held: a forecast alone has passed the promised day."""
    made, page = TOLD[name]
    profile = SHIPPED.get(name, ONE)
    origin = Origin(channel=profile.channel, endpoint=name, document_type="850", document="PO-1")
    item = OrderItem(id="1", action=Action.ADD, product_offering=OfferingRef(id="INTERNET-500"))
    late = JeopardyAlert(
        id="2.1",
        name="jeopardy",
        alert_date=AT,
        message=f"{WHY}; expected 2026-09-09 18:00 UTC, wanted by 2026-09-05 00:00 UTC",
        product_order_item=("1",),
    )
    order = msgspec.structs.replace(
        order_of(OrderContent(product_order_item=(item,)), origin, State.IN_PROGRESS),
        expected_completion_date=NEW_DATE,
        product_order_jeopardy_alert=(late,),
        product_order_error_message=(),
    )
    notice = Notice(
        kind=NoticeKind.DELAYED, endpoint=name, at=AT, order=order, document="PO-1", reason=late.message
    )
    native = made.render(notice, Stamp(at=AT, numbers=defaultdict(lambda: 7), endpoint=profile))
    text = native.body.decode(page)

    assert WHY.casefold() in " ".join(text.split()).casefold()
    assert [day for day in ("2026-09-09", "20260909", "09/09/2026", "09.09.2026") if day in text]


def test_no_shipped_channel_is_forgotten():
    """One that comes later belongs here."""
    assert {one.channel for one in SHIPPED.values()} <= {SHIPPED.get(name, ONE).channel for name in TOLD}
