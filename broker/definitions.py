"""
A topology as RabbitMQ's own definitions: the file that a blank node imports as it boots.

Format: RabbitMQ guide "Schema Definition Export and Import".  A node that already has something of
the same name keeps it, policies excepted: changes go through :func:`broker.topology.apply`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .access import HASHING, UserSpec, hashed
from .shapes import PolicySpec, Topology, Version

__all__ = ["definitions"]

_PERMANENT = {"durable": True, "auto_delete": False}


def definitions(
    topology: Topology,
    version: Version,
    vhost: str = "/",
    users: Iterable[tuple[UserSpec, str]] = (),
) -> dict[str, Any]:
    """
    What a server of that version imports, ready for JSON.

    Args:
        users: With their passwords, of which the hash is written; without any, the node gets no user
            from here, and a blank one that imports has none at all.
    """
    pairs = tuple(users)
    return {
        "users": [_user(user, password) for user, password in pairs],
        "vhosts": [{"name": vhost}],
        "permissions": [{"user": user.name, "vhost": vhost, **user.permissions} for user, _ in pairs],
        "policies": [_policy(policy, vhost) for policy in topology.policies(version)],
        "exchanges": [
            {
                "name": one.name,
                "vhost": vhost,
                "type": one.type,
                **_PERMANENT,
                "internal": False,
                "arguments": {},
            }
            for one in topology.exchanges
        ],
        "queues": [
            {"name": one.name, "vhost": vhost, **_PERMANENT, "arguments": {"x-queue-type": one.type}}
            for one in topology.queues
        ],
        "bindings": [
            {
                "source": one.exchange,
                "vhost": vhost,
                "destination": one.queue,
                "destination_type": "queue",
                "routing_key": one.routing_key,
                "arguments": {},
            }
            for one in topology.bindings
        ],
    }


def _user(user: UserSpec, password: str) -> Mapping[str, Any]:
    return {
        "name": user.name,
        "password_hash": hashed(password),
        "hashing_algorithm": HASHING,
        "tags": list(user.tags),
        "limits": {},
    }


def _policy(policy: PolicySpec, vhost: str) -> Mapping[str, Any]:
    return {
        "vhost": vhost,
        "name": policy.name,
        "pattern": policy.pattern,
        "apply-to": policy.apply_to,
        "definition": dict(policy.definition),
        "priority": policy.priority,
    }
