"""
Where a broker is: an AMQP URL taken apart once, for every client of this package.

Format: RabbitMQ's "URI Specification" and "URI Query Parameters" (``cacertfile``, ``certfile``,
``keyfile``).  Orders carry personal data and passwords travel in the clear on ``amqp://``, so plain
text is for this machine only, unless it is explicitly allowed.
"""

from __future__ import annotations

import ipaddress
import shlex
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit

__all__ = ["LOGIN_SETTINGS", "Address", "AddressRefused", "no_vhost", "wrong_login"]

# Where user and password are set.
LOGIN_SETTINGS = "broker.url, $ORDERLOOM_BROKER_PASSWORD"

_PORTS = {"amqp": 5672, "amqps": 5671}


class AddressRefused(ValueError):
    """The URL is wrong or unsafe; the text never shows its password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An AMQP URL taken apart; ``cacertfile`` None means the system's certificates."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    vhost: str
    cacertfile: str | None = None
    certfile: str | None = None
    keyfile: str | None = None

    @classmethod
    def parse(cls, url: str, *, allow_plain: bool = False) -> Address:
        """
        Take ``amqp(s)://user:password@host:port/vhost`` apart.

        Args:
            allow_plain: Accept ``amqp://`` to another machine.

        Raises:
            AddressRefused: Malformed, of another scheme, or plain text to another machine.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AddressRefused(f"broker url: {error} (amqps://user:password@host:port/vhost)") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise AddressRefused(
                f"broker url: scheme {parts.scheme!r} (amqp or amqps, as in amqps://user:password@host/vhost)"
            )
        if parts.scheme == "amqp" and not allow_plain and not _is_loopback(parts.hostname):
            raise AddressRefused(
                f"broker url: plain amqp:// to {parts.hostname!r} (amqps://, or allow plain text explicitly)"
            )
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            tls=parts.scheme == "amqps",
            user=unquote(parts.username or "guest"),
            password=unquote(parts.password or "guest"),
            vhost=unquote(parts.path.removeprefix("/")) or "/",
            cacertfile=options.get("cacertfile"),
            certfile=options.get("certfile"),
            keyfile=options.get("keyfile"),
        )

    @property
    def shown(self) -> str:
        """The address for people and logs, without user and password."""
        return f"{'amqps' if self.tls else 'amqp'}://{self.host}:{self.port}/{self.vhost.removeprefix('/')}"

    @property
    def url(self) -> str:
        """The URL again, password included; certificates are not in it."""
        user, password, vhost = (quote(one, safe="") for one in (self.user, self.password, self.vhost))
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'amqps' if self.tls else 'amqp'}://{user}:{password}@{host}:{self.port}/{vhost}"

    def tls_context(self) -> ssl.SSLContext:
        """
        A context that checks certificates and host name, always.

        Raises:
            AddressRefused: A certificate or key file cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.cacertfile)
            if self.certfile is not None:
                context.load_cert_chain(self.certfile, self.keyfile)
        except OSError as error:
            raise AddressRefused(f"broker url: certificate files: {error}") from error
        return context


def wrong_login(where: str, user: str) -> str:
    """What a broker's refusal of user and password means to whoever wrote the settings."""
    return f"{where}: user {user!r} or its password is wrong ({LOGIN_SETTINGS})"


def no_vhost(where: str, vhost: str, user: str) -> str:
    """A virtual host that is not there, and what makes it."""
    made = f"rabbitmqctl add_vhost {shlex.quote(vhost)}, then set_permissions there for user {user!r}"
    return f"{where}: vhost {vhost!r} not found ({made})"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
