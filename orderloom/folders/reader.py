"""
A file in its second pass: open between chunks, and made anew whenever it does not stand at the checkpoint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import BinaryIO

from adapters.kit.contract import BatchAdapter
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.references import Endpoint
from orderloom.correlation.intake_files import FileReads, IntakeFile
from orderloom.engine.files import SEAL
from orderloom.engine.hub import Hub
from orderloom.engine.items import Document
from orderloom.engine.prepare import planned
from routes.model import RuleSet

from .jobs import give_way, open_regular
from .places import Place
from .seal import Sealed

__all__ = ["Chunk", "Read", "Reader", "Surroundings", "rest_of"]

# Records in one transaction: as many as messages in a batch (docs/decisions/engine.md).
_CHUNK = 200

# Why the rest of a file is refused that somebody has taken out of ``work``.
_GONE = Fault(
    code="E_FILE_READ",
    what="the file is no longer there",
    where="file",
    allowed="a file that stays until it is answered",
)

# What stands in a record, with its number.
Numbered = tuple[int, Command | RejectedDocument]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is needed to read a file."""

    place: Place
    endpoint: Endpoint
    adapter: BatchAdapter
    rules: RuleSet


class Reader:
    """A file from one record on, by one version of the rules."""

    def __init__(self, file: BinaryIO, records: Iterator[Numbered], position: int, version: str) -> None:
        self._file = file
        self._records = records
        self._version = version
        self._ahead: list[Numbered] = []
        self._position = position

    @classmethod
    def open(
        cls, row: IntakeFile, around: Surroundings, store: FileReads, tick: Callable[[], None]
    ) -> Reader:
        """
        Open a file at its checkpoint.

        Args:
            tick: Called for each piece of it: to come to a late record takes seconds.

        Raises:
            OSError: It cannot be read.
            StoreError: Its seal cannot.
        """
        [seal, *_] = store.file_pieces(row.id, SEAL - 1, 1)
        file = open_regular(around.place.work / row.id)
        source = Sealed(file, seal.body, tick)
        records = around.adapter.records(source, around.endpoint, around.rules.references, row.position)
        return cls(file, records, row.position, around.rules.version)

    def stands_at(self, position: int, version: str) -> bool:
        """Whether it goes on behind this record, by these rules."""
        return (self._position, self._version) == (position, version)

    def chunk(self) -> tuple[list[Numbered], bool]:
        """
        The next records, and whether they are the last.

        Raises:
            Rejected: The file is not the one that was checked.
            OSError: It cannot be read.
        """
        found = [*self._ahead, *islice(self._records, _CHUNK + 1 - len(self._ahead))]
        chunk, self._ahead = found[:_CHUNK], found[_CHUNK:]
        self._position = chunk[-1][0] if chunk else self._position
        return chunk, not self._ahead

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    Some records, read and planned; ``reader`` stands behind them.

    Args:
        start: The checkpoint behind which they begin.
        broken: Why the rest of the file cannot be taken.
    """

    reader: Reader | None
    start: int
    documents: tuple[tuple[int, Document], ...]
    last: bool
    broken: Fault | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Read and plan the next chunk of a file; a job, because to come to a late record takes seconds."""

    row: IntakeFile
    around: Surroundings
    hub: Hub
    store: FileReads
    reader: Reader | None
    now: datetime
    stop: threading.Event

    def __call__(self) -> Chunk:
        """
        Raises:
            OSError: The file cannot be read.
            StoreError: Its seal cannot.
            Stopped: It has to end early.
        """
        try:
            reader = self._reader()
        except FileNotFoundError:
            if not self.around.place.work.is_dir():
                raise  # the disk may not be there just now
            return self._chunk(None, [rest_of(self.row, _GONE)], True, _GONE)
        done = False
        try:
            found, last = reader.chunk()
            chunk = self._chunk(reader, found, last)
            done = True
            return chunk
        except Rejected as rejected:
            return self._chunk(None, [rest_of(self.row, rejected.fault)], True, rejected.fault)
        finally:
            if not done:
                reader.close()

    def _reader(self) -> Reader:
        if self.reader is not None and self.reader.stands_at(self.row.position, self.around.rules.version):
            return self.reader
        if self.reader is not None:
            self.reader.close()
        return Reader.open(self.row, self.around, self.store, partial(give_way, self.stop))

    def _chunk(
        self, reader: Reader | None, found: Sequence[Numbered], last: bool, broken: Fault | None = None
    ) -> Chunk:
        rules = self.around.rules
        documents = tuple((number, planned(self.hub, rules, one, self.now)) for number, one in found)
        return Chunk(reader, self.row.position, documents, last, broken)


def rest_of(row: IntakeFile, fault: Fault) -> tuple[int, RejectedDocument]:
    """One verdict on everything in a file that was not judged yet."""
    number = row.position + 1
    origin = Origin(
        channel=row.channel,
        endpoint=row.endpoint,
        envelope=row.envelope,
        position=number,
        details={"record": str(number)},
    )
    return number, RejectedDocument(origin=origin, fault=fault)
