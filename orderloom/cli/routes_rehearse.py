"""
``orderloom routes rehearse``: past orders by new rules, before these are loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from canonical.codec import encode

from .context import Here, complain, here, say
from .spans import SPAN
from .text import counted

if TYPE_CHECKING:
    from canonical.order import Order
    from canonical.plan import Plan
    from orderloom.correlation.port import Store
    from routes.rehearse import Rehearsed

__all__ = ["rehearse"]

_PAGE: Final = 500


@click.command()
@click.option(
    "--since", type=SPAN, default="7d", show_default=True, metavar="SPAN", help="Orders that came in it."
)
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder that holds routes/ and endpoints/ (default: as the settings say).",
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Show so many of the orders."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Each order that differs as a line of JSON, for programs."
)
@here
def rehearse(place: Here, *, since: timedelta, folder: Path | None, limit: int, as_json: bool) -> None:
    """
    Plan the orders of the last days by the rules of a folder, and show what would change.

    Nothing is loaded and nothing changes. Exit status 1: some order would be planned otherwise, or refused.

    Example:
      orderloom routes rehearse --since 7d --rules ../new-rules && orderloom routes load --rules ../new-rules
    """
    from orderloom.correlation.forgetting import is_forgotten
    from orderloom.rules import load
    from routes.rehearse import rehearse as planned_anew
    from routes.rehearse import told
    from routes.rules import RulesError

    profiles = place.adapters.profiles
    try:
        rules = load(folder or place.settings.rules, profiles)
    except RulesError as error:
        complain(*error.faults, status=1)
    total, forgotten, shown = 0, 0, 0
    tally = _Tally()
    with place.store() as store:
        for order, plan in _orders(store, place.now() - since):
            if is_forgotten(order):
                forgotten += 1
                continue
            found = planned_anew(order, plan, rules, profiles)
            total += 1
            if found is None or not (found.changes or found.fault):
                continue
            tally.add(found)
            if as_json:
                click.echo(encode(found))
            elif not found.same and shown < limit:
                shown += 1
                say([f"{order.id}  {_number(order)}  planned by {plan.rules_version}"])
                say(f"  {line}" for line in told(found))
    if not as_json:
        say(tally.told(rules.version, total, forgotten))
    if tally.differing:
        click.get_current_context().exit(1)


def _orders(store: Store, since: datetime) -> Iterator[tuple[Order, Plan]]:
    after = ""
    while page := store.planned_since(since, after=after, limit=_PAGE):
        yield from ((order, plan) for order, plan in page if plan.parts)
        after = page[-1][0].id


def _number(order: Order) -> str:
    return next((one.id for one in order.external_id), "-")


class _Tally:
    """What would change, counted."""

    def __init__(self) -> None:
        self.otherwise = self.refused = self.reasons = 0
        self.parts: Counter[tuple[str, str]] = Counter()

    @property
    def differing(self) -> int:
        """Orders for which something else would be done, or nothing."""
        return self.otherwise + self.refused

    def add(self, found: Rehearsed) -> None:
        if found.fault is not None:
            self.refused += 1
        elif found.same:
            self.reasons += 1
        else:
            self.otherwise += 1
        self.parts.update((one.sign, one.part) for one in found.changes if one.tells)

    def told(self, version: str, total: int, forgotten: int) -> Iterator[str]:
        if self.parts:
            found = sorted(self.parts.items(), key=lambda one: (-one[1], one[0]))
            yield "parts: " + ", ".join(f"{sign} {name} {number}" for (sign, name), number in found)
        left = f" ({forgotten} forgotten, not looked at)" if forgotten else ""
        yield f"{counted(total, 'order')} planned by {version}{left}"
        yield (
            f"{self.otherwise} would be planned otherwise, {self.refused} would be refused, "
            f"{self.reasons} would be planned the same for other reasons"
        )
