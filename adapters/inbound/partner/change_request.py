"""
A change of a purchase order, its cancel, or the answer to a quote: set 860.

As with an order, the whole set is read before it is looked at as business.

Source: X12 release 004010, segments BCH, N9, POC, SCH; code lists 353 (BCH01) and 128 (N901).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.formats.x12 import Segment, TransactionSet, Turn, arrange
from adapters.formats.x12_agreement import Agreement
from canonical.amendments import ItemPatch, OrderPatch, Scope
from canonical.commands import AmendOrder, Answer, CancelOrder, Command, OrderRef, Origin, RejectedDocument
from canonical.errors import Rejected, shown
from canonical.order import OfferingRef, OrderItem
from canonical.references import Endpoint, References

from .change_line import ChangeLine, read_change_line
from .heading import check_total, check_type, content_of, day_wanted, number_of
from .layouts import ORDER_CHANGE
from .lines import currency_of, each_once, item_of, notes_of, prices_of, quantity_of
from .offerings import offering_of
from .parties import buyer_of, delivery_of
from .source import Refused, detailed, from_set, syntax

__all__ = ["QUESTION", "read_change"]

# Code list 353.
_CANCEL, _DELTA, _WHOLE, _YES, _NO = "01", "04", "05", "06", "44"
_PURPOSES = "01 (cancellation), 04 (change), 05 (replace); 06 (confirmation), 44 (rejection) of a quote"
# What BCH03 is the number of.
_ORDERED_BY = "850"
# Code list 128: price quote number.
QUESTION = "PR"


def read_change(
    transaction_set: TransactionSet,
    group: Origin,
    endpoint: Endpoint,
    agreed: Agreement,
    references: References,
) -> Command | RejectedDocument:
    """What is asked of an order, or what is wrong with the set first: its syntax, then its business."""
    origin = from_set(group, transaction_set)
    try:
        turn = arrange(transaction_set, ORDER_CHANGE)
        head = _heading(turn, agreed)
        origin = replace(detailed(origin, **head.said), document=f"{head.number}/{head.change}")
        purpose = turn.head.raw(1)
        if purpose in {_YES, _NO}:
            return _answer(turn, head, origin)
        if purpose == _CANCEL:
            return CancelOrder(origin=origin, about=head.about, reason=_remark(turn))
        draft = _read(turn, endpoint)
        if purpose not in {_DELTA, _WHOLE}:
            what = f"purpose {shown(purpose)} cannot be asked for"
            raise Refused("E_ACTION", what, turn.head.where(1), _PURPOSES)
        for one in draft.lines:
            one.check(draft.wanted)
        each_once(one.line for one in draft.lines)
        if purpose == _WHOLE:
            return _whole(draft, head, origin, endpoint, references)
        return _delta(draft, head, origin, endpoint, references)
    except Refused as refused:
        return RejectedDocument(origin=origin, fault=refused.fault)
    except Rejected as rejected:
        return syntax(origin, rejected.fault)


@dataclass(frozen=True, slots=True)
class _Heading:
    """Of which order, and which of its changes this is; ``said`` is what the answer repeats of BCH."""

    number: str
    date: dt.date
    change: str
    said: dict[str, str]

    @property
    def about(self) -> OrderRef:
        return OrderRef(value=self.number, type=_ORDERED_BY)


@dataclass(frozen=True, slots=True)
class _Draft:
    """The set, read."""

    turn: Turn
    lines: Sequence[ChangeLine]
    wanted: dt.datetime | None
    fields: OrderPatch


def _heading(turn: Turn, agreed: Agreement) -> _Heading:
    bch = turn.head
    check_type(bch)
    number, ordered = number_of(bch, agreed), bch.date(6)
    said = {"BCH01": bch.raw(1), "BCH03": number, "BCH06": f"{ordered:%Y%m%d}"}
    if bch.text(11):
        said["BCH11"] = f"{bch.date(11):%Y%m%d}"
    if bch.raw(5):
        said["BCH05"] = _sequence(bch, agreed)
    change = said.get("BCH05") or said.get("BCH11")
    if not change and bch.raw(1) not in {_YES, _NO}:
        what = "the change has no number, and no date (BCH11) that could stand for it"
        raise bch.reject(5, "E_KEY_MISSING", what, "a number that no other change of the order has")
    return _Heading(number, ordered, change or "", said)


def _sequence(bch: Segment, agreed: Agreement) -> str:
    # Data element 327, change order sequence number: AN 1/8.
    number = bch.key(5, 8)
    if not agreed.carries(number):
        what = f"{shown(number)} cannot be sent back to you unchanged"
        raise bch.reject(5, "E_KEY_FORMAT", what, "none of the separators we write with")
    return number


def _read(turn: Turn, endpoint: Endpoint) -> _Draft:
    currency, wanted = currency_of(turn, endpoint), day_wanted(turn)
    whole = turn.head.raw(1) == _WHOLE
    lines = [read_change_line(loop, currency, wanted, whole=whole) for loop in turn.loops("POC")]
    check_total(turn, len(lines), "POC")
    fields = OrderPatch(
        requested_completion_date=wanted, place=delivery_of(turn) or None, related_party=buyer_of(turn)
    )
    return _Draft(turn, lines, wanted, fields)


def _whole(
    draft: _Draft, head: _Heading, origin: Origin, endpoint: Endpoint, references: References
) -> AmendOrder:
    items = tuple(item_of(one.line, endpoint, references) for one in draft.lines if not one.removed)
    if not items:
        what = "no line is left of the order"
        raise Refused("E_NO_ORDER", what, draft.turn.head.where(), "at least one; a cancel is BCH01 01")
    order = content_of(
        draft.turn, items, number=head.number, date=head.date, wanted=draft.wanted, endpoint=endpoint
    )
    return AmendOrder(origin=origin, about=head.about, scope=Scope.WHOLE, order=order)


def _delta(
    draft: _Draft, head: _Heading, origin: Origin, endpoint: Endpoint, references: References
) -> AmendOrder:
    add: list[OrderItem] = []
    change: list[ItemPatch] = []
    remove: list[str] = []
    for one in draft.lines:
        if one.removed:
            remove.append(one.line.ref)
        elif one.added:
            add.append(item_of(one.line, endpoint, references))
        elif not one.kept:
            change.append(_patch(one, endpoint, references))
    fields = draft.fields if draft.fields != OrderPatch() else None
    if not (add or change or remove or fields):
        raise Refused(
            "E_NO_ORDER", "the set changes nothing", draft.turn.head.where(), "a POC, DTM 002 or N1"
        )
    return AmendOrder(
        origin=origin,
        about=head.about,
        scope=Scope.DELTA,
        add=tuple(add),
        change=tuple(change),
        remove=tuple(remove),
        fields=fields,
    )


def _patch(change: ChangeLine, endpoint: Endpoint, references: References) -> ItemPatch:
    line = change.line
    offering, known = (
        offering_of(line.segment, line.pairs, endpoint, references) if line.pairs else (None, ())
    )
    return ItemPatch(
        item=line.ref,
        product_offering=OfferingRef(id=offering.id, name=offering.name) if offering else None,
        quantity=quantity_of(line, offering),
        place=line.place or None,
        item_price=prices_of(line),
        note=notes_of(known, endpoint, offering) if offering else (),
    )


def _answer(turn: Turn, head: _Heading, origin: Origin) -> Answer:
    quotes = [one.head for one in turn.loops("N9") if one.head.required(1, 3) == QUESTION]
    if not quotes:
        missing = replace(turn.head, id="N9", elements=())
        raise missing.reject(0, "E_MISSING", "no N9 PR says which quote is answered", "N9 PR of our 865")
    if len(quotes) > 1:
        raise Refused("E_ACTION", "two quotes are answered", quotes[1].where(), "one in each set")
    # Data elements 127 and 369; what does not fit the first stands in the second, as we sent it.
    question = quotes[0].text(2, 30) or quotes[0].text(3, 45)
    if not question:
        raise quotes[0].reject(2, "E_MISSING", "the number of the quote is missing")
    return Answer(
        origin=replace(origin, document=f"{head.number}/{question}"),
        about=head.about,
        question=question,
        accepted=turn.head.raw(1) == _YES,
        text=_remark(turn),
    )


def _remark(turn: Turn) -> str:
    """The messages of the heading, for people; element 933 has at most 264 characters."""
    said = (msg.text(1) for loop in turn.loops("N9") for msg in loop.each("MSG"))
    return " ".join(filter(None, said))[:4000]
