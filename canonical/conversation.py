"""
One customer's business across channels: what was said so far, and what should be proposed.

Words: an interaction is TMF683's PartyInteraction, a recommendation TMF680's.  Who asks sees what is its own,
or what the customer's token opens.
"""

from __future__ import annotations

import re
from enum import StrEnum

from .base import Canonical, Id, Instant, Text
from .order import OfferingRef, Order

__all__ = [
    "TOKEN_TYPE",
    "ConversationView",
    "Interaction",
    "Recommendation",
    "RecommendationState",
    "is_conversation",
    "is_token",
]

TOKEN_TYPE = "conversationToken"  # noqa: S105 - the type of an id, not a secret
"""Type under which an asker may say that what it names is a token."""

# Crockford's base 32; a token has 120 bits in six groups that can be read out over the telephone.
_DIGIT = "[0-9A-HJKMNP-TV-Z]"
_CONVERSATION = re.compile(rf"CV{_DIGIT}{{16}}", re.ASCII)
_TOKEN = re.compile(rf"R(-{_DIGIT}{{4}}){{6}}", re.ASCII)


def is_conversation(text: str) -> bool:
    """Whether it has the form of a conversation's id: ``CV`` and 16 characters."""
    return _CONVERSATION.fullmatch(text) is not None


def is_token(text: str) -> bool:
    """Whether it has the form of a token; small letters are as good as capital ones."""
    return _TOKEN.fullmatch(text.strip().upper()) is not None


class Interaction(Canonical, frozen=True):
    """
    Something that happened and is not an order; ``kind`` is ``complaint``, ``visit``, ``quote`` or the like.

    ``text`` is what was said of it, for people.
    """

    id: Id
    kind: Id
    at: Instant
    channel: Id
    endpoint: Id
    text: Text = ""


class RecommendationState(StrEnum):
    """What became of a recommendation."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Recommendation(Canonical, frozen=True):
    """
    What a channel should propose to the customer, and why.

    Args:
        id: Names it in an Answer: ``rec|`` and more.
        name: Of the rule that made it.
        offering: What a yes orders.
        text: The proposal, in words for the customer.
        reason: Why it is made, for whoever speaks with the customer.
        apology: What should be said first.
        made: Since when it stands; ``valid_until`` when it lapses.
        answer_by: Until when an order waits for the answer; None when none does.
    """

    id: Id
    name: Id
    offering: OfferingRef
    made: Instant
    valid_until: Instant
    text: Text = ""
    reason: Text = ""
    apology: Text = ""
    answer_by: Instant | None = None
    state: RecommendationState = RecommendationState.OPEN


class ConversationView(Canonical, frozen=True):
    """
    A conversation as one endpoint may see it.

    Args:
        id: Of the conversation; empty when all that was found are orders that belong to none.
        draft: The draft that was changed last.
        orders: Orders that have not ended, and further drafts, the oldest first.
        interactions: The customer's last, the newest first.
        recommendations: What should be proposed here and now.
        token: Resumes the conversation once, elsewhere; until ``token_until``.
    """

    id: Text = ""
    draft: Order | None = None
    orders: tuple[Order, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    token: Text = ""
    token_until: Instant | None = None
