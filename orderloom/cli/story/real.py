"""
The stage of ``orderloom hub``: a real RabbitMQ, processes, and real time: an hour is half a second.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from broker.tools import Dropper
from orderloom.correlation.port import Store
from orderloom.simulators.calls import read_log
from orderloom.simulators.channels import Kept, Readers
from orderloom.simulators.script import ALL_SYSTEMS
from orderloom.worker import utc_now

from .scene import CONTENT_TYPES, Act, Pause, Repair, Scene, StageStuckError, story_file

__all__ = ["RealStage", "in_real_time", "real_script"]

# Seconds: between two looks at whether everybody is done, until that is given up, of an hour of the story.
_LOOK = 0.05
_LIMIT = 45.0
_HOUR = 0.5

# Looks in a row at which nothing has moved: what was published is read in less.
_STILL = 4

_MOST = 1_000


def real_script() -> bytes:
    """The story's script with its times in real time."""
    script = json.loads(story_file("script.json"))
    for rule in script["rules"]:
        rule |= {name: rule[name] * _HOUR / 3600 for name in ("delay", "then") if name in rule}
    script["rules"] = [rule for rule in script["rules"] if rule["system"] in ALL_SYSTEMS]
    return json.dumps(script, indent=2).encode()


def in_real_time(act: Act) -> Act:
    """An act without the time that passes for its own sake: only at its end is waited for what is owed."""
    last = act.steps[-1]
    return Act(act.title, tuple(one for one in act.steps if one is last or not isinstance(one, Pause)))


@dataclass
class RealStage:
    """
    Where a story is played in real time.

    Args:
        log: What the simulated systems write of what they were told.
    """

    store: Store
    readers: Readers
    dropper: Dropper
    log: Path

    @property
    def systems(self) -> tuple[str, ...]:
        """Everybody who can be told to do something."""
        return ALL_SYSTEMS

    def now(self) -> datetime:
        """The time of day."""
        return utc_now()

    def calls(self) -> Sequence[Mapping[str, Any]]:
        """All that the systems were told so far."""
        return [one for one in read_log(self.log) if "sent" not in one]

    def told(self) -> Sequence[Kept]:
        """All that the channels were told so far."""
        return self.readers.kept

    def drop(self, channel: str, body: bytes, scene: Scene | None = None) -> None:
        """
        Send something; returns when it is answered, and nothing moves any more.

        Raises:
            StageStuckError: That takes more than 45 seconds.
        """
        before = len(self.readers.kept)
        self.dropper.drop(f"drop.{channel}", "", body, content_type=CONTENT_TYPES[channel])
        queue = scene.queue if scene is not None else f"channel.{channel}."
        answer = scene.answer if scene is not None else ""

        def answered() -> bool:
            news = [one for one in self.readers.kept[before:] if one.queue.startswith(queue)]
            return any(not answer or record.kind == answer for one in news for record in one.records)

        if (scene is None or answer) and not self.readers.wait(answered, _LIMIT):
            raise StageStuckError(f"nothing came back from {channel}")
        self._settle(waiting=False)

    def until(self, moment: datetime) -> None:
        """Wait for all that the systems owe, whatever the story's clock would show then."""
        self._settle(waiting=True)

    def repair(self, one: Repair) -> str:
        """
        Nothing of what is played here has to be repaired.

        Raises:
            StageStuckError: Always.
        """
        raise StageStuckError(f"nobody repairs {one.order} here")

    def _settle(self, *, waiting: bool) -> None:
        ends, pause = time.monotonic() + _LIMIT, threading.Event()
        before, still = (-1, -1), 0
        while still < _STILL:
            moving = next(self._moving(waiting=waiting), "")
            seen = (len(self.readers.kept), len(read_log(self.log)))
            still = still + 1 if not moving and seen == before else 0
            before = seen
            if time.monotonic() > ends:
                raise StageStuckError(moving)
            pause.wait(_LOOK)

    def _moving(self, *, waiting: bool) -> Iterator[str]:
        """Who is not done; ``waiting`` also counts the answers that are not due yet."""
        yield from (f"what is to be sent to {one.destination}" for one in self.store.unsent())
        owed = frozenset() if waiting else self._owed()
        yield from (
            f"the answer to {key} of {order_id}"
            for order_id, key in self.store.unanswered(_MOST)
            if key not in owed
        )

    def _owed(self) -> frozenset[str]:
        """Keys of instructions with an answer that is not due yet."""
        at = self.now()
        return frozenset(
            one["key"]
            for one in self.calls()
            for answer in one.get("answers", ())
            if datetime.fromisoformat(one["at"]) + timedelta(seconds=answer["after"]) > at
        )
