"""
The fold of what is not submitted yet: a draft begun, edited, resumed elsewhere, given up.

A draft is an order's record with nothing planned and no lines.  It becomes the order by
:func:`~orderloom.correlation.fold.accept`, under the same id and in the same conversation; who is on its
channel list is told of what others do to it.  Pure, and told the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from canonical.commands import Origin
from canonical.conversation import Recommendation
from canonical.errors import Rejected
from canonical.keys import order_id
from canonical.notices import Notice, NoticeKind
from canonical.order import (
    ChannelRef,
    ChannelRole,
    ExternalId,
    Order,
    OrderContent,
    OrderItem,
    RelatedChannel,
    every_item,
)
from canonical.plan import Plan
from canonical.states import Action, Cause, State

from .fold import numbers_of
from .folded import Announcement, Folded, World
from .merging import Conflict, Merged
from .port import JournalEntry, Timer
from .record import Alias, Record, Told
from .tell import document_at, endpoints_of

__all__ = [
    "ABANDON",
    "ANSWER_BY",
    "abandon_timer",
    "asked",
    "begun",
    "choices_left",
    "content_of",
    "edited",
    "ended",
    "entry",
    "lapsing",
    "new_draft",
    "numbered",
    "overruled",
    "resumed",
    "said_by",
    "with_content",
]

ABANDON, ANSWER_BY = "abandon", "recommend-by"
"""Kinds of timers: a draft lapses, and the time to answer a recommendation is over."""


def lapsing(order: str, now: datetime, seconds: float) -> Timer:
    """When a draft that nobody touches any more is given up."""
    return Timer(abandon_timer(order), now + timedelta(seconds=seconds), ABANDON, order)


def abandon_timer(order: str) -> str:
    """Name of the timer with which a draft lapses."""
    return f"{ABANDON}|{order}"


def content_of(order: Order) -> OrderContent:
    """What was said of an order, without what the hub adds."""
    return OrderContent(**{name: getattr(order, name) for name in OrderContent.__struct_fields__})


def with_content(order: Order, content: OrderContent, **more: Any) -> Order:
    """The order with other content; further fields of it by name."""
    fields = {name: getattr(content, name) for name in OrderContent.__struct_fields__}
    return msgspec.structs.replace(order, **fields, **more)


def said_by(origin: Origin, content: OrderContent) -> OrderContent:
    """A document's content, with the number of the document among its ids."""
    own = ExternalId(owner=origin.endpoint, external_identifier_type=origin.document_type, id=origin.document)
    if not origin.document or own in content.external_id:
        return content
    return msgspec.structs.replace(content, external_id=(own, *content.external_id))


def choices_left(content: OrderContent) -> None:
    """
    Nothing, when of each group of alternatives at most one is left.

    Raises:
        Rejected: ``E_CHOICE``, naming the first group and what is in it.
    """
    groups: dict[str, list[str]] = {}
    for item in every_item(content.product_order_item):
        if item.choice_group and item.action is not Action.NO_CHANGE:
            groups.setdefault(item.choice_group, []).append(item.line_ref or item.id)
    for group, items in groups.items():
        if len(items) > 1:
            what = f"{len(items)} alternatives are left of group {group!r}"
            raise Rejected("E_CHOICE", what, f"item {', '.join(items[:5])}", "one of each group")


def new_draft(origin: Origin, content: OrderContent, conversation: str, rules: str, now: datetime) -> Order:
    """The order document of a draft that begins now."""
    order = Order(
        product_order_item=(),
        id=order_id(origin.endpoint, origin.document_type, origin.document),
        state=State.DRAFT,
        version=1,
        creation_date=now,
        rules_version=rules,
        conversation_id=conversation,
        channel=(entry(origin, ChannelRole.CAPTURE, content, now),),
    )
    return with_content(order, content)


def entry(origin: Origin, role: ChannelRole, content: OrderContent | None, now: datetime) -> RelatedChannel:
    """What an endpoint did for an order, when, and who sat there, if the document says so."""
    agent = content.party("salesAgent") if content is not None else None
    return RelatedChannel(
        role=role,
        channel=ChannelRef(id=origin.channel),
        endpoint=origin.endpoint,
        at=now,
        actor=agent.id if agent else "",
    )


def begun(order: Order, world: World, now: datetime, lapse: float) -> Folded:
    """
    A new draft.

    Args:
        lapse: Seconds until it lapses, unless somebody edits it.
    """
    step = _Step(order, None, world, now)
    step.note("draft_begun", _items(order), actor=order.channel[0].endpoint)
    step.lapse(lapse)
    return step.finish("drafted")


def edited(
    record: Record, merged: Merged, origin: Origin, *, world: World, now: datetime, lapse: float
) -> Folded:
    """A draft as ``merged``; the others on its list are told, and whoever overruled somebody too."""
    order = with_content(record.order, merged.content, version=record.order.version + 1)
    step = _Step(order, record, world, now)
    what = "; ".join(merged.changed) or "nothing that shows"
    step.note("draft_edited", what, actor=origin.endpoint, version=str(order.version))
    step.overruled(merged.conflicts, origin.endpoint, record.order.version)
    others = [one for one in endpoints_of(order) if one != origin.endpoint]
    step.tell(NoticeKind.CHANGED, others, _told_of(merged, origin.channel))
    if merged.conflicts:
        step.tell(NoticeKind.CHANGED, [origin.endpoint], _overruled(merged.conflicts))
    step.lapse(lapse)
    return step.finish("drafted")


def overruled(folded: Folded, conflicts: Iterable[Conflict], by: str, draft: int, world: World) -> Folded:
    """
    A submission that overruled what somebody else had said: the journal has it, and all are told.

    Args:
        draft: The version of the draft in which that stands.
    """
    found = tuple(conflicts)
    if not found:
        return folded
    step = _Step(folded.record.order, folded.record, world, folded.at)
    step.overruled(found, by, draft)
    step.tell(NoticeKind.CHANGED, endpoints_of(folded.record.order), _overruled(found))
    return step.over(folded)


def resumed(record: Record, origin: Origin, world: World, now: datetime) -> Folded:
    """An endpoint that holds the customer's token sees the order from now on, and is told of it."""
    joined = entry(origin, ChannelRole.RESUME, None, now)
    order = msgspec.structs.replace(record.order, channel=(*record.order.channel, joined))
    step = _Step(order, record, world, now)
    step.note("conversation_resumed", f"resumed by {origin.endpoint}", actor=origin.endpoint)
    return step.finish("")


def numbered(record: Record, origin: Origin, world: World, now: datetime) -> Folded:
    """An order that is known by the number of one more document, which asked for the same."""
    order = msgspec.structs.replace(
        record.order, external_id=said_by(origin, content_of(record.order)).external_id
    )
    step = _Step(order, record, world, now)
    if order != record.order:
        # What was said first stays first: it is the number under which its endpoint is told of the order.
        own = (
            *record.order.external_id,
            *(one for one in order.external_id if one not in record.order.external_id),
        )
        step.order = msgspec.structs.replace(order, external_id=own)
        step.note("submitted_again", f"as {origin.document_type} {origin.document}", actor=origin.endpoint)
    return step.finish("")


def asked(
    order: Order,
    record: Record | None,
    question: Recommendation,
    origin: Origin,
    *,
    world: World,
    now: datetime,
) -> Folded:
    """
    An order that is kept as a draft until the customer has answered; the asking endpoint gets the question.
    """
    step = _Step(msgspec.structs.replace(order, state=State.DRAFT), record, world, now)
    what = f"kept as a draft: {question.name} is proposed first"
    step.note("recommendation_asked", what, actor=origin.endpoint, question=question.id)
    step.tell(NoticeKind.INFORMATION_REQUIRED, [origin.endpoint], question.reason, recommendation=question)
    step.clear(abandon_timer(order.id))
    if question.answer_by is not None:
        step.due(f"{ANSWER_BY}|{question.id}", ANSWER_BY, question.answer_by, question=question.id)
    return step.finish("drafted")


def ended(
    record: Record, event: str, reason: str, *, world: World, now: datetime, actor: str = "hub"
) -> Folded:
    """A draft that was given up: cancelled, cause customer; ``event`` is the journal's word."""
    order = msgspec.structs.replace(
        record.order,
        state=State.CANCELLED,
        cause=Cause.CUSTOMER,
        cancellation_date=now,
        product_order_item=tuple(map(_cancelled, record.order.product_order_item)),
    )
    step = _Step(order, record, world, now)
    step.note(event, reason, actor=actor)
    step.tell(NoticeKind.ENDED, endpoints_of(order), reason)
    step.clear(abandon_timer(order.id))
    return step.finish("abandoned")


def _cancelled(item: OrderItem) -> OrderItem:
    return msgspec.structs.replace(
        item,
        state=State.CANCELLED,
        cause=Cause.CUSTOMER,
        product_order_item=tuple(map(_cancelled, item.product_order_item)),
    )


@dataclass(slots=True)
class _Step:
    """One step on a draft."""

    order: Order
    record: Record | None
    world: World
    now: datetime
    journal: list[JournalEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)

    def note(self, event: str, text: str, actor: str = "hub", **data: str) -> None:
        self.journal.append(JournalEntry(self.order.id, self.now, event, text, data, actor))

    def overruled(self, conflicts: Iterable[Conflict], by: str, version: int) -> None:
        """The earlier of two values is in the journal: itself, or by the version of the draft that has it."""
        for one in conflicts:
            facts = {"field": one.path, "version": str(version)}
            if one.plain:
                facts |= {"earlier": one.earlier, "later": one.later}
            text = str(one) if one.plain else f"{one.path} (as it is in version {version} of the draft)"
            self.note("draft_overruled", text, actor=by, **facts)

    def tell(
        self,
        kind: NoticeKind,
        endpoints: Iterable[str],
        reason: str,
        recommendation: Recommendation | None = None,
    ) -> None:
        for endpoint in endpoints:
            profile = self.world.endpoints.get(endpoint)
            if profile is None or kind not in profile.notices:
                continue
            self.notices.append(
                Notice(
                    kind=kind,
                    endpoint=endpoint,
                    at=self.now,
                    order=self.order,
                    document=document_at(self.order, endpoint),
                    reason=reason,
                    recommendation=recommendation,
                )
            )

    def lapse(self, seconds: float) -> None:
        self.timers.append(lapsing(self.order.id, self.now, seconds))

    def due(self, key: str, kind: str, at: datetime, **data: str) -> None:
        self.timers.append(Timer(key, at, kind, self.order.id, data))

    def clear(self, timer: str) -> None:
        self.cleared.append(timer)

    def finish(self, event: str) -> Folded:
        """The record afterwards; with ``event`` the change is announced."""
        announced = [Announcement("orders", event, self.order)] if event else []
        if self.record is None or self.record.order.state is not self.order.state:
            announced.append(Announcement("status", self.order.state, self.order))
        return Folded(
            record=self._record(),
            at=self.now,
            notices=tuple(self.notices),
            announcements=tuple(announced),
            journal=tuple(self.journal),
            timers=tuple(self.timers),
            cleared=tuple(self.cleared),
        )

    def over(self, folded: Folded) -> Folded:
        """What this step says, after what another fold has said."""
        return Folded(
            record=self._record(),
            at=folded.at,
            dispatches=folded.dispatches,
            notices=(*folded.notices, *self.notices),
            announcements=folded.announcements,
            journal=(*folded.journal, *self.journal),
            timers=folded.timers,
            cleared=folded.cleared,
        )

    def _record(self) -> Record:
        told = tuple(
            Told(
                endpoint=one.endpoint,
                kind=one.kind,
                version=self.order.version,
                at=self.now,
                state=self.order.state,
            )
            for one in self.notices
        )
        numbers = (Alias(owner="hub", type="orderId", value=self.order.id), *numbers_of(self.order))
        if self.record is None:
            plan = Plan(rules_version=self.order.rules_version, parts=())
            return Record(
                order=self.order, plan=plan, lines=(), told=told, aliases=tuple(dict.fromkeys(numbers))
            )
        known = self.record.aliases
        return msgspec.structs.replace(
            self.record,
            order=self.order,
            told=(*self.record.told, *told),
            aliases=(*known, *(one for one in dict.fromkeys(numbers) if one not in known)),
        )


def _items(order: Order) -> str:
    count = len(order.product_order_item)
    return f"a draft of {count} item{'' if count == 1 else 's'}"


def _told_of(merged: Merged, channel: str) -> str:
    """What others are told: by which channel, and not by whom there."""
    said = f"changed by {channel}: {'; '.join(merged.changed)}"
    if merged.conflicts:
        said += f" - overruled: {'; '.join(map(str, merged.conflicts))}"
    return said[:_MOST]


def _overruled(conflicts: Iterable[Conflict]) -> str:
    return f"changed by others too, and overruled: {'; '.join(map(str, conflicts))}"[:_MOST]


# Characters of a reason: formats cut it, and the journal has the rest.
_MOST = 1000
