"""
``orderloom endpoints``: are the profiles of the senders sound, by themselves?
"""

from __future__ import annotations

from pathlib import Path

import click

from routes.rules import RuleSet

from .context import Here, here
from .routes import Report, check_some, folder_option, tell

__all__ = ["endpoints"]


@click.group()
def endpoints() -> None:
    """
    Check the profiles of the senders: names, identifiers, out queues, format settings.

    Example:
      orderloom endpoints check
    """


@endpoints.command()
@folder_option
@here
def check(place: Here, folder: Path | None) -> None:
    """
    Print every fault of the profiles with file, line and key, and whose channel has no adapter here.

    Example:
      orderloom endpoints check
    """
    without: list[str] = []

    def counts(rules: RuleSet) -> str:
        every = rules.references.endpoints.values()
        channels = {one.channel for one in every}
        without.extend(
            f"warning: {one.id}: channel {one.channel!r} has no adapter in the settings"
            for one in every
            if one.channel not in place.settings.channels
        )
        return f"rules {rules.version}: {len(every)} endpoints of {len(channels)} channels"

    def run() -> Report:
        own = folder or place.settings.rules
        report = check_some(own, place.adapters.profiles, "endpoints/", counts)
        return Report((*without, *report.lines), sound=report.sound)

    tell(run)
