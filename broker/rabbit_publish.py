"""
The publishing side: in order, a bounded window in flight, one outcome for each token.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pika
from pika import exceptions

from .confirms import Confirms
from .foreign import read_stamp, write_properties
from .limits import LARGEST_BODY, ROUTING_HEADERS, unsendable
from .pika_link import Link
from .port import Outcome, Publish, Result
from .rabbit_lane import Lane, explain
from .rabbit_loop import Loop

__all__ = ["PublishLane"]

# What pika raises for a message that AMQP cannot carry.
_UNSENDABLE = (exceptions.AMQPError, struct.error, UnicodeError, ValueError, TypeError)


class PublishLane(Lane):
    """
    One channel with confirms on a connection of its own.

    Args:
        outcomes: Where the fates go.
        window: The most unconfirmed publishes.
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        loop: Loop,
        changed: Callable[[], None],
        outcomes: deque[Outcome],
        window: int,
    ) -> None:
        super().__init__(parameters, loop, changed)
        self.blocked = False
        self._outcomes = outcomes
        self._window = window
        self._channel: Any = None
        self._opening = False
        self._confirms = Confirms()
        self._returned: dict[int, str] = {}
        self._waiting: deque[Publish] = deque()
        self._user = getattr(parameters.credentials, "username", None)

    def send(self, publishes: Sequence[Publish]) -> None:
        """Send as many as the window takes, the rest as confirms come."""
        if not self.ready:
            why = f"not connected: {self.fault}"
            self._outcomes.extend(Outcome(one.token, Result.UNKNOWN, why) for one in publishes)
            self._changed()
            return
        self._waiting.extend(publishes)
        self._pump()

    def close(self) -> None:
        """Close for good; under an alarm the broker reads nothing more, so it is cut."""
        super().close()
        if self.blocked:
            self.abort()

    def opened(self, link: Link) -> None:
        """Open the channel."""
        self.blocked = False
        link.after_read = self._changed
        link.add_on_connection_blocked_callback(self._on_blocked)
        link.add_on_connection_unblocked_callback(self._on_unblocked)
        self._open_channel()

    def lost(self, why: str) -> None:
        """Nobody knows what became of what was sent or waiting."""
        self._channel = None
        self._opening = False
        tokens = [*self._confirms.lost(), *(one.token for one in self._waiting)]
        self._waiting.clear()
        self._outcomes.extend(Outcome(token, Result.UNKNOWN, why) for token in tokens)

    # -- the channel

    def _open_channel(self) -> None:
        if self.link is not None and self.link.is_open and self._channel is None and not self._opening:
            self._opening = True
            self.link.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        self._opening = False
        self._confirms = Confirms()
        self._returned = {}
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=self._on_selected)

    def _on_selected(self, _frame: Any) -> None:
        self.be_ready()

    def _on_channel_closed(self, channel: Any, error: BaseException) -> None:
        if channel is not self._channel:
            return
        why = explain(error)
        self.lost(why)
        self.fail(why)
        if self.link is not None and self.link.is_open:
            self._loop.later(self.next_pause(), self._open_channel)

    # -- messages

    def _pump(self) -> None:
        if self.link is None or not self._waiting:
            return
        with self.link.corked():
            while self._waiting and len(self._confirms) < self._window and not self.blocked:
                self._publish(self._waiting.popleft())

    def _publish(self, publish: Publish) -> None:
        fault = self._refusal(publish)
        if fault is None:
            try:
                self._channel.basic_publish(
                    publish.exchange,
                    publish.routing_key,
                    publish.body,
                    write_properties(publish, self._confirms.next),
                    publish.mandatory,
                )
            except exceptions.ChannelWrongStateError as error:
                self._outcomes.append(Outcome(publish.token, Result.UNKNOWN, explain(error)))
            except _UNSENDABLE as error:
                fault = unsendable(publish) or explain(error)
            else:
                self._confirms.sent(publish.token)
        if fault is not None:
            self._outcomes.append(Outcome(publish.token, Result.REFUSED, fault))
            self._changed()

    def _refusal(self, publish: Publish) -> str | None:
        """What the broker would answer by closing the channel, which would harm the others."""
        user = publish.properties.user_id
        if user is not None and user != self._user:
            return f"user_id: {user!r} (the connection's own user, or none)"
        harmless = ROUTING_HEADERS.isdisjoint(publish.properties.headers)
        return None if harmless and len(publish.body) <= LARGEST_BODY else unsendable(publish)

    def _on_return(self, _channel: Any, method: Any, raw: Any, _body: bytes) -> None:
        stamp = read_stamp(raw)
        if stamp is not None:
            self._returned[stamp] = f"{method.reply_code} {method.reply_text}"

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        refused = isinstance(method, pika.spec.Basic.Nack)
        for number, token in self._confirms.confirmed(method.delivery_tag, multiple=method.multiple):
            self._outcomes.append(self._fate(number, token, refused=refused))
        self._pump()

    def _fate(self, number: int, token: int, *, refused: bool) -> Outcome:
        returned = self._returned.pop(number, None) if self._returned else None
        if returned is not None:
            return Outcome(token, Result.UNROUTABLE, returned)
        if refused:
            return Outcome(token, Result.REFUSED, "refused by a queue (basic.nack)")
        return Outcome(token, Result.TAKEN)

    # -- alarms

    def _on_blocked(self, _link: Any, _frame: Any) -> None:
        self.blocked = True
        self._changed()

    def _on_unblocked(self, _link: Any, _frame: Any) -> None:
        self.blocked = False
        self._changed()
        self._pump()
