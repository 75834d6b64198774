"""
A simulated system at its queue: takes instructions, answers each in its time, then acknowledges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Lock
from time import monotonic
from typing import Protocol

from .agenda import Agenda
from .answers import Told
from .neighbour import Reply, Taken
from .transport import Message, Stopped, Transport

__all__ = ["Counter", "QueueNeighbour"]


class QueueNeighbour(Protocol):
    """A system that is reached by its queue."""

    name: str
    content_type: str

    def read(self, body: bytes) -> list[Told]: ...

    def take(self, told: Told, body: bytes) -> Taken: ...

    def stands(self, reply: Reply) -> bool: ...

    def unreadable(self, body: bytes, why: str) -> None: ...

    def encode(self, body: str) -> bytes: ...


class Counter:
    """
    The place where a system serves its queue ``system.<name>.in`` and answers on ``reply.<name>``.

    Args:
        seconds: The clock by which it answers.
    """

    def __init__(
        self, system: QueueNeighbour, transport: Transport, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._system = system
        self._transport = transport
        self.agenda = Agenda(system.name, seconds)
        self._lock = Lock()
        self._owing = 0

    @property
    def queue(self) -> str:
        """Where it is told."""
        return f"system.{self._system.name}.in"

    @property
    def owing(self) -> int:
        """How many messages it will acknowledge with their last answer, which is not due yet."""
        with self._lock:
            return self._owing

    def open(self) -> None:
        """Begin to serve."""
        self._transport.consume(self.queue, self._serve)

    def close(self) -> None:
        """Give up what is not due yet: it stays unacknowledged, and comes again."""
        self.agenda.stop()

    def _serve(self, message: Message) -> None:
        try:
            told = self._system.read(message.body)
        except ValueError as error:
            self._system.unreadable(message.body, str(error))
            message.ack()
            return
        taken = [self._system.take(one, message.body) for one in told]
        replies = [reply for one in taken for reply in (*one.others, *one.replies)]
        self._answer(sorted(replies, key=lambda reply: max(reply.after, 0.0)), message)

    def _answer(self, replies: Sequence[Reply], message: Message) -> None:
        now = [reply for reply in replies if reply.after <= 0]
        later = [reply for reply in replies if reply.after > 0]
        for reply in now:
            self._send(reply)
        if not later:
            message.ack()
            return
        owed = _Owed(len(later), partial(self._settle, message))
        for reply in later:
            self.agenda.after(reply.after, partial(self._pay, reply, owed))

        # Counted when all of them are on the agenda: until then it is at work.
        self._owe(1)

    def _settle(self, message: Message) -> None:
        self._owe(-1)
        message.ack()

    def _owe(self, more: int) -> None:
        with self._lock:
            self._owing += more

    def _pay(self, reply: Reply, owed: _Owed) -> None:
        with suppress(Stopped):
            if self._system.stands(reply):
                self._send(reply)
            owed.paid()

    def _send(self, reply: Reply) -> None:
        name = self._system.name
        body = self._system.encode(reply.body)
        self._transport.publish(f"reply.{name}", name, body, self._system.content_type, {"system": name})


class _Owed:
    """Settles a message when its last answer is out."""

    def __init__(self, answers: int, settle: Callable[[], None]) -> None:
        self._answers = answers
        self._settle = settle
        self._lock = Lock()

    def paid(self) -> None:
        with self._lock:
            self._answers -= 1
            done = self._answers == 0
        if done:
            self._settle()
