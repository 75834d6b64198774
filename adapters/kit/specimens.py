"""
Specimens: one notice of every kind and one intake of every outcome, about an order that a sample asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from canonical.commands import Origin
from canonical.errors import Fault
from canonical.keys import order_id
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import (
    ChannelRef,
    ChannelRole,
    ErrorMessage,
    JeopardyAlert,
    Milestone,
    Order,
    OrderContent,
    OrderItem,
    Progress,
    RelatedChannel,
    every_item,
)
from canonical.states import Cause, State

__all__ = ["AT", "intakes", "notices", "order_of"]

# Any instant will do; nobody asks a clock.
AT = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)

_FAULT = Fault(code="E_OFFERING", what="unknown offering 'X'", where="line 1", allowed="an offering id")
_UNKNOWN = Fault(code="E_NOT_FOUND", what="no order is known by 'X-1'", where="asked")
_STATES: Mapping[NoticeKind, State] = {
    NoticeKind.ACCEPTED: State.ACKNOWLEDGED,
    NoticeKind.INFORMATION_REQUIRED: State.PENDING,
    NoticeKind.DELAYED: State.HELD,
    NoticeKind.SHIPPED: State.IN_PROGRESS,
    NoticeKind.CHANGED: State.IN_PROGRESS,
    NoticeKind.ENDED: State.COMPLETED,
    NoticeKind.STATUS: State.IN_PROGRESS,
}


def order_of(content: OrderContent, origin: Origin, state: State) -> Order:
    """The hub's order for ``content``, with all its items in ``state`` and something in every list."""
    said = {name: getattr(content, name) for name in content.__struct_fields__}
    said["product_order_item"] = tuple(_in_state(item, state) for item in content.product_order_item)
    ids = tuple(item.id for item in every_item(content.product_order_item))
    ended = state.terminal
    return Order(
        **said,
        id=order_id(origin.endpoint, origin.document_type, origin.document),
        state=state,
        version=2,
        creation_date=AT,
        rules_version="specimen",
        cause=Cause.FALLOUT if state is State.CANCELLED else None,
        channel=(
            RelatedChannel(
                role=ChannelRole.CAPTURE,
                channel=ChannelRef(id=origin.channel),
                endpoint=origin.endpoint or origin.channel,
                at=AT,
            ),
        ),
        progress=Progress(done=len(ids) * ended, total=len(ids)),
        expected_completion_date=None if ended else AT + timedelta(days=3),
        completion_date=AT if ended else None,
        product_order_milestone=(
            Milestone(id="1", name="shipped", milestone_date=AT, message="SHP-1", product_order_item=ids),
        ),
        product_order_jeopardy_alert=(
            JeopardyAlert(id="1", name="late", alert_date=AT, message="stock", product_order_item=ids[:1]),
        ),
        product_order_error_message=(
            ErrorMessage(
                code="E_NO_ANSWER", reason="no answer from crm", timestamp=AT, product_order_item=ids
            ),
        ),
    )


def notices(content: OrderContent, origin: Origin) -> Mapping[str, Notice]:
    """A notice of each kind, the ends one for each terminal state, and the status of an unknown order."""
    told = {
        kind.value: _notice(kind, origin, order_of(content, origin, state)) for kind, state in _STATES.items()
    }
    ends = {
        f"ended {state.value}": _notice(NoticeKind.ENDED, origin, order_of(content, origin, state))
        for state in State
        if state.terminal
    }
    refused = {
        "rejected": msgspec.structs.replace(_notice(NoticeKind.REJECTED, origin, None), fault=_FAULT),
        "status unknown": msgspec.structs.replace(_notice(NoticeKind.STATUS, origin, None), fault=_UNKNOWN),
    }
    return told | ends | refused


def intakes(content: OrderContent, origins: Sequence[Origin]) -> Mapping[str, Intake]:
    """An intake of ``origins`` for each outcome, one with them mixed, and one with nothing to say."""
    verdicts = {
        outcome: tuple(_verdict(outcome, content, origin) for origin in origins) for outcome in Outcome
    }
    mixed = tuple(
        verdicts[outcome][n]
        for n, outcome in zip(range(len(origins)), 2 * (Outcome.REJECTED, Outcome.ACCEPTED), strict=False)
    )
    first = origins[0]
    told = {outcome.value: verdicts[outcome] for outcome in Outcome} | {"mixed": mixed, "nothing": ()}
    return {
        name: Intake(endpoint=first.endpoint, channel=first.channel, envelope=first.envelope, verdicts=these)
        for name, these in told.items()
    }


def _notice(kind: NoticeKind, origin: Origin, order: Order | None) -> Notice:
    return Notice(
        kind=kind,
        endpoint=origin.endpoint,
        at=AT,
        order=order,
        origin=origin,
        asked="X-1" if kind is NoticeKind.STATUS else "",
        document=origin.document,
        reason="the reason, in words",
    )


def _verdict(outcome: Outcome, content: OrderContent, origin: Origin) -> Verdict:
    if outcome in {Outcome.ACCEPTED, Outcome.REPEATED}:
        return Verdict(origin=origin, outcome=outcome, order=order_of(content, origin, State.ACKNOWLEDGED))
    return Verdict(origin=origin, outcome=outcome, fault=_FAULT)


def _in_state(item: OrderItem, state: State) -> OrderItem:
    inside = tuple(_in_state(one, state) for one in item.product_order_item)
    return msgspec.structs.replace(item, state=state, product_order_item=inside)
