"""
Small builders for the fold: a world of three systems, orders of a few items, parts, replies and a clock.

Builders leave out what a sentence does not speak of; every value they make up is the same each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from canonical.calendars import Calendar
from canonical.commands import Origin, SubmitOrder
from canonical.notices import NoticeKind
from canonical.order import ErrorMessage, OfferingRef, Order, OrderContent, OrderItem, every_item
from canonical.plan import OnFallout, PartPlan, Plan, Reason
from canonical.references import Endpoint
from canonical.replies import LineReply, Receipt, Reference, Reply
from canonical.states import Action, State
from canonical.systems import Attachment, Meaning, Repeat, SystemProfile
from orderloom.correlation.fold import accept, draft_order, fold_receipt, fold_timer
from orderloom.correlation.fold_reply import fold_reply
from orderloom.correlation.folded import Folded, World
from orderloom.correlation.port import Timer
from orderloom.correlation.record import Line, Record

__all__ = [
    "ALL_KINDS",
    "ANSWER_WITHIN",
    "ENDPOINT",
    "NOON",
    "RESPOND_BY",
    "Story",
    "endpoint",
    "item",
    "order_of",
    "part",
    "plan_of",
    "profile",
    "receipt",
    "reply",
    "world",
]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENDPOINT = "web.portal"
RESPOND_BY = 7200
ANSWER_WITHIN = 3600
ALL_KINDS = tuple(kind for kind in NoticeKind if kind is not NoticeKind.STATUS)

# One word for each thing a system can mean; `shipped` is a milestone on the way, `delivered` the end.
WORDS: Mapping[str, Meaning] = {
    "working": Meaning(state=State.IN_PROGRESS),
    "shipped": Meaning(state=State.IN_PROGRESS, milestone="shipped"),
    "delivered": Meaning(state=State.COMPLETED, milestone="delivered"),
    "done": Meaning(state=State.COMPLETED),
    "substituted": Meaning(state=State.COMPLETED, code="E_SYSTEM_REFUSED"),
    "ask": Meaning(state=State.PENDING, code="E_SYSTEM_REFUSED"),
    "backorder": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
    "no": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED"),
}


def profile(name: str, repeat: Repeat = Repeat.KEY) -> SystemProfile:
    """A system that speaks :data:`WORDS` and names instructions by their reference."""
    return SystemProfile(
        name=name,
        attachment=Attachment.QUEUE,
        words=WORDS,
        reference_type="reference",
        repeat=repeat,
        answer_within=ANSWER_WITHIN,
        milestones=("picked", "shipped", "delivered"),
    )


def endpoint(name: str = ENDPOINT, notices: Sequence[NoticeKind] = ALL_KINDS) -> Endpoint:
    """An endpoint that wants these notices, within two hours."""
    return Endpoint(
        id=name,
        channel=name.split(".", maxsplit=1)[0],
        out_queue=f"channel.{name}.out",
        notices=tuple(notices),
        respond_by=RESPOND_BY,
    )


def world(
    repeat: Repeat = Repeat.KEY,
    *,
    notices: Sequence[NoticeKind] = ALL_KINDS,
    calendars: Sequence[Calendar] = (),
    hold_after: float = 0.0,
) -> World:
    """Systems ``crm``, ``net``, ``tv``, ``store`` and ``bill``, one endpoint, and calendars."""
    systems = ("crm", "net", "tv", "store", "bill")
    return World(
        profiles={name: profile(name, repeat) for name in systems},
        endpoints={ENDPOINT: endpoint(notices=notices)},
        calendars=lambda version: {one.name: one for one in calendars},
        hold_after=hold_after,
    )


def item(name: str, *nested: OrderItem, action: Action = Action.ADD, offering: str = "") -> OrderItem:
    """An item with nested ones, of an offering of its own."""
    return OrderItem(
        id=name,
        action=action,
        product_offering=OfferingRef(id=offering or f"offer-{name}"),
        product_order_item=nested,
    )


def order_of(
    *items: OrderItem | str,
    document: str = "PO-1",
    starts: datetime | None = None,
    wanted_by: datetime | None = None,
) -> Order:
    """An order that the web portal has just submitted."""
    content = OrderContent(
        product_order_item=tuple(item(one) if isinstance(one, str) else one for one in items),
        requested_start_date=starts,
        requested_completion_date=wanted_by,
    )
    origin = Origin(channel="web", endpoint=ENDPOINT, document_type="ProductOrder", document=document)
    return draft_order(SubmitOrder(origin=origin, order=content), content, "rules-1", NOON)


def part(
    name: str,
    items: Sequence[str],
    *after: str,
    system: str = "",
    optional: bool = False,
    on_fallout: OnFallout = OnFallout.HOLD,
    answer_within: int | None = None,
    due: str = "",
    calendar: str = "",
    check: bool = False,
    valid_for: int | None = None,
) -> PartPlan:
    """A part for a system of the same name; :func:`plan_of` numbers it."""
    return PartPlan(
        name=name,
        number=1,
        system=system or name,
        items=tuple(items),
        reason=Reason(route=f"route-{name}", rules_version="rules-1", clause=f"{name} is wanted"),
        after=after,
        optional=optional,
        on_fallout=on_fallout,
        answer_within=answer_within,
        due=due,
        calendar=calendar,
        check=check,
        valid_for=valid_for,
    )


def plan_of(*parts: PartPlan) -> Plan:
    """The plan of these parts, numbered in their order."""
    numbered = (msgspec.structs.replace(one, number=number) for number, one in enumerate(parts, start=1))
    return Plan(rules_version="rules-1", parts=tuple(numbered))


def reply(
    record: Record,
    about: str,
    word: str = "",
    *,
    outputs: Mapping[str, str] | None = None,
    gives: Sequence[str] = (),
    reason: str = "",
    **lines: str,
) -> Reply:
    """
    What the system of part ``about`` says: one word for all its lines, or ``line_1="no"`` for line 1.
    """
    planned = record.part(about)
    return Reply(
        system=planned.system,
        key=f"{about}|{word}|{sorted(lines.items())}",
        about=(Reference(type="reference", value=f"{record.id}-{planned.number}"),),
        word=word,
        lines=tuple(
            LineReply(word=said, line=int(name.removeprefix("line_"))) for name, said in lines.items()
        ),
        gives=tuple(Reference(type="given", value=value) for value in gives),
        outputs=outputs or {},
        reason=reason,
    )


def receipt(record: Record, about: str, **more: object) -> Receipt:
    """The system of part ``about`` got its instruction; ``fault`` when it could not read it."""
    planned = record.part(about)
    reference = Reference(type="reference", value=f"{record.id}-{planned.number}")
    return msgspec.convert(
        {"system": planned.system, "key": f"receipt|{about}", "about": [msgspec.to_builtins(reference)]}
        | {name: msgspec.to_builtins(value) for name, value in more.items()},
        Receipt,
    )


class Story:
    """
    One order from its acceptance on: each act folds one thing into it, a minute after the one before.

    ``last`` is what the last act brought about; ``acts`` is everything that any act has.
    """

    def __init__(self, order: Order, *parts: PartPlan, among: World | None = None) -> None:
        self.world = among or world()
        self.now = NOON
        self.acts: list[Folded] = []
        self.last = self.took(accept(order, plan_of(*parts), self.world, self.now))

    def says(self, about: str, word: str = "", **more: object) -> Folded:
        """The system of a part replies."""
        return self.hears(reply(self.record, about, word, **more))  # type: ignore[arg-type]

    def hears(self, what: Reply | Receipt) -> Folded:
        """A reply or a receipt comes in."""
        self.now += timedelta(minutes=1)
        fold = fold_reply if isinstance(what, Reply) else fold_receipt
        return self.took(fold(self.record, what, self.world, self.now))  # type: ignore[operator]

    def due(self, kind: str, part_or_endpoint: str = ENDPOINT) -> Folded:
        """The newest timer of this kind for a part, or for an endpoint, has come."""
        timer = self.timers(kind, part_or_endpoint)[-1]
        self.now = max(self.now, timer.due)
        return self.took(fold_timer(self.record, timer, self.world, self.now))

    def timers(self, kind: str, part_or_endpoint: str = ENDPOINT) -> list[Timer]:
        """Every timer of this kind that was ever set for a part or an endpoint."""
        keys = {one.key for one in self.record.instructions if one.part == part_or_endpoint}
        return [
            timer
            for act in self.acts
            for timer in act.timers
            if timer.kind == kind
            and (timer.data.get("key") in keys or part_or_endpoint in (timer.order_id, *timer.data.values()))
        ]

    def took(self, folded: Folded) -> Folded:
        """What a fold has made of the order is how it is from now on."""
        self.acts.append(folded)
        self.last = folded
        return folded

    @property
    def record(self) -> Record:
        """The order as it is now, with everything that hangs on it."""
        return self.acts[-1].record

    @property
    def order(self) -> Order:
        """The order document."""
        return self.record.order

    @property
    def state(self) -> State:
        """The order's state."""
        return self.order.state

    def line(self, name: str, of: str = "1") -> Line:
        """The line of a part for an item."""
        return next(line for line in self.record.lines if line.key == (name, of))

    def lines(self) -> dict[str, str]:
        """The state of each line, by ``part/item``."""
        return {f"{line.part}/{line.item}": line.state.value for line in self.record.lines}

    def items(self) -> dict[str, str]:
        """The state of each item, nested ones too."""
        return {one.id: one.state.value for one in every_item(self.order.product_order_item) if one.state}

    def sent(self) -> list[str]:
        """What was sent so far: part names, with ``#2`` for a second attempt."""
        return [
            one.instruction.part + (f"#{one.attempt}" if one.attempt > 1 else "")
            for act in self.acts
            for one in act.dispatches
        ]

    def told(self) -> list[tuple[str, str]]:
        """The notices so far: kind, and the order state it showed."""
        return [
            (one.kind.value, one.order.state.value)
            for act in self.acts
            for one in act.notices
            if one.order is not None
        ]

    def announced(self) -> list[str]:
        """The announcements so far, ``exchange event``."""
        return [f"{one.exchange} {one.event}" for act in self.acts for one in act.announcements]

    def journal(self) -> list[str]:
        """The journal's events so far."""
        return [entry.event for act in self.acts for entry in act.journal]

    def errors(self) -> list[ErrorMessage]:
        """What the order shows to be wrong."""
        return list(self.order.product_order_error_message)
