"""
The listener: a small web server that takes the asynchronous answers of call-attached systems.

It reads nothing of what it is given: the bytes go onto the exchange ``reply.<system>`` and from there
the way of every reply.  204 means that the broker has confirmed them; anything else, send it again.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Collection, Mapping

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from broker.port import BrokerUnavailable, Result
from canonical.errors import Fault

from .hub_topology import reply_exchange
from .settings import ListenerSettings, SettingsError

__all__ = ["Drop", "Listener"]

Drop = Callable[[str, str, bytes, str, Mapping[str, str]], Result]
"""(exchange, routing key, body, content type, headers) → what became of it, after the confirm; any thread."""

# A queue message may not be larger.
_LARGEST = 8 * 1024 * 1024
# For the whole body: whoever needs longer has stalled, and holds one of few connections.
_BODY_SECONDS = 30.0
_CONNECTIONS = 64
_STOPPING = 5.0

# What becomes the routing key, and is shown in the console.
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,99}")
_JSON = re.compile(r"application/([a-z0-9.+-]+\+)?json", re.IGNORECASE)


class Listener:
    """
    Serves ``POST /listener/{system}/{event}`` in a thread of its own, between start and stop.

    Args:
        systems: Names of the call-attached systems.
        drop: Publishes with a confirm; called from several threads at once.

    Raises:
        SettingsError: It should bind to more than this machine, and has no token.
    """

    def __init__(self, settings: ListenerSettings, systems: Collection[str], drop: Drop) -> None:
        if not settings.token and not _is_loopback(settings.host):
            raise SettingsError([_open_to_all(settings.host)])
        self._settings = settings
        self._systems = frozenset(systems)
        self._drop = drop
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """
        Bind and serve; returns the port.

        Raises:
            SettingsError: The address cannot be bound.
        """
        line = self._bound()
        app = Starlette(routes=[Route("/listener/{system}/{event}", self._take, methods=["POST"])])
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=2,
            server_header=False,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [line]}, name="listener", daemon=True
        )
        self._thread.start()
        return int(line.getsockname()[1])

    def stop(self) -> None:
        """Finish what is under way, at most some seconds, and give the port back."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_STOPPING)
        self._server = self._thread = None

    def _bound(self) -> socket.socket:
        where = (self._settings.host, self._settings.port)
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        try:
            # Listening already, so that whoever is told the port can connect at once.
            return socket.create_server(where, family=family, backlog=_CONNECTIONS)
        except OSError as error:
            what = f"{where[0]}:{where[1]} cannot be bound: {error.strerror or error}"
            allowed = "an address of this machine, and a free port; 0 takes any"
            fault = Fault(code="E_CONFIG", what=what, where="listener", allowed=allowed)
            raise SettingsError([fault]) from error

    async def _take(self, request: Request) -> Response:
        system, event = request.path_params["system"], request.path_params["event"]
        refused = self._refused(request, system, event)
        if refused is not None:
            return refused
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return _no(408, "E_TOO_LARGE", f"the body did not come within {_BODY_SECONDS:.0f} s")
        except ClientDisconnect:
            return _no(400, "E_EMPTY", "the body broke off")
        if body is None:
            return _no(413, "E_TOO_LARGE", f"the body has more than {_LARGEST} bytes")
        if not body.strip():
            return _no(400, "E_EMPTY", "there is no body")
        content_type = request.headers["content-type"]
        return await self._passed_on(system, event, body, content_type)

    def _refused(self, request: Request, system: str, event: str) -> Response | None:
        if not self._known(request):
            return _no(401, "E_IDENTITY", "the bearer token is missing or wrong")
        if system not in self._systems:
            return _no(404, "E_NOT_FOUND", "there is no such system here")
        if not _EVENT.fullmatch(event):
            return _no(404, "E_NOT_FOUND", "there is no such event")
        content_type = request.headers.get("content-type", "").split(";", maxsplit=1)[0].strip()
        if not _JSON.fullmatch(content_type):
            return _no(415, "E_CONTENT_TYPE", "the content type is not application/json")
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return _no(415, "E_COMPRESSION", "the body is compressed")
        return None

    def _known(self, request: Request) -> bool:
        if not self._settings.token:
            return True
        expected = f"Bearer {self._settings.token}".encode()
        return hmac.compare_digest(expected, request.headers.get("authorization", "").encode())

    async def _passed_on(self, system: str, event: str, body: bytes, content_type: str) -> Response:
        headers = {"system": system, "event": event}
        try:
            result = await run_in_threadpool(
                self._drop, reply_exchange(system), event, body, content_type, headers
            )
        except BrokerUnavailable:
            result = Result.UNKNOWN
        if result is Result.TAKEN:
            return Response(status_code=204)
        return _no(503, "E_CALL_FAILED", "the broker has not taken it, send it again", {"Retry-After": "5"})


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > _LARGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return None
    return bytes(body)


def _no(status: int, code: str, what: str, headers: Mapping[str, str] | None = None) -> Response:
    """A TMF630 error body (REST API design guidelines, part 1, section 6.6.5: code, reason, message)."""
    content = {"code": code, "reason": what, "message": f"{what} [{code}]", "status": str(status)}
    return JSONResponse(content, status, dict(headers or {}))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _open_to_all(host: str) -> Fault:
    what = f"{host!r} is reachable from outside, and there is no token"
    allowed = "a loopback address, or a token in $ORDERLOOM_LISTENER_TOKEN"
    return Fault(code="E_CONFIG", what=what, where="listener.host", allowed=allowed)
