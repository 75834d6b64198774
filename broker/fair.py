"""
Round robin over queues: no queue waits for another's backlog.

Both drivers take their batches through this, so that they are fair in the same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from .port import Delivery

__all__ = ["RoundRobin"]


class RoundRobin:
    """Remembers whose turn is next, over all calls."""

    def __init__(self) -> None:
        self._turns: deque[str] = deque()

    def take(
        self, buffers: Mapping[str, deque[Delivery]], limit: int, weights: Mapping[str, int]
    ) -> list[Delivery]:
        """
        Take at most ``limit`` deliveries, ``weights[queue]`` (default 1) of a queue each turn.

        The left end of a buffer is its oldest; another thread may append on the right meanwhile.
        """
        if len(self._turns) != len(buffers):
            self._turns = deque(buffers)
        taken: list[Delivery] = []
        idle = 0
        while idle < len(self._turns) and len(taken) < limit:
            queue = self._turns[0]
            buffer = buffers[queue]
            share = min(weights.get(queue, 1), limit - len(taken), len(buffer))
            taken.extend(buffer.popleft() for _ in range(share))
            idle = idle + 1 if share == 0 else 0
            self._turns.rotate(-1)
        return taken
