"""
``orderloom conversation``: what one customer has said across channels, and what is to be proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
import msgspec

from canonical.codec import decode, encode
from canonical.conversation import Recommendation, is_conversation
from canonical.errors import shown
from canonical.order import Order
from canonical.parties import alias_of, aliases_of
from canonical.states import State
from orderloom.correlation.conversation_port import ConversationRow, InteractionRow, RecommendationRow
from orderloom.correlation.port import Store

from .context import Here, Refused, here, say
from .text import counted, instant, table

__all__ = ["conversation"]

# Of a customer; the store may hold more.
_INTERACTIONS = 20


@dataclass(frozen=True, slots=True)
class _Talk:
    """What there is under a key."""

    conversations: tuple[ConversationRow, ...]
    orders: tuple[Order, ...]
    interactions: tuple[InteractionRow, ...]
    recommendations: tuple[RecommendationRow, ...]


@click.group()
def conversation() -> None:
    """
    One customer's business across channels: drafts, orders, interactions, recommendations.

    Example:
      orderloom conversation show email:ada@example.com
    """


@conversation.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
@here
def show(place: Here, key: str, *, as_json: bool) -> None:
    """
    Show the conversations that anybody knows by KEY.

    KEY is a conversation's id, an id of one of its orders, or a customer's alias: a bare customer id, or
    email:…, phone:…, account:…, loyaltyId:….  Aliases that a document has named together lead to the same
    customer.  Tokens are kept as their hash only: by one of them nothing is found here.

    Example:
      orderloom conversation show CV6555NN4VZ7VJJQ35
      orderloom conversation show email:ada@example.com
    """
    with place.store() as store:
        talk = _talk(store, key.strip())
    if as_json:
        click.echo(encode(_plain(talk)))
    else:
        lines = list(_lines(talk))
        say(lines if talk.conversations else lines[1:])  # orders of whoever does not speak of conversations


def _talk(store: Store, key: str) -> _Talk:
    """
    Everything under a key.

    Raises:
        Refused: Nothing is known by it.
    """
    orders = {order_id for _, order_id in store.find(key)}
    ids = {key} if is_conversation(key) else set(store.conversations_with(orders).values())
    named = _kin(store, [alias_of(key).id])
    ids |= set(store.conversations_of(named))
    rows = sorted(store.conversations(ids).values(), key=lambda row: (row.at, row.id))
    orders |= {one for members in store.orders_in(ids).values() for one in members}
    found = [record.order for one in sorted(orders) if (record := store.order(one)) is not None]
    parties = [*named, *(row.party for row in rows if row.party)]
    parties += [alias.id for order in found for alias in aliases_of(order.related_party)]
    everyone = _kin(store, parties)
    interactions = _flat(store.interactions(everyone, _INTERACTIONS))
    proposed = _flat(store.recommendations_of(everyone))
    if not (rows or found or interactions):
        allowed = "a conversation's id, an order's, or a customer's alias"
        raise Refused("E_NOT_FOUND", f"no conversation {shown(key)}", "", allowed)
    return _Talk(
        conversations=tuple(rows),
        orders=tuple(sorted(found, key=lambda one: (one.creation_date, one.id))),
        interactions=tuple(sorted(interactions, key=lambda row: (row.at, row.id), reverse=True)),
        recommendations=tuple(sorted(proposed, key=lambda row: (row.at, row.id))),
    )


def _kin(store: Store, parties: Iterable[str]) -> list[str]:
    """These parties by all aliases that are joined to them."""
    chosen = list(dict.fromkeys(parties))
    joined = store.kin(chosen)
    found = (id_ for one in chosen for id_ in (one, *(joined[one].types if one in joined else ())))
    return list(dict.fromkeys(found))


def _flat(rows: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    return [one for some in rows.values() for one in some]


def _lines(talk: _Talk) -> Iterator[str]:
    for row in talk.conversations:
        yield f"{row.id}  begun {instant(row.at)} by {row.endpoint}"
    yield from _section("drafts", [_order(one) for one in talk.orders if one.state is State.DRAFT])
    yield from _section("orders", [_order(one) for one in talk.orders if one.state is not State.DRAFT])
    yield from _section(
        "interactions", [(instant(one.at), one.kind, one.endpoint, one.text) for one in talk.interactions]
    )
    yield from _section("recommendations", list(map(_recommendation, talk.recommendations)))


def _section(name: str, rows: list[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield from ("", name)
        yield from table(rows)


def _order(order: Order) -> tuple[str, ...]:
    items = counted(len(order.product_order_item), "item")
    done = f"{order.progress.done}/{order.progress.total} lines done" if order.progress.total else ""
    who = ", ".join(f"{one.role.value} {one.endpoint}" for one in order.channel)
    return (order.id, order.state.value, f"version {order.version}", items, done, who)


def _recommendation(row: RecommendationRow) -> tuple[str, ...]:
    made = decode(row.doc, Recommendation)
    until = f"until {instant(made.answer_by or row.valid_until)}"
    about = f"for {row.order_id}" if row.order_id else f"in {', '.join(row.channels)}"
    return (instant(row.at), row.rule, row.state.value, until, made.offering.id, about)


def _plain(talk: _Talk) -> dict[str, Any]:
    return {
        "conversations": [msgspec.to_builtins(row) for row in talk.conversations],
        "orders": talk.orders,
        "interactions": [msgspec.to_builtins(row) for row in talk.interactions],
        "recommendations": [
            {
                "state": row.state,
                "orderId": row.order_id,
                **msgspec.to_builtins(decode(row.doc, Recommendation)),
            }
            for row in talk.recommendations
        ],
    }
