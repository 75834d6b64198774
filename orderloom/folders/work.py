"""
The worker's hand in the drop folders: it claims files, and takes each through the engine, a chunk a turn.

Everything that matters is in the file's row; what is held here (an open file, a job in its thread) is made
anew from the row whenever the two differ.  Of one endpoint one file is worked on at a time, the oldest
first; of several endpoints each in turn.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from adapters.kit.contract import BatchAdapter
from canonical.errors import Fault
from canonical.references import Endpoint
from orderloom.correlation.intake_files import FileState, IntakeFile
from orderloom.correlation.port import Changes, Store, StoreError
from orderloom.engine.engine import Engine
from orderloom.engine.hub import Hub
from orderloom.engine.items import FileChecked, FromFile
from orderloom.settings import Settings

from .jobs import Answer, Broken, Check, Filed, Found, Gone, Stopped, Unreadable
from .keep import Keeper
from .places import folder_of, place_of
from .poll import poll_folders
from .reader import Chunk, Read, Reader, Surroundings, rest_of

__all__ = ["FileWork"]

_log = structlog.get_logger()

# Between looks into the folders; and between looks for files that somebody else has let go.
_POLL = timedelta(seconds=1)
_CLAIM = timedelta(seconds=0.5)

# Files in hand; each holds an open file and a record or two. One that waits holds neither: it does not count.
_MOST = 8

# Jobs at one time: a first pass over a large file must not keep others from their next chunk.
_THREADS = 4

# Before a file is tried again whose disk or store made trouble.
_PAUSE = timedelta(seconds=5)

# Times that a file which may not be read is tried before it is refused: its sender may be setting its mode.
_TRIES = 3


@dataclass(slots=True)
class _Task:
    """A file in hand."""

    id: str
    endpoint: str
    reader: Reader | None = None
    job: Future[Found | Chunk | Filed] | None = None
    renew_at: datetime | None = None
    not_before: datetime | None = None
    unread: int = 0

    def drop(self) -> None:
        """Close what is open; a job that was cancelled or failed has closed its own."""
        ended = self.job is not None and self.job.done() and not self.job.cancelled()
        if self.job is not None and ended and self.job.exception() is None:
            done = self.job.result()
            self.reader = done.reader if isinstance(done, Chunk) else self.reader
        if self.reader is not None:
            self.reader.close()
        self.reader = self.job = None


@dataclass(slots=True)
class FileWork:
    """
    One worker's files.

    Args:
        channels: Whose files it takes.
        executor: Runs what takes long.
    """

    settings: Settings
    hub: Hub
    store: Store
    channels: Collection[str]
    executor: Executor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="files")
    )
    _tasks: deque[_Task] = field(default_factory=deque)
    _stop: threading.Event = field(default_factory=threading.Event)
    _keeper: Keeper = field(default_factory=Keeper)
    _paused: Collection[str] = ()
    _next_poll: datetime | None = None
    _next_claim: datetime | None = None

    @property
    def busy(self) -> bool:
        """Whether something will soon be there to be taken in."""
        return any(task.job is not None or task.reader is not None for task in self._tasks)

    def turn(self, engine: Engine, now: datetime, paused: Collection[str] = ()) -> int:
        """
        Look into the folders when it is time, then do one piece of work on one file; returns how much.

        Args:
            paused: Channels of which nothing is taken just now; what was taken is still answered.

        Never raises for a file's sake: what cannot be read or written now is tried again later.
        """
        self._paused = paused
        try:
            self._poll(now)
            if not engine.intake_open:
                return 0
            self._claim(engine, now)
            return self._work(engine, now)
        except (StoreError, OSError) as error:
            _log.warning("file_work_failed", error=str(error))
            return 0

    def close(self) -> None:
        """Let go of everything; files that are under way are taken on by whoever comes next."""
        self._stop.set()
        self.executor.shutdown(wait=True, cancel_futures=True)
        for task in self._tasks:
            task.drop()
        self._tasks.clear()

    # Finding and claiming.

    def _poll(self, now: datetime) -> None:
        if self._next_poll is None or now >= self._next_poll:
            self._next_poll = now + _POLL
            self._keeper.look(self.settings, self._endpoints())
            poll_folders(self.settings, self.store, now)

    def _endpoints(self) -> list[Endpoint]:
        known = self.hub.rules().references.endpoints.values()
        return [endpoint for endpoint in known if endpoint.channel in self.channels]

    def _claim(self, engine: Engine, now: datetime) -> None:
        if self._full or (self._next_claim is not None and now < self._next_claim):
            return
        self._next_claim = now + _CLAIM
        taken = {task.endpoint for task in self._tasks}
        for row in self._oldest():
            if row.endpoint in taken or not row.free(engine.worker, now) or self._full:
                continue
            with self.store.begin() as tx:
                locked = tx.files([row.id]).get(row.id)
                if locked is None or locked.state is not row.state or not locked.free(engine.worker, now):
                    continue
                tx.apply(Changes(files=[self._held(locked, engine.worker, now)]))
            self._tasks.append(_Task(row.id, row.endpoint))
            _log.info(
                "file_claimed", endpoint=row.endpoint, file=row.name, state=row.state.value, rows=row.judged
            )

    @property
    def _full(self) -> bool:
        return sum(task.not_before is None for task in self._tasks) >= _MOST

    def _oldest(self) -> list[IntakeFile]:
        """The oldest file of each endpoint that has come to rest, unless one is under way: others wait."""
        return [
            row
            for row in self.store.files_by_endpoint(1)
            if row.state is not FileState.SEEN and row.channel in self.channels and not self._held_back(row)
        ]

    def _held_back(self, row: IntakeFile) -> bool:
        """Whether somebody has paused its channel while there is still something of it to be taken."""
        return row.channel in self._paused and row.state in (FileState.READY, FileState.TAKING)

    def _held(self, row: IntakeFile, worker: str, now: datetime) -> IntakeFile:
        ends = now + timedelta(seconds=self.hub.limits.lease)
        return replace(row, worker=worker, lease=ends, changed=now)

    # One piece of work.

    def _work(self, engine: Engine, now: datetime) -> int:
        for _ in range(len(self._tasks)):
            task = self._tasks[0]
            kept, worked = self._piece(engine, task, now)
            if kept:
                self._tasks.rotate(-1)
            else:
                self._tasks.popleft().drop()
            if worked:
                return worked
        return 0

    def _piece(self, engine: Engine, task: _Task, now: datetime) -> tuple[bool, int]:
        """Whether the task goes on, and how much was done."""
        if task.job is not None:
            return self._job(engine, task, task.job, now)
        if task.not_before is not None and now < task.not_before:
            return True, 0
        task.not_before = None
        row = self.store.file(task.id)
        if row is None or row.state.final or not engine.known_as(row.worker):
            return False, 0
        if self._held_back(row):
            return False, 0
        around = self._around(row)
        if around is None:
            return self._later(task, row, "its endpoint, adapter or folder is missing here", now)
        facts = around.place, row, around.adapter, around.endpoint
        if row.state is FileState.TAKING:
            reader, task.reader = task.reader, None  # the job's, until it gives it back
            read = Read(row, around, self.hub, self.store, reader, now, self._stop)
            task.job = self.executor.submit(read)
        elif row.state is FileState.READY:
            task.job = self.executor.submit(Check(*facts, self._stop, task.unread >= _TRIES - 1))
        else:
            task.job = self.executor.submit(Answer(*facts, self.store, self._stop))
        return (True, 0) if not task.job.done() else self._job(engine, task, task.job, now)

    def _around(self, row: IntakeFile) -> Surroundings | None:
        rules = self.hub.rules()
        endpoint = rules.references.endpoints.get(row.endpoint)
        adapter = self.hub.channels.get(row.channel)
        folder = folder_of(self.settings, row.endpoint)
        if endpoint is None or folder is None or not isinstance(adapter, BatchAdapter):
            return None
        return Surroundings(place_of(folder, row.endpoint), endpoint, adapter, rules)

    def _later(self, task: _Task, row: IntakeFile, why: str, now: datetime) -> tuple[bool, int]:
        task.drop()
        task.not_before = now + _PAUSE
        _log.warning("file_waits", endpoint=row.endpoint, file=row.name, reason=why)
        self._renew(task, row, now)
        return True, 0

    # Jobs.

    def _job(
        self, engine: Engine, task: _Task, job: Future[Found | Chunk | Filed], now: datetime
    ) -> tuple[bool, int]:
        row = self.store.file(task.id) if job.done() or self._due(task, now) else None
        if not job.done():
            if row is not None:
                self._renew(task, row, now)
            return True, 0
        task.job = None
        error = job.exception()
        if error is None and isinstance(chunk := job.result(), Chunk):
            task.reader = chunk.reader
        if row is None or not engine.known_as(row.worker) or isinstance(error, Stopped):
            return False, 0
        if isinstance(error, Gone):
            self._gone(row)
            return False, 1
        task.unread += isinstance(error, Unreadable)
        if isinstance(error, OSError | StoreError):
            return self._later(task, row, str(error), now)
        if error is not None:
            return self._defect(engine, task, row, error, now)
        self._take(engine, task, row, job.result(), now)
        return row.state is not FileState.ANSWERING, 1

    def _take(
        self, engine: Engine, task: _Task, row: IntakeFile, done: Found | Chunk | Filed, now: datetime
    ) -> None:
        """What a job has brought."""
        match done:
            case Found():
                seen = done.checked.hash  # empty when nothing of it was read
                same = self.store.answered_file(row.endpoint, seen) if seen else None
                engine.take_in(FileChecked(row.id, row.endpoint, done.checked, done.seal, same), now)
            case Chunk():
                facts = row.id, row.channel, row.endpoint, row.hash, done.start
                engine.take_in(FromFile(*facts, done.documents, done.last, done.broken), now)
                if done.last:
                    task.drop()
            case Filed():
                if done.lost:
                    what = "answered, but somebody has taken it out of work: it cannot be kept"
                    _log.warning("file_lost", endpoint=row.endpoint, file=row.name, reason=what)
                self._ended(row, now)

    def _defect(
        self, engine: Engine, task: _Task, row: IntakeFile, error: BaseException, now: datetime
    ) -> tuple[bool, int]:
        """Adapters are anybody's code: the file alone suffers, from there on."""
        _log.error("file_failed", endpoint=row.endpoint, file=row.name, error=repr(error), exc_info=error)
        fault = Fault(code="E_INTERNAL", what=f"{type(error).__name__} while reading it", where="file")
        if row.state is FileState.READY:
            engine.take_in(FileChecked(row.id, row.endpoint, Broken.of(row, fault), b""), now)
        elif row.state is FileState.TAKING:
            facts = row.id, row.channel, row.endpoint, row.hash, row.position
            engine.take_in(FromFile(*facts, (rest_of(row, fault),), True, fault), now)
        else:
            return self._later(task, row, repr(error), now)
        return True, 1

    def _due(self, task: _Task, now: datetime) -> bool:
        return task.renew_at is None or now >= task.renew_at

    def _renew(self, task: _Task, row: IntakeFile, now: datetime) -> None:
        task.renew_at = now + timedelta(seconds=self.hub.limits.lease / 5)
        with self.store.begin() as tx:
            locked = tx.files([row.id]).get(row.id)
            if locked is not None and locked.worker == row.worker and not locked.state.final:
                tx.apply(Changes(files=[self._held(locked, row.worker, now)]))

    def _gone(self, row: IntakeFile) -> None:
        with self.store.begin() as tx:
            if (locked := tx.files([row.id]).get(row.id)) is not None and locked.worker == row.worker:
                tx.apply(Changes(files_gone=[row.id]))
        _log.info("file_gone", endpoint=row.endpoint, file=row.name)

    def _ended(self, row: IntakeFile, now: datetime) -> None:
        state = FileState.REFUSED if row.code else FileState.DONE
        with self.store.begin() as tx:
            locked = tx.files([row.id]).get(row.id)
            if locked is None or locked.worker != row.worker or locked.state is not FileState.ANSWERING:
                return
            tx.apply(Changes(files=[replace(locked, state=state, changed=now, worker="", lease=None)]))
        _log.info(
            "file_answered",
            endpoint=row.endpoint,
            file=row.name,
            state=state.value,
            rows=row.judged,
            records=row.records,
            outcome="sound" if row.whole else "with refusals",
        )
