"""
X12, the whole of it in one import: read interchanges, write them, acknowledge them.
"""

from __future__ import annotations

from .x12_ack import (
    GroupReceipt,
    InterchangeReceipt,
    SetReceipt,
    SetVerdict,
    functional_acknowledgement,
    interchange_acknowledgement,
    read_functional_acknowledgement,
    read_interchange_acknowledgements,
    verdicts_of,
)
from .x12_book import FUNCTIONAL_IDS
from .x12_layout import MANY, Layout, Loop, Turn, Use, arrange
from .x12_model import Group, GsHeader, Interchange, IsaHeader, IsaParty, TransactionSet, Unreadable
from .x12_read import read_interchanges
from .x12_segment import Segment, Separators, Spot
from .x12_write import (
    Element,
    FreeText,
    GroupOut,
    SegmentOut,
    SetOut,
    free_text,
    isa_header,
    write_interchange,
)

__all__ = [
    "FUNCTIONAL_IDS",
    "MANY",
    "Element",
    "FreeText",
    "Group",
    "GroupOut",
    "GroupReceipt",
    "GsHeader",
    "Interchange",
    "InterchangeReceipt",
    "IsaHeader",
    "IsaParty",
    "Layout",
    "Loop",
    "Segment",
    "SegmentOut",
    "Separators",
    "SetOut",
    "SetReceipt",
    "SetVerdict",
    "Spot",
    "TransactionSet",
    "Turn",
    "Unreadable",
    "Use",
    "arrange",
    "free_text",
    "functional_acknowledgement",
    "interchange_acknowledgement",
    "isa_header",
    "read_functional_acknowledgement",
    "read_interchange_acknowledgements",
    "read_interchanges",
    "verdicts_of",
    "write_interchange",
]
