"""
The adapter of a channel that has a mapping and no code of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from adapters.formats.decoded import Decoding
from adapters.formats.fixed import Layout, Source
from adapters.formats.values import key
from adapters.kit.contract import Native, Stamp
from canonical.commands import AskStatus, Command, OrderRef, Origin, RejectedDocument, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind
from canonical.references import Endpoint, References

from .answer import ACKNOWLEDGEMENT, TOKEN, acknowledged, noticed
from .content import conversation_of, order_of, question_of
from .entry import Document, Entry, Message, head_paths, zones_of
from .model import ChannelMap
from .read_answer import reader_of
from .read_records import deck_of, read_records
from .read_table import dialect_of, read_table
from .read_tree import read_elements, read_objects
from .shown import shown_records, shown_table
from .write import CONTENT_TYPES, answer_layout, writer_of

__all__ = ["MappedAdapter"]

# Orders of one message: they are taken in one transaction, which may have 1,100 documents.
_MOST = 1_000


class MappedAdapter:
    """
    Translate a channel's messages as its mapping says.

    What is wrong with a message as a whole (syntax, header, trailer) is one rejected document, and nothing of
    it is taken; what is wrong with one order is that order's alone.

    Raises:
        ValueError, Rejected: The mapping contradicts itself; :func:`~adapters.mapped.check.check` says where.
    """

    counters: tuple[str, ...] = ()

    record_families: tuple[Mapping[str, Layout], ...]
    """Of fixed-width records only, so that people are shown fields (``DescribedAdapter``)."""

    conversing: bool
    """True where answers have room for a customer's token (``ConversingAdapter``); else not there."""

    def __init__(self, mapping: ChannelMap) -> None:
        self.channel = mapping.channel
        self.mapping = mapping
        self._zones = zones_of(mapping)
        self._dialect = dialect_of(mapping.csv) if mapping.csv else None
        self._deck = deck_of(mapping.fixed) if mapping.fixed else None
        if self._deck is not None and self._deck.family:
            self.record_families = (self._deck.family,)
        if _hands_out_tokens(mapping):
            self.conversing = True
        self._write = writer_of(mapping, mapping.answer) if mapping.answer else None
        self._read_back = reader_of(mapping, mapping.answer) if mapping.answer else None

    @property
    def open_ended(self) -> bool:
        """Whether the format has neither an end nor a count: what is cut off a message, nobody can tell."""
        if self._dialect is not None:
            return self._dialect.trailer is None
        return self._deck is not None and self._deck.of("trailer") is None

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        An order for each document, or what is wrong with it.

        Raises:
            Rejected: Nothing can be read, and the bytes tell no sender.
        """
        only = self._only(references)
        origin = Origin(
            channel=self.channel,
            endpoint=only.id if only else "",
            envelope=content_hash(native.body),
            document_type=self.mapping.document,
        )
        try:
            message = self._read(native.body)
            _refuse_crowd(message)
            endpoint = self._sender(message.head, only, references)
            origin = msgspec.structs.replace(origin, endpoint=endpoint.id)
            origin = msgspec.structs.replace(origin, envelope=self._envelope(message.head, origin.envelope))
        except Rejected as rejected:
            if not origin.endpoint:
                raise
            yield RejectedDocument(origin=origin, fault=rejected.fault)
            return
        for position, document in enumerate(message.documents, 1):
            placed = msgspec.structs.replace(origin, position=position, document=self._number(document))
            yield self._command(message, document, placed, endpoint, references)

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """A row for each order, or line; None where this is not told, and for what is parked."""
        answer = self.mapping.answer
        if answer is None or self._write is None or ACKNOWLEDGEMENT not in answer.tell:
            return None
        rows = acknowledged(intake, answer, self._zones, stamp.at)
        if not rows:
            return None
        documents = len(intake.verdicts)
        what = f"{documents} {'order' if documents == 1 else 'orders'}"
        return self._native(self._write(rows), f"acknowledgement of {what}")

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """The rows of a notice; None where its kind is not told, or an acknowledgement has told it."""
        answer = self.mapping.answer
        if answer is None or self._write is None or notice.kind.value not in answer.tell:
            return None
        if notice.kind is NoticeKind.REJECTED and ACKNOWLEDGEMENT in answer.tell:
            return None
        rows = noticed(notice, answer, self._zones)
        number = notice.document or notice.asked
        state = f": {notice.order.state.value}" if notice.order else ""
        return (
            self._native(self._write(rows), f"{notice.kind.value} {shown(number)}{state}") if rows else None
        )

    def decoding(
        self, head: bytes, source: Source, *, page: str = "", certain: bool = True
    ) -> Decoding | None:
        """
        A table by its columns, records by their layouts, whether they come or are written; None for JSON and
        XML, and for what is none of these.

        Raises:
            Rejected: ``E_CHARSET``.
        """
        answer = self.mapping.answer
        if self._dialect is not None and self.mapping.csv is not None:
            names = tuple(one.name for one in answer.columns) if answer else ()
            written = dialect_of(self.mapping.csv, names) if names else None
            return shown_table(head, source, self._dialect, written, certain=certain)
        if self._deck is not None:
            layout = answer_layout(answer) if answer else None
            return shown_records(head, source, self._deck, layout, page=page, certain=certain)
        return None

    def reads_back(self, native: Native, stamp: Stamp) -> Iterator[str]:
        """
        The texts of an answer, row by row.

        Raises:
            Rejected: It is none.
        """
        return self._read_back(native.body) if self._read_back else iter(())

    def _native(self, body: bytes, summary: str) -> Native:
        return Native(body=body, content_type=CONTENT_TYPES[self.mapping.format], summary=summary)

    def _read(self, body: bytes) -> Message:
        mapping = self.mapping
        if self._dialect is not None:
            return read_table(body, mapping, self._dialect)
        if self._deck is not None:
            return read_records(body, mapping, self._deck)
        if mapping.xml is not None:
            return read_elements(body, mapping, mapping.xml)
        if mapping.json is not None:
            return read_objects(body, mapping, mapping.json)
        raise AssertionError(mapping.format)

    def _only(self, references: References) -> Endpoint | None:
        endpoints = references.of_channel(self.channel)
        return endpoints[0] if len(endpoints) == 1 else None

    def _sender(self, head: Entry, only: Endpoint | None, references: References) -> Endpoint:
        path = self.mapping.message.sender
        if not path:
            if only is None:
                what = "the message does not tell its sender"
                there = len(references.of_channel(self.channel)) or "none"
                allowed = f"one endpoint on channel {self.channel} (there are {there}), or message.sender"
                raise Rejected("E_IDENTITY", what, head.where(), allowed)
            return only
        name = head.text(path) or ""
        found = references.sender(self.channel, self.mapping.message.qualifier, name)
        if found is None:
            what = f"unknown sender {shown(name)}"
            raise Rejected("E_IDENTITY", what, head.where(path), f"an endpoint of channel {self.channel}")
        return found

    def _envelope(self, head: Entry, digest: str) -> str:
        path = self.mapping.message.number
        return key(head.text(path, loose=True) or "", head.where(path)) if path else digest

    def _number(self, document: Document) -> str:
        """The order's number, whatever else is wrong, so that an answer can name it."""
        path = self.mapping.order.number
        try:
            return key(document.order.text(path) or "", "")
        except Rejected:
            return ""

    def _command(
        self,
        message: Message,
        document: Document,
        origin: Origin,
        endpoint: Endpoint,
        references: References,
    ) -> SubmitOrder | AskStatus | RejectedDocument:
        mapping = self.mapping
        try:
            if message.repeated:
                _same_head(message.head, document.order, mapping)
            if number := question_of(document, mapping.order):
                return AskStatus(origin=origin, about=OrderRef(value=number))
            conversation = conversation_of(document, mapping.order, self._zones)
            content = order_of(
                document, mapping, endpoint, references, self._zones, repeated=message.repeated
            )
        except Rejected as rejected:
            return RejectedDocument(origin=origin, fault=rejected.fault)
        return SubmitOrder(origin=origin, order=content, conversation=conversation)


def _hands_out_tokens(mapping: ChannelMap) -> bool:
    columns = mapping.answer.columns if mapping.answer else ()
    return any(one.value == TOKEN for one in columns)


def _refuse_crowd(message: Message) -> None:
    if len(message.documents) > _MOST:
        where = message.documents[_MOST].order.where()
        raise Rejected(
            "E_RECORDS", f"{len(message.documents)} orders", where, f"at most {_MOST} in a message"
        )


def _same_head(head: Entry, entry: Entry, mapping: ChannelMap) -> None:
    """One message has one sender and one number, wherever they are said again."""
    for path in head_paths(mapping.message):
        if entry.text(path) != head.text(path):
            code = "E_IDENTITY" if path == mapping.message.sender else "E_VALUE"
            what = f"{shown(entry.text(path))} here, and {shown(head.text(path))} in the first record"
            raise Rejected(code, what, entry.where(path), "the same in the whole message")
