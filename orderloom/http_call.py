"""
One HTTP call, and what is known after it: RFC 9110 semantics, no redirect followed, nothing repeated.

What may have been carried out is told apart from what surely was not, because a system that must
never be told twice may only be told again after the second.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, IncompleteRead
from urllib3.response import BaseHTTPResponse

from canonical.errors import Fault, shown

from .http_request import Request

__all__ = ["LARGEST_ANSWER", "Answer", "CallKind", "Wire"]

# As large as a queue message may be; an answer enters the engine as one.
LARGEST_ANSWER = 8 * 1024 * 1024

# A system that asks for more has gone away; after an hour it is tried again.
_LONGEST_RETRY_AFTER = 3600.0

_CHUNK = 64 * 1024
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)

# Too slow in sending, too early, too many: in each case the system says that it has not begun.
_NOT_BEGUN = frozenset({408, 425, 429})

# Whoever is not known is refused whatever he asks: this says nothing of the instruction.
_NOT_TRUSTED = frozenset({401, 407})


class CallKind(StrEnum):
    """What is known after a call."""

    ANSWERED = "answered"
    """2xx with its whole body: the system has it."""

    REFUSED = "refused"
    """4xx with its body: the system will not do it, and asking again cannot help."""

    TRANSIENT = "transient"
    """Surely not carried out (no connection, certificate not trusted, 408, 425, 429): try again later."""

    OPERATOR = "operator"
    """
    The call itself is wrong (a redirect, credentials that are not accepted, a header that cannot be sent): a
    person must look.
    """

    UNKNOWN = "unknown"
    """It may have been carried out: no answer in time, a broken or unreadable answer, 5xx."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a call brought.

    Args:
        status: HTTP status; None when there was none.
        retry_after: Seconds that the system asked for, at most an hour.
        error: None when the system has answered for itself (answered, refused).
    """

    kind: CallKind
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    error: Fault | None = None
    retry_after: float | None = None


class Wire:
    """
    One kept connection to one system, used by one thread; another may :meth:`cut` it.

    Args:
        url: Base URL of the system.
        now: UTC, for a Retry-After that is a date.
    """

    def __init__(self, url: str, now: Callable[[], datetime]) -> None:
        parts = urlsplit(url)
        self._now = now
        self._line: socket.socket | None = None
        self._connection = self._made(parts.scheme, parts.hostname or "", parts.port)
        self.connected = False
        """Whether the request may have reached the system."""

    def cut(self) -> None:
        """Break the connection off under whoever waits on it."""
        line = self._line
        if line is not None:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:  # broken already
                return

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
        if self._line is not None:
            self._line.close()
            self._line = None
        self.connected = False

    def call(self, request: Request, timeout: float) -> Answer:
        """
        Send, and read the whole answer; whoever calls bounds the whole time with :meth:`cut`.

        Args:
            timeout: Seconds for each single wait.
        """
        try:
            return self._read(self._sent(request, timeout))
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            kind = CallKind.UNKNOWN if self.connected else CallKind.TRANSIENT
            self.close()
            return _failed(kind, _brief(error))
        finally:
            if self._connection.sock is None:
                self.close()

    def _sent(self, request: Request, timeout: float) -> BaseHTTPResponse:
        connection = self._connection
        connection.timeout = timeout
        if not connection.is_connected:
            self.close()
            connection.connect()
        self.connected = True
        connection.request(
            request.method,
            request.target,
            body=request.body,
            headers=request.headers,
            preload_content=False,
            decode_content=False,
        )
        return connection.getresponse()

    def _read(self, response: BaseHTTPResponse) -> Answer:
        body = bytearray()
        while chunk := response.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                self.close()
                what = f"the answer has more than {LARGEST_ANSWER} bytes"
                return _failed(CallKind.UNKNOWN, what, response.status, code="E_TOO_LARGE")
        return _judged(response, bytes(body), self._now)

    def _made(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        if scheme == "https":
            # Certificate and host name are checked, always.
            return _Tls(self._opened, host, port, ssl_context=ssl.create_default_context())
        return _Plain(self._opened, host, port)

    def _opened(self, line: socket.socket) -> None:
        # A second descriptor of the same connection: TLS takes the first one over.
        self._line = line.dup()


class _Plain(HTTPConnection):
    """A connection that shows its socket as soon as there is one."""

    def __init__(self, opened: Callable[[socket.socket], None], host: str, port: int | None) -> None:
        super().__init__(host, port)
        self._opened = opened

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        self._opened(line)
        return line


class _Tls(HTTPSConnection):
    """The same over TLS."""

    def __init__(
        self, opened: Callable[[socket.socket], None], host: str, port: int | None, **options: Any
    ) -> None:
        super().__init__(host, port, **options)
        self._opened = opened

    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        self._opened(line)
        return line


def _judged(response: BaseHTTPResponse, body: bytes, now: Callable[[], datetime]) -> Answer:
    status, headers = response.status, response.headers
    content_type = headers.get("Content-Type", "")
    if 300 <= status < 400:
        where = shown(headers.get("Location", ""))
        return _failed(CallKind.OPERATOR, f"redirected to {where}", status, code="E_REDIRECT")
    if status in _NOT_TRUSTED:
        return _failed(CallKind.OPERATOR, f"answered {status}: the token is not accepted", status)
    if status in _NOT_BEGUN or status >= 500:
        kind = CallKind.TRANSIENT if status in _NOT_BEGUN else CallKind.UNKNOWN
        fault = _fault(f"answered {status}")
        wait = _retry_after(headers.get("Retry-After"), now)
        return Answer(kind, status, body, content_type, fault, wait)
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return _failed(CallKind.UNKNOWN, "the answer is compressed, unasked", status, code="E_COMPRESSION")
    kind = CallKind.REFUSED if status >= 400 else CallKind.ANSWERED
    return Answer(kind, status, body, content_type)


def _retry_after(text: str | None, now: Callable[[], datetime]) -> float | None:
    """Seconds or an HTTP date (RFC 9110 section 10.2.3), capped; None when it says nothing readable."""
    if text is None:
        return None
    if _SECONDS.fullmatch(text):
        return min(float(text), _LONGEST_RETRY_AFTER)
    try:
        wait = (parsedate_to_datetime(text) - now()).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), _LONGEST_RETRY_AFTER)


def _brief(error: Exception) -> str:
    """The innermost reason; urllib3 wraps it in layers, each of which names objects."""
    if isinstance(error, IncompleteRead):
        return "the answer is cut off"
    inner = error.__cause__ or error
    return f"the connection failed: {getattr(inner, 'strerror', None) or inner}"[:200]


def _failed(kind: CallKind, what: str, status: int | None = None, *, code: str = "E_CALL_FAILED") -> Answer:
    return Answer(kind, status, error=_fault(what, code))


def _fault(what: str, code: str = "E_CALL_FAILED") -> Fault:
    return Fault(code=code, what=what)
