"""
One transaction set that tells a partner something, and the pieces that several of them share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.formats.x12 import SegmentOut, free_text
from adapters.formats.x12_agreement import Agreement
from canonical.errors import Fault
from canonical.order import ErrorMessage, Order, OrderItem

from .memory import codes_of

__all__ = [
    "SHIPPED",
    "Told",
    "line_of",
    "message_segments",
    "number_told",
    "pairs_of",
    "sentence_of",
    "shipped_items",
    "trouble_of",
    "trouble_segments",
]

# The milestone of a part whose goods have left.
SHIPPED = "shipped"

# Data elements 933, free-form message text: AN 1/264; 350, assigned identification: AN 1/20; 127, reference
# identification: AN 1/30.
_MAX_MESSAGE = 264
_MAX_LINE = 20
_MAX_REFERENCE = 30


@dataclass(frozen=True, slots=True)
class Told:
    """A set to be written: GS01, ST01, what stands between ST and SE, and a line for people."""

    functional_id: str
    code: str
    segments: Sequence[SegmentOut]
    summary: str


def number_told(number: str, agreed: Agreement, max_len: int) -> str:
    """A number as it is known, or, where others gave what X12 cannot carry, what can be read of it."""
    return number if agreed.carries(number) and len(number) <= max_len else free_text(number, max_len)


def line_of(item: OrderItem, agreed: Agreement) -> str:
    """The partner's own line number; ours when the line came another way."""
    return number_told(item.line_ref or item.id, agreed, _MAX_LINE)


def pairs_of(item: OrderItem, endpoint: str, agreed: Agreement) -> tuple[str, ...]:
    """The qualifiers and codes of a line, flat; none when X12 cannot carry them."""
    named = codes_of(item, endpoint)
    return named if all(map(agreed.carries, named)) else ()


def trouble_of(order: Order, item: OrderItem) -> ErrorMessage | None:
    """The last error that was recorded for an item, shown while its state is a bad one."""
    about = (one for one in reversed(order.product_order_error_message) if item.id in one.product_order_item)
    return next(about, None)


def trouble_segments(code: str, sentence: str) -> Iterator[SegmentOut]:
    """An N9 loop of an 855 or 865: the code, then the sentence."""
    yield ("N9", "ZZ", free_text(code, _MAX_REFERENCE))
    yield from message_segments(sentence)


def message_segments(sentence: str) -> Iterator[SegmentOut]:
    """MSG with as much of a sentence as it holds; none when X12's letters leave nothing of it."""
    text = free_text(sentence, _MAX_MESSAGE)
    if any(map(str.isalnum, text)):
        yield ("MSG", text)


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
