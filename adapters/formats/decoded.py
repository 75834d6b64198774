"""
A payload field by field: where each stands in the bytes, what it is called, and what it says.

Each format has an iterator of :class:`DecodedField` (``*_decoded.py``).  They are for people: what cannot be
read is told where it stands, and whatever can be read behind it goes on.  They read as far as they are asked
to, so that the beginning of a long file costs no more than the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from canonical.errors import Fault, Rejected

__all__ = ["DecodedField", "Decoding", "unreadable"]


@dataclass(frozen=True, slots=True)
class DecodedField:
    """
    One field, as it stands in a payload.

    Args:
        record: Number of the record (segment, row, line, element) that it is in, 1-based.
        kind: What the record is: a layout's name, a segment's id; empty where records have no names.
        offset: Byte at which it begins, from 0.
        path: Its name in the format's own terms: ``PO107``, ``ITEMS(2).ITEM-CODE``, ``$.cart[0].sku``.
        raw: Its bytes.
        value: What they say; empty when they cannot be read.
        fault: Why they cannot be read.
    """

    record: int
    kind: str
    offset: int
    path: str
    raw: bytes
    value: str = ""
    fault: Fault | None = None

    @property
    def length(self) -> int:
        """Bytes."""
        return len(self.raw)


@dataclass(frozen=True, slots=True)
class Decoding:
    """
    A payload as it is read.

    Args:
        form: Name of the format.
        ascii: Whether its bytes can be taken for characters, if they look like some.
    """

    form: str
    fields: Iterator[DecodedField]
    ascii: bool = True


def unreadable(error: Rejected, record: int, offset: int, raw: bytes = b"") -> DecodedField:
    """The place at which a payload stops being readable."""
    return DecodedField(record, "", offset, "", raw, fault=error.fault)
