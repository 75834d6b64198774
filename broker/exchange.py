"""
Which queues an exchange sends a message to: default, direct, fanout and topic, and the alternate.

AMQP 0-9-1 section 3.1.3; the alternate exchange is RabbitMQ's extension.
"""

from __future__ import annotations

from collections.abc import Collection

from .shapes import BindingSpec, ExchangeSpec, Topology

__all__ = ["Exchanges", "NoExchange", "topic_matches"]


class NoExchange(Exception):
    """No exchange of that name (AMQP reply code 404)."""


class Exchanges:
    """Exchanges and bindings; only ever grows, as the declaring of a real broker does."""

    def __init__(self) -> None:
        self._exchanges: dict[str, ExchangeSpec] = {}
        self._bindings: dict[str, dict[BindingSpec, None]] = {}

    def add(self, topology: Topology) -> None:
        """Declare the exchanges and bindings of a topology; repeating changes nothing."""
        for exchange in topology.exchanges:
            self._exchanges[exchange.name] = exchange
        for binding in topology.bindings:
            self._bindings.setdefault(binding.exchange, {})[binding] = None

    def forget_queue(self, queue: str) -> None:
        """Remove the bindings to a deleted queue."""
        for bindings in self._bindings.values():
            for binding in [one for one in bindings if one.queue == queue]:
                del bindings[binding]

    def route(self, exchange: str, key: str, queues: Collection[str]) -> tuple[str, ...]:
        """
        The queues that take a message, each once; empty when none does.

        Raises:
            NoExchange: The exchange is not declared.
        """
        if exchange == "":
            return (key,) if key in queues else ()
        seen: set[str] = set()
        current: str | None = exchange
        while current is not None and current not in seen:
            seen.add(current)
            if current not in self._exchanges:
                raise NoExchange(f"404 no exchange {current!r}")
            found = self._bound(self._exchanges[current], key)
            if found:
                return found
            current = self._exchanges[current].alternate
        return ()

    def _bound(self, exchange: ExchangeSpec, key: str) -> tuple[str, ...]:
        bindings = self._bindings.get(exchange.name, {})
        found = {one.queue: None for one in bindings if _takes(exchange.type, one.routing_key, key)}
        return tuple(found)


def topic_matches(pattern: str, key: str) -> bool:
    """Whether a topic pattern takes a key: ``*`` is one word, ``#`` any number of words, also none."""
    return _words_match(pattern.split("."), key.split(".") if key else [])


def _takes(kind: str, pattern: str, key: str) -> bool:
    if kind == "fanout":
        return True
    return topic_matches(pattern, key) if kind == "topic" else pattern == key


def _words_match(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_words_match(pattern[1:], words[cut:]) for cut in range(len(words) + 1))
    if not words or pattern[0] not in ("*", words[0]):
        return False
    return _words_match(pattern[1:], words[1:])
