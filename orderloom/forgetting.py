"""
A customer is forgotten: his orders that have ended, and what else the store has of him.

An order at a time, each in a transaction of its own; broken off anywhere, it is said again and goes on.  An
order that still runs is left as it is: nobody could deliver to an address that was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import msgspec

from canonical.codec import decode, encode
from canonical.errors import CODES, Fault
from canonical.order import OrderContent
from canonical.parties import alias_of, aliases_of
from orderloom.correlation.conversation_port import ConversationChanges, InteractionRow
from orderloom.correlation.forgetting import forgotten, forgotten_content, forgotten_entry, is_forgotten
from orderloom.correlation.forgetting_port import Removed
from orderloom.correlation.port import (
    Changes,
    IntakeRow,
    JournalEntry,
    ParkedRow,
    ParkedState,
    Store,
    StoreBusy,
)
from orderloom.correlation.record import Record
from orderloom.engine.messages import Props

__all__ = ["Customer", "Fate", "Left", "find_customer", "forget_interactions", "forget_order"]

_PAGE: Final = 500
_MOST: Final = 1_000_000
"""More interactions than anybody has."""

_OPEN = (ParkedState.OPEN, ParkedState.REPLAYING)


@dataclass(frozen=True, slots=True)
class Customer:
    """
    Who is to be forgotten.

    Args:
        ids: Of the party, by each alias that is known to be his.
        orders: Ids of his orders and drafts.
        others: Of orders in which he is somebody else, such as the sales agent.
    """

    name: str
    ids: frozenset[str]
    orders: tuple[str, ...] = ()
    others: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """Why an order was left as it is."""

    order_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Fate:
    """
    What became of one order, or would.

    Args:
        natives: Messages whose bytes are removed.
    """

    order_id: str
    number: str
    natives: int
    before: bool = False


def find_customer(store: Store, name: str) -> Customer:
    """
    Everything that the store has under this party id, and under the aliases that belong to the same party.

    Reads all orders once.

    Raises:
        StoreError: The store cannot be read.
    """
    own = alias_of(name).id
    kin = store.kin([own]).get(own)
    ids = frozenset({own, *(kin.types if kin is not None else ())})
    orders, others, after = [], 0, ""
    while page := store.parties(after=after, limit=_PAGE):
        for order_id, parties in page:
            if any(alias.id in ids for alias in aliases_of(parties)):
                orders.append(order_id)
            elif any(one.party_or_party_role.id == name for one in parties):
                others += 1
        after = page[-1][0]
    return Customer(name, ids, (*orders, *_former(store, ids, set(orders))), others)


def _former(store: Store, ids: frozenset[str], known: set[str]) -> Iterator[str]:
    """Orders and drafts of his conversations that were his, and are somebody else's by now."""
    for orders in store.orders_in(store.conversations_of(ids)).values():
        for order_id in orders:
            if order_id not in known and _was_his(store, order_id, ids):
                yield order_id


def _was_his(store: Store, order_id: str, ids: frozenset[str]) -> bool:
    record = store.order(order_id)
    if record is None:
        return False
    pieces = (piece for one in record.amendments for piece in one.amendment.pieces)
    if any("relatedParty" in change.fields for piece in pieces for change in piece.changes):
        return True
    said = (decode(row.content, OrderContent) for row in store.drafts([order_id]).get(order_id, ()))
    return any(alias.id in ids for one in said for alias in aliases_of(one.related_party))


def forget_order(
    store: Store, order_id: str, *, actor: str, why: str, at: datetime, dry: bool = False
) -> Fate | Left:
    """
    Overwrite what is personal of one order, and remove the messages that it came in and was told by.

    Raises:
        StoreBusy: Nothing was changed; the same again.
        StoreError: The store cannot take it.
    """
    record = store.order(order_id)
    if record is None:
        return Left(order_id, "is not there any more")
    number = next((one.value for one in record.aliases if one.owner != "hub"), "")
    found = _Found(store, record)
    if (left := found.hindrance()) is not None:
        return Left(order_id, left)
    if is_forgotten(record.order):
        return Fate(order_id, number, len(found.natives), before=True)
    if not dry:
        _write(store, record, found, JournalEntry(order_id, at, "forgotten", _text(found, why), {}, actor))
    return Fate(order_id, number, len(found.natives))


@dataclass(slots=True)
class _Found:
    """What the store has of one order beside its record."""

    store: Store
    record: Record
    natives: set[str] = field(default_factory=set)
    intakes: dict[str, IntakeRow] = field(default_factory=dict)
    story: tuple[JournalEntry, ...] = ()
    parked: list[ParkedRow] = field(default_factory=list)
    drafts: ConversationChanges = field(default_factory=ConversationChanges)
    _needed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        record = self.record
        self.story = entries = tuple(self.store.journal(record.id))
        with self.store.begin() as tx:
            named = {one.data["intake"] for one in entries if "intake" in one.data}
            self.intakes.update(tx.intakes(named))
        for row in self.store.parked(None):
            if row.order_id == record.id:
                self.parked.append(row)
            elif row.state in _OPEN:
                self._needed.add(row.native)
        for draft in self.store.drafts([record.id]).get(record.id, ()):
            content = encode(forgotten_content(decode(draft.content, OrderContent)))
            self.drafts.drafts.append(replace(draft, content=content))
            self.natives.add(draft.native)
        self.natives |= {one.native for one in record.instructions} | {one.native for one in record.told}
        self.natives |= {one.data["native"] for one in entries if "native" in one.data}
        self.natives |= {one.native for one in self.parked}
        self.natives |= {hash_ for one in self.intakes.values() for hash_ in (one.native, one.ack)}
        self.natives |= self.store.natives_naming(record.id, record.order.creation_date)
        self.natives.discard("")

    def hindrance(self) -> str | None:
        """Why the order cannot be forgotten now."""
        if not self.record.order.state.terminal:
            return f"{self.record.order.state.value}: it has not ended"
        if any(row.state in _OPEN for row in self.parked) or self._needed & self.natives:
            return "a message of it is parked: replay or discard it first"
        if self.store.unsent_of([self.record.id], self.natives):
            return "a message of it has not left yet"
        return None


def _text(found: _Found, why: str) -> str:
    return f"personal data overwritten, {len(found.natives)} messages removed: {why}"


def _write(store: Store, record: Record, found: _Found, entry: JournalEntry) -> None:
    new = forgotten(record)
    keys = {f"envelope|{one.endpoint}|{one.envelope}" for one in found.intakes.values()}
    gone = {one.key for one in record.aliases} - {one.key for one in new.aliases}
    with store.begin() as tx:
        # In the order of locks; whoever sends again meanwhile is judged anew.
        tx.inbox(keys)
        tx.aliases(gone)
        known = tx.orders([record.id]).get(record.id)
        if known != record or tuple(store.journal(record.id)) != found.story:
            raise StoreBusy(f"order {record.id}: something came for it just now")
        tx.parked([one.id for one in found.parked])
        tx.apply(
            Changes(
                records=[(record, new)],
                parked={one.id: _unread(one) for one in found.parked},
                conversation=found.drafts,
                removed=Removed(keys, gone, {record.id}, set(found.intakes), found.natives),
                journal=[*map(forgotten_entry, found.story), entry],
            )
        )


def _unread(row: ParkedRow) -> ParkedRow:
    """A parked row without what it quotes of its message."""
    fault = Fault(code=row.code, what=CODES.get(row.code, ""))
    props = msgspec.structs.replace(decode(row.properties, Props), headers={})
    return replace(row, fault=encode(fault), properties=props.encoded())


def forget_interactions(
    store: Store, customer: Customer, *, actor: str, why: str, at: datetime, dry: bool = False
) -> int:
    """
    Overwrite what was said of a customer's visits and complaints, and write that he was forgotten.

    Returns how many there are.

    Raises:
        StoreBusy: Nothing was changed; the same again.
        StoreError: The store cannot take it.
    """
    rows = [one for of in store.interactions(customer.ids, _MOST).values() for one in of]
    if not dry:
        talk = ConversationChanges(interactions={one.id: replace(one, text="", native="") for one in rows})
        facts = {"party": alias_of(customer.name).id, "orders": str(len(customer.orders))}
        entry = JournalEntry("", at, "party_forgotten", f"a customer was forgotten: {why}", facts, actor)
        natives = set(_unneeded(store, rows))
        with store.begin() as tx:
            tx.apply(Changes(conversation=talk, removed=Removed(natives=natives), journal=[entry]))
    return len(rows)


def _unneeded(store: Store, rows: Iterable[InteractionRow]) -> Iterator[str]:
    natives = {one.native for one in rows} - {""}
    needed = {one.native for one in store.parked(None) if one.state in _OPEN}
    yield from natives - needed - store.unsent_of((), natives)
