"""
What commands share: the settings, the store, the time, and how they fail.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import click

from canonical.errors import Fault, HubError
from orderloom.adapters_found import Adapters, find_adapters
from orderloom.correlation.port import Store
from orderloom.settings import Settings, load

__all__ = ["Here", "Refused", "actor", "complain", "here", "log_level_option", "say", "sentence"]

# People wait longer for a busy store than the engine may.
_PATIENCE = 10.0


class Refused(HubError):
    """The answer is no: not found, done before, or not taken.  The command ends with status 1."""


class Here:
    """
    Where a command runs; everything is made when it is first asked for.

    Args:
        config: Settings file, None: the usual places.
    """

    def __init__(self, config: Path | None) -> None:
        self.config = config

    @cached_property
    def settings(self) -> Settings:
        """The settings; raises :class:`~orderloom.settings.SettingsError`."""
        return load(self.config)

    @cached_property
    def adapters(self) -> Adapters:
        """The adapters of the settings; raises :class:`~orderloom.settings.SettingsError`."""
        return find_adapters(self.settings)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """
        The store, which must be there.

        Raises:
            StoreError: It is not there, or damaged.
        """
        from orderloom.stores import open_store

        store = open_store(self.settings.store, create=False, patience=_PATIENCE)
        try:
            yield store
        finally:
            store.close()

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)


here = click.make_pass_decorator(Here)

# Of every command that is a process of its own.
log_level_option = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Least important lines that are logged, to standard error.",
)


def say(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)


def complain(*faults: Fault | str, status: int = 2) -> NoReturn:
    """Print to standard error, one a line, and end."""
    for fault in faults:
        click.echo(str(fault), err=True)
    sys.exit(status)


def sentence(code: str, what: str, where: str = "", allowed: str = "") -> Fault:
    """An error as every part of the hub words it."""
    return Fault(code=code, what=what, where=where, allowed=allowed)


def actor() -> str:
    """Who acts, for the journal: ``cli:<user>``."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        import os

        return f"cli:{os.getuid()}"
