"""A system on the far side of HTTP that misbehaves on request, and remembers what it was asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["FarSide", "far_side"]

_ANSWER = b'{"id":"SO-1"}'


class FarSide(ThreadingHTTPServer):
    """
    Args:
        seen: (path, headers, body) of each request, in order.
        applied: Idempotency keys that were carried out, each once.
        release: Set it to let ``/wait`` and the dripping paths go on.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.applied: set[str] = set()
        self.release = threading.Event()
        self.sent = 0

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A connection that the other side has cut is what these tests are about."""


@contextmanager
def far_side() -> Iterator[FarSide]:
    """A running far side; ended with everything that waits in it."""
    server = FarSide()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FarSide

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.applied.add(self.headers["Idempotency-Key"])
        name = self.path.strip("/").partition("/")[0]
        with suppress(OSError):
            getattr(self, f"answer_{name}", self.answer_ok)()

    def answer_ok(self) -> None:
        self.say(201, _ANSWER)

    def answer_refuse(self) -> None:
        self.say(422, b'{"code":"60","reason":"no such line"}')

    def answer_status(self) -> None:
        self.say(int(self.path.rpartition("/")[2]), b"no")

    def answer_later(self) -> None:
        self.say(429, b"", ("Retry-After", self.path.rpartition("/")[2].replace("+", " ")))

    def answer_away(self) -> None:
        self.say(307, b"", ("Location", self.headers["X-Elsewhere"]))

    def answer_packed(self) -> None:
        self.say(200, b"\x1f\x8b", ("Content-Encoding", "gzip"))

    def answer_wait(self) -> None:
        self.server.release.wait(30)
        self.answer_ok()

    def answer_drop(self) -> None:
        """Applied, and the answer is lost."""
        self.close_connection = True

    def answer_reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def answer_garbage(self) -> None:
        self.wfile.write(b"220 mail.example ESMTP\r\n")
        self.close_connection = True

    def answer_cut(self) -> None:
        self.begin(200, len(_ANSWER) + 10)
        self.wfile.write(_ANSWER)
        self.close_connection = True

    def answer_idle(self) -> None:
        """Answer, then close without saying so, as a server does after its idle time."""
        self.answer_ok()
        self.close_connection = True

    def answer_drip(self) -> None:
        """The status line in time, then a byte of the body now and then."""
        self.begin(200, 10_000)
        while not self.server.release.wait(0.02):
            self.wfile.write(b".")

    def answer_driphead(self) -> None:
        """A byte of the header now and then."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.server.release.wait(0.02):
            self.wfile.write(b".")

    def answer_endless(self) -> None:
        self.begin(200, 2 * 1024**3)
        block = bytes(1024 * 1024)
        while not self.server.release.is_set():
            self.wfile.write(block)
            self.server.sent += len(block)

    def say(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.begin(status, len(body), *headers)
        self.wfile.write(body)

    def begin(self, status: int, length: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
