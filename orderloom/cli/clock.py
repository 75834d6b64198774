"""
``orderloom clock``: the process that keeps the time.
"""

from __future__ import annotations

import sys

import click

from .context import Here, complain, here, log_level_option, sentence

__all__ = ["clock"]


@click.command()
@click.option("--beat-only", is_flag=True, help="Only say what is to be looked at; another process looks.")
@click.option("--worker-only", is_flag=True, help="Only look; another process says what at.")
@log_level_option
@here
def clock(place: Here, *, beat_only: bool, worker_only: bool, log_level: str) -> None:
    """
    Keep the time until told to stop (SIGTERM or Ctrl-C): what is due is done by this process.

    Several do no harm. While none is alive, workers keep the time themselves.

    Examples:
      orderloom clock
      orderloom clock --beat-only
    """
    from orderloom.clock import run_clock
    from orderloom.logging import set_up_logging

    if beat_only and worker_only:
        complain(sentence("E_CONFIG", "given together with --worker-only", "--beat-only", "one of them"))
    place.settings.clock.required()
    set_up_logging(log_level)
    sys.exit(run_clock(place.settings, beat=not worker_only, worker=not beat_only))
