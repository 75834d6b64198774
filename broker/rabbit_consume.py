"""
The consuming side: one channel a queue, deliveries into buffers, acknowledgements by window.

Each opening of a channel has an epoch of its own, so a handle never meets the tags of another.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import pika
from pika import spec

from .foreign import read_came_back, read_properties
from .pika_link import Link
from .port import Delivery, Handle
from .rabbit_lane import Lane, explain
from .rabbit_loop import Loop
from .settle import SettleWindow

__all__ = ["ConsumeLane"]

_LOG = logging.getLogger("broker.rabbit")


class _Subscription:
    """One queue: its channel of the moment and what is open on it."""

    def __init__(self, queue: str, prefetch: int) -> None:
        self.queue = queue
        self.prefetch = prefetch
        self.paused = False
        self.known = False  # whether this channel has had its consumer, so that pika knows its receiver
        self.ready = False
        self.opening = False
        self.channel: Any = None
        self.epoch = 0
        self.window = SettleWindow()

    def forget(self) -> None:
        """The channel is gone: every handle of it is stale."""
        self.known = False
        self.ready = False
        self.opening = False
        self.channel = None
        self.epoch = 0


class ConsumeLane(Lane):
    """
    Consumers on a connection of their own.

    Args:
        prefetch: Most unsettled deliveries by queue.
        name: Begins each consumer tag.
        buffers: Where deliveries go, by queue.
        guard: Held while a buffer is emptied.
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        loop: Loop,
        changed: Callable[[], None],
        *,
        prefetch: Mapping[str, int],
        name: str,
        buffers: Mapping[str, deque[Delivery]],
        guard: Lock,
    ) -> None:
        super().__init__(parameters, loop, changed)
        self._name = name
        self._buffers = buffers
        self._guard = guard
        self._epochs = itertools.count(1)
        self._all = {queue: _Subscription(queue, bound) for queue, bound in prefetch.items()}

    def settle(self, handles: Sequence[Handle]) -> None:
        """Acknowledge what is still ours."""
        by_queue: dict[str, list[int]] = {}
        for handle in handles:
            subscription = self._all.get(handle.queue)
            if subscription is not None and subscription.epoch == handle.epoch:
                by_queue.setdefault(handle.queue, []).append(handle.tag)
        if self.link is None or self._closing or not by_queue:
            return
        with self.link.corked():
            for queue, tags in by_queue.items():
                subscription = self._all[queue]
                for tag, multiple in subscription.window.settle(tags):
                    subscription.channel.basic_ack(tag, multiple)

    def pause(self, queues: Iterable[str]) -> None:
        """Cancel consumers; what was on its way is kept (pika's own cancel would requeue it)."""
        for subscription in self._of(queues):
            if not subscription.paused and subscription.known:
                self._tell(subscription, spec.Basic.Cancel(consumer_tag=self._tag(subscription), nowait=True))
            subscription.paused = True

    def resume(self, queues: Iterable[str]) -> None:
        """Consume again, under the same tag."""
        for subscription in self._of(queues):
            if not subscription.paused:
                continue
            subscription.paused = False
            if subscription.known:
                tag = self._tag(subscription)
                again = spec.Basic.Consume(queue=subscription.queue, consumer_tag=tag, nowait=True)
                self._tell(subscription, again)
            elif subscription.channel is not None:
                self._subscribe(subscription)

    def opened(self, link: Link) -> None:
        """Open a channel for each queue."""
        link.after_read = self._changed
        if not self._all:
            self.be_ready()
        for subscription in self._all.values():
            self._open_channel(subscription)

    def lost(self, _why: str) -> None:
        """All deliveries go back to their queues."""
        with self._guard:
            for subscription in self._all.values():
                subscription.forget()
                self._buffers[subscription.queue].clear()

    # -- channels

    def _open_channel(self, subscription: _Subscription) -> None:
        if subscription.channel is not None or subscription.opening:
            return
        if self.link is not None and self.link.is_open:
            subscription.opening = True
            self.link.channel(on_open_callback=lambda channel: self._on_channel(subscription, channel))

    def _on_channel(self, subscription: _Subscription, channel: Any) -> None:
        subscription.channel = channel
        subscription.opening = False
        subscription.epoch = next(self._epochs)
        subscription.window = SettleWindow()
        channel.add_on_close_callback(lambda _, error: self._on_channel_closed(subscription, channel, error))
        channel.add_on_cancel_callback(lambda _: self._on_cancelled(subscription, channel))
        channel.basic_qos(prefetch_count=subscription.prefetch)
        if subscription.paused:
            self._on_subscribed(subscription)
        else:
            self._subscribe(subscription)

    def _subscribe(self, subscription: _Subscription) -> None:
        subscription.known = True
        subscription.channel.basic_consume(
            subscription.queue,
            self._receiver(subscription),
            consumer_tag=self._tag(subscription),
            callback=lambda _: self._on_subscribed(subscription),
        )

    def _on_subscribed(self, subscription: _Subscription) -> None:
        subscription.ready = True
        if all(one.ready for one in self._all.values()):
            self.be_ready()

    def _on_cancelled(self, subscription: _Subscription, channel: Any) -> None:
        # The deliveries we hold are the last copies of a deleted queue's messages: they stay.
        _LOG.error("queue %r: consumer cancelled by the broker (deleted?)", subscription.queue)
        subscription.forget()
        self.fail(f"queue {subscription.queue!r}: consumer cancelled by the broker (was it deleted?)")
        channel.close()
        self._loop.later(self.next_pause(), lambda: self._open_channel(subscription))

    def _on_channel_closed(self, subscription: _Subscription, channel: Any, error: BaseException) -> None:
        if subscription.channel is not channel or self._closing:
            return
        why = f"queue {subscription.queue!r}: {explain(error)}"
        alone = self.link is not None and self.link.is_open  # else the connection says it
        if alone:
            _LOG.error("%s", why)
        with self._guard:
            subscription.forget()
            self._buffers[subscription.queue].clear()
        self.fail(why)
        if alone:
            self._loop.later(self.next_pause(), lambda: self._open_channel(subscription))

    # -- deliveries

    def _receiver(self, subscription: _Subscription) -> Callable[[Any, Any, Any, bytes], None]:
        queue, epoch, window = subscription.queue, subscription.epoch, subscription.window
        buffer = self._buffers[queue]

        def receive(_channel: Any, method: Any, raw: Any, body: bytes) -> None:
            tag = method.delivery_tag
            window.delivered(tag)
            handle = Handle(epoch, queue, tag)
            # Whoever writes the counter's header into a message of his own is not believed.
            came_back = read_came_back(raw) if method.redelivered else 0
            buffer.append(Delivery(handle, queue, body, read_properties(raw), method.redelivered, came_back))

        return receive

    def _tag(self, subscription: _Subscription) -> str:
        return f"{self._name}.{subscription.queue}"

    def _of(self, queues: Iterable[str]) -> list[_Subscription]:
        return [] if self._closing else [self._all[queue] for queue in queues if queue in self._all]

    @staticmethod
    def _tell(subscription: _Subscription, method: Any) -> None:
        subscription.channel._send_method(method)  # noqa: SLF001 -- pika has no cancel without requeue
