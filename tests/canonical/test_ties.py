"""
Which relationships of TMF622 tie items, and in which direction.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from canonical.order import ItemRelationship, OfferingRef, Order, OrderItem
from canonical.states import Action, State
from canonical.ties import TIES, left_alone, tied

# TMF622 v5.0.0, ProductOrderItemRelationshipType, in its order.
WORDS = ("migratesTo", "bundles", "bundledBy", "reliesOn", "enables", "requires", "dependsOn", "brings")


def item(name: str, *ties: tuple[str, str]) -> OrderItem:
    """An item that says ``word other`` of others."""
    return OrderItem(
        id=name,
        action=Action.ADD,
        product_offering=OfferingRef(id=f"offer-{name}"),
        product_order_item_relationship=tuple(
            ItemRelationship(id=other, relationship_type=word) for word, other in ties
        ),
    )


def order_of(*items: OrderItem) -> Order:
    return Order(
        id="OL1",
        state=State.IN_PROGRESS,
        version=1,
        creation_date=datetime(2026, 3, 2, tzinfo=UTC),
        rules_version="r-1",
        channel=(),
        product_order_item=items,
    )


def test_every_word_of_tmf622_is_decided():
    """And no other is made up."""
    assert set(WORDS) == set(TIES)


@pytest.mark.parametrize(
    ("word", "without_the_other", "without_it"),
    [
        pytest.param("reliesOn", False, True, id="relies on"),
        pytest.param("requires", False, True, id="requires"),
        pytest.param("dependsOn", False, True, id="depends on"),
        pytest.param("enables", True, False, id="enables"),
        pytest.param("brings", True, False, id="brings"),
        pytest.param("bundles", False, False, id="bundles"),
        pytest.param("bundledBy", False, False, id="is bundled by"),
        pytest.param("migratesTo", False, False, id="migrates to"),
        pytest.param("accompanies", True, True, id="a word of somebody's own"),
    ],
)
def test_who_can_be_without_whom(word, without_the_other, without_it):
    """Item 1 says the word of item 2."""
    order = order_of(item("1", (word, "2")), item("2"))

    assert without_the_other is (left_alone(order, {"2"}) is None)
    assert without_it is (left_alone(order, {"1"}) is None)
    assert left_alone(order, {"1", "2"}) is None
    assert (["2"] if word in TIES else []) == [one for one, _ in tied(order.product_order_item[0])]


def test_in_words():
    """Who needs what is said as it was said in the order."""
    assert ("2", "item 1 reliesOn it") == left_alone(order_of(item("1", ("reliesOn", "2")), item("2")), {"2"})
    assert ("1", "it enables item 2") == left_alone(order_of(item("1", ("enables", "2")), item("2")), {"1"})


def test_what_is_cancelled_needs_nothing_any_more():
    """It has gone already."""
    gone = msgspec.structs.replace(item("1", ("reliesOn", "2")), state=State.CANCELLED)
    assert left_alone(order_of(gone, item("2")), {"2"}) is None
