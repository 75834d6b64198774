"""
From what a batch wants to say to outbox rows: bytes by the adapters, numbers by gapless counters.

A number is used only by a message that was rendered, and is stored in the same transaction as its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import msgspec

from adapters.kit.contract import InboundAdapter, Native, Stamp
from broker.limits import unsendable
from broker.port import HeaderValue, Properties, Publish
from canonical.codec import encode
from canonical.errors import HubError, Rejected, shown
from canonical.keys import content_hash, inquiry_key, message_id
from canonical.notices import Notice, NoticeKind
from canonical.references import Endpoint
from canonical.states import State
from canonical.systems import Attachment
from orderloom.correlation.answering import told_of
from orderloom.correlation.fold import instruct_failed
from orderloom.correlation.port import JournalEntry, OutboxRow
from orderloom.correlation.record import Alias, Instructed, Record
from orderloom.hub_topology import parked_queue

from .file_names import FileKind, again_name, file_name, out_folder
from .hub import SystemLink
from .messages import CANONICAL, Props, order_headers, short, text_headers
from .outgoing import Ack, AckFile, Again, Announce, Handle, Instruct, Outgoing, Tell, notice_id, order_about
from .tokens import draft_of, fill_in, issue, leave_out, places
from .unit import Unit

__all__ = ["Renderer"]

# The number of a file that goes into a folder; a format that counts its files may call its counter so, too.
_FILE = "file"

# RabbitMQ's console shows a header on one line; the rest of the error is in the store.
_ERROR_SHOWN = 300


class Renderer:
    """Renders one unit's outgoing in order, and writes the rows into its changes."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._numbers: dict[str, int] = {}

    def run(self) -> None:
        """Render everything; what a rendering brings about (a held line) is rendered too."""
        self._lock(self.unit.outgoing)
        done = 0
        while done < len(self.unit.outgoing):
            one = self.unit.outgoing[done]
            done += 1
            self.unit.tick()
            self._render(one)
        self.unit.changes.counters.update(self._numbers)

    def _lock(self, outgoing: Iterable[Outgoing]) -> None:
        names = {name for one in outgoing for name in self._names(one)} - self._numbers.keys()
        if names:
            self._numbers.update(self.unit.tx.counters(names))

    def _names(self, one: Outgoing) -> list[str]:
        match one:
            case Ack():
                return self._channel_names(one.intake.endpoint)
            case AckFile():
                return sorted({*self._channel_names(one.row.endpoint), _file_count(one.row.endpoint)})
            case Tell():
                return self._channel_names(one.notice.endpoint)
            case Instruct() if self._queued(one):
                system = one.dispatch.instruction.system
                return [f"system|{system}|{name}" for name in self.unit.hub.systems[system].adapter.counters]
            case _:
                return []

    def _channel_names(self, endpoint: str) -> list[str]:
        profile = self._endpoint(endpoint)
        if profile is None:
            return []
        names = {f"channel|{endpoint}|{name}" for name in self.unit.hub.channels[profile.channel].counters}
        return sorted(names | {_file_count(endpoint)} if self._foldered(profile) else names)

    def _foldered(self, endpoint: Endpoint) -> bool:
        return endpoint.out_folder and endpoint.channel in self.unit.hub.folders

    def _queued(self, one: Instruct) -> bool:
        link = self.unit.hub.systems[one.dispatch.instruction.system]
        return link.profile.attachment is Attachment.QUEUE

    def _endpoint(self, endpoint: str) -> Endpoint | None:
        return self.unit.world.endpoints.get(endpoint)

    def _render(self, one: Outgoing) -> None:
        self._lock([one])
        match one:
            case Ack():
                self._ack(one)
            case AckFile():
                self._ack_file(one)
            case Tell():
                self._tell(one)
            case Again():
                self._again(one)
            case Instruct():
                self._instruct(one)
            case Announce():
                self._announce(one)
            case Handle():
                self._handle(one)

    def _stamp(self, names: list[str], endpoint: Endpoint | None, settings: Mapping[str, str]) -> Stamp:
        return Stamp(at=self.unit.now, numbers=self._next(names), endpoint=endpoint, settings=settings)

    def _channel_stamp(self, names: list[str], endpoint: Endpoint, kind: FileKind) -> Stamp:
        stamp = self._stamp(names, endpoint, {})
        if not self._foldered(endpoint):
            return stamp
        return replace(stamp, file=file_name(endpoint.id, stamp.numbers[_FILE], kind))

    def _next(self, names: list[str]) -> dict[str, int]:
        return {name.rpartition("|")[2]: self._numbers[name] + 1 for name in names}

    def _used(self, names: list[str]) -> None:
        for name in names:
            self._numbers[name] += 1

    # Channels.

    def _ack(self, one: Ack) -> None:
        endpoint = self._endpoint(one.intake.endpoint)
        row = one.row
        if endpoint is not None:
            names = self._channel_names(endpoint.id)
            stamp = self._channel_stamp(names, endpoint, FileKind.ACKNOWLEDGEMENT)
            with _placed(f"acknowledgement to {endpoint.id}"):
                native = _carried(self._adapter(endpoint).acknowledge(one.intake, stamp))
            if native is not None:
                self._used(names)
                told = (verdict.order_id for verdict in one.intake.verdicts)
                tokens = dict(enumerate(one.tokens, start=1))
                # By its bytes: a message that is judged anew may be answered otherwise.
                key = message_id("ack", row.id, content_hash(leave_out(native.body, tokens)))
                letter = _Letter(key, "acknowledgement.v1", order_about(told), tokens=tokens)
                row = replace(row, ack=self._to_endpoint(endpoint, native, letter, stamp.file))
        self.unit.changes.intakes.append(row)

    def _ack_file(self, one: AckFile) -> None:
        """Numbered here, in the transaction that decides the last of it; written when that is durable."""
        names = self._names(one)
        numbers = self._next(names)
        self._used(names)
        name = file_name(one.row.endpoint, numbers[_FILE], FileKind.ACKNOWLEDGEMENT)
        row = replace(one.row, answer=name, numbers=numbers, answered_at=self.unit.now)
        self.unit.changes.files.append(row)

    def _tell(self, one: Tell) -> None:
        notice = one.notice
        endpoint = self._endpoint(notice.endpoint)
        if endpoint is None:
            return
        names = self._channel_names(endpoint.id)
        stamp = self._channel_stamp(names, endpoint, FileKind.STATUS)
        with _placed(f"notice {notice.kind.value} to {endpoint.id}"):
            native = _carried(self._adapter(endpoint).render(notice, stamp))
        if native is None:
            return
        self._used(names)
        digest = self._to_endpoint(endpoint, native, _letter_of(one), stamp.file)
        if notice.order is not None and not one.cause:
            self._told(notice.order.id, notice, digest)
            text = native.summary or f"{notice.kind} told"
            facts = {"endpoint": endpoint.id, "kind": notice.kind.value, "native": digest}
            entry = JournalEntry(notice.order.id, self.unit.now, "notice_sent", text, facts)
            self.unit.changes.journal.append(entry)
        self._shown(notice)

    def _shown(self, notice: Notice) -> None:
        """Whoever asks for a status, or resumes, makes what he changes from what he sees."""
        view = notice.conversation
        for order in (notice.order, *(view.orders if view is not None else ())):
            if order is None or notice.kind is not NoticeKind.STATUS or order.state is State.DRAFT:
                continue
            record = self.unit.records[order.id]
            if order.version > record.last_shown(notice.endpoint):
                told = (*record.told, told_of(notice, order))
                self.unit.records[order.id] = msgspec.structs.replace(record, told=told)

    def _told(self, order_id: str, notice: Notice, native: str) -> None:
        record = self.unit.records[order_id]
        said = None if notice.order is None else told_of(notice, notice.order)
        told = tuple(
            msgspec.structs.replace(one, native=native) if one == said else one for one in record.told
        )
        self.unit.records[order_id] = msgspec.structs.replace(record, told=told)

    def _again(self, one: Again) -> None:
        endpoint = self._endpoint(one.endpoint)
        kept = self.unit.tx.natives([one.native]).get(one.native) or self.unit.changes.natives.get(one.native)
        if endpoint is not None and kept is not None:
            tokens = {place: self._another(one, place) for place in places(kept.body)}
            letter = _Letter(one.message_id, one.type, order_id=one.order_id, tokens=tokens)
            native = Native(fill_in(kept.body, tokens), kept.content_type)
            self._to_endpoint(endpoint, native, letter, again_name(one))

    def _another(self, one: Again, place: int) -> str:
        """Another token in the place of one that is not known any more; empty when its order is gone."""
        order = dict(enumerate(one.orders, start=1)).get(place, "")
        record = self.unit.records.get(order)
        if record is None:
            return ""
        row = issue(self.unit, one.endpoint, record.order.conversation_id, draft_of(record.order))
        return self.unit.talk.minted[row.hash] if row is not None else ""

    def _adapter(self, endpoint: Endpoint) -> InboundAdapter:
        return self.unit.hub.channels[endpoint.channel]

    def _to_endpoint(self, endpoint: Endpoint, native: Native, letter: _Letter, file: str) -> str:
        headers: dict[str, HeaderValue] = {
            **letter.headers,
            "channel": endpoint.channel,
            "endpoint": endpoint.id,
            "summary": native.summary[:_ERROR_SHOWN],
        }
        correlation = letter.correlation or letter.order_id
        props = self._props(letter.key, letter.kind, native.content_type, correlation, headers)
        lane = letter.order_id or letter.key
        if self._foldered(endpoint):
            return self._answer(lane, out_folder(endpoint.id), props, native, tokens=letter.tokens, file=file)
        return self._answer(lane, endpoint.out_queue, props, native, tokens=letter.tokens)

    # Systems.

    def _instruct(self, one: Instruct) -> None:
        record = self.unit.records[one.order_id]
        instruction = one.dispatch.instruction
        link = self.unit.hub.systems[instruction.system]
        try:
            native = self._bytes_for(one, record, link)
        except Rejected as rejected:
            self._cannot_say(record, instruction.key, rejected)
            return
        inquiry = one.dispatch.inquiry
        if inquiry:
            key, kind = inquiry_key(instruction.key, inquiry), "inquiry.v1"
        else:
            key, kind = f"{instruction.key}-{one.dispatch.attempt}", f"instruction.{instruction.verb}.v1"
        headers: dict[str, HeaderValue] = {
            **order_headers(record.order, key),
            "system": instruction.system,
            "part": f"{instruction.position} {instruction.part}",
            "attempt": one.dispatch.attempt,
        }
        if inquiry:
            headers["inquiry"] = inquiry
        props = self._props(key, kind, native.content_type, record.id, headers)
        self._row(record.id, link.queue, props, self.unit.keep(native.body, native.content_type))

    def _bytes_for(self, one: Instruct, record: Record, link: SystemLink) -> Native:
        instruction = one.dispatch.instruction
        if not self._queued(one):
            return Native(encode(instruction), CANONICAL)
        if one.dispatch.inquiry:
            names = self._names(one)
            native = link.inquire(instruction, self._stamp(names, None, link.settings), one.dispatch.inquiry)
            _carried(native)
            self._used(names)
            return native
        sent = next(known for known in record.instructions if known.key == instruction.key)
        if one.dispatch.attempt > 1 and sent.native:
            kept = self.unit.tx.natives([sent.native])[sent.native]
            return Native(kept.body, kept.content_type)
        names = self._names(one)
        stamp = self._stamp(names, None, link.settings)
        native = link.adapter.instruct(instruction, stamp)
        _carried(native)
        self._used(names)
        self._instructed(record, sent, native, stamp, link)
        return native

    def _instructed(
        self, record: Record, sent: Instructed, native: Native, stamp: Stamp, link: SystemLink
    ) -> None:
        digest = self.unit.keep(native.body, native.content_type)
        with_bytes = msgspec.structs.replace(sent, native=digest, numbers=dict(stamp.numbers))
        aliases = record.aliases
        counter = link.profile.receipt_counter
        if counter:
            number = str(stamp.numbers[counter])
            aliases = (*aliases, Alias(owner=sent.system, type=counter, value=number, part=sent.part))
        instructions = tuple(with_bytes if one.key == sent.key else one for one in record.instructions)
        changed = msgspec.structs.replace(record, instructions=instructions, aliases=aliases)
        self.unit.records[record.id] = changed

    def _cannot_say(self, record: Record, key: str, error: HubError) -> None:
        folded = instruct_failed(record, key, error, self.unit.world, self.unit.now)
        self.unit.take(folded, f"{key}|instruct")

    # Announcements and handles.

    def _announce(self, one: Announce) -> None:
        order = one.announcement.order
        exchange, event = one.announcement.exchange, one.announcement.event
        key = message_id(exchange, order.id, one.cause, event)
        channel = order.channel[0].channel.id
        if exchange == "orders":
            routing, kind = f"order.{event}.{channel}", f"order.{event}.v1"
        else:
            routing, kind = f"status.{channel}.{event}", "status.changed.v1"
        props = self._props(key, kind, CANONICAL, order.id, dict(order_headers(order, key)))
        self.unit.changes.outbox.append(
            OutboxRow(
                order_id=order.id,
                destination=exchange,
                exchange=exchange,
                routing_key=routing,
                properties=props.encoded(),
                mandatory=False,
                at=self.unit.now,
                body=encode(order),
            )
        )

    def _handle(self, one: Handle) -> None:
        received = one.delivery.properties
        headers: dict[str, HeaderValue] = {
            **text_headers(received.headers),
            "x-parked-id": one.parked_id,
            "x-error-code": one.fault.code,
            "x-error": str(one.fault)[:_ERROR_SHOWN],
            "x-error-where": one.fault.where[:_ERROR_SHOWN],
            "x-parked-at": self.unit.now.isoformat(timespec="seconds"),
            "x-attempt": one.times,
        }
        props = Props(
            message_id=short(received.message_id) or one.parked_id,
            type=short(received.type),
            content_type=short(received.content_type),
            content_encoding=short(received.content_encoding),
            correlation_id=short(received.correlation_id),
            at=self.unit.now,
            headers=headers,
        )
        native = Native(one.delivery.body, received.content_type or "")
        kept = self.unit.keep(native.body, native.content_type)
        self._row(one.parked_id, parked_queue(one.delivery.queue), props, kept)

    def _props(
        self, key: str, kind: str, content_type: str, order_id: str, headers: dict[str, HeaderValue]
    ) -> Props:
        return Props(
            message_id=key,
            type=kind,
            content_type=content_type,
            correlation_id=order_id,
            at=self.unit.now,
            headers=headers,
        )

    def _answer(
        self,
        lane: str,
        queue: str,
        props: Props,
        native: Native,
        *,
        tokens: Mapping[int, str],
        file: str = "",
    ) -> str:
        """
        To an endpoint: onto its queue, or with ``file`` into its folder, whose name stands for the exchange.

        Tokens stand in the row that leaves the store when it was sent, and not in the bytes that are kept.
        """
        kept = leave_out(native.body, tokens)
        digest = self.unit.keep(kept, native.content_type, answer=True)
        self._row(lane, queue, props, digest, body=None if kept == native.body else native.body, file=file)
        return digest

    def _row(
        self, lane: str, queue: str, props: Props, kept: str, *, body: bytes | None = None, file: str = ""
    ) -> None:
        """
        Onto a queue by name, through the default exchange: it cannot be missing, and must be routed.

        Args:
            kept: Hash of the bytes, which are kept.
            body: Those to be sent, where others are kept.
            file: Its name, where ``queue`` is a folder.
        """
        row = OutboxRow(
            order_id=lane,
            destination=queue,
            exchange=queue if file else "",
            routing_key=file or queue,
            properties=props.encoded(),
            mandatory=True,
            at=self.unit.now,
            body=body,
            native=kept if body is None else "",
        )
        self.unit.changes.outbox.append(row)


def _carried(native: Native | None) -> Native | None:
    """
    It itself, when a broker can carry it: an unsendable message would stand before all others for its queue.

    Raises:
        Rejected: ``E_VALUE``.
    """
    if native is not None:
        properties = Properties(content_type=native.content_type)
        why = unsendable(Publish(0, "", "", native.body, properties))
        if why is not None:
            raise Rejected("E_VALUE", f"no broker carries it: {why}")
    return native


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """
    What cannot be said in the endpoint's format is told with its place: somebody's adapter let it in.

    Raises:
        Rejected: The adapter's own; ``E_VALUE`` for its ValueError, ``E_MISSING`` for its KeyError.
    """
    try:
        yield
    except Rejected as rejected:
        inner = f"{where}, {rejected.where}" if rejected.where else where
        raise Rejected(rejected.code, rejected.what, inner, rejected.allowed) from rejected
    except KeyError as error:
        name = error.args[0] if error.args else ""
        raise Rejected("E_MISSING", f"no {shown(name)} is given", where) from error
    except ValueError as error:
        what = f"it cannot be written: {str(error)[:_ERROR_SHOWN]}"
        raise Rejected("E_VALUE", what, where) from error


def _file_count(endpoint: str) -> str:
    return f"channel|{endpoint}|{_FILE}"


@dataclass(frozen=True, slots=True)
class _Letter:
    """
    What a message to an endpoint is called: its id, its type, the order it is about, what it answers.

    Args:
        tokens: What it hands out, by number.
    """

    key: str
    kind: str
    order_id: str = ""
    correlation: str = ""
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    tokens: Mapping[int, str] = field(default_factory=dict)


def _letter_of(one: Tell) -> _Letter:
    notice = one.notice
    kind = f"notice.{notice.kind}.v1"
    order = notice.order
    tokens = {1: notice.conversation.token} if notice.conversation is not None else {}
    if order is None:
        key = message_id("notice", one.cause, notice.kind, notice.endpoint)
        return _Letter(key, kind, correlation=one.correlation, tokens=tokens)
    if one.cause:
        key = message_id("notice", one.cause, notice.kind, notice.endpoint)
    else:
        key = notice_id(order.id, told_of(notice, order))
    return _Letter(key, kind, order.id, one.correlation, order_headers(order, key), tokens)
