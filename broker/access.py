"""
Who may do what on a broker: users as data, with permissions that take names and nothing like them.

Format: RabbitMQ guides "Access Control" (three regular expressions per user and virtual host) and
"Credentials and Passwords" (a salt of four bytes, SHA-256 of salt and password, Base64).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .management import Management

__all__ = ["UserSpec", "exactly", "hashed", "put_users"]

HASHING = "rabbit_password_hashing_sha256"
_SALT_BYTES = 4
_PASSWORD_BYTES = 24

# The default exchange as permissions call it: whoever may write to it may write to every queue.
DEFAULT_EXCHANGE = "amq.default"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSpec:
    """
    One user of a virtual host; whatever is not named is refused.

    Args:
        configure, write, read: Names of exchanges and queues, not patterns.
        tags: Of the management API.
    """

    name: str
    configure: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def permissions(self) -> dict[str, str]:
        """The three regular expressions."""
        return {
            "configure": exactly(self.configure),
            "write": exactly(self.write),
            "read": exactly(self.read),
        }


def exactly(names: Iterable[str]) -> str:
    """
    A regular expression that takes these names only: anchored, escaped.

    ``^$`` takes none: no name that one could declare is empty.
    """
    escaped = [re.escape(name) for name in dict.fromkeys(names)]
    if len(escaped) < 2:
        return f"^{''.join(escaped)}$"
    return f"^({'|'.join(escaped)})$"


def hashed(password: str, salt: bytes | None = None) -> str:
    """A password as RabbitMQ keeps it; ``salt`` None takes a new one."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    return b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def put_users(management: Management, vhost: str, users: Iterable[UserSpec]) -> dict[str, str]:
    """
    Make users and set what they may do; existing ones keep their password.

    Returns:
        The password of each user that is new.

    Raises:
        BrokerUnavailable: The management API cannot be reached, or our own user may not.
    """
    made: dict[str, str] = {}
    for user in users:
        there = management.find_user(user.name)
        if there is None:
            made[user.name] = secrets.token_urlsafe(_PASSWORD_BYTES)
            management.put_user(user.name, _new(user, hashed(made[user.name])))
        elif sorted(_tags(there)) != sorted(user.tags):
            management.put_user(user.name, _new(user, str(there["password_hash"])))
        management.put_permissions(vhost, user.name, user.permissions)
    return made


def _new(user: UserSpec, password_hash: str) -> dict[str, str]:
    return {"password_hash": password_hash, "hashing_algorithm": HASHING, "tags": ",".join(user.tags)}


def _tags(user: Mapping[str, object]) -> list[str]:
    """3.10 and 4.x list them; older servers had one text."""
    tags = user.get("tags") or ()
    return tags.split(",") if isinstance(tags, str) else [str(tag) for tag in tags]  # type: ignore[attr-defined]
