"""
Bytes gone wrong on the way, made from good samples: cut, mixed up, recoded, of another format or none.

Everything is deterministic, so that a failure comes back.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from adapters.formats.sniff import MAX_MESSAGE

__all__ = ["another", "blots", "cuts", "damaged", "flips", "garbage", "oversize", "recoded"]

# A sample is cut at every byte up to this length, then at this many evenly spaced places.
_CUTS = 2048
# Blotted in every byte up to this length, then at this many places.
_BLOTS = 1200
# Digits that stand alone, in ASCII or in EBCDIC.
_NUMBER = re.compile(rb"(?<![0-9])[0-9]{2,}(?![0-9])|(?<![\xf0-\xf9])[\xf0-\xf9]{2,}(?![\xf0-\xf9])")


def another(number: bytes) -> bytes:
    """A control number of the same length: the last digit is another one."""
    return number[:-1] + bytes([number[-1] ^ 1])


def cuts(sample: bytes) -> Iterator[tuple[int, bytes]]:
    """``(length, beginning of sample)``: truncated at every byte, or at every k-th of a long sample."""
    for length in range(0, len(sample), _step(sample, _CUTS)):
        yield length, sample[:length]


def damaged(sample: bytes) -> Iterator[tuple[str, bytes]]:
    """``(what was done, bytes)``: one byte of ``sample`` replaced, lost or doubled, all along it."""
    step = max(1, len(sample) // 100)
    for at in range(0, len(sample), step):
        head, byte, tail = sample[:at], sample[at : at + 1], sample[at + 1 :]
        yield f"byte {at} set to FF", head + b"\xff" + tail
        yield f"byte {at} set to NUL", head + b"\x00" + tail
        yield f"byte {at} lost", head + tail
        yield f"byte {at} doubled", head + byte + byte + tail


def blots(sample: bytes) -> Iterator[bytes]:
    """
    ``sample`` with one byte replaced by a letter X, at each place in turn.

    Records with packed numbers may have text in ASCII or in EBCDIC: they are blotted with both.
    """
    letters = (b"X",) if _text(sample) is not None else (b"X", "X".encode("cp037"))
    for at, letter in itertools.product(range(0, len(sample), _step(sample, _BLOTS)), letters):
        if sample[at : at + 1] != letter:
            yield sample[:at] + letter + sample[at + 1 :]


def flips(sample: bytes) -> Iterator[bytes]:
    """
    ``sample`` with one digit replaced by its neighbour, at each place in turn; in EBCDIC too, as above.  Then
    with each number that stands there more than once (in header and trailer) replaced wherever it stands.
    """
    digits = b"0123456789" if _text(sample) is not None else b"0123456789" + "0123456789".encode("cp037")
    places = [at for at, byte in enumerate(sample) if byte in digits]
    for at in places[:: max(1, -(-len(places) // _BLOTS))]:
        yield sample[:at] + bytes([sample[at] ^ 1]) + sample[at + 1 :]
    for number, times in Counter(_NUMBER.findall(sample)).items():
        if times > 1:
            yield sample.replace(number, number[:-1] + bytes([number[-1] ^ 1]))


def recoded(sample: bytes) -> Mapping[str, bytes]:
    """``sample`` in code pages that were not agreed, by their names: ASCII for EBCDIC, and the reverse."""
    text = _text(sample)
    if text is None:
        text = sample.decode("cp037")
        other = {"ASCII": text.encode("ascii", "replace")}
    else:
        other = {"EBCDIC": text.encode("cp037", "replace")}
    return other | {name: text.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")}


def oversize(sample: bytes) -> bytes:
    """``sample`` and blanks after it, one byte more than a queue message may have."""
    return sample + b" " * (MAX_MESSAGE + 1 - len(sample))


def garbage(sample: bytes) -> Mapping[str, bytes]:
    """What no format is, or another one, by name; some are made from ``sample``."""
    return {
        "empty": b"",
        "blank": b" \r\n\t ",
        "nul": b"\x00" * 64,
        "noise": b"".join(hashlib.sha256(bytes([n])).digest() for n in range(32)),
        "utf-8 mark": b"\xef\xbb\xbf" + sample,
        "half a character": sample[: len(sample) // 2] + b"\xc3" + sample[len(sample) // 2 :],
        "overlong": b"\xc0\xaf" * 32,
        "twice": sample + sample,
        "tail": sample + b"\x00\x01\x02",
        "json": b'{"a":[1,2,{"b":null}]}',
        "json array": b"[]",
        "json word": b"null",
        "json huge number": b'{"a":1e999999999,"b":' + b"9" * 5000 + b"}",
        "json deep": b"[" * 100_000,
        "json deep objects": b'{"a":' * 100_000,
        "x12": b"ISA*00*~",
        "edifact": b"UNA:+.? 'UNB+UNOA:1'",
        "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 20,
        "long line": b"A" * 200_000,
    }


def _text(sample: bytes) -> str | None:
    """A sample in ASCII or UTF-8 as text; None for EBCDIC and for records with packed numbers."""
    try:
        return sample.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _step(sample: bytes, places: int) -> int:
    return max(1, -(-len(sample) // places))
