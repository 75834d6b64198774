"""
What a batch has to know of conversations: loaded in the one lock order, before the orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from canonical.commands import Answer, RecordInteraction, Resume, SaveDraft, SubmitOrder
from canonical.conversation import TOKEN_TYPE, is_conversation, is_token
from canonical.parties import PARTY_TYPES, PartyAlias, alias_of
from canonical.states import State
from orderloom.correlation.conversation_port import (
    ConversationRow,
    DraftRow,
    InteractionRow,
    Kin,
    RecommendationRow,
    TokenRow,
)
from orderloom.correlation.port import Transaction
from orderloom.correlation.record import Record

from .items import Document, FromTimer, Item, Submission, item_documents
from .tokens import token_hash

__all__ = [
    "CONVERSATIONS",
    "INTERACTIONS",
    "MEMBERS",
    "QUESTION",
    "Talk",
    "party_keys",
    "resume_values",
    "tokens_in",
]

QUESTION = "rec|"
"""How the id of a recommendation begins."""

INTERACTIONS = 20
"""So many of a customer's last interactions are looked at."""

CONVERSATIONS, MEMBERS = 100, 50
"""So many of the last conversations of a customer, and of the last orders of one conversation."""


def party_keys(document: Document) -> Iterator[str]:
    """
    Inbox keys that are locked, and never taken, while a party is joined or something is proposed to it.

    Two documents about one customer must not each think that it is the only one.
    """
    aliases: Iterable[PartyAlias] = ()
    match document:
        case Submission():
            aliases = document.parties
        case RecordInteraction():
            aliases = (alias_of(document.party),)
    for alias in aliases:
        yield f"party|{alias.id}"


def resume_values(document: Document) -> Iterator[str]:
    """Alias values that a Resume asks about."""
    if isinstance(document, Resume) and not _by_token(document):
        yield document.about.value


def tokens_in(document: Document) -> Iterator[str]:
    """The tokens that a document shows."""
    match document:
        case Submission(command=SubmitOrder() | SaveDraft()) if document.command.conversation:
            if not is_conversation(document.command.conversation):
                yield document.command.conversation
        case Resume() if _by_token(document):
            yield document.about.value


def _by_token(ask: Resume) -> bool:
    return ask.about.type == TOKEN_TYPE or is_token(ask.about.value)


class Talk:
    """
    Conversations as a batch sees them; kept up to date by what the batch does.

    Args of note: ``members`` are the orders of each conversation, oldest first; ``minted`` the texts of the
    tokens that this batch hands out, which are never kept.
    """

    def __init__(self) -> None:
        self.tokens: dict[str, TokenRow] = {}
        self.minted: dict[str, str] = {}
        self.conversations: dict[str, ConversationRow] = {}
        self.members: dict[str, tuple[str, ...]] = {}
        self.kin: dict[str, Kin] = {}
        self.drafts: dict[str, tuple[DraftRow, ...]] = {}
        self.seen: dict[tuple[str, str], int] = {}
        self.interactions: dict[str, tuple[InteractionRow, ...]] = {}
        self.recommendations: dict[str, RecommendationRow] = {}
        self.proposed: dict[str, tuple[RecommendationRow, ...]] = {}

    def load(self, tx: Transaction, items: Sequence[Item], found: Mapping[str, tuple[str, ...]]) -> set[str]:
        """
        Everything that the documents of a batch speak of; returns the ids of orders to be loaded.

        Args:
            found: Order ids by the alias values that are asked for.
        """
        documents = [one for item in items for one in item_documents(item) if _talks(one)]
        questions = {question for item in items for question in _asks(item)}
        if not documents and not questions:
            return set()
        shown = {token_hash(text) for one in documents for text in tokens_in(one)}
        self.tokens.update(tx.tokens(shown))
        questions |= {one.question for one in documents if isinstance(one, Answer)}
        self.recommendations.update(tx.recommendations(questions))
        self.load_parties(tx, {alias.id for one in documents for alias in _aliases(one)})
        asked = {id_ for one in documents for value in resume_values(one) for id_ in found.get(value, ())}
        ids = {row.conversation for row in self.tokens.values()}
        ids |= {text for one in documents for text in _named(one)}
        ids |= set(tx.conversations_with(asked).values())
        ids |= set(tx.conversations_of(self._everybody(documents))[-CONVERSATIONS:])
        self.conversations.update(tx.conversations(ids))
        self.members.update((one, orders[-MEMBERS:]) for one, orders in tx.orders_in(ids).items())
        wanted = {order for one in ids for order in self.members.get(one, ())}
        wanted |= {row.order_id for row in self.tokens.values() if row.order_id}
        return wanted | {row.order_id for row in self.recommendations.values() if row.order_id}

    def load_parties(self, tx: Transaction, parties: Iterable[str]) -> None:
        """The joined parties of these aliases, and what happened to them."""
        fresh = set(parties) - self.interactions.keys()
        if not fresh:
            return
        self.kin.update(tx.kin(fresh))
        everyone = {id_ for one in fresh for id_ in self.known_as(one)} - self.interactions.keys()
        self.interactions.update(dict.fromkeys(everyone, ()))
        self.interactions.update(tx.interactions(everyone, INTERACTIONS))
        self.proposed.update(dict.fromkeys(everyone, ()))
        self.proposed.update(tx.recommendations_of(everyone))

    def load_drafts(self, tx: Transaction, records: Iterable[Record]) -> None:
        """The versions of drafts that are loaded and locked, or became orders, and who has seen which."""
        talked_of = {order for ids in self.members.values() for order in ids}
        ids = {one.id for one in records if one.order.state is State.DRAFT or one.id in talked_of}
        ids -= self.drafts.keys()
        if ids:
            self.drafts.update(dict.fromkeys(ids, ()))
            self.drafts.update(tx.drafts(ids))
            self.seen.update(tx.seen(ids))

    def known_as(self, party: str) -> tuple[str, ...]:
        """All aliases of the party that has this one, this one first."""
        kin = self.kin.get(party)
        return (party, *(id_ for id_ in kin.types if id_ != party)) if kin else (party,)

    def _everybody(self, documents: Iterable[Document]) -> set[str]:
        """Whoever is named by a customer's alias, under all aliases that are joined to it."""
        named = {
            alias.id
            for one in documents
            if isinstance(one, Resume) and not _by_token(one)
            for alias in _aliases(one)
        }
        return {id_ for one in named for id_ in self.known_as(one)}


def _talks(document: Document) -> bool:
    if isinstance(document, Submission):
        command = document.command
        return bool(document.parties) or isinstance(command, SaveDraft) or bool(command.conversation)
    return isinstance(document, Resume | RecordInteraction | Answer)


def _asks(item: Item) -> Iterator[str]:
    """The recommendation whose time for an answer is over."""
    if isinstance(item, FromTimer) and "question" in item.timer.data:
        yield item.timer.data["question"]


def _named(document: Document) -> Iterator[str]:
    """Ids of conversations that a document names."""
    if isinstance(document, Submission) and is_conversation(document.command.conversation):
        yield document.command.conversation
    if isinstance(document, Resume | Answer) and is_conversation(document.about.value):
        yield document.about.value


def _aliases(document: Document) -> Iterator[PartyAlias]:
    match document:
        case Submission():
            yield from document.parties
        case RecordInteraction():
            yield alias_of(document.party)
        case Resume() if document.about.type in PARTY_TYPES:
            yield PartyAlias(PARTY_TYPES[document.about.type], document.about.value)
        case Resume() if not document.about.type and not _by_token(document):
            yield alias_of(document.about.value)
