"""
Documents that change an order: amendments, cancels, answers; and those that come before their order.

What names an order that nobody knows yet waits under that order's alias, as an early reply does: the two may
cross on their way.  When its time is over it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from canonical.amendments import Amendment, AmendmentState, CancelTask, TaskState
from canonical.codec import decode
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef
from canonical.errors import Fault, Rejected, shown
from canonical.keys import amendment_id, message_id, order_id
from canonical.notices import Notice, NoticeKind
from canonical.order import Order
from orderloom.correlation.answering import open_questions
from orderloom.correlation.changing import amend, answer, cancel
from orderloom.correlation.folded import Folded
from orderloom.correlation.port import InboxRow, JournalEntry, Timer, WaitingReply
from orderloom.correlation.record import Record
from orderloom.correlation.rows import MOST_FOUND
from orderloom.correlation.tell import endpoints_of

from .kept import keep, kept
from .keys import Change, business_key, change_hash, given_back, waited_for
from .outgoing import Tell
from .unit import Unit

__all__ = [
    "apply_change",
    "change_timer",
    "fold_waiting_change",
    "is_change",
    "not_one",
    "questions",
    "refuse_waiting_change",
    "visible_orders",
    "wait_for_order",
]

_KINDS: Mapping[str, type[Change]] = {one.__name__: one for one in (AmendOrder, CancelOrder, Answer)}


def visible_orders(unit: Unit, about: OrderRef, endpoint: str) -> list[Order]:
    """The orders that ``endpoint`` may mean, of those that it sees; the one alone whose number it is."""
    orders = {one: unit.records[one].order for one in unit.found.get(about.value, ()) if one in unit.records}
    own = [order for order in orders.values() if endpoint in endpoints_of(order)]
    mine = order_id(endpoint, about.type or "", about.value)
    exact = [order for order in own if order.id == mine]
    return exact or own


def not_one(about: OrderRef, own: Sequence[Order]) -> Fault:
    """Why nobody can say which order is meant; the same whether another's order exists or none does."""
    named = shown(about.value)
    if not own:
        return Fault(code="E_NOT_FOUND", what=f"no order {named}")
    what = f"{named} is an id of {len(own)} orders of yours{' or more' if len(own) >= MOST_FOUND else ''}"
    return Fault(code="E_NOT_FOUND", what=what, allowed="an id that one order has")


def questions(unit: Unit, order: str, endpoint: str, cause: str) -> Iterator[Tell]:
    """What an order asks of the customer, behind the answer to whoever has asked how it stands."""
    asked = open_questions(unit.records[order], endpoint, unit.world.endpoints, unit.now)
    return (Tell(one, cause=f"{cause}|{one.amendment.id}") for one in asked if one.amendment is not None)


def apply_change(unit: Unit, command: Change, order: str) -> Record:
    """
    Fold a change into its order, and take its key.

    Raises:
        Rejected: It means nothing of this order; nothing was folded, and the key is not taken.
    """
    record = unit.records[order]
    key = business_key(command.origin)
    folded = _folded(unit, record, command)
    unit.take(folded, key)
    unit.taken(InboxRow(key, change_hash(command), order, unit.now, answered_at=unit.now))
    return unit.records[order]


def _folded(unit: Unit, record: Record, command: Change) -> Folded:
    id_ = _id(command, record.id)
    match command:
        case AmendOrder():
            return amend(record, command, id_, unit.world, unit.now)
        case CancelOrder():
            return cancel(record, command, id_, unit.world, unit.now)
        case Answer():
            return answer(record, command, unit.world, unit.now)


# Before its order.


def wait_for_order(unit: Unit, command: Change, native: str) -> bool:
    """
    Let a change wait for its order, under its own number; False when it does not say which document's number
    it names.
    """
    alias = waited_for(command)
    if alias is None:
        return False
    digest = change_hash(command)
    key = message_id("early", business_key(command.origin), digest)
    waiting = WaitingReply(key, alias, command.origin.endpoint, keep(command), native, unit.now)
    unit.changes.waiting.append(waiting)
    unit.waiting.setdefault(alias, []).append(waiting)  # its order may come later in this very batch
    unit.taken(InboxRow(business_key(command.origin), digest, "", unit.now, answered_at=unit.now))
    due = unit.now + timedelta(seconds=unit.hub.limits.early_for)
    unit.later(
        Timer(change_timer(key), due, "early", "", {"alias": alias, "key": business_key(command.origin)})
    )
    text = f"{type(command).__name__} waits for {command.about.type} {shown(command.about.value)}"
    facts = {"native": native, "document": command.origin.document}
    unit.changes.journal.append(
        JournalEntry("", unit.now, "change_early", text, facts, command.origin.endpoint)
    )
    return True


def change_timer(waiting_id: str) -> str:
    """Name of the timer that ends the patience with a change that came before its order."""
    return f"early|{waiting_id}"


def is_change(waiting: WaitingReply) -> bool:
    """Whether what waits is a change, and no reply."""
    return kept(waiting.reply).kind in _KINDS


def _kept(waiting: WaitingReply) -> Change:
    found = kept(waiting.reply)
    return decode(bytes(found.said), _KINDS[found.kind])


def fold_waiting_change(unit: Unit, order: str, waiting: WaitingReply) -> None:
    """Its order has come: the change is folded, or refused."""
    command = _kept(waiting)
    unit.changes.waited.append(waiting.id)
    unit.forget(change_timer(waiting.id))
    if command.origin.endpoint not in endpoints_of(unit.records[order].order):
        return
    try:
        apply_change(unit, command, order)
    except Rejected as rejected:
        _refuse(unit, command, rejected.fault, waiting)


def refuse_waiting_change(unit: Unit, waiting: WaitingReply) -> None:
    """Its order has not come in time."""
    command = _kept(waiting)
    what = f"no order {shown(command.about.value)}, and none came in time"
    _refuse(unit, command, Fault(code="E_NOT_FOUND", what=what), waiting)


def _refuse(unit: Unit, command: Change, fault: Fault, waiting: WaitingReply) -> None:
    """Its acknowledgement said that it was taken: the refusal says of which change it is."""
    origin = command.origin
    notice = Notice(
        kind=NoticeKind.REJECTED,
        endpoint=origin.endpoint,
        at=unit.now,
        origin=origin,
        fault=fault,
        document=origin.document,
        amendment=_refused(command, fault, waiting.at) if isinstance(command, AmendOrder) else None,
        cancel=_ended(command, fault, waiting.at) if isinstance(command, CancelOrder) else None,
    )
    unit.outgoing.append(Tell(notice, cause=f"{waiting.id}|{waiting.at.isoformat()}"))
    unit.taken(given_back(origin, unit.now))
    facts = {"code": fault.code, "document": origin.document, "native": waiting.native}
    entry = JournalEntry("", unit.now, "document_rejected", fault.unquoted(), facts, origin.endpoint)
    unit.changes.journal.append(entry)


def _id(command: Change, order: str) -> str:
    origin = command.origin
    return amendment_id(order, origin.endpoint, origin.document_type, origin.document or origin.envelope)


def _refused(command: AmendOrder, fault: Fault, at: datetime) -> Amendment:
    return Amendment(
        id=_id(command, ""),
        endpoint=command.origin.endpoint,
        at=at,
        state=AmendmentState.REFUSED,
        scope=command.scope,
        document=command.origin.document,
        base=command.base,
        atomic=command.atomic,
        fault=fault,
    )


def _ended(command: CancelOrder, fault: Fault, at: datetime) -> CancelTask:
    return CancelTask(
        id=_id(command, ""),
        endpoint=command.origin.endpoint,
        at=at,
        state=TaskState.TERMINATED_WITH_ERROR,
        scope=command.scope,
        items=command.items,
        document=command.origin.document,
        reason=command.reason,
        fault=fault,
    )
