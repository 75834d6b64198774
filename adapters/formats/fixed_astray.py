"""
Bytes that are no records at all: what they look like says more than the fault that they led to.
"""

from __future__ import annotations

from canonical.errors import Rejected

from .fixed_codepage import CodePage, refuse_foreign
from .sniff import refuse_other

__all__ = ["refuse_astray", "refuse_blank"]

# Blanks, and what ends a line, in ASCII and in EBCDIC.
_BLANKS = b" \t\r\n\x15\x25\x40"
# So much of a file shows in which family of pages it is written.
_ENOUGH = 200


def refuse_blank(data: bytes, allowed: str) -> None:
    """
    Refuse nothing, and nothing but blanks.

    Raises:
        Rejected: ``E_EMPTY``.
    """
    if not data.strip(_BLANKS):
        raise Rejected("E_EMPTY", "the message holds nothing", allowed=allowed)


def refuse_astray(head: bytes, page: CodePage) -> None:
    """
    Refuse another format, an archive, and text of the other family of code pages.

    For files whose first record was refused, which this explains: a sound one may begin with anything.

    Raises:
        Rejected: ``E_BOM``, ``E_ARCHIVE`` or ``E_FORMAT_SNIFF`` at byte 0; ``E_FW_CODEPAGE`` in record 1.
    """
    refuse_other(head, "records")
    refuse_foreign(head[:_ENOUGH], page, "record 1")
