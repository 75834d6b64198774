"""
A batch as a file: checked as a whole in a first pass, which creates nothing; read in a second one.

Both passes hold one record at a time, however long the file is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from adapters.formats.fixed import (
    CodePage,
    Raw,
    Record,
    Source,
    Spot,
    cut,
    field_of,
    pieces,
    refuse_astray,
    refuse_text_mode,
)
from canonical.commands import Origin
from canonical.errors import Fault, Rejected, shown
from canonical.references import Endpoint

from .header import Head, decoded, header, names
from .layouts import DETAIL, LENGTH
from .profile import CHANNEL, QUALIFIER, Agreement

__all__ = ["FileSummary", "check", "details", "sequence_of"]

# Bytes at the beginning that show why a file cannot be read: two of the longest records, and more.
_HEAD = 64 * 1024

# What SEQ may be, in the first detail and in those behind it.
_FIRST, _ASCENDING = "1 or more", "ascending numbers, each once"


@dataclass(frozen=True, slots=True)
class FileSummary:
    """
    What the first pass found.

    Args:
        origin: Of the file as a whole; its envelope is SENDER-ID/BATCH-ID, empty without a sound header.
        records: How many stand between header and trailer.
        total: Sum of the prices that can be read.
        unsure: How many records have a price that cannot be read; then the hash total is not compared.
        size: Bytes of the file.
        hash: SHA-256 of its bytes, hexadecimal.
        fault: Why nothing of it may be taken.
    """

    origin: Origin
    head: Head | None
    records: int
    total: Decimal
    unsure: int
    size: int
    hash: str
    fault: Fault | None


def check(source: Source, endpoint: Endpoint, most: int | None = None) -> FileSummary:
    """
    Read the file once, up to its end or its first fault as a whole: header, order, count, hash total.

    It costs a few microseconds a record and creates nothing; what is wrong within a detail is left to
    :func:`details`.

    Args:
        most: Records that may stand between header and trailer; one more ends the pass.
    """
    seen = _Seen(pieces(source))
    pass_ = _FirstPass(endpoint, most)
    fault = None
    try:
        pass_.run(seen)
    except Rejected as rejected:
        fault = pass_.explained(rejected, seen.head).fault
    seen.drain()
    return FileSummary(
        origin=_origin(endpoint, pass_.head, pass_.named),
        head=pass_.head,
        records=pass_.records,
        total=pass_.total,
        unsure=pass_.unsure,
        size=seen.size,
        hash=seen.digest.hexdigest(),
        fault=fault,
    )


def details(source: Source, agreed: Agreement, start: int = 0) -> Iterator[tuple[Head, Raw]]:
    """
    The records between header and trailer that come after record ``start``, each with the header.

    Raises:
        Rejected: The file is not the one that was checked.
    """
    records = _records(pieces(source), agreed)
    head = header(next(records, None), agreed)
    trailer = "T".encode(agreed.page.codec)
    for raw in records:
        if raw.data[:1] == trailer:
            return
        if raw.number > start:
            yield head, raw


class _Seen:
    """Pieces of a file, counted and hashed as they pass."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self.head = b""
        self.size = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._source:
            self.head = self.head or piece[:_HEAD]
            self.size += len(piece)
            self.digest.update(piece)
            yield piece

    def drain(self) -> None:
        for _ in self:
            pass


class _FirstPass:
    """The first pass under way."""

    def __init__(self, endpoint: Endpoint, most: int | None) -> None:
        self.endpoint = endpoint
        self.most = most
        self.agreed: Agreement | None = None
        self.named: Mapping[str, str] = {}
        self.head: Head | None = None
        self.records = 0
        self.unsure = 0
        self.total = Decimal(0)
        self._cents = 0
        self._last = 0

    def run(self, source: _Seen) -> None:
        self.agreed = agreed = Agreement.of(self.endpoint)
        records = _records(source, agreed)
        first = next(records, None)
        self.named = names(first, agreed)
        self.head = header(first, agreed)
        _check_sender(self.head, self.endpoint)
        trailer = self._details(records, agreed)
        self.total = Decimal(self._cents).scaleb(-2)
        self._check(trailer)
        for extra in records:
            where = str(Spot(extra.number))
            raise Rejected("E_FW_SEQUENCE", "a record behind the trailer", where, "one batch a file")

    def explained(self, rejected: Rejected, head: bytes) -> Rejected:
        """What the first bytes show, where that says more than the fault they led to."""
        if self.agreed is None:
            return rejected
        try:
            if self.head is None:
                refuse_astray(head, self.agreed.page)
            refuse_text_mode(head, self.agreed.form)
        except Rejected as cause:
            return cause
        return rejected

    def _details(self, records: Iterator[Raw], agreed: Agreement) -> Record:
        head, detail, inquiry, trailer = (kind.encode(agreed.page.codec) for kind in "HDQT")
        number = 1
        for raw in records:
            number = raw.number
            kind = raw.data[:1]
            if kind == trailer:
                return decoded(raw, agreed)
            if kind == head:
                raise Rejected("E_FW_SEQUENCE", "a second header", str(Spot(number)), "one batch a file")
            self._count(raw)
            if kind in (detail, inquiry):
                self._sequence(raw, agreed)
            if kind == detail:
                self._price(raw, agreed)
            elif kind != inquiry:
                self.unsure += 1
        where = str(Spot(number))
        raise Rejected("E_FW_SEQUENCE", "the file ends here, without a trailer", where, "a record T")

    def _count(self, raw: Raw) -> None:
        if not raw.data:
            what = "a record of 0 bytes, which has no type"
            raise Rejected("E_FW_SHORT", what, str(Spot(raw.number)), "a record D or T")
        if self.records == self.most:
            allowed = f"at most {self.most} in a message; larger files by drop folder"
            raise Rejected("E_TOO_LARGE", f"more than {self.most} records", "file", allowed)
        self.records += 1

    def _sequence(self, raw: Raw, agreed: Agreement) -> None:
        """A field that cannot be read here is the fault of its record, and told there."""
        sequence = sequence_of(raw.data, agreed.page)
        if sequence is not None:
            if sequence <= self._last:
                where = f"record {raw.number} cols 2-5 SEQ"
                what = f"SEQ {sequence} after SEQ {self._last}" if self._last else f"SEQ {sequence}"
                raise Rejected("E_FW_SEQUENCE", what, where, _ASCENDING if self._last else _FIRST)
            self._last = sequence

    def _price(self, raw: Raw, agreed: Agreement) -> None:
        try:
            self._cents += int(field_of(raw.data, DETAIL, "PRICE", agreed.page).scaleb(2))
        except Rejected:
            self.unsure += 1

    def _check(self, trailer: Record) -> None:
        if not self.records:
            raise Rejected(
                "E_FW_SEQUENCE", "no record before the trailer", trailer.where("REC-TYPE"), "details"
            )
        if trailer["COUNT"] != self.records:
            what = f"says {trailer['COUNT']}, but {self.records} records were sent"
            raise Rejected("E_FW_COUNT", what, trailer.where("COUNT"), str(self.records))
        if not self.unsure and trailer["HASH-TOTAL"] != self.total:
            what = f"says {trailer['HASH-TOTAL']}, but the prices add up to {self.total}"
            raise Rejected("E_FW_TOTAL", what, trailer.where("HASH-TOTAL"), str(self.total))


def sequence_of(data: bytes, page: CodePage) -> int | None:
    """
    SEQ of a detail or an inquiry, where it stands in the same place; None when it cannot be read.
    """
    try:
        found: int = field_of(data, DETAIL, "SEQ", page)
    except Rejected:
        return None
    return found


def _records(source: Iterable[bytes], agreed: Agreement) -> Iterator[Raw]:
    """The records, in FB without what a longer LRECL adds."""
    for raw in cut(source, agreed.form):
        yield raw if agreed.form.variable else raw._replace(data=raw.data[:LENGTH])


def _check_sender(head: Head, endpoint: Endpoint) -> None:
    own = [one.value for one in endpoint.identifiers if one.qualifier == QUALIFIER]
    if head.sender not in own:
        place = Spot(1, 28, 35, "SENDER-ID")
        raise Rejected("E_IDENTITY", f"unknown sender {shown(head.sender)}", str(place), " or ".join(own))


def _origin(endpoint: Endpoint, head: Head | None, named: Mapping[str, str]) -> Origin:
    return Origin(
        channel=CHANNEL,
        endpoint=endpoint.id,
        envelope=f"{head.sender}/{head.batch}" if head else "",
        document_type="BATCH",
        document=head.batch if head else "",
        details={"level": "file", **named},
    )
