"""
Where things lie in a drop folder, and what files are called there.

Each endpoint has a folder of its own, so that nobody sees another's answers and nobody can send in another's
name: ``<folder>/<endpoint>/in``, ``out``, and the hub's own ``work``, ``done``, ``refused``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from canonical.references import Endpoint
from orderloom.correlation.intake_files import IntakeFile
from orderloom.settings import ChannelSettings, Settings

__all__ = ["Place", "filed_name", "folder_of", "make_places", "place_of", "places", "real_name", "shown_name"]

# Of an endpoint's id, what follows the channel; routes/schema/endpoint.json says the same.
_OWN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)

# What a file's name may hold and still be shown as it is; neither "/" nor "%", and nothing a terminal obeys.
_PLAIN = "._-~+@#$=,()"

# The longest part of a sender's name that a file keeps in `done`: with time and id it stays below 255 bytes.
_KEPT = 150

# Only the owner writes; the sender's folders get their modes from whoever sets up the transfer.
_MODE = 0o750


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one endpoint."""

    channel: str
    endpoint: str
    root: Path

    @property
    def incoming(self) -> Path:
        """Where its sender puts files."""
        return self.root / "in"

    @property
    def outgoing(self) -> Path:
        """Where its answers are put."""
        return self.root / "out"

    @property
    def work(self) -> Path:
        """Where a file lies while it is worked on: out of its sender's reach."""
        return self.root / "work"

    @property
    def done(self) -> Path:
        """Files that were taken."""
        return self.root / "done"

    @property
    def refused(self) -> Path:
        """Files that were refused as a whole."""
        return self.root / "refused"

    @property
    def folders(self) -> tuple[Path, ...]:
        """All five."""
        return (self.incoming, self.outgoing, self.work, self.done, self.refused)

    def make(self) -> None:
        """
        Make what is missing.

        Raises:
            NotADirectoryError: Something else has its name.
            OSError: It cannot be made.
        """
        for folder in self.folders:
            try:
                folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(f"{folder} is no folder: move it away") from None

    def mend(self) -> None:
        """
        Make again what somebody has taken away.

        Raises:
            FileNotFoundError: All of it is gone: the disk may not be there just now, and nothing is made.
            NotADirectoryError: Something else has its name.
            OSError: It cannot be made.
        """
        if not self.root.is_dir():
            raise FileNotFoundError(f"{self.root} is not there: is its disk?")
        self.make()


def place_of(folder: Path, endpoint: str) -> Place:
    """
    The place of ``endpoint`` in its channel's drop folder.

    Raises:
        ValueError: The id is none that could name a folder.
    """
    channel, _, own = endpoint.partition(".")
    if not _OWN_NAME.fullmatch(own):
        raise ValueError(f"{endpoint!r} names no folder")
    return Place(channel, endpoint, folder / own)


def folder_of(settings: Settings, endpoint: str) -> Path | None:
    """The drop folder of an endpoint's channel, if it has one."""
    channel = settings.channels.get(endpoint.partition(".")[0])
    return channel.folder if channel is not None else None


def places(channel: ChannelSettings) -> Iterator[Place]:
    """
    Every place of a channel that is there: the hub has made one for each endpoint it knows.

    Raises:
        OSError: Its drop folder cannot be read.
    """
    if channel.folder is None or not channel.folder.is_dir():
        return
    for root in sorted(channel.folder.iterdir()):
        if _OWN_NAME.fullmatch(root.name) and not root.is_symlink():
            yield Place(channel.name, f"{channel.name}.{root.name}", root)


def make_places(
    settings: Settings, endpoints: Iterable[Endpoint], channels: Collection[str] | None = None
) -> None:
    """
    Make the folders of all endpoints whose channel has a drop folder.

    Args:
        channels: Only these; None means all.

    Raises:
        OSError: One cannot be made.
    """
    for endpoint in endpoints:
        folder = folder_of(settings, endpoint.id)
        if folder is not None and (channels is None or endpoint.channel in channels):
            place_of(folder, endpoint.id).make()


def shown_name(name: str) -> str:
    """A file's name as it is stored, logged and shown: plain ASCII, whatever bytes a stranger gave it."""
    return quote_from_bytes(os.fsencode(name), safe=_PLAIN)


def real_name(shown: str) -> str:
    """The name in the file system that :func:`shown_name` showed."""
    return os.fsdecode(unquote_to_bytes(shown))


def filed_name(row: IntakeFile) -> str:
    """What a file is called in ``done`` and ``refused``: when it came, which row it is, its own name."""
    return f"{row.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{row.id[:8]}-{row.name[:_KEPT]}"
