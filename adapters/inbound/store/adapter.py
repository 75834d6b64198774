"""
The store channel's adapter: one POSLog a message, or one a file of any length, with a till's transactions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from adapters.formats.fixed import Stream
from adapters.formats.xml_node import XmlNode
from adapters.formats.xml_read import read_xml
from adapters.kit.contract import Native, Stamp
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind, Verdict
from canonical.references import Endpoint, References

from .answers import (
    acknowledgement,
    answer,
    conversation_answer,
    outcomes,
    refused_later,
    status_notice,
)
from .file import FileSummary, check, documents
from .profile import Agreement, sender_of
from .transaction import TRANSACTION, read_transaction
from .vocabulary import CHANNEL, RETAIL

__all__ = ["StoreAdapter"]

# Transactions, and documents in them, of one message: they are taken in at once, and meanwhile the worker
# does nothing else.
_AT_ONCE = 1_000


class StoreAdapter:
    """
    Translate stores' POSLogs: customer orders for pickup and delivery, and what is asked of earlier ones.

    Which store sends is told by RetailStoreID of the first transaction; a message of an unknown one is one
    rejected document without an endpoint.  Its envelope key is the hash of the bytes.
    """

    channel = CHANNEL
    counters: tuple[str, ...] = ()
    conversing = True

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        The documents of each transaction, or one for a message that cannot be read; ``Rejected`` is never
        raised.
        """
        only = references.of_channel(CHANNEL)
        origin = Origin(
            channel=CHANNEL,
            endpoint=only[0].id if len(only) == 1 else "",
            envelope=content_hash(native.body),
            document_type=TRANSACTION,
        )
        try:
            transactions = _transactions(read_xml(native.body))
            endpoint = sender_of(transactions[0], references)
            origin = replace(origin, endpoint=endpoint.id)
            agreed = Agreement.of(endpoint)
            found = [
                one for node in transactions for one in read_transaction(node, origin, agreed, references)
            ]
            if len(found) > _AT_ONCE:
                what = f"{len(found)} orders and questions"
                raise transactions[0].reject("E_RECORDS", what, f"at most {_AT_ONCE}")
        except Rejected as rejected:
            yield RejectedDocument(origin=origin, fault=rejected.fault)
            return
        for position, one in enumerate(found, 1):
            yield replace(one, origin=replace(one.origin, position=position))

    def check(self, source: Stream, endpoint: Endpoint) -> FileSummary:
        """
        First pass over a file of any length: it creates nothing, and holds one transaction at a time.
        """
        return check(source, endpoint)

    def records(
        self, source: Stream, endpoint: Endpoint, references: References, start: int = 0
    ) -> Iterator[tuple[int, Command | RejectedDocument]]:
        """
        Second pass: the documents behind number ``start``, one at a time.

        Raises:
            Rejected: The file is not the one that was checked.
        """
        return documents(source, Agreement.of(endpoint), references, start)

    def acknowledge_file(self, verdicts: Iterable[Verdict], stamp: Stamp) -> Iterator[bytes]:
        """
        The outcomes as one POSLog, transaction by transaction; one without any when there is nothing to tell.
        """
        return outcomes(verdicts)

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """
        The outcome of each transaction; None when all of it is parked, or asked.
        """
        return acknowledgement(intake.verdicts)

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """
        A status, or the answer to a question; None for ``rejected``, which the acknowledgement has told,
        unless what is refused had been taken before.
        """
        if stamp.endpoint is None:
            return None
        agreed = Agreement.of(stamp.endpoint)
        if notice.conversation is not None:
            return conversation_answer(notice, notice.conversation, agreed)
        if notice.kind is NoticeKind.STATUS:
            return answer(notice, agreed)
        if notice.kind is NoticeKind.REJECTED or notice.order is None:
            return refused_later(notice)
        return status_notice(notice, notice.order, agreed)


def _transactions(root: XmlNode) -> tuple[XmlNode, ...]:
    if root.local != "POSLog":
        raise root.reject("E_UNKNOWN", f"the document is a {shown(root.local)}", "a POSLog")
    if root.uri != RETAIL:
        raise root.foreign(RETAIL)
    return root.all("Transaction", low=1, high=_AT_ONCE)
