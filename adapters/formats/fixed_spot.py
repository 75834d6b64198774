"""
Where something stands in a file of records: ``record 17 cols 29-33 PRICE``.
"""

from __future__ import annotations

import re

import msgspec

__all__ = ["Spot"]

_WRITTEN = re.compile(
    r"(?:record (?P<record>[0-9]+))?(?: ?cols (?P<first>[0-9]+)-(?P<last>[0-9]+) (?P<field>\S+))?"
)


class Spot(msgspec.Struct, frozen=True):
    """
    A record (1-based, of the file; 0 when there is but one), the columns of a field in it (1-based, both
    included; 0 when it is about the whole record), and the field, with its turn when it is in a table:
    ``ITEM-CODE(2)``.
    """

    record: int = 0
    first: int = 0
    last: int = 0
    field: str = ""

    def __str__(self) -> str:
        record = f"record {self.record}" if self.record else ""
        columns = f"cols {self.first}-{self.last} {self.field}" if self.field else ""
        return " ".join(filter(None, (record, columns))) or "record"

    @staticmethod
    def of(where: str) -> Spot | None:
        """
        The spot that was written so, or None when ``where`` is no place of ours.
        """
        found = _WRITTEN.fullmatch(where)
        if found is None or not where:
            return None
        record, first, last = (int(found[name] or 0) for name in ("record", "first", "last"))
        return Spot(record, first, last, found["field"] or "")
