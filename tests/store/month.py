"""
A month of orders for the reports: small enough to be counted by hand, and what was counted.

=====  ========  =========================================================================================
order  channel   what became of it
=====  ========  =========================================================================================
1      web       internet in 1 h, billed; wished within 2 h: kept; nothing went wrong
2      web       internet held twice by its system, retried; done in 10 h, wished within 2 h: not kept
3      partner   internet done in 3 h, its billing still held since then: not billed
4      partner   internet done, its television failed, so that nobody bills it: partial, still provisioned
5      web       cancelled by the customer, and internet was not taken back: still provisioned
6      partner   open: internet of 3, of which 1 is done, in Austin, promised for week 50; two handsets
7      web       open: handsets to Springfield, and no date
8      web       done long before this month
9      web       a draft
10     web       a draft that lapsed
=====  ========  =========================================================================================
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from canonical import order as o
from canonical.plan import PartPlan, Plan, Reason
from canonical.states import Action, Cause, State
from canonical.systems import Verb
from orderloom.correlation.port import Changes, JournalEntry
from orderloom.correlation.record import Alias, Instructed, Line, Record
from tests.store.orders import order_id

__all__ = ["BEGINS", "ENDS", "month"]

BEGINS = datetime(2026, 12, 1, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=30)

_WHY = Reason(route="r", rules_version="r1", clause="any")
_HOUR = timedelta(hours=1)


def _item(name: str, offering: str, quantity: int = 1, place: str = "") -> o.OrderItem:
    where = (o.Place(role="deliveryAddress", place=_address(place)),) if place else ()
    return o.OrderItem(
        id=name,
        action=Action.ADD,
        product_offering=o.OfferingRef(id=offering),
        quantity=quantity,
        product=o.Product(place=where),
        state=State.IN_PROGRESS,
    )


def _address(place: str) -> o.Address:
    country, state, city = place.split()
    return o.Address(name="Åse Ødegård", street="Elm 1", city=city, state_or_province=state, country=country)


def _order(
    number: int,
    channel: str,
    state: State,
    lines: list[tuple[str, str, str, State, float, dict[str, object]]],
    *,
    items: tuple[o.OrderItem, ...] = (),
    begins: datetime = BEGINS,
    wished: float | None = None,
    place: str = "",
    attempt: int = 1,
) -> Record:
    """``lines``: part, system, item, state, hours after the beginning, and what else."""
    parts: dict[str, PartPlan] = {}
    for name, system, item, *_ in lines:
        known = parts.get(name)
        optional = name == "extra"
        parts[name] = (
            replace(known, items=(*known.items, item))
            if known
            else PartPlan(
                name=name,
                number=len(parts) + 1,
                system=system,
                items=(item,),
                reason=_WHY,
                optional=optional,
            )
        )
    endpoint = f"{channel}.one"
    order = o.Order(
        id=order_id(number),
        state=state,
        version=1,
        creation_date=begins,
        rules_version="r1",
        product_order_item=items or (_item("1", "NET-500"),),
        place=(o.Place(role="installationAddress", place=_address(place)),) if place else (),
        requested_completion_date=None if wished is None else begins + wished * _HOUR,
        channel=(
            o.RelatedChannel(
                role=o.ChannelRole.CAPTURE, channel=o.ChannelRef(id=channel), endpoint=endpoint, at=begins
            ),
        ),
    )
    return Record(
        order=order,
        plan=Plan(rules_version="r1", parts=tuple(parts.values())),
        lines=tuple(
            Line(part=part, item=item, number=1, state=state, since=begins + hours * _HOUR, sent=True, **more)
            for part, _, item, state, hours, more in lines
        ),
        instructions=(
            Instructed(
                key=f"{number}:internet",
                part="internet",
                system="oss.internet",
                verb=Verb.DO,
                reference=f"{number}-1",
                sent_at=begins,
                attempt=attempt,
            ),
        ),
        aliases=(Alias(owner=endpoint, type="number", value=f"N{number}"),),
    )


def _net(state: State, hours: float, item: str = "1", **more: object):
    return ("internet", "oss.internet", item, state, hours, more)


def _bill(state: State, hours: float, **more: object):
    return ("billing", "billing", "1", state, hours, more)


def _held(number: int, event: str, actor: str, text: str, **data: str) -> JournalEntry:
    return JournalEntry(order_id(number), BEGINS, event, text, data, actor)


def month() -> Changes:
    """All that happened."""
    done, held, open_ = State.COMPLETED, State.HELD, State.IN_PROGRESS
    phones = ("devices", "warehouse", "2", State.ACKNOWLEDGED, 0.0, {})
    records = [
        _order(1, "web", done, [_net(done, 0.5), _bill(done, 1)], wished=2),
        _order(2, "web", done, [_net(done, 9), _bill(done, 10)], wished=2, attempt=2),
        _order(3, "partner", held, [_net(done, 3), _bill(held, 3, code="E_NO_ANSWER")]),
        _order(
            4,
            "partner",
            State.PARTIAL,
            [
                _net(done, 1),
                ("tv", "oss.tv", "1", State.FAILED, 5, {}),
                _bill(State.CANCELLED, 5, cause=Cause.FALLOUT),
            ],
        ),
        _order(
            5,
            "web",
            State.COMPLETED,
            [_net(done, 1), _bill(State.CANCELLED, 2, cause=Cause.CUSTOMER)],
        ),
        _order(
            6,
            "partner",
            open_,
            [_net(open_, 1, quantity=1), phones],
            items=(_item("1", "NET-500", 3, "US TX Austin"), _item("2", "HANDSET-A", 2)),
            wished=24 * 9,
            place="US IL Springfield",
        ),
        _order(
            7,
            "web",
            State.ACKNOWLEDGED,
            [(*phones[:2], "1", *phones[3:])],
            items=(_item("1", "HANDSET-A"),),
            place="US IL Springfield",
        ),
        _order(8, "web", done, [_net(done, 1), _bill(done, 1)], begins=BEGINS - timedelta(days=90)),
        _order(9, "web", State.DRAFT, []),
        _order(10, "web", State.CANCELLED, []),
    ]
    journal = [
        _held(2, "reply_folded", "oss.internet", "said", state="held", code="E_SYSTEM_REFUSED", word="no"),
        _held(2, "fallout", "hub", "internet: silent", code="E_NO_ANSWER", system="oss.internet"),
        _held(2, "fallout", "hub", "internet: silent", code="E_NO_ANSWER"),
        _held(2, "retried", "cli:ada", "told again", act="a1"),
        _held(1, "reply_folded", "oss.internet", "said", state="completed", word="done"),
        _held(10, "draft_abandoned", "hub", "abandoned"),
        _held(4, "fallout", "hub", "tv: no port", code="E_SYSTEM_REFUSED", part="tv", system="oss.tv"),
    ]
    return Changes(records=[(None, one) for one in records], journal=journal)
