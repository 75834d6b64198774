"""
Code pages: text of fixed-width records to characters and back, one byte each.

Letters, digits, blanks and the commonest signs are the same bytes in every EBCDIC page here; brackets,
``! ^ | @ # $ ~``, backslash and accented letters are not, which no decoder notices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from canonical.errors import Rejected, shown

__all__ = ["CANARY", "CODE_PAGES", "CodePage", "code_page", "page_of_canary", "refuse_foreign"]

CANARY = "[]!^|@"
"""Text that reads as itself in the right page only; cp037 and cp1140 differ in the euro sign alone."""

_SHIFT_OUT, _SHIFT_IN = 0x0E, 0x0F
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# Bytes that text is made of: blanks, digits, letters, and the commonest signs.
_ASCII_TEXT = frozenset(b" 0123456789.,-/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_EBCDIC_TEXT = frozenset(bytes(_ASCII_TEXT).decode("ascii").encode("cp037"))
# A record has binary fields, which may be anything: only a clear majority tells.
_CLEARLY = 3


class CodePage(msgspec.Struct, frozen=True):
    """
    A code page of one byte a character; ``codec`` is Python's name of it.
    """

    name: str
    codec: str
    ebcdic: bool

    @property
    def blank(self) -> int:
        """
        The byte of a blank.
        """
        return 0x40 if self.ebcdic else 0x20

    def decode(self, data: bytes, where: str) -> str:
        """
        ``data`` as text.

        Raises:
            Rejected: ``E_ENCODING``, ``E_FW_SHIFT`` (double-byte text), ``E_CONTROL_CHAR`` (line ends too).
        """
        try:
            text = data.decode(self.codec)
        except UnicodeDecodeError as error:
            what = f"byte {data[error.start]:02X} at place {error.start + 1} is no character of {self.name}"
            raise Rejected("E_ENCODING", what, where, self.name) from None
        if text.isprintable():  # quick, and true of nearly all
            return text
        if self.ebcdic and (_SHIFT_OUT in data or _SHIFT_IN in data):
            raise Rejected("E_FW_SHIFT", _shifted(data), where, f"text of single bytes, {self.name}")
        if found := _CONTROL.search(text):
            what = f"control character {data[found.start()]:02X} at place {found.start() + 1}"
            raise Rejected("E_CONTROL_CHAR", what, where, "printable characters")
        return text

    def encode(self, text: str, where: str, *, lossy: bool = False) -> bytes:
        """
        ``text`` as bytes; when ``lossy``, what the page does not have becomes a question mark.

        Raises:
            Rejected: ``E_ENCODING`` or ``E_CONTROL_CHAR``.
        """
        if found := _CONTROL.search(text):
            raise Rejected("E_CONTROL_CHAR", f"control character {shown(found[0])}", where, "printable text")
        try:
            return text.encode(self.codec, "replace" if lossy else "strict")
        except UnicodeEncodeError as error:
            what = f"{shown(text[error.start])} is no character of {self.name}"
            raise Rejected("E_ENCODING", what, where, self.name) from None


_EBCDIC = ("cp037", "cp500", "cp273", "cp1140")
_ASCII = {"ascii": "ascii", "iso8859-1": "latin-1", "cp1252": "cp1252"}

CODE_PAGES: Mapping[str, CodePage] = MappingProxyType(
    {name: CodePage(name, name, ebcdic=True) for name in _EBCDIC}
    | {name: CodePage(name, codec, ebcdic=False) for name, codec in _ASCII.items()}
)


def code_page(name: str, where: str = "code_page") -> CodePage:
    """
    The page of that name.

    Raises:
        Rejected: ``E_CHARSET``.
    """
    found = CODE_PAGES.get(name)
    if found is None:
        raise Rejected("E_CHARSET", f"unknown code page {shown(name)}", where, ", ".join(CODE_PAGES))
    return found


def page_of_canary(data: bytes) -> str:
    """
    The name of the page in which ``data`` says :data:`CANARY`; empty when there is none.
    """
    return next((name for name, page in CODE_PAGES.items() if _says(data, page)), "")


def refuse_foreign(data: bytes, page: CodePage, where: str) -> None:
    """
    Refuse text of the other family: every byte of ASCII can be decoded as EBCDIC, and means nothing.

    Raises:
        Rejected: ``E_FW_CODEPAGE``.
    """
    ascii_, ebcdic = (sum(map(data.count, family)) for family in (_ASCII_TEXT, _EBCDIC_TEXT))
    ours, others, name = (ebcdic, ascii_, "ASCII") if page.ebcdic else (ascii_, ebcdic, "EBCDIC")
    if others >= _CLEARLY and others > _CLEARLY * ours:
        what = f"the bytes look like {name}: {shown(data[:16])}"
        raise Rejected("E_FW_CODEPAGE", what, where, f"{page.name}, sent as binary")


def _says(data: bytes, page: CodePage) -> bool:
    try:
        return data.decode(page.codec) == CANARY
    except UnicodeDecodeError:
        return False


def _shifted(data: bytes) -> str:
    out, in_ = data.find(_SHIFT_OUT), data.find(_SHIFT_IN)
    if out < 0:
        return f"shift-in at place {in_ + 1} without a shift-out"
    if data.find(_SHIFT_IN, out) < 0:
        return f"shift-out at place {out + 1} without a shift-in"
    return f"double-byte text from place {out + 1}"
