"""
Numbers of mobile subscribers: what is one, by its length and its check digit.

A characteristic bears such a number when it is called so; a wrong one would be found out by the element
that it is provisioned on, hours later, or by the customer who got somebody else's calls.
Sources: ITU-T E.164 (MSISDN), E.212 (IMSI), E.118 (ICCID, check digit by Luhn's formula).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from canonical.errors import shown

__all__ = ["wrong_number"]

# Country code and number, at most 15 digits; the shortest there are (Niue, Saint Helena) have seven.
_MSISDN = re.compile(r"\+?[1-9][0-9]{6,14}")
# Country, network and subscriber: 15 digits, or 14 where the subscriber's part is short.
_IMSI = re.compile(r"[0-9]{14,15}")
# 89 for telecommunications; 19 digits, or 20 of issuers that were there before the rule.
_ICCID = re.compile(r"89[0-9]{17,18}")


def wrong_number(name: str, text: str) -> tuple[str, str] | None:
    """
    Why ``text`` cannot be the number that a characteristic called ``name`` bears, and what could; None for
    other names, for no text, and for a sound number.

    Names are ``msisdn``, ``imsi`` and ``iccid``, in capitals or not.
    """
    rule = _RULES.get(name.lower())
    if rule is None or not text or rule[0](text):
        return None
    return f"{shown(text)} is no {name.upper()}", rule[1]


def _is_iccid(text: str) -> bool:
    return bool(_ICCID.fullmatch(text)) and _luhn(text) % 10 == 0


def _luhn(digits: str) -> int:
    """Every second digit from the right counts twice, as the sum of its own digits."""
    twice = sum(sum(divmod(2 * int(one), 10)) for one in digits[-2::-2])
    return twice + sum(int(one) for one in digits[-1::-2])


_RULES: Mapping[str, tuple[Callable[[str], object], str]] = MappingProxyType(
    {
        "msisdn": (_MSISDN.fullmatch, "7 to 15 digits with the country code, no zero in front"),
        "imsi": (_IMSI.fullmatch, "14 or 15 digits"),
        "iccid": (_is_iccid, "19 or 20 digits, 89 in front, the last a check digit"),
    }
)
