"""
What systems say, folded into their orders; what is said of an order nobody knows yet waits under its alias.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from broker.port import Delivery, Handle, Properties
from canonical.codec import decode
from canonical.errors import Fault, Rejected
from canonical.keys import message_id
from canonical.replies import ORDER_NUMBER, Receipt, Reply
from orderloom.correlation.doubt import IN_DOUBT, fold_doubt
from orderloom.correlation.fold import fold_receipt
from orderloom.correlation.fold_reply import fold_reply
from orderloom.correlation.port import InboxRow, JournalEntry, Timer, WaitingReply
from orderloom.correlation.record import Record
from orderloom.hub_topology import system_replies

from .changing import fold_waiting_change, is_change, refuse_waiting_change
from .items import FromSystem
from .kept import keep, kept
from .keys import about_keys, own_key, parked_id, reply_hash, reply_key, taken_key
from .unit import Unit

__all__ = ["early_timer", "fold_said", "fold_waiting", "order_of", "park_waiting", "take_replies"]

# What waited was settled long ago.
_NOWHERE = Handle(epoch=0, queue="", tag=0)


def take_replies(unit: Unit, item: FromSystem) -> None:
    """Fold every reply of a native message; what cannot be folded parks the message, the rest counts."""
    faults: list[tuple[Fault, str]] = []
    unit.keep(item.delivery.body, item.delivery.properties.content_type or "")
    for said in item.said:
        if isinstance(said, Rejected):
            faults.append((said.fault, ""))
        elif not _is_repeat(unit, said, item):
            faults += _take(unit, said, item)
    back = unit.returned(item.delivery, item.hash)
    if faults:
        unit.park(item.delivery, item.hash, *faults[0])
    elif back is not None:
        unit.unpark(back, "console")
    elif all(_is_folded(unit, said) for said in item.said):
        unit.close_open(item.delivery.queue, item.hash, item.system)


def _is_folded(unit: Unit, said: Reply | Receipt | Rejected) -> bool:
    """A repeat changes nothing; one that only waits for its order may still be tried again."""
    return not isinstance(said, Rejected) and _has_ended(unit, taken_key(said, unit.inbox))


def _has_ended(unit: Unit, key: str) -> bool:
    known = unit.inbox.get(key)
    return known is not None and known.ref != ""


def _is_repeat(unit: Unit, said: Reply | Receipt, item: FromSystem) -> bool:
    """
    Whether this was folded before: it came twice, or was delivered again.

    An answer to an inquiry that does not say to which reads like the one to an earlier inquiry; while one
    waits for its answer, a new message is that answer.
    """
    if not _is_folded(unit, said):
        return False
    return item.delivery.redelivered or not _awaited(unit, said)


def _awaited(unit: Unit, said: Reply | Receipt) -> bool:
    if not isinstance(said, Reply) or said.inquiry != 0:
        return False
    record = unit.records.get(order_of(unit, said) or "")
    named = {one.value for one in said.about}
    return record is not None and any(
        one.inquiring and one.system == said.system and not named.isdisjoint((one.key, one.reference))
        for one in record.instructions
    )


def _take(unit: Unit, said: Reply | Receipt, item: FromSystem) -> list[tuple[Fault, str]]:
    order_id = order_of(unit, said)
    if order_id is None:
        several = _known_by_number(unit, said)
        if not several:
            return _wait(unit, said, item)
        fault = _two_orders(said, several)
        _doubt(unit, said, fault, several)
        return [(fault, "")]
    try:
        fold_said(unit, said, order_id, item.hash, taken_key(said, unit.inbox))
    except Rejected as rejected:
        _doubt(unit, said, rejected.fault, _named_orders(unit, said) or [order_id])
        return [(rejected.fault, order_id)]
    return []


def _doubt(unit: Unit, said: Reply | Receipt, fault: Fault, orders: Sequence[str]) -> None:
    """Hold what a reply may be about, of each of these orders, when nobody can say which it is."""
    if fault.code != IN_DOUBT:
        return
    for id_ in (one for one in orders if one in unit.records):
        folded = fold_doubt(unit.records[id_], said, fault, unit.world, unit.now)
        if folded.record != unit.records[id_]:
            unit.take(folded, message_id("doubt", id_, reply_key(said), unit.now.isoformat()))


def order_of(unit: Unit, said: Reply | Receipt) -> str | None:
    """The order that a reply is about, by the surest id it names; None when its number alone fits several."""
    if found := next((found for key in about_keys(said) if (found := unit.aliases.get(key))), None):
        return found
    numbered = _known_by_number(unit, said)
    return numbered[0] if len(numbered) == 1 else None


def _known_by_number(unit: Unit, said: Reply | Receipt) -> list[str]:
    """
    The orders that the system was told of under the number that it names.

    Endpoints choose their numbers, so there may be several: then those that wait for an answer of the system.
    """
    named = {one.value for one in said.about if one.type == ORDER_NUMBER}
    known = {id_ for value in named for id_ in unit.found.get(value, ())}
    records = [unit.records[id_] for id_ in sorted(known) if id_ in unit.records]
    meant = [one for one in records if named & {one.id, *(number.id for number in one.order.external_id[:1])}]
    told = {one.id: [sent for sent in one.instructions if sent.system == said.system] for one in meant}
    waiting = [id_ for id_, sent in told.items() if any(one.answered_at is None for one in sent)]
    return waiting or [id_ for id_, sent in told.items() if sent]


def _two_orders(said: Reply | Receipt, orders: list[str]) -> Fault:
    """Of which one is spoken nobody can say."""
    return Fault(
        code="E_AMBIGUOUS_REPLY",
        what=f"{said.system} speaks of two orders, {' and '.join(orders)}",
        where=said.where if isinstance(said, Reply) else "",
        allowed="a key and a reference of one instruction",
    )


def _refuse_two_orders(unit: Unit, said: Reply | Receipt) -> None:
    """The hub's own ids never name two orders; a system's may: who counts anew has given them to two."""
    orders = _named_orders(unit, said)
    if len(orders) > 1:
        raise Rejected.of(_two_orders(said, orders))


def _named_orders(unit: Unit, said: Reply | Receipt) -> list[str]:
    """The orders that a reply names by the hub's own ids."""
    own = {"key", unit.world.profiles[said.system].reference_type}
    named = [key for key, one in zip(about_keys(said), said.about, strict=True) if one.type in own]
    return list(dict.fromkeys(found for key in named if (found := unit.aliases.get(key))))


def fold_said(unit: Unit, said: Reply | Receipt, order_id: str, native: str, key: str) -> None:
    """
    Fold one reply or receipt, and take ``key`` for it.

    Raises:
        Rejected: It fits nothing of the order, or names another one too; nothing was folded and the key was
            not taken.
    """
    _refuse_two_orders(unit, said)
    record = unit.records[order_id]
    if isinstance(said, Reply):
        folded = fold_reply(record, said, unit.world, unit.now)
    else:
        folded = fold_receipt(record, said, unit.world, unit.now)
    unit.take(folded, key)
    unit.taken(InboxRow(key, reply_hash(said), order_id, unit.now))
    entry = JournalEntry(
        order_id, unit.now, "native_kept", f"{said.system} said it", {"native": native}, said.system
    )
    unit.changes.journal.append(entry)
    if key != reply_key(said):
        text = f"{said.system} had said something else under the number {said.key}"
        reused = JournalEntry(order_id, unit.now, "number_reused", text, {"key": said.key}, said.system)
        unit.changes.journal.append(reused)
    fold_waiting(unit, unit.records[order_id])


def _wait(unit: Unit, said: Reply | Receipt, item: FromSystem) -> list[tuple[Fault, str]]:
    if not said.about:
        where = said.where if isinstance(said, Reply) else ""
        return [(Fault(code="E_UNMATCHED", what=f"{said.system} names no order", where=where), "")]
    key = taken_key(said, unit.inbox)
    id_ = _early_id(key)
    alias = about_keys(said)[0]
    stored = encode_said(said, item.delivery.queue)
    waiting = WaitingReply(id_, alias, said.system, stored, item.hash, unit.now)
    unit.changes.waiting.append(waiting)
    unit.waiting.setdefault(alias, []).append(waiting)  # its order may come later in this very batch
    unit.taken(InboxRow(key, reply_hash(said), "", unit.now))
    due = unit.now + timedelta(seconds=unit.hub.limits.early_for)
    unit.later(Timer(early_timer(id_), due, "early", "", {"alias": alias, "key": key}))
    return []


def _early_id(key: str) -> str:
    """Id of a reply that waits, by the inbox key that it has taken."""
    return message_id("early", key)


def early_timer(waiting_id: str) -> str:
    """Name of the timer that ends the patience with an early reply."""
    return f"early|{waiting_id}"


def encode_said(said: Reply | Receipt, queue: str = "") -> bytes:
    """A waiting reply as it is stored: its kind, its content, and the queue where it may be parked."""
    return keep(said, "" if queue == system_replies(said.system) else queue)


def decode_said(stored: bytes) -> Reply | Receipt:
    """What :func:`encode_said` stored."""
    found = kept(stored)
    body = bytes(found.said)
    return decode(body, Reply) if found.kind == "Reply" else decode(body, Receipt)


def fold_waiting(unit: Unit, record: Record) -> None:
    """Fold what had come before its order, or before the id that it names it by, oldest first."""
    if not unit.waiting:
        return
    for alias in record.aliases:
        for waiting in unit.waiting.pop(alias.key, ()):
            _fold_early(unit, record.id, waiting)


def _fold_early(unit: Unit, order_id: str, waiting: WaitingReply) -> None:
    if is_change(waiting):
        fold_waiting_change(unit, order_id, waiting)
        return
    said = decode_said(waiting.reply)
    unit.changes.waited.append(waiting.id)
    unit.forget(early_timer(waiting.id))
    # Which of the two it has taken was settled when it came; what else has taken them is not loaded.
    key = own_key(said) if waiting.id == _early_id(own_key(said)) else reply_key(said)
    if _has_ended(unit, key):
        return
    try:
        fold_said(unit, said, order_id, waiting.native, key)
    except Rejected as rejected:
        _doubt(unit, said, rejected.fault, _named_orders(unit, said) or [order_id])
        park_waiting(unit, waiting, rejected.fault, order_id)
        text = f"an early reply fits nothing: {rejected}"
        facts = {"native": waiting.native, "code": rejected.code}
        entry = JournalEntry(order_id, unit.now, "reply_unmatched", text, facts, waiting.system)
        unit.changes.journal.append(entry)


def park_waiting(unit: Unit, waiting: WaitingReply, fault: Fault, order_id: str = "") -> None:
    """Park the message of a reply that has waited; a change is refused instead: its sender can be told."""
    if is_change(waiting):
        refuse_waiting_change(unit, waiting)
        return
    queue = kept(waiting.reply).queue or system_replies(waiting.system)
    native = unit.changes.natives.get(waiting.native) or unit.tx.natives([waiting.native])[waiting.native]
    row = parked_id(queue, waiting.native)
    if row not in unit.parked:
        unit.parked.update(unit.tx.parked([row]))
    delivery = Delivery(_NOWHERE, queue, native.body, Properties(content_type=native.content_type))
    unit.park(delivery, waiting.native, fault, order_id)
