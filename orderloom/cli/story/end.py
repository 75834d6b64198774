"""
The end of a story: what has come of it, checked and printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from orderloom.cli.context import complain, sentence
from orderloom.cli.timeline import timeline

from .acts import ENDS, HANDSET, PHONE, TRIPLE, WAITED
from .ends import Check, change_checks, delay_checks, end_checks, leaving_checks
from .player import Player

__all__ = ["print_end"]

_TRY = ("status 4500001001", "journal G-7701", "conversation show C-7", "now", "parked list")


def print_end(player: Player, seconds: float, config: Path, *, home: bool = True) -> None:
    """
    The customer's order as people see it, what has to be so, and what to try next; status 1 if it is not so.

    Args:
        home: The order with the silent system was played, too.
    """
    click.echo(f"\n\n== {PHONE}, as whoever runs the hub sees it")
    for line in timeline(player.record(PHONE)):
        # Two of each instruction: for those who look for one.
        if not line.startswith("  known as"):
            click.echo(line)
    click.echo("\n\n== The end\n")
    checks = tuple(_checks(player, home=home))
    for check in checks:
        click.echo(str(check))
    wrong = [check.says for check in checks if not check.holds]
    if wrong:
        complain(*(sentence("E_STATE", f"not so: {one}") for one in wrong), status=1)
    click.echo(f"\nAll of it is so, after {seconds:.1f} s. Look around in what is left on disk:")
    for command in _TRY:
        click.echo(f"  .venv/bin/orderloom --config {config} {command}")


def _checks(player: Player, *, home: bool) -> Iterator[Check]:
    calls = player.calls()
    yield from change_checks(player.record(PHONE), calls, HANDSET)
    yield from leaving_checks(player.record(WAITED), player.record(player.kept["credit"]), calls)
    if home:
        record = player.record(TRIPLE)
        yield from delay_checks(record, player.journal(record))
    numbers = (number for number in ENDS if home or number != TRIPLE)
    records = {number: player.record(number) for number in numbers}
    yield from end_checks(records, player.differing, calls)
