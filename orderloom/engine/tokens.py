"""
Tokens: what a customer shows in one channel to go on with what was begun in another.

A token is no id of anything: it is random, good once and for some days, and kept as its hash only; it is
left out of the answers that are kept, too.  Who has it may see what the conversation holds; of one that is
not good nothing is told, not even why.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from canonical.commands import Origin
from canonical.errors import Rejected
from canonical.keys import content_hash, readable
from canonical.order import Order
from canonical.states import State
from orderloom.correlation.conversation_port import TokenRow

if TYPE_CHECKING:
    from .unit import Unit

__all__ = [
    "draft_of",
    "fill_in",
    "fresh_token",
    "issue",
    "leave_out",
    "places",
    "spend",
    "token_hash",
    "valid",
]

_GROUPS, _WIDTH = 6, 4

# What stands in kept bytes for a token: as long as one, and none, for no token has a U.
_PLACE = "R-UUUU-UUUU-UUUU-UUUU-{:04d}-{:04d}"

# Letters, digits and the hyphen stand in the same places in all code pages of either family.
_CODECS = ("ascii", "cp037")
_TOKEN_DIGITS, _DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789"


def fresh_token() -> str:
    """A token that nobody can guess: ``R-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX``."""
    text = readable(secrets.randbits(5 * _GROUPS * _WIDTH), _GROUPS * _WIDTH)
    return "-".join(["R", *(text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH))])


def token_hash(text: str) -> str:
    """Under which a token is kept."""
    return content_hash(text.strip().upper().encode())


def valid(unit: Unit, text: str, origin: Origin) -> TokenRow:
    """
    The token that a document shows; :func:`spend` it when the document is taken.

    A repeat of the very document that has used it is as good as the first.

    Raises:
        Rejected: ``E_TOKEN``: unknown, used, or run out.
    """
    row = unit.talk.tokens.get(token_hash(text))
    if row is None or row.expires <= unit.now or row.used_by not in ("", _user(origin)):
        what = "the token is unknown, was used, or has run out"
        raise Rejected("E_TOKEN", what, "token", "one that was handed out and not used")
    return row


def draft_of(order: Order) -> str:
    """The id of an order that is still a draft, for a token that leads to it; empty when it is none."""
    return order.id if order.state is State.DRAFT else ""


def spend(unit: Unit, row: TokenRow, origin: Origin) -> None:
    """Use a token up."""
    used = replace(row, used_by=_user(origin), used_at=unit.now)
    unit.talk.tokens[row.hash] = unit.changes.conversation.tokens[row.hash] = used


def issue(unit: Unit, endpoint: str, conversation: str, draft: str = "") -> TokenRow | None:
    """
    A token for ``endpoint`` to hand out, where its format has a word for it.

    Args:
        draft: Id of the draft that it is handed out with.
    """
    profile = unit.world.endpoints.get(endpoint)
    if profile is None or not conversation or not unit.hub.conversing(profile.channel):
        return None
    text = unit.hub.mint()
    row = TokenRow(
        hash=token_hash(text),
        conversation=conversation,
        order_id=draft,
        endpoint=endpoint,
        at=unit.now,
        expires=unit.now + timedelta(seconds=unit.hub.limits.token_for),
    )
    unit.talk.tokens[row.hash] = unit.changes.conversation.tokens[row.hash] = row
    unit.talk.minted[row.hash] = text
    return row


def leave_out(body: bytes, tokens: Mapping[int, str]) -> bytes:
    """
    An answer as it is kept: without the tokens that it hands out.

    Args:
        tokens: Each by its number, by which :func:`places` finds where it stood.
    """
    numbers = {text: number for number, text in tokens.items() if text}
    if not numbers:
        return body

    def place(text: str) -> str:
        number = numbers.get(text)
        return text if number is None else _PLACE.format(*divmod(number, 10_000))

    return _replaced(body, _SHOWN, place)


def places(body: bytes) -> frozenset[int]:
    """The numbers of the tokens that were left out of a kept answer."""
    found = (one[0].decode(codec) for codec, pattern in _PLACES.items() for one in pattern.finditer(body))
    return frozenset(map(_number, found))


def fill_in(body: bytes, tokens: Mapping[int, str]) -> bytes:
    """A kept answer with other tokens in the places of those that were left out."""
    return _replaced(body, _PLACES, lambda place: tokens.get(_number(place)) or place)


def _replaced(body: bytes, patterns: Mapping[str, re.Pattern[bytes]], change: Callable[[str], str]) -> bytes:
    """A message is written in one code page: where one has something to be changed, no other has."""
    for codec, pattern in patterns.items():
        changed = pattern.sub(partial(_encoded, codec, change), body)
        if changed != body:
            return changed
    return body


def _encoded(codec: str, change: Callable[[str], str], found: re.Match[bytes]) -> bytes:
    return change(found[0].decode(codec)).encode(codec)


def _patterns(*groups: tuple[str, int]) -> Mapping[str, re.Pattern[bytes]]:
    """By codec, what finds an R and so many groups of four of these characters."""
    return {codec: re.compile(_pattern(codec, groups)) for codec in _CODECS}


def _pattern(codec: str, groups: Iterable[tuple[str, int]]) -> bytes:
    start, hyphen = (re.escape(sign.encode(codec)) for sign in "R-")
    parts = (
        b"(?:%s[%s]{%d}){%d}" % (hyphen, re.escape(signs.encode(codec)), _WIDTH, times)
        for signs, times in groups
    )
    return start + b"".join(parts)


_SHOWN = _patterns((_TOKEN_DIGITS, _GROUPS))
_PLACES = _patterns(("U", _GROUPS - 2), (_DIGITS, 2))


def _number(place: str) -> int:
    return int(place.replace("-", "")[-2 * _WIDTH :])


def _user(origin: Origin) -> str:
    """The document that uses a token, the same when it is sent again."""
    return f"{origin.endpoint}|{origin.document_type}|{origin.document or origin.envelope}"
