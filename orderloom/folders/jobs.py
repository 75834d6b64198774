"""
What takes long about a file, for a thread of its own: the first pass over it, and its acknowledgement.

Both can be done again from the beginning after any crash: the first creates nothing, the second writes the
same bytes under the same name.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import BinaryIO

from adapters.kit.contract import BatchAdapter, Checked, Stamp
from canonical.commands import Origin
from canonical.errors import Fault
from canonical.notices import Verdict
from canonical.references import Endpoint
from orderloom.correlation.intake_files import FileReads, IntakeFile
from orderloom.engine.files import SEAL, verdicts_of

from .places import Place, filed_name, real_name
from .poll import marks
from .seal import Sealing
from .writing import move_once, sync_folder, write_once

__all__ = [
    "Answer",
    "Broken",
    "Check",
    "Filed",
    "Found",
    "Gone",
    "Stopped",
    "Unreadable",
    "give_way",
    "open_regular",
]

# Seconds that a job gives way for after each block: it shares the interpreter with the engine.
_GIVE_WAY = 0.002

# What a sender can do about a file that is refused unread.
_READABLE = "a regular file that the hub's user may read"

# Pieces of verdicts that are held at once.
_PIECES = 5


class Gone(Exception):
    """The file is no longer there, or is another by now: its row says nothing any more."""


class Unreadable(OSError):
    """The file is there, and the hub is not allowed to read it, or it is no regular file."""


class Stopped(Exception):
    """The process is told to end; the job begins anew in the next one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a first pass has found, and the seal for the second."""

    checked: Checked
    seal: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """In the place of what an adapter would have found, when it failed itself or saw nothing of the file."""

    origin: Origin
    fault: Fault
    records: int = 0
    hash: str = ""

    @classmethod
    def of(cls, row: IntakeFile, fault: Fault) -> Broken:
        """Of a whole file."""
        return cls(Origin(channel=row.channel, endpoint=row.endpoint, details={"level": "file"}), fault)


@dataclass(frozen=True, slots=True)
class Check:
    """
    Take a file out of its sender's reach, and read it for the first time.

    Args:
        last: When it may not be read, it is refused instead of tried again.
    """

    place: Place
    row: IntakeFile
    adapter: BatchAdapter
    endpoint: Endpoint
    stop: threading.Event
    last: bool = False

    def __call__(self) -> Found:
        """
        Raises:
            Gone: It is not there as it was seen.
            OSError: It cannot be moved or read.
            Stopped: It has to end early.
            Unreadable: It may not be read.
        """
        self.place.mend()
        try:
            file = self._opened()
        except Unreadable as error:
            if not self.last:
                raise
            self._move()
            fault = Fault(code="E_FILE_READ", what=str(error), where="file", allowed=_READABLE)
            return Found(Broken.of(self.row, fault), b"")
        with file:
            source = Sealing(file, self._tick)
            checked = self.adapter.check(source, self.endpoint)
            source.drain()
            return Found(checked, source.seal)

    def _opened(self) -> BinaryIO:
        """Opened where it lies, before it is moved: what may not be read stays its sender's to mend."""
        own = self.place.work / self.row.id
        if own.exists():
            return open_regular(own)  # moved by whoever began before
        lying = self._lying
        try:
            self._same(lying.lstat())
            file = open_regular(lying)
        except FileNotFoundError:
            raise Gone from None
        with ExitStack() as stack:
            stack.enter_context(file)
            self._same(os.fstat(file.fileno()))
            self._move()
            stack.pop_all()  # all went well: it stays open
        return file

    @property
    def _lying(self) -> Path:
        return self.place.incoming / real_name(self.row.name)

    def _same(self, found: os.stat_result) -> None:
        if marks(self.row.endpoint, self.row.name, found) != self.row.id:
            raise Gone

    def _move(self) -> None:
        own, lying = self.place.work / self.row.id, self._lying
        if own.exists():
            return
        try:
            self._same(lying.lstat())
            lying.rename(own)
        except FileNotFoundError:
            raise Gone from None
        sync_folder(own.parent)
        sync_folder(lying.parent)

    def _tick(self) -> None:
        give_way(self.stop)


@dataclass(frozen=True, slots=True)
class Filed:
    """
    A file was answered.

    Args:
        lost: Somebody has taken it away: there was nothing to file.
    """

    lost: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Write a file's acknowledgement, and move the file to where it stays."""

    place: Place
    row: IntakeFile
    adapter: BatchAdapter
    endpoint: Endpoint
    store: FileReads
    stop: threading.Event

    def __call__(self) -> Filed:
        """
        Raises:
            OSError: It cannot be written or moved.
            StoreError: The verdicts cannot be read.
            Stopped: It has to end early.
        """
        self.place.mend()
        if self.row.answer and self.row.answered_at is not None:
            stamp = Stamp(
                at=self.row.answered_at,
                numbers=self.row.numbers,
                endpoint=self.endpoint,
                file=self.row.answer,
            )
            pieces = self.adapter.acknowledge_file(self._verdicts(), stamp)
            write_once(self.place.outgoing / self.row.answer, pieces)
        end = self.place.refused if self.row.code else self.place.done
        return Filed(lost=not move_once(self.place.work / self.row.id, end / filed_name(self.row)))

    def _verdicts(self) -> Iterator[Verdict]:
        after = SEAL
        while pieces := self.store.file_pieces(self.row.same_as or self.row.id, after, _PIECES):
            for piece in pieces:
                give_way(self.stop)
                yield from verdicts_of(piece)
            after = pieces[-1].number


def open_regular(path: Path) -> BinaryIO:
    """
    Open a file for reading; nothing else than a regular file, and no link.

    Raises:
        OSError: It cannot be opened.
        Unreadable: It may not be, or is none.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise Unreadable("the hub has no permission to read the file") from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        with suppress(OSError):
            os.close(opened)
        raise Unreadable("no regular file")
    return os.fdopen(opened, "rb")


def give_way(stop: threading.Event) -> None:
    """
    Let the engine have the interpreter.

    Raises:
        Stopped: The process is told to end.
    """
    if stop.is_set():
        raise Stopped
    sleep(_GIVE_WAY)
