"""
Direct-mail senders with a small catalogue, and batches built by hand: no writer of ours decides what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from adapters.inbound.directmail import DirectMailAdapter
from adapters.kit import Native, Stamp
from canonical.commands import RejectedDocument
from canonical.notices import Intake, Outcome, Verdict
from canonical.references import Code, Endpoint, Identifier, Offering, References

FIXTURES = Path(__file__).parents[1] / "fixtures" / "directmail"
AT = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)
LENGTH = 200


def endpoint(name, sender, **settings):
    """An endpoint of the channel that calls itself ``sender``."""
    return Endpoint(
        id=f"directmail.{name}",
        channel="directmail",
        out_queue=f"channel.directmail.{name}.out",
        identifiers=(Identifier(qualifier="ID", value=sender),),
        format=settings,
    )


PRINTCO = endpoint("printco", "PRINTCO", code_page="cp037", recfm="FB", lrecl="200")
LETTERS = endpoint("letters", "LETTERS", code_page="cp500", recfm="VB", lrecl="204")
BRIEFE = endpoint("briefe", "BRIEFE", code_page="cp273", recfm="VB+BDW", currency="EUR")
PLAIN = endpoint("plain", "PLAIN", code_page="ascii", lrecl="256")

CODES = {"HANDSET-A": "HANDSETA", "CASE-01": "CASE01", "INTERNET-500": "NET500"}
OFFERINGS = tuple(
    Offering(
        id=id_,
        name=f"{id_} by name",
        category="device",
        max_quantity=100,
        codes=(Code(owner="directmail", type="OFFER-CODE", code=code),),
    )
    for id_, code in CODES.items()
)


def references(*endpoints):
    return References.of("test", OFFERINGS, endpoints or (PRINTCO,))


def packed(number, digits, sign=None):
    """A packed decimal of so many digits."""
    nibble = sign or ("D" if number < 0 else "C")
    return bytes.fromhex(f"{abs(number):0{digits}}{nibble}".zfill(2 * (digits // 2 + 1)))


class Batch:
    """A batch in one code page and record format; ``details`` are bytes, so that they can be spoilt."""

    def __init__(self, page="cp037", recfm="FB", lrecl=LENGTH):
        self.page = page
        self.recfm = recfm
        self.lrecl = lrecl

    def text(self, text, length):
        return text.ljust(length).encode(self.page)

    def header(self, *, batch="B2026-0901", written="20260901", campaign="AUTUMN26", sender="PRINTCO",
               currency="USD", canary="[]!^|@"):  # fmt: skip
        head = f"H{batch:10}{written}{campaign:8}{sender:8}{currency:3}{canary:6}"
        return self._sized(head.encode(self.page))

    def detail(self, sequence=1, *, account="C-88100", code="HANDSETA", action="A", quantity=1, cents=49900,
               name="Ada King", street="12 Harbour Street", city="Springfield", state="OR", postcode="97477",
               country="US", card="", said="", items=()):  # fmt: skip
        head = b"".join(
            (
                self.text("D", 1),
                packed(sequence, 7),
                self.text(account, 12),
                self.text(code, 8),
                self.text(action, 1),
                packed(quantity, 3),
                packed(cents, 9),
                self.text(name, 30),
                self.text(street, 30),
                self.text(city, 20),
                self.text(state, 2),
                self.text(postcode, 10),
                self.text(country, 2),
                self.text(card, 1),
                self.text(said, 20),
                self.text(f"{len(items):02}", 2),
            )
        )
        rows = b"".join(self.text(one, 8) + packed(number, 3) for one, number in items)
        return self._sized(head + rows)

    def inquiry(self, sequence=1, order="B2026-0801-0000017"):
        return self._sized(self.text("Q", 1) + packed(sequence, 7) + self.text(order, 22))

    def trailer(self, count, cents):
        return self._sized(self.text("T", 1) + packed(count, 7) + packed(cents, 13))

    def file(self, details: Iterable[bytes], *, count=None, cents=None, header=None, trailer=None):
        """A whole file; count and total are those of the details unless given."""
        details = list(details)
        header = self.header() if header is None else header
        total = sum(map(cents_of, details)) if cents is None else cents
        trailer = (
            self.trailer(len(details) if count is None else count, total) if trailer is None else trailer
        )
        return b"".join(map(self.framed, filter(None, (header, *details, trailer))))

    def framed(self, record):
        """The record as it lies in the file."""
        if self.recfm == "FB":
            return record.ljust(self.lrecl, self.text("", 1) or " ".encode(self.page))
        described = (len(record) + 4).to_bytes(2, "big") + b"\x00\x00" + record
        if self.recfm == "VB":
            return described
        return (len(described) + 4).to_bytes(2, "big") + b"\x00\x00" + described

    def _sized(self, record):
        return record.ljust(LENGTH, " ".encode(self.page)) if self.recfm == "FB" else record


def cents_of(detail):
    """PRICE of a detail, 0 when it is none; an inquiry has no price."""
    if detail[:1] in (b"Q", "Q".encode("cp037")):
        return 0
    digits = detail[28:33].hex()
    return int(digits[:-1]) * (-1 if digits[-1] == "d" else 1) if digits[:-1].isdecimal() else 0


BATCH = Batch()


def put(record, column, bytes_):
    """``record`` with ``bytes_`` from ``column`` on, 1-based."""
    return record[: column - 1] + bytes_ + record[column - 1 + len(bytes_) :]


def read(body, *endpoints):
    """What a file says, as a list."""
    native = Native(body=body, content_type="application/octet-stream")
    return list(DirectMailAdapter().translate(native, references(*endpoints)))


def refused(body, *endpoints):
    """The one fault of a file that is refused as a whole."""
    [document] = read(body, *endpoints)
    assert isinstance(document, RejectedDocument)
    assert "file" == document.origin.details["level"]
    return document.fault


def bad(record):
    """The fault of a record between two good ones, which are taken."""
    found = read(BATCH.file([BATCH.detail(1), record, BATCH.detail(3)]))
    faults = [one.fault for one in found if isinstance(one, RejectedDocument)]
    assert (3, 1) == (len(found), len(faults)), faults
    assert isinstance(found[1], RejectedDocument)
    return faults[0]


def stamp(to=PRINTCO, number=7):
    return Stamp(at=AT, numbers={"file": number}, endpoint=to)


def verdict(document, **changes):
    """A document refused, when it is rejected, else with what ``changes`` say."""
    if isinstance(document, RejectedDocument):
        return Verdict(origin=document.origin, outcome=Outcome.REJECTED, fault=document.fault)
    return Verdict(origin=document.origin, **{"outcome": Outcome.ACCEPTED} | changes)


def intake(*verdicts):
    origin = verdicts[0].origin
    return Intake(endpoint=origin.endpoint, channel="directmail", envelope=origin.envelope, verdicts=verdicts)
