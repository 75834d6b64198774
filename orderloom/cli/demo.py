"""
``orderloom demo``: real native messages of all channels through the whole hub, in one process.

The broker is in memory, the systems are simulated; adapters, routes, engine and store are the ones
that production runs.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from broker.memory import MemoryBroker
from broker.port import Delivery, Properties
from orderloom.logging import set_up_logging
from orderloom.running import Embedded
from orderloom.settings import ListenerSettings, Settings, load
from orderloom.simulators.channels import Readers
from orderloom.simulators.neighbourhood import Neighbourhood
from orderloom.simulators.script import Script
from orderloom.simulators.transport import InProcessTransport

from .telling import CONTENT_TYPES, Scene, print_end, print_told, story_file, tell, wait_for_the_end

__all__ = ["Door", "free_port", "fresh_folder", "neighboured", "play"]


class Door:
    """The memory broker as the simulators see it."""

    def __init__(self) -> None:
        self.broker: MemoryBroker | None = None

    def _there(self) -> MemoryBroker:
        if self.broker is None:
            msg = "the broker is not there yet"
            raise AssertionError(msg)
        return self.broker

    def publish(
        self, exchange: str, key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        """Take a message."""
        self._there().publish(exchange, key, body, Properties(content_type=content_type, headers=headers))

    def get(self, queue: str, wait: float) -> tuple[object, bytes, str, Mapping[str, str]] | None:
        """The next message of a queue."""
        found = self._there().get(queue, wait)
        if found is None:
            return None
        headers = {name: str(value) for name, value in found.properties.headers.items()}
        return found, found.body, found.properties.content_type or "", headers

    def ack(self, token: object) -> None:
        """It is done with."""
        if isinstance(token, Delivery):
            self._there().ack(token)


def play(folder: Path) -> None:
    """The whole story in this process, with a store in ``folder``."""
    set_up_logging("ERROR")
    config = fresh_folder(folder)
    began = time.monotonic()
    with _hub(load(config)) as (hub, readers):
        click.echo(f"broker in memory (it forgets when this ends), store in {folder / 'orderloom.db'}")
        tell(lambda scene, body: _drop(hub.broker, scene, body), readers)
        records = wait_for_the_end(hub.store)
    print_end(records, time.monotonic() - began, config)
    click.echo("Next: make hub (the same story on a real RabbitMQ, in processes of their own)")


def fresh_folder(folder: Path, **settings: str) -> Path:
    """Empty ``folder`` and write a settings file there; returns the file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "orderloom.toml"
    lines = ["[store]", 'path = "orderloom.db"', *settings.values()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def neighboured(settings: Settings, script: Script) -> Iterator[tuple[Embedded, Door]]:
    """The embedded hub with its simulated neighbours."""
    door = Door()
    port = free_port()
    callback = f"http://127.0.0.1:{port}/listener/oss.internet/serviceOrderStateChangeEvent"
    neighbours = Neighbourhood(InProcessTransport(door), script, callback_url=callback)
    internet = replace(settings.systems["oss.internet"], url=neighbours.http_url)
    systems = {**settings.systems, "oss.internet": internet}
    with Embedded(replace(settings, listener=ListenerSettings(port=port), systems=systems)) as hub:
        door.broker = hub.broker
        hub.listen()
        neighbours.start()
        try:
            yield hub, door
        finally:
            neighbours.stop()


@contextmanager
def _hub(settings: Settings) -> Iterator[tuple[Embedded, Readers]]:
    """The same with readers of all channels."""
    script = Script.of(json.loads(story_file("script.json")))
    with neighboured(settings, script) as (hub, door):
        told = InProcessTransport(door)
        readers = Readers(told, keep=print_told)
        readers.start()
        try:
            yield hub, readers
        finally:
            told.stop()


def _drop(broker: MemoryBroker, scene: Scene, body: bytes) -> None:
    properties = Properties(content_type=CONTENT_TYPES[scene.channel])
    broker.publish(f"drop.{scene.channel}", "", body, properties)
