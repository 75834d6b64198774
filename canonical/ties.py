"""
Which relationships between items of one order tie them: who cannot be without whom.

Source: TMF622 v5.0.0, ``ProductOrderItemRelationshipType``, an open list.  A word that is not here is kept
and told, and ties nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from .order import Order, OrderItem, every_item
from .states import State

__all__ = ["TIES", "Tie", "left_alone", "needs", "tied"]


class Tie(StrEnum):
    """Of an item and the one that it names: the first needs the second, is needed by it, or both."""

    NEEDS = "needs"
    NEEDED = "needed"
    BOTH = "both"


TIES: Final[Mapping[str, Tie]] = MappingProxyType(
    {
        "reliesOn": Tie.NEEDS,
        "requires": Tie.NEEDS,
        "dependsOn": Tie.NEEDS,
        # The same, said from the other end.
        "enables": Tie.NEEDED,
        "brings": Tie.NEEDED,
        # A bundle without one of its parts is not what was ordered, nor is the part without it.
        "bundles": Tie.BOTH,
        "bundledBy": Tie.BOTH,
        # The old goes because the new comes: one without the other leaves the customer with nothing, or two.
        "migratesTo": Tie.BOTH,
    }
)
"""By the word of the item that names the other."""


_BUNDLES = ("bundles", "bundledBy")


def tied(item: OrderItem) -> Iterator[tuple[str, bool]]:
    """
    Ids of the items that an item is tied to by what it says itself, whichever needs the other.

    The second says whether a bundle ties them: what it holds is tied to each other through it.
    """
    for one in item.product_order_item_relationship:
        if one.relationship_type in TIES:
            yield one.id, one.relationship_type in _BUNDLES


def needs(item: OrderItem) -> Iterator[tuple[str, str, str]]:
    """What an item says of who needs whom: (id of who needs, id of what is needed, the item's word)."""
    for one in item.product_order_item_relationship:
        tie = TIES.get(one.relationship_type)
        if tie in (Tie.NEEDS, Tie.BOTH):
            yield item.id, one.id, one.relationship_type
        if tie in (Tie.NEEDED, Tie.BOTH):
            yield one.id, item.id, one.relationship_type


def left_alone(order: Order, gone: Collection[str]) -> tuple[str, str] | None:
    """
    What would be left without something that it needs, if the items ``gone`` went; None when nothing is.

    Returns:
        Id of the item that is needed, and in words by whom.
    """
    if not gone:
        return None
    items = {one.id: one for one in every_item(order.product_order_item)}
    staying = {one.id for one in items.values() if one.id not in gone and one.state is not State.CANCELLED}
    for item in items.values():
        if item.state is State.CANCELLED:
            continue
        for who, whom, word in needs(item):
            if whom in gone and who in staying:
                return whom, f"item {who} {word} it" if who == item.id else f"it {word} item {who}"
    return None
