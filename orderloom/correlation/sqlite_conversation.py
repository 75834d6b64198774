"""
Conversations on SQLite: what is asked of them, and what one transaction writes.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from .conversation_port import (
    KEPT_VERSIONS,
    ConversationChanges,
    ConversationRow,
    DraftRow,
    InteractionRow,
    Kin,
    RecommendationRow,
    TokenRow,
)
from .rows import Row
from .rows_conversation import (
    CONVERSATION,
    DRAFT,
    INTERACTION,
    PARTY_ALIAS,
    RECOMMENDATION,
    SEEN,
    TOKEN,
    ConversationRows,
)
from .sqlite_sql import INSTANTS, key_list, select, upsert

__all__ = ["SqliteConversationReads", "locked_recommendations", "tokens", "write"]

_ROWS = ConversationRows(INSTANTS)
_KEYS = "in (select value from json_each(?))"

_CONVERSATIONS = select(CONVERSATION)
_OF = f"select id from conversation where party <> '' and party {_KEYS} order by at, id"  # noqa: S608
_WITH = f"select id, conversation_id from orders where conversation_id <> '' and id {_KEYS}"  # noqa: S608
_IN = f"""
select conversation_id, id from orders where conversation_id <> '' and conversation_id {_KEYS}
order by conversation_id, created, id
"""  # noqa: S608 -- words of ours
_KIN = f"""
select a.id, b.party, b.id, b.type from party_alias a join party_alias b on b.party = a.party
where a.id {_KEYS} order by 1, 3
"""  # noqa: S608 -- words of ours
_TOKENS = select(TOKEN)
_DRAFTS = select(DRAFT, f"where order_id {_KEYS} order by order_id, version")
_SEEN = select(SEEN, f"where order_id {_KEYS}")
_RECOMMENDATIONS = select(RECOMMENDATION)
_OF_PARTIES = select(RECOMMENDATION, f"where party {_KEYS} order by at, id")
_INTERACTIONS = select(INTERACTION, "where party = ? order by at desc, id limit ?")

_PRUNE = f"""
delete from draft where order_id {_KEYS}
and version <= (select max(version) from draft d where d.order_id = draft.order_id) - {KEPT_VERSIONS}
and not exists (select 1 from draft_seen s where s.order_id = draft.order_id and s.version = draft.version)
"""  # noqa: S608 -- words of ours

_UPSERT = {
    table.name: upsert(table)
    for table in (CONVERSATION, TOKEN, DRAFT, SEEN, PARTY_ALIAS, INTERACTION, RECOMMENDATION)
}


def tokens(db: sqlite3.Connection, hashes: Iterable[str]) -> Mapping[str, TokenRow]:
    """These tokens."""
    return {row[0]: _ROWS.token(row) for row in db.execute(_TOKENS, (key_list(hashes),))}


def locked_recommendations(db: sqlite3.Connection, ids: Iterable[str]) -> Mapping[str, RecommendationRow]:
    """These recommendations."""
    return {row[0]: _ROWS.recommendation(row) for row in db.execute(_RECOMMENDATIONS, (key_list(ids),))}


def write(db: sqlite3.Connection, changes: ConversationChanges) -> None:
    """Write everything; orders are there already."""
    for name, rows in (
        (CONVERSATION.name, map(_ROWS.conversation_row, changes.conversations.values())),
        (TOKEN.name, map(_ROWS.token_row, changes.tokens.values())),
        (DRAFT.name, map(_ROWS.draft_row, changes.drafts)),
        (SEEN.name, map(_ROWS.seen_row, changes.seen.values())),
        (PARTY_ALIAS.name, map(_ROWS.party_row, changes.parties.values())),
        (INTERACTION.name, map(_ROWS.interaction_row, changes.interactions.values())),
        (RECOMMENDATION.name, map(_ROWS.recommendation_row, changes.recommendations.values())),
    ):
        if chosen := list(rows):
            db.executemany(_UPSERT[name], chosen)
    if changes.drafts:
        db.execute(_PRUNE, (key_list(one.order_id for one in changes.drafts),))


class SqliteConversationReads:
    """Implements :class:`~orderloom.correlation.conversation_port.ConversationReads`."""

    def look(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection to be read from."""
        raise NotImplementedError

    def conversations(self, ids: Iterable[str]) -> Mapping[str, ConversationRow]:
        return {row[0]: _ROWS.conversation(row) for row in self._found(_CONVERSATIONS, ids)}

    def conversations_of(self, parties: Iterable[str]) -> Sequence[str]:
        return tuple(row[0] for row in self._found(_OF, parties))

    def conversations_with(self, orders: Iterable[str]) -> Mapping[str, str]:
        return {row[0]: row[1] for row in self._found(_WITH, orders)}

    def orders_in(self, conversations: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for conversation, order_id in self._found(_IN, conversations):
            found[conversation].append(order_id)
        return {one: tuple(ids) for one, ids in found.items()}

    def kin(self, parties: Iterable[str]) -> Mapping[str, Kin]:
        found: dict[str, tuple[str, dict[str, str]]] = {}
        for id_, party, other, type_ in self._found(_KIN, parties):
            found.setdefault(id_, (party, {}))[1][other] = type_
        return {id_: Kin(*one) for id_, one in found.items()}

    def drafts(self, orders: Iterable[str]) -> Mapping[str, tuple[DraftRow, ...]]:
        found: dict[str, list[DraftRow]] = defaultdict(list)
        for row in map(_ROWS.draft, self._found(_DRAFTS, orders)):
            found[row.order_id].append(row)
        return {one: tuple(rows) for one, rows in found.items()}

    def seen(self, orders: Iterable[str]) -> Mapping[tuple[str, str], int]:
        return {(row[0], row[1]): row[2] for row in self._found(_SEEN, orders)}

    def interactions(self, parties: Iterable[str], limit: int) -> Mapping[str, tuple[InteractionRow, ...]]:
        with self.look() as db:
            found = {
                one: tuple(map(_ROWS.interaction, db.execute(_INTERACTIONS, (one, limit))))
                for one in sorted(set(parties))
            }
        return {one: rows for one, rows in found.items() if rows}

    def recommendations_of(self, parties: Iterable[str]) -> Mapping[str, tuple[RecommendationRow, ...]]:
        found: dict[str, list[RecommendationRow]] = defaultdict(list)
        for row in map(_ROWS.recommendation, self._found(_OF_PARTIES, parties)):
            found[row.party].append(row)
        return {one: tuple(rows) for one, rows in found.items()}

    def _found(self, statement: str, keys: Iterable[str]) -> Sequence[Row]:
        chosen = key_list(keys)
        if chosen == "[]":
            return ()
        with self.look() as db:
            return db.execute(statement, (chosen,)).fetchall()
