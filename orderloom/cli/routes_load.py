"""
``orderloom routes load``: checked rules become the ones that new orders are pinned to, without a restart.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import click

from .context import Here, Refused, complain, here, say
from .text import counted

__all__ = ["load"]


@click.command()
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder that holds routes/ and endpoints/ (default: as the settings say).",
)
@here
def load(place: Here, folder: Path | None) -> None:
    """
    Check the rules, run their tests, and make them current: workers take them with their next batch.

    Orders keep the version they were planned with. Nothing is loaded when anything is wrong.

    Example:
      orderloom routes load
    """
    from orderloom.rules import read_folder
    from orderloom.wiring import open_store
    from routes.rules import RulesError, read
    from routes.selftest import selftest

    profiles = place.adapters.profiles
    try:
        texts = read_folder(folder or place.settings.rules)
        rules = read(texts, profiles)
    except RulesError as error:
        complain(*error.faults, status=1)
    failed = [str(result) for result in selftest(rules, profiles) if not result.passed]
    if failed:
        say(failed)
        raise Refused("E_ROUTES", f"{counted(len(failed), 'test')} failed: nothing is loaded", rules.version)
    say(f"warning: {one}" for one in rules.warnings)
    open_store(place.settings).close()  # the first command may come before the first worker
    with place.store() as store:
        before = store.current_rules()
        known = _queues((store.load_rules(before) if before else None) or {})
        if before == rules.version:
            click.echo(f"{rules.version} is current already")
            return
        store.save_rules(rules.version, texts, place.now())
    click.echo(f"{rules.version} is current now; it was {before or 'none'}")
    new = sorted({one.out_queue for one in rules.references.endpoints.values()} - known)
    if before and new:
        click.echo(f"new out queues: {', '.join(new)}; `orderloom topology apply` makes them")


def _queues(texts: Mapping[str, str]) -> frozenset[str]:
    """The out queues of endpoints that were loaded, and so were sound."""
    files = (text for name, text in texts.items() if name.startswith("endpoints/"))
    return frozenset(str(tomllib.loads(text)["out_queue"]) for text in files)
