"""
``orderloom demo`` and ``orderloom hub``: the same story, embedded and on RabbitMQ.
"""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["demo", "hub"]


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the store of the demonstration is kept; emptied first.",
)
@click.option("--messages", is_flag=True, help="Print every message as well, as it is sent and told.")
def demo(folder: Path, *, messages: bool) -> None:
    """
    Play a story of native messages through the whole hub, in this process, and check what comes of it.

    No server is needed: the broker is in memory and forgets, the store on disk does not. The story has a
    clock of its own, which leaps when time passes. Ends with status 1 when something is not as it should be.

    Examples:
      orderloom demo
      orderloom demo --messages
    """
    from .demo import play

    play(folder, messages=messages)


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/hub"),
    show_default=True,
    help="Where store and logs are kept; emptied first.",
)
@click.option("--keep", is_flag=True, help="Stay up until Ctrl-C, to look around in RabbitMQ's console.")
def hub(folder: Path, *, keep: bool) -> None:
    """
    Play the story on a real RabbitMQ, with worker and simulators as separate processes.

    It is played in real time; what needs days to pass is left out.

    The broker is the one of $ORDERLOOM_BROKER_URL, or a private one that is stopped at the end.

    Examples:
      orderloom hub
      orderloom hub --keep
    """
    from .hub import play

    play(folder, keep=keep)
