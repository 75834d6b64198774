"""
The hub running: as a worker process on RabbitMQ, or embedded, with a broker in the process.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from broker.memory import MemoryBroker
from broker.port import BrokerUnavailable, Delivery, Properties, Result
from broker.rabbit import RabbitBroker
from broker.tools import DropFailed, Dropper, sweep
from broker.topology import Difference, Topology, check
from canonical.errors import Fault, HubError
from orderloom.calls import CallPool
from orderloom.correlation.port import Store
from orderloom.engine.hub import Hub
from orderloom.folders.wiring import file_work, with_folders
from orderloom.hub_topology import hub_topology
from orderloom.identity import IDENTITY_QUEUE, Identity
from orderloom.listener import Drop, Listener
from orderloom.periodic import chores
from orderloom.settings import Settings
from orderloom.timekeeping import Timekeeping
from orderloom.wiring import called_systems, open_store, wire
from orderloom.worker import Worker, stop_on_signals, utc_now

__all__ = ["Embedded", "TopologyDrift", "checked", "run_worker"]

_log = structlog.get_logger()


class TopologyDrift(HubError):
    """What is on the broker is not what should be; the worker does not start."""

    def __init__(self, differences: Collection[Difference]) -> None:
        self.differences = tuple(differences)
        names = ", ".join(one.name for one in self.differences)
        super().__init__("E_TOPOLOGY", f"differs: {names}", "broker", "see `orderloom topology check`")

    def __str__(self) -> str:
        named = [str(Fault(code=self.code, what=str(one), where="broker")) for one in self.differences]
        mends = "`orderloom topology apply` mends what is missing; then start again"
        return "\n".join((*named, mends))


def run_worker(
    settings: Settings,
    *,
    name: str | None = None,
    channels: Collection[str] | None = None,
    systems: Collection[str] | None = None,
    listener: bool = True,
) -> None:
    """
    Work until SIGTERM or SIGINT.

    Raises:
        TopologyDrift: Naming every difference.
        BrokerUnavailable: The broker cannot be reached.
        StoreError: Another worker has the store, or it cannot be opened.
        LeaseLost: The lease could not be renewed in time.
    """
    stop = stop_on_signals()
    name = name or f"{socket.gethostname()}-{os.getpid()}"
    with ExitStack() as stack:
        store = open_store(settings)
        stack.callback(store.close)
        hub, lanes, rules = wire(settings, store, channels=channels, systems=systems)
        url = _checked(settings, hub)
        calls = _calls(settings, hub)
        stack.callback(calls.close)
        broker = RabbitBroker(
            url,
            name=f"orderloom worker {name}",
            window=settings.worker.window_messages,
            allow_plain=settings.broker.allow_plain,
        )
        worker = Worker(
            hub,
            store,
            with_folders(settings, broker),
            calls,
            lanes,
            identity=_rabbit_identity(url, settings),
            entered=rules.publish,
            files=file_work(settings, hub, store, lanes),
            name=f"{name}-{uuid.uuid4().hex[:6]}",
            time=_time(settings, hub, store),
        )
        worker.start()
        if listener:
            post = _Post(url, f"orderloom {name} listener", allow_plain=settings.broker.allow_plain)
            stack.callback(post.close)
            stack.callback(_listening(settings, hub, post.drop).stop)
        worker.run(stop)


def _checked(settings: Settings, hub: Hub) -> str:
    """The broker's URL, once it is known to have what the hub needs."""
    return checked(
        settings, hub_topology(settings, hub.rules().references.endpoints.values(), hub.profiles())
    )


def checked(settings: Settings, topology: Topology) -> str:
    """
    The broker's URL, once it is known to have this.

    Raises:
        TopologyDrift: Naming every difference.
        BrokerUnavailable: The broker cannot be reached.
    """
    url, management = settings.broker.required()
    differences = check(url, management, topology, allow_plain=settings.broker.allow_plain)
    for warning in (one for one in differences if one.warning):
        _log.warning("topology_unchecked", text=str(warning))
    wrong = [one for one in differences if not one.warning]
    if wrong:
        raise TopologyDrift(wrong)
    return url


def _calls(settings: Settings, hub: Hub) -> CallPool:
    return CallPool([settings.systems[name] for name in called_systems(settings, hub.profiles())])


def _time(settings: Settings, hub: Hub, store: Store) -> Timekeeping:
    return Timekeeping(store, chores(hub, store, settings.retention), expected=settings.clock.url is not None)


def _listening(settings: Settings, hub: Hub, drop: Drop) -> Listener:
    listener = Listener(settings.listener, called_systems(settings, hub.profiles()), drop)
    port = listener.start()
    _log.info("listener_started", port=port)
    return listener


def _rabbit_identity(url: str, settings: Settings) -> Identity:
    plain = settings.broker.allow_plain

    def read() -> bytes | None:
        found: list[bytes] = []

        def keep(delivery: Delivery) -> bool:
            found.append(delivery.body)
            return True

        sweep(url, IDENTITY_QUEUE, keep, name="orderloom identity", allow_plain=plain)
        return found[0] if found else None

    def write(body: bytes) -> None:
        sweep(url, IDENTITY_QUEUE, lambda _: False, name="orderloom identity", allow_plain=plain)
        with Dropper(url, name="orderloom identity", allow_plain=plain) as dropper:
            dropper.drop("", IDENTITY_QUEUE, body, content_type="text/plain")

    return Identity(read, write)


class _Post:
    """One confirmed publisher for all threads of the listener; a broken connection is made anew."""

    def __init__(self, url: str, name: str, *, allow_plain: bool) -> None:
        self._make: Callable[[], Dropper] = partial(Dropper, url, name=name, allow_plain=allow_plain)
        self._lock = threading.Lock()
        self._dropper: Dropper | None = None

    def drop(
        self, exchange: str, key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> Result:
        """Publish and wait for the confirm; anything but taken is the caller's to repeat."""
        with self._lock:
            try:
                if self._dropper is None:
                    self._dropper = self._make().__enter__()
                self._dropper.drop(exchange, key, body, content_type=content_type, headers=headers)
            except DropFailed as failed:
                _log.warning("event_refused", error=str(failed))
                self._forget()
                return Result.REFUSED
            except BrokerUnavailable as lost:
                _log.warning("event_not_taken", error=str(lost))
                self._forget()
                return Result.UNKNOWN
            return Result.TAKEN

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        dropper, self._dropper = self._dropper, None
        if dropper is not None:
            with suppress(BrokerUnavailable):  # it may be broken already
                dropper.__exit__(None, None, None)


class Embedded:
    """
    The whole hub in one process: memory broker, store on disk, one worker thread, listener.

    The broker is not durable; what was accepted is in the store.

    Args:
        clock: The hub's; a demonstration moves it forward.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.store: Store = open_store(settings)
        self.hub, self._lanes, rules = wire(settings, self.store)
        endpoints = self.hub.rules().references.endpoints.values()
        self.broker = MemoryBroker(hub_topology(settings, endpoints, self.hub.profiles()))
        self._calls = _calls(settings, self.hub)
        self._stop = threading.Event()
        self._listener = Listener(
            settings.listener, called_systems(settings, self.hub.profiles()), self._drop
        )
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)
        self.worker = Worker(
            self.hub,
            self.store,
            with_folders(settings, self.broker.connect("worker")),
            self._calls,
            self._lanes,
            clock=clock,
            identity=Identity(self._identity, self._write_identity),
            entered=rules.publish,
            files=file_work(settings, self.hub, self.store, self._lanes),
            time=_time(settings, self.hub, self.store),
        )

    def __enter__(self) -> Self:
        self.worker.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._listener.stop()
        self._calls.close()
        self.store.close()

    def listen(self) -> int:
        """Serve the listener; returns its port."""
        return self._listener.start()

    def _work(self) -> None:
        self.worker.run(self._stop)

    def _drop(
        self, exchange: str, key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> Result:
        return self.broker.publish(
            exchange, key, body, Properties(content_type=content_type, headers=headers)
        )

    def _identity(self) -> bytes | None:
        return next((one.body for one in self.broker.peek(IDENTITY_QUEUE, 1)), None)

    def _write_identity(self, body: bytes) -> None:
        for _ in range(self.broker.depth(IDENTITY_QUEUE)):
            self._forget_one()
        self.broker.publish("", IDENTITY_QUEUE, body, Properties(content_type="text/plain"))

    def _forget_one(self) -> None:
        old = self.broker.get(IDENTITY_QUEUE)
        if old is not None:
            self.broker.ack(old)
