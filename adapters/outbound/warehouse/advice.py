"""
Set 945, the shipping advice: what became of each line of a shipping order.

Source: X12 release 004010, segments W06, LX, W12.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from adapters.formats.x12 import MANY, Layout, Loop, Segment, TransactionSet, Turn, Use, arrange
from canonical.errors import shown
from canonical.replies import ORDER_NUMBER, LineReply, Reference, Reply

from .words import PROFILE

__all__ = ["read_advice"]


def _any(ids: str) -> Layout:
    return tuple(Use(one, most=MANY) for one in ids.split())


_ITEM = Loop(
    (
        Use("W12", required=True),
        *_any("G69 N9 QTY MEA G62 AMT G72 R4 LS"),
        Loop((Use("FA1"), *_any("FA2"))),
        *_any("LE"),
    )
)
# All segments of the standard may come; W06, N9, LX and W12 are read.
_ADVICE: Layout = (
    Use("W06", required=True),
    Loop((Use("N1"), *_any("N2 N3 N4 PER"))),
    *_any("N9 G61 G62 NTE W27 W28 W10"),
    Loop((Use("LX", required=True), *_any("MAN PAL N9"), _ITEM)),
    *_any("W03"),
)


def read_advice(transaction_set: TransactionSet, key: str) -> Reply:
    """
    The reply in a 945; without a W12 its word is W0601, and is said of all lines.

    Raises:
        Rejected: With the element that is wrong.
    """
    turn = arrange(transaction_set, _ADVICE)
    w06 = turn.head
    whole = w06.required(1, 2)
    lines = tuple(_line(loop.head, item.head) for loop in turn.loops("LX") for item in loop.loops("W12"))
    shipment = w06.text(4, 30)
    return Reply(
        system=PROFILE.name,
        key=key,
        about=tuple(_about(turn)),
        word="" if lines else whole,
        lines=lines,
        gives=(Reference(type="shipment", value=shipment),) if shipment else (),
        happened=_day(w06),
        where=w06.where(1),
    )


def _about(turn: Turn) -> Iterator[Reference]:
    """
    Our key when the warehouse repeats it (N9*ZZ), and the depositor order number.

    Without them the purchase order number, which says the order only.
    """
    keys = [n9.raw(2) for n9 in turn.each("N9") if n9.raw(1) == "ZZ" and n9.text(2, 64)]
    yield from (Reference(type="key", value=key) for key in keys)
    w06 = turn.head
    if w06.raw(2):
        yield Reference(type=PROFILE.reference_type, value=w06.key(2, 22))
    elif number := w06.text(6, 22):
        yield from () if keys else (Reference(type=ORDER_NUMBER, value=number),)
    elif not keys:
        raise w06.reject(2, "E_KEY_MISSING", "names no shipping order", "W0602, N9*ZZ or W0606")


def _day(w06: Segment) -> dt.datetime | None:
    """W0603; X12 says no zone, so it is a day in UTC."""
    return dt.datetime.combine(w06.date(3), dt.time(), dt.UTC) if w06.text(3) else None


def _line(lx: Segment, w12: Segment) -> LineReply:
    pairs = dict(w12.pairs(7))
    return LineReply(
        word=w12.required(1, 2),
        line=lx.integer(1, 1, 999_999),
        offering=pairs.get("VN", ""),
        quantity=_shipped(w12),
        where=w12.where(1),
    )


def _shipped(w12: Segment) -> int | None:
    """W1203, in whole units."""
    if not w12.text(3, 15):
        return None
    number = w12.number(3, 0)
    if number != number.to_integral_value():
        raise w12.reject(3, "E_RANGE", f"{shown(w12.raw(3))} is not whole", "a whole number")
    return int(number)
