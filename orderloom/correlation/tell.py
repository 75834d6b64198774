"""
Who is told what after a step: one notice of each kind for one order version and endpoint, and a second one
only when what was told since is no longer so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from canonical.notices import Notice, NoticeKind
from canonical.order import Order, every_item
from canonical.references import Endpoint
from canonical.states import Action, State

from .jeopardy import JEOPARDY
from .record import Record

__all__ = ["document_at", "endpoints_of", "notices_of"]

# An order may come to be so more than once, and its last notice shall be its last status.
_OF_STATE = (NoticeKind.INFORMATION_REQUIRED, NoticeKind.DELAYED)

# A part's milestone that customers wait for by name.
_SHIPPED = "shipped"


def notices_of(
    before: Record, order: Order, endpoints: Mapping[str, Endpoint], now: datetime, due: Sequence[str]
) -> tuple[Notice, ...]:
    """
    The notices that the step from ``before`` to ``order`` brings about.

    Args:
        due: Endpoints whose respond-by time has come: they are told ``accepted`` undecided as it is.
    """
    told = {(one.endpoint, one.kind, one.version) for one in before.told}
    told |= {(one.endpoint, one.kind, 0) for one in before.told}  # accepted once, whatever its version
    kinds = tuple(_kinds(before.order, order))
    found = []
    among = endpoints_of(order)
    news = any((one, NoticeKind.ACCEPTED, 0) not in told for one in among)
    if news and _decided(order):
        kinds = (NoticeKind.ACCEPTED, *kinds)
    for endpoint in among:
        profile = endpoints.get(endpoint)
        wished = (NoticeKind.ACCEPTED, *kinds) if endpoint in due else kinds
        for kind in dict.fromkeys(wished):
            if profile is None or kind not in profile.notices:
                continue
            version = 0 if kind is NoticeKind.ACCEPTED else order.version
            if (endpoint, kind, version) in told and not _is_news(before, kind, endpoint, order.state):
                continue
            found.append(
                Notice(
                    kind=kind,
                    endpoint=endpoint,
                    at=now,
                    order=order,
                    document=document_at(order, endpoint),
                    reason=_why_late(before.order, order) if kind is NoticeKind.DELAYED else "",
                )
            )
    return tuple(found)


def _why_late(before: Order, after: Order) -> str:
    """What the alert says that has been given in this step: the one with the new date, if there are two."""
    alerts = after.product_order_jeopardy_alert[len(before.product_order_jeopardy_alert) :]
    dated = [one for one in alerts if one.name == JEOPARDY] or alerts
    return dated[-1].message if dated else ""


def _is_news(before: Record, kind: NoticeKind, endpoint: str, state: State) -> bool:
    """Whether an order is again in a state that was told, and something else was told in between."""
    last = before.last_told(endpoint)
    return kind in _OF_STATE and last is not None and last.state is not state


def endpoints_of(order: Order) -> tuple[str, ...]:
    """The endpoints on the order's channel list: those that see it and are told of it."""
    return tuple(dict.fromkeys(one.endpoint for one in order.channel))


def document_at(order: Order, endpoint: str) -> str:
    """The number under which ``endpoint`` knows the order; the hub's id when it has none of its own."""
    return next((one.id for one in order.external_id if one.owner == endpoint), order.id)


def _kinds(before: Order, after: Order) -> Iterator[NoticeKind]:
    # What a late word shows to have been reached is shown; whoever was told of the end is told nothing more.
    news = after.product_order_milestone[len(before.product_order_milestone) :]
    if not before.state.terminal and any(one.name == _SHIPPED for one in news):
        yield NoticeKind.SHIPPED
    alerts = after.product_order_jeopardy_alert[len(before.product_order_jeopardy_alert) :]
    if any(one.name == JEOPARDY for one in alerts):
        yield NoticeKind.DELAYED
    if after.state is before.state:
        return
    if after.state is State.PENDING:
        yield NoticeKind.INFORMATION_REQUIRED
    elif after.state is State.HELD:
        yield NoticeKind.DELAYED
    elif after.state.terminal:
        yield NoticeKind.ENDED


def _decided(order: Order) -> bool:
    return all(
        one.state is not State.ACKNOWLEDGED
        for one in every_item(order.product_order_item)
        if one.action is not Action.NO_CHANGE
    )
