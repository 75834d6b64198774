"""
``orderloom config``: every setting, its value, and where it came from.
"""

from __future__ import annotations

import click

from .context import Here, here, say
from .text import table

__all__ = ["config"]


@click.command()
@here
def config(place: Here) -> None:
    """
    Show every setting with its value and its origin; passwords and tokens are not shown.

    Example:
      ORDERLOOM_BROKER_URL=amqps://hub@rabbit.example/orders orderloom config
    """
    rows = [(one.key, one.value, one.origin) for one in place.settings.effective()]
    say(table(rows, ("setting", "value", "from"), indent=""))
