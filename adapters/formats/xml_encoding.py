"""
Which characters an XML document is made of, found before any parser looks at it.

A parser takes UTF-16 without a mark, and on request a dozen other encodings; a hub that took them all could
not say which one a field was meant in.  Here it is UTF-8, or what the caller lists, and the bytes must agree
with the declaration.  Standard: XML 1.0, section 4.3.3 and appendix F.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection

from canonical.errors import Rejected, shown

__all__ = ["UTF_8", "Decoding", "declared_encoding"]

UTF_8 = ("UTF-8",)
"""What is read unless the caller says otherwise."""

# Bytes.  A declaration is some fifty bytes long; one with more blanks than this is no honest one.
_HEAD = 512
_DECLARATION = re.compile(rb"<\?xml[ \t\r\n][^>]*?\?>")
_ENCODING = re.compile(rb"[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"'<>]{0,64})[\"']")
# Whose first 128 characters are ASCII, and whose others are one byte each: they can be wrong unnoticed.
_SINGLE = frozenset({"ISO-8859-1", "ISO-8859-15", "WINDOWS-1252"})
_KNOWN = _SINGLE | {"UTF-8", "US-ASCII"}


def declared_encoding(head: bytes, allowed: Collection[str] = UTF_8) -> str:
    """
    The encoding of a document that begins with ``head``: as declared, else UTF-8.

    Args:
        head: At least its first 512 bytes, or all of it.
        allowed: Of UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15 and WINDOWS-1252; written so.

    Raises:
        Rejected: ``E_ENCODING``, for another one, and for bytes that are plainly something else.
    """
    _refuse_wide(head, allowed)
    declaration = _DECLARATION.match(head[:_HEAD])
    found = _ENCODING.search(declaration[0]) if declaration else None
    if found is None:
        return _allowed("UTF-8", "byte 0", allowed)
    name = found[1].decode("ascii", "replace")
    return _allowed(name, f"line 1 byte {found.start(1)}", allowed)


def _refuse_wide(head: bytes, allowed: Collection[str]) -> None:
    """
    Refuse two or four bytes a character, and EBCDIC: their first characters are ``<`` or blanks too.
    """
    start = head[:2]
    if b"\x00" in start:
        what = "the bytes are UTF-16 or UTF-32"
    elif start.startswith((b"\x4c\x6f", b"\x4c\x5a")):  # <? and <! in every EBCDIC code page
        what = "the bytes are EBCDIC"
    else:
        return
    raise Rejected("E_ENCODING", what, "byte 0", f"one of {', '.join(allowed)}")


def _allowed(name: str, where: str, allowed: Collection[str]) -> str:
    found = name.upper()
    if found not in allowed or found not in _KNOWN:
        what = f"declared as {shown(name)}"
        raise Rejected("E_ENCODING", what, where, f"one of {', '.join(allowed)}")
    return found


class Decoding:
    """
    Checks that the bytes of a document are of its encoding, piece by piece.

    UTF-8 and US-ASCII can be seen to be wrong at once.  In the others every byte is some character; but bytes
    beyond ASCII that are UTF-8 throughout were never meant as anything else.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._single = encoding in _SINGLE
        codec = codecs.getincrementaldecoder("utf-8" if self._single else encoding)
        self._decoder = codec("strict")
        self._utf_8 = self._single
        self._beyond = False
        self._at = 0
        self._lines = 1
        self._column = 1

    def feed(self, data: bytes, *, last: bool) -> None:
        """
        Look at the next bytes.

        Raises:
            Rejected: ``E_ENCODING``, at the first byte that is wrong.
        """
        if not data.isascii():
            self._beyond = True
        if self._utf_8 or not self._single:
            self._decode(data, last=last)
        self._at += len(data)
        if last and self._single and self._beyond and self._utf_8:
            raise Rejected("E_ENCODING", "the bytes are UTF-8", "byte 0", f"{self._encoding}, as declared")

    def _decode(self, data: bytes, *, last: bool) -> None:
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(data, last)
        except UnicodeDecodeError as error:
            self._utf_8 = False
            if not self._single:
                self._refuse(data, error, pending)
            return
        lines = text.count("\n")
        self._lines += lines
        self._column = len(text) - text.rfind("\n") if lines else self._column + len(text)

    def _refuse(self, data: bytes, error: UnicodeDecodeError, pending: int) -> None:
        # What the decoder had kept of the last piece stands before this one.
        good = error.object[: error.start].decode(self._encoding)
        lines = good.count("\n")
        column = len(good) - good.rfind("\n") if lines else self._column + len(good)
        at = self._at - pending + error.start
        where = f"line {self._lines + lines} column {column} at byte {at}"
        what = f"byte {error.object[error.start]:#04x} is not {self._encoding} here"
        raise Rejected("E_ENCODING", what, where, self._encoding) from None
