from __future__ import annotations

import pytest

from canonical.errors import Rejected
from canonical.order import ItemRelationship, OfferingRef
from routes.catalogue import MAX_DEPTH, MAX_ITEMS, fill
from tests.routes.builders import EVERYTHING, content, item, rules_of

REFERENCES = rules_of(EVERYTHING).references


def rejected(one, where_of=None) -> str:
    """The refusal of this content, as its sender reads it."""
    with pytest.raises(Rejected) as caught:
        fill(one, REFERENCES, where_of)
    return str(caught.value)


def nested(depth: int):
    """An item at the bottom of so many levels."""
    one = item(str(depth))
    for level in range(depth - 1, 0, -1):
        one = item(str(level), "BUNDLE", "add", one)
    return one


def relation(name: str):
    return (ItemRelationship(id=name, relationship_type="reliesOn"),)


class TestFill:
    def test_name_and_category_come_from_the_catalogue(self):
        """Also for what a bundle holds."""
        [bundle] = fill(content(item("1", "BUNDLE", "add", item("2", "LINE"))), REFERENCES).product_order_item

        assert ("bundle", OfferingRef(id="BUNDLE", name="Bundle")) == (
            bundle.category,
            bundle.product_offering,
        )
        [line] = bundle.product_order_item
        assert ("internet", OfferingRef(id="LINE", name="Line")) == (line.category, line.product_offering)

    def test_nothing_else_changes(self):
        """Filling twice is filling once, and what the sender said stays."""
        one = content(
            item("1", quantity=5, line_ref="10", speed="fast"), customer="C-1", category="residential"
        )
        filled = fill(one, REFERENCES)

        assert filled == fill(filled, REFERENCES)
        assert (5, "10", "fast") == (
            filled.product_order_item[0].quantity,
            filled.product_order_item[0].line_ref,
            filled.product_order_item[0].product.value("speed"),
        )
        assert ("residential", one.related_party) == (filled.category, filled.related_party)

    @pytest.mark.parametrize(
        ("items", "said"),
        [
            pytest.param(
                [item("1"), item("2", "FONE")],
                "item 2: unknown offering 'FONE' (an id of the catalogue) [E_OFFERING]",
                id="unknown offering",
            ),
            pytest.param(
                [item("1", "BUNDLE", "add", item("2", "FONE"))],
                "item 2: unknown offering 'FONE' (an id of the catalogue) [E_OFFERING]",
                id="unknown offering in a bundle",
            ),
            pytest.param(
                [item(quantity=6)], "item 1: quantity 6 (1 to 5 of PHONE) [E_RANGE]", id="too many pieces"
            ),
            pytest.param([item(quantity=0)], "item 1: quantity 0 (1 to 5 of PHONE) [E_RANGE]", id="no piece"),
            pytest.param(
                [item(quantity=-1)], "item 1: quantity -1 (1 to 5 of PHONE) [E_RANGE]", id="negative"
            ),
            pytest.param(
                [item("1"), item("2"), item("1")],
                "item 1: item id '1' stands twice [E_DUPLICATE_LINE]",
                id="same id twice",
            ),
            pytest.param(
                [item("1", "BUNDLE", "add", item("1"))],
                "item 1: item id '1' stands twice [E_DUPLICATE_LINE]",
                id="same id in and out of a bundle",
            ),
            pytest.param(
                [item(product_order_item_relationship=relation("7"))],
                "item 1: 'reliesOn' names item '7' (the id of another item of the order) [E_VALUE]",
                id="relationship to nothing",
            ),
            pytest.param(
                [item(product_order_item_relationship=relation("1"))],
                "item 1: 'reliesOn' names item '1' (the id of another item of the order) [E_VALUE]",
                id="relationship to itself",
            ),
            pytest.param(
                [nested(MAX_DEPTH + 1)],
                "item 5: the item is nested too deep (at most 4 levels) [E_DEPTH]",
                id="too deep",
            ),
            pytest.param(
                [item(str(number)) for number in range(MAX_ITEMS + 1)],
                "items: the order has 1001 items (at most 1000) [E_RECORDS]",
                id="too many items",
            ),
            pytest.param(
                [item(action="noChange")],
                "items: no item asks for anything (at least one add, modify or delete) [E_ACTION]",
                id="nothing to do",
            ),
        ],
    )
    def test_what_the_catalogue_does_not_allow_is_refused(self, items, said):
        """In one sentence: where, what, what is allowed, code."""
        assert said == rejected(content(*items))

    def test_an_order_without_items_is_refused(self):
        """There is nothing to ask for."""
        empty = type(content())(product_order_item=())

        assert "items: the order has no items (at least one) [E_MISSING]" == rejected(empty)

    def test_the_sender_reads_its_own_words_for_the_place(self):
        """An EDI partner knows segments, not item ids."""
        said = rejected(content(item("1", "FONE")), lambda name: f"850/0001 PO1 line {name}")

        assert said.startswith("850/0001 PO1 line 1: unknown offering")

    @pytest.mark.parametrize("depth", range(1, MAX_DEPTH + 1))
    def test_bundles_may_be_nested_up_to_the_limit(self, depth):
        """The limit itself is allowed."""
        assert fill(content(nested(depth)), REFERENCES).product_order_item

    def test_an_order_may_have_the_largest_number_of_items(self):
        """The limit itself is allowed."""
        items = [item(str(number)) for number in range(MAX_ITEMS)]

        assert MAX_ITEMS == len(fill(content(*items), REFERENCES).product_order_item)
