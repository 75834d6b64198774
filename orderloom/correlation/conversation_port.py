"""
Conversations in the store: drafts and their versions, tokens, joined parties, interactions, recommendations.

Parties stand here by ids that do not tell their aliases (:func:`canonical.keys.party_id`); tokens by their
hash alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from canonical.conversation import RecommendationState

__all__ = [
    "ConversationChanges",
    "ConversationReads",
    "ConversationRow",
    "ConversationTransaction",
    "DraftRow",
    "InteractionRow",
    "Kin",
    "PartyAliasRow",
    "RecommendationRow",
    "SeenRow",
    "TokenRow",
]


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation: who began it, and the customer by the first alias told; empty while none is known."""

    id: str
    party: str
    endpoint: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """
    A token that was handed out, by its SHA-256.

    Args:
        order_id: The draft that it was handed out with; empty when that was submitted already.
        endpoint: Who got it.
        used_by: What has used it, in words that a repeat of that document has too; empty while nothing has.
    """

    hash: str
    conversation: str
    order_id: str
    endpoint: str
    at: datetime
    expires: datetime
    used_by: str = ""
    used_at: datetime | None = None


KEPT_VERSIONS = 20
"""So many of a draft's versions are kept, whether anybody has seen them or not."""


@dataclass(frozen=True, slots=True)
class DraftRow:
    """
    One version of a draft: JSON of its ``OrderContent``, and the hash of the bytes that asked for it.

    The last :data:`KEPT_VERSIONS` are kept, and those that an endpoint has seen last: each holds all of the
    draft, and a draft may be saved without end.
    """

    order_id: str
    version: int
    endpoint: str
    at: datetime
    content: bytes
    native: str = ""


@dataclass(frozen=True, slots=True)
class SeenRow:
    """The version of a draft that an endpoint saved, or asked for, last."""

    order_id: str
    endpoint: str
    version: int


@dataclass(frozen=True, slots=True)
class PartyAliasRow:
    """An alias of a party that has several; ``id`` is that of a party which is known by it alone."""

    id: str
    party: str
    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kin:
    """A party that has several aliases: the type of each, by its id."""

    party: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InteractionRow:
    """One interaction; ``party`` is the alias by which the customer was named."""

    id: str
    party: str
    kind: str
    channel: str
    endpoint: str
    at: datetime
    text: str = ""
    native: str = ""


@dataclass(frozen=True, slots=True)
class RecommendationRow:
    """
    One recommendation.

    Args:
        order_id: The draft that waits for its answer; empty when none does.
        rule: The rule that made it; ``channels`` where it is shown.
        doc: JSON of the :class:`canonical.conversation.Recommendation`.
    """

    id: str
    party: str
    rule: str
    order_id: str
    channels: tuple[str, ...]
    state: RecommendationState
    at: datetime
    valid_until: datetime
    doc: bytes


@dataclass(slots=True)
class ConversationChanges:
    """What one transaction writes of conversations; rows are inserted, or updated by key."""

    conversations: dict[str, ConversationRow] = field(default_factory=dict)
    tokens: dict[str, TokenRow] = field(default_factory=dict)
    drafts: list[DraftRow] = field(default_factory=list)
    seen: dict[tuple[str, str], SeenRow] = field(default_factory=dict)
    parties: dict[str, PartyAliasRow] = field(default_factory=dict)
    interactions: dict[str, InteractionRow] = field(default_factory=dict)
    recommendations: dict[str, RecommendationRow] = field(default_factory=dict)


class ConversationReads(Protocol):
    """What transactions and people ask of conversations; takes no lock."""

    def conversations(self, ids: Iterable[str]) -> Mapping[str, ConversationRow]:
        """These conversations."""
        ...

    def conversations_of(self, parties: Iterable[str]) -> Sequence[str]:
        """Ids of the conversations with these parties, the oldest first."""
        ...

    def conversations_with(self, orders: Iterable[str]) -> Mapping[str, str]:
        """The conversation of each of these orders that belongs to one."""
        ...

    def orders_in(self, conversations: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Ids of the orders and drafts of each conversation, the oldest first."""
        ...

    def kin(self, parties: Iterable[str]) -> Mapping[str, Kin]:
        """The joined party of each of these aliases that belongs to one."""
        ...

    def drafts(self, orders: Iterable[str]) -> Mapping[str, tuple[DraftRow, ...]]:
        """The versions of each of these drafts, the oldest first."""
        ...

    def seen(self, orders: Iterable[str]) -> Mapping[tuple[str, str], int]:
        """The version that each endpoint has seen of these drafts, by (order id, endpoint)."""
        ...

    def interactions(self, parties: Iterable[str], limit: int) -> Mapping[str, tuple[InteractionRow, ...]]:
        """The last interactions of each of these parties, the newest first."""
        ...

    def recommendations_of(self, parties: Iterable[str]) -> Mapping[str, tuple[RecommendationRow, ...]]:
        """All recommendations made to each of these parties, the oldest first."""
        ...


class ConversationTransaction(ConversationReads, Protocol):
    """What only a transaction is asked; called after aliases and before orders."""

    def tokens(self, hashes: Iterable[str]) -> Mapping[str, TokenRow]:
        """These tokens, locked."""
        ...

    def recommendations(self, ids: Iterable[str]) -> Mapping[str, RecommendationRow]:
        """These recommendations, locked."""
        ...
