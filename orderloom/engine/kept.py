"""
What waits for its order, as it is stored: its kind, its content, and the queue where it may be parked.
"""

from __future__ import annotations

import msgspec

from canonical.codec import decode, encode

__all__ = ["Kept", "keep", "kept"]


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """
    A waiting reply or change.

    Args:
        kind: Name of its type.
        queue: Where it came from; empty for the own queue of the system that said it, and for a change.
    """

    kind: str
    said: msgspec.Raw
    queue: str = ""


def keep(said: msgspec.Struct, queue: str = "") -> bytes:
    """What is stored of ``said``."""
    return encode(Kept(type(said).__name__, msgspec.Raw(encode(said)), queue))


def kept(stored: bytes) -> Kept:
    """What :func:`keep` stored."""
    return decode(stored, Kept)
