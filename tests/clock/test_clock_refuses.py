"""
What anybody may send who reaches the clock's virtual host: whatever is no beat of ours is refused, and told.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import amqp
import pytest
from celery import Celery
from kombu import Connection

from orderloom.clock_consumer import AsSent, refusal
from orderloom.clock_marks import SWEEP, last_run
from orderloom.correlation.sqlite import SqliteStore
from tests.clock.test_clock_process import clock_host
from tests.support.hub import Process
from tests.support.rabbit import until

_EMPTY = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
_BEAT = json.dumps([[], {}, _EMPTY]).encode()
_HEADERS = {"task": "clock.sweep", "id": "7a1e9b52-2a0c-4c43-9d7e-0d1f6f1d8c11", "lang": "py", "eta": None}
_LATER = "2099-01-01T00:00:00+00:00"

# Bytes that are a few kilobytes compressed, and how much memory a clock may take meanwhile.
_BOMB = 100_000_000
_GROWN = 30_000


def _sent(body: bytes = _BEAT, kind: str = "application/json", encoding: str = "utf-8", **headers: object):
    return {
        "body": body,
        "content_type": kind,
        "content_encoding": encoding,
        "headers": {**_HEADERS, **headers},
    }


def _without(header: str):
    return _sent() | {"headers": {key: value for key, value in _HEADERS.items() if key != header}}


# Each of these ended the clock, or kept it from its next task, or would have had it do what is no chore.
_UNUSABLE = {
    "is to wait": _sent(eta=_LATER),
    "is to wait for nothing readable": _sent(eta="later"),
    "has no id": _without("id"),
    "has an id that is no text": _sent(id=["a"]),
    "has an id of two lines": _sent(id="a\nclock_deaf"),
    "has no task": _without("task"),
    "has a task that is no text": _sent(task={"clock": "sweep"}),
    "names a task that is not there": _sent(task="clock.weep"),
    "names a task of Celery's own": _sent(task="celery.chain"),
    "is null": _sent(b"null"),
    "is a list of two": _sent(b"[1,2]"),
    "is a number": _sent(b"3"),
    "is not JSON": _sent(b"[[], {}, "),
    "is nothing": _sent(b""),
    "is not UTF-8": _sent(b'["\xff"]'),
    "is nested": _sent(b"[" * 900),
    "is long": _sent(b"[[], {}, {}" + b" " * 100_000 + b"]"),
    "has arguments": _sent(b'[["C-1"], {}, {}]'),
    "has named arguments": _sent(b'[[], {"order": "C-1"}, {}]'),
    "has a task to follow": _sent(b'[[], {}, {"chain": [{"task": "clock.sweep"}]}]'),
    "is of another type": _sent(kind="application/x-python-serialize", encoding="binary"),
    "is of another encoding": _sent(encoding="gzip"),
    "says that it is compressed": _sent(compression="application/x-gzip"),
}


@contextmanager
def _looked_at(file: Path) -> Iterator[SqliteStore]:
    """One connection for all looks: whoever is the last to close such a file keeps others from opening it."""
    store = SqliteStore(file, patience=10)
    try:
        yield store
    finally:
        store.close()


def _peak(process: Process) -> int:
    """The most memory that it has had, in KiB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


@pytest.fixture
def came():
    """A message as the clock's consumer gets it."""

    def read(sent: dict) -> AsSent:
        body, headers = sent["body"], dict(sent["headers"])
        kind, encoding = sent["content_type"], sent["content_encoding"]
        raw = amqp.Message(body, content_type=kind, content_encoding=encoding, application_headers=headers)
        raw.delivery_info = {"delivery_tag": 1}
        return AsSent(raw)

    return read


@pytest.mark.parametrize("name", list(_UNUSABLE))
def test_what_is_no_beat_is_refused_without_a_word_of_its_senders(name, came):
    """The reason is one of ours; what it says of itself is told beside it, escaped."""
    reason = refusal(came(_UNUSABLE[name]), {"clock.sweep"})

    assert reason is not None
    assert reason.startswith("it")
    assert not {"later", "deaf", "weep", "chain", "C-1"} & set(reason.replace("_", " ").split())


def test_a_beat_is_taken_as_celery_writes_it(came):
    """Its body, and its headers, of which only two are looked at."""
    app = Celery("a", set_as_current=False)
    written = app.amqp.as_task_v2("an id", "clock.sweep")
    body = json.dumps(written.body).encode()

    assert refusal(came(_sent(body, **written.headers)), {"clock.sweep"}) is None


def test_a_compressed_message_is_not_unpacked(came):
    """Its body stays as it came."""
    packed = gzip.compress(_BEAT)
    message = came(_sent(packed, compression="application/x-gzip"))

    assert packed == message.body
    assert "it is compressed" == refusal(message, {"clock.sweep"})


@pytest.mark.rabbitmq
def test_the_task_behind_what_cannot_be_used_is_done_at_once(rabbit_node, tmp_path):
    """
    Each is settled with one line, and a bomb is not unpacked; the clock lives, and its queue is empty.
    """
    with (
        _looked_at(tmp_path / "hub.db") as store,
        clock_host(rabbit_node) as (host, url),
        Connection(url) as sender,
    ):
        environment = {**os.environ, "ORDERLOOM_CLOCK_URL": url, "ORDERLOOM_STORE": str(tmp_path / "hub.db")}
        log = tmp_path / "clock.log"
        clock = Process(log, environment, "-m", "orderloom", "clock", "--worker-only")
        until("its queue", lambda: host.management.queue(host.vhost, "clock"), 60.0)
        publish = partial(sender.Producer().publish, exchange="clock", routing_key="clock")

        def beaten() -> datetime | None:
            """What came before it consumed is read when more comes: a beat is never the last."""
            publish(**_sent())
            return last_run(store, SWEEP)

        def told() -> list[dict[str, object]]:
            said = map(json.loads, log.read_text(encoding="utf-8").splitlines())
            return [one for one in said if one["event"] == "task_refused"]

        until("a first sweep", beaten, 60.0, 0.5)
        before = _peak(clock)
        for one in _UNUSABLE.values():
            publish(**one)
        publish(**_sent(gzip.compress(b"0" * _BOMB), compression="application/x-gzip"))
        until("each is refused", lambda: beaten() and len(_UNUSABLE) + 1 == len(told()), 40.0, 0.5)
        since = datetime.now(UTC)
        until("a task behind them", lambda: beaten() > since, 40.0, 0.5)
        said = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

        assert len(_UNUSABLE) + 1 == len(told())
        assert {"event", "level", "time", "message_id", "name", "reason"} == set().union(*told())
        assert [] == [one for one in said if one["level"] in ("error", "critical")]
        assert _peak(clock) - before < _GROWN
        until("an empty queue", lambda: host.depth("clock") == 0, 20.0)
        assert 0 == clock.stop()
