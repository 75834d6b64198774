"""
What stands behind the first interchange of a message.
"""

from __future__ import annotations

from msgspec.structs import replace

from adapters.formats.x12 import Unreadable
from adapters.formats.x12_isa import read_isa
from canonical.commands import Origin, RejectedDocument
from canonical.errors import Rejected

from .source import detailed, syntax

__all__ = ["trailing"]


def trailing(data: bytes, extra: Unreadable, first: Origin) -> RejectedDocument:
    """
    ``extra`` as a refused document of the same intake as ``first``.

    When it begins with a header of the same sender, its numbers are kept for a TA1.
    """
    nameless = replace(first, document_type="interchange", document="", details={"level": "trailing"})
    try:
        isa = read_isa(data, extra.offset)
    except Rejected:
        return syntax(nameless, extra.fault)
    if first.envelope.rpartition("/")[0] != isa.sender.id:
        return syntax(nameless, extra.fault)
    named = detailed(nameless, ISA09=isa.date, ISA10=isa.time, ISA13=isa.control)
    return syntax(replace(named, document=isa.control), extra.fault)
