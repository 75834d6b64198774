"""
Channel iptv: set-top boxes that order from the sofa, in STB/1.

A message is a first line ``STB/1 ORDER`` or ``STB/1 STATUS``, lines ``Name: value``, and a line with a full
stop.  Samples lie beside this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.formats.values import integer, key
from canonical.errors import shown
from canonical.keys import content_hash
from canonical.order import ExternalId, OfferingRef, PartyRef, RelatedParty
from orderloom import (
    Action,
    AskStatus,
    Command,
    Intake,
    Native,
    Notice,
    NoticeKind,
    OrderContent,
    OrderItem,
    OrderRef,
    Origin,
    Outcome,
    References,
    Rejected,
    RejectedDocument,
    Stamp,
    SubmitOrder,
)

__all__ = ["SetTopAdapter"]

_CHANNEL = "iptv"
_LAST = "."
_ORDER, _STATUS = "STB/1 ORDER", "STB/1 STATUS"
_NAMES = {_ORDER: ("Order", "Box", "Offer", "Quantity"), _STATUS: ("Order", "Box")}
# A box has four lines to say; whoever sends more is none.
_MAX_BYTES = 4096


class SetTopAdapter:
    """
    Translate orders and questions of set-top boxes; tell a box whether its order was taken, how it stands
    when the box asks, and when it has ended.
    """

    channel = _CHANNEL
    counters: tuple[str, ...] = ()

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        The one order or question of the message, or what is wrong with it.

        Raises:
            Rejected: It is no STB/1.
        """
        head_ends = references.of_channel(_CHANNEL)
        first, said = _read(native.body)
        origin = Origin(
            channel=_CHANNEL,
            endpoint=head_ends[0].id if len(head_ends) == 1 else "",  # unknown: it will be parked
            envelope=content_hash(native.body),
            document_type=first.replace("/1 ", "-"),
            document=said["Order"].text,
        )
        if first == _STATUS:
            yield AskStatus(origin=origin, about=OrderRef(value=origin.document))
            return
        try:
            yield SubmitOrder(origin=origin, order=_content(said, origin, references))
        except Rejected as rejected:
            yield RejectedDocument(origin=origin, fault=rejected.fault)

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """TAKEN or REFUSED; None for what is parked, and for a question, which a notice answers."""
        told = [one for one in intake.verdicts if one.outcome is not Outcome.PARKED]
        if not told:
            return None
        verdict = told[0]
        number = verdict.origin.document
        if verdict.fault is not None:
            return _native("REFUSED", {"Order": number, "Reason": str(verdict.fault)})
        if verdict.origin.document_type == "STB-STATUS":
            return None
        return _native("TAKEN", {"Order": number, "Id": verdict.order.id if verdict.order else ""})

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """ENDED, or how it stands when a box asks; nothing else: a television is no tracking page."""
        if notice.kind not in {NoticeKind.ENDED, NoticeKind.STATUS}:
            return None
        if notice.order is None:
            return _native("REFUSED", {"Order": notice.asked, "Reason": str(notice.fault)})
        state = {"Order": notice.document, "State": notice.order.state.value}
        return _native(notice.kind.value.upper(), state)

    def reads_back(self, native: Native, stamp: Stamp) -> Iterator[str]:
        """What we write, line by line, as a box reads it; for the conformance suite."""
        first, *lines, last = native.body.decode("ascii").removesuffix("\n").split("\n")
        if not first.startswith("STB/1 ") or last != _LAST or not all(": " in line for line in lines):
            raise Rejected("E_FORMAT_SNIFF", f"begins with {shown(first)}", "line 1", "STB/1")
        yield first
        for line in lines:
            yield from line.split(": ", 1)


@dataclass(frozen=True, slots=True)
class _Said:
    """A value, and the line that it stands in."""

    text: str
    where: str


def _read(body: bytes) -> tuple[str, Mapping[str, _Said]]:
    """The first line, and what the others say."""
    if len(body) > _MAX_BYTES:
        raise Rejected("E_TOO_LARGE", f"{len(body)} bytes", allowed=f"at most {_MAX_BYTES} bytes")
    if not body.strip():
        raise Rejected("E_EMPTY", "the message holds nothing", allowed="one order")
    try:
        first, *lines = body.decode("ascii").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise Rejected(
            "E_ENCODING", f"byte {body[error.start]:02X}", f"byte {error.start}", "ASCII"
        ) from None
    names = _NAMES.get(first, ())
    if not names:
        raise Rejected("E_FORMAT_SNIFF", f"begins with {shown(first)}", "line 1", " or ".join(_NAMES))
    if not lines or lines[-1] != _LAST:
        raise Rejected(
            "E_TRAILING", "no full stop at the end", f"line {len(lines) + 1}", "a line with a full stop"
        )
    found: dict[str, _Said] = {}
    for number, line in enumerate(lines[:-1], 2):
        name, colon, text = line.partition(": ")
        if not colon or name not in names or name in found or not text.isprintable():
            allowed = f"{', '.join(names)}, each once"
            raise Rejected("E_UNKNOWN", f"no line for {shown(name)} here", f"line {number}", allowed)
        found[name] = _Said(text, f"line {number} {name}")
    missing = [name for name in names if name not in found]
    if missing:
        raise Rejected("E_MISSING", f"no {', '.join(missing)}", f"line {len(lines) + 1}", ", ".join(names))
    key(found["Order"].text, found["Order"].where)
    return first, found


def _content(said: Mapping[str, _Said], origin: Origin, references: References) -> OrderContent:
    box = key(said["Box"].text, said["Box"].where)
    offering = references.offering(said["Offer"].text, said["Offer"].where)
    quantity = integer(said["Quantity"].text, said["Quantity"].where, 1, offering.max_quantity)
    item = OrderItem(
        id="1", action=Action.ADD, product_offering=OfferingRef(id=offering.id), quantity=quantity
    )
    return OrderContent(
        product_order_item=(item,),
        external_id=(ExternalId(owner=_CHANNEL, external_identifier_type="boxOrder", id=origin.document),),
        related_party=(RelatedParty(role="customer", party_or_party_role=PartyRef(id=box)),),
    )


def _native(word: str, said: Mapping[str, str]) -> Native:
    plain = {name: "".join(one if " " <= one <= "~" else "?" for one in text) for name, text in said.items()}
    lines = [f"STB/1 {word}", *(f"{name}: {text}" for name, text in plain.items()), _LAST]
    summary = f"{word} {plain['Order']}"
    return Native(body=("\n".join(lines) + "\n").encode("ascii"), content_type="text/plain", summary=summary)
