"""
RabbitMQ's management HTTP API, as far as this package needs it.

Served by the ``rabbitmq_management`` plugin; paths and fields as in its own reference page
(``/api/index.html`` on the node), the same on 3.10 and 4.x.  Counters lag by the node's sample
interval (5 s unless configured); names, arguments and policies do not.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from .address import no_vhost
from .port import BrokerUnavailable
from .shapes import PolicySpec, Version

__all__ = ["Management", "ManagementRefused", "ManagementUnavailable"]

# Long enough for a busy node's listing of some thousand queues, short enough to notice a dead one.
_TIMEOUT = 10.0
_NOT_AUTHORISED = 401
_NOT_FOUND = 404
_UNHEALTHY = 503
_FIRST_ERROR = 400
# Characters of an error that is no JSON: enough to see whose it is.
_SHOWN = 300
# The most bytes of each body that "get messages" returns: more than the largest message of ours.
_BODY_BYTES = 16 * 1024 * 1024


class ManagementUnavailable(BrokerUnavailable):
    """The management API cannot be reached."""


class ManagementRefused(BrokerUnavailable):
    """The management API said no; ``status`` is its HTTP status, ``reason`` its own words."""

    def __init__(self, text: str, status: int, reason: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


class Management:
    """
    One node's management API.

    Args:
        url: ``http(s)://user:password@host:port``; user and password percent-encoded.
        timeout: Seconds for one request.
    """

    def __init__(self, url: str, *, timeout: float = _TIMEOUT) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"management url: scheme {parts.scheme!r} (http://user:password@host:port)")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (15671 if self._secure else 15672)
        self._timeout = timeout
        user, password = unquote(parts.username or "guest"), unquote(parts.password or "guest")
        self._headers = {
            "Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode(),
            "Content-Type": "application/json",
        }
        self.user = user

    # -- the node

    def overview(self) -> dict[str, Any]:
        """What ``/api/overview`` says: versions, totals, listeners."""
        return dict(self._ask("GET", "/overview"))

    def version(self) -> Version:
        """The server's major and minor version."""
        major, minor, *_ = str(self.overview()["rabbitmq_version"]).split(".")
        return int(major), int(minor)

    def alarmed(self) -> bool:
        """Whether a memory or disk alarm is in force, so that publishers are held back."""
        try:
            self._ask("GET", "/health/checks/alarms")
        except ManagementRefused as refused:
            if refused.status != _UNHEALTHY:
                raise
            return True
        return False

    def nodes(self) -> list[dict[str, Any]]:
        """Every node of the cluster, with ``mem_alarm`` and ``disk_free_alarm``; for tag ``monitoring``."""
        return list(self._ask("GET", "/nodes"))

    def put_vhost(self, vhost: str, *, user: str | None = None) -> None:
        """Create a virtual host in which ``user`` (default: our own) may do everything."""
        self._ask("PUT", f"/vhosts/{_q(vhost)}", {})
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.put_permissions(vhost, user or self.user, everything)

    def delete_vhost(self, vhost: str) -> None:
        """Delete a virtual host and everything in it."""
        self._ask("DELETE", f"/vhosts/{_q(vhost)}")

    # -- who may

    def whoami(self) -> dict[str, Any]:
        """The user that asks: ``name`` and ``tags``."""
        return dict(self._ask("GET", "/whoami"))

    def find_user(self, name: str) -> dict[str, Any] | None:
        """One user with tags and password hash, or None; for tag ``administrator``."""
        return self._find(f"/users/{_q(name)}")

    def put_user(self, name: str, user: Mapping[str, Any]) -> None:
        """Make or replace a user: ``tags``, and ``password`` or ``password_hash``."""
        self._ask("PUT", f"/users/{_q(name)}", dict(user))

    def delete_user(self, name: str) -> None:
        """Delete a user; its connections end."""
        self._ask("DELETE", f"/users/{_q(name)}")

    def put_permissions(self, vhost: str, user: str, patterns: Mapping[str, str]) -> None:
        """Give a user its three regular expressions: ``configure``, ``write`` and ``read``."""
        self._ask("PUT", f"/permissions/{_q(vhost)}/{_q(user)}", dict(patterns))

    # -- what exists

    def queues(self, vhost: str) -> list[dict[str, Any]]:
        """Every queue of a virtual host."""
        return list(self._ask("GET", f"/queues/{_q(vhost)}"))

    def queue(self, vhost: str, name: str) -> dict[str, Any] | None:
        """One queue, or None."""
        return self._find(f"/queues/{_q(vhost)}/{_q(name)}")

    def exchanges(self, vhost: str) -> list[dict[str, Any]]:
        """Every exchange of a virtual host."""
        return list(self._ask("GET", f"/exchanges/{_q(vhost)}"))

    def bindings(self, vhost: str) -> list[dict[str, Any]]:
        """Every binding of a virtual host."""
        return list(self._ask("GET", f"/bindings/{_q(vhost)}"))

    def unbind(self, vhost: str, exchange: str, queue: str, properties_key: str) -> None:
        """Delete one binding; ``properties_key`` as :meth:`bindings` shows it (``~`` for an empty key)."""
        path = f"/bindings/{_q(vhost)}/e/{_q(exchange)}/q/{_q(queue)}/{_q(properties_key)}"
        self._ask("DELETE", path)

    def delete_queue(self, vhost: str, name: str) -> None:
        """Delete a queue with its messages."""
        self._ask("DELETE", f"/queues/{_q(vhost)}/{_q(name)}")

    def policies(self, vhost: str) -> list[dict[str, Any]]:
        """Every policy of a virtual host."""
        try:
            return list(self._ask("GET", f"/policies/{_q(vhost)}"))
        except ManagementRefused as refused:
            # Another server's 404 is worded otherwise.
            if refused.status != _NOT_FOUND or refused.reason != "Not Found":
                raise
            where = f"{self._host}:{self._port}"
            said = no_vhost(where, vhost, self.user)
            raise ManagementRefused(said, refused.status, refused.reason) from refused

    def operator_policies(self, vhost: str) -> list[dict[str, Any]]:
        """Every operator policy of a virtual host."""
        return list(self._ask("GET", f"/operator-policies/{_q(vhost)}"))

    def put_policy(self, vhost: str, policy: PolicySpec) -> None:
        """Set a policy, replacing the one of that name."""
        value = {
            "pattern": policy.pattern,
            "apply-to": policy.apply_to,
            "definition": dict(policy.definition),
            "priority": policy.priority,
        }
        self._ask("PUT", f"/policies/{_q(vhost)}/{_q(policy.name)}", value)

    def delete_policy(self, vhost: str, name: str) -> None:
        """Delete a policy."""
        self._ask("DELETE", f"/policies/{_q(vhost)}/{_q(name)}")

    # -- who is there

    def connections(self) -> list[dict[str, Any]]:
        """Every connection; ``user_provided_name`` is what its client calls itself."""
        return list(self._ask("GET", "/connections"))

    def close_connection(self, name: str, reason: str) -> None:
        """Close one connection by its ``name`` field; gone already is as good."""
        try:
            self._ask("DELETE", f"/connections/{_q(name)}", headers={"X-Reason": reason})
        except ManagementRefused as refused:
            if refused.status != _NOT_FOUND:
                raise

    def consumers(self, vhost: str) -> list[dict[str, Any]]:
        """Every consumer of a virtual host, with tag, queue and prefetch."""
        return list(self._ask("GET", f"/consumers/{_q(vhost)}"))

    # -- messages

    def get_messages(self, vhost: str, queue: str, count: int = 10) -> list[dict[str, Any]]:
        """
        What "Get messages" of the console shows; they stay in the queue, marked redelivered.

        Each has ``properties`` (with ``headers``), ``exchange``, ``routing_key``, and ``body`` as bytes.
        """
        wish = {
            "count": count,
            "ackmode": "ack_requeue_true",
            "encoding": "base64",
            "truncate": _BODY_BYTES,
        }
        found = list(self._ask("POST", f"/queues/{_q(vhost)}/{_q(queue)}/get", wish))
        for message in found:
            message["body"] = b64decode(message.pop("payload"))
        return found

    def move_messages(self, vhost: str, source: str, target: str, *, name: str | None = None) -> str:
        """
        Start what "Move messages" of the console starts: a shovel that ends with what is there now.

        Needs the plugins ``rabbitmq_shovel`` and ``rabbitmq_shovel_management``.  Returns the
        shovel's name, for :meth:`moving`.
        """
        shovel = name or f"Move from {source}"
        uri = f"amqp:///{_q(vhost)}"
        value = {
            "src-protocol": "amqp091",
            "src-uri": uri,
            "src-queue": source,
            "src-delete-after": "queue-length",
            "dest-protocol": "amqp091",
            "dest-uri": uri,
            "dest-queue": target,
            "dest-add-forward-headers": False,
            "ack-mode": "on-confirm",
        }
        self._ask("PUT", f"/parameters/shovel/{_q(vhost)}/{_q(shovel)}", {"value": value})
        return shovel

    def moving(self, vhost: str, name: str) -> bool:
        """Whether a shovel of :meth:`move_messages` is still there."""
        return self._find(f"/parameters/shovel/{_q(vhost)}/{_q(name)}") is not None

    # -- private

    def _find(self, path: str) -> dict[str, Any] | None:
        try:
            return dict(self._ask("GET", path))
        except ManagementRefused as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise

    def _ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        kind = HTTPSConnection if self._secure else HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, f"/api{path}", content, {**self._headers, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as error:
            where = f"{self._host}:{self._port}"
            raise ManagementUnavailable(
                f"{where}: management API not reachable: {error} (is the plugin rabbitmq_management on?)"
            ) from error
        finally:
            connection.close()
        if answer.status >= _FIRST_ERROR:
            reason = _reason(text)
            said = f"{method} {path}: {answer.status} {reason}"
            if answer.status == _NOT_AUTHORISED:
                said = f"{self._host}:{self._port}: management API, user {self.user!r}: {reason}"
            raise ManagementRefused(said, answer.status, reason)
        return json.loads(text) if text else {}


def _reason(text: bytes) -> str:
    """What an answer that is an error says for people: ``reason`` of its JSON, else its beginning."""
    try:
        return str(json.loads(text)["reason"])
    except (ValueError, KeyError, TypeError):
        return text.decode("utf-8", "replace")[:_SHOWN]


def _q(name: str) -> str:
    return quote(name, safe="")
