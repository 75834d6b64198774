"""
Numbers as COBOL stores them: zoned (DISPLAY), packed (COMP-3) and binary (COMP, COMP-5), to values and back.

A number without decimals is an ``int``, one with decimals a ``Decimal`` of exactly that scale.
Source: IBM Enterprise COBOL for z/OS, Language Reference, USAGE clause; sign nibbles C A E F and D B.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from canonical.errors import Rejected, shown

from .fixed_codepage import CodePage
from .fixed_picture import Picture, Usage

__all__ = ["Number", "number_reader", "number_writer"]

Number = int | Decimal

_PLUS, _MINUS = frozenset("cfae"), frozenset("db")
_DIGITS = frozenset("0123456789")
# Trailing zeros behind the point (1.500000) are as good as none; a value with more than so many is a mistake.
_MAX_SHIFT = 64
# The last digit of a signed zoned number in ASCII, as file transfers translate it from EBCDIC.
_ASCII_PLUS, _ASCII_MINUS = "{ABCDEFGHI", "}JKLMNOPQR"


def number_reader(picture: Picture, usage: Usage, page: CodePage) -> Callable[[bytes, str], Number]:
    """
    What reads one field of bytes, given the place to name in a refusal.

    It raises ``Rejected``: ``E_FW_PACKED``, ``E_FW_SIGN``, ``E_FW_ZONED``, ``E_NUMBER`` or ``E_RANGE``.
    """
    match usage:
        case Usage.COMP_3:
            return lambda data, where: _unpack(data, picture, where)
        case Usage.COMP | Usage.COMP_5:
            return lambda data, where: _binary(data, picture, usage, where)
        case _:
            unzone = _unzone_ebcdic if page.ebcdic else _unzone_ascii
            return lambda data, where: unzone(data, picture, where)


def number_writer(picture: Picture, usage: Usage, page: CodePage) -> Callable[[Number, str], bytes]:
    """
    What writes one value, given the place to name in a refusal.

    It raises ``Rejected``: ``E_RANGE`` for what the picture cannot hold.
    """
    width = picture.width(usage)
    least, most = _bounds(picture, usage, width)

    def write(value: Number, where: str) -> bytes:
        number = _whole(value, picture.scale)
        if number is None or not least <= number <= most:
            raise Rejected("E_RANGE", f"{shown(value)} does not fit", where, picture.text)
        digits = str(abs(number)).zfill(picture.digits)
        match usage:
            case Usage.COMP_3:
                sign = "d" if number < 0 else "c" if picture.signed else "f"
                return bytes.fromhex((digits + sign).zfill(2 * width))
            case Usage.COMP | Usage.COMP_5:
                return number.to_bytes(width, "big", signed=picture.signed)
            case _:
                return _zoned(digits, picture, page, minus=number < 0)

    return write


def _bounds(picture: Picture, usage: Usage, width: int) -> tuple[int, int]:
    """The least and the largest number, without its point: COMP-5 holds what its bytes hold."""
    if usage is Usage.COMP_5:
        half: int = 1 << (8 * width - 1)
        return (-half, half - 1) if picture.signed else (0, 2 * half - 1)
    most: int = 10**picture.digits - 1
    return (-most if picture.signed else 0), most


def _whole(value: Number, scale: int) -> int | None:
    """``value`` times ten to the ``scale``; None when that is no whole number, or far too large."""
    sign, figures, exponent = Decimal(value).as_tuple()
    if not isinstance(exponent, int):
        return None
    shift = exponent + scale
    number, left = int("".join(map(str, figures))), 0
    if number and abs(shift) > _MAX_SHIFT:
        return None
    if shift < 0:
        number, left = divmod(number, 10**-shift) if number else (0, 0)
    elif number:
        number *= 10**shift
    return None if left else -number if sign else number


def _scaled(digits: str, picture: Picture, *, minus: bool) -> Number:
    if not picture.scale:
        return -int(digits) if minus else int(digits)
    text = digits.zfill(picture.scale)
    value = Decimal(f"{text[: -picture.scale]}.{text[-picture.scale :]}")
    return value.copy_negate() if minus and value else value


def _unpack(data: bytes, picture: Picture, where: str) -> Number:
    found = data.hex()
    digits, sign = found[:-1], found[-1]
    if not digits.isdecimal():
        raise Rejected("E_FW_PACKED", f"{found.upper()} is not packed decimal", where, "digits and a sign")
    minus = sign in _MINUS
    if not minus and sign not in _PLUS:
        raise Rejected("E_FW_SIGN", f"{found.upper()} ends without a sign", where, "C, D or F (A, B, E)")
    if minus and not picture.signed and int(digits):
        raise Rejected("E_FW_SIGN", f"{found.upper()} is negative", where, f"{picture.text}, without a sign")
    if len(digits) > picture.digits and digits[0] != "0":
        raise Rejected("E_FW_PACKED", f"{found.upper()} has a digit too many", where, picture.text)
    return _scaled(digits[-picture.digits :], picture, minus=minus)


def _binary(data: bytes, picture: Picture, usage: Usage, where: str) -> Number:
    number = int.from_bytes(data, "big", signed=picture.signed)
    digits = str(abs(number))
    if usage is Usage.COMP and len(digits) > picture.digits:
        raise Rejected("E_RANGE", f"{number} has too many digits", where, picture.text)
    return _scaled(digits, picture, minus=number < 0)


def _unzone_ebcdic(data: bytes, picture: Picture, where: str) -> Number:
    found = data.hex()
    zones, digits = found[::2], found[1::2]
    sign, body = zones[-1], digits[:-1]
    if zones[:-1].strip("f") or (body and not body.isdecimal()):
        raise _no_digits(data, where)
    if not picture.signed:
        if sign != "f" or not digits.isdecimal():
            raise _no_digits(data, where)
        return _scaled(digits, picture, minus=False)
    if digits[-1] not in _DIGITS or sign not in _PLUS | _MINUS:
        raise Rejected(
            "E_FW_ZONED", f"last byte {found[-2:].upper()} has no sign", where, "C0-C9, D0-D9, F0-F9"
        )
    return _scaled(digits, picture, minus=sign in _MINUS)


def _unzone_ascii(data: bytes, picture: Picture, where: str) -> Number:
    text = data.decode("latin-1")
    body, last = text[:-1], text[-1]
    if not _DIGITS.issuperset(body):
        raise _no_digits(data, where)
    if last in _DIGITS:
        return _scaled(text, picture, minus=False)
    if not picture.signed:
        raise _no_digits(data, where)
    for letters, minus in ((_ASCII_PLUS, False), (_ASCII_MINUS, True)):
        if last in letters:
            return _scaled(f"{body}{letters.index(last)}", picture, minus=minus)
    raise Rejected("E_FW_ZONED", f"last character {shown(last)} has no sign", where, "0-9, {, A-I, }, J-R")


def _no_digits(data: bytes, where: str) -> Rejected:
    return Rejected("E_NUMBER", f"{data[:16].hex().upper()} is not all digits", where, "digits only")


def _zoned(digits: str, picture: Picture, page: CodePage, *, minus: bool) -> bytes:
    if not picture.signed:
        return digits.encode(page.codec)
    body, last = digits[:-1], int(digits[-1])
    if page.ebcdic:
        return body.encode(page.codec) + bytes([(0xD0 if minus else 0xC0) + last])
    return f"{body}{(_ASCII_MINUS if minus else _ASCII_PLUS)[last]}".encode("ascii")
