"""
Set 824, the application advice: whether the warehouse has taken a change or a cancel of a shipping order.

Source: X12 release 004010, segments BGN, OTI, REF, TED, NTE; code lists 110 (OTI01) and 647 (TED01).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from adapters.formats.x12 import MANY, Layout, Loop, Segment, TransactionSet, Turn, Use, arrange
from canonical.errors import shown
from canonical.replies import ORDER_NUMBER, Reference, Reply

from .words import PROFILE, TOO_LATE

__all__ = ["read_verdicts"]

_MAX_REASON = 2000
# Code list 128, what stands in OTI03: transaction reference number, W0502 of our 940; purchase order number.
_ORDER, _PURCHASE_ORDER = "TN", "PO"
# Code list 647, received after cutoff date or time.
_AFTER_CUTOFF = "814"
_REFUSED = "TR"


def _any(ids: str) -> Layout:
    return tuple(Use(one, most=MANY) for one in ids.split())


# All segments of the standard may come; BGN, OTI, REF, TED and NTE are read.
_ADVICE: Layout = (
    Use("BGN", required=True),
    Loop((Use("N1"), *_any("N2 N3 N4 REF PER"))),
    Loop(
        (
            Use("OTI", required=True),
            *_any("REF DTM PER AMT QTY NM1"),
            Loop((Use("TED"), *_any("NTE RED"))),
            Loop((Use("LM"), Loop((Use("LQ"), *_any("RED"))))),
        ),
        required=True,
    ),
)


def read_verdicts(transaction_set: TransactionSet, key: str) -> tuple[Reply, ...]:
    """
    A reply for each OTI; the first has the set's key.

    Raises:
        Rejected: With the element that is wrong.
    """
    turn = arrange(transaction_set, _ADVICE)
    happened = _day(turn.head)
    found = enumerate(turn.loops("OTI"), 1)
    return tuple(_verdict(oti, key if place == 1 else f"{key}/{place}", happened) for place, oti in found)


def _verdict(turn: Turn, key: str, happened: dt.datetime | None) -> Reply:
    oti = turn.head
    word = oti.required(1, 2)
    errors = list(turn.loops("TED"))
    if word == _REFUSED and any(error.head.required(1, 3) == _AFTER_CUTOFF for error in errors):
        word = TOO_LATE
    reasons = (reason for error in errors for reason in _reasons(error))
    return Reply(
        system=PROFILE.name,
        key=key,
        about=_about(turn),
        word=word,
        reason="; ".join(filter(None, reasons))[:_MAX_REASON],
        happened=happened,
        where=oti.where(1),
    )


def _about(turn: Turn) -> tuple[Reference, ...]:
    """
    Our key when the warehouse repeats it (REF*ZZ), our reference, and the number of our group.

    Without them the purchase order number, which says the order only.
    """
    oti = turn.head
    if (code := oti.text(10, 3)) and code != "940":
        raise oti.reject(10, "E_UNMATCHED", f"speaks of a set {shown(code)}", "940")
    found = [
        Reference(type="key", value=ref.raw(2))
        for ref in turn.each("REF")
        if ref.raw(1) == "ZZ" and ref.text(2, 64)
    ]
    if oti.required(2, 3) == _ORDER:
        found.append(Reference(type=PROFILE.reference_type, value=oti.key(3, 22)))
    if group := oti.text(8, 9):
        found.append(Reference(type=PROFILE.receipt_counter, value=group.lstrip("0") or "0"))
    if not found and oti.raw(2) == _PURCHASE_ORDER:
        found.append(Reference(type=ORDER_NUMBER, value=oti.required(3, 22)))
    if not found:
        allowed = f"OTI02 {_ORDER} or {_PURCHASE_ORDER}, or OTI08"
        raise oti.reject(3, "E_KEY_MISSING", "names no shipping order", allowed)
    return tuple(found)


def _reasons(error: Turn) -> Iterator[str]:
    yield error.head.text(2, 60)
    yield from (note.text(2, 80) for note in error.each("NTE"))


def _day(bgn: Segment) -> dt.datetime | None:
    """BGN03; X12 says no zone, so it is a day in UTC."""
    return dt.datetime.combine(bgn.date(3), dt.time(), dt.UTC) if bgn.text(3) else None
