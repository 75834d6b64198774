"""
A broker in this process, for the embedded mode and for deterministic simulation.

:class:`MemoryBroker` is the server, shared by any number of threads; :meth:`MemoryBroker.connect`
gives a client that implements :class:`broker.port.Broker`.  Nothing survives the process.

With :class:`Stepping` nothing ever waits: confirms (in any order) and deliveries (in queue order)
become visible after a seeded delay on an injected clock, and faults are injected by name.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import monotonic

from .exchange import Exchanges, NoExchange
from .limits import as_carried, unsendable
from .memory_client import MemoryClient
from .memory_queue import Consumer, MemoryQueue, Message
from .port import BrokerUnavailable, Delivery, Handle, Outcome, Properties, Publish, Result
from .shapes import Topology

__all__ = ["MemoryBroker", "Stepping"]

_PLAIN = Properties()


@dataclass(frozen=True, slots=True)
class Stepping:
    """
    Determinism: ``now`` (seconds) is the only clock, ``seed`` the only chance.

    Args:
        confirm_delay: Longest time in seconds until a confirm is visible.
        delivery_delay: Longest time in seconds until a delivery is visible.
    """

    now: Callable[[], float]
    seed: int
    confirm_delay: float = 0.05
    delivery_delay: float = 0.05


class MemoryBroker:
    """The server object: queues, exchanges, clients; every method may be called from any thread."""

    def __init__(self, topology: Topology | None = None, *, stepping: Stepping | None = None) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.stepping = stepping
        self.now: Callable[[], float] = stepping.now if stepping else monotonic
        self.blocked = False
        self._chance = Random(stepping.seed if stepping else 0)  # noqa: S311 -- repeatable on purpose
        self._exchanges = Exchanges()
        self._queues: dict[str, MemoryQueue] = {}
        self._clients: dict[str, MemoryClient] = {}
        self._lost: deque[bool] = deque()
        self._hands: dict[Handle, Message] = {}
        self._hand_tag = 0
        if topology is not None:
            self.apply(topology)

    # -- set-up

    def apply(self, topology: Topology) -> None:
        """Declare; repeating changes nothing, and nothing is ever deleted."""
        with self.changed:
            for spec in topology.queues:
                if spec.name in self._queues:
                    self._queues[spec.name].spec = spec
                else:
                    self._queues[spec.name] = MemoryQueue(spec)
            self._exchanges.add(topology)
            self.changed.notify_all()

    def connect(self, name: str) -> MemoryClient:
        """
        A client of this broker; ``name`` addresses it in :meth:`drop`.

        Raises:
            BrokerUnavailable: A client of that name is connected.
        """
        with self.changed:
            old = self._clients.get(name)
            if old is not None and not old.closed:
                raise BrokerUnavailable(f"a client named {name!r} is connected (close it first)")
            client = MemoryClient(name, self)
            self._clients[name] = client
            return client

    def queues(self) -> tuple[str, ...]:
        """The names of all queues, in order of declaration."""
        with self.changed:
            return tuple(self._queues)

    # -- what simulators and tools use

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        properties: Properties = _PLAIN,
        *,
        mandatory: bool = True,
    ) -> Result:
        """Publish at once and say what became of it."""
        with self.changed:
            publish = Publish(0, exchange, routing_key, body, properties, mandatory)
            return self.deliver(publish).result

    def get(self, queue: str, wait: float = 0.0) -> Delivery | None:
        """
        Take the oldest ready message, waiting up to ``wait`` seconds; it is ours until :meth:`ack`.

        Raises:
            BrokerUnavailable: No such queue.
        """
        with self.changed:
            ends = monotonic() + wait
            while not self.queue(queue).ready:
                left = ends - monotonic()
                if left <= 0 or self.stepping:
                    return None
                self.changed.wait(left)
            self._hand_tag += 1
            handle = Handle(0, queue, self._hand_tag)
            self._hands[handle] = self._queues[queue].ready.popleft()
            return self._hands[handle].delivered(handle)

    def ack(self, delivery: Delivery) -> None:
        """Settle what :meth:`get` gave; a second time changes nothing."""
        with self.changed:
            self._hands.pop(delivery.handle, None)

    def put_back(self, delivery: Delivery) -> None:
        """Return what :meth:`get` gave to the front of its queue, marked redelivered."""
        with self.changed:
            message = self._hands.pop(delivery.handle, None)
            if message is not None:
                self.queue(delivery.queue).put_back([message])
                self.dispatch(delivery.queue)

    def reject(self, delivery: Delivery) -> None:
        """Refuse what :meth:`get` gave: to the queue's dead-letter exchange, else it is gone."""
        with self.changed:
            message = self._hands.pop(delivery.handle, None)
            limits = self.queue(delivery.queue).spec.limits
            exchange = limits.get("dead-letter-exchange")
            if message is None or not isinstance(exchange, str):
                return
            key = str(limits.get("dead-letter-routing-key", message.routing_key))
            self.deliver(Publish(0, exchange, key, message.body, message.properties, False))

    def depth(self, queue: str) -> int:
        """How many messages are ready."""
        with self.changed:
            return len(self.queue(queue).ready)

    def unsettled(self, queue: str) -> int:
        """How many messages consumers of this queue hold."""
        with self.changed:
            held = sum(len(consumer.unsettled) for consumer in self.queue(queue).consumers)
            return held + sum(1 for handle in self._hands if handle.queue == queue)

    def peek(self, queue: str, count: int = 10) -> tuple[Delivery, ...]:
        """The oldest ready messages, left where they are; their handles settle nothing."""
        with self.changed:
            ready = list(self.queue(queue).ready)[:count]
            return tuple(message.delivered(Handle(0, queue, 0)) for message in ready)

    def move(self, source: str, target: str) -> int:
        """Move every ready message, as "Move messages" of the console does; says how many."""
        with self.changed:
            messages = list(self.queue(source).ready)
            self._queues[source].ready.clear()
            for message in messages:
                self.deliver(Publish(0, "", target, message.body, message.properties, True))
            return len(messages)

    # -- faults

    def drop(self, name: str, *, down: bool = False) -> None:
        """Break the connections of a client; ``down`` keeps them broken until :meth:`restore`."""
        with self.changed:
            self._clients[name].lose_connection("connection lost", down=down)

    def restore(self, name: str) -> None:
        """Let a client connect again after ``drop(down=True)``."""
        with self.changed:
            self._clients[name].may_connect()

    def refuse(self, queue: str, count: int) -> None:
        """Refuse the next ``count`` publishes into ``queue``."""
        with self.changed:
            self.queue(queue).refusals = count

    def lose_confirm(self, count: int = 1, *, landed: bool = True) -> None:
        """Make the next ``count`` publishes of clients unknown; ``landed`` says which way it truly went."""
        with self.changed:
            self._lost.extend([landed] * count)

    def block(self) -> None:
        """Tell publishers to stop, as a memory or disk alarm does; what they send is held."""
        with self.changed:
            self.blocked = True

    def unblock(self) -> None:
        """End the alarm; what was held is published."""
        with self.changed:
            self.blocked = False
            for client in self._clients.values():
                client.release_held()
            self.changed.notify_all()

    def delete_queue(self, name: str) -> None:
        """Delete a queue with its messages and bindings; its consumers are cancelled."""
        with self.changed:
            gone = self._queues.pop(name)
            self._exchanges.forget_queue(name)
            for consumer in gone.consumers:
                self._clients[consumer.client].consumer_cancelled(name)
            self.changed.notify_all()

    # -- used by MemoryClient, under the lock

    def queue(self, name: str) -> MemoryQueue:
        """The queue of that name, or BrokerUnavailable."""
        if name not in self._queues:
            raise BrokerUnavailable(f"no queue {name!r} (declare it first)")
        return self._queues[name]

    def has_queue(self, name: str) -> bool:
        """Whether the queue exists."""
        return name in self._queues

    def subscribe(self, consumer: Consumer) -> None:
        """Add a consumer and hand it what is ready."""
        self.queue(consumer.queue).consumers.append(consumer)
        self.dispatch(consumer.queue)

    def unsubscribe(self, consumer: Consumer) -> None:
        """Remove a consumer; what it holds goes back in front, redelivered."""
        if consumer.queue not in self._queues:
            return
        queue = self._queues[consumer.queue]
        queue.consumers.remove(consumer)
        queue.put_back(consumer.unsettled.values())
        consumer.unsettled.clear()
        self.dispatch(consumer.queue)

    def dispatch(self, name: str) -> None:
        """Hand ready messages to consumers with credit, in turn."""
        queue = self._queues[name]
        while queue.ready and (consumer := queue.next_consumer()) is not None:
            client = self._clients[consumer.client]
            client.receive(consumer.hand_over(queue.ready.popleft()))
        self.changed.notify_all()

    def publish_confirmed(self, publish: Publish) -> Outcome:
        """Publish for a client, unless an injected fault loses it or its confirm."""
        if not self._lost:
            return self.deliver(publish)
        if self._lost.popleft():
            self.deliver(publish)
        return Outcome(publish.token, Result.UNKNOWN, "confirm lost")

    def deliver(self, publish: Publish) -> Outcome:
        """Route one message and say what became of it."""
        token = publish.token
        fault = unsendable(publish)
        if fault is not None:
            return Outcome(token, Result.REFUSED, fault)
        try:
            targets = self._exchanges.route(publish.exchange, publish.routing_key, self._queues)
        except NoExchange as missing:
            return Outcome(token, Result.UNKNOWN, str(missing))
        if not targets and publish.mandatory:
            return Outcome(token, Result.UNROUTABLE, "312 NO_ROUTE")
        message = Message(publish.exchange, publish.routing_key, publish.body, as_carried(publish.properties))
        refused = [name for name in targets if not self._enqueue(name, message)]
        if refused:
            return Outcome(token, Result.REFUSED, f"refused by queue {refused[0]!r}")
        return Outcome(token, Result.TAKEN)

    def confirm_due(self) -> float:
        """When a confirm given now becomes visible."""
        return self._due(self.stepping.confirm_delay if self.stepping else 0.0)

    def delivery_due(self) -> float:
        """When a delivery made now becomes visible."""
        return self._due(self.stepping.delivery_delay if self.stepping else 0.0)

    def _due(self, longest: float) -> float:
        return self.now() + self._chance.uniform(0.0, longest) if self.stepping else 0.0

    def _enqueue(self, name: str, message: Message) -> bool:
        queue = self._queues[name]
        if queue.refuses(message.body):
            return False
        queue.accept(message)
        self.dispatch(name)
        return True
