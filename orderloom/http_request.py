"""
What goes out to a call-attached system: headers and target checked before anything is sent.

Adapters choose method, path and headers; where the call goes is the settings' alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.kit.contract import Native
from canonical.errors import Rejected, shown

__all__ = ["Request", "request_of"]

# RFC 9110 section 5.6.2 (token); values in printable ASCII, which every server reads alike.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
_METHOD = re.compile(r"[A-Z]{1,16}")
_PATH = re.compile(r"[!$&'()*+,;=:@/?%\w.~-]*", re.ASCII)

# The hub says these itself; an adapter may not say them otherwise.
_OURS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "transfer-encoding",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent; every header is checked."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def request_of(base: str, native: Native, key: str, token: str = "") -> Request:
    """
    The request that says ``native`` to the system at ``base``.

    Args:
        key: Idempotency-Key.
        token: Bearer token, or empty.

    Raises:
        Rejected: ``E_HEADERS`` or ``E_CALL_FAILED``: the adapter asks for something that cannot be sent or
            leads away from ``base``.
    """
    spec = native.call
    if spec is None:
        raise Rejected("E_CALL_FAILED", "the adapter does not say how to call", "", "a CallSpec")
    if not _METHOD.fullmatch(spec.method):
        raise Rejected("E_CALL_FAILED", f"method {shown(spec.method)}", "method", "capital letters")
    headers = {
        "Accept-Encoding": "identity",  # an inflated answer could be any size
        "Content-Type": native.content_type,
        "Idempotency-Key": key,
        "User-Agent": "orderloom",
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    for name, value in spec.headers.items():
        if name.lower() in _OURS:
            raise Rejected("E_HEADERS", "set by the adapter", f"header {shown(name)}", "set by the hub only")
        headers[name] = value
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Rejected("E_HEADERS", "cannot be sent", f"header {shown(name)}", "printable ASCII")
    return Request(spec.method, _target(base, spec.path), headers, native.body)


def _target(base: str, path: str) -> str:
    """Below the base URL, whatever ``path`` says."""
    segments = path.split("?", maxsplit=1)[0].split("/")
    if not _PATH.fullmatch(path) or ".." in segments or "%2e" in path.lower():
        raise Rejected("E_CALL_FAILED", f"path {shown(path)}", "path", "a path below the system's url")
    root = urlsplit(base).path.rstrip("/")
    return f"{root}/{path.lstrip('/')}" if path else root or "/"
