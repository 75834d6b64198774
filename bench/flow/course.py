"""
What is measured, set up: one broker with a virtual host for each contestant, and their processes.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from broker.private_node import PrivateNode
from broker.topology import apply
from orderloom.settings import load
from tests.support.hub import Process

from .echo import Systems
from .lap import Channel, Lap
from .machine import descendants
from .relay import Script, learned
from .world import RECENT, settings_text, topology

__all__ = ["Contestant", "Course"]

_ROOT = Path(__file__).parents[2]
# Enough to see batches, few enough to be quick.
_LEARN = 40
# Characters of a log that explain why it stood still.
_SHOWN = 3000


@dataclass(slots=True)
class Contestant:
    """
    One that is measured.

    Args:
        command: Of its own process; ``says`` when it works.
        store_pid: The server of its store, if that has one.
    """

    name: str
    url: str
    environment: Mapping[str, str]
    command: tuple[str, ...]
    says: str
    store_pid: int | None = None


@dataclass(slots=True)
class Course:
    """
    The broker, and who runs on it.

    Args:
        folder: For settings, stores and logs.
    """

    node: PrivateNode
    folder: Path

    def hub(self, name: str, store: str, store_pid: int | None = None) -> Contestant:
        """The hub on a store: a file's name, or the URL of a PostgreSQL database."""
        config = self.folder / f"{name}.toml"
        place = urlsplit(store)
        config.write_text(settings_text(store.replace(f":{place.password}@", "@")), "utf-8")
        url = self._virtual_host(name)
        ours = {"ORDERLOOM_BROKER_URL": url, "ORDERLOOM_MANAGEMENT_URL": self.node.management_url}
        ours |= {"ORDERLOOM_STORE_PASSWORD": place.password} if place.password else {}
        environment = {**os.environ, **ours, "ORDERLOOM_CONFIG": str(config), "PYTHONPATH": str(_ROOT)}
        apply(url, self.node.management_url, topology(load(config, environment)), safe_age=0.0)
        command = ("-m", "orderloom", "worker", "--no-listener")
        return Contestant(name, url, environment, command, "worker_started", store_pid)

    def relay(self, name: str, like: Contestant) -> Contestant:
        """The floor: a relay of what a hub sends."""
        script = self.folder / f"{name}.pickle"
        with self._started(like):
            channel = Channel(like.url, (*RECENT, *Systems().queues))
            script.write_bytes(pickle.dumps(learned(channel.sent_by_hub(_LEARN, Systems()))))
            channel.close()
        url = self._virtual_host(name)
        settings = load(Path(like.environment["ORDERLOOM_CONFIG"]), like.environment)
        apply(url, self.node.management_url, topology(settings), safe_age=0.0)
        command = ("-m", "bench.flow.relay", url, str(script))
        return Contestant(name, url, like.environment, command, "ready")

    def script(self, file: Path) -> Script:
        """What a relay sends, by what sets it off."""
        made: Script = pickle.loads(file.read_bytes())  # noqa: S301 (just written)
        return made

    def lap(self, who: Contestant, orders: int) -> Lap:
        """
        Start it and its systems, warm up, time a lap, and end it.

        Raises:
            RuntimeError: It stood still; with what it said last.
        """
        with self._started(who) as own, self._echo(who) as echo, _explained(own, echo):
            channel = Channel(who.url)
            channel.drop(max(1, orders // 10), lambda _: None)
            server = self.node.pids
            pids = {
                "worker": (own.pid,),
                "broker": tuple(pid for one in server for pid in descendants(one)),
                "systems": (echo.pid,),
                "senders": (os.getpid(),),
            }
            if who.store_pid is not None:
                pids["store"] = descendants(who.store_pid)
            lap = channel.lap(orders, pids)
            channel.close()
        return lap

    @contextmanager
    def _started(self, who: Contestant) -> Iterator[Process]:
        with self._process(who.name, who.environment, *who.command) as process:
            process.until_said(who.says)
            yield process

    @contextmanager
    def _echo(self, who: Contestant) -> Iterator[Process]:
        with self._process(f"{who.name}-echo", who.environment, "-m", "bench.flow.echo", who.url) as process:
            process.until_said("ready")
            yield process

    @contextmanager
    def _process(self, log: str, environment: Mapping[str, str], *command: str) -> Iterator[Process]:
        process = Process(self.folder / f"{log}.log", environment, *command)
        try:
            yield process
        finally:
            process.stop()

    def _virtual_host(self, name: str) -> str:
        self.node.management.put_vhost(name)
        return self.node.url_for(name)


@contextmanager
def _explained(*processes: Process) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        said = [
            f"-- {one.log.name}, {'running' if one.running else 'ended'}\n{one.said()[-_SHOWN:]}"
            for one in processes
        ]
        raise RuntimeError("\n".join([str(error), *said])) from error
