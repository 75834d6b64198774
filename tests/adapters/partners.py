"""
Two trading partners with a small catalogue, and X12 built by hand: no writer of ours decides what they send.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from adapters.formats.x12 import read_interchanges
from adapters.inbound.partner import PartnerAdapter
from adapters.kit import Native, Stamp
from canonical.commands import Command, CommandReceipt, RejectedDocument, SubmitOrder
from canonical.errors import Fault
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.references import Code, Endpoint, Identifier, Offering, References

FIXTURES = Path(__file__).parents[1] / "fixtures" / "partner"
AT = datetime(2026, 11, 21, 14, 5, 9, tzinfo=UTC)
HUB = Identifier(qualifier="ZZ", value="ORDERLOOM")

ACME = Endpoint(
    id="partner.acme",
    channel="partner",
    out_queue="channel.partner.acme.out",
    identifiers=(Identifier(qualifier="ZZ", value="ACME"),),
    hub=HUB,
    format={"version": "004010", "interchange_version": "00401", "usage": "P"},
)
GLOBEX = Endpoint(
    id="partner.globex",
    channel="partner",
    out_queue="channel.partner.globex.out",
    identifiers=(Identifier(qualifier="12", value="5551230000"),),
    hub=HUB,
    format={"element": "|", "line_break": "\n"},
)
OFFERINGS = (
    Offering(
        id="HANDSET-A",
        name="Handset A, black",
        category="device",
        codes=(
            Code(owner="partner.acme", type="VP", code="HX-A-BLK"),
            Code(owner="partner.globex", type="VP", code="G-HANDSET-A"),
            Code(owner="partner", type="UP", code="076123400003"),
        ),
    ),
    Offering(
        id="CASE-01",
        name="Case, clear",
        category="device",
        max_quantity=500,
        codes=(
            Code(owner="partner.acme", type="VP", code="CS-01"),
            Code(owner="partner", type="UP", code="076123400010"),
        ),
    ),
)
REFERENCES = References.of("test", OFFERINGS, (ACME, GLOBEX))

HANDSET = "PO1*1*2*EA*599.00**VP*HX-A-BLK*UP*076123400003"
CASE = "PO1*2*1*EA*19.5**VP*CS-01"


def order(*lines: str, number: str = "4500000042", control: str = "0001", **changes: Any) -> str:
    """An 850 of two lines, or of ``lines``; ``beg`` replaces its BEG, ``count`` what SE01 says."""
    body = lines or (HANDSET, CASE)
    beg = changes.pop("beg", f"BEG*00*SA*{number}**20261120")
    return transaction_set("850", beg, *body, control=control, **changes)


def transaction_set(code: str, *body: str, control: str = "0001", **changes: Any) -> str:
    """Any set; ``count`` and ``trailer`` replace SE01 and SE02."""
    count, trailer = changes.get("count", len(body) + 2), changes.get("trailer", control)
    return "".join(f"{line}~" for line in (f"ST*{code}*{control}", *body, f"SE*{count}*{trailer}"))


def group(*sets: str, kind: str = "PO", control: str = "77", **changes: Any) -> str:
    """A group; ``count`` and ``trailer`` replace GE01 and GE02, ``version`` GS08."""
    header = f"GS*{kind}*ACME*ORDERLOOM*20261121*0930*{control}*X*{changes.get('version', '004010')}~"
    count, trailer = changes.get("count", len(sets)), changes.get("trailer", control)
    return f"{header}{''.join(sets)}GE*{count}*{trailer}~"


def interchange(*groups: str, control: str = "000000077", **changes: Any) -> bytes:
    """
    A message from ACME; ``sender`` and ``receiver`` (15 wide), ``usage``, ``version`` and ``wanted`` replace
    elements of ISA, ``count`` and ``trailer`` IEA01 and IEA02.
    """
    groups = groups or (group(order()),)
    isa = (
        f"ISA*00*          *00*          *{changes.get('sender', 'ZZ*ACME           ')}"
        f"*{changes.get('receiver', 'ZZ*ORDERLOOM      ')}*261121*0930*U*{changes.get('version', '00401')}"
        f"*{control}*{changes.get('wanted', 0)}*{changes.get('usage', 'P')}*>~"
    )
    count, trailer = changes.get("count", len(groups)), changes.get("trailer", control)
    return f"{isa}{''.join(groups)}IEA*{count}*{trailer}~".encode("latin-1")


def read(message: bytes) -> list[Command | RejectedDocument]:
    """What the adapter makes of a message."""
    return list(PartnerAdapter().translate(Native(body=message, content_type=""), REFERENCES))


def stamp(endpoint: Endpoint = ACME, number: int = 7) -> Stamp:
    """The same time and numbers for everything."""
    return Stamp(at=AT, numbers={"interchange": number, "group": number}, endpoint=endpoint)


def verdict_on(document: Command | RejectedDocument, fault: Fault | None = None) -> Verdict:
    """What the hub says of one document: ``fault``, or the document's own, or that it is taken."""
    if isinstance(document, RejectedDocument):
        fault = fault or document.fault
    outcome = Outcome.REJECTED if fault else Outcome.ACCEPTED
    return Verdict(origin=document.origin, outcome=outcome, fault=fault)


def intake_of(documents: list[Command | RejectedDocument], fault: Fault | None = None, **said: Any) -> Intake:
    """The intake of a message, as the hub makes it: receipts get no verdict."""
    verdicts = tuple(
        verdict_on(one, fault) for one in documents if fault or not isinstance(one, CommandReceipt)
    )
    origin = documents[0].origin
    return Intake(
        endpoint=origin.endpoint, channel="partner", envelope=origin.envelope, verdicts=verdicts, **said
    )


def acknowledged(message: bytes, **said: Any) -> list[str]:
    """The segments of what a sender gets back at once, without the envelope's headers and trailers."""
    native = PartnerAdapter().acknowledge(intake_of(read(message), **said), stamp())
    return segments(native) if native else []


def refused(message: bytes) -> list[list[str]]:
    """For each refused document, the segments of the notice that follows, if one does."""
    return [rejection(one.origin, one.fault) for one in read(message) if isinstance(one, RejectedDocument)]


def rejection(origin: Any, fault: Fault) -> list[str]:
    """The notice of a refused document."""
    notice = Notice(
        kind=NoticeKind.REJECTED,
        endpoint=origin.endpoint,
        at=AT,
        origin=origin,
        fault=fault,
        document=origin.document,
    )
    native = PartnerAdapter().render(notice, stamp())
    return segments(native) if native else []


def segments(native: Native) -> list[str]:
    """A message of ours, read back by the reader, without the envelope."""
    [found] = read_interchanges(native.body)
    assert not found.fault
    told = ["*".join((one.id, *one.elements)) for one in found.notes]
    for one in found.groups:
        assert not one.fault
        for each in one.sets:
            assert not each.fault
            told += ["*".join((line.id, *line.elements)) for line in each.body]
    return told


def taken(message: bytes) -> list[SubmitOrder]:
    """The orders of a message that the adapter takes."""
    return [one for one in read(message) if isinstance(one, SubmitOrder)]


def changed(value: Any, **changes: Any) -> Any:
    """A canonical value with some fields replaced."""
    return msgspec.structs.replace(value, **changes)
