"""
``orderloom retention``: let the store go of what is old enough, or see what would go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from .context import Here, here, say
from .text import instant, size, table

if TYPE_CHECKING:
    from orderloom.retention import Gone

__all__ = ["retention"]


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@here
def retention(place: Here, *, dry_run: bool) -> None:
    """
    Let the store go of what is older than the settings keep it, as the clock does by and by.

    Native bytes first, then the journal, keys and answers last; nothing of an order that has not ended so
    long ago. In short transactions, beside running workers.

    Example:
      orderloom retention --dry-run
    """
    from orderloom.retention import retain

    with place.store() as store:
        rows = list(_totals(retain(store, place.settings.retention, place.now(), dry=dry_run)))
    say(table(rows, ("what", "from before", "would go" if dry_run else "gone", "size"), indent=""))
    if not rows:
        click.echo("everything is kept for ever")


def _totals(found: Iterable[Gone]) -> Iterator[tuple[str, str, str, str]]:
    totals: dict[tuple[str, datetime], list[int]] = {}
    for gone in found:
        total = totals.setdefault((gone.kind, gone.before), [0, 0])
        total[0] += gone.rows
        total[1] += gone.size
    for (kind, before), (rows, bytes_) in totals.items():
        yield kind, instant(before), str(rows), size(bytes_)
