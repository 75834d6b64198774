"""
The keys of a batch: what must be locked and loaded before anything can be decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from canonical.codec import encode
from canonical.commands import AmendOrder, Answer, AskStatus, CancelOrder, Origin, RecordInteraction
from canonical.errors import Rejected
from canonical.keys import content_hash, message_id
from canonical.replies import ORDER_NUMBER, Receipt, Reply
from orderloom.correlation.fold import planned_aliases
from orderloom.correlation.folded import World
from orderloom.correlation.port import InboxRow
from orderloom.correlation.record import Alias

from .items import (
    FileChecked,
    FromCall,
    FromChannel,
    FromFile,
    FromOperator,
    FromSystem,
    Item,
    Submission,
    Unreadable,
    document_origin,
    item_delivery,
    item_documents,
)
from .talk import party_keys, resume_values

_NO_ORIGIN = Origin(channel="none")

# What :func:`parked_id` makes; anything else in the header of a stranger is no key to look for.
_PARKED_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)

__all__ = [
    "Change",
    "about_keys",
    "act_key",
    "alias_keys",
    "asked_values",
    "askers",
    "business_key",
    "change_hash",
    "envelope_key",
    "given_back",
    "given_keys",
    "inbox_keys",
    "intake_id",
    "item_hash",
    "new_aliases",
    "own_key",
    "parked_id",
    "parked_ids",
    "reply_hash",
    "reply_key",
    "reused_keys",
    "said_in",
    "said_key",
    "taken_by",
    "taken_key",
    "waited_for",
]

Change = AmendOrder | CancelOrder | Answer
"""What a document may ask of an order that is there already."""


def envelope_key(origin: Origin, digest: str) -> str:
    """Inbox key of an envelope; formats without control numbers are known by their bytes."""
    return f"envelope|{origin.endpoint}|{origin.envelope or digest}"


def intake_id(envelope: str, digest: str) -> str:
    """Id of the intake of these bytes under this envelope key."""
    return message_id("intake", envelope, digest)


def business_key(origin: Origin) -> str:
    """Inbox key of a document: who sends it, what it is, its number, or else its place in its envelope."""
    document = origin.document or f"{origin.envelope}#{origin.position}"
    return f"business|{origin.endpoint}|{origin.document_type}|{document}"


def taken_by(inbox: Mapping[str, InboxRow], origin: Origin) -> InboxRow | None:
    """
    What has taken the business key of a document; None when nothing has, or has given it back.

    Its ``ref`` is empty while a change waits for its order.
    """
    row = inbox.get(business_key(origin))
    return row if row is not None and row.hash else None


def given_back(origin: Origin, now: datetime) -> InboxRow:
    """The business key of a document that was taken, and refused in the end: its number is free again."""
    return InboxRow(business_key(origin), "", "", now)


def change_hash(command: Change) -> str:
    """Of what a document asks, whichever envelope it came in."""
    return content_hash(encode(msgspec.structs.replace(command, origin=_NO_ORIGIN)))


def waited_for(command: Change) -> str | None:
    """
    Alias key of the order that a change waits for when it is not there yet.

    None when the change does not say whose number of what it names; and for an answer: nobody has asked
    anything of an order that is not there.
    """
    about = command.about
    if isinstance(command, Answer) or not about.type:
        return None
    return f"{command.origin.endpoint}|{about.type}|{about.value}"


def said_key(origin: Origin) -> str:
    """Inbox key of a document that is no order: an interaction, an answer."""
    return f"said|{origin.endpoint}|{origin.document_type}|{origin.document}"


def act_key(act: str, order_id: str) -> str:
    """Inbox key of what a person does with one order; an act may be about many."""
    return f"act|{act}|{order_id}"


def reply_key(said: Reply | Receipt) -> str:
    """Inbox key of the number under which a system says something."""
    return f"reply|{said.system}|{said.key}"


def reply_hash(said: Reply | Receipt) -> str:
    """Of what is said, wherever in a message it stands."""
    if isinstance(said, Reply):
        lines = tuple(msgspec.structs.replace(one, where="") for one in said.lines)
        said = msgspec.structs.replace(said, where="", lines=lines)
    return content_hash(encode(said))


def own_key(said: Reply | Receipt) -> str:
    """Inbox key of what is said under a number that was used before for something else."""
    return f"{reply_key(said)}|{reply_hash(said)}"


def taken_key(said: Reply | Receipt, inbox: Mapping[str, InboxRow]) -> str:
    """
    The inbox key that a reply takes, or has taken: a repeat of it changes nothing.

    That of its number, or its own when the number has been used for something else: counters restart.
    """
    first = inbox.get(reply_key(said))
    return reply_key(said) if first is None or first.hash == reply_hash(said) else own_key(said)


def parked_id(queue: str, digest: str) -> str:
    """Id of a parked message: the same bytes from the same queue are the same row."""
    return message_id("parked", queue, digest)


def about_keys(said: Reply | Receipt) -> tuple[str, ...]:
    """Alias keys that a reply names, the surest first."""
    return tuple(f"{said.system}|{one.type}|{one.value}" for one in said.about)


def inbox_keys(items: Iterable[Item]) -> Iterator[str]:
    """Every inbox key of a batch."""
    for item in items:
        if isinstance(item, FileChecked):
            yield envelope_key(item.checked.origin, item.checked.hash)
        elif isinstance(item, FromChannel | FromFile):
            for document in item_documents(item):
                origin = document_origin(document)
                yield envelope_key(origin, item.hash)
                if isinstance(document, Submission | Change):
                    yield business_key(origin)
                if isinstance(document, RecordInteraction | Answer) and origin.document:
                    yield said_key(origin)
                yield from party_keys(document)
        elif isinstance(item, FromOperator):
            yield act_key(item.act.id, item.order_id)
        else:
            yield from (reply_key(said) for said in said_in(item))


def reused_keys(items: Iterable[Item], inbox: Mapping[str, InboxRow]) -> Iterator[str]:
    """
    The inbox keys of a batch that can be told only when those of :func:`inbox_keys` are known.

    Whoever asks for one holds the key of its number, so that they can be locked after the others.
    """
    for item in items:
        for said in said_in(item):
            if (key := taken_key(said, inbox)) not in inbox and key != reply_key(said):
                yield key


def alias_keys(items: Iterable[Item], world: World) -> Iterator[str]:
    """Every alias key that the batch looks up or makes."""
    for item in items:
        yield from new_aliases(item, world)
        yield from early_aliases(item)
        for said in said_in(item):
            yield from about_keys(said)
        yield from given_keys(item)
        if isinstance(item, FromCall):
            yield f"{item.result.system}|key|{item.result.key}"


def new_aliases(item: Item, world: World) -> Iterator[str]:
    """Alias keys under which the orders of a channel message become known."""
    for document in item_documents(item):
        if not isinstance(document, Submission):
            continue
        if document.order is not None and document.plan is not None:
            yield from (alias.key for alias in planned_aliases(document.order, document.plan, world))
        elif (origin := document.command.origin).document:
            # Planned only when its conversation is loaded: its number is known, and a change may wait for it.
            yield Alias(origin.endpoint, origin.document_type, origin.document).key


def early_aliases(item: Item) -> Iterator[str]:
    """Alias keys under which what came before its order waits."""
    for document in item_documents(item):
        if isinstance(document, Change) and (alias := waited_for(document)) is not None:
            yield alias


def given_keys(item: Item) -> Iterator[str]:
    """Alias keys that a system gives to orders: what came under them before may be folded now."""
    for said in said_in(item):
        yield from (f"{said.system}|{one.type}|{one.value}" for one in said.gives)


def said_in(item: Item) -> Sequence[Reply | Receipt]:
    """The replies and receipts of an item."""
    if isinstance(item, FromSystem | FromCall):
        return [one for one in item.said if not isinstance(one, Rejected)]
    return ()


def asked_values(items: Iterable[Item]) -> Iterator[str]:
    """Alias values that somebody asks about, or speaks of without a surer id."""
    for item in items:
        for said in said_in(item):
            yield from (one.value for one in said.about if one.type == ORDER_NUMBER)
        for document in item_documents(item):
            if isinstance(document, AskStatus | Change):
                yield document.about.value
            yield from resume_values(document)


def askers(items: Iterable[Item]) -> Iterator[str]:
    """The endpoints whose documents a batch holds: of many orders with one value they mean their own."""
    for item in items:
        yield from (document_origin(one).endpoint for one in item_documents(item))


def item_hash(item: Item) -> str:
    """Hash of the bytes that an item came with."""
    if isinstance(item, FromChannel | FromSystem | Unreadable):
        return item.hash
    delivery = item_delivery(item)
    return content_hash(delivery.body) if delivery is not None else ""


def parked_ids(items: Iterable[Item]) -> Iterator[str]:
    """Ids of parked rows that the batch may close or open again."""
    for item in items:
        delivery = item_delivery(item)
        if delivery is not None:
            named = delivery.properties.headers.get("x-parked-id")
            if isinstance(named, str) and _PARKED_ID.fullmatch(named):
                yield named
            yield parked_id(delivery.queue, item_hash(item))
