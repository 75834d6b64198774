"""
The state of one queue and of one client inside the memory broker; no locks, no routing.

Follows RabbitMQ quorum queues without a delivery limit: what a lost consumer held comes back
in front, marked redelivered, in its old order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .port import Delivery, Handle, Properties
from .shapes import QueueSpec

__all__ = ["Consumer", "MemoryQueue", "Message"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the broker keeps it."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Properties
    came_back: int = 0

    def delivered(self, handle: Handle) -> Delivery:
        """This message as its consumer sees it."""
        return Delivery(handle, handle.queue, self.body, self.properties, self.came_back > 0, self.came_back)


@dataclass(slots=True)
class Consumer:
    """One subscription: at most ``prefetch`` unsettled messages (0: no bound)."""

    client: str
    queue: str
    prefetch: int
    epoch: int
    active: bool = True
    tag: int = 0
    unsettled: dict[int, Message] = field(default_factory=dict)

    @property
    def has_credit(self) -> bool:
        """Whether the broker may hand it one more."""
        return self.active and (not self.prefetch or len(self.unsettled) < self.prefetch)

    def hand_over(self, message: Message) -> Delivery:
        """Make ``message`` the consumer's own until it is settled."""
        self.tag += 1
        self.unsettled[self.tag] = message
        return message.delivered(Handle(self.epoch, self.queue, self.tag))


@dataclass(slots=True)
class MemoryQueue:
    """Ready messages, oldest first, and the consumers whose turn comes round."""

    spec: QueueSpec
    ready: deque[Message] = field(default_factory=deque)
    consumers: deque[Consumer] = field(default_factory=deque)
    refusals: int = 0  # injected: so many publishes are still to be refused

    def refuses(self, body: bytes) -> bool:
        """Whether a publish is refused: by an injected fault, or full under ``reject-publish``."""
        if self.refusals:
            self.refusals -= 1
            return True
        return self.spec.limits.get("overflow") == "reject-publish" and self._over(1, len(body))

    def accept(self, message: Message) -> None:
        """Take a message at the end; a length limit drops the oldest (``drop-head``)."""
        self.ready.append(message)
        if self.spec.limits.get("overflow", "drop-head") == "drop-head":
            while self.ready and self._over(0, 0):
                self.ready.popleft()

    def put_back(self, messages: Iterable[Message]) -> None:
        """Return what a consumer lost, in front and in order, marked redelivered."""
        returned = [replace(message, came_back=message.came_back + 1) for message in messages]
        self.ready.extendleft(reversed(returned))

    def next_consumer(self) -> Consumer | None:
        """Whose turn it is among those with credit."""
        for _ in range(len(self.consumers)):
            self.consumers.rotate(-1)
            if self.consumers[-1].has_credit:
                return self.consumers[-1]
        return None

    def _over(self, more: int, more_bytes: int) -> bool:
        length = self.spec.limits.get("max-length")
        size = self.spec.limits.get("max-length-bytes")
        if isinstance(length, int) and len(self.ready) + more > length:
            return True
        if not isinstance(size, int):
            return False
        return sum(len(message.body) for message in self.ready) + more_bytes > size
