"""
One transaction set that tells a partner something, and the pieces that several of them share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.formats.x12 import SegmentOut, free_text
from canonical.errors import Fault
from canonical.order import ErrorMessage, Order, OrderItem

__all__ = ["SHIPPED", "Told", "line_of", "sentence_of", "shipped_items", "trouble_of", "trouble_segments"]

# The milestone of a part whose goods have left.
SHIPPED = "shipped"

# Data element 933, free-form message text: AN 1/264.
_MAX_MESSAGE = 264


@dataclass(frozen=True, slots=True)
class Told:
    """A set to be written: GS01, ST01, what stands between ST and SE, and a line for people."""

    functional_id: str
    code: str
    segments: Sequence[SegmentOut]
    summary: str


def line_of(item: OrderItem) -> str:
    """The partner's own line number; ours when the line came another way."""
    return item.line_ref or item.id


def trouble_of(order: Order, item: OrderItem) -> ErrorMessage | None:
    """The last error that was recorded for an item, shown while its state is a bad one."""
    about = (one for one in reversed(order.product_order_error_message) if item.id in one.product_order_item)
    return next(about, None)


def trouble_segments(code: str, sentence: str) -> Iterator[SegmentOut]:
    """An N9 loop of an 855: the code, then the sentence."""
    yield ("N9", "ZZ", code)
    yield ("MSG", free_text(sentence, _MAX_MESSAGE))


def shipped_items(order: Order) -> frozenset[str]:
    """Ids of the items that have left the warehouse."""
    return frozenset(
        item
        for one in order.product_order_milestone
        if one.name == SHIPPED
        for item in one.product_order_item
    )


def sentence_of(fault: Fault) -> str:
    """A fault without its code: where, what, what is allowed."""
    return str(fault).removesuffix(f" [{fault.code}]")
