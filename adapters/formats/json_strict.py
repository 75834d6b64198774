"""
Strict JSON: one document to plain values, with everything refused that readers silently disagree about.

Money never becomes binary floating point, a property named twice is no dictionary's choice, and nesting is
measured before any parser recurses.  Standard: RFC 8259, with the advice of RFC 7493 (I-JSON) made binding.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import NoReturn

from canonical.errors import Rejected, shown

from .json_node import Node, step
from .sniff import MAX_MESSAGE, refuse_unreadable

__all__ = ["MAX_DEPTH", "MAX_VALUES", "read_json"]

# TMF622 orders nest 12 deep; bundles of bundles perhaps 20.
MAX_DEPTH = 64
# An order of a thousand items has 60,000 values; each costs some 60 bytes of ours, whatever it cost the
# sender.
MAX_VALUES = 200_000

# Bytes of one text as it is written, and characters of a name that is not ASCII: escapes cost the parser ten
# times their length, and what looks like other characters is folded to as many as eighteen for one.
_MAX_TEXT = 256 * 1024
_MAX_NAME = 128

# Longest number, in characters, and largest power of ten: beyond, arithmetic gets slow before it gets wrong.
_MAX_NUMBER = 64
_MAX_EXPONENT = 30
_EXPONENT_DIGITS = 2

_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_DEEPER = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
# Escapes that can stand for a control character or half a surrogate pair.
_SUSPICIOUS_ESCAPE = re.compile(r"\\[ubf]")
_DELETE_AND_C1 = re.compile(r"[\x7f-\x9f]")
_BAD_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class _Mark:
    """
    A value the parser met and that must not be used; it stands in the tree so that its path can be told.
    """

    __slots__ = ("allowed", "code", "value", "what")

    def __init__(self, code: str, what: str, allowed: str, value: object = None) -> None:
        self.code, self.what, self.allowed, self.value = code, what, allowed, value


def read_json(data: bytes, *, limit: int = MAX_MESSAGE, max_depth: int = MAX_DEPTH) -> Node:
    """
    The document's top-level object.

    Args:
        data: UTF-8 without a byte order mark.
        limit: Largest message, in bytes.
        max_depth: Deepest nesting of arrays and objects together.

    Raises:
        Rejected: ``E_EMPTY``, ``E_TOO_LARGE``, ``E_BOM``, ``E_FORMAT_SNIFF``, ``E_ENCODING``, ``E_DEPTH``,
            ``E_RECORDS``, ``E_FIELD_SIZE`` (a text of more than 256 KiB, a name), ``E_JSON_SYNTAX``,
            ``E_JSON_DUPKEY``, ``E_NUMBER``, ``E_CONTROL_CHAR`` or ``E_TYPE``, with a path, or line, column
            and byte.
    """
    refuse_unreadable(data, "JSON", limit=limit)
    text = _decoded(data)
    _refuse_depth(_refuse_crowds(data), data, max_depth)
    marks: list[_Mark] = []
    value = _parsed(text, marks)
    if marks or _suspicious(text):
        _refuse_marked(value)
    if not isinstance(value, dict):
        raise Rejected("E_TYPE", f"the document is {kind(value)}", "$", "an object")
    return Node(value)


def kind(value: object) -> str:
    """
    What JSON calls a value.
    """
    return Node(value).kind


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"byte {data[error.start]:#04x} is not UTF-8 here"
        raise Rejected("E_ENCODING", what, f"byte {error.start}", "UTF-8") from None


def _refuse_crowds(data: bytes) -> bytes:
    """
    Refuse more values than any order has, counted before anything is built for them.

    Returns:
        What stands outside of strings.
    """
    # Escapes stand inside strings only; without those of quotes, each second piece between quotes is outside.
    bare = data.replace(rb"\\", b"__").replace(rb"\"", b"__")
    # A value has a name and perhaps is a string: four quotes.
    if bare.count(b'"') <= 4 * MAX_VALUES:
        pieces = bare.split(b'"')
        _refuse_long(pieces, data)
        outside = b"".join(pieces[::2])
        if outside.count(b"{") + outside.count(b"[") + outside.count(b",") <= MAX_VALUES:
            return outside
    raise Rejected("E_RECORDS", "too many values", "$", f"at most {MAX_VALUES} in a message")


def _refuse_long(pieces: list[bytes], data: bytes) -> None:
    """Every other piece is a text."""
    longest = max(map(len, pieces[1::2]), default=0)
    if longest <= _MAX_TEXT:
        return
    number = next(n for n in range(1, len(pieces), 2) if len(pieces[n]) > _MAX_TEXT)
    before = data[: sum(map(len, pieces[:number])) + number - 1].decode()
    what, allowed = f"a text of {len(pieces[number])} bytes", f"at most {_MAX_TEXT} bytes"
    raise Rejected("E_FIELD_SIZE", what, _place(before, len(before)), allowed)


def _refuse_depth(outside: bytes, data: bytes, limit: int) -> None:
    brackets = outside.translate(None, _NO_BRACKETS)
    if max(accumulate(map(_DEEPER.__getitem__, brackets)), default=0) > limit:
        raise Rejected("E_DEPTH", "nested too deep", _deep_place(data, limit), f"at most {limit} levels")


def _deep_place(data: bytes, limit: int) -> str:
    """
    The byte of the bracket that goes too deep; slow, and needed once.
    """
    depth, inside, escaped = 0, False, False
    for offset, byte in enumerate(data):
        if escaped:
            escaped = False
        elif inside:
            escaped, inside = byte == ord("\\"), byte != ord('"')
        elif byte == ord('"'):
            inside = True
        else:
            depth += _DEEPER.get(byte, 0)
            if depth > limit:
                before = data[:offset].decode()
                return _place(before, len(before))
    return "$"


def _parsed(text: str, marks: list[_Mark]) -> object:
    decoder = json.JSONDecoder(
        object_pairs_hook=lambda pairs: _object(pairs, marks),
        parse_int=lambda digits: _integer(digits, marks),
        parse_float=lambda digits: _decimal(digits, marks),
        parse_constant=lambda name: _marked(marks, _no_number(name)),
    )
    try:
        value: object = decoder.decode(text)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        code = "E_CONTROL_CHAR" if reason.startswith("invalid control") else "E_JSON_SYNTAX"
        raise Rejected(code, reason, _place(text, error.pos), "one JSON object") from None
    return value


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"line {line} column {column} at byte {len(text[:position].encode())}"


def _object(pairs: list[tuple[str, object]], marks: list[_Mark]) -> dict[str, object]:
    found = dict(pairs)
    if len(set(map(str.casefold, found))) != len(pairs) or not "".join(found).isascii():
        _mark_twins(pairs, found, marks)
    return found


def _mark_twins(pairs: list[tuple[str, object]], found: dict[str, object], marks: list[_Mark]) -> None:
    """
    Mark properties that are the same name, or would be to somebody who folds case or width.
    """
    seen: set[str] = set()
    for key, _ in pairs:
        if len(key) > _MAX_NAME:
            what, allowed = f"a name of {len(key)} characters", f"at most {_MAX_NAME} characters"
            found[key] = _marked(marks, _Mark("E_FIELD_SIZE", what, allowed))
            continue
        folded = unicodedata.normalize("NFKC", key).casefold()
        if folded in seen:
            found[key] = _marked(
                marks, _Mark("E_JSON_DUPKEY", f"{shown(key)} is named twice", "each name once")
            )
        seen.add(folded)


def _integer(digits: str, marks: list[_Mark]) -> object:
    return int(digits) if len(digits) <= _MAX_NUMBER else _marked(marks, _no_number(digits))


def _decimal(digits: str, marks: list[_Mark]) -> object:
    exponent = digits.lower().partition("e")[2].lstrip("+-0")
    if len(digits) <= _MAX_NUMBER and len(exponent) <= _EXPONENT_DIGITS:
        value = Decimal(digits)
        if abs(value.adjusted()) <= _MAX_EXPONENT:
            return value
    return _marked(marks, _no_number(digits))


def _no_number(digits: str) -> _Mark:
    allowed = f"at most {_MAX_NUMBER} characters, powers of ten up to {_MAX_EXPONENT}"
    return _Mark("E_NUMBER", f"{shown(digits)} is no number to count with", allowed)


def _marked(marks: list[_Mark], mark: _Mark) -> _Mark:
    marks.append(mark)
    return mark


def _suspicious(text: str) -> bool:
    """
    Whether a string in the document may hold what no text should; a no is certain, and quick.
    """
    if "\\" in text and _SUSPICIOUS_ESCAPE.search(text):
        return True
    return "\x7f" in text if text.isascii() else bool(_DELETE_AND_C1.search(text))


def _refuse_marked(value: object) -> None:
    """
    Raise for the first mark or bad character in the document's order.
    """
    for where, each in _walk(value, "$"):
        if isinstance(each, _Mark):
            raise Rejected(each.code, each.what, where, each.allowed)
        if isinstance(each, str) and (found := _BAD_CHARACTER.search(each)):
            _refuse_character(found[0], where)


def _refuse_character(char: str, where: str) -> NoReturn:
    if char >= "\ud800":
        raise Rejected("E_ENCODING", f"half of a surrogate pair {shown(char)}", where, "whole characters")
    raise Rejected("E_CONTROL_CHAR", f"control character {shown(char)}", where, "tabs and line ends only")


def _walk(value: object, where: str) -> Iterator[tuple[str, object]]:
    """
    All values and property names with their paths; not recursive deeper than the depth limit allows.
    """
    yield where, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield where + step(key), key
            yield from _walk(each, where + step(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(each, f"{where}[{index}]")
