"""
Files of records, cut and joined on bytes: RECFM FB, VB, and VB with block descriptors.

A file is read in pieces and never held whole.  Lines do not exist here: 0x15, 0x25 and 0x0A are data.
Source: IBM z/OS DFSMS, Using Data Sets: record descriptor word (RDW), block descriptor word (BDW).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from canonical.errors import Rejected, shown

from .fixed_layout import MAX_RECORD

__all__ = [
    "Format",
    "Raw",
    "Recfm",
    "Source",
    "Stream",
    "cut",
    "join",
    "pieces",
    "refuse_text_mode",
]

# How much is asked of a stream at once, bytes.
_PIECE = 64 * 1024
# A descriptor word: two bytes of length, which counts the word itself, and two of control, which are zero.
_WORD = 4
# The shortest block: its own word, and that of a record.  Millions of empty ones would hold up whoever reads.
_BLOCK = 2 * _WORD
# What file transfer in text mode puts behind each record: CR LF, LF, and NEL or LF in EBCDIC.
_LINE_ENDS = (b"\r\n", b"\r\x25", b"\n", b"\x15", b"\x25")
_LONGEST_END = 2
# And where a length is looked for: one of them, then the first byte of a length below 256.
_DRIFTED = frozenset((one + b"\x00")[:2] for one in _LINE_ENDS)


class Recfm(StrEnum):
    """
    How records follow each other: fixed; each behind its RDW; such records in blocks behind their BDW.
    """

    FB = "FB"
    VB = "VB"
    VB_BLOCKS = "VB+BDW"


class Format(msgspec.Struct, frozen=True):
    """
    ``lrecl``: bytes of a record; of the longest one in VB, whose RDW it includes, as in a DCB.
    """

    recfm: Recfm
    lrecl: int

    @property
    def variable(self) -> bool:
        """
        Whether records end where their last field does.
        """
        return self.recfm is not Recfm.FB

    @staticmethod
    def of(settings: Mapping[str, str], longest: int) -> Format:
        """
        Settings ``recfm`` (``FB`` when left out) and ``lrecl``, for records of at most ``longest`` bytes.

        Raises:
            Rejected: ``E_CONFIG``.
        """
        given = settings.get("recfm", Recfm.FB.value)
        if given not in set(Recfm):
            raise Rejected("E_CONFIG", f"record format {shown(given)}", "recfm", ", ".join(Recfm))
        recfm = Recfm(given)
        least = longest + _WORD * (recfm is not Recfm.FB)
        text = settings.get("lrecl", str(least))
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= MAX_RECORD):
            what = f"record length {shown(text)}"
            raise Rejected("E_CONFIG", what, "lrecl", f"{least} to {MAX_RECORD} bytes")
        return Format(recfm, int(text))


class Raw(NamedTuple):
    """
    One record as bytes: its number (1-based) and where its data begin in the file.
    """

    number: int
    offset: int
    data: bytes


class Stream(Protocol):
    """
    Whatever reads bytes; the caller opens and closes it.
    """

    def read(self, size: int, /) -> bytes:
        """
        At most ``size`` bytes, none at the end.
        """
        ...


Source = bytes | Stream


def pieces(source: Source) -> Iterator[bytes]:
    """
    The bytes of ``source`` from where it stands, piece by piece.
    """
    if isinstance(source, bytes):
        yield source
        return
    while piece := source.read(_PIECE):
        yield piece


def cut(chunks: Iterable[bytes], form: Format) -> Iterator[Raw]:
    """
    The records in ``chunks``, wherever these break.

    Raises:
        Rejected: ``E_FW_LENGTH`` or ``E_FW_RDW``, when it is come to.
    """
    match form.recfm:
        case Recfm.FB:
            return _fixed(chunks, form.lrecl)
        case Recfm.VB:
            return _records(_words(chunks, form.lrecl, "RDW"))
        case Recfm.VB_BLOCKS:
            return _blocked(chunks, form.lrecl)


def join(records: Iterable[bytes], form: Format, blank: int) -> Iterator[bytes]:
    """
    ``records`` as a file, piece by piece; in VB+BDW one record a block.

    Raises:
        Rejected: ``E_FW_LONG``.
    """
    for record in records:
        if len(record) + _WORD * form.variable > form.lrecl:
            raise Rejected("E_FW_LONG", f"a record of {len(record)} bytes", "lrecl", f"{form.lrecl}")
        if not form.variable:
            yield record.ljust(form.lrecl, bytes([blank]))
            continue
        described = _word(len(record)) + record
        yield described if form.recfm is Recfm.VB else _word(len(described)) + described


def refuse_text_mode(head: bytes, form: Format) -> None:
    """
    Refuse fixed records whose beginning shows line ends behind the first two of them.

    For files that were refused for something else, which this explains: a sound record may begin with
    anything.  Lengths drift, but 100 records of 200 bytes with CR LF behind them are a multiple again.

    Args:
        head: Two records and some bytes, or all there is.

    Raises:
        Rejected: ``E_FW_LENGTH``.
    """
    if form.variable:
        return
    for end in _LINE_ENDS:
        places = (form.lrecl, 2 * form.lrecl + len(end))
        if len(head) > form.lrecl and all(head.startswith(end, at) for at in places if at < len(head)):
            what = f"a line end ({end.hex().upper()}) behind record 1; text-mode transfer?"
            raise Rejected("E_FW_LENGTH", what, f"byte {form.lrecl}", f"records of {form.lrecl} bytes")


def _word(length: int) -> bytes:
    return (length + _WORD).to_bytes(2, "big") + b"\x00\x00"


def _fixed(chunks: Iterable[bytes], lrecl: int) -> Iterator[Raw]:
    number = offset = 0
    rest = head = b""
    for chunk in chunks:
        block = rest + chunk if rest else chunk
        head = head or block[: 2 * lrecl + _LONGEST_END]
        whole = len(block) - len(block) % lrecl
        for start in range(0, whole, lrecl):
            number += 1
            yield Raw(number, offset + start, block[start : start + lrecl])
        offset += whole
        rest = block[whole:]
    if rest:
        refuse_text_mode(head, Format(Recfm.FB, lrecl))
        what = f"the file ends {len(rest)} bytes into record {number + 1}{_hint(rest)}"
        raise Rejected("E_FW_LENGTH", what, f"byte {offset}", f"records of {lrecl} bytes")


def _hint(rest: bytes) -> str:
    """Why there is something left, when the end of the file shows it."""
    return "; text-mode transfer?" if {rest[-2:], rest[-1:]}.intersection(_LINE_ENDS) else ""


class _Described(NamedTuple):
    """What stands behind one descriptor word; ``offset`` is where the data begin."""

    offset: int
    data: bytes


def _words(chunks: Iterable[bytes], most: int, name: str, base: int = 0) -> Iterator[_Described]:
    least = _BLOCK if name == "BDW" else _WORD
    offset = base
    rest = b""
    for chunk in chunks:
        block = rest + chunk if rest else chunk
        at = 0
        while len(block) - at >= _WORD:
            length = _length(block, at, offset + at, (least, most), name)
            if len(block) - at < length:
                break
            yield _Described(offset + at + _WORD, block[at + _WORD : at + length])
            at += length
        offset += at
        rest = block[at:]
    if rest:
        what = f"{len(rest)} bytes are left"
        if len(rest) >= _WORD:
            what = f"{name} says {int.from_bytes(rest[:2], 'big')} bytes, but {len(rest)} are left"
        raise Rejected("E_FW_RDW", what, f"byte {offset}", "a whole record behind its descriptor word")


def _length(block: bytes, at: int, offset: int, span: tuple[int, int], name: str) -> int:
    word = block[at : at + 2]
    length = int.from_bytes(word, "big")
    least, most = span
    if length < least or length > most:
        what = f"{name} says {length} bytes" + ("; text-mode transfer?" if word in _DRIFTED else "")
        raise Rejected("E_FW_RDW", what, f"byte {offset}", f"{least} to {most}")
    if block[at + 2 : at + _WORD] != b"\x00\x00":
        what = f"{name} has control bytes {block[at + 2 : at + _WORD].hex().upper()}"
        raise Rejected("E_FW_RDW", what, f"byte {offset}", "0000: records that span no blocks")
    return length


def _records(described: Iterable[_Described]) -> Iterator[Raw]:
    for number, (offset, data) in enumerate(described, 1):
        yield Raw(number, offset, data)


def _blocked(chunks: Iterable[bytes], lrecl: int) -> Iterator[Raw]:
    blocks = _words(chunks, MAX_RECORD, "BDW")
    return _records(one for block in blocks for one in _words((block.data,), lrecl, "RDW", block.offset))
