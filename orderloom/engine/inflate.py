"""
Bytes as the sender meant them: bounded in size, also when they come compressed.
"""

from __future__ import annotations

import zlib

from broker.port import Delivery
from canonical.errors import Rejected, shown

__all__ = ["plain_body"]

# gzip (RFC 1952) and zlib (RFC 1950) by their names in content codings; 32 lets zlib tell which it is.
_CODINGS = {"gzip": 32 + zlib.MAX_WBITS, "x-gzip": 32 + zlib.MAX_WBITS, "deflate": 32 + zlib.MAX_WBITS}

# Set by kombu and other clients when they mean a character set, or nothing at all.
_NO_CODING = {"", "identity", "utf-8", "utf8", "binary", "us-ascii", "iso-8859-1"}


def plain_body(delivery: Delivery, limit: int) -> bytes:
    """
    The body, inflated when its content encoding says so.

    Raises:
        Rejected: ``E_TOO_LARGE`` as sent or inflated, ``E_COMPRESSION`` for codings unknown or corrupt.
    """
    if len(delivery.body) > limit:
        raise Rejected("E_TOO_LARGE", f"{len(delivery.body)} bytes", "message", f"at most {limit} bytes")
    header = delivery.properties.headers.get("compression")
    coding = str(header or delivery.properties.content_encoding or "").lower().removeprefix("application/")
    if coding in _NO_CODING:
        return delivery.body
    bits = _CODINGS.get(coding)
    if bits is None:
        allowed = "none, gzip or deflate"
        raise Rejected("E_COMPRESSION", f"unknown content encoding {shown(coding)}", "message", allowed)
    return _inflate(delivery.body, bits, limit)


def _inflate(body: bytes, bits: int, limit: int) -> bytes:
    machine = zlib.decompressobj(bits)
    try:
        plain = machine.decompress(body, limit + 1)
    except zlib.error as error:
        raise Rejected(
            "E_COMPRESSION", "the compressed body is corrupt", "message", "gzip or deflate"
        ) from error
    if len(plain) > limit:
        raise Rejected(
            "E_TOO_LARGE", f"more than {limit} bytes inflated", "message", f"at most {limit} bytes"
        )
    if not machine.eof:
        raise Rejected("E_COMPRESSION", "the compressed body is cut short", "message", "gzip or deflate")
    return plain
