"""
Resume: what was said so far, for whoever may know it.

Who shows a customer's token sees the conversation from now on, and is told of its orders.  Anybody else sees
what is its own; of a conversation, an order or a customer in which it has no part it learns nothing, not even
whether there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from canonical.codec import decode
from canonical.commands import Resume
from canonical.conversation import (
    TOKEN_TYPE,
    ConversationView,
    Interaction,
    Recommendation,
    RecommendationState,
    is_conversation,
    is_token,
)
from canonical.errors import Rejected, shown
from canonical.notices import Notice, NoticeKind, Outcome, Verdict
from canonical.parties import PARTY_TYPES, PartyAlias, alias_of, aliases_of
from canonical.references import Endpoint
from canonical.states import State
from orderloom.correlation.conversation_port import InteractionRow, RecommendationRow
from orderloom.correlation.record import Record
from orderloom.correlation.tell import document_at, endpoints_of

from .asking import may_propose
from .changing import questions
from .drafting import granted, seen
from .outgoing import Tell
from .tokens import issue, valid
from .unit import Unit

if TYPE_CHECKING:
    from .intake import Judge

__all__ = ["resume"]

# What a person can take in at once.
_ORDERS, _SHOWN = 20, 10


@dataclass(frozen=True, slots=True)
class _Found:
    """What an asker may see; ``party`` is the alias by which it named the customer, if it did."""

    records: tuple[Record, ...]
    party: str = ""


def resume(judge: Judge, ask: Resume) -> Verdict:
    """Answer on the asker's out queue, with the id of its message as ``correlation_id``."""
    unit, origin = judge.unit, ask.origin
    view: ConversationView | None = None
    fault = None
    try:
        view = _view(unit, ask, _found(unit, ask))
    except Rejected as rejected:
        fault = rejected.fault
    order = view.draft or next(iter(view.orders[-1:]), None) if view else None
    notice = Notice(
        kind=NoticeKind.STATUS,
        endpoint=origin.endpoint,
        at=unit.now,
        order=order,
        origin=origin,
        fault=fault,
        asked=ask.about.value,
        document=document_at(order, origin.endpoint) if order is not None else "",
        conversation=view,
    )
    cause = f"{judge.id}|{origin.position}|{unit.now.isoformat()}"
    unit.outgoing.append(Tell(notice, cause=cause, correlation=judge.asked_by))
    for one in view.orders if view is not None else ():
        unit.outgoing += questions(unit, one.id, origin.endpoint, cause)
    return Verdict(origin=origin, outcome=Outcome.ACCEPTED)


def _found(unit: Unit, ask: Resume) -> _Found:
    """
    The orders and drafts that the asker may see of what it names.

    Raises:
        Rejected: ``E_TOKEN``; ``E_NOT_FOUND`` when there is nothing, and when there is nothing for it.
    """
    value, type_, endpoint = ask.about.value, ask.about.type, ask.origin.endpoint
    if type_ == TOKEN_TYPE or is_token(value):
        token = valid(unit, value, ask.origin)
        granted(unit, token, ask.origin)
        return _Found(_own(unit, unit.talk.members.get(token.conversation, ()), endpoint))
    if is_conversation(value):
        found = _Found(_own(unit, unit.talk.members.get(value, ()), endpoint))
    else:
        found = _by_alias(unit, ask)
    if not found.records and not _told_by(unit, found.party, endpoint):
        raise Rejected(
            "E_NOT_FOUND", f"nothing is known by {shown(value)}", "", "an id that is yours, or a token"
        )
    return found


def _by_alias(unit: Unit, ask: Resume) -> _Found:
    """By a number of an order, failing that by an alias of the customer: each exactly."""
    value, type_, endpoint = ask.about.value, ask.about.type, ask.origin.endpoint
    if type_ not in PARTY_TYPES:
        own = _own(unit, unit.found.get(value, ()), endpoint)
        if own or type_:
            talks = [one.order.conversation_id for one in own if one.order.conversation_id]
            others = [id_ for one in talks for id_ in unit.talk.members.get(one, ())]
            return _Found(_own(unit, [*(one.id for one in own), *others], endpoint))
    alias = PartyAlias(PARTY_TYPES[type_], value) if type_ else alias_of(value)
    known = unit.talk.known_as(alias.id)
    members = [
        id_
        for one in unit.talk.conversations.values()
        if one.party in known
        for id_ in _members(unit, one.id)
    ]
    return _Found(_own(unit, members, endpoint), alias.id)


def _members(unit: Unit, conversation: str) -> tuple[str, ...]:
    return unit.talk.members.get(conversation, ())


def _own(unit: Unit, ids: Iterable[str], endpoint: str) -> tuple[Record, ...]:
    found = (unit.records[one] for one in dict.fromkeys(ids) if one in unit.records)
    return tuple(one for one in found if endpoint in endpoints_of(one.order))


def _view(unit: Unit, ask: Resume, found: _Found) -> ConversationView:
    endpoint = ask.origin.endpoint
    going = [one for one in found.records if not one.order.state.terminal]
    drafts = sorted(
        (one for one in going if one.order.state is State.DRAFT), key=lambda one: _edited_at(unit, one)
    )
    last = drafts[-1] if drafts else None
    others = sorted((one for one in going if one is not last), key=lambda one: one.order.creation_date)
    for one in found.records:
        _shown(unit, one, endpoint)
    newest = [*found.records[-1:], *others[-1:], *drafts[-1:]]
    conversation = newest[-1].order.conversation_id if newest else ""
    profile = unit.world.endpoints[endpoint]
    parties = _parties(unit, found)
    token = issue(unit, endpoint, conversation, last.id if last is not None else "")
    return ConversationView(
        id=conversation,
        draft=last.order if last is not None else None,
        orders=tuple(one.order for one in others[-_ORDERS:]),
        interactions=_interactions(unit, parties, profile, all_=bool(found.records)),
        recommendations=_recommendations(unit, parties, profile) if found.records else (),
        token=unit.talk.minted[token.hash] if token is not None else "",
        token_until=token.expires if token is not None else None,
    )


def _edited_at(unit: Unit, record: Record) -> tuple[float, str]:
    rows = unit.talk.drafts.get(record.id, ())
    return (rows[-1].at if rows else record.order.creation_date).timestamp(), record.id


def _shown(unit: Unit, record: Record, endpoint: str) -> None:
    """What is shown is what its next document is made from; of an order, that it is a draft no more."""
    if record.order.state is State.DRAFT:
        seen(unit, record.id, endpoint, record.order.version)
    elif unit.talk.seen.get((record.id, endpoint)):
        seen(unit, record.id, endpoint, 0)


def _parties(unit: Unit, found: _Found) -> tuple[str, ...]:
    """The customers of these orders, by all their aliases."""
    named = [alias.id for one in found.records for alias in aliases_of(one.order.related_party)]
    rows = (unit.talk.conversations.get(one.order.conversation_id) for one in found.records)
    named += [row.party for row in rows if row is not None and row.party]
    named += [found.party] if found.party else []
    unit.talk.load_parties(unit.tx, named)
    return tuple(dict.fromkeys(id_ for one in named for id_ in unit.talk.known_as(one)))


def _told_by(unit: Unit, party: str, endpoint: str) -> bool:
    """Whether an endpoint has recorded something about a customer: that it may see again."""
    ids = unit.talk.known_as(party) if party else ()
    return any(row.endpoint == endpoint for one in ids for row in unit.talk.interactions.get(one, ()))


def _interactions(
    unit: Unit, parties: Sequence[str], profile: Endpoint, *, all_: bool
) -> tuple[Interaction, ...]:
    rows = [row for one in parties for row in unit.talk.interactions.get(one, ())]
    if not all_ or not may_propose(profile):
        rows = [row for row in rows if row.endpoint == profile.id]
    rows.sort(key=lambda row: (row.at, row.id), reverse=True)
    return tuple(map(_interaction, rows[:_SHOWN]))


def _interaction(row: InteractionRow) -> Interaction:
    return Interaction(
        id=row.id, kind=row.kind, at=row.at, channel=row.channel, endpoint=row.endpoint, text=row.text
    )


def _recommendations(unit: Unit, parties: Sequence[str], profile: Endpoint) -> tuple[Recommendation, ...]:
    if not may_propose(profile):
        return ()
    rows = [row for one in parties for row in unit.talk.proposed.get(one, ())]
    return tuple(decode(row.doc, Recommendation) for row in rows if _stands(unit, row, profile))


def _stands(unit: Unit, row: RecommendationRow, profile: Endpoint) -> bool:
    open_ = row.state is RecommendationState.OPEN and row.valid_until > unit.now
    return open_ and profile.channel in row.channels
