"""
Interactions are kept, and what they call for is proposed; a proposal is answered, or the time for it is over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from canonical.codec import decode, encode
from canonical.commands import Answer, Origin, RecordInteraction
from canonical.conversation import Recommendation, RecommendationState
from canonical.errors import Fault, Rejected, shown
from canonical.keys import content_hash, message_id
from canonical.notices import Outcome, Verdict
from canonical.order import ChannelRole, OrderContent, OrderItem, OrderRelationship
from canonical.parties import alias_of
from canonical.states import Action, State
from orderloom.correlation.conversation_port import InteractionRow, RecommendationRow
from orderloom.correlation.drafts import content_of, ended, entry, new_draft, said_by
from orderloom.correlation.port import InboxRow, JournalEntry, Timer
from orderloom.correlation.record import Record
from orderloom.correlation.tell import endpoints_of
from routes.recommendations import on_abandoned, on_interaction

from .asking import decided, may_propose, party_of, propose_all
from .drafting import OURS, in_conversation, submitted, verdict_on
from .keys import said_key
from .unit import Unit

if TYPE_CHECKING:
    from .intake import Judge

__all__ = ["answer", "draft_due", "record_interaction"]

# Before a draft that should have gone on, and could not, is looked at again.
_PAUSE = timedelta(hours=1)

_REPLACES = "replaces"


def record_interaction(judge: Judge, command: RecordInteraction) -> Verdict:
    """Keep what happened, once, and propose what follows from it."""
    unit, origin = judge.unit, command.origin
    party = alias_of(command.party).id
    hash_ = content_hash(encode(msgspec.structs.replace(command, origin=Origin(channel=origin.channel))))
    if (repeat := _said_before(judge, origin, hash_)) is not None:
        return repeat
    unit.talk.load_parties(unit.tx, [party])
    row = InteractionRow(
        id=message_id("interaction", judge.id, str(origin.position)),
        party=party,
        kind=command.kind,
        channel=origin.channel,
        endpoint=origin.endpoint,
        at=min(command.at or unit.now, unit.now),  # a clock that is wrong makes nothing count for ever
        text=command.text,
        native=judge.hash,
    )
    unit.changes.conversation.interactions[row.id] = row
    unit.talk.interactions[party] = (row, *unit.talk.interactions.get(party, ()))
    judge.note("interaction_recorded", command.kind, interaction=row.id, native=judge.hash)
    propose_all(unit, on_interaction(unit.rules.recommendations, command.kind), party, row.id)
    _take(unit, origin, hash_, row.id)
    return Verdict(origin=origin, outcome=Outcome.ACCEPTED)


def answer(judge: Judge, command: Answer) -> Verdict:
    """
    The customer's yes or no to a recommendation.

    Yes orders what was offered, and withdraws the order that waited; no lets it go on.
    """
    unit, origin = judge.unit, command.origin
    hash_ = content_hash(encode(msgspec.structs.replace(command, origin=Origin(channel=origin.channel))))
    if (repeat := _said_before(judge, origin, hash_)) is not None:
        return repeat
    try:
        row, waiting = _asked(unit, command)
        record = (
            _taken(judge, command, row, waiting)
            if command.accepted
            else _declined(judge, command, row, waiting)
        )
    except Rejected as rejected:
        if rejected.code in OURS:
            judge.set_aside(rejected.fault)
            return Verdict(origin=origin, outcome=Outcome.PARKED, fault=rejected.fault)
        return judge.reject(origin, rejected.fault)
    _take(unit, origin, hash_, record.id if record is not None else "")
    if record is None:
        return Verdict(origin=origin, outcome=Outcome.ACCEPTED)
    return verdict_on(unit, origin, Outcome.ACCEPTED, unit.records[record.id].order)


def draft_due(unit: Unit, record: Record, timer: Timer) -> None:
    """A draft lapses, or one that waited for the customer's answer goes on without it."""
    question = timer.data.get("question", "")
    row = unit.talk.recommendations.get(question)
    if record.order.state is not State.DRAFT:
        if row is not None and row.state is RecommendationState.OPEN:
            decided(unit, row, RecommendationState.LAPSED)
        return
    cause = f"{timer.key}|{timer.due.isoformat()}"
    if not question:
        days = unit.hub.limits.draft_for / 86_400
        reason = f"abandoned: nobody has touched it for {days:g} days"
        folded = ended(record, "draft_abandoned", reason, world=unit.world, now=unit.now)
        unit.take(folded, cause)
        propose_all(unit, on_abandoned(unit.rules.recommendations), party_of(record.order), record.id)
    elif row is not None and row.state is RecommendationState.OPEN:
        _go_on(unit, record, row, timer, cause)


def _go_on(unit: Unit, record: Record, row: RecommendationRow, timer: Timer, cause: str) -> None:
    order = msgspec.structs.replace(record.order, state=State.ACKNOWLEDGED, rules_version=unit.rules.version)
    try:
        submitted(unit, order, record, cause=cause, by=order.channel[-1].endpoint)
    except Rejected as rejected:
        text = f"no answer came, and it cannot go on: {rejected}"
        unit.changes.journal.append(JournalEntry(record.id, unit.now, "draft_not_submitted", text))
        unit.later(replace(timer, due=unit.now + _PAUSE))
        return
    text = f"no answer to {decode(row.doc, Recommendation).name} came: the order goes on"
    unit.changes.journal.append(JournalEntry(record.id, unit.now, "recommendation_lapsed", text))
    decided(unit, row, RecommendationState.LAPSED)


def _asked(unit: Unit, command: Answer) -> tuple[RecommendationRow, Record | None]:
    """
    What is answered, and the draft that waits for it.

    Raises:
        Rejected: ``E_NOT_FOUND``: there is no such question for this endpoint; ``E_STATE``: it was answered,
            or its time is over.
    """
    row = unit.talk.recommendations.get(command.question)
    profile = unit.world.endpoints.get(command.origin.endpoint)
    record = unit.records.get(row.order_id) if row is not None else None
    if row is None or profile is None or not _was_told(unit, command, row, record):
        raise Rejected("E_NOT_FOUND", f"no question {shown(command.question)}", "question")
    if row.state is not RecommendationState.OPEN or (record is None and row.valid_until <= unit.now):
        state = row.state if row.state is not RecommendationState.OPEN else RecommendationState.LAPSED
        raise Rejected("E_STATE", f"the recommendation is {state}", "question", "one that is open")
    if command.accepted and record is not None and record.order.state is not State.DRAFT:
        # It went on, or was withdrawn, in another way: it cannot be taken back by a yes.
        what = f"{record.id} does not wait for the answer any more: it is {record.order.state}"
        raise Rejected("E_STATE", what, "question", "a cancel, and an order of what was offered")
    return row, record


def _was_told(unit: Unit, command: Answer, row: RecommendationRow, record: Record | None) -> bool:
    """Whether the endpoint may know of it: it is on the draft's list, or on that of a customer's order."""
    endpoint = command.origin.endpoint
    if record is not None:
        return endpoint in endpoints_of(record.order)
    profile = unit.world.endpoints[endpoint]
    if not may_propose(profile) or profile.channel not in row.channels:
        return False
    return _about(unit, command, row) is not None


def _about(unit: Unit, command: Answer, row: RecommendationRow) -> Record | None:
    """The order of the customer by which the answer names the conversation."""
    endpoint, value = command.origin.endpoint, command.about.value
    ids = unit.found.get(value, ()) or unit.talk.members.get(value, ())
    for one in (unit.records[id_] for id_ in ids if id_ in unit.records):
        party = party_of(one.order)
        if endpoint in endpoints_of(one.order) and party and row.party in _known(unit, party):
            return one
    return None


def _known(unit: Unit, party: str) -> tuple[str, ...]:
    unit.talk.load_parties(unit.tx, [party])
    return unit.talk.known_as(party)


def _taken(judge: Judge, command: Answer, row: RecommendationRow, waiting: Record | None) -> Record:
    """What was offered is ordered; what waited is withdrawn."""
    unit, origin = judge.unit, command.origin
    made = decode(row.doc, Recommendation)
    about = waiting or _about(unit, command, row)
    numbered = origin if origin.document else msgspec.structs.replace(origin, document=row.id)
    item = OrderItem(id="1", action=Action.ADD, product_offering=made.offering)
    content = OrderContent(
        product_order_item=(_filled(unit, item),),
        related_party=about.order.related_party if about is not None else (),
    )
    conversation = about.order.conversation_id if about is not None else ""
    content = said_by(numbered, content)
    order = new_draft(numbered, content, conversation, unit.rules.version, unit.now)
    linked = (OrderRelationship(id=waiting.id, relationship_type=_REPLACES),) if waiting is not None else ()
    order = msgspec.structs.replace(order, state=State.ACKNOWLEDGED, order_relationship=linked)
    record = submitted(unit, order, None, cause=judge.id, by=origin.endpoint)
    judge.note(*judge.kept, order=record.id, native=judge.hash)
    in_conversation(unit, record, origin)
    if waiting is not None:
        reason = f"withdrawn: {made.offering.name or made.offering.id} was taken instead, order {order.id}"
        folded = ended(
            waiting, "draft_withdrawn", reason, world=unit.world, now=unit.now, actor=origin.endpoint
        )
        unit.take(folded, judge.id)
        unit.forget(f"recommend-by|{row.id}")
    decided(unit, row, RecommendationState.TAKEN)
    return record


def _filled(unit: Unit, item: OrderItem) -> OrderItem:
    offering = unit.rules.references.offering(item.product_offering.id, "recommendation")
    named = msgspec.structs.replace(item.product_offering, name=offering.name)
    return msgspec.structs.replace(item, product_offering=named, category=offering.category)


def _declined(judge: Judge, command: Answer, row: RecommendationRow, waiting: Record | None) -> Record | None:
    """The order that waited goes on."""
    unit, origin = judge.unit, command.origin
    if waiting is None or waiting.order.state is not State.DRAFT:
        decided(unit, row, RecommendationState.DECLINED)
        return waiting
    completed = entry(origin, ChannelRole.COMPLETE, content_of(waiting.order), unit.now)
    order = msgspec.structs.replace(
        waiting.order,
        state=State.ACKNOWLEDGED,
        rules_version=unit.rules.version,
        channel=(*waiting.order.channel, completed),
    )
    # First of all, for it may be refused: then nothing is decided, and the order waits on.
    record = submitted(unit, order, waiting, cause=judge.id, by=origin.endpoint)
    decided(unit, row, RecommendationState.DECLINED)
    judge.note("recommendation_declined", f"{row.rule} was declined", order=record.id, question=row.id)
    unit.forget(f"recommend-by|{row.id}")
    return record


# A document that was taken before.


def _said_before(judge: Judge, origin: Origin, hash_: str) -> Verdict | None:
    first = judge.unit.inbox.get(said_key(origin)) if origin.document else None
    if first is None:
        return None
    if first.hash != hash_:
        what = f"{origin.document_type} {shown(origin.document)} was used before, with other content"
        return judge.reject(origin, Fault(code="E_DUPLICATE_ORDER", what=what, where="document number"))
    record = judge.unit.records.get(first.ref)
    if record is None:
        return Verdict(origin=origin, outcome=Outcome.REPEATED)
    return verdict_on(judge.unit, origin, Outcome.REPEATED, record.order)


def _take(unit: Unit, origin: Origin, hash_: str, ref: str) -> None:
    if origin.document:
        unit.taken(InboxRow(said_key(origin), hash_, ref, unit.now, answered_at=unit.now))
