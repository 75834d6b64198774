"""
The committed schemas are those of the types, and mean what the types mean.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

import canonical
from canonical.codec import encode
from canonical.commands import Origin, SubmitOrder
from canonical.order import OfferingRef, Order, OrderContent, OrderItem
from canonical.schemas import schemas
from canonical.states import Action, State

FOLDER = Path(canonical.__file__).parent / "schema"

ITEM = OrderItem(id="1", action=Action.ADD, product_offering=OfferingRef(id="HANDSET-A"))
COMMAND = SubmitOrder(origin=Origin(channel="web"), order=OrderContent(product_order_item=(ITEM,)))
ORDER = Order(
    id="OL0",
    state=State.ACKNOWLEDGED,
    version=1,
    creation_date=datetime(2026, 3, 2, tzinfo=UTC),
    rules_version="r-1",
    product_order_item=(ITEM,),
)


def committed(name: str) -> dict:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_every_type_has_its_file_and_every_file_its_type():
    """
    A type that was added, renamed or dropped is seen in the folder.
    """
    assert sorted(schemas()) == sorted(file.name for file in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_committed_schema_is_the_one_of_the_type(name):
    """
    After changing a type: make schemas.
    """
    assert schemas()[name] == committed(name)


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_committed_schema_is_a_schema(name):
    """
    It is valid against the draft that it names.
    """
    jsonschema.Draft202012Validator.check_schema(committed(name))


def test_a_command_is_valid_and_an_unknown_property_is_not():
    """
    The hub refuses what it does not know, at any depth.
    """
    schema = committed("command.submit-order.v1.json")
    good = json.loads(encode(COMMAND))
    jsonschema.validate(good, schema)
    good["order"]["productOrderItem"][0]["colour"] = "red"

    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(good, schema)


def test_an_announced_order_may_gain_properties():
    """
    Whoever reads announcements ignores what is new to him.
    """
    schema = committed("order.v1.json")
    later = {**json.loads(encode(ORDER)), "newInVersionTwo": True}

    jsonschema.validate(later, schema)


def test_a_wrong_state_is_refused_by_name():
    """
    The schema knows TMF622's states.
    """
    wrong = {**json.loads(encode(ORDER)), "state": "done"}

    with pytest.raises(jsonschema.ValidationError, match="done"):
        jsonschema.validate(wrong, committed("order.v1.json"))
