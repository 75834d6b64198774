"""
Set 865: what became of a change or a cancel that a partner asked for, line by line; or what it waits for; and
what a system asks or offers.

Source: X12 release 004010, segments BCA, SAC, N9, POC, ACK; code lists 353 (BCA01), 587 (BCA02), 670 (POC02),
668 (ACK01), 128 (N901), 623 (N906).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.formats.x12 import Element, SegmentOut
from adapters.formats.x12_agreement import Agreement
from canonical.amendments import Amendment, CancelTask, ChangeKind, ItemChange, Piece, PieceState, TaskState
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import Money, Order, OrderItem, every_item

from .acknowledge import was_duplicate
from .change_line import ADDED, CHANGED, REMOVED
from .change_request import QUESTION
from .memory import date_of
from .told import Told, message_segments, number_told, pairs_of, sentence_of, trouble_segments

__all__ = ["change_answer", "change_refusal", "is_answered"]

# Code list 353.
_ORIGINAL, _CANCELLATION = "00", "01"
# Code list 587: accepted; with detail and no change, with change; rejected with detail; on hold.
_ACCEPTED, _AS_ASKED, _IN_PART, _REFUSED, _WAITS = "AT", "AD", "AC", "RD", "AH"
# Code list 668: accepted, deleted, rejected, on hold.  A quote is no acceptance: IP (accepted, price changed)
# would say that the change is made, and it is made only when the partner has said yes.
_IA, _ID, _IR, _IH = "IA", "ID", "IR", "IH"
# Of what a supplier offers instead: with changes, with another quantity, with a substitute.
_IC = "IC"
_BY_FIELD = {"quantity": "IQ", "productOffering": "IS"}
# Code list 670, by what is wanted of an item.
_CHANGES = {ChangeKind.ADD: ADDED, ChangeKind.CHANGE: CHANGED, ChangeKind.REMOVE: REMOVED}
_TAKEN = frozenset({_IA, _IC, *_BY_FIELD.values()})
_OVER = frozenset({PieceState.REFUSED, PieceState.LAPSED, PieceState.WITHDRAWN})
# Code list 1300: mutually defined.
_CHARGE = "ZZZZ"
# Data element 610, amount: N2 1/15, two decimals whose point is not sent; 100, currency code: ID 3/3.
_MOST = 10**13
_CURRENCY = re.compile(r"[A-Z]{3}")
# Code list 374: current schedule delivery.
_EXPECTED = "067"


def is_answered(notice: Notice) -> bool:
    """
    Whether the notice answers a change or a cancel of its own receiver, or asks what a system asks, or ends
    that; others are told by an 870.
    """
    if notice.amendment is not None and notice.amendment.part:
        return notice.kind in (NoticeKind.INFORMATION_REQUIRED, NoticeKind.CHANGED)
    if notice.kind is NoticeKind.INFORMATION_REQUIRED:
        return notice.amendment is not None and notice.amendment.endpoint == notice.endpoint
    asked = notice.cancel or notice.amendment
    return notice.kind is NoticeKind.CHANGED and asked is not None and asked.endpoint == notice.endpoint


def change_answer(notice: Notice, order: Order, agreed: Agreement, at: dt.datetime) -> Told | None:
    """The 865 for a settled amendment or cancel, or for the quotes of one; None when there is neither."""
    if notice.cancel is not None and notice.kind is NoticeKind.CHANGED:
        return _of_cancel(notice, notice.cancel, order, agreed, at)
    if notice.amendment is not None:
        return _of_amendment(notice, notice.amendment, order, agreed, at)
    return None


def change_refusal(notice: Notice, at: dt.datetime) -> Told | None:
    """
    The 865 for an 860 that cannot be had; None when its 997 or a TA1 has said so, and for other sets.
    """
    origin, fault = notice.origin, notice.fault
    if origin is None or fault is None or origin.document_type != "860":
        return None
    said = origin.details
    if said.get("fault") == "syntax" or was_duplicate(fault) or "BCH03" not in said:
        return None
    purpose = _CANCELLATION if said.get("BCH01") == _CANCELLATION else _ORIGINAL
    segments: list[SegmentOut] = [
        ("BCA", purpose, _REFUSED, said["BCH03"], None, said.get("BCH05"), said.get("BCH06"),
         None, None, None, at.date(), said.get("BCH11")),
        *trouble_segments(fault.code, sentence_of(fault)),
    ]  # fmt: skip
    return Told("CA", "865", segments, f"865 for PO {said['BCH03']}: RD, {fault.code}")


@dataclass(frozen=True, slots=True)
class _Answer:
    """One 865 in the making: who is told, about which order."""

    notice: Notice
    order: Order
    agreed: Agreement
    at: dt.datetime

    def told(
        self, purpose: str, verdict: str, heading: Sequence[SegmentOut], lines: Sequence[SegmentOut]
    ) -> Told:
        """The set: BCA, the heading's own trouble, the lines and their total."""
        count = sum(segment[0] == "POC" for segment in lines)
        total: tuple[SegmentOut, ...] = (("CTT", count),) if count else ()
        words = [str(segment[1]) for segment in lines if segment[0] == "ACK"]
        summary = f"865 for PO {self.notice.document}: {' '.join((verdict, *words))}"
        segments = [self._beginning(purpose, verdict), *heading, *lines, *total]
        return Told("CA", "865", segments, summary)

    def _beginning(self, purpose: str, verdict: str) -> SegmentOut:
        notice, origin = self.notice, self.notice.origin
        said = origin.details if origin and origin.document_type == "860" else {}
        ordered = said.get("BCH06") or date_of(self.order, notice.endpoint)
        number = number_told(notice.document, self.agreed, 22)
        return ("BCA", purpose, verdict, number, None, said.get("BCH05"), ordered,
                None, None, self.order.id, self.at.date(), said.get("BCH11"))  # fmt: skip

    def line(self, item: OrderItem | None, number: str, change: str) -> SegmentOut:
        """POC; an item that is to go says no quantity and no price."""
        pairs = pairs_of(item, self.notice.endpoint, self.agreed) if item else ()
        count: tuple[Element, ...] = (None, None, None)
        price = None
        if item and change != REMOVED:
            count = (item.quantity, None, "EA")
            price = item.item_price[0].price.value if item.item_price else None
        return ("POC", number_told(number, self.agreed, 20), change, *count, price, None, *pairs)

    def verdict(self, item: OrderItem | None, code: str) -> SegmentOut:
        """ACK, with the day that is expected for what is accepted."""
        expected = self.order.expected_completion_date if code in _TAKEN else None
        when: tuple[Element, ...] = (_EXPECTED, expected.date()) if expected else ()
        if item is None or code == _ID:
            return ("ACK", code)
        return ("ACK", code, item.quantity, "EA", *when)


def _of_amendment(
    notice: Notice, amendment: Amendment, order: Order, agreed: Agreement, at: dt.datetime
) -> Told:
    answer = _Answer(notice, order, agreed, at)
    asks = notice.kind is NoticeKind.INFORMATION_REQUIRED
    pieces = [one for one in amendment.pieces if one.state is PieceState.AWAITING_CUSTOMER] if asks else []
    pieces = pieces or list(amendment.pieces)
    heading: list[SegmentOut] = []
    if amendment.fault:
        heading += trouble_segments(amendment.fault.code, sentence_of(amendment.fault))
    lines: list[SegmentOut] = []
    for piece in pieces:
        trouble = tuple(_trouble(piece, agreed))
        for change in piece.changes:
            if change.kind is ChangeKind.ORDER:
                heading += _of_heading(piece, trouble)
            else:
                lines += _of_line(answer, piece, change, trouble, offered=bool(amendment.part))
    charges = [one for one in heading if one[0] in {"SAC", "CUR"}]
    others = [one for one in heading if one[0] not in {"SAC", "CUR"}]
    return answer.told(_ORIGINAL, _WAITS if asks else _verdict(amendment, pieces), [*charges, *others], lines)


def _verdict(amendment: Amendment, pieces: Sequence[Piece]) -> str:
    states = {one.state for one in pieces}
    if not states:
        return _REFUSED if amendment.fault else _AS_ASKED
    if states == {PieceState.APPLIED}:
        return _AS_ASKED
    return _REFUSED if states <= _OVER else _IN_PART


def _of_heading(piece: Piece, trouble: Sequence[SegmentOut]) -> Iterator[SegmentOut]:
    """What became of the change of the order's own fields: it has no line to stand at."""
    yield from _charge(piece.charge)
    yield from trouble or trouble_segments(piece.state.value, "the fields of the order as a whole")


def _of_line(
    answer: _Answer, piece: Piece, change: ItemChange, trouble: Sequence[SegmentOut], *, offered: bool
) -> Iterator[SegmentOut]:
    item = change.wanted or _item(answer.order, change.item)
    removed = change.kind is ChangeKind.REMOVE
    code = _IR if piece.state in _OVER else _IH
    if piece.state is PieceState.APPLIED:
        code = _ID if removed else _offered(change) if offered else _IA
    number = change.line_ref or (item.line_ref if item else "") or change.item
    yield answer.line(item, number, _CHANGES[change.kind])
    yield from _charge(piece.charge)
    yield answer.verdict(None if removed else item, code)
    yield from trouble


def _offered(change: ItemChange) -> str:
    """How an item was taken as its system could do it, and not as it was ordered."""
    found = {_BY_FIELD.get(field, _IC) for field in change.fields if field != "note"}
    return found.pop() if len(found) == 1 else _IC if found else _IA


def _trouble(piece: Piece, agreed: Agreement) -> Iterator[SegmentOut]:
    """Why a piece was not taken, or what it asks; nothing for one that is applied, or still under way."""
    if piece.state is PieceState.AWAITING_CUSTOMER:
        yield from _question(piece, agreed)
    elif piece.state in _OVER:
        fault, state = piece.fault, piece.state
        parts = [sentence_of(fault)] if fault else []
        if state is not PieceState.REFUSED:
            parts.insert(0, f"{state.value}: nothing of it is changed")
        if piece.follow_on:
            parts.append(f"a draft was made of it: {piece.follow_on}")
        yield from trouble_segments(fault.code if fault else state.value, "; ".join(parts) or state.value)


def _question(piece: Piece, agreed: Agreement) -> Iterator[SegmentOut]:
    """N9*PR: the number to be given back, and until when; MSG what it costs, and why."""
    until = piece.answer_by.astimezone(dt.UTC) if piece.answer_by else None
    when = (until.date(), f"{until:%H%M}", "UT") if until else ()
    named = piece.question if agreed.carries(piece.question) else ""
    # Data elements 127 (AN 1/30) and 369 (AN 1/45): a longer number stands in the second.
    number = (named, None) if len(named) <= 30 else (None, named if len(named) <= 45 else None)
    parts = [f"costs {piece.charge.value:f} {piece.charge.unit}"] if piece.charge else []
    if piece.fault:
        parts.append(sentence_of(piece.fault))
    sentence = "; ".join(parts) or "an answer is needed"
    if any(number):
        yield ("N9", QUESTION, *number, *when)
        yield from message_segments(sentence)
    else:
        yield from trouble_segments(piece.fault.code if piece.fault else piece.state.value, sentence)


def _charge(charge: Money | None) -> Iterator[SegmentOut]:
    """SAC*C with its currency, where the standard has room for the amount; MSG says every amount."""
    if charge is None or not _CURRENCY.fullmatch(charge.unit) or not 0 < charge.value < _MOST:
        return
    if charge.value == charge.value.quantize(Decimal("0.01")):
        yield ("SAC", "C", _CHARGE, None, None, int(charge.value * 100))
        yield ("CUR", "SE", charge.unit)


def _of_cancel(notice: Notice, cancel: CancelTask, order: Order, agreed: Agreement, at: dt.datetime) -> Told:
    answer = _Answer(notice, order, agreed, at)
    done, fault = cancel.state is TaskState.DONE, cancel.fault
    verdict = (_IN_PART if fault else _ACCEPTED) if done else _REFUSED
    if cancel.state in {TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS}:
        verdict = _WAITS
    heading = list(_why_not(cancel, fault)) if fault or cancel.past else []
    code = {_ACCEPTED: _ID, _IN_PART: _ID, _REFUSED: _IR}.get(verdict, _IH)
    lines: list[SegmentOut] = []
    for number in cancel.items:
        item = _item(order, number)
        ref = item.line_ref if item else ""
        lines += [answer.line(item, ref or number, REMOVED), answer.verdict(None, code)]
    return answer.told(_CANCELLATION, verdict, heading, lines)


def _why_not(cancel: CancelTask, fault: Fault | None) -> Iterator[SegmentOut]:
    parts = [sentence_of(fault)] if fault else []
    if cancel.past:
        parts.append(f"past their point of no return: {', '.join(cancel.past)}")
    yield from trouble_segments(fault.code if fault else "E_TOO_LATE", "; ".join(parts))


def _item(order: Order, item_id: str) -> OrderItem | None:
    return next((one for one in every_item(order.product_order_item) if one.id == item_id), None)
