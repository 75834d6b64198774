"""
A purchase order: set 850 to an order.

First the whole set is read, so that what breaks the standard is told before anything else; then it is looked
at as business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.formats.x12 import Segment, TransactionSet, Turn, arrange
from adapters.formats.x12_agreement import Agreement
from canonical.commands import Origin, RejectedDocument, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.references import Endpoint, References

from .heading import check_total, check_type, content_of, day_wanted, number_of
from .layouts import PURCHASE_ORDER
from .lines import ORDERED, Line, Says, currency_of, each_once, item_of, read_line
from .source import Refused, detailed, from_set, syntax

__all__ = ["read_purchase_order"]

# Code list 353, purpose: words for those that partners try.
_ORIGINAL = "00"
_PURPOSES = {"01": "cancellation", "04": "change", "05": "replace", "06": "confirmation", "07": "duplicate"}

_MUST = frozenset({Says.QUANTITY, Says.PRODUCT})
_MAY = frozenset({Says.PRICE, Says.PLACE})


def read_purchase_order(
    transaction_set: TransactionSet,
    group: Origin,
    endpoint: Endpoint,
    agreed: Agreement,
    references: References,
) -> SubmitOrder | RejectedDocument:
    """The order, or what is wrong with it first: its syntax, then its business."""
    origin = from_set(group, transaction_set)
    try:
        turn = arrange(transaction_set, PURCHASE_ORDER)
        number, date = number_of(turn.head, agreed), turn.head.date(5)
        origin = replace(detailed(origin, BEG05=f"{date:%Y%m%d}"), document=number)
        draft = _read(turn, endpoint)
        _check_purpose(turn.head)
        each_once(draft.lines)
        content = content_of(
            turn,
            tuple(item_of(line, endpoint, references) for line in draft.lines),
            number=number,
            date=date,
            wanted=draft.wanted,
            endpoint=endpoint,
        )
        return SubmitOrder(origin=origin, order=content)
    except Refused as refused:
        return RejectedDocument(origin=origin, fault=refused.fault)
    except Rejected as rejected:
        return syntax(origin, rejected.fault)


@dataclass(frozen=True, slots=True)
class _Draft:
    """The set, read."""

    lines: Sequence[Line]
    wanted: dt.datetime | None


def _read(turn: Turn, endpoint: Endpoint) -> _Draft:
    check_type(turn.head)
    currency = currency_of(turn, endpoint)
    lines = [read_line(one, ORDERED, currency, must=_MUST, may=_MAY) for one in turn.loops("PO1")]
    check_total(turn, len(lines), "PO1")
    return _Draft(lines, day_wanted(turn))


def _check_purpose(beg: Segment) -> None:
    purpose = beg.raw(1)
    if purpose != _ORIGINAL:
        word = f" ({_PURPOSES[purpose]})" if purpose in _PURPOSES else ""
        raise Refused(
            "E_ACTION", f"purpose {shown(purpose)}{word} cannot be asked for", beg.where(1), "00 (original)"
        )
