"""
How the clock takes its messages: nothing that talks to other workers, and nothing but a beat of its own.

Celery's consumer trusts who sends: a message without an id, or with a body of another shape, ends its
process, and comes back to the next; one with an ETA is kept for as long as it says, and with one message at a
time, as here, nothing comes meanwhile; a compressed one is unpacked before anybody has looked at it.  So each
message is looked at before Celery sees it, is refused for good where it is no beat, and otherwise Celery gets
one of our own writing, with nothing of the sender's but the chore's name and the id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from typing import Any

import msgspec
import structlog
from celery import bootsteps
from celery.worker.consumer import Connection, Consumer, Tasks
from celery.worker.consumer.consumer import Evloop
from kombu.transport import pyamqp

__all__ = ["AsSent", "ClockConsumer", "refusal"]

_log = structlog.get_logger()
_library = logging.getLogger("celery.worker.consumer")

# The body of a beat is of eighty bytes.
_LONGEST = 1000

# Celery's ids are of 36 characters.
_LONGEST_ID = 64

# Of what a sender chose, this much is told.
_SHOWN = 64

# What Celery is given for the body of each beat: no arguments, nothing to follow.
_BODY = b"[[], {}, {}]"

# Arguments, named ones, and what is to follow: callbacks, error callbacks, a chain, a chord.
_Body = tuple[list[Any], dict[str, Any], dict[str, Any]]

# Headers that ask for a later time.
_LATER = ("eta", "countdown")


class AsSent(pyamqp.Message):
    """A message with its body as it came; kombu's own unpacks it in its constructor, to whatever size."""

    def __init__(self, msg: Any, channel: Any = None, **kwargs: Any) -> None:
        """Args: as those of kombu's own."""
        headers = msg.properties.get("application_headers") or {}
        self.compressed = headers.pop("compression", None) is not None
        super().__init__(msg, channel=channel, **kwargs)


class _Tasks(Tasks):
    """Consumes as soon as there is a connection; Celery's own waits for what talks to other workers."""

    requires = (Connection,)

    def start(self, c: Any) -> None:
        """Consume on a channel that unpacks nothing."""
        c.connection.default_channel.Message = AsSent
        super().start(c)


class ClockConsumer(Consumer):
    """Takes beats, and refuses the rest; no events, gossip, mingle, heartbeats or pidbox."""

    # Steps that are left out would have set them; others look at them.
    event_dispatcher = None
    gossip = None

    class Blueprint(bootsteps.Blueprint):
        """Connect, consume, loop."""

        name = "Consumer"
        default_steps = {Connection, _Tasks, Evloop}  # noqa: RUF012 -- as Celery declares it

        def shutdown(self, parent: Any) -> None:
            """As Celery's own does."""
            self.send_all(parent, "shutdown")

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[AsSent], None]:
        """What is called with each message, before anything of it is decoded."""
        take = super().create_task_handler(*args, **kwargs)
        chores = frozenset(self.app.conf.beat_schedule)

        def on_message(message: AsSent) -> None:
            reason = refusal(message, chores)
            if reason is None:
                take(_rewritten(message))
            else:
                self._refuse(message, reason)

        return on_message

    def _refuse(self, message: AsSent, reason: str) -> None:
        told, name = (_shown(message.headers.get(key)) for key in ("id", "task"))
        _log.warning("task_refused", message_id=told, name=name, reason=reason)
        # A connection that breaks here brings it back, to be refused again.
        message.reject_log_error(_library, self.connection_errors)  # type: ignore[attr-defined]


def refusal(message: AsSent, chores: Container[str]) -> str | None:
    """
    Why a message is not taken, without a word of its sender's; None: it is a beat.

    Args:
        chores: The names of the clock's tasks; Celery has others.
    """
    headers = message.headers
    task = headers.get("task")
    reasons = {
        "it is compressed": message.compressed,
        "it is not JSON in UTF-8": not _is_json(message),
        f"its body is longer than {_LONGEST} bytes": len(message.body or b"") > _LONGEST,
        "it names no chore": not isinstance(task, str) or task not in chores,
        "it has no usable id": not _is_id(headers.get("id")),
        "it is to wait for a time (eta)": any(headers.get(key) is not None for key in _LATER),
    }
    found = next((reason for reason, holds in reasons.items() if holds), None)
    if found is None and not _is_empty(message.body):
        return "its body is not that of a task without arguments"
    return found


def _is_json(message: AsSent) -> bool:
    encoding = str(message.content_encoding or "utf-8").lower()
    return message.content_type == "application/json" and encoding == "utf-8"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()


def _is_empty(body: Any) -> bool:
    """No arguments, and nothing that Celery would do or send afterwards."""
    try:
        arguments, named, after = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return not arguments and not named and not any(after.values())


def _rewritten(message: AsSent) -> AsSent:
    """The same delivery, with what Celery is to see of it."""
    message.headers = {"lang": "py", "task": message.headers["task"], "id": message.headers["id"]}
    message.properties = {}
    message.content_type, message.content_encoding = "application/json", "utf-8"
    # Bytes, as it came; the annotations of others say text.
    message.body = _BODY  # type: ignore[assignment]
    return message


def _shown(value: object) -> str | None:
    """Escaped where the line is written, as everything is."""
    if value is None:
        return None
    return value[:_SHOWN] if isinstance(value, str) else f"({type(value).__name__})"
