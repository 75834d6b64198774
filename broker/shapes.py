"""
What must exist on a broker, as data: exchanges, queues, bindings, and the policy of each.

Rules kept here: quorum queues unless said otherwise; the queue type is the only argument, and
everything else is a policy of that one queue (RabbitMQ guides "Policies" and "Quorum Queues"),
because arguments cannot be changed without deleting the queue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "BindingSpec",
    "ExchangeSpec",
    "PolicySpec",
    "PolicyValue",
    "QueueSpec",
    "Topology",
    "Version",
]

PolicyValue = str | int | bool
Version = tuple[int, int]

# Quorum queues count deliveries from 3.8 on, but only 4.0 has a default limit (20), and only
# 4.x takes -1 for "none"; 3.10 refuses that value, so there the key must be absent.
_DEFAULT_LIMIT_SINCE: Version = (4, 0)

# AMQP 0-9-1 short string: one length byte.
_NAME_BYTES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """
    One RabbitMQ policy; at most one applies to an object, the one of highest priority.

    Args:
        pattern: Regular expression, anchored and escaped, so that it takes one name only.
    """

    name: str
    pattern: str
    apply_to: Literal["queues", "exchanges"]
    definition: Mapping[str, PolicyValue]
    priority: int = 50  # above the broad rules an operations team usually keeps at 0 to 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSpec:
    """A durable exchange; what no binding takes goes to ``alternate``, by policy."""

    name: str
    type: Literal["direct", "fanout", "topic"]
    alternate: str | None = None

    def policy(self, owner: str) -> PolicySpec | None:
        """The policy of this exchange, or None when it needs none."""
        if self.alternate is None:
            return None
        return PolicySpec(
            name=f"{owner}:exchange:{self.name}",
            pattern=_exactly(self.name),
            apply_to="exchanges",
            definition={"alternate-exchange": self.alternate},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSpec:
    """
    A durable queue.

    Args:
        limits: Policy keys by RabbitMQ's names (``max-length``, ``overflow``, ``dead-letter-exchange``…).
            Without a ``delivery-limit`` among them there is none, on every server version.
    """

    name: str
    limits: Mapping[str, PolicyValue] = field(default_factory=dict)
    type: Literal["quorum", "classic"] = "quorum"

    def definition(self, version: Version) -> dict[str, PolicyValue]:
        """The policy keys this queue needs on a server of that version."""
        keys = dict(self.limits)
        if self.type == "quorum" and version >= _DEFAULT_LIMIT_SINCE:
            keys.setdefault("delivery-limit", -1)
        return keys

    def policy(self, owner: str, version: Version) -> PolicySpec | None:
        """The policy of this queue, or None: RabbitMQ refuses a policy without keys."""
        keys = self.definition(version)
        if not keys:
            return None
        return PolicySpec(
            name=f"{owner}:queue:{self.name}",
            pattern=_exactly(self.name),
            apply_to="queues",
            definition=keys,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingSpec:
    """From ``exchange`` to ``queue``; the key is a pattern on a topic exchange and unused on a fanout."""

    exchange: str
    queue: str
    routing_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """
    Everything one owner needs; ``owner`` begins the name of each policy.

    Raises:
        ValueError: Listing every mistake: names twice, too long, reserved, or not declared.
    """

    owner: str
    exchanges: tuple[ExchangeSpec, ...] = ()
    queues: tuple[QueueSpec, ...] = ()
    bindings: tuple[BindingSpec, ...] = ()

    def __post_init__(self) -> None:
        faults = [*self._name_faults(), *self._reference_faults()]
        if faults:
            raise ValueError("topology: " + "; ".join(faults))

    def policies(self, version: Version) -> tuple[PolicySpec, ...]:
        """Every policy this topology needs on a server of that version."""
        found = [
            *(exchange.policy(self.owner) for exchange in self.exchanges),
            *(queue.policy(self.owner, version) for queue in self.queues),
        ]
        return tuple(policy for policy in found if policy is not None)

    def _name_faults(self) -> Iterable[str]:
        for kind, names in (
            ("exchange", [exchange.name for exchange in self.exchanges]),
            ("queue", [queue.name for queue in self.queues]),
        ):
            yield from (f"{kind} {name!r} is there twice" for name in _twice(names))
            for name in names:
                if not name or name.startswith("amq.") or len(name.encode()) > _NAME_BYTES:
                    yield f"{kind} {name!r} is no name (1 to 255 bytes, not beginning with 'amq.')"

    def _reference_faults(self) -> Iterable[str]:
        exchanges = {exchange.name for exchange in self.exchanges}
        queues = {queue.name for queue in self.queues}
        for exchange in self.exchanges:
            if exchange.alternate is not None and exchange.alternate not in exchanges:
                yield f"exchange {exchange.name!r} has an undeclared alternate {exchange.alternate!r}"
        for binding in self.bindings:
            if binding.exchange not in exchanges:
                yield f"binding to {binding.queue!r} is from an undeclared exchange {binding.exchange!r}"
            if binding.queue not in queues:
                yield f"binding from {binding.exchange!r} is to an undeclared queue {binding.queue!r}"


def _exactly(name: str) -> str:
    return f"^{re.escape(name)}$"


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
