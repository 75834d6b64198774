"""
A POSLog as a file of any length: checked as a whole in a first pass, which creates nothing; read in a second.

Both passes hold one transaction at a time.  Documents are numbered through the file.  How many a transaction
has is told by its lines alone: a number means the same in both passes, whatever happens to the catalogue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.formats.fixed import Stream
from adapters.formats.xml_names import name_in
from adapters.formats.xml_node import XmlNode
from adapters.formats.xml_read import read_records
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected, shown
from canonical.references import Endpoint, References

from .profile import Agreement
from .transaction import TRANSACTION, documents_in, read_transaction
from .vocabulary import CHANNEL, RETAIL

__all__ = ["FileSummary", "check", "documents"]

_WAY = (name_in(RETAIL, "POSLog"), name_in(RETAIL, "Transaction"))
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileSummary:
    """
    What the first pass found.

    Args:
        origin: Of the file as a whole; its envelope is the hash.
        records: How many documents there are: orders, questions, and transactions that are neither.
        hash: SHA-256 of its bytes, hexadecimal.
        fault: Why nothing of it may be taken.
    """

    origin: Origin
    records: int
    hash: str
    fault: Fault | None


def check(source: Stream, endpoint: Endpoint) -> FileSummary:
    """
    Read the file once, up to its end or its first fault as a whole: no XML, no POSLog, another store's.
    """
    seen = _Seen(source)
    count, fault = 0, None
    try:
        agreed = Agreement.of(endpoint)
        for node in read_records(seen, _WAY):
            if not count:
                _refuse_other_store(node, agreed)
            count += documents_in(node, agreed)
        if not count:
            raise Rejected("E_MISSING", "no transaction", "/POSLog", "one at least")
    except Rejected as rejected:
        fault = rejected.fault
    digest = seen.drained()
    origin = _origin(endpoint, digest)
    return FileSummary(origin, count, digest, fault)


def documents(
    source: Stream, agreed: Agreement, references: References, start: int
) -> Iterator[tuple[int, Command | RejectedDocument]]:
    """
    The documents behind number ``start``, each with its number.

    Raises:
        Rejected: The file is not the one that was checked.
    """
    origin = _origin(agreed.endpoint, "")
    number = 0
    for node in read_records(source, _WAY):
        if number < start and (behind := number + documents_in(node, agreed)) <= start:
            number = behind
            continue
        for one in read_transaction(node, origin, agreed, references):
            number += 1
            if number > start:
                yield number, replace(one, origin=replace(one.origin, position=number))


class _Seen:
    """A file, hashed as it is read."""

    def __init__(self, source: Stream) -> None:
        self._source = source
        self._digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        piece = self._source.read(size)
        self._digest.update(piece)
        return piece

    def drained(self) -> str:
        """The hash of all of it."""
        while self.read(_PIECE):
            pass
        return self._digest.hexdigest()


def _origin(endpoint: Endpoint, envelope: str) -> Origin:
    return Origin(channel=CHANNEL, endpoint=endpoint.id, envelope=envelope, document_type=TRANSACTION)


def _refuse_other_store(node: XmlNode, agreed: Agreement) -> None:
    """Whose folder it is says who sends; the first transaction must say the same."""
    store = node.child("RetailStoreID")
    if store.text(64) != agreed.store:
        raise store.reject("E_IDENTITY", f"store {shown(store.text(64))}", agreed.store)
