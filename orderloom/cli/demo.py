"""
``orderloom demo``: real native messages of all channels through the whole hub, in one process.

The broker is in memory, the systems are simulated; adapters, routes, engine and store are the ones
that production runs.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from orderloom.logging import set_up_logging
from orderloom.settings import load
from orderloom.simulators.script import EVERY_SYSTEM, Script

from .context import complain, sentence
from .story.acts import ALL_ACTS, START
from .story.end import print_end
from .story.player import Player
from .story.scene import StageStuckError, story_file
from .story.stage import fresh_folder, staged

__all__ = ["play"]


def play(folder: Path, *, messages: bool = False) -> None:
    """
    The whole story in this process, with a store in ``folder``.

    Args:
        messages: Print every message as it is.
    """
    set_up_logging("ERROR")
    config = fresh_folder(folder, *(f'[systems."{name}"]' for name in EVERY_SYSTEM))
    script = Script.of(json.loads(story_file("script.json")))
    began = time.monotonic()
    with staged(load(config), script, START) as stage:
        click.echo(f"broker in memory (it forgets when this ends), store in {folder / 'orderloom.db'}")
        click.echo("times are those of the story, in Austin: its clock leaps when time passes")
        player = Player(stage, messages=messages)
        try:
            for act in ALL_ACTS:
                player.play(act)
        except StageStuckError as stuck:
            complain(sentence("E_NO_ANSWER", f"the story does not go on: {stuck}"), status=1)
        print_end(player, time.monotonic() - began, config)
    click.echo(
        "Next: make hub (what of it needs no day to pass, on a real RabbitMQ, in processes of their own)"
    )
