"""
Whose conversation it is: aliases that one document gives its customer are joined, and nothing else is.

Two customers that are known apart are never made one by a document: neither when each has aliases of its own,
nor when there would be two customer ids.
"""

from __future__ import annotations

from collections.abc import Sequence

from canonical.parties import CUSTOMER_ID, PartyAlias
from orderloom.correlation.conversation_port import ConversationRow, Kin, PartyAliasRow
from orderloom.correlation.port import JournalEntry

from .unit import Unit

__all__ = ["MOST_ALIASES", "belongs", "join"]

MOST_ALIASES = 50
"""So many aliases a customer may have: whatever is done for him looks at all of them."""


def belongs(unit: Unit, conversation: str, endpoint: str, parties: Sequence[PartyAlias], order: str) -> None:
    """Enter a conversation, or the customer of one that had none; ``order`` is what the document is about."""
    join(unit, parties, endpoint, order)
    talk = unit.talk
    known = talk.conversations.get(conversation)
    if known is None:
        known = unit.tx.conversations([conversation]).get(conversation)
    party = parties[0].id if parties else ""
    if known is not None and (known.party or not party):
        talk.conversations[conversation] = known
        return
    row = ConversationRow(
        conversation, party, known.endpoint if known else endpoint, known.at if known else unit.now
    )
    talk.conversations[conversation] = unit.changes.conversation.conversations[conversation] = row


def join(unit: Unit, parties: Sequence[PartyAlias], endpoint: str, order: str = "") -> None:
    """Join what one document calls its customer."""
    if len(parties) < 2:
        return
    talk, parties = unit.talk, parties[: MOST_ALIASES + 1]
    talk.load_parties(unit.tx, (one.id for one in parties))
    types = {one.id: one.type for one in parties}
    joined = {talk.kin[id_].party: talk.kin[id_] for id_ in types if id_ in talk.kin}
    everyone = {**{id_: type_ for kin in joined.values() for id_, type_ in kin.types.items()}, **types}
    if len(joined) > 1 or sum(type_ == CUSTOMER_ID for type_ in everyone.values()) > 1:
        _apart(unit, "a document gives one customer aliases of two: they are not joined", endpoint, order)
        return
    if len(everyone) > MOST_ALIASES:
        text = f"a customer would have more than {MOST_ALIASES} aliases: they are not joined"
        _apart(unit, text, endpoint, order)
        return
    party = next(iter(joined), parties[0].id)
    kin = Kin(party, everyone)
    for id_, type_ in everyone.items():
        if id_ not in talk.kin:
            unit.changes.conversation.parties[id_] = PartyAliasRow(id_, party, type_, unit.now)
        talk.kin[id_] = kin


def _apart(unit: Unit, text: str, endpoint: str, order: str) -> None:
    unit.changes.journal.append(JournalEntry(order, unit.now, "parties_apart", text, {}, endpoint))
