"""
What is unsafe about the drop folders, each with what mends it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from canonical.references import Endpoint
from orderloom.settings import Settings

from .places import Place, folder_of, place_of

__all__ = ["Unsafe", "examine_folders"]


@dataclass(frozen=True, slots=True)
class Unsafe:
    """One finding; a ``warning`` stops nothing."""

    where: str
    what: str
    mend: str
    warning: bool = False


def examine_folders(settings: Settings, endpoints: Iterable[Endpoint]) -> Iterator[Unsafe]:
    """Look at the folders of all endpoints; nothing is changed."""
    for endpoint in endpoints:
        folder = folder_of(settings, endpoint.id)
        if folder is not None:
            yield from _place(place_of(folder, endpoint.id))
        elif endpoint.out_folder and endpoint.channel in settings.channels:
            what = "its profile says out_folder, but its channel has no folder: it is told by its out queue"
            mend = f"channels.{endpoint.channel}.folder in the settings file"
            yield Unsafe(f"endpoint {endpoint.id!r}", what, mend, warning=True)


def _place(place: Place) -> Iterator[Unsafe]:
    where = f"drop folder of {place.endpoint!r}"
    wrong = [
        one for one in (place.root, *place.folders) if (one.exists() or one.is_symlink()) and not one.is_dir()
    ]
    if wrong:
        mend = f"move {wrong[0]} away: a worker makes the folder"
        yield Unsafe(where, f"{wrong[0]}: is no folder, and files cannot be taken or answered", mend)
        return
    missing = [folder for folder in place.folders if not folder.is_dir()]
    if missing:
        who = "a worker that runs makes it again" if place.root.is_dir() else "a worker makes it at its start"
        yield Unsafe(where, f"{missing[0]}: not there yet: {who}", "orderloom worker", warning=True)
        return
    for folder in place.folders:
        yield from _folder(where, folder)
    devices = {folder.stat().st_dev for folder in place.folders}
    if len(devices) > 1:
        what = f"{place.root}: its folders are on different file systems: no file can be renamed between them"
        yield Unsafe(where, what, "all five in one file system")
    for folder in (place.work, place.done, place.refused):
        if folder.stat().st_mode & stat.S_IWOTH:
            what = f"{folder}: anybody may write there, where only the hub may"
            yield Unsafe(where, what, f"chmod o-w {folder}")


def _folder(where: str, folder: Path) -> Iterator[Unsafe]:
    if folder.is_symlink():
        yield Unsafe(where, f"{folder}: is a link, which the hub does not follow", "a folder in its place")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        mend = f"give this user read, write and search permission on {folder}"
        yield Unsafe(where, f"{folder}: the hub may not work there", mend)
