"""
A question for the status of one order: set 869.
"""

from __future__ import annotations

from msgspec.structs import replace

from adapters.formats.x12 import Segment, TransactionSet, Turn, arrange
from adapters.formats.x12_agreement import Agreement
from canonical.commands import AskStatus, OrderRef, Origin, RejectedDocument
from canonical.errors import Rejected, shown

from .layouts import INQUIRY
from .source import detailed, from_set, syntax

__all__ = ["read_inquiry"]

# Data element 127, reference identification: AN 1/30.
_MAX_REFERENCE = 30
# Code list 128: purchase order number, vendor (seller) order number.
_PURCHASE_ORDER, _OURS = "PO", "VN"
# What BEG03 is the number of.
_ORDERED_BY = "850"


def read_inquiry(
    transaction_set: TransactionSet, group: Origin, agreed: Agreement
) -> AskStatus | RejectedDocument:
    """What is asked, or what is wrong with the question."""
    origin = from_set(group, transaction_set)
    try:
        turn = arrange(transaction_set, INQUIRY)
        bsi = turn.head
        number = _carried(bsi, 1, _MAX_REFERENCE, agreed)
        asked = detailed(replace(origin, document=number), BSI02=f"{bsi.date(2):%Y%m%d}")
        return AskStatus(origin=asked, about=_about(next(turn.loops("HL")), agreed))
    except Rejected as rejected:
        return syntax(origin, rejected.fault)


def _about(level: Turn, agreed: Agreement) -> OrderRef:
    """The order by the partner's number (PRF01, or REF*PO), else by ours (REF*VN)."""
    if prf := level.first("PRF"):
        return OrderRef(value=_carried(prf, 1, 22, agreed), type=_ORDERED_BY)
    for ref in level.each("REF"):
        qualifier = ref.required(1, 3)
        if qualifier in {_PURCHASE_ORDER, _OURS}:
            kind = _ORDERED_BY if qualifier == _PURCHASE_ORDER else ""
            return OrderRef(value=_carried(ref, 2, _MAX_REFERENCE, agreed), type=kind)
    missing = replace(level.head, id="PRF", elements=())
    raise missing.reject(0, "E_MISSING", "no PRF, REF*PO or REF*VN in the HL loop", "one of them")


def _carried(segment: Segment, element: int, max_len: int, agreed: Agreement) -> str:
    """A number that comes back in the answer."""
    value = segment.required(element, max_len)
    if not agreed.carries(value):
        what = f"{shown(value)} cannot be sent back to you unchanged"
        allowed = "no blank in front, none of the separators we write with"
        raise segment.reject(element, "E_KEY_FORMAT", what, allowed)
    return value
