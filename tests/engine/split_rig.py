"""
The bench in split shape: the web's adapter stands before the hub, as a process of its own that may die alone.
"""

from __future__ import annotations

from typing import Any

from broker.port import Delivery
from orderloom.adapter_forwarder import Forwarder, Translated
from orderloom.adapter_runner import AdapterRunner
from orderloom.adapter_suspects import Suspects
from tests.engine.faults import Crashed, Fuse, FusedClient
from tests.engine.rig import SPLIT, WorkerRig, rules_of

__all__ = ["SplitRig"]


class Unafraid(Suspects):
    """Translates at once: nothing on this bench is poison, and a child's time is not the bench's."""

    def __init__(self, forwarder: Forwarder) -> None:
        super().__init__(lambda: forwarder)
        self._forwarder = forwarder
        self._taken: list[Delivery] = []

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, delivery: Delivery) -> None:
        self._taken.append(delivery)

    def collect(self) -> list[tuple[Delivery, Translated | None]]:
        taken, self._taken = self._taken, []
        return [(one, self._forwarder(one)) for one in taken]


class SplitRig(WorkerRig):
    """
    The bench with a worker that takes translated messages, and the adapter that makes them.

    Args:
        adapter_fuse: Ends the adapter's process at one of its port operations.
    """

    lanes = SPLIT

    def __init__(self, *args: Any, adapter_fuse: Fuse | None = None, **more: Any) -> None:
        self.adapter_fuse = adapter_fuse or Fuse()
        self.adapters = 0
        super().__init__(*args, **more)
        self.start_adapter()

    def start_adapter(self) -> None:
        """A new process: its connection, and the runner."""
        self.adapters += 1
        self.adapter_name = f"adapter-{self.adapters}"
        client: Any = FusedClient(self.broker.connect(self.adapter_name), self.adapter_fuse)
        forwarder = Forwarder("web", self.web, lambda: rules_of(tuple(self.rules.items())).references)
        self.runner = AdapterRunner(forwarder, client, Unafraid(forwarder), lambda: self.now)
        self.runner.start()

    def step(self, seconds: float = 0.0) -> None:
        self.adapt()
        super().step(seconds)

    def adapt(self) -> None:
        """One turn of the adapter, or its death and its next life."""
        try:
            self.runner.step(self.runner.broker.collect(100, 0.0))
        except Crashed:
            self.runner.broker.close()
            self.start_adapter()
