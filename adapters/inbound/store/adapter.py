"""
The store channel's adapter: one POSLog a message, with a till's transactions.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from adapters.formats.xml_node import XmlNode
from adapters.formats.xml_read import read_xml
from adapters.kit.contract import Native, Stamp
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind
from canonical.references import References

from .answers import acknowledgement, answer, refused_later, status_notice
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
