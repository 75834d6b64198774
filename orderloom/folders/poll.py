"""
Look into the drop folders: what is new, what has come to rest, what is gone.

It finds files and writes rows, and does nothing else; the worker takes the files.  It has no clock, no thread
and no memory: the look before is in the store, so that whoever polls (a worker, the clock, two of them at
once) sees what the other saw.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from canonical.keys import message_id
from orderloom.correlation.intake_files import FileState, IntakeFile
from orderloom.correlation.port import Changes, Store
from orderloom.settings import Settings

from .places import Place, places, shown_name

__all__ = ["marks", "poll_folders"]

_log = structlog.get_logger()

# Names of files that are still being written.
_UNFINISHED = (".tmp", ".part", ".filepart")

# Files of one endpoint that wait at one time; more are seen when these are done with.
_MOST = 1000


def poll_folders(settings: Settings, store: Store, now: datetime) -> int:
    """
    One look; returns how many rows it has written.

    A file is taken when size and times are those of a look at least ``quiet`` seconds ago.  A folder that
    cannot be read is logged, and what is known of it stays as it is; others are looked into all the same.

    Raises:
        StoreError: The store cannot be asked or written; the next look makes up for it.
    """
    found, unread = _look(settings, now)
    known = {row.id: row for row in store.files_by_endpoint(_MOST) if row.channel in settings.channels}
    new = _new(found, known)
    seen = [row for row in known.values() if row.state is FileState.SEEN and unread.isdisjoint(_whose(row))]
    quiet = {name: timedelta(seconds=one.quiet) for name, one in settings.channels.items()}
    ready = [row for row in seen if row.id in found and now - row.at >= quiet[row.channel]]
    gone = [row for row in seen if row.id not in found]
    if not (new or ready or gone):
        return 0
    with store.begin() as tx:
        locked = tx.files([row.id for row in (*ready, *gone)])
        still = {key for key, row in locked.items() if row.state is FileState.SEEN}
        changes = Changes(
            files_seen=new,
            files=[replace(row, state=FileState.READY, changed=now) for row in ready if row.id in still],
            files_gone=[row.id for row in gone if row.id in still],
        )
        tx.apply(changes)
    return len(changes.files_seen) + len(changes.files) + len(changes.files_gone)


def marks(endpoint: str, name: str, found: os.stat_result) -> str:
    """
    Id of a file as it is now: another after every write, and after every rename.

    The last is why a file that is put back is a new one (Linux: a rename changes the inode's ctime).
    """
    own = f"{found.st_dev}-{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"
    return message_id("file", endpoint, name, own)


def _look(settings: Settings, now: datetime) -> tuple[dict[str, IntakeFile], set[str]]:
    """What lies in all folders; and the channels and endpoints of which that is not known."""
    found: dict[str, IntakeFile] = {}
    unread: set[str] = set()
    for channel in settings.channels.values():
        try:
            here = list(places(channel))
        except OSError as error:
            unread.add(channel.name)
            _log.warning("folder_unread", channel=channel.name, reason=str(error))
            continue
        for place in here:
            try:
                found.update((one.id, one) for one in _lying(place, now))
            except OSError as error:
                unread.add(place.endpoint)
                _log.warning("folder_unread", endpoint=place.endpoint, reason=str(error))
    return found, unread


def _whose(row: IntakeFile) -> tuple[str, str]:
    return row.channel, row.endpoint


def _new(found: Mapping[str, IntakeFile], known: Mapping[str, IntakeFile]) -> list[IntakeFile]:
    """What was not seen before, as much of each endpoint as may wait at one time."""
    waiting = Counter(row.endpoint for row in known.values())
    new: list[IntakeFile] = []
    for key, row in found.items():
        if key not in known and waiting[row.endpoint] < _MOST:
            waiting[row.endpoint] += 1
            new.append(row)
    return new


def _lying(place: Place, now: datetime) -> Iterator[IntakeFile]:
    """
    Regular files only: no link is followed, and nothing in a sub-folder is anybody's business.

    Raises:
        OSError: Something there cannot be looked at; all else was found before.
    """
    failed: OSError | None = None
    if place.incoming.is_symlink() or not place.incoming.is_dir():
        return
    with os.scandir(place.incoming) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.startswith(".") or entry.name.lower().endswith(_UNFINISHED):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # taken away since
            except OSError as error:
                failed = failed or error
                continue
            if not stat.S_ISREG(found.st_mode):
                continue
            name = shown_name(entry.name)
            yield IntakeFile(
                id=marks(place.endpoint, name, found),
                channel=place.channel,
                endpoint=place.endpoint,
                name=name,
                size=found.st_size,
                at=now,
                changed=now,
            )
    if failed is not None:
        raise failed
