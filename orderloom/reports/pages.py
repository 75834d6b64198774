"""
All orders of a span, read page by page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from orderloom.correlation.reports_port import ReportedOrder, Reports, Span

__all__ = ["every_order"]

# Orders of one page: some megabytes, and a read of some ten milliseconds.
_PAGE: Final = 500


def every_order(
    store: Reports, span: Span, *, since: datetime | None = None, events: bool = False
) -> Iterator[ReportedOrder]:
    """
    Each order once, in the order of ids; one that comes while this reads may be missing.

    Raises:
        StoreError: The store cannot be read.
    """
    after = ""
    while found := store.reported(span, after=after, limit=_PAGE, since=since, events=events):
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].id
