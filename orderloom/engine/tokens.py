"""
Tokens: what a customer shows in one channel to go on with what was begun in another.

A token is no id of anything: it is random, good once and for some days, and kept as its hash only.  Who has
it may see what the conversation holds; of one that is not good nothing is told, not even why.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from canonical.commands import Origin
from canonical.errors import Rejected
from canonical.keys import content_hash, readable
from orderloom.correlation.conversation_port import TokenRow

if TYPE_CHECKING:
    from .unit import Unit

__all__ = ["fresh_token", "issue", "spend", "token_hash", "valid"]

_GROUPS, _WIDTH = 6, 4


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


def _user(origin: Origin) -> str:
    """The document that uses a token, the same when it is sent again."""
    return f"{origin.endpoint}|{origin.document_type}|{origin.document or origin.envelope}"
