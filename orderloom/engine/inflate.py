"""
Bytes as the sender meant them: bounded in size, also when they come compressed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from broker.port import Delivery, HeaderValue, Properties
from canonical.errors import Rejected, shown

__all__ = ["plain_body"]

# gzip (RFC 1952) and zlib (RFC 1950) by their names in content codings; 32 lets zlib tell which it is.
_CODINGS = dict.fromkeys(("gzip", "x-gzip", "zlib", "deflate"), 32 + zlib.MAX_WBITS)

# Compressions that clients offer and the hub does not read.
_OTHER_CODINGS = frozenset(
    {
        "br", "brotli", "x-brotli", "bzip2", "bz2", "x-bz2", "x-bzip2", "compress", "x-compress", "lz4",
        "lzma", "x-lzma", "snappy", "xz", "x-xz", "zip", "zstd", "zstandard",
    }
)  # fmt: skip

# kombu and other clients name a character set in content_encoding, or say that there is none.  In what the
# bytes are written was agreed with the sender, and its adapter holds them to it.
_NO_CODING = frozenset(
    {
        "", "identity", "binary", "7bit", "8bit", "ascii", "us-ascii", "utf-8", "utf8", "utf-16", "utf-16le",
        "utf-16be", "utf-32", "iso-8859-1", "iso8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252",
        "cp1252", "cp037", "cp273", "cp500", "cp1140", "ibm037", "ibm273", "ibm500", "ibm1140",
    }
)  # fmt: skip

_ALLOWED = "none, gzip or deflate"


def plain_body(delivery: Delivery, limit: int) -> bytes:
    """
    The body, inflated when its content encoding says so.

    Raises:
        Rejected: ``E_TOO_LARGE`` as sent or inflated, ``E_COMPRESSION`` for codings unknown or corrupt,
            ``E_CHARSET`` for a content encoding that names neither a coding nor a character set.
    """
    if len(delivery.body) > limit:
        raise Rejected("E_TOO_LARGE", f"{len(delivery.body)} bytes", "message", f"at most {limit} bytes")
    bits = _window(delivery.properties)
    return delivery.body if bits is None else _inflate(delivery.body, bits, limit)


def _window(given: Properties) -> int | None:
    """What zlib is to be told to inflate the body; None when it is not compressed."""
    declared = _compression(given.headers)
    where = "header compression" if declared else "property content_encoding"
    said = declared or (given.content_encoding or "").lower()
    coding = said.removeprefix("application/")
    if coding in _CODINGS:
        return _CODINGS[coding]
    if declared or coding in _OTHER_CODINGS:
        raise Rejected("E_COMPRESSION", f"unknown compression {shown(said)}", where, _ALLOWED)
    if coding not in _NO_CODING:
        raise Rejected("E_CHARSET", f"unknown content encoding {shown(said)}", where, f"{_ALLOWED}; or utf-8")
    return None


def _compression(headers: Mapping[str, HeaderValue]) -> str:
    """How kombu says that it compressed: in a header of its own, beside a character set."""
    return str(headers.get("compression") or "").lower()


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
    if machine.unused_data:
        at = len(body) - len(machine.unused_data)
        what = f"{len(machine.unused_data)} bytes stand behind the compressed body"
        raise Rejected("E_COMPRESSION", what, f"byte {at}", "one gzip or deflate stream")
    return plain
