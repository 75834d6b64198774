"""
One pika connection, with three of its inner workings replaced.

Reading: pika decodes foreign properties itself, and an absurd timestamp or an infinite float in a header
raises inside its loop and ends the connection, again and again with each redelivery; here a content
header stays bytes until :mod:`broker.foreign` reads it.  pika also copies its whole buffer for each
frame; here the buffer is cut once for each read.
Writing: frames are sent with one call each; here those of a batch are joined.

Leans on private names of pika 1.4; ``tests/broker/test_pika_link.py`` holds it to pika's own decoding.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import pika
from pika import exceptions, frame

__all__ = ["Link", "RawHeader"]

_FRAME = struct.Struct(">BHL")
_CONTENT = struct.Struct(">HHQ")
_HEADER_FRAME = 2
_BODY_FRAME = 3
_END = 0xCE
# One read of a full loopback buffer; pika's 4096 makes a system call for every few messages.
_READ_BYTES = 128 * 1024


class RawHeader(frame.Header):
    """A content header whose ``properties`` are the undecoded bytes."""


class Link(pika.SelectConnection):
    """A connection that calls ``after_read`` once for each piece of input."""

    after_read: Callable[[], None] | None = None

    # pika's own, missing from its published types.
    frames_sent: int
    bytes_sent: int
    bytes_received: int
    _frame_buffer: bytes
    _transport: Any
    _adapter_emit_data: Callable[[bytes], None]
    _process_frame: Callable[[Any], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._corked: list[bytes] | None = None
        super().__init__(*args, **kwargs)

    @contextmanager
    def corked(self) -> Iterator[None]:
        """Send everything that is written inside as one piece."""
        self._corked = []
        try:
            yield
        finally:
            pieces, self._corked = self._corked, None
            if pieces:
                self._adapter_emit_data(b"".join(pieces))

    def abort(self) -> None:
        """Cut the connection without a farewell: the other side is not reading."""
        if self._transport is not None:
            self._transport.abort()

    def _output_marshaled_frames(self, marshaled_frames: Sequence[bytes]) -> None:
        self.frames_sent += len(marshaled_frames)
        self.bytes_sent += sum(map(len, marshaled_frames))
        if self._corked is not None:
            self._corked.extend(marshaled_frames)
        else:
            self._adapter_emit_data(b"".join(marshaled_frames))

    def _proto_connection_made(self, transport: Any) -> None:
        transport._MAX_RECV_BYTES = _READ_BYTES  # noqa: SLF001 -- see the module's text
        cast("Any", super())._proto_connection_made(transport)  # noqa: SLF001 -- the same

    def _on_data_available(self, data_in: bytes) -> None:
        buffer = self._frame_buffer + data_in if self._frame_buffer else data_in
        self.bytes_received += len(data_in)
        used = 0
        for end, value in frames(buffer):
            used = end
            # Kept current: pika looks at it when the connection closes while a frame is handled.
            self._frame_buffer = b""
            self._process_frame(value)
        self._frame_buffer = buffer[used:]
        if self.after_read is not None:
            self.after_read()


def frames(buffer: bytes) -> Iterator[tuple[int, Any]]:
    """
    The whole frames of a buffer, each with the position after it.

    Raises:
        InvalidFrameError: A frame does not end where its length says.
    """
    at = 0
    size = len(buffer)
    while size - at >= _FRAME.size:
        kind, channel, length = _FRAME.unpack_from(buffer, at)
        end = at + _FRAME.size + length + 1
        if end > size:
            return
        if buffer[end - 1] != _END:
            raise exceptions.InvalidFrameError("Invalid FRAME_END marker")
        start = at + _FRAME.size
        if kind == _BODY_FRAME:
            yield end, frame.Body(channel, buffer[start : end - 1])
        elif kind == _HEADER_FRAME:
            _, _, body_size = _CONTENT.unpack_from(buffer, start)
            raw = buffer[start + _CONTENT.size : end - 1]
            yield end, RawHeader(channel, body_size, raw)  # type: ignore[arg-type]
        else:
            yield end, frame.decode_frame(buffer[at:end])[1]
        at = end
