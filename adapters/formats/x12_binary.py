"""
Segments of binary data in X12: their length is declared, and any byte may stand in them, also a separator.

Source: ASC X12.6, segments BIN (BIN01 length, BIN02 data) and BDS (BDS02 length, BDS03 data).
"""

from __future__ import annotations

import re

from canonical.errors import Rejected, shown

from .x12_segment import Separators, Spot

__all__ = ["binary_beginnings", "end_of_binary"]

# The element that says how many bytes the next one, the last, has.
_LENGTH_IN = {b"BIN": 1, b"BDS": 2}
_LENGTH = re.compile(rb"[0-9]{1,15}")
# More than stands before the data: name, filter (element 1570, three characters), length.
_HEAD = 64


def binary_beginnings(separators: Separators) -> tuple[bytes, ...]:
    """
    What segments of binary data begin with.
    """
    return tuple(tag + separators.element.encode("ascii") for tag in _LENGTH_IN)


def end_of_binary(data: bytes, position: int, separators: Separators, most: int) -> int:
    """
    Where the terminator of a segment of binary data stands: behind as many bytes as it says that it has.

    Args:
        most: The longest segment, in bytes.

    Raises:
        Rejected: ``E_EDI_BINARY``: it says no length, more than ``most``, or one behind which no terminator
            stands; nobody can tell where it ends.
    """
    tag = data[position : position + 3]
    element = _LENGTH_IN[tag]
    where = str(Spot(segment=tag.decode("ascii"), element=element, offset=position))
    head = data[position : position + _HEAD].split(separators.element.encode("ascii"), element + 1)
    said = head[element] if len(head) > element + 1 else b""
    if not _LENGTH.fullmatch(said) or int(said) > most:
        raise Rejected("E_EDI_BINARY", f"{shown(said)} bytes of data", where, f"a length up to {most}")
    start = position + sum(len(one) + 1 for one in head[: element + 1])
    end = start + int(said)
    if data[end : end + 1] != separators.segment.encode("ascii"):
        what = f"says {int(said)} bytes, and no terminator follows them"
        raise Rejected("E_EDI_BINARY", what, where, "the length of the data")
    return end
