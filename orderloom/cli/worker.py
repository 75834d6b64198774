"""
``orderloom worker``: the process that does the work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import click

from .context import Here, complain, here, log_level_option, sentence

__all__ = ["worker"]

_NONE = "none"


@click.command()
@click.option(
    "--name", help="What it calls itself at broker and store (default: host, process, a few letters)."
)
@click.option(
    "--channels", metavar="NAMES", help="Only these channels, separated by commas; `none`: no channel's own."
)
@click.option("--systems", metavar="NAMES", help="Only these systems, separated by commas, or `none`.")
@click.option("--no-listener", is_flag=True, help="Do not serve the asynchronous answers of called systems.")
@log_level_option
@here
def worker(
    place: Here,
    name: str | None,
    channels: str | None,
    systems: str | None,
    *,
    no_listener: bool,
    log_level: str,
) -> None:
    """
    Carry orders until told to stop (SIGTERM or Ctrl-C), then finish what was begun.

    Examples:
      orderloom worker
      orderloom worker --name w2 --channels web --systems crm,oss.internet
      orderloom worker --channels none      (their adapters run on their own)
    """
    from orderloom.logging import set_up_logging
    from orderloom.running import run_worker

    settings = place.settings
    chosen_channels = _chosen(channels, settings.channels, "--channels")
    chosen_systems = _chosen(systems, settings.systems, "--systems")
    settings.broker.required()
    set_up_logging(log_level)
    run_worker(
        settings,
        name=name,
        channels=chosen_channels,
        systems=chosen_systems,
        listener=not no_listener,
    )


def _chosen(text: str | None, known: Iterable[str], option: str) -> Collection[str] | None:
    """The names in a comma-separated option, none of them for `none`; None when it was not given."""
    if text is None:
        return None
    if text.strip() == _NONE:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"unknown {', '.join(map(repr, unknown)) or 'name'}"
        complain(sentence("E_CONFIG", what, option, f"{_NONE}, or of {', '.join(known)}"))
    return names
