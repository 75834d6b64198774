"""
The seal of a file: a hash of each of its blocks, made in the first pass, held against in the second.

No byte that the first pass did not see reaches the second: a block is compared before anything of it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from canonical.errors import Rejected

__all__ = ["Sealed", "Sealing"]

# Bytes that are hashed together: 2 GiB have 2,048 blocks, whose seal is 32 KiB.
_BLOCK = 1024 * 1024

# Bytes of SHA-256 that are kept of each: nobody finds another block with the same 128 bits.
_KEPT = 16


class Sealing:
    """
    A file being read for the first time.

    Args:
        tick: Called for every block.
    """

    def __init__(self, file: BinaryIO, tick: Callable[[], None]) -> None:
        self._file = file
        self._tick = tick
        self._block = b""
        self._seal = bytearray()
        self._whole = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes."""
        if not self._block:
            self._tick()
            self._block = self._file.read(_BLOCK)
            if self._block:
                self._seal += _mark(self._block)
                self._whole.update(self._block)
        piece, self._block = self._block[:size], self._block[size:]
        return piece

    def drain(self) -> None:
        """Read what is left."""
        while self.read(_BLOCK):
            pass

    @property
    def seal(self) -> bytes:
        """What :class:`Sealed` needs; complete once everything was read."""
        return bytes(self._seal)

    @property
    def hash(self) -> str:
        """SHA-256 of everything that was read, hexadecimal."""
        return self._whole.hexdigest()


class Sealed:
    """
    A file being read again.

    Args:
        tick: Called for every block.
    """

    def __init__(self, file: BinaryIO, seal: bytes, tick: Callable[[], None]) -> None:
        self._file = file
        self._seal = seal
        self._tick = tick
        self._at = 0
        self._block = b""

    def read(self, size: int, /) -> bytes:
        """
        At most ``size`` bytes.

        Raises:
            Rejected: ``E_FILE_CHANGED``.
        """
        if not self._block:
            self._block = self._next()
        piece, self._block = self._block[:size], self._block[size:]
        return piece

    def _next(self) -> bytes:
        self._tick()
        block = self._file.read(_BLOCK)
        expected = self._seal[self._at : self._at + _KEPT]
        if (_mark(block) if block else b"") != expected:
            raise Rejected(
                "E_FILE_CHANGED",
                "the file is no longer what was checked",
                f"byte {self._at // _KEPT * _BLOCK}",
                "a file that nobody writes to",
            )
        self._at += _KEPT
        return block


def _mark(block: bytes) -> bytes:
    return hashlib.sha256(block).digest()[:_KEPT]
