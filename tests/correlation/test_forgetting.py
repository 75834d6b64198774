"""
What stays of an order whose customer is forgotten, field by field; of a whole store:
tests/engine/test_forgetting.py.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from canonical.order import Characteristic, ItemPrice, Money, Note, Product
from orderloom.correlation.forgetting import forgotten
from tests.correlation.build import Story, item, order_of, part

PRICE = ItemPrice(price_type="recurring", price=Money(value=Decimal("29.90"), unit="USD"))


def test_amounts_stay_and_what_was_said_goes():
    """What was agreed to be paid proves something; what stands on a gift does not."""
    greeting = Characteristic(name="greeting", value="Dear Ada")
    said = msgspec.structs.replace(
        item("1"),
        quantity=3,
        item_price=(PRICE,),
        product=Product(product_characteristic=(greeting,)),
        note=(Note(text="ring twice", author="Ada"),),
    )
    story = Story(order_of(said), part("crm", ["1"]))
    story.says("crm", "done")
    [before], [after] = story.order.product_order_item, forgotten(story.record).order.product_order_item

    assert (3, (PRICE,), before.state) == (after.quantity, after.item_price, after.state)
    assert [("greeting", "")] == [(one.name, one.value) for one in after.product.product_characteristic]
    assert () == after.note
