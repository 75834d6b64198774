"""
The call driver: a bounded pool of threads for each call-attached system.

One slow system delays nobody else, and no call outlives its time: a watch breaks the connection
off, wherever it hangs, and says so.  Threads end here; the engine sees :meth:`CallPool.submit` and
:meth:`CallPool.collect` only, and nothing is ever raised out of a thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue

from adapters.kit.contract import CallSpec, Native
from canonical.errors import Fault, Rejected
from canonical.keys import inquiry_key

from .http_call import Answer, CallKind, Wire
from .http_request import request_of
from .settings import SettingsError, SystemSettings

__all__ = ["Call", "CallKind", "CallPool", "CallResult", "call_id"]

# What close() grants to threads whose connections it has cut.
_CLOSING = 2.0
# The watch has nothing to do for at most so long.
_IDLE = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """
    One attempt to tell a call-attached system one instruction.

    Args:
        key: Instruction key.
        attempt: Grows with each repetition; with ``key`` it names the call.
        timeout: Seconds from first to last byte; None takes the system's.
        inquiry: Not 0: the call asks, for this time, what became of the instruction.
    """

    key: str
    attempt: int
    system: str
    native: Native
    timeout: float | None = None
    inquiry: int = 0

    @property
    def id(self) -> str:
        """The call's Idempotency-Key: that of the instruction, or the inquiry's own."""
        return call_id(self.key, self.inquiry)


@dataclass(frozen=True, slots=True)
class CallResult:
    """
    What a call brought; see :class:`CallKind` for what may be done next.

    Args:
        spec: How the system was called.
    """

    key: str
    attempt: int
    system: str
    kind: CallKind
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    error: Fault | None = None
    retry_after: float | None = None
    inquiry: int = 0
    spec: CallSpec | None = None

    @property
    def id(self) -> str:
        """That of its call."""
        return call_id(self.key, self.inquiry)


def call_id(key: str, inquiry: int) -> str:
    """The name of a call with the instruction of this key, or of a question about it."""
    return inquiry_key(key, inquiry) if inquiry else key


class CallPool:
    """
    Args:
        systems: The call-attached ones; each needs its url.
        now: UTC; only a Retry-After that is a date asks for it.

    Raises:
        SettingsError: Naming each system without a url.
    """

    def __init__(
        self, systems: Iterable[SystemSettings], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        chosen = tuple(systems)
        unset = [_no_url(one.name) for one in chosen if not one.url]
        if unset:
            raise SettingsError(unset)
        self._results: SimpleQueue[CallResult] = SimpleQueue()
        self._watch = _Watch(self._results)
        self._lanes: Mapping[str, _Lane] = {one.name: _Lane(one, self._watch, now) for one in chosen}

    def submit(self, call: Call) -> None:
        """
        Make a call as soon as a thread of its system is free; :meth:`collect` gives its result, exactly once.

        What waits for a thread is bounded by whoever submits (the prefetch of the system's work queue).

        Raises:
            KeyError: The system is none of this pool's.
            RuntimeError: The pool is closed.
        """
        self._lanes[call.system].submit(call)

    def collect(self) -> list[CallResult]:
        """Every result that is there; never waits."""
        found: list[CallResult] = []
        while not self._results.empty():
            found.append(self._results.get_nowait())
        return found

    def free(self, system: str) -> int:
        """How many calls of ``system`` may begin now."""
        return self._lanes[system].free()

    def close(self) -> None:
        """
        Break off what is under way, within two seconds.

        Its outcome is unknown; :meth:`collect` still says so afterwards.
        """
        ends = time.monotonic() + _CLOSING
        for lane in self._lanes.values():
            lane.stop()
        self._watch.stop()
        for lane in self._lanes.values():
            lane.join(ends)
        self._watch.join(ends)


@dataclass(slots=True, eq=False)
class _Running:
    """A call under way: whoever takes it from the watch tells its result."""

    call: Call
    wire: Wire
    ends: float
    timeout: float


class _Lane:
    """The threads of one system, each with a connection of its own, started when first needed."""

    def __init__(self, system: SystemSettings, watch: _Watch, now: Callable[[], datetime]) -> None:
        self._system = system
        self._watch = watch
        self._now = now
        self._todo: SimpleQueue[Call | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._stopped = False

    def submit(self, call: Call) -> None:
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"the pool of {self._system.name} is closed")
            self._busy += 1
            if len(self._threads) < min(self._busy, self._system.pool):
                name = f"call {self._system.name} {len(self._threads) + 1}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._todo.put(call)

    def free(self) -> int:
        with self._lock:
            return 0 if self._stopped else max(0, self._system.pool - self._busy)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for _ in self._threads:
                self._todo.put(None)

    def join(self, ends: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _work(self) -> None:
        wire = Wire(self._system.url, self._now)
        while (call := self._todo.get()) is not None:
            try:
                self._carry_out(call, wire)
            finally:
                with self._lock:
                    self._busy -= 1
        wire.close()

    def _carry_out(self, call: Call, wire: Wire) -> None:
        timeout = self._system.timeout if call.timeout is None else call.timeout
        running = _Running(call, wire, time.monotonic() + timeout, timeout)
        if self._watch.begin(running):
            self._watch.finish(running, self._called(call, wire, timeout))

    def _called(self, call: Call, wire: Wire, timeout: float) -> Answer:
        wire.connected = False
        try:
            request = request_of(self._system.url, call.native, call.id, self._system.token)
        except Rejected as refused:
            return Answer(CallKind.OPERATOR, error=refused.fault)
        return wire.call(request, timeout)


class _Watch:
    """Ends every call in time; of thread and watch, the first to come tells the result."""

    def __init__(self, results: SimpleQueue[CallResult]) -> None:
        self._results = results
        self._changed = threading.Condition()
        self._running: set[_Running] = set()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def begin(self, running: _Running) -> bool:
        """Watch over a call; False when the pool is closing, and the call was told as not begun."""
        with self._changed:
            if self._stopped:
                self._tell(running, _not_begun())
                return False
            self._running.add(running)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="call watch", daemon=True)
                self._thread.start()
            self._changed.notify()
            return True

    def finish(self, running: _Running, answer: Answer) -> None:
        """Tell the thread's answer, unless the watch has told one."""
        with self._changed:
            if running in self._running:
                self._running.remove(running)
                self._tell(running, answer)

    def stop(self) -> None:
        """Cut everything off."""
        with self._changed:
            self._stopped = True
            for running in tuple(self._running):
                self._cut(running, "the hub stopped while it waited")
            self._changed.notify()

    def join(self, ends: float) -> None:
        """Wait until its thread has ended, but no longer than ``ends``."""
        if self._thread is not None:
            self._thread.join(max(0.0, ends - time.monotonic()))

    def _work(self) -> None:
        with self._changed:
            while not self._stopped:
                now = time.monotonic()
                for running in [one for one in self._running if one.ends <= now]:
                    self._cut(running, f"no full answer within {running.timeout:g} s")
                soonest = min((one.ends for one in self._running), default=now + _IDLE)
                self._changed.wait(max(0.0, soonest - now))

    def _cut(self, running: _Running, why: str) -> None:
        self._running.remove(running)
        kind = CallKind.UNKNOWN if running.wire.connected else CallKind.TRANSIENT
        self._tell(running, Answer(kind, error=Fault(code="E_CALL_FAILED", what=why)))
        running.wire.cut()

    def _tell(self, running: _Running, answer: Answer) -> None:
        call = running.call
        error = answer.error
        if error is not None:
            where = f"{call.system} {error.where}".rstrip()
            error = Fault(code=error.code, what=error.what, where=where, allowed=error.allowed)
        result = CallResult(
            key=call.key,
            attempt=call.attempt,
            system=call.system,
            kind=answer.kind,
            status=answer.status,
            body=answer.body,
            content_type=answer.content_type,
            error=error,
            retry_after=answer.retry_after,
            inquiry=call.inquiry,
            spec=call.native.call,
        )
        self._results.put(result)


def _no_url(system: str) -> Fault:
    variable = f"$ORDERLOOM_SYSTEM_{system.upper().replace('.', '_').replace('-', '_')}_URL"
    where = f'systems."{system}".url'
    return Fault(
        code="E_CONFIG", what="is not set", where=where, allowed=f"an http url there, or in {variable}"
    )


def _not_begun() -> Answer:
    what = "the hub stopped before it was sent"
    return Answer(CallKind.TRANSIENT, error=Fault(code="E_CALL_FAILED", what=what))
