"""
Conversations on PostgreSQL: what is asked of them, and what one transaction writes.
"""

from __future__ import annotations

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
from .postgres_connection import Session
from .postgres_sql import INSTANTS, Asked, columns, keys, select, upsert
from .rows import Row, Table
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

__all__ = ["PostgresConversationReads", "locked_recommendations", "tokens", "writes"]

_ROWS = ConversationRows(INSTANTS)
_LOCKED = "for update"

_CONVERSATIONS = select(CONVERSATION)
_OF = "select id from conversation where party <> '' and party = any($1) order by at, id"
_WITH = "select id, conversation_id from orders where conversation_id <> '' and id = any($1)"
_IN = """
select conversation_id, id from orders where conversation_id <> '' and conversation_id = any($1)
order by conversation_id, created, id
"""
_KIN = """
select a.id, b.party, b.id, b.type from party_alias a join party_alias b on b.party = a.party
where a.id = any($1) order by 1, 3
"""
_TOKENS = f"{select(TOKEN)} {_LOCKED}"
_DRAFTS = select(DRAFT, "where order_id = any($1) order by order_id, version")
_SEEN = select(SEEN, "where order_id = any($1)")
_RECOMMENDATIONS = f"{select(RECOMMENDATION)} {_LOCKED}"
_OF_PARTIES = select(RECOMMENDATION, "where party = any($1) order by at, id")
_INTERACTIONS = f"""
select last.* from unnest($1) as given (id) cross join lateral (
    {select(INTERACTION, "where party = given.id order by at desc, id limit $2")}
) as last order by last.party, last.at desc, last.id
"""  # noqa: S608 -- names of ours

_PRUNE = f"""
delete from draft where order_id = any($1)
and version <= (select max(version) from draft d where d.order_id = draft.order_id) - {KEPT_VERSIONS}
and not exists (select 1 from draft_seen s where s.order_id = draft.order_id and s.version = draft.version)
"""  # noqa: S608 -- a number of ours

_UPSERT = {
    table.name: upsert(table)
    for table in (CONVERSATION, TOKEN, DRAFT, SEEN, PARTY_ALIAS, INTERACTION, RECOMMENDATION)
}


def tokens(db: Session, hashes: Iterable[str]) -> Mapping[str, TokenRow]:
    """These tokens, locked in the order of their hashes."""
    return {row[0]: _ROWS.token(row) for row in db.rows(_TOKENS, keys(hashes))}


def locked_recommendations(db: Session, ids: Iterable[str]) -> Mapping[str, RecommendationRow]:
    """These recommendations, locked in the order of their ids."""
    return {row[0]: _ROWS.recommendation(row) for row in db.rows(_RECOMMENDATIONS, keys(ids))}


def writes(changes: ConversationChanges) -> Iterable[Asked]:
    """What writes everything, each table in the order of its keys."""
    for table, rows in (
        (CONVERSATION, map(_ROWS.conversation_row, changes.conversations.values())),
        (TOKEN, map(_ROWS.token_row, changes.tokens.values())),
        (DRAFT, map(_ROWS.draft_row, changes.drafts)),
        (SEEN, map(_ROWS.seen_row, changes.seen.values())),
        (PARTY_ALIAS, map(_ROWS.party_row, changes.parties.values())),
        (INTERACTION, map(_ROWS.interaction_row, changes.interactions.values())),
        (RECOMMENDATION, map(_ROWS.recommendation_row, changes.recommendations.values())),
    ):
        if chosen := _latest(table, rows):
            yield _UPSERT[table.name], columns(table, chosen)
    if changes.drafts:
        yield _PRUNE, (keys({one.order_id for one in changes.drafts}),)


def _latest(table: Table, rows: Iterable[Row]) -> list[Row]:
    """The last row of each key, which may be of several columns, sorted by it."""
    width = len(table.key)
    found = {row[:width]: row for row in rows}
    return [found[key] for key in sorted(found)]


class PostgresConversationReads:
    """Implements :class:`~orderloom.correlation.conversation_port.ConversationReads`."""

    def look(self) -> AbstractContextManager[Session]:
        """A session to be read from."""
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
        found: dict[str, list[InteractionRow]] = defaultdict(list)
        for row in map(_ROWS.interaction, self._found(_INTERACTIONS, parties, limit)):
            found[row.party].append(row)
        return {one: tuple(rows) for one, rows in found.items()}

    def recommendations_of(self, parties: Iterable[str]) -> Mapping[str, tuple[RecommendationRow, ...]]:
        found: dict[str, list[RecommendationRow]] = defaultdict(list)
        for row in map(_ROWS.recommendation, self._found(_OF_PARTIES, parties)):
            found[row.party].append(row)
        return {one: tuple(rows) for one, rows in found.items()}

    def _found(self, statement: str, chosen: Iterable[str], *more: object) -> Sequence[Row]:
        wanted = set(chosen)
        if not wanted:
            return ()
        with self.look() as db:
            return db.rows(statement, keys(wanted), *more)
