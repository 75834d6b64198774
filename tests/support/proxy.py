"""
A TCP proxy that loses a connection at a chosen moment: before the bytes go on, or with the answer to them.
"""

from __future__ import annotations

import select
import socket
import threading
from types import TracebackType
from typing import Self

__all__ = ["Proxy"]

_CHUNK = 65536
_POLL = 0.2


class Proxy:
    """
    Forwards everything to a port of 127.0.0.1.

    Args:
        port: Where the server is.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(_POLL)
        self._word = b""
        self._forward = False
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """Where to connect to."""
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for one in self._threads:
            one.join()
        self._listening.close()

    def lose(self, word: bytes, *, forward: bool) -> None:
        """
        Break the next connection on which ``word`` is sent to the server.

        Args:
            forward: The server still gets it, and only its answer is lost.
        """
        self._forward = forward
        self._word = word

    def _run(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listening.accept()
            except TimeoutError:
                continue
            self._run(self._carry, client, socket.create_connection(self._target))

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            while not self._stopped.is_set():
                for ready in select.select([client, server], [], [], _POLL)[0]:
                    try:
                        data = ready.recv(_CHUNK)
                    except OSError:
                        return
                    if not data:
                        return
                    if ready is server:
                        client.sendall(data)
                    elif not self._sent(data, server):
                        return

    def _sent(self, data: bytes, server: socket.socket) -> bool:
        """Send it on; False when the connection is to be lost here."""
        if not self._word or self._word not in data:
            server.sendall(data)
            return True
        self._word = b""
        if self._forward:
            server.sendall(data)
            server.recv(_CHUNK)  # the answer has come, so that the server is done with it
        return False
