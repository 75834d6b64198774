"""
A kombu connection for tools and declaring: named, confirmed, with limits on every wait.

kombu's own defaults are not safe here: no confirms, no heartbeat, no limit on reads.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed
from kombu import Connection
from kombu.exceptions import OperationalError

from .address import Address, no_vhost, wrong_login
from .port import BrokerUnavailable

__all__ = ["LINK_ERRORS", "kombu_connection", "tls_arguments"]

# What kombu and py-amqp raise when the connection cannot be made, is refused, or breaks.
LINK_ERRORS = (AMQPError, OperationalError, OSError)

_CONNECT = 5.0
# The longest silence of the broker inside one operation; it is also how long a confirm may take.
_SILENCE = 30.0


@contextmanager
def kombu_connection(url: str, purpose: str, *, allow_plain: bool = False) -> Iterator[Connection]:
    """
    Connect, and turn every failure of the connection into one error.

    Args:
        purpose: What the console shows as the connection's name.

    Raises:
        BrokerUnavailable: It could not connect, was refused, or the link broke.
    """
    address = Address.parse(url, allow_plain=allow_plain)
    try:
        with Connection(**_arguments(address, purpose)) as connection:
            _log_in(connection, address)
            yield connection
    except LINK_ERRORS as error:
        raise BrokerUnavailable(f"{address.shown}: {error}") from error


def _log_in(connection: Connection, address: Address) -> None:
    """Connect; the two mistakes of a setting are told as such, not in the library's words."""
    try:
        connection.connect()
    except AccessRefused as refused:
        raise BrokerUnavailable(wrong_login(address.shown, address.user)) from refused
    except NotAllowed as refused:
        if "not found" not in str(refused):
            raise
        raise BrokerUnavailable(no_vhost(address.shown, address.vhost, address.user)) from refused


def _arguments(address: Address, purpose: str) -> dict[str, Any]:
    return {
        "hostname": address.host,
        "port": address.port,
        "userid": address.user,
        "password": address.password,
        "virtual_host": address.vhost,
        "transport": "pyamqp",
        "ssl": tls_arguments(address),
        "connect_timeout": _CONNECT,
        "transport_options": {
            "confirm_publish": True,
            "confirm_timeout": _SILENCE,
            "read_timeout": _SILENCE,
            "write_timeout": _SILENCE,
            "client_properties": {"connection_name": purpose},
        },
    }


def tls_arguments(address: Address) -> dict[str, Any] | bool:
    """What kombu calls ``ssl``: certificates are checked, and that they are this host's."""
    if not address.tls:
        return False
    return {
        "cert_reqs": ssl.CERT_REQUIRED,
        "ca_certs": address.cacertfile,
        "certfile": address.certfile,
        "keyfile": address.keyfile,
        "server_hostname": address.host,
    }
