"""
The simulated internet provisioning at its HTTP port, and the events it sends afterwards.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from urllib.parse import parse_qs, urlsplit

from .agenda import Agenda
from .calls import CallLog
from .internet import HttpAnswer, Internet
from .neighbour import Reply
from .transport import Stopped, Transport

__all__ = ["InternetSite", "callback_sender", "exchange_sender"]

Sender = Callable[[str], bool]

# Seconds between tries to deliver an event, and before one try is given up.
_RETRY = 0.5
_CALLBACK_LIMIT = 10

# A dripping answer comes in so many pieces.
_DRIPS = 10

# Service orders are small; more than this is not read.
_MOST_BYTES = 1 << 20


class InternetSite:
    """
    ``POST /serviceOrder``, ``PATCH /serviceOrder/KEY``, ``POST /cancelServiceOrder`` and
    ``GET /serviceOrder?externalId=KEY`` on loopback.

    Args:
        send: Delivers one event; False when it has to be tried again.
        port: 0 takes a free one; see :attr:`url`.
        seconds: The clock by which its events are sent.
    """

    def __init__(
        self,
        system: Internet,
        log: CallLog,
        send: Sender,
        port: int = 0,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._system = system
        self._log = log
        self._send = send
        self.agenda = Agenda(system.name, seconds)
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulator http", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens, without the path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def open(self) -> None:
        """Listen, and send the events that were owed when the process died."""
        self._thread.start()
        for _, answer in self._log.unsent(self._system.name):
            self._owe(Reply(answer["id"], 0.0, answer["body"]))

    def close(self) -> None:
        """Stop listening; events that are not due yet are owed until the next start."""
        self.agenda.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, key: str, body: bytes, method: str, path: str) -> HttpAnswer:
        """Take one call."""
        answer = self._system.call(key, body, method, path)
        for event in answer.events:
            early = answer.early and event.after <= 0 and self._deliver(event)
            if not early:
                self._owe(event)
        return answer

    def find(self, key: str) -> bytes | None:
        """What was answered to a key."""
        return self._system.find(key)

    def wait(self, seconds: float) -> bool:
        """Wait; False when the site closes meanwhile."""
        return self.agenda.wait(seconds)

    def _owe(self, event: Reply) -> None:
        self.agenda.after(event.after, lambda: self._try(event))

    def _try(self, event: Reply) -> None:
        if self._system.stands(event) and not self._deliver(event):
            self.agenda.after(_RETRY, lambda: self._try(event))

    def _deliver(self, event: Reply) -> bool:
        with suppress(Stopped):
            if self._send(event.body):
                self._log.append({"system": self._system.name, "sent": event.id})
                return True
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], site: InternetSite) -> None:
        self.site = site
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        self._call(("/serviceOrder", "/cancelServiceOrder"))

    def do_PATCH(self) -> None:
        self._call(("/serviceOrder",))

    def _call(self, resources: tuple[str, ...]) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > _MOST_BYTES:
            self.close_connection = True
            self._write(413, b'{"code":"413","reason":"the service order is too large"}')
            return
        body = self.rfile.read(length)
        if len(body) < length:
            # The caller died while it spoke: nothing was ordered, and nobody is there to be answered.
            self.close_connection = True
            return
        path = urlsplit(self.path).path
        # A patch names one of them behind the resource.
        resource = path.rpartition("/")[0] if self.command == "PATCH" else path
        if not resource.endswith(resources):
            self._write(404, b'{"code":"404","reason":"no such resource"}')
            return
        answer = self.server.site.take(self.headers.get("Idempotency-Key", ""), body, self.command, path)
        if answer.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._write(answer.status, answer.body, answer.drip)

    def do_GET(self) -> None:
        [key] = parse_qs(urlsplit(self.path).query).get("externalId", [""])[:1]
        found = self.server.site.find(key)
        body = b"[" + found + b"]" if found else b"[]"
        self._write(200, body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """The call log is the log."""

    def _write(self, status: int, body: bytes, drip: float = 0.0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        piece = max(len(body) // _DRIPS if drip else len(body), 1)
        for start in range(0, len(body), piece):
            if drip and not self.server.site.wait(drip / _DRIPS):
                self.close_connection = True
                return
            self.wfile.write(body[start : start + piece])
            self.wfile.flush()


def callback_sender(url: str) -> Sender:
    """Deliver by HTTP POST to ``url``; anything but a 2xx is tried again."""
    parts = urlsplit(url)

    def send(body: str) -> bool:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_CALLBACK_LIMIT)
        try:
            connection.request("POST", parts.path or "/", body.encode(), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return 200 <= answer.status < 300

    return send


def exchange_sender(transport: Transport) -> Sender:
    """Deliver on exchange ``reply.oss.internet``."""

    def send(body: str) -> bool:
        name = Internet.name
        transport.publish(f"reply.{name}", name, body.encode(), "application/json", {"system": name})
        return True

    return send
