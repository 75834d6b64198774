"""
Files that are taken in from drop folders: how far each has come, and what the store is asked of them.

A file is a row with a checkpoint; what was judged of it hangs on the row in pieces, one a chunk, so that
neither the row nor anybody's memory grows with the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

__all__ = ["FilePiece", "FileReads", "FileState", "FileTransaction", "IntakeFile"]


class FileState(StrEnum):
    """How far a file has come."""

    SEEN = "seen"
    """It lies in the folder; whether it still grows is not known yet."""

    READY = "ready"
    """It did not change between two looks."""

    TAKING = "taking"
    """Its first pass is over, and was good: its records are being taken."""

    ANSWERING = "answering"
    """All is decided; the acknowledgement is written and the file moved away."""

    DONE = "done"
    """Answered, and moved to ``done``."""

    REFUSED = "refused"
    """Answered, and moved to ``refused``."""

    @property
    def final(self) -> bool:
        """Whether nothing is left to do."""
        return self in (FileState.DONE, FileState.REFUSED)


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """
    One file of a drop folder.

    Args:
        id: Made of endpoint, name and the file's own marks: a file that changes is another one.
        name: As it is shown and stored: what is not plainly printable is percent-encoded.
        size: Bytes.
        at: When it was seen first; ``changed`` when the row was written last.
        hash: SHA-256 of its bytes, once the first pass is over.
        envelope: Its control numbers, as the format has them.
        records: How many there are to be judged.
        position: Number of the last record that was judged, as its adapter counts: the checkpoint.
        accepted, repeated, rejected, waiting: Verdicts so far.
        worker, lease: Who works on it, and until when; nobody else may.
        answer: Name of the acknowledgement file; empty when there is none.
        numbers, answered_at: The stamp of the acknowledgement, so that it can be written again as it was.
        rules: Version of the rules by which its last records were judged.
        code: Why the whole file was refused; empty when it was not.
        same_as: Id of the row with the same bytes whose answer is given again.
    """

    id: str
    channel: str
    endpoint: str
    name: str
    size: int
    at: datetime
    changed: datetime
    state: FileState = FileState.SEEN
    hash: str = ""
    envelope: str = ""
    records: int = 0
    position: int = 0
    accepted: int = 0
    repeated: int = 0
    rejected: int = 0
    waiting: int = 0
    worker: str = ""
    lease: datetime | None = None
    answer: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    answered_at: datetime | None = None
    rules: str = ""
    code: str = ""
    same_as: str = ""

    @property
    def judged(self) -> int:
        """Records with a verdict."""
        return self.accepted + self.repeated + self.rejected + self.waiting

    @property
    def whole(self) -> bool:
        """Whether every record was accepted, now or before."""
        return not (self.rejected or self.waiting or self.code)

    def free(self, worker: str, now: datetime) -> bool:
        """Whether ``worker`` may work on it: it is its own, or its lease has run out."""
        return self.worker in ("", worker) or self.lease is None or self.lease <= now


@dataclass(frozen=True, slots=True)
class FilePiece:
    """
    What hangs on a file: its verdicts, chunk by chunk.

    Args:
        number: Of the last record of the chunk; 0 is the seal that the first pass made.
        body: Opaque to the store.
    """

    file: str
    number: int
    body: bytes


class FileTransaction(Protocol):
    """What a transaction is asked of files."""

    def files(self, ids: Iterable[str]) -> Mapping[str, IntakeFile]:
        """These files, locked."""
        ...


class FileReads(Protocol):
    """What the store is asked of files outside transactions; no locks, each its own snapshot."""

    def open_files(self, limit: int) -> Sequence[IntakeFile]:
        """Files that are not done with, oldest first."""
        ...

    def files_by_endpoint(self, each: int) -> Sequence[IntakeFile]:
        """
        Of each endpoint at most ``each`` that are not done with: what has come furthest first, then the
        oldest.  However many one endpoint has, every other is there with its own.
        """
        ...

    def file(self, file_id: str) -> IntakeFile | None:
        """One file."""
        ...

    def file_pieces(self, file_id: str, after: int, limit: int) -> Sequence[FilePiece]:
        """What hangs on a file behind piece ``after`` (-1: all), in order of number."""
        ...

    def answered_file(self, endpoint: str, hash_: str) -> IntakeFile | None:
        """The last file of ``endpoint`` with these bytes that was judged and answered itself."""
        ...
