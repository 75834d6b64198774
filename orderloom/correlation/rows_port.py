"""
The port's own rows to columns and back; both databases share it.

JSON that the port carries as bytes stands as text, so that people and SQL can read it; it comes back
byte for byte.
"""

from __future__ import annotations

from canonical.codec import decode, encode

from .breaker_port import Breaker
from .intake_files import FilePiece, FileState, IntakeFile
from .port import (
    Attempt,
    Claim,
    InboxRow,
    IntakeRow,
    JournalEntry,
    NativeRow,
    OutboxRow,
    ParkedRow,
    ParkedState,
    Timer,
    WaitingReply,
)
from .rows import Instants, Row, Table, mapping, mapping_text

__all__ = [
    "ATTEMPT",
    "BREAKER",
    "CLAIM",
    "FURTHEST_FIRST",
    "INBOX",
    "INTAKE",
    "INTAKE_FILE",
    "INTAKE_PIECE",
    "JOURNAL",
    "NATIVE",
    "OUTBOX",
    "PARKED",
    "REPLY",
    "TIMER",
    "PortRows",
]


def _table(name: str, key: str, others: str) -> Table:
    return Table(name, (key,), tuple(others.split()))


INBOX = _table("inbox", "key", "hash ref at whole answered_at")
NATIVE = _table("native", "hash", "body content_type at answer")
INTAKE = _table("intake", "id", "channel endpoint envelope queue native verdicts at ack")
OUTBOX = _table(
    "outbox",
    "seq",
    "owner order_id destination exchange routing_key properties mandatory at body native",
)
TIMER = _table("timer", "key", "due kind order_id data")
PARKED = _table(
    "parked",
    "id",
    "queue code fault native content_type properties at times order_id state closed_at actor why",
)
ATTEMPT = _table("attempt", "key", "started at")
CLAIM = _table("claim", "key", "order_id attempt worker lease")
BREAKER = _table("breaker", "system", "failures since at code reason next_probe opened probe")
REPLY = _table("reply", "id", "alias system reply native at")
INTAKE_FILE = _table(
    "intake_file",
    "id",
    "channel endpoint name size at changed state hash envelope records position accepted repeated rejected "
    "waiting worker lease answer_name numbers answered_at rules code same_as",
)
FURTHEST_FIRST = (
    "case state when 'answering' then 0 when 'taking' then 1 when 'ready' then 2 else 3 end, at, id"
)
"""The order of open files: what was begun is finished before anything else is."""

INTAKE_PIECE = Table("intake_piece", ("file", "number"), ("body",))
# Its key is a number that the database counts up: the order of writing.
JOURNAL = Table("journal", (), ("order_id", "at", "event", "text", "data", "actor"))


class PortRows:
    """The port's values to rows and back, with the instants of one database."""

    def __init__(self, instants: Instants) -> None:
        self._at = instants

    def inbox_row(self, one: InboxRow) -> Row:
        """Columns of :data:`INBOX`."""
        at, answered = self._at.write(one.at), self._at.write_maybe(one.answered_at)
        return (one.key, one.hash, one.ref, at, int(one.whole), answered)

    def inbox(self, row: Row) -> InboxRow:
        """From columns of :data:`INBOX`."""
        key, hash_, ref, at, whole, answered = row
        return InboxRow(key, hash_, ref, self._at.read(at), bool(whole), self._at.read_maybe(answered))

    def native_row(self, one: NativeRow) -> Row:
        """Columns of :data:`NATIVE`."""
        return (one.hash, one.body, one.content_type, self._at.write(one.at), int(one.answer))

    def native(self, row: Row) -> NativeRow:
        """From columns of :data:`NATIVE`."""
        hash_, body, content_type, at, answer = row
        return NativeRow(hash_, body, content_type, self._at.read(at), bool(answer))

    def intake_row(self, one: IntakeRow) -> Row:
        """Columns of :data:`INTAKE`."""
        return (
            one.id,
            one.channel,
            one.endpoint,
            one.envelope,
            one.queue,
            one.native,
            one.verdicts.decode(),
            self._at.write(one.at),
            one.ack,
        )

    def intake(self, row: Row) -> IntakeRow:
        """From columns of :data:`INTAKE`."""
        id_, channel, endpoint, envelope, queue, native, verdicts, at, ack = row
        return IntakeRow(
            id_, channel, endpoint, envelope, queue, native, verdicts.encode(), self._at.read(at), ack
        )

    def outbox_row(self, one: OutboxRow, seq: int, owner: str) -> Row:
        """Columns of :data:`OUTBOX`; the body is null where native bytes stand for it."""
        return (
            seq,
            owner,
            one.order_id,
            one.destination,
            one.exchange,
            one.routing_key,
            one.properties.decode(),
            int(one.mandatory),
            self._at.write(one.at),
            one.body,
            one.native or None,
        )

    def outbox(self, row: Row) -> OutboxRow:
        """From columns of :data:`OUTBOX`."""
        seq, _owner, order_id, destination, exchange, key, properties, mandatory, at, body, native = row
        return OutboxRow(
            order_id=order_id,
            destination=destination,
            exchange=exchange,
            routing_key=key,
            properties=properties.encode(),
            mandatory=bool(mandatory),
            at=self._at.read(at),
            body=body,
            native=native or "",
            seq=seq,
        )

    def timer_row(self, one: Timer) -> Row:
        """Columns of :data:`TIMER`."""
        return (one.key, self._at.write(one.due), one.kind, one.order_id, mapping_text(one.data))

    def timer(self, row: Row) -> Timer:
        """From columns of :data:`TIMER`."""
        key, due, kind, order_id, data = row
        return Timer(key, self._at.read(due), kind, order_id, mapping(data))

    def parked_row(self, one: ParkedRow) -> Row:
        """Columns of :data:`PARKED`."""
        return (
            one.id,
            one.queue,
            one.code,
            one.fault.decode(),
            one.native,
            one.content_type,
            one.properties.decode(),
            self._at.write(one.at),
            one.times,
            one.order_id,
            one.state.value,
            self._at.write_maybe(one.closed_at),
            one.actor,
            one.why,
        )

    def parked(self, row: Row) -> ParkedRow:
        """From columns of :data:`PARKED`."""
        id_, queue, code, fault, native, content_type, properties, at, times, *rest = row
        order_id, state, closed_at, actor, why = rest
        return ParkedRow(
            id=id_,
            queue=queue,
            code=code,
            fault=fault.encode(),
            native=native,
            content_type=content_type,
            properties=properties.encode(),
            at=self._at.read(at),
            times=times,
            order_id=order_id,
            state=ParkedState(state),
            closed_at=self._at.read_maybe(closed_at),
            actor=actor,
            why=why,
        )

    def attempt_row(self, one: Attempt) -> Row:
        """Columns of :data:`ATTEMPT`."""
        return (one.key, one.started, self._at.write(one.at))

    def attempt(self, row: Row) -> Attempt:
        """From columns of :data:`ATTEMPT`."""
        key, started, at = row
        return Attempt(key, started, self._at.read(at))

    def claim_row(self, one: Claim) -> Row:
        """Columns of :data:`CLAIM`."""
        return (one.key, one.order_id, one.attempt, one.worker, self._at.write(one.lease))

    def claim(self, row: Row) -> Claim:
        """From columns of :data:`CLAIM`."""
        key, order_id, attempt, worker, lease = row
        return Claim(key, order_id, attempt, worker, self._at.read(lease))

    def breaker_row(self, one: Breaker) -> Row:
        """Columns of :data:`BREAKER`."""
        since, at, probe = (self._at.write(when) for when in (one.since, one.at, one.next_probe))
        opened = self._at.write_maybe(one.opened)
        return (one.system, one.failures, since, at, one.code, one.reason, probe, opened, one.probe)

    def breaker(self, row: Row) -> Breaker:
        """From columns of :data:`BREAKER`."""
        system, failures, since, at, code, reason, next_probe, opened, probe = row
        return Breaker(
            system=system,
            failures=failures,
            since=self._at.read(since),
            at=self._at.read(at),
            code=code,
            reason=reason,
            next_probe=self._at.read(next_probe),
            opened=self._at.read_maybe(opened),
            probe=probe,
        )

    def reply_row(self, one: WaitingReply) -> Row:
        """Columns of :data:`REPLY`."""
        return (one.id, one.alias, one.system, one.reply.decode(), one.native, self._at.write(one.at))

    def reply(self, row: Row) -> WaitingReply:
        """From columns of :data:`REPLY`."""
        id_, alias, system, reply, native, at = row
        return WaitingReply(id_, alias, system, reply.encode(), native, self._at.read(at))

    def file_row(self, one: IntakeFile) -> Row:
        """Columns of :data:`INTAKE_FILE`."""
        return (
            one.id,
            one.channel,
            one.endpoint,
            one.name,
            one.size,
            self._at.write(one.at),
            self._at.write(one.changed),
            one.state.value,
            one.hash,
            one.envelope,
            one.records,
            one.position,
            one.accepted,
            one.repeated,
            one.rejected,
            one.waiting,
            one.worker,
            self._at.write_maybe(one.lease),
            one.answer,
            encode(dict(one.numbers)).decode(),
            self._at.write_maybe(one.answered_at),
            one.rules,
            one.code,
            one.same_as,
        )

    def file(self, row: Row) -> IntakeFile:
        """From columns of :data:`INTAKE_FILE`."""
        at = INTAKE_FILE.columns.index
        given = list(row)
        for name in ("at", "changed"):
            given[at(name)] = self._at.read(row[at(name)])
        for name in ("lease", "answered_at"):
            given[at(name)] = self._at.read_maybe(row[at(name)])
        given[at("state")] = FileState(row[at("state")])
        given[at("numbers")] = decode(row[at("numbers")], dict[str, int])
        return IntakeFile(*given)

    def piece_row(self, one: FilePiece) -> Row:
        """Columns of :data:`INTAKE_PIECE`."""
        return (one.file, one.number, one.body)

    def piece(self, row: Row) -> FilePiece:
        """From columns of :data:`INTAKE_PIECE`."""
        return FilePiece(*row)

    def journal_row(self, one: JournalEntry) -> Row:
        """Columns of :data:`JOURNAL`."""
        at = self._at.write(one.at)
        return (one.order_id, at, one.event, one.text, mapping_text(one.data), one.actor)

    def entry(self, row: Row) -> JournalEntry:
        """From columns of :data:`JOURNAL`."""
        order_id, at, event, text, data, actor = row
        return JournalEntry(order_id, self._at.read(at), event, text, mapping(data), actor)
