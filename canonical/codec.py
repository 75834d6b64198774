"""
Canonical values to JSON bytes and back: one encoder, one decoder a type, made once.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar

import msgspec

__all__ = ["decode", "encode"]

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(decimal_format="string")
_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}
# While msgspec 0.22 makes a decoder, the types in it are half described, for every other decoder too: a
# thread that uses them then ends the process (segmentation fault).  Made decoders may be used by all at once.
_MAKING = Lock()


def encode(value: object) -> bytes:
    """JSON bytes of any canonical value; equal values give equal bytes."""
    return _ENCODER.encode(value)


def decode(body: bytes | str, kind: type[T]) -> T:
    """
    Read ``kind`` from JSON.

    Raises:
        msgspec.ValidationError: With the path of the first fault.
        msgspec.DecodeError: When it is not JSON.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _made(kind)
    found: T = decoder.decode(body)
    return found


def _made(kind: Any) -> msgspec.json.Decoder[Any]:
    with _MAKING:
        decoder = _DECODERS.get(kind)
        if decoder is None:
            decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
        return decoder
