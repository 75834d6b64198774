"""
From deliveries to items: translate, read and plan, each message on its own, before any transaction.

A native message of a channel is translated here, or was by an adapter that runs on its own; from
its documents on, both go the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from adapters.kit.contract import Native
from broker.port import Delivery
from canonical.codec import decode, encode
from canonical.commands import (
    Command,
    Origin,
    RejectedDocument,
    SaveDraft,
    SubmitOrder,
)
from canonical.errors import Rejected, shown
from canonical.instructions import Instruction
from canonical.keys import content_hash, conversation_id
from canonical.parties import aliases_of
from canonical.replies import Receipt, Reference, Reply
from orderloom.calls import CallKind, CallResult
from orderloom.correlation.drafts import choices_left
from orderloom.correlation.fold import draft_order
from orderloom.hub_topology import Lane, LaneKind
from routes.catalogue import fill
from routes.model import RuleSet
from routes.plan import make_plan

from .asking import proposes
from .drafting import DRAFT
from .forwarded import ADAPTERS_FAULT, AS_IT_IS, Forwarded, read_forwarded, read_said, unwrapped
from .hub import Hub
from .inflate import plain_body
from .items import Document, FromCall, FromChannel, FromSystem, FromWork, Item, Submission, Unreadable
from .parties import MOST_ALIASES
from .translate import translated

__all__ = ["call_item", "planned", "prepare"]

# Faults of the rules, not of the document: the sender is not to blame, and the message is kept for a person.
_OURS = {"E_NO_ROUTE", "E_ITEM_NOT_ROUTED"}


def prepare(hub: Hub, rules: RuleSet, delivery: Delivery, now: datetime) -> Item:
    """What ``delivery`` says; a message at fault is :class:`Unreadable`, never an exception."""
    lane = hub.lanes[delivery.queue]
    try:
        match lane.kind:
            case LaneKind.CHANNEL:
                return _channel(hub, rules, lane.name, delivery, now=now)
            case LaneKind.COMMANDS:
                return _commands(hub, rules, delivery, now)
            case LaneKind.REPLIES:
                return _replies(hub, lane.name, delivery)
            case LaneKind.SAID:
                said = read_said(delivery, hub.systems, hub.limits.message_bytes)
                _hold_no_nul(encode(said))
                return FromSystem(delivery, said.system, content_hash(delivery.body), (said,))
            case LaneKind.WORK:
                return _work(delivery, lane, plain_body(delivery, hub.limits.message_bytes))
    except Rejected as rejected:
        return Unreadable(delivery, content_hash(delivery.body), rejected.fault)


def _channel(
    hub: Hub,
    rules: RuleSet,
    channel: str,
    delivery: Delivery,
    *,
    now: datetime,
    carrier: Delivery | None = None,
) -> Item:
    """A native message that is translated here."""
    documents: tuple[Command | RejectedDocument, ...] = ()
    fault = None
    try:
        documents = translated(hub.channels[channel], rules.references, delivery, hub.limits.message_bytes)
    except Rejected as rejected:
        fault = rejected.fault
    return _taken_in(hub, rules, Forwarded(channel, delivery, documents, fault), now, carrier)


def _commands(hub: Hub, rules: RuleSet, delivery: Delivery, now: datetime) -> Item:
    """What an adapter that runs on its own has sent; bytes too large to be said in JSON come as they are."""
    if delivery.properties.type == AS_IT_IS:
        native, channel = unwrapped(delivery, hub.channels)
        return _channel(hub, rules, channel, native, now=now, carrier=delivery)
    forwarded = read_forwarded(delivery, hub.channels, rules.references)
    carrier = None if forwarded.native is delivery else delivery
    return _taken_in(hub, rules, forwarded, now, carrier)


def _taken_in(
    hub: Hub, rules: RuleSet, found: Forwarded, now: datetime, carrier: Delivery | None
) -> FromChannel | Unreadable:
    """
    The item of a translated message, whoever translated it.

    Bytes that cannot be read are answered when the channel has one endpoint only, so that the sender is known
    all the same; not those that our own adapter stumbled over.
    """
    digest = content_hash(found.native.body)
    fault = found.fault
    if fault is None:
        try:
            documents = tuple(_document(hub, rules, one, now) for one in found.documents)
            return FromChannel(found.native, found.channel, digest, documents, carrier)
        except Rejected as refused:
            fault = refused.fault
    endpoint = hub.only_endpoint(rules, found.channel)
    if endpoint is None or fault.code in ADAPTERS_FAULT:
        return Unreadable(found.native, digest, fault, carrier)
    origin = Origin(channel=found.channel, endpoint=endpoint.id, envelope=digest)
    rejected = RejectedDocument(origin=origin, fault=fault)
    return FromChannel(found.native, found.channel, digest, (rejected,), carrier)


def _replies(hub: Hub, system: str, delivery: Delivery) -> FromSystem:
    body = plain_body(delivery, hub.limits.message_bytes)
    native = Native(body, delivery.properties.content_type or "")
    said = tuple(hub.systems[system].adapter.read_reply(native))
    _hold_no_nul(*(encode(one) for one in said if not isinstance(one, Rejected)))
    return FromSystem(delivery, system, content_hash(delivery.body), said)


def _hold_no_nul(*encoded: bytes) -> None:
    """Adapters refuse it in their own terms; one that does not must not make keys that no store can take."""
    for one in encoded:
        if b"\\u0000" in one and b"\\u0000" in one.replace(b"\\\\", b""):
            raise Rejected("E_CONTROL_CHAR", "a text holds a NUL character", "message", "text without it")


def _document(hub: Hub, rules: RuleSet, command: Command | RejectedDocument, now: datetime) -> Document:
    _hold_no_nul(encode(command))
    if isinstance(command, SubmitOrder | SaveDraft):
        return _submission(hub, rules, command, now)
    return command


def planned(hub: Hub, rules: RuleSet, command: Command | RejectedDocument, now: datetime) -> Document:
    """A command of a file, ready for the transaction; one at fault is a rejected document."""
    try:
        return _document(hub, rules, command, now)
    except Rejected as rejected:
        return RejectedDocument(origin=command.origin, fault=rejected.fault)


def _submission(hub: Hub, rules: RuleSet, command: SubmitOrder | SaveDraft, now: datetime) -> Submission:
    digest = content_hash(encode(command.order))
    # One too many is looked at like all.
    parties = aliases_of(command.order.related_party)[: MOST_ALIASES + 1]
    if isinstance(command, SaveDraft):
        return Submission(command, DRAFT + digest, parties=parties)
    if command.conversation:
        return Submission(command, digest, parties=parties)
    parties = parties if len(parties) > 1 or proposes(rules, command.order) else ()
    try:
        content = fill(command.order, rules.references)
        choices_left(content)
        order = draft_order(command, content, rules.version, now)
        if hub.conversing(command.origin.channel):
            order = msgspec.structs.replace(order, conversation_id=conversation_id(order.id))
        plan = make_plan(order, rules, hub.profiles())
        return Submission(command, digest, order, plan, parties=parties)
    except Rejected as rejected:
        fault, ours = rejected.fault, rejected.code in _OURS
        return Submission(command, digest, fault=fault, ours=ours, parties=parties)


def _work(delivery: Delivery, lane: Lane, body: bytes) -> FromWork:
    try:
        instruction = decode(body, Instruction)
    except msgspec.MsgspecError as error:
        raise Rejected("E_TYPE", f"not an instruction: {shown(str(error))}", "message") from error
    attempt = delivery.properties.headers.get("attempt")
    inquiry = delivery.properties.headers.get("inquiry")
    return FromWork(
        delivery,
        lane.name,
        instruction,
        attempt if isinstance(attempt, int) else 1,
        inquiry if isinstance(inquiry, int) else 0,
    )


def call_item(hub: Hub, result: CallResult) -> FromCall:
    """
    How a call ended, in words of the canonical language.

    Whatever the answer names, it is about the instruction that was called with, and its identity is bound to
    it: two instructions refused with the same bytes are two replies.
    """
    said: tuple[Reply | Receipt, ...] = ()
    fault = result.error
    if result.kind is CallKind.ANSWERED and not result.body and not result.inquiry:
        said = _about(result, [Receipt(system=result.system, key=f"{result.attempt}.receipt", about=())])
    elif result.body:
        try:
            native = Native(result.body, result.content_type, call=result.spec)
            found = tuple(hub.systems[result.system].adapter.read_reply(native))
            faults = [one for one in found if isinstance(one, Rejected)]
            fault = faults[0].fault if faults else fault
            _hold_no_nul(*(encode(one) for one in found if not isinstance(one, Rejected)))
            said = () if faults else _about(result, [one for one in found if not isinstance(one, Rejected)])
        except Rejected as rejected:
            fault = rejected.fault
    return FromCall(result, said, fault)


def _about(result: CallResult, found: Sequence[Reply | Receipt]) -> tuple[Reply | Receipt, ...]:
    about = Reference(type="key", value=result.key)
    bound = [msgspec.structs.replace(one, about=(about,), key=f"{result.id}|{one.key}") for one in found]
    inquiry = result.inquiry or None  # whatever the answer says: the call knows what it asked
    return tuple(
        msgspec.structs.replace(one, inquiry=inquiry) if isinstance(one, Reply) else one for one in bound
    )
