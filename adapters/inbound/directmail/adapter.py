"""
The direct-mail channel's adapter: one batch a message, or one a file of any length in two passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.formats.fixed import Source, refuse_blank
from adapters.formats.sniff import MAX_MESSAGE
from adapters.kit.contract import Native, Stamp
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Rejected, shown
from canonical.notices import Intake, Notice, NoticeKind, Verdict
from canonical.references import Endpoint, References

from .answer_layouts import ACK_HEADER, ACK_TRAILER, STATUS, VERDICT
from .answers import Totals, acknowledgement, status, unknown
from .batch import FileSummary, check, details
from .detail import read_record
from .layouts import DETAIL, HEADER, INQUIRY, TRAILER
from .profile import CHANNEL, Agreement, sender_of, unknown_sender

__all__ = ["DirectMailAdapter"]

_CONTENT_TYPE = "application/octet-stream"

# Records of one message: they are taken in at once, or none, and meanwhile the worker does nothing else.
_AT_ONCE = 1000


class DirectMailAdapter:
    """
    Translate batches of direct mail: header, details (orders) and inquiries, trailer, in the sender's code
    page and record format.

    What is wrong with the file as a whole (header, order, count, hash total) is one rejected document, and
    nothing of the file is taken; what is wrong with a detail is that detail's alone.
    """

    channel = CHANNEL
    counters: tuple[str, ...] = ("file",)
    record_families = (
        {"H": HEADER, "D": DETAIL, "Q": INQUIRY, "T": TRAILER},
        {"A": ACK_HEADER, "V": VERDICT, "Z": ACK_TRAILER},
        {"S": STATUS},
    )

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        The orders and questions of a batch, a rejected document for each bad record, or one for the whole
        file: also when it has too many records, which are then not looked at.

        A file of an unknown sender is one rejected document without an endpoint.
        """
        body = native.body
        endpoint = sender_of(body, references)
        try:
            _refuse_size(body)
            if endpoint is None:
                raise Rejected.of(unknown_sender(body, references))
            summary = check(body, endpoint, _AT_ONCE)
        except Rejected as rejected:
            origin = Origin(channel=CHANNEL, endpoint=endpoint.id if endpoint else "", document_type="BATCH")
            yield RejectedDocument(origin=_whole(origin), fault=rejected.fault)
            return
        if summary.fault:
            yield RejectedDocument(origin=summary.origin, fault=summary.fault)
            return
        for _, found in self.records(body, endpoint, references):
            yield found

    def check(self, source: Source, endpoint: Endpoint) -> FileSummary:
        """
        First pass over a file of any length: it creates nothing, and holds one record at a time.
        """
        return check(source, endpoint)

    def records(
        self, source: Source, endpoint: Endpoint, references: References, start: int = 0
    ) -> Iterator[tuple[int, Command | RejectedDocument]]:
        """
        Second pass: each record after number ``start`` with its number (the header is 1), one at a time.

        Raises:
            Rejected: The file is not the one that was checked.
        """
        agreed = Agreement.of(endpoint)
        for head, raw in details(source, agreed, start):
            yield raw.number, read_record(raw, head, agreed, references)

    def sender(self, head: bytes, references: References) -> Endpoint | None:
        """
        Whose file begins with ``head``; None when nobody's, and the channel has several endpoints.
        """
        return sender_of(head, references)

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """One file with a verdict for each record; None when there is no verdict to tell."""
        totals = Totals()
        body = b"".join(acknowledgement(intake.verdicts, stamp, totals))
        if not body:
            return None
        batch = intake.verdicts[0].origin.details.get("batch", "")
        name = f"batch {batch}" if batch else "a batch"
        return Native(body, _CONTENT_TYPE, f"acknowledgement of {name}: {totals}")

    def acknowledge_file(self, verdicts: Iterable[Verdict], stamp: Stamp) -> Iterator[bytes]:
        """The same for a file of any length, record by record."""
        return acknowledgement(verdicts, stamp)

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """A status file of one record; None for ``rejected``, which the acknowledgement tells."""
        if notice.kind is NoticeKind.REJECTED or stamp.endpoint is None:
            return None
        order, agreed = notice.order, Agreement.of(stamp.endpoint)
        if order is None:
            return Native(unknown(notice, stamp, agreed), _CONTENT_TYPE, f"no order {shown(notice.asked)}")
        number = notice.document or order.id
        summary = f"status of {number}: {notice.kind.value}, {order.state.value}"
        return Native(status(notice, order, stamp, agreed), _CONTENT_TYPE, summary)


def _refuse_size(body: bytes) -> None:
    refuse_blank(body, "one batch")
    if len(body) > MAX_MESSAGE:
        what = f"{len(body)} bytes"
        raise Rejected(
            "E_TOO_LARGE", what, allowed=f"at most {MAX_MESSAGE} bytes; larger files by drop folder"
        )


def _whole(origin: Origin) -> Origin:
    return Origin(
        channel=origin.channel,
        endpoint=origin.endpoint,
        document_type=origin.document_type,
        details={"level": "file"},
    )
