"""
A native message of a channel, taken in: a verdict on each document, one acknowledgement, orders accepted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec

from adapters.kit.contract import BatchAdapter
from canonical.codec import decode, encode
from canonical.commands import (
    AmendOrder,
    Answer,
    AskStatus,
    CancelOrder,
    CommandReceipt,
    Origin,
    RecordInteraction,
    RejectedDocument,
    Resume,
)
from canonical.errors import Fault, Rejected, shown
from canonical.keys import message_id
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from orderloom.correlation.fold import accept
from orderloom.correlation.port import InboxRow, IntakeRow, JournalEntry
from orderloom.correlation.record import Record
from orderloom.correlation.tell import document_at

from .changing import apply_change, not_one, questions, visible_orders, wait_for_order
from .drafting import (
    concerns,
    held_back,
    in_conversation,
    judge_draft,
    judged_anew,
    proposed_by,
    verdict_on,
)
from .items import Document, FromChannel, Submission, document_origin
from .keys import Change, business_key, change_hash, envelope_key, intake_id, taken_by
from .outgoing import Ack, Again, Tell, answer_again, last_word, order_about
from .recommending import answer, record_interaction
from .replying import fold_waiting
from .resuming import resume
from .talk import QUESTION
from .unit import Unit

__all__ = ["FILE_REF", "Judge", "envelope_reused", "take_intake"]

# Documents that take a key, and are answered by what became of their order.
_TAKEN = (Submission, AmendOrder, CancelOrder, Answer)

FILE_REF = "file|"
"""How the ref of an envelope begins that came as a file; the id of its row follows."""


def take_intake(unit: Unit, item: FromChannel) -> None:
    """Take one native message in; it has the same effect however often it is delivered."""
    origin = document_origin(item.documents[0]) if item.documents else Origin(channel=item.channel)
    if not origin.endpoint:
        unit.park(item.delivery, item.hash, _first_fault(item))
        return
    envelope = envelope_key(origin, item.hash)
    known = unit.inbox.get(envelope)
    back = unit.returned(item.delivery, item.hash)
    # What came as a file before has no intake whose answer could be given again: it is judged once more.
    by_file = known is not None and known.ref.startswith(FILE_REF)
    repeat = known is not None and back is None and known.hash == item.hash and not by_file
    anew = _asks_anew(item) or judged_anew(unit, item)
    if known is not None and repeat and not anew and not _news(unit, item, known):
        _answer_again(unit, item, known, origin)
        return
    reused = known is not None and known.whole and known.hash != item.hash
    _Message(unit, item, origin, intake_id(envelope, item.hash), replayed=back is not None).run(reused=reused)
    if row := back or unit.open_row(item.delivery.queue, item.hash):
        unit.unpark(row, "console" if back is not None else origin.endpoint)


def _news(unit: Unit, item: FromChannel, known: InboxRow) -> bool:
    """
    Whether a resend holds a document that was not taken and would be now.

    Only acceptance takes a key: the rules may have changed since, the parked message was given up, or the
    order has come for which a change had waited in vain.
    """
    if item.delivery.redelivered:
        return False
    if known.whole:
        rows = (unit.inbox.get(business_key(document_origin(one))) for one in item.documents)
        return any(row is not None and not row.hash for row in rows)
    parked = unit.open_row(item.delivery.queue, item.hash) is not None
    fresh = [
        one
        for one in item.documents
        if isinstance(one, _TAKEN) and taken_by(unit.inbox, document_origin(one)) is None
    ]
    return any(
        not isinstance(one, Submission) or one.fault is None or (one.ours and not parked) for one in fresh
    )


class Judge(ABC):
    """
    The documents of one intake, judged one by one.

    Args:
        id_: Of the intake, for what follows from it.
        digest: Hash of the bytes that they came in.
        asked_by: Message id of what they came in, which an answer names; empty when it had none.
    """

    asked_by = ""

    kept = ("native_kept", "native message kept")
    """What the journal of an order says of the bytes that it came in."""

    def __init__(self, unit: Unit, origin: Origin, id_: str, digest: str) -> None:
        self.unit = unit
        self.origin = origin
        self.id = id_
        self.hash = digest

    @abstractmethod
    def set_aside(self, fault: Fault) -> None:
        """A document waits for a person: the fault is in the rules."""

    @abstractmethod
    def repeated(self, first: InboxRow, record: Record) -> None:
        """A document was taken before, with the same content."""

    def judge(self, document: Document) -> Verdict | None:
        """The verdict on a document; None when it is not to be acknowledged."""
        self.unit.tick()
        match document:
            case Submission():
                return self._submit(document)
            case Answer() if document.question.startswith(QUESTION):
                return answer(self, document)
            case AmendOrder() | CancelOrder() | Answer():
                return self._change(document)
            case AskStatus():
                _answer_status(self.unit, document, self.id)
                return Verdict(origin=document.origin, outcome=Outcome.ACCEPTED)
            case Resume():
                return resume(self, document)
            case RecordInteraction():
                return record_interaction(self, document)
            case CommandReceipt():
                self._received(document)
                return None
            case RejectedDocument():
                return self.reject(document.origin, document.fault)

    def reject(self, origin: Origin, fault: Fault) -> Verdict:
        """Refuse a document."""
        notice = Notice(
            kind=NoticeKind.REJECTED,
            endpoint=self.origin.endpoint,
            at=self.unit.now,
            origin=origin,
            fault=fault,
            document=origin.document,
        )
        self.unit.outgoing.append(Tell(notice, cause=f"{self.id}|{origin.position}"))
        self._journal("document_rejected", fault.unquoted(), code=fault.code, document=origin.document)
        return Verdict(origin=origin, outcome=Outcome.REJECTED, fault=fault)

    def _submit(self, submission: Submission) -> Verdict:
        if concerns(self.unit, submission):
            return judge_draft(self, submission)
        origin = submission.command.origin
        first = self.unit.inbox.get(business_key(origin))
        if first is not None:
            return self._same_number(origin, submission.hash, first)
        if submission.fault is not None and submission.ours:
            self.set_aside(submission.fault)
            return Verdict(origin=origin, outcome=Outcome.PARKED, fault=submission.fault)
        if submission.order is None or submission.plan is None:
            return self.reject(origin, submission.fault or Fault(code="E_INTERNAL", what="not planned"))
        if submission.parties and (draft := held_back(self, submission.order)) is not None:
            row = InboxRow(
                business_key(origin), submission.hash, draft.id, self.unit.now, answered_at=self.unit.now
            )
            self.unit.taken(row)
            return verdict_on(self.unit, origin, Outcome.ACCEPTED, draft.order)
        folded = accept(submission.order, submission.plan, self.unit.world, self.unit.now)
        record = self.unit.take(folded, self.id)
        row = InboxRow(
            business_key(origin), submission.hash, record.id, self.unit.now, answered_at=self.unit.now
        )
        self.unit.taken(row)
        self._journal(*self.kept, order=record.id, native=self.hash)
        fold_waiting(self.unit, record)
        record = self.unit.records[record.id]
        if record.order.conversation_id:
            in_conversation(self.unit, record, origin)
        if submission.parties:
            proposed_by(self.unit, record.order)
        return verdict_on(self.unit, origin, Outcome.ACCEPTED, record.order)

    def same_number(self, submission: Submission, first: InboxRow) -> Verdict:
        """A document under a number that was taken: a repeat, or refused because it says something else."""
        return self._same_number(submission.command.origin, submission.hash, first)

    def _change(self, command: Change) -> Verdict:
        """A change of an order that is there, or is still to come."""
        origin = command.origin
        first = taken_by(self.unit.inbox, origin)
        if first is not None:
            return self._same_number(origin, change_hash(command), first)
        own = visible_orders(self.unit, command.about, origin.endpoint)
        order = own[0] if len(own) == 1 else None
        if order is None:
            if not own and wait_for_order(self.unit, command, self.hash):
                return Verdict(origin=origin, outcome=Outcome.ACCEPTED)
            return self.reject(origin, not_one(command.about, own))
        try:
            record = apply_change(self.unit, command, order.id)
        except Rejected as rejected:
            return self.reject(origin, rejected.fault)
        self._journal(*self.kept, order=record.id, native=self.hash)
        return Verdict(origin=origin, outcome=Outcome.ACCEPTED, order=record.order, order_id=record.id)

    def _same_number(self, origin: Origin, digest: str, first: InboxRow) -> Verdict:
        if first.hash != digest:
            when = f"{first.at:%Y-%m-%d %H:%M:%S} UTC"
            number = f"{origin.document_type} {shown(origin.document)}"
            known = f"is order {first.ref}" if first.ref else "waits for its order, and is"
            what = f"{number} {known} of {when}, with other content"
            used = Fault(code="E_DUPLICATE_ORDER", what=what, where="document number", allowed="a new number")
            return self.reject(origin, used)
        if not first.ref:
            return Verdict(origin=origin, outcome=Outcome.ACCEPTED)  # it waits
        record = self.unit.records[first.ref]
        self.repeated(first, record)
        return verdict_on(self.unit, origin, Outcome.REPEATED, record.order)

    def note(self, event: str, text: str, order: str = "", **data: str) -> None:
        """Write a line of the journal that names this intake."""
        self._journal(event, text, order, **data)

    def _received(self, receipt: CommandReceipt) -> None:
        said = receipt.fault
        text = f"could not read {receipt.about}: {said.unquoted()}" if said else f"has {receipt.about}"
        event = "notice_refused" if receipt.fault else "notice_received"
        self._journal(event, f"{self.origin.endpoint} {text}", about=receipt.about)

    def _journal(self, event: str, text: str, order: str = "", **data: str) -> None:
        facts = {**data, "intake": self.id, "envelope": self.origin.envelope}
        self.unit.changes.journal.append(
            JournalEntry(order, self.unit.now, event, text, facts, self.origin.endpoint)
        )


class _Message(Judge):
    """The intake of one message."""

    def __init__(self, unit: Unit, item: FromChannel, origin: Origin, id_: str, *, replayed: bool) -> None:
        super().__init__(unit, origin, id_, item.hash)
        self.item = item
        self.replayed = replayed
        self.asked_by = item.delivery.properties.message_id or ""

    def run(self, *, reused: bool) -> None:
        """Judge each document, then acknowledge them all at once, before anything that follows from them."""
        start = len(self.unit.outgoing)
        verdicts = [self._used_before(one) if reused else self.judge(one) for one in self.item.documents]
        told = [one for one in verdicts if one is not None]
        row = self._row(told)
        if not reused:
            whole = all(one.outcome in (Outcome.ACCEPTED, Outcome.REPEATED) for one in told)
            key = envelope_key(self.origin, self.item.hash)
            self.unit.taken(InboxRow(key, self.item.hash, self.id, self.unit.now, whole, self.unit.now))
        if told:
            tokens = tuple(one.token for one in told)
            self.unit.outgoing.insert(start, Ack(self._intake(told), row, tokens))
        else:
            self.unit.changes.intakes.append(row)

    def set_aside(self, fault: Fault) -> None:
        self.unit.park(self.item.delivery, self.item.hash, fault)

    def repeated(self, first: InboxRow, record: Record) -> None:
        if not (self.replayed or self.item.delivery.redelivered or _is_batch(self.unit, self.item)):
            _tell_again(self.unit, first, record, self.origin.endpoint)

    def _row(self, verdicts: list[Verdict]) -> IntakeRow:
        delivery = self.item.delivery
        bare = [msgspec.structs.replace(one, order=None, token="") for one in verdicts]
        return IntakeRow(
            id=self.id,
            channel=self.item.channel,
            endpoint=self.origin.endpoint,
            envelope=self.origin.envelope or self.item.hash,
            queue=delivery.queue,
            native=self.unit.keep(delivery.body, delivery.properties.content_type or ""),
            verdicts=encode(bare),
            at=self.unit.now,
        )

    def _intake(self, verdicts: list[Verdict]) -> Intake:
        shown_ = [one for one in verdicts if not (self.replayed and one.outcome is Outcome.REPEATED)]
        return Intake(
            endpoint=self.origin.endpoint,
            channel=self.item.channel,
            envelope=self.origin.envelope,
            verdicts=tuple(shown_),
            message_id=self.item.delivery.properties.message_id or "",
            replayed=self.replayed,
        )

    def _used_before(self, document: Document) -> Verdict:
        origin = document_origin(document)
        return self.reject(origin, envelope_reused(origin))


def envelope_reused(origin: Origin) -> Fault:
    """Why nothing is taken under an envelope that was accepted whole before, with other content."""
    what = f"envelope {shown(origin.envelope)} was accepted before, with other content"
    return Fault(code="E_EDI_DUPLICATE", what=what, where="envelope", allowed="a new control number")


def _is_batch(unit: Unit, item: FromChannel) -> bool:
    """
    Whether a resend is answered by its acknowledgement alone.

    A batch holds hundreds of orders: to tell the last of each once more would bury the answer.
    """
    return isinstance(unit.hub.channels.get(item.channel), BatchAdapter)


def _asks_anew(item: FromChannel) -> bool:
    """
    The same question may be asked again in the same bytes, where the format has no control numbers: it is
    answered as things stand now.
    """
    only_asks = all(
        isinstance(one, AskStatus | Resume) and one.origin.envelope in ("", item.hash)
        for one in item.documents
    )
    return only_asks and not item.delivery.redelivered


def _first_fault(item: FromChannel) -> Fault:
    faults = (one.fault for one in item.documents if isinstance(one, RejectedDocument))
    unknown = Fault(code="E_IDENTITY", what="the message does not tell who sent it", where="message")
    return next(faults, unknown)


def _answer_again(unit: Unit, item: FromChannel, known: InboxRow, origin: Origin) -> None:
    """A resend gets the stored bytes once more, at most once a minute; a redelivery is silent."""
    if item.delivery.redelivered or not _may_answer(unit, known):
        return
    unit.taken(replace(known, answered_at=unit.now))
    firsts = [] if _is_batch(unit, item) else _orders_of(unit, item)
    intake = unit.tx.intakes([known.ref]).get(known.ref)
    if intake is not None and intake.ack:
        again = message_id("ack", intake.id, intake.ack)
        about = order_about(first.ref for first in firsts)
        orders = tuple(one.order_id for one in decode(intake.verdicts, tuple[Verdict, ...]))
        unit.outgoing.append(Again(origin.endpoint, intake.ack, again, "acknowledgement.v1", about, orders))
    for first in firsts:
        # However lately it was told: the acknowledgement may show a state that has passed.
        _tell_last(unit, first, unit.records[first.ref], origin.endpoint)


def _orders_of(unit: Unit, item: FromChannel) -> list[InboxRow]:
    """The keys of the orders that a message's documents became."""
    keys = (business_key(document_origin(one)) for one in item.documents if isinstance(one, _TAKEN))
    firsts = (unit.inbox.get(key) for key in keys)
    return [first for first in firsts if first is not None and first.ref in unit.records]


def _tell_again(unit: Unit, first: InboxRow, record: Record, endpoint: str) -> None:
    if _may_answer(unit, first):
        _tell_last(unit, first, record, endpoint)


def _tell_last(unit: Unit, first: InboxRow, record: Record, endpoint: str) -> None:
    """What became of a change that is sent again, and where the order stands by now."""
    asked = next((id_ for id_, origin in _asked(record) if business_key(origin) == first.key), None)
    answer_ = answer_again(record, endpoint, asked) if asked else None
    words = [one for one in (answer_, last_word(record, endpoint)) if one is not None]
    if words:
        unit.taken(replace(first, answered_at=unit.now))
        unit.outgoing += dict.fromkeys(words)


def _asked(record: Record) -> Iterator[tuple[str, Origin]]:
    """Every amendment and cancel of an order, by its id, and the document that asked for it."""
    yield from ((one.amendment.id, one.command.origin) for one in record.amendments)
    yield from ((one.task.id, one.origin) for one in record.cancels)


def _may_answer(unit: Unit, row: InboxRow) -> bool:
    last = row.answered_at
    return last is None or unit.now - last >= timedelta(seconds=unit.hub.limits.again_after)


def _answer_status(unit: Unit, ask: AskStatus, intake: str) -> None:
    """Its own order, or the same answer whether another's order exists or none does."""
    endpoint = ask.origin.endpoint
    own = visible_orders(unit, ask.about, endpoint)
    order = own[0] if len(own) == 1 else None
    notice = Notice(
        kind=NoticeKind.STATUS,
        endpoint=endpoint,
        at=unit.now,
        order=order,
        origin=ask.origin,
        fault=None if order is not None else not_one(ask.about, own),
        asked=ask.about.value,
        document=document_at(order, endpoint) if order is not None else "",
    )
    cause = f"{intake}|{ask.origin.position}|{unit.now.isoformat()}"
    unit.outgoing.append(Tell(notice, cause=cause))
    if order is not None:
        unit.outgoing += questions(unit, order.id, endpoint, cause)
