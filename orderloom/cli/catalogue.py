"""
``orderloom catalogue``: is what can be ordered sound, by itself?
"""

from __future__ import annotations

from pathlib import Path

import click

from routes.rules import RuleSet

from .context import Here, here
from .routes import check_some, folder_option, tell

__all__ = ["catalogue"]


@click.group()
def catalogue() -> None:
    """
    Check the offerings, and the codes under which endpoints know them.

    Example:
      orderloom catalogue check
    """


@catalogue.command()
@folder_option
@here
def check(place: Here, folder: Path | None) -> None:
    """
    Print every fault of the catalogue with file, line and key, and what no part serves.

    Example:
      orderloom catalogue check
    """
    own = folder or place.settings.rules
    tell(lambda: check_some(own, place.adapters.profiles, "routes/catalogue/", _counts))


def _counts(rules: RuleSet) -> str:
    offerings = rules.references.offerings.values()
    categories = {one.category for one in offerings}
    codes = sum(len(one.codes) for one in offerings)
    return f"rules {rules.version}: {len(offerings)} offerings in {len(categories)} categories, {codes} codes"
