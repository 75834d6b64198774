"""
The stage of a story: the embedded hub, its simulated neighbours and all channels' readers, on one clock.
"""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import datetime
from io import StringIO
from pathlib import Path

from broker.memory import MemoryBroker
from broker.port import Delivery, Properties
from orderloom.cli.context import Here
from orderloom.cli.fallout_acts import Wanted, act_on_all
from orderloom.correlation.fallout import ActKind
from orderloom.correlation.port import Store
from orderloom.rules import default_folder, read_folder
from orderloom.running import Embedded
from orderloom.settings import ListenerSettings, Settings
from orderloom.simulators.channels import Kept, Readers
from orderloom.simulators.neighbourhood import Neighbourhood
from orderloom.simulators.script import Script
from orderloom.simulators.transport import InProcessTransport
from orderloom.stores import open_store
from orderloom.worker import utc_now

from .clock import StoryClock
from .scene import CONTENT_TYPES, Repair, Scene, StageStuckError, story_rules

__all__ = ["Door", "Stage", "free_port", "fresh_folder", "neighboured", "staged"]

# Seconds of the machine's; between two looks at whether everybody is done, and until that is given up.
_LOOK = 0.01
_LIMIT = 45.0

# Queues in which messages are left lying.
_LEFT = (".parked", ".recent", "hub.identity", "unrouted")


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


def fresh_folder(folder: Path, *tables: str) -> Path:
    """Empty ``folder``, write the story's rules and a settings file there; returns the file."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in (dict(read_folder(default_folder())) | story_rules()).items():
        file = folder / "rules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    file = folder / "orderloom.toml"
    lines = ["[store]", 'path = "orderloom.db"', "[rules]", 'folder = "rules"', *tables]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def neighboured(
    settings: Settings, script: Script, clock: StoryClock | None = None
) -> Iterator[tuple[Embedded, Neighbourhood, Door]]:
    """The embedded hub with its simulated neighbours; by the machine's time when no clock is given."""
    door = Door()
    port = free_port()
    callback = f"http://127.0.0.1:{port}/listener/oss.internet/serviceOrderStateChangeEvent"
    neighbours = Neighbourhood(
        InProcessTransport(door),
        script,
        systems=tuple(settings.systems),
        callback_url=callback,
        now=utc_now if clock is None else clock.now,
        seconds=time.monotonic if clock is None else clock.seconds,
    )
    internet = replace(settings.systems["oss.internet"], url=neighbours.http_url)
    systems = {**settings.systems, "oss.internet": internet}
    settings = replace(settings, listener=ListenerSettings(port=port), systems=systems)
    with Embedded(settings, clock=utc_now if clock is None else clock.now) as hub:
        door.broker = hub.broker
        hub.listen()
        neighbours.start()
        try:
            yield hub, neighbours, door
        finally:
            neighbours.stop()


@dataclass
class Stage:
    """
    Where a story is played.

    Args:
        store: The hub's, through a connection of its own.
    """

    settings: Settings
    clock: StoryClock
    hub: Embedded
    neighbours: Neighbourhood
    readers: Readers
    store: Store

    @property
    def systems(self) -> tuple[str, ...]:
        """Everybody who can be told to do something."""
        return tuple(self.settings.systems)

    def calls(self) -> list[Mapping[str, object]]:
        """All that the systems were told so far, as they have noted it."""
        return [one for one in self.neighbours.log.entries if "sent" not in one]

    def told(self) -> list[Kept]:
        """All that the channels were told so far."""
        return self.readers.kept

    def now(self) -> datetime:
        """What the clock shows."""
        return self.clock.now()

    def drop(self, channel: str, body: bytes, scene: Scene | None = None) -> None:
        """Somebody sends something; returns when nothing moves any more."""
        properties = Properties(content_type=CONTENT_TYPES[channel])
        self.hub.broker.publish(f"drop.{channel}", "", body, properties)
        self.settle()

    def until(self, moment: datetime) -> None:
        """
        Let time pass: the clock leaps from one thing that is due to the next, and everybody does what is.

        Raises:
            StageStuckError: See :meth:`settle`.
        """
        while (due := self._due(moment)) is not None:
            self.clock.leap(due)
            self._stir()
            self.settle()
        self.clock.leap(moment)
        self._stir()
        self.settle()

    def settle(self) -> None:
        """
        Wait until nothing moves any more.

        Raises:
            StageStuckError: Something still does after 45 seconds.
        """
        ends, pause = time.monotonic() + _LIMIT, threading.Event()
        before: tuple[int, ...] | None = None
        while True:
            seen = (len(self.neighbours.log.entries), len(self.told()))
            moving = next(self._moving(), "")
            if not moving and seen == before:
                return
            before = None if moving else seen
            if time.monotonic() > ends:
                raise StageStuckError(moving)
            pause.wait(_LOOK)

    def repair(self, one: Repair) -> str:
        """A person says, by the command line's own code, that work was done by hand; what it printed."""
        wanted = Wanted(
            key=one.order, part=one.part, item="", code="", system="", older_than=None, why=one.why,
            dry=False, yes=False, id_=one.act,
        )  # fmt: skip
        printed = StringIO()
        with redirect_stdout(printed):
            act_on_all(_StoryHere(self), ActKind.COMPLETE, wanted)
        self.settle()
        return printed.getvalue()

    def _moving(self) -> Iterator[str]:
        """Who is not done."""
        owing = {one.queue: one.owing for one in self.neighbours.counters}
        broker, seconds = self.hub.broker, self.clock.seconds()
        yield from (
            f"queue {name}"
            for name in broker.queues()
            if not name.endswith(_LEFT)
            and (broker.depth(name) or broker.unsettled(name) > owing.get(name, 0))
        )
        dues = (one.due for one in self.neighbours.agendas)
        yield from ("an answer of a system" for due in dues if due is not None and due <= seconds)
        yield from () if self.hub.worker.engine.idle else ("the worker",)
        yield from (f"what is to be sent to {one.destination}" for one in self.store.unsent())
        yield from () if self._timer(self.clock.now()) is None else ("what is due",)

    def _due(self, moment: datetime) -> datetime | None:
        """When the next thing is due, until then."""
        dues = (one.due for one in self.neighbours.agendas)
        found = [self.clock.at(max(due, 0.0)) for due in dues if due is not None]
        timer = self._timer(moment)
        return min(
            (at for at in (*found, *(() if timer is None else (timer,))) if at <= moment), default=None
        )

    def _timer(self, moment: datetime) -> datetime | None:
        with self.store.begin() as tx:
            return next((one.due for one in tx.due(moment, 1)), None)

    def _stir(self) -> None:
        for one in self.neighbours.agendas:
            one.stir()


class _StoryHere(Here):
    """Where a command runs when it is called by the story: beside the worker, at the story's time."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(None)
        self._stage = stage

    @property
    def settings(self) -> Settings:
        return self._stage.settings

    def now(self) -> datetime:
        return self._stage.clock.now()


@contextmanager
def staged(settings: Settings, script: Script, start: datetime) -> Iterator[Stage]:
    """A stage on which it is ``start``."""
    clock = StoryClock(start)
    with neighboured(settings, script, clock) as (hub, neighbours, door):
        transport = InProcessTransport(door)
        readers = Readers(transport, now=clock.now)
        readers.start()
        try:
            with closing(open_store(settings.store, create=False)) as store:
                yield Stage(settings, clock, hub, neighbours, readers, store)
        finally:
            transport.stop()
