"""
The whole thing, as it is operated: worker and simulators as processes, on a real RabbitMQ.

Everything that is started is ended by its process id; what it logged is printed when the test has failed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broker.topology import Topology
from orderloom.adapters_found import find_adapters
from orderloom.correlation.port import Store
from orderloom.correlation.record import Record
from orderloom.hub_topology import hub_topology
from orderloom.rules import load as load_rules
from orderloom.settings import Settings, load
from orderloom.simulators.calls import Entry, read_log
from orderloom.simulators.channels import Readers, drop
from orderloom.simulators.rabbit import RabbitTransport
from orderloom.simulators.script import ALL_SYSTEMS
from orderloom.stores import open_store
from orderloom.wiring import profiles_of
from tests.support.rabbit import Rabbit, until

__all__ = ["Process", "RunningHub", "Said", "free_port", "running_hub"]

# Seconds for a process of ours to come up on a busy machine, and to go when told.
_START = 60.0
_STOP = 15.0

# What a failed test shows of each log.
_SHOWN_BYTES = 6000


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


class Process:
    """
    A process with its log in a file.

    Args:
        program: Python, unless another is named.
    """

    def __init__(
        self, log: Path, environment: Mapping[str, str], *arguments: str, program: str = sys.executable
    ) -> None:
        self.log = log
        self._told = False
        self._begins = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [program, *arguments],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it has ended though nobody told it to."""
        return not self.running and not self._told

    def said(self) -> str:
        """What this process has logged so far."""
        with self.log.open("rb") as text:
            text.seek(self._begins)
            return text.read().decode("utf-8", "replace")

    def until_said(self, text: str, limit: float = _START) -> None:
        """Wait until it has logged ``text``; fail at once when it ended without."""

        def there() -> bool:
            ended = not self.running
            found = text in self.said()
            assert found or not ended, (
                f"ended with {self._process.returncode}:\n{self.said()[-_SHOWN_BYTES:]}"
            )
            return found

        until(f"{text!r} in {self.log.name}", there, limit)

    def kill(self) -> None:
        """SIGKILL: it learns nothing of its end."""
        self._told = True
        self._process.kill()
        self._process.wait(_STOP)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._told = True
        self._process.send_signal(number)

    def stop(self, limit: float = _STOP) -> int:
        """SIGTERM, and its exit status; killed when it does not end within ``limit`` seconds."""
        self.signal(signal.SIGTERM)
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def wait(self, limit: float = _START) -> int:
        """Its exit status, when it ends by itself, as it should."""
        self._told = True
        return self._process.wait(limit)


@contextmanager
def running_hub(rabbit: Rabbit, folder: Path, **settings: Any) -> Iterator[RunningHub]:
    """A hub with its queues and nothing running yet; ended whatever happens."""
    made = RunningHub(rabbit, folder, **settings)
    try:
        made.declare()
        yield made
    finally:
        made.close()


@dataclass
class RunningHub:
    """
    One hub on a virtual host of its own.

    Args:
        folder: For settings, store and logs.
        answer_within: Seconds that every system has to answer; a silent one is held after twice as long.
        hold_after: Seconds that an outage or a silence changes no state; None: as long as there is to answer.
        rules: Folder of the rules; None: those that ship.
        split: Each channel's adapter runs on its own; else the worker translates.
        more: Further tables of the settings file.
    """

    rabbit: Rabbit
    folder: Path
    answer_within: int = 60
    hold_after: int | None = None
    rules: Path | None = None
    split: bool = False
    more: str = ""
    http_port: int = field(default_factory=free_port)
    listener_port: int = field(default_factory=free_port)
    processes: list[Process] = field(default_factory=list)
    adapters: dict[str, Process] = field(default_factory=dict)
    _transports: list[RabbitTransport] = field(default_factory=list)
    _store: Store | None = None

    def __post_init__(self) -> None:
        url, management = self.rabbit.url, self.rabbit.management_url
        ours = {"ORDERLOOM_BROKER_URL": url, "ORDERLOOM_MANAGEMENT_URL": management}
        self.environment = {**os.environ, **ours, "ORDERLOOM_CONFIG": str(self.config), "COLUMNS": "200"}
        self.configure()

    # -- where things are

    @property
    def config(self) -> Path:
        return self.folder / "orderloom.toml"

    @property
    def calls(self) -> Path:
        """The log of what the systems were told and did."""
        return self.folder / "calls.jsonl"

    @property
    def settings(self) -> Settings:
        return load(self.config, self.environment)

    @property
    def topology(self) -> Topology:
        """What this hub needs of its broker."""
        settings = self.settings
        profiles = profiles_of(settings, find_adapters(settings))
        endpoints = load_rules(settings.rules, profiles).references.endpoints.values()
        return hub_topology(settings, endpoints, profiles)

    def configure(self) -> None:
        """Write the settings file."""
        systems = dict.fromkeys(ALL_SYSTEMS, "")
        systems["oss.internet"] = f'url = "http://127.0.0.1:{self.http_port}"\n'
        tables = [
            f'[systems."{name}"]\nanswer_within = {self.answer_within}\n{more}'
            for name, more in systems.items()
        ]
        rules = f'[rules]\nfolder = "{self.rules.as_posix()}"\n' if self.rules else ""
        head = f'[store]\npath = "orderloom.db"\n{rules}[listener]\nport = {self.listener_port}\n'
        hold_after = self.answer_within if self.hold_after is None else self.hold_after
        head += f"[worker]\nhold_after = {hold_after}\n"
        self.config.write_text(head + self.more + "".join(tables), "utf-8")

    # -- processes

    def worker(self, name: str = "hub") -> Process:
        """Start a worker, and the adapters that are missing in split shape; returns when it works."""
        alone = ["--channels", "none"] if self.split else []
        started = self.start("worker", "-m", "orderloom", "worker", "--name", name, *alone)
        if self.split:
            self.adapt()
        started.until_said("worker_started")
        return started

    def adapt(self) -> None:
        """Start the adapter of every channel that has none running; what is dropped waits for it."""
        for channel in self.settings.channels:
            if channel not in self.adapters or not self.adapters[channel].running:
                command = ("-m", "orderloom", "adapter", "run", channel, "--name", "test")
                self.adapters[channel] = self.start(f"adapter-{channel}", *command)

    def kill_adapters(self) -> None:
        """SIGKILL for all of them."""
        for process in self.adapters.values():
            process.kill()

    def simulators(self, script: str | Path = "calm", *systems: str) -> Process:
        """Start simulated systems (all, unless named); returns when they serve."""
        callback = f"http://127.0.0.1:{self.listener_port}/listener/oss.internet/serviceOrderStateChangeEvent"
        arguments = [*(systems or ALL_SYSTEMS), "--broker-url", self.rabbit.url]
        arguments += ["--script", str(script), "--log", str(self.calls)]
        arguments += ["--http-port", str(self.http_port), "--callback-url", callback]
        started = self.start("simulators", "-m", "orderloom.simulators", *arguments)
        started.until_said("ready")
        return started

    def start(self, log: str, *arguments: str) -> Process:
        """Start a process; two with one log write one after the other."""
        started = Process(self.folder / f"{log}.log", self.environment, *arguments)
        self.processes.append(started)
        return started

    def cli(self, *arguments: str) -> Said:
        """Run ``orderloom`` to its end."""
        command = [sys.executable, "-m", "orderloom", *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, timeout=_START, check=False, text=True
        )
        return Said(done.returncode, done.stdout, done.stderr)

    # -- its surroundings

    def declare(self) -> None:
        """Everything the hub needs on its broker."""
        self.rabbit.apply(self.topology)

    def transport(self, name: str = "test") -> RabbitTransport:
        """The other client's connection to this hub's virtual host."""
        made = RabbitTransport(self.rabbit.url, name)
        self._transports.append(made)
        return made

    def drop(self, *messages: tuple[str, bytes]) -> None:
        """Drop native messages by channel; returns when the broker has them all."""
        transport = self.transport("senders")
        drop(transport, messages)
        self._transports.remove(transport)
        transport.stop()

    def readers(self) -> Readers:
        """Start to read what the channels are told."""
        readers = Readers(self.transport("channels"))
        readers.start()
        return readers

    # -- what it knows

    @property
    def store(self) -> Store:
        """The store, as a second process sees it."""
        if self._store is None:
            self._store = open_store(self.settings.store, create=False, patience=10.0)
        return self._store

    def states(self) -> Counter[str]:
        """Orders by state."""
        return Counter(self.store.counts())

    def order(self, number: str, endpoint: str | None = None) -> Record | None:
        """The order that somebody knows under a number; ``endpoint`` says who, if several may."""
        for alias, order_id in self.store.find(number):
            if endpoint in (None, alias.owner):
                return self.store.order(order_id)
        return None

    def entries(self) -> list[Entry]:
        """What the systems have logged."""
        return read_log(self.calls)

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """What the console's "Get messages" shows of a queue; they stay there."""
        return self.rabbit.management.get_messages(self.rabbit.vhost, queue, 1000)

    # -- waiting

    def until(
        self, what: str, condition: Callable[[], object], limit: float = 15.0, every: float = 0.1
    ) -> None:
        """As :func:`tests.support.rabbit.until`; fails at once when a process has ended by itself."""

        def looked() -> object:
            failed = [one for one in self.processes if one.failed]
            assert not failed, f"{failed[0].log.name} ended by itself: {failed[0].said()[-_SHOWN_BYTES:]}"
            return condition()

        until(what, looked, limit, every)

    def depths(self) -> dict[str, int]:
        """Messages in every queue, ready or held by a consumer; may lag by a second."""
        queues = self.rabbit.management.queues(self.rabbit.vhost)
        return {queue["name"]: int(queue.get("messages", 0)) for queue in queues}

    def until_empty(self, keeps: Iterable[str] = (), limit: float = 30.0) -> None:
        """Wait until nothing is unsent and every queue is empty but ``keeps``."""
        kept = {*keeps, "orders.recent", "status.recent", "hub.identity"}
        left: dict[str, int] = {}

        def empty() -> bool:
            left.clear()
            left.update({name: count for name, count in self.depths().items() if count and name not in kept})
            return not left and not self.store.unsent()

        try:
            until("empty queues", empty, limit)
        except AssertionError as error:
            raise AssertionError(f"{error}: {left}, unsent {self.store.unsent()}") from None

    # -- the end

    def close(self) -> None:
        """End everything, and print the ends of the logs: pytest shows them when the test has failed."""
        for process in self.processes:
            if process.running:
                process.kill()
        for transport in self._transports:
            transport.stop()
        if self._store is not None:
            self._store.close()
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text("utf-8", "replace")
            print(f"-- {log.name}\n{text[-_SHOWN_BYTES:]}")  # noqa: T201 (see above)
