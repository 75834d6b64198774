"""
A native message on the screen: text with byte offsets where it is text, else a hex dump.

Offsets are what errors name ("byte 117"), so a fault and its place can be put side by side.
"""

from __future__ import annotations

from collections.abc import Iterator

from .text import one_line

__all__ = ["preview"]

# Four screens; the whole is one option away.
LIMIT = 4096
_WIDTH = 96
_HEX = 16


def preview(body: bytes, limit: int | None = LIMIT) -> Iterator[str]:
    """
    Lines of at most 96 characters or 16 bytes, each behind the offset of its first byte.

    Args:
        limit: Most bytes shown; None shows all.
    """
    shown = body if limit is None else body[:limit]
    text = _as_text(shown, whole=len(shown) == len(body))
    yield from _hex(shown) if text is None else _text(text)
    if len(shown) < len(body):
        yield f"  … {len(body) - len(shown)} more bytes (--all shows them)"


def _as_text(body: bytes, *, whole: bool) -> str | None:
    """The text, when it is UTF-8 without controls other than tabs and line ends."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        if whole or error.start < len(body) - 3:
            return None
        text = body[: error.start].decode("utf-8")  # the cut fell into a character
    controls = {char for char in text if ord(char) < 32} - {"\t", "\r", "\n"}
    return None if controls else text


def _text(text: str) -> Iterator[str]:
    offset = 0
    for line in text.splitlines(keepends=True):
        for start in range(0, len(line), _WIDTH):
            piece = line[start : start + _WIDTH]
            yield f"  {offset:7}  {one_line(piece.rstrip(chr(13) + chr(10)))}".rstrip()
            offset += len(piece.encode())


def _hex(body: bytes) -> Iterator[str]:
    for start in range(0, len(body), _HEX):
        row = body[start : start + _HEX]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"  {start:7}  {row.hex(' '):<47}  {letters}"
