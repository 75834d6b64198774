"""
Drafts: saved, edited in several places, and submitted once.

A document means a draft by its own number, or by the conversation that it names.  What a draft becomes can be
planned only when it is loaded, so that this is done within the transaction; planning is pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from canonical.codec import decode, encode
from canonical.commands import Origin, SaveDraft, SubmitOrder
from canonical.conversation import is_conversation
from canonical.errors import Rejected, shown
from canonical.keys import conversation_id, order_id
from canonical.notices import Outcome, Verdict
from canonical.order import ChannelRole, Order, OrderContent, OrderItem, every_item
from canonical.parties import aliases_of
from canonical.states import State
from orderloom.correlation.conversation_port import DraftRow, SeenRow, TokenRow
from orderloom.correlation.drafts import (
    abandon_timer,
    asked,
    begun,
    choices_left,
    content_of,
    edited,
    entry,
    new_draft,
    numbered,
    overruled,
    resumed,
    said_by,
    with_content,
)
from orderloom.correlation.fold import accept
from orderloom.correlation.merging import Conflict, Merged, merge
from orderloom.correlation.port import InboxRow
from orderloom.correlation.record import Record
from orderloom.correlation.tell import endpoints_of
from routes.catalogue import check_growth, fill
from routes.plan import make_plan
from routes.recommendations import on_order

from .asking import party_of, propose, propose_all, question_for
from .items import FromChannel, Submission
from .keys import business_key
from .parties import belongs
from .replying import fold_waiting
from .tokens import draft_of, issue, spend, valid
from .unit import Unit

if TYPE_CHECKING:
    from .intake import Judge

__all__ = [
    "DRAFT",
    "OURS",
    "concerns",
    "granted",
    "held_back",
    "in_conversation",
    "judge_draft",
    "judged_anew",
    "proposed_by",
    "seen",
    "submitted",
    "verdict_on",
]

DRAFT = "draft:"
"""How the hash of an inbox row begins whose document was kept as a draft."""

OURS = frozenset({"E_NO_ROUTE", "E_ITEM_NOT_ROUTED"})
"""Faults of the rules: the sender is not to blame, and the message is kept for a person."""


def concerns(unit: Unit, submission: Submission) -> bool:
    """Whether a document is a draft, completes one, or belongs to a conversation that it names."""
    if isinstance(submission.command, SaveDraft) or submission.command.conversation:
        return True
    first = unit.inbox.get(business_key(submission.command.origin))
    return first is not None and first.hash.startswith(DRAFT)


def judged_anew(unit: Unit, item: FromChannel) -> bool:
    """
    Whether bytes that came before are about a draft, and mean something else now.

    Where a format has no control numbers, whoever changes a draft back sends the same bytes again.  And a
    draft that could not be submitted as it was may be another by now.
    """
    if item.delivery.redelivered:
        return False
    return any(_means_more(unit, one, item.hash) for one in item.documents if isinstance(one, Submission))


def _means_more(unit: Unit, one: Submission, digest: str) -> bool:
    origin = one.command.origin
    first = unit.inbox.get(business_key(origin))
    if first is None or first.hash == one.hash:
        return False
    if isinstance(one.command, SaveDraft):
        return origin.envelope in ("", digest)
    return first.hash.startswith(DRAFT)


def seen(unit: Unit, order: str, endpoint: str, version: int) -> None:
    """An endpoint has this version of a draft before its eyes; 0 when it knows that it is one no more."""
    key = (order, endpoint)
    if unit.talk.seen.get(key, 0) != version:
        unit.talk.seen[key] = version
        unit.changes.conversation.seen[key] = SeenRow(order, endpoint, version)


def judge_draft(judge: Judge, submission: Submission) -> Verdict:
    """The verdict on a document that :func:`concerns` drafts."""
    command = submission.command
    try:
        if not command.origin.document:
            raise Rejected("E_KEY_MISSING", "the document has no number", command.origin.document_type)
        if isinstance(command, SaveDraft):
            return _save(judge, submission, command)
        return _submit(judge, submission, command)
    except Rejected as rejected:
        if rejected.code in OURS:
            judge.set_aside(rejected.fault)
            return Verdict(origin=command.origin, outcome=Outcome.PARKED, fault=rejected.fault)
        return judge.reject(command.origin, rejected.fault)


def verdict_on(unit: Unit, origin: Origin, outcome: Outcome, order: Order) -> Verdict:
    """A verdict on what was taken, with a token for the customer where the format has a word for one."""
    row = issue(unit, origin.endpoint, order.conversation_id, draft_of(order))
    token = unit.talk.minted[row.hash] if row is not None else ""
    return Verdict(origin=origin, outcome=outcome, order=order, order_id=order.id, token=token)


def in_conversation(unit: Unit, record: Record, origin: Origin) -> None:
    """An order that belongs to a conversation from its first moment."""
    order = record.order
    members = unit.talk.members.get(order.conversation_id, ())
    if order.id not in members:
        unit.talk.members[order.conversation_id] = (*members, order.id)
    belongs(unit, order.conversation_id, origin.endpoint, aliases_of(order.related_party), order.id)


def granted(unit: Unit, row: TokenRow, origin: Origin) -> None:
    """Whoever shows a customer's token sees the conversation's drafts and open orders from now on."""
    for id_ in unit.talk.members.get(row.conversation, ()):
        record = unit.records.get(id_)
        if record is None or record.order.state.terminal or origin.endpoint in endpoints_of(record.order):
            continue
        unit.take(resumed(record, origin, unit.world, unit.now), f"{row.hash}|{id_}")
    spend(unit, row, origin)


# Saving.


def _save(judge: Judge, submission: Submission, command: SaveDraft) -> Verdict:
    unit, origin = judge.unit, command.origin
    first = unit.inbox.get(business_key(origin))
    if first is not None and first.hash == submission.hash:
        record = unit.records[first.ref]
        judge.repeated(first, record)
        return verdict_on(unit, origin, Outcome.REPEATED, record.order)
    found, conversation, token = _meant(unit, command, first)
    if found is None:
        record = _begin(judge, command, conversation, token)
    elif found.order.state is State.DRAFT:
        record = _edit(judge, command, found, token)
    else:
        raise _no_draft(found.order)
    _take_key(unit, submission, record.id)
    return verdict_on(unit, origin, Outcome.ACCEPTED, record.order)


def _begin(judge: Judge, command: SaveDraft, conversation: str, token: TokenRow | None) -> Record:
    unit, origin = judge.unit, command.origin
    content = _filled(unit, said_by(origin, command.order))
    own = order_id(origin.endpoint, origin.document_type, origin.document)
    order = new_draft(origin, content, conversation or conversation_id(own), unit.rules.version, unit.now)
    record = unit.take(begun(order, unit.world, unit.now, unit.hub.limits.draft_for), judge.id)
    _kept(judge, record, origin)
    in_conversation(unit, record, origin)
    if token is not None:
        granted(unit, token, origin)
    return record


def _edit(judge: Judge, command: SaveDraft, record: Record, token: TokenRow | None) -> Record:
    unit, origin = judge.unit, command.origin
    merged = _merged(unit, command, record)
    filled = _filled(unit, merged.content)
    if token is not None:
        granted(unit, token, origin)
        record = unit.records[record.id]
    if filled != content_of(record.order):
        merged = Merged(filled, merged.changed, merged.conflicts)
        lapse = unit.hub.limits.draft_for
        folded = edited(record, merged, origin, world=unit.world, now=unit.now, lapse=lapse)
        record = unit.take(folded, judge.id)
        _kept(judge, record, origin)
    seen(unit, record.id, origin.endpoint, record.order.version)
    in_conversation(unit, record, origin)
    return record


def _merged(unit: Unit, command: SaveDraft | SubmitOrder, record: Record) -> Merged:
    """The draft with what a document says, made from the version that its sender had before its eyes."""
    endpoint, seen = command.origin.endpoint, unit.talk.seen
    version = command.base if command.base is not None else seen.get((record.id, endpoint), 0)
    base = _version(unit, record, version)
    others = {number for (id_, other), number in seen.items() if id_ == record.id and other != endpoint}
    reserved = {item.id for number in others for item in _items(_version(unit, record, number))}
    said = said_by(command.origin, command.order)
    if endpoint != record.order.channel[0].endpoint:
        # An item has one line number of an endpoint's own: that of whoever captured the order.
        items = tuple(map(_unnumbered, said.product_order_item))
        said = msgspec.structs.replace(said, product_order_item=items)
    current = content_of(record.order)
    merged = merge(base, current, said, reserved)
    check_growth(merged.content, current)
    return merged


def _version(unit: Unit, record: Record, number: int) -> OrderContent | None:
    """A version of a draft; None when there is no such."""
    rows = unit.talk.drafts.get(record.id, ())
    found = next((decode(row.content, OrderContent) for row in rows if row.version == number), None)
    if found is None and number == record.order.version:
        return content_of(record.order)  # one that the hub has made
    return found


def _items(content: OrderContent | None) -> Iterator[OrderItem]:
    return every_item(content.product_order_item if content is not None else ())


def _unnumbered(item: OrderItem) -> OrderItem:
    nested = tuple(map(_unnumbered, item.product_order_item))
    return msgspec.structs.replace(item, line_ref="", product_order_item=nested)


def _filled(unit: Unit, content: OrderContent) -> OrderContent:
    """
    With names and categories; a draft may be empty, and need not ask for anything yet.

    Raises:
        Rejected: What the catalogue refuses.
    """
    if not content.product_order_item:
        return content
    return fill(content, unit.rules.references, draft=True)


def _kept(judge: Judge, record: Record, origin: Origin) -> None:
    """Keep this version of the draft, and that its maker has seen it."""
    unit, order = judge.unit, record.order
    content = encode(content_of(order))
    row = DraftRow(record.id, order.version, origin.endpoint, unit.now, content, judge.hash)
    unit.talk.drafts[record.id] = (*unit.talk.drafts.get(record.id, ()), row)
    unit.changes.conversation.drafts.append(row)
    judge.note(*judge.kept, order=record.id, native=judge.hash)
    seen(unit, record.id, origin.endpoint, order.version)


# Submitting.


def _submit(judge: Judge, submission: Submission, command: SubmitOrder) -> Verdict:
    unit, origin = judge.unit, command.origin
    first = unit.inbox.get(business_key(origin))
    if first is not None and (first.hash == submission.hash or not first.hash.startswith(DRAFT)):
        return judge.same_number(submission, first)
    found, conversation, token = _meant(unit, command, first)
    outcome = Outcome.ACCEPTED
    if found is None:
        record = _order_anew(judge, command, conversation)
    elif found.order.state is State.DRAFT:
        record = _complete(judge, command, found)
    else:
        record, outcome = _once(judge, command, found), Outcome.REPEATED
    if token is not None:
        granted(unit, token, origin)
    _take_key(unit, submission, record.id)
    return verdict_on(unit, origin, outcome, unit.records[record.id].order)


def _order_anew(judge: Judge, command: SubmitOrder, conversation: str) -> Record:
    """Another order of a conversation that has no draft."""
    unit, origin = judge.unit, command.origin
    content = fill(said_by(origin, command.order), unit.rules.references)
    choices_left(content)
    order = msgspec.structs.replace(
        new_draft(origin, content, conversation, unit.rules.version, unit.now), state=State.ACKNOWLEDGED
    )
    return held_back(judge, order) or _carried_out(judge, order, None)


def _complete(judge: Judge, command: SubmitOrder, draft: Record) -> Record:
    """The draft becomes the order that it was going to be, as its last document would have it."""
    unit, origin = judge.unit, command.origin
    merged = _merged(unit, command, draft)
    content = fill(merged.content, unit.rules.references)
    choices_left(content)
    order = with_content(
        draft.order,
        content,
        state=State.ACKNOWLEDGED,
        rules_version=unit.rules.version,
        version=draft.order.version + (content != content_of(draft.order)),
        channel=(*draft.order.channel, entry(origin, ChannelRole.COMPLETE, content, unit.now)),
    )
    return held_back(judge, order, draft) or _carried_out(judge, order, draft, merged.conflicts)


def _carried_out(
    judge: Judge, order: Order, draft: Record | None, conflicts: Sequence[Conflict] = ()
) -> Record:
    unit, origin = judge.unit, judge.origin
    record = submitted(unit, order, draft, cause=judge.id, by=origin.endpoint, conflicts=conflicts)
    judge.note(*judge.kept, order=record.id, native=judge.hash)
    in_conversation(unit, record, origin)
    if draft is not None:
        seen(unit, record.id, origin.endpoint, 0)
    return record


def submitted(
    unit: Unit,
    order: Order,
    draft: Record | None,
    *,
    cause: str,
    by: str,
    conflicts: Sequence[Conflict] = (),
) -> Record:
    """
    Plan an order and carry it out.

    Args:
        cause: Id of what brought it about; ``by``: the endpoint that did.
        conflicts: What it overruled.

    Raises:
        Rejected: It cannot be planned, and nothing was done.
    """
    plan = make_plan(order, unit.rules, unit.hub.profiles())
    folded = accept(order, plan, unit.world, unit.now, draft)
    version = draft.order.version if draft is not None else 0
    record = unit.take(overruled(folded, conflicts, by, version, unit.world), cause)
    unit.forget(abandon_timer(order.id))
    fold_waiting(unit, record)
    proposed_by(unit, order)
    return unit.records[record.id]


def proposed_by(unit: Unit, order: Order) -> None:
    """Propose to its customer what follows from an order that was taken."""
    propose_all(unit, on_order(unit.rules.recommendations, order), party_of(order), order.id)


def held_back(judge: Judge, order: Order, draft: Record | None = None) -> Record | None:
    """
    The draft that an order is kept as while something is proposed to its customer first; None lets it go on.

    Once a customer has been asked about an order he is not asked again.
    """
    unit, origin = judge.unit, judge.origin
    found = question_for(unit, order, origin)
    party = party_of(order)
    if found is None or any(row.order_id == order.id for row in unit.talk.proposed.get(party, ())):
        return None
    make_plan(order, unit.rules, unit.hub.profiles())  # what could not go on is not asked about
    rule, question = found
    conversation = order.conversation_id or conversation_id(order.id)
    order = msgspec.structs.replace(order, conversation_id=conversation)
    folded = asked(order, draft, question, origin, world=unit.world, now=unit.now)
    record = unit.take(folded, judge.id)
    propose(unit, rule, question, party, order.id)
    _kept(judge, record, origin)
    in_conversation(unit, record, origin)
    return record


def _once(judge: Judge, command: SubmitOrder, record: Record) -> Record:
    """
    A draft that was submitted before, here or elsewhere, is one order all the same.

    Raises:
        Rejected: ``E_STATE``: the document says something else than what was submitted.
    """
    unit, origin = judge.unit, command.origin
    if not record.plan.parts or _merged(unit, command, record).changed:
        raise _no_draft(record.order)
    return unit.take(numbered(record, origin, unit.world, unit.now), judge.id)


def _take_key(unit: Unit, submission: Submission, order: str) -> None:
    key = business_key(submission.command.origin)
    unit.taken(InboxRow(key, submission.hash, order, unit.now, answered_at=unit.now))


# Which draft is meant.


def _meant(
    unit: Unit, command: SaveDraft | SubmitOrder, first: InboxRow | None
) -> tuple[Record | None, str, TokenRow | None]:
    """
    The draft that a document means (or what has become of it), its conversation, and the token that it shows.

    Raises:
        Rejected: ``E_STATE``, ``E_TOKEN``; ``E_NOT_FOUND`` for a conversation that its sender has no part in.
    """
    origin, text = command.origin, command.conversation
    if first is not None:
        record = unit.records[first.ref]
        if not first.hash.startswith(DRAFT):
            raise _no_draft(record.order)
        return record, record.order.conversation_id, None
    if not text:
        return None, "", None
    if is_conversation(text):
        own = [one for one in _members(unit, text) if origin.endpoint in endpoints_of(one.order)]
        if not own:
            raise Rejected("E_NOT_FOUND", f"no conversation {shown(text)}", "conversation")
        return _draft_of(unit, own, origin.endpoint), text, None
    token = valid(unit, text, origin)
    if token.order_id:
        return unit.records.get(token.order_id), token.conversation, token
    return _draft_of(unit, _members(unit, token.conversation), origin.endpoint), token.conversation, token


def _members(unit: Unit, conversation: str) -> list[Record]:
    return [unit.records[id_] for id_ in unit.talk.members.get(conversation, ()) if id_ in unit.records]


def _draft_of(unit: Unit, records: Sequence[Record], endpoint: str) -> Record | None:
    """
    The draft that was begun last.

    Without one: the order that was submitted elsewhere while ``endpoint`` had its draft before its eyes.
    """
    drafts = [one for one in records if one.order.state is State.DRAFT]
    if drafts:
        return drafts[-1]
    gone = [one for one in records if one.plan.parts and unit.talk.seen.get((one.id, endpoint))]
    return gone[-1] if gone else None


def _no_draft(order: Order) -> Rejected:
    what = f"draft {order.id} was given up"
    allowed = "a new number"
    if order.state is not State.CANCELLED or order.progress.total:
        what, allowed = f"{order.id} was submitted, and is {order.state}", "a change of the order"
    return Rejected("E_STATE", what, "document number", allowed)
