"""
Conversations to columns and back; both databases share it.
"""

from __future__ import annotations

from canonical.codec import decode, encode
from canonical.conversation import RecommendationState

from .conversation_port import (
    ConversationRow,
    DraftRow,
    InteractionRow,
    PartyAliasRow,
    RecommendationRow,
    SeenRow,
    TokenRow,
)
from .rows import Instants, Row, Table

__all__ = [
    "CONVERSATION",
    "DRAFT",
    "INTERACTION",
    "PARTY_ALIAS",
    "RECOMMENDATION",
    "SEEN",
    "TOKEN",
    "ConversationRows",
]

CONVERSATION = Table("conversation", ("id",), ("party", "endpoint", "at"))
TOKEN = Table(
    "token",
    ("hash",),
    ("conversation", "order_id", "endpoint", "at", "expires", "used_by", "used_at"),
)
DRAFT = Table("draft", ("order_id", "version"), ("endpoint", "at", "content", "native"))
SEEN = Table("draft_seen", ("order_id", "endpoint"), ("version",))
PARTY_ALIAS = Table("party_alias", ("id",), ("party", "type", "at"))
INTERACTION = Table("interaction", ("id",), ("party", "kind", "channel", "endpoint", "at", "text", "native"))
RECOMMENDATION = Table(
    "recommendation",
    ("id",),
    ("party", "rule", "order_id", "channels", "state", "at", "valid_until", "doc"),
)


class ConversationRows:
    """The values of :mod:`.conversation_port` to rows and back, with the instants of one database."""

    def __init__(self, instants: Instants) -> None:
        self._at = instants

    def conversation_row(self, one: ConversationRow) -> Row:
        """Columns of :data:`CONVERSATION`."""
        return (one.id, one.party, one.endpoint, self._at.write(one.at))

    def conversation(self, row: Row) -> ConversationRow:
        """From columns of :data:`CONVERSATION`."""
        id_, party, endpoint, at = row
        return ConversationRow(id_, party, endpoint, self._at.read(at))

    def token_row(self, one: TokenRow) -> Row:
        """Columns of :data:`TOKEN`."""
        at, expires = self._at.write(one.at), self._at.write(one.expires)
        used = self._at.write_maybe(one.used_at)
        return (one.hash, one.conversation, one.order_id, one.endpoint, at, expires, one.used_by, used)

    def token(self, row: Row) -> TokenRow:
        """From columns of :data:`TOKEN`."""
        hash_, conversation, order_id, endpoint, at, expires, used_by, used = row
        return TokenRow(
            hash=hash_,
            conversation=conversation,
            order_id=order_id,
            endpoint=endpoint,
            at=self._at.read(at),
            expires=self._at.read(expires),
            used_by=used_by,
            used_at=self._at.read_maybe(used),
        )

    def draft_row(self, one: DraftRow) -> Row:
        """Columns of :data:`DRAFT`."""
        at = self._at.write(one.at)
        return (one.order_id, one.version, one.endpoint, at, one.content.decode(), one.native)

    def draft(self, row: Row) -> DraftRow:
        """From columns of :data:`DRAFT`."""
        order_id, version, endpoint, at, content, native = row
        return DraftRow(order_id, version, endpoint, self._at.read(at), content.encode(), native)

    @staticmethod
    def seen_row(one: SeenRow) -> Row:
        """Columns of :data:`SEEN`."""
        return (one.order_id, one.endpoint, one.version)

    def party_row(self, one: PartyAliasRow) -> Row:
        """Columns of :data:`PARTY_ALIAS`."""
        return (one.id, one.party, one.type, self._at.write(one.at))

    def interaction_row(self, one: InteractionRow) -> Row:
        """Columns of :data:`INTERACTION`."""
        at = self._at.write(one.at)
        return (one.id, one.party, one.kind, one.channel, one.endpoint, at, one.text, one.native)

    def interaction(self, row: Row) -> InteractionRow:
        """From columns of :data:`INTERACTION`."""
        id_, party, kind, channel, endpoint, at, text, native = row
        return InteractionRow(id_, party, kind, channel, endpoint, self._at.read(at), text, native)

    def recommendation_row(self, one: RecommendationRow) -> Row:
        """Columns of :data:`RECOMMENDATION`."""
        return (
            one.id,
            one.party,
            one.rule,
            one.order_id,
            encode(one.channels).decode(),
            one.state.value,
            self._at.write(one.at),
            self._at.write(one.valid_until),
            one.doc.decode(),
        )

    def recommendation(self, row: Row) -> RecommendationRow:
        """From columns of :data:`RECOMMENDATION`."""
        id_, party, rule, order_id, channels, state, at, until, doc = row
        return RecommendationRow(
            id=id_,
            party=party,
            rule=rule,
            order_id=order_id,
            channels=decode(channels, tuple[str, ...]),
            state=RecommendationState(state),
            at=self._at.read(at),
            valid_until=self._at.read(until),
            doc=doc.encode(),
        )
