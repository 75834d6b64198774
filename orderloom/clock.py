"""
The clock: Celery's beat and worker, which call what :mod:`orderloom.periodic` says, when it is due.

It carries no order.  Its messages name a chore and nothing else, in JSON, on a virtual host of their own;
they expire after one period, so that an outage does not pile them up.  Nothing of it is worth keeping: the
store knows what is due, and what was last done.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import monotonic
from types import FrameType
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import ScheduleEntry, Scheduler, SchedulingError, Service
from celery.worker import state
from kombu import Exchange, Producer, Queue

from broker.address import Address
from broker.kombu_link import tls_arguments
from canonical.errors import Fault
from orderloom.clock_consumer import ClockConsumer
from orderloom.clock_marks import mark
from orderloom.correlation.port import Store, StoreError
from orderloom.folders.wiring import polling
from orderloom.periodic import Chore, chores
from orderloom.settings import Settings, SettingsError
from orderloom.stores import open_store
from orderloom.wiring import wire

__all__ = ["QUEUE", "clock_app", "run_clock"]

_log = structlog.get_logger()

# All that the clock has on its virtual host: this queue, and an exchange of the same name.
QUEUE = "clock"

# Seconds that one task may go on with a chore of many steps; the rest is for the next run.  It is far shorter
# than the heartbeat, which waits meanwhile.
_BUDGET = 5.0
_HEARTBEAT = 30

# The longest that the broker may be silent inside one operation, a confirm for instance.
_SILENCE = 30.0

# Seconds without any task after which this process ends, so that whoever supervises it starts a new one:
# Celery's workers have been seen connected and deaf.
_DEAF = 120.0

# Seconds to stop in.  Nothing is lost when it is cut short.
_STOPS_WITHIN = 5.0

# Seconds to wait for a worker that writes beside this: it holds the SQLite file for as long as a batch takes.
_PATIENCE = 5.0


class _Beat(Scheduler):
    """In memory, for what was last done stands in the store; says once that the broker is away."""

    told = False

    def apply_entry(self, entry: ScheduleEntry, producer: Producer | None = None) -> None:
        """Send one message; the next period sends another."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not self.told:
                _log.warning("beat_failed", name=entry.name, error=str(error))
            self.told = True
        else:
            self.told = False


def clock_app(address: Address, found: Iterable[Chore], run: Callable[[Chore], None]) -> Celery:
    """
    Celery, with a task for each chore, and a beat for each task.

    Args:
        address: Of the clock's virtual host.
        run: Does one chore.

    Raises:
        SettingsError: A variable of Celery's own would lead it elsewhere.
    """
    app = Celery("orderloom.clock", loader="celery.loaders.app:AppLoader", set_as_current=False)
    app.conf.update(_configuration(address))
    for chore in found:
        _add(app, chore, run)
    for name in ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL"):
        if os.environ.get(name):
            what = "is set, and would lead the clock to another broker"
            raise SettingsError([Fault(code="E_CONFIG", what=what, where=f"${name}", allowed="unset it")])
    return app


def _add(app: Celery, chore: Chore, run: Callable[[Chore], None]) -> None:
    name = f"clock.{chore.name}"

    # Not of every Celery application in this process, as is the default.
    @app.task(name=name, shared=False, ignore_result=True)
    def task() -> None:
        run(chore)

    # Without an exchange it would take the default one, and need the right to write to every queue.
    place = {"queue": QUEUE, "exchange": QUEUE, "routing_key": QUEUE}
    # By the broker's time: the clocks of two machines may disagree by more than a period.
    options = {**place, "expiration": chore.every}
    app.conf.beat_schedule[name] = {"task": name, "schedule": chore.every, "options": options}


def _configuration(address: Address) -> dict[str, Any]:
    # By argument, not by policy: where Celery sees it, it asks for its prefetch per consumer, not globally.
    quorum = {"x-queue-type": "quorum"}
    exchange = Exchange(QUEUE, type="direct", durable=True)
    return {
        "broker_url": address.url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_heartbeat": _HEARTBEAT,
        "broker_use_ssl": tls_arguments(address),
        "broker_transport_options": {
            "confirm_publish": True,
            "confirm_timeout": _SILENCE,
            "client_properties": {"connection_name": f"orderloom clock {socket.gethostname()}"},
        },
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_queues": [Queue(QUEUE, exchange, routing_key=QUEUE, durable=True, queue_arguments=quorum)],
        "task_default_queue": QUEUE,
        "task_default_exchange": QUEUE,
        "task_default_routing_key": QUEUE,
        "task_default_queue_type": "quorum",
        "task_create_missing_queues": False,
        "worker_detect_quorum_queues": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": 1,
        "worker_pool": "solo",
        "worker_consumer": ClockConsumer,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_max_loop_interval": 1.0,
        "beat_schedule": {},
        "timezone": "UTC",
        "enable_utc": True,
    }


def run_clock(settings: Settings, *, beat: bool = True, worker: bool = True) -> int:
    """
    Keep the time until SIGTERM or SIGINT; returns the status to end with.

    Args:
        beat: Say what is due to be looked at.
        worker: Look at it.

    Raises:
        SettingsError: No clock is set.
        AddressRefused: Its URL is wrong, or plain text to another machine.
        StoreError: The store cannot be opened.
    """
    address = Address.parse(settings.clock.required(), allow_plain=settings.broker.allow_plain)
    store = open_store(settings.store, patience=_PATIENCE)
    try:
        hub, *_ = wire(settings, store)
        keeper = _Keeper(store)
        found = (*chores(hub, store, settings.retention), *polling(settings, store))
        app = clock_app(address, found, keeper.run)
        _log.info("clock_started", kind=_kind(beat=beat, worker=worker))
        return _run(app, keeper, beat=beat, worker=worker)
    finally:
        store.close()
        _log.info("clock_stopped")


def _kind(*, beat: bool, worker: bool) -> str:
    return "beat and worker" if beat and worker else "beat" if beat else "worker"


class _Keeper:
    """Does the chores, and notices when none has come for long."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard = monotonic()

    def run(self, chore: Chore) -> None:
        """One run of a chore; what fails is looked at again in its next period."""
        self._heard = began = monotonic()
        now = datetime.now(UTC)
        try:
            for _ in chore.steps(now):
                if monotonic() - began > _BUDGET:
                    break
            mark(self._store, chore.name, now)
        except StoreError as error:
            _log.warning("chore_failed", name=chore.name, error=str(error))

    def watch(self) -> None:
        """End the process when no task has come for too long."""
        pause = threading.Event()
        while not pause.wait(1.0):
            silent = monotonic() - self._heard
            if silent > _DEAF:
                _log.error("clock_deaf", seconds=round(silent))
                os._exit(1)


def _run(app: Celery, keeper: _Keeper, *, beat: bool, worker: bool) -> int:
    signals.setup_logging.connect(_keep_logging, weak=False)
    # Its worker looks tasks up in whichever application this process has for current.
    app.set_current()
    app.set_default()
    service = Service(app, scheduler_cls=_Beat)
    if not worker:
        _on_signals(service.stop)
        service.start()
        return 0
    _on_signals(_stop_worker)
    if beat:
        threading.Thread(target=service.start, name="beat", daemon=True).start()
    threading.Thread(target=keeper.watch, name="watch", daemon=True).start()
    # Not its command line's: that brings signal handlers, a banner and a pid file of its own.
    controller: Any = app.WorkController(hostname=f"clock@{socket.gethostname()}")
    controller.start()
    return int(controller.exitcode or 0)


def _keep_logging(**_: object) -> None:
    """Ours is set up already; that somebody listens keeps Celery from setting up its own."""


def _stop_worker() -> None:
    # Of its module; the annotations of others say that it is always None.
    state.should_stop = 0  # type: ignore[assignment]


def _on_signals(stop: Callable[[], None]) -> None:
    """Stop when told to; a broker that does not answer delays it for some seconds at most."""

    def told(_signal: int, _frame: FrameType | None) -> None:
        last = threading.Timer(_STOPS_WITHIN, os._exit, (0,))
        last.daemon = True
        last.start()
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
