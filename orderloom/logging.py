"""
Logging: one line an event, JSON when nobody watches, and only facts that may be logged.

Event names are short, constant, lower case, past tense; facts are keys from :data:`FIELDS`, and a key that
is not there is dropped: orders hold names, addresses and numbers of people (the raw bytes are in the store).
Lines of kombu, pika, uvicorn and urllib3 go through the same renderer.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import Processor, WrappedLogger

__all__ = ["FIELDS", "set_up_logging"]

_Event = MutableMapping[str, Any]

# Ids, names of ours, counts and durations; never a party, an address, free text of a sender, a body.
FIELDS = frozenset(
    {
        "attempt",
        "batch",
        "bytes",
        "calls",
        "carried",
        "channel",
        "channels",
        "code",
        "command",
        "connection",
        "count",
        "destination",
        "documents",
        "duration_ms",
        "endpoint",
        "envelope",
        "error",
        "event",
        "exception",
        "exchange",
        "file",
        "host",
        "instructions",
        "intake",
        "key",
        "kind",
        "level",
        "logger",
        "message_id",
        "name",
        "order_id",
        "order_version",
        "outcome",
        "parked_id",
        "part",
        "pid",
        "port",
        "queue",
        "queues",
        "reason",
        "records",
        "redelivered",
        "reference",
        "replies",
        "result",
        "retry",
        "rows",
        "rules_version",
        "seconds",
        "signal",
        "state",
        "status",
        "store",
        "system",
        "systems",
        "text",
        "time",
        "type",
        "unsent",
        "version",
        "where",
        "worker",
    }
)

# The rest of a line is not lost to a screen or a log shipper that cuts at some kilobytes.
_LONGEST = 2000


def set_up_logging(
    level: str = "INFO", *, stream: TextIO | None = None, json_lines: bool | None = None
) -> None:
    """
    Route everything, the standard library's loggers too, to one renderer.

    Args:
        stream: Default: standard error.
        json_lines: None: JSON unless ``stream`` is a terminal.
    """
    out = sys.stderr if stream is None else stream
    as_json = not out.isatty() if json_lines is None else json_lines
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        _allowed_only,
    ]
    structlog.configure(
        processors=[*shared, _json_line if as_json else _text_line],
        # Not through the standard library's loggers: a third of the time, and there is a line a message.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(out),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _json_line if as_json else _text_line,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _take_over()


class _Lines:
    """Our own lines; one that cannot be written (a full disk, a closed pipe) costs itself, and no order."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def msg(self, line: str) -> None:
        """Write one line, as one piece."""
        with suppress(OSError, ValueError):
            self._out.write(f"{line}\n")
            self._out.flush()

    debug = info = warning = error = critical = msg


def _take_over() -> None:
    """Libraries that bring handlers of their own, or say at INFO what helps only their authors."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "kombu", "amqp", "pika", "urllib3", "celery"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    quiet = ("pika", "uvicorn.access", "uvicorn.error", "amqp", "kombu", "urllib3")
    # A line or two for each beat.
    beats = ("celery.beat", "celery.worker.strategy", "celery.app.trace")
    for name in (*quiet, *beats):
        logging.getLogger(name).setLevel(logging.WARNING)


def _allowed_only(_: WrappedLogger, __: str, event: _Event) -> _Event:
    """Drop what may not be logged; underscored keys are structlog's own and leave later."""
    return {key: value for key, value in event.items() if key in FIELDS or key.startswith("_")}


def _json_line(_: WrappedLogger, __: str, event: _Event) -> str:
    """JSON escapes control characters, line ends among them; what is not ASCII too."""
    return json.dumps({key: _cut(value) for key, value in event.items()}, default=str)


def _text_line(_: WrappedLogger, __: str, event: _Event) -> str:
    time, level, name = (event.pop(key, "") for key in ("time", "level", "event"))
    facts = " ".join(f"{key}={_quoted(value)}" for key, value in event.items())
    return f"{str(time)[:19]}Z {level:<7} {_quoted(name, blanks=True)} {facts}".rstrip()


def _cut(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value


def _quoted(value: Any, *, blanks: bool = False) -> str:
    """One word, or the Python spelling of it: control characters and bidirectional marks come out escaped."""
    text = str(value)[:_LONGEST]
    plain = text.isprintable() and (blanks or " " not in text) and text
    return text if plain else repr(text)
