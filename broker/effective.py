"""
Which policy a name gets: worked out from the rules, because a queue's own report lags by seconds.

RabbitMQ guide "Policies": of the matching ones the highest priority applies whole; an operator
policy is merged over it, the smaller of two numbers winning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Effective", "Policies"]

_APPLIES = {
    "exchange": ("all", "exchanges"),
    "quorum": ("all", "queues", "quorum_queues"),
    "classic": ("all", "queues", "classic_queues"),
}


@dataclass(frozen=True, slots=True)
class Effective:
    """The names of the policies that apply, and what they amount to."""

    names: tuple[str, ...]
    definition: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy of a virtual host, as the management API lists them."""

    ordinary: Sequence[dict[str, Any]]
    operator: Sequence[dict[str, Any]]

    def of(self, kind: Literal["exchange", "quorum", "classic"], name: str) -> Effective:
        """What applies to the exchange or queue of that name."""
        chosen = [
            policy
            for policy in (_highest(self.ordinary, kind, name), _highest(self.operator, kind, name))
            if policy is not None
        ]
        merged: dict[str, Any] = {}
        for policy in chosen:
            for key, value in policy["definition"].items():
                merged[key] = _merged(merged.get(key), value)
        return Effective(tuple(str(policy["name"]) for policy in chosen), merged)


def _highest(policies: Sequence[dict[str, Any]], kind: str, name: str) -> dict[str, Any] | None:
    matching = [
        policy
        for policy in policies
        if policy.get("apply-to", "all") in _APPLIES[kind] and _matches(policy["pattern"], name)
    ]
    return max(matching, key=lambda policy: int(policy["priority"]), default=None)


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False  # written for the server's dialect only; none of ours is


def _merged(ordinary: Any, operator: Any) -> Any:
    if isinstance(ordinary, int) and isinstance(operator, int):
        return min(ordinary, operator)
    return operator
