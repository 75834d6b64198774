"""
A conversation as endpoints are told of it, for the tests of every channel that takes part in one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from canonical.commands import Origin
from canonical.conversation import ConversationView, Interaction, Recommendation
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import (
    ChannelRef,
    ChannelRole,
    Characteristic,
    OfferingRef,
    Order,
    OrderItem,
    Product,
    RelatedChannel,
)
from canonical.states import Action, State

__all__ = ["DRAFT", "NOON", "ORDER", "asking", "draft_notice", "resumed"]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

# Which document of a channel asks what was said so far.
_ASKS = {
    "web": "ConversationResumeRequest",
    "kiosk": "kioskResume",
    "callcenter": "SWIConversationQuery",
    "store": "CustomerOrderResume",
}


def _item(id_, **more):
    facts = {"action": Action.ADD, "product_offering": OfferingRef(id="HANDSET-A", name="Handset A")}
    return OrderItem(id=id_, **facts | more)


DRAFT = Order(
    id="OL1",
    state=State.DRAFT,
    version=2,
    creation_date=NOON,
    rules_version="r",
    conversation_id="CV0123456789ABCDEF",
    channel=(
        RelatedChannel(
            role=ChannelRole.CAPTURE, channel=ChannelRef(id="web"), endpoint="web.portal", at=NOON
        ),
    ),
    product_order_item=(
        _item(
            "1",
            quantity=2,
            choice_group="phone",
            product=Product(product_characteristic=(Characteristic(name="color", value="black"),)),
        ),
        _item("other", action=Action.DELETE),
    ),
)
ORDER = replace(DRAFT, id="OL2", state=State.ACKNOWLEDGED, version=1)

_OFFER = Recommendation(
    id="rec|1",
    name="month-free",
    offering=OfferingRef(id="MONTH-FREE", name="One month free"),
    made=NOON,
    valid_until=NOON + timedelta(days=1),
    text="Stay.",
    reason="The customer complained",
    apology="We are sorry.",
    answer_by=NOON + timedelta(days=1),
)


def resumed(endpoint, fault=""):
    """The answer to Resume."""
    channel = endpoint.partition(".")[0]
    view = ConversationView(
        id=DRAFT.conversation_id,
        draft=DRAFT,
        orders=(ORDER,),
        interactions=(
            Interaction(
                id="i",
                kind="complaint",
                at=NOON,
                channel="callcenter",
                endpoint="callcenter.desk",
                text="too slow",
            ),
        ),
        recommendations=(_OFFER,),
        token="R-2",
        token_until=NOON + timedelta(days=7),
    )
    return Notice(
        kind=NoticeKind.STATUS,
        endpoint=endpoint,
        at=NOON,
        order=None if fault else DRAFT,
        origin=Origin(
            channel=channel,
            endpoint=endpoint,
            document_type=_ASKS[channel],
            document="Q-1",
            details={"receipt": "0117.4.20260302.7"},
        ),
        fault=Fault(code=fault, what="the token is unknown, was used, or has run out") if fault else None,
        asked="R-1",
        conversation=None if fault else view,
    )


def asking(endpoint):
    """An order waits for the customer's answer."""
    return Notice(
        kind=NoticeKind.INFORMATION_REQUIRED,
        endpoint=endpoint,
        at=NOON,
        order=DRAFT,
        document="7",
        reason=_OFFER.reason,
        recommendation=_OFFER,
    )


def draft_notice(endpoint):
    """Another channel has changed the draft."""
    reason = "changed by store: item 1 quantity"
    return Notice(
        kind=NoticeKind.CHANGED, endpoint=endpoint, at=NOON, order=DRAFT, document="7", reason=reason
    )
